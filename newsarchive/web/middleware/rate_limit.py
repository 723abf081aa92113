"""How much is given: requests of one client in a while, heavy requests at once, the length of an address.

A bucket per client holds `burst` requests and fills by `per_second`; the least used buckets are forgotten, so that no
number of clients costs memory.
"""

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from newsarchive.web.middleware.problem_details import answer
from newsarchive.web.serve_options import Limits
from storage.errors import ArchiveError

T = TypeVar("T")
MOST_CLIENTS = 20_000


class TooBusy(ArchiveError):
    """As many heavy requests as are allowed are under way."""

    def __init__(self) -> None:
        super().__init__(
            "as many large requests as this archive serves at once are under way; nothing was changed. "
            "Try again in a while"
        )


class Buckets:
    """Tokens by client. Safe to share between threads."""

    def __init__(self, per_second: float, burst: float, *, most: int = MOST_CLIENTS) -> None:
        self._per_second, self._burst, self._most = per_second, burst, most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, client: str, now: float, cost: float = 1.0) -> float:
        """Take tokens; returns 0.0, or the seconds until there are enough, and none is taken.

        >>> buckets = Buckets(per_second=1, burst=2)
        >>> [buckets.take("a", now=0), buckets.take("a", now=0), buckets.take("a", now=0.5), buckets.take("a", now=2)]
        [0.0, 0.0, 0.5, 0.0]
        """
        with self._lock:
            left, at = self._left.pop(client, (self._burst, now))
            left = min(self._burst, left + max(0.0, now - at) * self._per_second)
            enough = left >= cost
            self._left[client] = (left - cost if enough else left, now)
            if len(self._left) > self._most:
                self._left.popitem(last=False)
            return 0.0 if enough else (cost - left) / self._per_second

    def __len__(self) -> int:
        """How many clients are remembered."""
        return len(self._left)


def client_of(scope: Scope) -> str:
    """Who asks: the address; of IPv6 the network, which is one household's.

    >>> client_of({"client": ("2001:db8:1:2:3::9", 1)}), client_of({"client": ("192.0.2.7", 1)})
    ('2001:db8:1:2::', '192.0.2.7')
    """
    host = str((scope.get("client") or ("", 0))[0])
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return host


class Rate:
    """ASGI middleware: 429 for a client that asks too much, 414 for an address that is too long."""

    def __init__(self, app: ASGIApp, limits: Limits, clock: Callable[[], float], *, limited: bool) -> None:
        self.app = app
        self.longest = limits.url
        self.buckets = Buckets(limits.per_second, limits.burst) if limited else None
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > self.longest:
            refused = answer(request, 414, f"The address is longer than {self.longest:,} characters.")
            await refused(scope, receive, send)
            return
        if self.buckets is not None and not scope["path"].startswith("/static/"):
            wait = self.buckets.take(client_of(scope), self.clock())
            if wait:
                headers = {"retry-after": str(int(wait) + 1)}
                refused = answer(
                    request,
                    429,
                    "Those were too many requests. Please go on more slowly.",
                    headers,
                )
                await refused(scope, receive, send)
                return
        await self.app(scope, receive, send)


class Heavy:
    """Requests that read much: so many at once and no more."""

    def __init__(self, most: int) -> None:
        self._places = threading.BoundedSemaphore(most)

    @contextmanager
    def one(self) -> Iterator[None]:
        """A place while the block runs; TooBusy where there is none."""
        if not self._places.acquire(blocking=False):
            raise TooBusy
        try:
            yield
        finally:
            self._places.release()

    def stream(self, items: Iterator[T]) -> "HeavyStream[T]":
        """The items of a streamed answer, with a place until it ends or is dropped; TooBusy where there is none."""
        if not self._places.acquire(blocking=False):
            raise TooBusy
        return HeavyStream(items, self._places.release)


class HeavyStream(Generic[T]):
    """Items of an answer. The place is given back once: at the end, at an error, or when the reader went away."""

    def __init__(self, items: Iterator[T], release: Callable[[], None]) -> None:
        self._items = items
        self._release: Callable[[], None] | None = release

    def __iter__(self) -> "HeavyStream[T]":
        """Itself."""
        return self

    def __next__(self) -> T:
        """The next item."""
        try:
            return next(self._items)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the place back, and close what the items come from."""
        release, self._release = self._release, None
        if release is not None:
            try:
                close = getattr(self._items, "close", None)
                if close is not None:
                    close()
            finally:
                release()

    def __del__(self) -> None:
        """A generator that nobody began would not come to its `finally`; this does."""
        self.close()
