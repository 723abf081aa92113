"""Limits for each client: the rate of its requests, those in progress, the length of a URL; and the end of its work.

A bucket holds `rate_burst` requests of a client and refills at `rate_limit`; the number of buckets is fixed, so that
memory is bounded for any number of clients. The work for a client that has left is cancelled.
"""

import asyncio
import ipaddress
import mmap
from collections import Counter
from collections.abc import Callable
from multiprocessing import get_context

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsarchive.web.middleware.problem_details import RETRY_AFTER, HttpMiddleware, problem_response
from newsarchive.web.middleware.security import SAFE_METHODS
from newsarchive.web.serve_options import RequestLimits, ServeOptions
from storage.index.engine.database import WorkLimit

BUCKETS = 2**20
"""8 bytes each, of which the system provides only the pages that are used."""
MAX_FORM_SIZE = 20_000
"""Bytes of the body of a request."""


class TokenBuckets:
    """Token buckets by client, shared with processes that are forked later. Thread-safe.

    Clients whose hashes are equal share a bucket: one in a thousand where a thousand are active.
    """

    def __init__(self, per_second: float, burst: float, *, size: int = BUCKETS) -> None:
        self._per_second, self._burst = per_second, burst
        self._full_at = memoryview(mmap.mmap(-1, 8 * size)).cast("d")
        """For each bucket the time when it is full (generic cell rate algorithm); 0 is long ago."""
        self._lock = get_context("fork").Lock()

    def take(self, client: str, now: float, tokens: float = 1.0) -> float:
        """Take a token; returns 0.0, or, without taking any, the seconds until there is one. -1 gives one back.

        >>> buckets = TokenBuckets(per_second=1, burst=2)
        >>> [buckets.take("a", now=0), buckets.take("a", now=0), buckets.take("a", now=0.5), buckets.take("a", now=2)]
        [0.0, 0.0, 0.5, 0.0]
        """
        place = hash(client) % len(self._full_at)
        with self._lock:
            full_at = max(self._full_at[place], now) + tokens / self._per_second
            # Rounded, because many small numbers were added to a large one.
            wait = max(0.0, round(full_at - now - self._burst / self._per_second, 9))
            if not wait:
                self._full_at[place] = full_at
            return wait


def client_key(scope: Scope) -> str:
    """Return the key of a client: its address, or for IPv6 its /64 network, which is one household.

    >>> client_key({"client": ("2001:db8:1:2:3::9", 1)}), client_key({"client": ("192.0.2.7", 1)})
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


class RateLimitMiddleware(HttpMiddleware):
    """ASGI middleware: 429 for a client over its limit, 414 for a URL that is too long."""

    def __init__(self, app: ASGIApp, options: ServeOptions, clock: Callable[[], float]) -> None:
        super().__init__(app)
        self.max_length, self.clock = options.limits.max_url_length, clock
        self.buckets = TokenBuckets(options.rate_limit, options.rate_burst) if options.rate_limited else None

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, answer, wait = Request(scope), self.app, 0.0
        is_too_long = len(scope.get("raw_path") or b"") + len(scope["query_string"]) > self.max_length
        if self.buckets is not None and not is_too_long and not scope["path"].startswith("/static/"):
            wait = self.buckets.take(client_key(scope), self.clock())
        if is_too_long:
            answer = problem_response(request, 414, f"The URL is longer than {self.max_length:,} characters.")
        elif wait:
            retry_after = {"retry-after": str(int(wait) + 1)}
            answer = problem_response(request, 429, "Too many requests. Please slow down.", retry_after)
        await answer(scope, receive, send)


class ClientWorkMiddleware(HttpMiddleware):
    """ASGI middleware: 503 beyond the limits of concurrent requests; `request.state.work` is cancelled on disconnect.

    A request is in progress from its last byte until the last byte of its response was accepted by the connection.
    """

    def __init__(self, app: ASGIApp, limits: RequestLimits) -> None:
        super().__init__(app)
        self.limits = limits
        self.active: Counter[str] = Counter()

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = client_key(scope)
        work = scope.setdefault("state", {})["work"] = WorkLimit(self.limits.cpu_limit)
        # Forms that a few clients send half keep nobody out.
        body = b"" if scope["method"] in SAFE_METHODS else await read_body(receive)
        if body is None:
            return
        if self.active[client] >= self.limits.max_per_client or self.active.total() >= self.limits.max_concurrent:
            detail = "This archive is answering as many requests as it can. Try again in a while."
            await problem_response(Request(scope), 503, detail, RETRY_AFTER)(scope, receive, send)
            return
        self.active[client] += 1
        try:
            await run_until_disconnect(self.app, scope, receive, send, work, body)
        finally:
            self.active[client] -= 1
            if not self.active[client]:
                del self.active[client]


async def read_body(receive: Receive) -> bytes | None:
    """Return the body of a request, of one that is too long its beginning; None if the client left before its end."""
    body, is_complete = b"", False
    while not is_complete and len(body) <= MAX_FORM_SIZE:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        is_complete = not message.get("more_body", False)
    return body


async def run_until_disconnect(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, work: WorkLimit, body: bytes = b""
) -> None:
    """Answer a request; `work` is cancelled if the client disconnects before the response is complete.

    The application cannot notice that itself: its handlers run in threads, and wait for the index.
    """
    gone, is_complete = asyncio.Event(), False
    requests = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()
        if not is_complete:
            # In a thread: PostgreSQL is asked to cancel over a connection of its own.
            await asyncio.get_running_loop().run_in_executor(None, work.cancel)

    async def receive_body() -> Message:
        if (request := next(requests, None)) is None:
            await gone.wait()
        return request or {"type": "http.disconnect"}

    async def note_end(message: Message) -> None:
        nonlocal is_complete
        is_complete = message["type"] == "http.response.body" and not message.get("more_body", False)
        await send(message)

    watching = asyncio.create_task(watch())
    try:
        await app(scope, receive_body, note_end)
    finally:
        watching.cancel()
