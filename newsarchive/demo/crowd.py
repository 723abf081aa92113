"""For tests and benchmarks: many small sites on one port, told apart by name, that note when they were asked.

    front page: a feed --> the articles --> each asked for once; robots.txt says how fast; some lose patience once

Names end in ".test", which no DNS knows: `every_name_is_here` has this process look for them on loopback.
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
"""RFC 2606: a name under it is nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one site has, and what it asks for."""

    pages: int
    """Articles, besides the front page and robots.txt."""
    delay: float = 0.0
    """Seconds, as its owner's settings are to say; the site itself does not know."""
    crawl_delay: float | None = None
    """By its robots.txt."""
    refuses: tuple[int, int] | None = None
    """An article that is refused once, and the status: 429 or 503."""
    patience: Literal["seconds", "date"] = "seconds"
    """How it says when to come again."""

    @property
    def least(self) -> float:
        """Seconds from an answer to the next request, where nothing special is asked for."""
        return max(self.delay, self.crawl_delay or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, as the server saw it. Times are of its monotonic clock."""

    site: int
    path: str
    status: int
    began: float
    """When the request was read."""
    answered: float
    """When the answer was given to the system: nobody can have it sooner."""
    rest: float
    """Seconds until the next request may come, by all that was asked for."""


Page = Callable[[int, int], bytes]
"""From the number of a site and of an article to its HTML."""


def nothing_much(site: int, number: int) -> bytes:
    """An article that costs nobody anything to read."""
    return b"%d of %d" % (number, site)


class Crowd:
    """The sites, served by a thread of its own until `close`."""

    def __init__(
        self, plans: Sequence[Plan], page: Page = nothing_much, mime: str = "application/octet-stream"
    ) -> None:
        self.plans = plans
        self.log: list[Asked] = []
        self._page = page
        self._mime = mime
        self._refused: set[int] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="crowd", daemon=True)
        self._thread.start()

    def url(self, site: int) -> str:
        """The front page of a site."""
        return f"http://s{site}.{TOP_LEVEL}:{self.port}/"

    def close(self) -> None:
        """End it."""
        with suppress(RuntimeError):  # it has ended
            self._loop.call_soon_threadsafe(self._over.set)
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
        await self._over.wait()
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
        plan, rest = self.plans[site], 0.0 if path == "/robots.txt" else self.plans[site].least
        status, mime, body, more = 200, self._mime, b"", ""
        if path == "/robots.txt":
            mime, body = "text/plain", _robots(plan)
        elif path == "/":
            mime, body = "application/rss+xml", self._feed(site)
        elif plan.refuses and path == f"/{plan.refuses[0]}" and site not in self._refused:
            self._refused.add(site)
            status, (more, seconds) = plan.refuses[1], _patience(plan)
            rest = max(rest, seconds)
        else:
            body = self._page(site, int(path[1:]))
        lines = f"HTTP/1.1 {status} X\r\nContent-Type: {mime}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        asked = Asked(site=site, path=path, status=status, began=began, answered=time.monotonic(), rest=rest)
        self.log.append(asked)
        writer.write(lines.encode() + body)

    def _feed(self, site: int) -> bytes:
        items = "".join(
            f"<item><title>Story {n} of site {site}</title><link>/{n}</link></item>"
            for n in range(self.plans[site].pages)
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{site}</title>{items}</channel></rss>'.encode()


def _robots(plan: Plan) -> bytes:
    delay = f"Crawl-delay: {plan.crawl_delay}\n" if plan.crawl_delay else ""
    return f"User-agent: *\n{delay}Disallow: /drafts/\n".encode()


def _patience(plan: Plan) -> tuple[str, float]:
    """A Retry-After of one to two seconds, as a header line and as seconds from now on."""
    if plan.patience == "seconds":
        return "Retry-After: 1\r\n", 1.0
    now = datetime.now(UTC)
    then = now.replace(microsecond=0) + timedelta(seconds=2)
    return f"Retry-After: {format_datetime(then, usegmt=True)}\r\n", (then - now).total_seconds()


@contextmanager
def every_name_is_here() -> Iterator[None]:
    """Have this process take every host under `TOP_LEVEL` for one of loopback."""
    real = socket.getaddrinfo

    def look_up(host: Any, *rest: Any, **more: Any) -> Any:
        ours = isinstance(host, str) and host.endswith(f".{TOP_LEVEL}")
        return real("127.0.0.1" if ours else host, *rest, **more)

    socket.getaddrinfo = look_up
    try:
        yield
    finally:
        socket.getaddrinfo = real
