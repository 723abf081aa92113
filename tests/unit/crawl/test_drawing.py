"""What a page that is drawn gets of what it asks for, whatever servers say to it. No browser is needed for this."""

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from newsarchive.crawl.browser import Chromium, Part, _Answers
from newsarchive.crawl.download.client import Attempt
from newsarchive.crawl.render import Studio
from storage.model import Discovery, Due, Exchange, UrlKind

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
PAGE = "https://news.example/story"
DUE = Due(
    url_id=1, url=PAGE, discovery=Discovery(site="news", kind=UrlKind.ARTICLE), due_at=NOON, priority=0, failures=0
)
DOCUMENT = Part(status=200, headers=(), body=b"<p>")


@dataclass
class Asked:
    """Gives the same answer to everything, and notes what was asked for."""

    answer: bytes
    urls: list[str] = field(default_factory=list)

    async def __call__(self, page: Due, url: str, headers: Mapping[str, str], until: float) -> Exchange:
        """Answer."""
        del page, headers, until
        self.urls.append(url)
        return Attempt(NOON, None, got=[self.answer], whole=True).exchange(url)


def studio() -> Studio:
    return Studio(
        sites=["news"],
        browser=Chromium(executable="", user_agent="a", seconds=1, sandbox=True),
        now=lambda: NOON,
    )


@pytest.mark.parametrize(
    ("location", "status"), [("http://[x/", 302), ("//[x/", 302), ("https://news.example:99999999999/", None)]
)
def test_a_redirect_that_leads_nowhere_ends_there(location: str, status: int | None) -> None:
    """The part is the redirect itself, or nothing; it is asked for once, and nothing fails for it."""
    asked = Asked(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())
    part = asyncio.run(studio()._fetch("https://news.example/app.js", {}, 1.0, DUE, asked))
    assert (part and part.status) == status
    assert asked.urls == ["https://news.example/app.js"]


def test_what_cannot_be_decoded_is_no_document_to_draw() -> None:
    """It is kept and read as any page: one that waited to be drawn would keep its run from ending."""
    for coding, body, drawn in ((b"gzip", gzip.compress(b"<p>"), True), (b"sdch", b"\0\1\2", False)):
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: %b\r\n\r\n%b" % (coding, body)
        exchange = Attempt(NOON, None, got=[answer], whole=True).exchange(PAGE)
        assert (studio().document_of(exchange) is not None) is drawn


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
def test_every_request_of_a_page_has_an_end(part: Part | Exception | None, ended: str) -> None:
    """One that is left without an answer would have the page wait until its time is over."""

    async def fetch(url: str, headers: dict[str, str], until: float) -> Part | None:
        del url, headers, until
        if isinstance(part, Exception):
            raise part
        return part

    browser = Chromium(executable="", user_agent="a", seconds=1, sandbox=True)
    route = _Route()

    async def answered() -> None:
        await _Answers(None, PAGE, DOCUMENT, fetch, browser, 1.0).answer(route)

    asyncio.run(answered())
    assert route.ended == [ended]
