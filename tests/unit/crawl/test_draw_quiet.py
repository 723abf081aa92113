"""How long a loaded page is waited for before it is taken, seen with a page that is none."""

import asyncio
from typing import Any

import pytest

from newsarchive.crawl import browser
from newsarchive.crawl.browser import Part

BODY = Part(status=200, headers=(), body=b"{}")


class TimeoutError(Exception):  # noqa: A001 - as Playwright names its own
    """The page was not quiet in time."""


class Request:
    """What a page asks for."""

    resource_type, method, url = "fetch", "GET", "https://news.example/api"

    async def all_headers(self) -> dict[str, str]:
        return {}


class Route:
    """A request that is answered."""

    request = Request()

    async def fulfill(self, **given: Any) -> None: ...

    async def abort(self) -> None: ...


class Page:
    """A page that becomes quiet once nothing is on its way and it asks for nothing more; or is gone."""

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


async def drawn(page: Page, *, asks: int, takes: float, seconds: float = 60.0) -> int:
    """Have a page ask so often at once, each of which takes so long; how many had come when it was taken."""
    came = 0

    async def fetch(url: str, headers: dict[str, str], until: float) -> Part:
        nonlocal came
        await asyncio.sleep(takes)
        came += 1
        page.on_its_way -= 1
        return BODY

    answers = browser._Answers(page, "https://news.example/", BODY, fetch, chromium(), seconds)
    page.on_its_way = asks
    parts = [asyncio.ensure_future(answers.answer(Route())) for _ in range(asks)]
    await asyncio.sleep(0)
    await answers.quiet()
    at_the_end = came
    for part in parts:
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)
    return at_the_end


def chromium() -> browser.Chromium:
    return browser.Chromium(executable="", user_agent="tests", seconds=60.0, sandbox=True)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """All times in hundredths."""
    monkeypatch.setattr(browser, "QUIET", 0.05)
    monkeypatch.setattr(browser, "A_MOMENT", 0.02)


def test_what_is_long_in_coming_is_waited_for() -> None:
    """Longer than any page thinks: it is taken with its data."""
    page = Page()
    assert asyncio.run(drawn(page, asks=3, takes=0.4)) == 3
    assert page.waits > 1


def test_a_page_that_asks_again_and_again_is_taken_as_it_is() -> None:
    """Its answers come at once, so nothing is missed: it had its time."""
    page = Page()
    page.polls = True
    asyncio.run(drawn(page, asks=1, takes=0.0))
    assert page.waits == 1


def test_a_browser_that_is_gone_is_not_waited_for() -> None:
    """Though something is on its way to it."""
    page = Page()
    page.is_gone = True
    assert asyncio.run(drawn(page, asks=1, takes=5.0)) == 0
    assert page.waits == 1


def test_a_page_is_taken_before_its_time_is_over() -> None:
    """However long its data takes: with none of it, rather than not at all."""
    page = Page()
    assert asyncio.run(drawn(page, asks=1, takes=5.0, seconds=0.2)) == 0
