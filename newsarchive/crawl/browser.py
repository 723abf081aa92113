"""Pages that only a browser can show: Chromium draws them, and all that it asks for goes through the crawl's own wire.

    document (kept as any answer) --> Chromium --asks for scripts, style sheets, data--> robots.txt, guard, pause,
    wire, kept --> Chromium ... --> the page's markup as it stands then (`Drawn`)

The browser itself connects to nothing: what is not handed to it here fails. It sends no cookie, no POST and no socket.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from newsarchive.crawl.download.ssrf import refusal

WIDTH, HEIGHT = 1280, 1024
"""Of the window: a desktop's."""
TOGETHER = 2
"""Pages that are drawn at once."""
MOST_PARTS = 150
"""Requests for one page."""
IN_TIME = 0.8
"""Share of a page's time in which its parts have to come; then it is drawn without those that did not."""
QUIET = 5.0
"""Seconds that a loaded page gets to become quiet: some never do."""
A_MOMENT = 2.0
"""Seconds in which a host answers whose pauses are no longer than a second."""
REMEMBERED = 32_000_000
"""Bytes of scripts and style sheets that are remembered for the run's other pages."""
LONG_LIVED = frozenset({"script", "stylesheet"})
ASKED_FOR = LONG_LIVED | {"fetch", "xhr", "other", "manifest"}
"""What of a page is asked for. Pictures, fonts and frames say nothing that is read; what a page needs to look as it did
is fetched later, as of any page."""
CLOSED = (
    # What were not handed over here would ask a proxy that is not there, for a name that nobody knows.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-background-networking",
    "--disable-gpu",
)
_SAID_HERE = ("content-encoding", "content-length", "transfer-encoding", "connection", "set-cookie", "keep-alive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An answer for a browser, its codings undone."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def fields(self) -> dict[str, str]:
        """The header as a browser takes it: each name once, and nothing of how the bytes travelled."""
        fields: dict[str, str] = {}
        for name, value in self.headers:
            if name.lower() not in _SAID_HERE:
                fields[name.lower()] = f"{fields[name.lower()]}, {value}" if name.lower() in fields else value
        return fields


Fetch = Callable[[str, dict[str, str], float], Awaitable[Part | None]]
"""Asks for a URL with some header fields; None where it is not to be had until then, by the event loop's clock."""


class Browser(Protocol):
    """Draws pages; `Chromium` does it for real."""

    async def draw(self, url: str, document: Part, fetch: Fetch) -> tuple[bytes, str]:
        """Return the markup of a page as it was drawn, and who drew it."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


class Chromium:
    """One browser for a run, started with the first page."""

    def __init__(self, *, executable: str, user_agent: str, seconds: float, sandbox: bool) -> None:
        self._executable = executable
        self._agent = user_agent
        self._seconds = seconds
        self._sandbox = sandbox
        self._started: Any = None
        self._browser: Any = None
        self._starting = asyncio.Lock()
        self._room = asyncio.Semaphore(TOGETHER)
        self._known: dict[str, Part] = {}
        self._size = 0

    async def draw(self, url: str, document: Part, fetch: Fetch) -> tuple[bytes, str]:
        """Return the markup of a page as it was drawn, UTF-8, and who drew it; where that fails, the document's own."""
        async with self._room:
            try:
                return await asyncio.wait_for(self._drawn(url, document, fetch), self._seconds)
            except Exception as problem:  # noqa: BLE001 - a browser that fails costs the drawing, never the page
                said = str(problem).partition("\n")[0][:200] or type(problem).__name__
                return document.body, f"nobody ({said})"

    async def close(self) -> None:
        """End the browser."""
        if self._started is not None:
            with suppress(Exception):  # it may have died, or never have come up: there is nothing to lose any more
                await asyncio.wait_for(self._browser.close(), 10)
            with suppress(Exception):
                await asyncio.wait_for(self._started.stop(), 10)

    async def _drawn(self, url: str, document: Part, fetch: Fetch) -> tuple[bytes, str]:
        browser = await self._running()
        context = await browser.new_context(
            user_agent=self._agent,
            viewport={"width": WIDTH, "height": HEIGHT},
            service_workers="block",
            accept_downloads=False,
        )
        try:
            page = await context.new_page()
            answers = _Answers(page, url, document, fetch, self, self._seconds)
            await page.route_web_socket("**/*", lambda socket: socket.close())
            await page.route("**/*", answers.answer)
            await page.goto(url, wait_until="load", timeout=self._seconds * 1000)
            await answers.quiet()
            markup = await page.content()
        finally:
            with suppress(Exception):  # what hindered the drawing is told, not what follows from it
                await context.close()
        return b"\xef\xbb\xbf" + markup.encode("utf-8", "replace"), f"chromium/{browser.version}"

    async def _running(self) -> Any:
        async with self._starting:
            if self._browser is None or not self._browser.is_connected():
                from playwright.async_api import async_playwright  # an extra

                if self._started is None:
                    self._started = await async_playwright().start()
                self._browser = await self._started.chromium.launch(
                    executable_path=self._executable or None, args=list(CLOSED), chromium_sandbox=self._sandbox
                )
            return self._browser

    def known(self, url: str) -> Part | None:
        """A script or style sheet that another page of this run has asked for."""
        return self._known.get(url)

    def remember(self, url: str, part: Part) -> None:
        """Keep one at hand, as far as there is room."""
        if part.status == 200 and self._size + len(part.body) <= REMEMBERED:
            self._known[url] = part
            self._size += len(part.body)


class _Answers:
    """What one page gets for what it asks for."""

    def __init__(self, page: Any, url: str, document: Part, fetch: Fetch, browser: Chromium, seconds: float) -> None:
        self._page = page
        self._url = url
        self._document: Part | None = document
        self._fetch = fetch
        self._browser = browser
        self._until = asyncio.get_running_loop().time() + IN_TIME * seconds
        self._parts = 0
        self._on_their_way: set[asyncio.Future[None]] = set()

    async def quiet(self) -> None:
        """Wait until a loaded page asks for nothing more. One that asks again and again is taken as it is; but what is
        long in coming, since its host's pauses are longer than a page thinks, is waited for.
        """
        while not await self._is_quiet() and await self._is_late():
            pass

    async def _is_quiet(self) -> bool:
        """Let the page have its time; True also where none is left, or the browser is gone: `content` tells of that."""
        seconds = min(QUIET, self._left)
        if seconds <= 0:
            return True
        try:
            await self._page.wait_for_load_state("networkidle", timeout=seconds * 1000)
        except Exception as problem:  # noqa: BLE001 - Playwright is an extra, and this is the name of its own
            return type(problem).__name__ != "TimeoutError"
        return True

    async def _is_late(self) -> bool:
        """Tell whether anything that was asked for by now does not come in a moment."""
        asked = set(self._on_their_way)
        if not asked:
            return False
        _, late = await asyncio.wait(asked, timeout=max(min(A_MOMENT, self._left), 0.0))
        return bool(late)

    @property
    def _left(self) -> float:
        return self._until - asyncio.get_running_loop().time()

    async def answer(self, route: Any) -> None:
        """Hand over an answer, or let the request fail. Called by Playwright."""
        part = None
        with suppress(Exception):  # a part that cannot be had costs itself: a page that waited for it would never end
            part = await self._part(route.request)
        with suppress(Exception):  # the page may be gone by now
            if part is None:
                await route.abort()
            else:
                await route.fulfill(status=part.status, headers=part.fields(), body=part.body)

    async def _part(self, request: Any) -> Part | None:
        kind, url = request.resource_type, request.url.partition("#")[0]
        if kind == "document":
            # The page itself, once: where its script leads to is another page, and due by itself.
            document = self._document if request.frame == self._page.main_frame else None
            self._document = None if document else self._document
            return document
        if kind not in ASKED_FOR or request.method != "GET" or refusal(url) is not None:
            return None
        if kind in LONG_LIVED and (known := self._browser.known(url)):
            return known
        self._parts += 1
        if self._parts > MOST_PARTS:
            return None
        came: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._on_their_way.add(came)
        try:
            part = await self._fetch(url, _passed_on(await request.all_headers()), self._until)
        finally:
            self._on_their_way.discard(came)
            came.set_result(None)
        if part is not None and kind in LONG_LIVED:
            self._browser.remember(url, part)
        return part


def _passed_on(headers: dict[str, str]) -> dict[str, str]:
    """Of a browser's header, what the answer may depend on.

    >>> _passed_on({"accept": "*/*", "cookie": "a=1", "x-api-key": "k", "sec-ch-ua": "x"})
    {'accept': '*/*', 'x-api-key': 'k'}
    """
    wanted = ("accept", "origin", "referer", "authorization")
    return {name: value for name, value in headers.items() if name in wanted or name.startswith("x-")}
