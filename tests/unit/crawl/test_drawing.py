"""What a page that is drawn gets of what it asks for, whatever servers say to it. No browser is needed for this."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from newsarchive.crawl.draw import Chromium, Part, _Answers
from newsarchive.crawl.robots import EVERYTHING, Robots
from newsarchive.crawl.studio import Owed, Studio
from newsarchive.crawl.wire import Attempt, Fetched
from storage.model import Discovery, Due, UrlKind

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
PAGE = "https://news.example/story"
DUE = Due(
    url_id=1, url=PAGE, discovery=Discovery(site="news", kind=UrlKind.ARTICLE), due_at=NOON, priority=0, failures=0
)
DOCUMENT = Part(status=200, headers=(), body=b"<p>")


class Wire:
    """Gives the same answer to everything, and notes what was asked for."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def fetch(self, url: str, headers: object, *, seconds: float, limit: int) -> Fetched:
        """Answer."""
        del headers, seconds, limit
        self.asked.append(url)
        return Fetched([Attempt(NOON, None, got=[self.answer], whole=True)], None)


async def _kept(exchange: object) -> None:
    del exchange


def studio(wire: Wire, *, obey_robots: bool = False) -> Studio:
    return Studio(
        sites={"news": Owed(pause=0.0, obey_robots=obey_robots)},
        browser=Chromium(executable="", user_agent="a", seconds=1, sandbox=True),
        wire=wire,  # type: ignore[arg-type]
        robots=Robots("a"),
        user_agent="a",
        seconds=1,
        limit=1000,
        now=lambda: NOON,
    )


@pytest.mark.parametrize(
    ("location", "status"), [("http://[x/", 302), ("//[x/", 302), ("https://news.example:99999999999/", None)]
)
def test_a_redirect_that_leads_nowhere_ends_there(location: str, status: int | None) -> None:
    """The part is the redirect itself, or nothing; it is asked for once, and nothing fails for it."""
    wire = Wire(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())
    part = asyncio.run(studio(wire)._fetch("https://news.example/app.js", {}, DUE, _kept))
    assert (part and part.status) == status
    assert wire.asked == ["https://news.example/app.js"]


def test_a_robots_that_redirects_nowhere_lets_everything() -> None:
    """As a robots.txt without rules (RFC 9309, 2.3.1.3): it is not asked for again."""
    wire = Wire(b"HTTP/1.1 301 Moved\r\nLocation: http://[x/\r\nContent-Length: 0\r\n\r\n")
    rules = asyncio.run(studio(wire, obey_robots=True)._rules("https://news.example/app.js", DUE, _kept))
    assert rules is EVERYTHING
    assert wire.asked == ["https://news.example/robots.txt"]


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

    async def fetch(url: str, headers: dict[str, str]) -> Part | None:
        del url, headers
        if isinstance(part, Exception):
            raise part
        return part

    browser = Chromium(executable="", user_agent="a", seconds=1, sandbox=True)
    route = _Route()

    async def answered() -> None:
        await _Answers(None, PAGE, DOCUMENT, fetch, browser).answer(route)

    asyncio.run(answered())
    assert route.ended == [ended]
