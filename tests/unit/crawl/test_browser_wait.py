"""Waiting for a loaded page, with a fake page."""

import asyncio
from typing import Any

import pytest

from newsarchive.crawl import browser
from newsarchive.crawl.browser import BrowserResponse

BODY = BrowserResponse(status=200, headers=(), body=b"{}")


class TimeoutError(Exception):  # noqa: A001 - as Playwright names its own
    """The page still sends requests."""


class Request:
    """A request of a page."""

    resource_type, method, url = "fetch", "GET", "https://news.example/api"

    async def all_headers(self) -> dict[str, str]:
        return {}


class Route:
    """A request that is answered."""

    request = Request()

    async def fulfill(self, **given: Any) -> None: ...

    async def abort(self) -> None: ...


class Page:
    """A page that is quiet once no request is pending and it does not poll; or that is closed."""

    def __init__(self) -> None:
        self.waits = 0
        self.on_its_way = 0
        self.polls = False
        self.is_gone = False

    async def wait_for_load_state(self, state: str, *, timeout: float) -> None:  # noqa: ASYNC109 - as in Playwright
        assert state == "networkidle"
        self.waits += 1
        if self.is_gone:
            raise RuntimeError("Target page, context or browser has been closed")
        until = asyncio.get_running_loop().time() + timeout / 1000
        while self.on_its_way or self.polls:
            if asyncio.get_running_loop().time() >= until:
                raise TimeoutError
            await asyncio.sleep(0.001)


async def wait_for(page: Page, *, asks: int, takes: float, seconds: float = 60.0) -> int:
    """Let a page send some requests at once; return how many were answered when the wait ended."""
    came = 0

    async def fetch(url: str, headers: dict[str, str], until: float) -> BrowserResponse:
        nonlocal came
        await asyncio.sleep(takes)
        came += 1
        page.on_its_way -= 1
        return BODY

    until = asyncio.get_running_loop().time() + browser.FETCH_SHARE * seconds
    answers = browser._RequestHandler(page, BODY, fetch, chromium(), until)
    page.on_its_way = asks
    parts = [asyncio.ensure_future(answers.handle(Route())) for _ in range(asks)]
    await asyncio.sleep(0)
    await answers.wait_until_quiet()
    at_the_end = came
    for part in parts:
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)
    return at_the_end


def chromium() -> browser.Chromium:
    return browser.Chromium(executable="", user_agent="tests", seconds=60.0, sandbox=True)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """All times are a hundredth of the real ones."""
    monkeypatch.setattr(browser, "QUIET_TIMEOUT", 0.05)
    monkeypatch.setattr(browser, "LATE_AFTER", 0.02)


def test_late_responses_are_waited_for() -> None:
    """For longer than the timeout of quiet pages, so that the page has its data."""
    page = Page()
    assert asyncio.run(wait_for(page, asks=3, takes=0.4)) == 3
    assert page.waits > 1


def test_a_page_that_polls_is_taken_as_it_is() -> None:
    """Its responses are not late, so nothing is missing."""
    page = Page()
    page.polls = True
    asyncio.run(wait_for(page, asks=1, takes=0.0))
    assert page.waits == 1


def test_a_closed_browser_is_not_waited_for() -> None:
    """Even with a pending request."""
    page = Page()
    page.is_gone = True
    assert asyncio.run(wait_for(page, asks=1, takes=5.0)) == 0
    assert page.waits == 1


def test_a_page_is_taken_before_its_timeout() -> None:
    """Without its data, rather than not at all."""
    page = Page()
    assert asyncio.run(wait_for(page, asks=1, takes=5.0, seconds=0.2)) == 0
