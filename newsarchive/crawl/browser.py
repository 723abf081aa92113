"""Rendering of pages by Chromium, whose requests all go through the crawl's own client.

    document (recorded like any response) --> Chromium --requests scripts, style sheets, data--> robots.txt, guard,
    pause, client, recorder --> Chromium ... --> the page's markup (`RenderedPage`)

The browser connects to nothing: what is not answered here fails. It sends no cookies, and opens no WebSockets.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from newsarchive.urls.ssrf import url_refusal_reason

WIDTH, HEIGHT = 1280, 1024
"""Of the window, as on a desktop."""
MAX_PAGES = 2
"""Pages that are rendered at once."""
MAX_REQUESTS = 150
"""Of one page."""
FETCH_SHARE = 0.8
"""Share of a page's time for fetching its subresources; then it is rendered without the missing ones."""
QUIET_TIMEOUT = 5.0
"""Seconds for a loaded page to send no more requests: some pages never stop."""
LATE_AFTER = 2.0
"""Seconds after which a response is late; a host with pauses of up to a second responds sooner."""
CACHE_SIZE = 32_000_000
"""Bytes of scripts and style sheets that are cached for the other pages of the run."""
CACHED_TYPES = frozenset({"script", "stylesheet"})
FETCHED_TYPES = CACHED_TYPES | {"fetch", "xhr", "other", "manifest"}
"""Resource types that are fetched. Images, fonts and frames have no text to read; requisites are fetched later."""
LAUNCH_OPTIONS = files("newsarchive.crawl").joinpath("chromium_options.txt").read_text("utf-8").splitlines()
"""A request that were not intercepted would go to a proxy that does not exist, for a name that cannot be resolved."""
_TRANSPORT_HEADERS = "content-encoding content-length transfer-encoding connection set-cookie keep-alive".split()


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserResponse:
    """A response for a browser, decoded."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header_fields(self) -> dict[str, str]:
        """Return the header fields for a browser: each name once, without those about the transport."""
        fields: dict[str, str] = {}
        for name, value in self.headers:
            if name.lower() not in _TRANSPORT_HEADERS:
                fields[name.lower()] = f"{fields[name.lower()]}, {value}" if name.lower() in fields else value
        return fields


Fetch = Callable[[str, dict[str, str], float], Awaitable[BrowserResponse | None]]
"""Fetches a URL with some header fields; None if it does not arrive until then, by the event loop's clock."""


@dataclass(kw_only=True, eq=False)
class Chromium:
    """Chromium, by Playwright. One for a run, started with the first page."""

    executable: str
    user_agent: str
    seconds: float
    sandbox: bool
    cached: dict[str, BrowserResponse] = field(default_factory=dict)
    """Scripts and style sheets by their URLs."""
    _started: Any = None
    _browser: Any = None
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_PAGES))
    _size: int = 0

    async def render(self, url: str, document: BrowserResponse, fetch: Fetch) -> tuple[bytes, str]:
        """Return the markup of a rendered page, UTF-8, and the browser; on failure, the document and the reason."""
        async with self._slots:
            try:
                return await asyncio.wait_for(self._render(url, document, fetch), self.seconds)
            except Exception as problem:  # noqa: BLE001 - if rendering fails, the page is kept as fetched
                reason = str(problem).partition("\n")[0][:200] or type(problem).__name__
                return document.body, f"none ({reason})"

    async def close(self) -> None:
        """End the browser."""
        if self._started is not None:
            with suppress(Exception):  # it may have crashed, or never have started
                await asyncio.wait_for(self._browser.close(), 10)
            with suppress(Exception):
                await asyncio.wait_for(self._started.stop(), 10)

    async def _render(self, url: str, document: BrowserResponse, fetch: Fetch) -> tuple[bytes, str]:
        async with self._starting:
            if self._browser is None or not self._browser.is_connected():
                from playwright.async_api import async_playwright  # an extra

                if self._started is None:
                    self._started = await async_playwright().start()
                self._browser = await self._started.chromium.launch(
                    executable_path=self.executable or None, args=LAUNCH_OPTIONS, chromium_sandbox=self.sandbox
                )
            browser = self._browser
        context = await browser.new_context(
            user_agent=self.user_agent,
            viewport={"width": WIDTH, "height": HEIGHT},
            service_workers="block",
            accept_downloads=False,
        )
        try:
            page = await context.new_page()
            until = asyncio.get_running_loop().time() + FETCH_SHARE * self.seconds
            handler = _RequestHandler(page, document, fetch, self, until)
            await page.route_web_socket("**/*", lambda socket: socket.close())
            await page.route("**/*", handler.handle)
            await page.goto(url, wait_until="load", timeout=self.seconds * 1000)
            await handler.wait_until_quiet()
            markup = await page.content()
        finally:
            with suppress(Exception):  # the first error is reported, not its consequences
                await context.close()
        return b"\xef\xbb\xbf" + markup.encode("utf-8", "replace"), f"chromium/{browser.version}"

    def cache(self, url: str, response: BrowserResponse) -> None:
        """Cache a script or style sheet, if there is room."""
        if response.status == 200 and self._size + len(response.body) <= CACHE_SIZE:
            self.cached[url] = response
            self._size += len(response.body)


