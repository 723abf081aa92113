"""Many small sites on one port, distinguished by host name, which log the time of each request.

    front page: a feed --> the articles --> each fetched once; robots.txt has a delay; some sites send 429 or 503 once

Host names end in ".test", which no DNS resolves: `resolve_to_loopback` makes this process resolve them to loopback.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Literal, Self

TOP_LEVEL = "test"
"""Reserved by RFC 2606."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    """Content and politeness rules of one site."""

    pages: int
    """Articles, besides the front page and robots.txt."""
    delay: float = 0.0
    """Seconds by the owner's settings, which the site does not send."""
    crawl_delay: float | None = None
    """Crawl-delay of its robots.txt."""
    refuses: tuple[int, int] | None = None
    """An article that is refused once, and the status: 429 or 503."""
    retry_after: Literal["seconds", "date"] = "seconds"
    """Form of its Retry-After header."""

    @property
    def min_delay(self) -> float:
        """Seconds from a response to the next request, without Retry-After."""
        return max(self.delay, self.crawl_delay or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """One request as the server saw it. Times are of its monotonic clock."""

    site: int
    path: str
    status: int
    began: float
    """When the request was read."""
    answered: float
    """When the response was passed to the system: no client has it sooner."""
    delay: float
    """Seconds until the next request is allowed, by all rules."""


Page = Callable[[int, int], bytes]
"""Makes an article's HTML from the numbers of its site and itself."""


def minimal_page(site: int, number: int) -> bytes:
    """Return an article that is cheap to read."""
    return b"%d of %d" % (number, site)


class ManySites:
    """The sites, served by a thread until `close`."""

    def __init__(
        self, plans: Sequence[SitePlan], page: Page = minimal_page, mime: str = "application/octet-stream"
    ) -> None:
        self.plans = plans
        self.log: list[LoggedRequest] = []
        self._page = page
        self._mime = mime
        self._refused: set[int] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="many-sites", daemon=True)
        self._thread.start()

    def url(self, site: int) -> str:
        """Return the URL of a site's front page."""
        return f"http://s{site}.{TOP_LEVEL}:{self.port}/"

    def close(self) -> None:
        """Stop the server."""
        with suppress(RuntimeError):  # it has stopped
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._listen())

    async def _listen(self) -> None:
        server = await asyncio.start_server(self._serve, sock=self._listener)
        await self._stop.wait()
        server.close()
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self._answer(head, time.monotonic(), writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
        finally:
            self._open.discard(writer)

    def _answer(self, head: str, began: float, writer: asyncio.StreamWriter) -> None:
        path = head.split(" ", 2)[1]
        site = int(head.partition("Host: s")[2].partition(".")[0])
        plan, delay = self.plans[site], 0.0 if path == "/robots.txt" else self.plans[site].min_delay
        status, mime, body, more = 200, self._mime, b"", ""
        if path == "/robots.txt":
            mime, body = "text/plain", _robots(plan)
        elif path == "/":
            mime, body = "application/rss+xml", self._feed(site)
        elif plan.refuses and path == f"/{plan.refuses[0]}" and site not in self._refused:
            self._refused.add(site)
            status, (more, seconds) = plan.refuses[1], _retry_after(plan)
            delay = max(delay, seconds)
        else:
            body = self._page(site, int(path[1:]))
        lines = f"HTTP/1.1 {status} X\r\nContent-Type: {mime}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        self.log.append(
            LoggedRequest(site=site, path=path, status=status, began=began, answered=time.monotonic(), delay=delay)
        )
        writer.write(lines.encode() + body)

    def _feed(self, site: int) -> bytes:
        items = "".join(
            f"<item><title>Story {n} of site {site}</title><link>/{n}</link></item>"
            for n in range(self.plans[site].pages)
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{site}</title>{items}</channel></rss>'.encode()


def _robots(plan: SitePlan) -> bytes:
    delay = f"Crawl-delay: {plan.crawl_delay}\n" if plan.crawl_delay else ""
    return f"User-agent: *\n{delay}Disallow: /drafts/\n".encode()


def _retry_after(plan: SitePlan) -> tuple[str, float]:
    """Return a Retry-After of one to two seconds, as a header line and in seconds."""
    if plan.retry_after == "seconds":
        return "Retry-After: 1\r\n", 1.0
    now = datetime.now(UTC)
    then = now.replace(microsecond=0) + timedelta(seconds=2)
    return f"Retry-After: {format_datetime(then, usegmt=True)}\r\n", (then - now).total_seconds()


@contextmanager
def resolve_to_loopback() -> Iterator[None]:
    """Make this process resolve every host under `TOP_LEVEL` to loopback."""
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **more: Any) -> Any:
        ours = isinstance(host, str) and host.endswith(f".{TOP_LEVEL}")
        return real("127.0.0.1" if ours else host, *rest, **more)

    socket.getaddrinfo = resolve
    try:
        yield
    finally:
        socket.getaddrinfo = real
