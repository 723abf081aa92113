"""Rendering of pages by Chromium, whose requests all go through the crawl's own client.

    document (recorded like any response) --> Chromium --requests scripts, style sheets, data--> robots.txt, guard,
    pause, client, recorder --> Chromium ... --> the page's markup (`RenderedPage`)

The browser itself connects to nothing: a request that is not answered here fails. It sends no cookies, no POST
requests, and opens no WebSockets.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
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
"""Resource types that are fetched. Images, fonts and frames have no text that is read; a page's requisites are fetched
later, as for any page."""
LAUNCH_OPTIONS = (
    # A request that were not intercepted would go to a proxy that does not exist, for a name that cannot be resolved.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-background-networking",
    "--disable-gpu",
)
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


class Chromium:
    """Chromium, by Playwright. One for a run, started with the first page."""

    def __init__(self, *, executable: str, user_agent: str, seconds: float, sandbox: bool) -> None:
        self._executable = executable
        self._agent = user_agent
        self._seconds = seconds
        self._sandbox = sandbox
        self._started: Any = None
        self._browser: Any = None
        self._starting = asyncio.Lock()
        self._slots = asyncio.Semaphore(MAX_PAGES)
        self.cached: dict[str, BrowserResponse] = {}
        """Scripts and style sheets by their URLs."""
        self._size = 0

    async def render(self, url: str, document: BrowserResponse, fetch: Fetch) -> tuple[bytes, str]:
        """Return the markup of a rendered page, UTF-8, and the browser; on failure, the document and the reason."""
        async with self._slots:
            try:
                return await asyncio.wait_for(self._render(url, document, fetch), self._seconds)
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
                    executable_path=self._executable or None, args=list(LAUNCH_OPTIONS), chromium_sandbox=self._sandbox
                )
            browser = self._browser
        context = await browser.new_context(
            user_agent=self._agent,
            viewport={"width": WIDTH, "height": HEIGHT},
            service_workers="block",
            accept_downloads=False,
        )
        try:
            page = await context.new_page()
            handler = _RequestHandler(page, url, document, fetch, self, self._seconds)
            await page.route_web_socket("**/*", lambda socket: socket.close())
            await page.route("**/*", handler.handle)
            await page.goto(url, wait_until="load", timeout=self._seconds * 1000)
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


class _RequestHandler:
    """Answers the requests of one page."""

    def __init__(
        self, page: Any, url: str, document: BrowserResponse, fetch: Fetch, browser: Chromium, seconds: float
    ) -> None:
        self._page = page
        self._url = url
        self._document: BrowserResponse | None = document
        self._fetch = fetch
        self._browser = browser
        self._until = asyncio.get_running_loop().time() + FETCH_SHARE * seconds
        self._request_count = 0
        self._pending: set[asyncio.Future[None]] = set()

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
            await self._page.wait_for_load_state("networkidle", timeout=seconds * 1000)
        except Exception as problem:  # noqa: BLE001 - Playwright is an extra: its class cannot be named
            return type(problem).__name__ != "TimeoutError"
        return True

    @property
    def _remaining(self) -> float:
        return self._until - asyncio.get_running_loop().time()

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
            document = self._document if request.frame == self._page.main_frame else None
            self._document = None if document else self._document
            return document
        if kind not in FETCHED_TYPES or request.method != "GET" or url_refusal_reason(url) is not None:
            return None
        if kind in CACHED_TYPES and (cached := self._browser.cached.get(url)):
            return cached
        self._request_count += 1
        if self._request_count > MAX_REQUESTS:
            return None
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.add(done)
        try:
            response = await self._fetch(url, _select_headers(await request.all_headers()), self._until)
        finally:
            self._pending.discard(done)
            done.set_result(None)
        if response is not None and kind in CACHED_TYPES:
            self._browser.cache(url, response)
        return response


def _select_headers(headers: dict[str, str]) -> dict[str, str]:
    """Return the header fields of a browser's request that the response may depend on.

    >>> _select_headers({"accept": "*/*", "cookie": "a=1", "x-api-key": "k", "sec-ch-ua": "x"})
    {'accept': '*/*', 'x-api-key': 'k'}
    """
    names = ("accept", "origin", "referer", "authorization")
    return {name: value for name, value in headers.items() if name in names or name.startswith("x-")}