@dataclass(eq=False)
class _RequestHandler:
    """Answers the requests of one page."""

    page: Any
    document: BrowserResponse | None
    fetch: Fetch
    browser: Chromium
    until: float
    """By the event loop's clock."""
    _request_count: int = 0
    _pending: set[asyncio.Future[None]] = field(default_factory=set)

    async def wait_until_quiet(self) -> None:
        """Wait until a loaded page sends no more requests.

        A page that polls is taken as it is. Responses that are late because of their host's pauses are waited for.
        """
        while not await self._is_quiet() and self._pending:
            _, late = await asyncio.wait(set(self._pending), timeout=max(min(LATE_AFTER, self._remaining), 0.0))
            if not late:
                return

    async def _is_quiet(self) -> bool:
        """Wait for the page; True also if no time is left or the browser is gone, which `content` reports."""
        seconds = min(QUIET_TIMEOUT, self._remaining)
        if seconds <= 0:
            return True
        try:
            await self.page.wait_for_load_state("networkidle", timeout=seconds * 1000)
        except Exception as problem:  # noqa: BLE001 - Playwright is an extra: its class cannot be named
            return type(problem).__name__ != "TimeoutError"
        return True

    @property
    def _remaining(self) -> float:
        return self.until - asyncio.get_running_loop().time()

    async def handle(self, route: Any) -> None:
        """Answer a request, or let it fail. Called by Playwright."""
        response = None
        with suppress(Exception):  # the request fails: a page that waited for it would never end
            response = await self._respond(route.request)
        with suppress(Exception):  # the page may be closed by now
            if response is None:
                await route.abort()
            else:
                await route.fulfill(status=response.status, headers=response.header_fields(), body=response.body)

    async def _respond(self, request: Any) -> BrowserResponse | None:
        kind, url = request.resource_type, request.url.partition("#")[0]
        if kind == "document":
            # The page itself, once: a page that its script opens is another one, and due by itself.
            document = self.document if request.frame == self.page.main_frame else None
            self.document = None if document else self.document
            return document
        if kind not in FETCHED_TYPES or request.method != "GET" or url_refusal_reason(url) is not None:
            return None
        if kind in CACHED_TYPES and (cached := self.browser.cached.get(url)):
            return cached
        self._request_count += 1
        if self._request_count > MAX_REQUESTS:
            return None
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.add(done)
        try:
            response = await self.fetch(url, _select_headers(await request.all_headers()), self.until)
        finally:
            self._pending.discard(done)
            done.set_result(None)
        if response is not None and kind in CACHED_TYPES:
            self.browser.cache(url, response)
        return response


def _select_headers(headers: dict[str, str]) -> dict[str, str]:
    """Return the header fields of a browser's request that the response may depend on.

    >>> _select_headers({"accept": "*/*", "cookie": "a=1", "x-api-key": "k", "sec-ch-ua": "x"})
    {'accept': '*/*', 'x-api-key': 'k'}
    """
    names = ("accept", "origin", "referer", "authorization")
    return {name: value for name, value in headers.items() if name in names or name.startswith("x-")}
