"""Rate limit per client (token bucket), and the maximum length of a URL.

A bucket per client holds `rate_burst` requests and refills at `rate_limit`; the least recently used buckets are
discarded, so that memory is bounded for any number of clients.
"""

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from newsarchive.web.middleware.problem_details import HttpMiddleware, problem_response
from newsarchive.web.serve_options import RequestLimits

MAX_CLIENTS = 20_000


class TokenBuckets:
    """Token buckets by client. Thread-safe."""

    def __init__(self, per_second: float, burst: float, *, max_clients: int = MAX_CLIENTS) -> None:
        self._per_second, self._burst, self._max_clients = per_second, burst, max_clients
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, client: str, now: float) -> float:
        """Take a token; returns 0.0, or, without taking any, the seconds until there is one.

        >>> buckets = TokenBuckets(per_second=1, burst=2)
        >>> [buckets.take("a", now=0), buckets.take("a", now=0), buckets.take("a", now=0.5), buckets.take("a", now=2)]
        [0.0, 0.0, 0.5, 0.0]
        """
        with self._lock:
            left, at = self._left.pop(client, (self._burst, now))
            left = min(self._burst, left + max(0.0, now - at) * self._per_second)
            wait = max(0.0, (1.0 - left) / self._per_second)
            self._left[client] = (left if wait else left - 1.0, now)
            if len(self._left) > self._max_clients:
                self._left.popitem(last=False)
            return wait

    def __len__(self) -> int:
        """Return the number of clients with a bucket."""
        return len(self._left)


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


def too_many_requests(request: Request, detail: str, wait: float) -> Response:
    """Return 429 with Retry-After, from the seconds to wait."""
    return problem_response(request, 429, detail, {"retry-after": str(int(wait) + 1)})


class RateLimitMiddleware(HttpMiddleware):
    """ASGI middleware: 429 for a client over its limit, 414 for a URL that is too long."""

    def __init__(self, app: ASGIApp, limits: RequestLimits, clock: Callable[[], float], *, limited: bool) -> None:
        super().__init__(app)
        self.max_length, self.clock = limits.max_url_length, clock
        self.buckets = TokenBuckets(limits.rate_limit, limits.rate_burst) if limited else None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        request, answer, wait = Request(scope), self.app, 0.0
        is_too_long = len(scope.get("raw_path") or b"") + len(scope["query_string"]) > self.max_length
        if self.buckets is not None and not is_too_long and not scope["path"].startswith("/static/"):
            wait = self.buckets.take(client_key(scope), self.clock())
        if is_too_long:
            answer = problem_response(request, 414, f"The URL is longer than {self.max_length:,} characters.")
        elif wait:
            answer = too_many_requests(request, "Too many requests. Please slow down.", wait)
        await answer(scope, receive, send)
