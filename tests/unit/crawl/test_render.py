"""Subresources of rendered pages, whatever servers respond. No browser is needed for this."""

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from newsarchive.crawl.browser import BrowserResponse, Chromium, Fetch, _RequestHandler
from newsarchive.crawl.download.client import Attempt
from newsarchive.crawl.render import PageRenderer
from storage.model import Discovery, DueUrl, Exchange, UrlKind

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
PAGE = "https://news.example/story"
DUE = DueUrl(
    url_id=1, url=PAGE, discovery=Discovery(site="news", kind=UrlKind.ARTICLE), due_at=NOON, priority=0, failure_count=0
)
DOCUMENT = BrowserResponse(status=200, headers=(), body=b"<p>")


@dataclass
class SameResponse:
    """Returns the same response for every URL, and notes the URLs."""

    answer: bytes
    urls: list[str] = field(default_factory=list)

    async def __call__(self, page: DueUrl, url: str, headers: Mapping[str, str], until: float) -> Exchange:
        """Respond."""
        del page, headers, until
        self.urls.append(url)
        return Attempt(NOON, None, received=[self.answer], whole=True).exchange(url)


class _OneScript(Chromium):
    """A browser that fetches one script for each page."""

    def __init__(self) -> None:
        super().__init__(executable="", user_agent="a", seconds=1, sandbox=True)
        self.parts: list[BrowserResponse | None] = []

    async def render(self, url: str, document: BrowserResponse, fetch: Fetch) -> tuple[bytes, str]:
        """Fetch the script."""
        del url
        self.parts.append(await fetch("https://news.example/app.js", {}, 1.0))
        return document.body, "test"

    async def close(self) -> None:
        """Do nothing."""


def create_renderer() -> PageRenderer:
    return PageRenderer(
        sites=["news"], browser=Chromium(executable="", user_agent="a", seconds=1, sandbox=True), now=lambda: NOON
    )


@pytest.mark.parametrize(
    ("location", "status"), [("http://[x/", 302), ("//[x/", 302), ("https://news.example:99999999999/", None)]
)
def test_a_redirect_to_an_invalid_url_is_not_followed(location: str, status: int | None) -> None:
    """The response is the redirect itself, or None; it is requested once, and there is no error."""
    fetch = SameResponse(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())
    browser = _OneScript()
    renderer = replace(create_renderer(), browser=browser)
    asyncio.run(renderer.render(DUE, DOCUMENT, fetch))
    assert [part and part.status for part in browser.parts] == [status]
    assert fetch.urls == ["https://news.example/app.js"]


def test_a_page_that_cannot_be_decoded_is_not_rendered() -> None:
    """It is recorded and read like any page: if it waited to be rendered, its run would not end."""
    for coding, body, drawn in ((b"gzip", gzip.compress(b"<p>"), True), (b"sdch", b"\0\1\2", False)):
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: %b\r\n\r\n%b" % (coding, body)
        exchange = Attempt(NOON, None, received=[answer], whole=True).exchange(PAGE)
        assert (create_renderer().get_document(exchange) is not None) is drawn


class _Route:
    def __init__(self) -> None:
        self.ended: list[str] = []
        self.request: Any = self
        self.resource_type, self.url, self.method = "script", "https://news.example/app.js", "GET"

    async def all_headers(self) -> dict[str, str]:
        return {}

    async def abort(self) -> None:
        self.ended.append("aborted")

    async def fulfill(self, **answer: object) -> None:
        self.ended.append(f"answered {answer['status']}")


@pytest.mark.parametrize(("part", "ended"), [(DOCUMENT, "answered 200"), (None, "aborted"), (ValueError(), "aborted")])
def test_every_request_of_a_page_is_answered(part: BrowserResponse | Exception | None, ended: str) -> None:
    """Without an answer the page would wait until its timeout."""

    async def fetch(url: str, headers: dict[str, str], until: float) -> BrowserResponse | None:
        del url, headers, until
        if isinstance(part, Exception):
            raise part
        return part

    browser = Chromium(executable="", user_agent="a", seconds=1, sandbox=True)
    route = _Route()

    async def answered() -> None:
        until = asyncio.get_running_loop().time() + 1.0
        await _RequestHandler(None, DOCUMENT, fetch, browser, until).handle(route)

    asyncio.run(answered())
    assert route.ended == [ended]
