"""What every answer carries so that neither an archived page nor another site gains anything from it."""

from collections.abc import Collection, Iterable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsarchive.web.middleware.problem_details import answer

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""No inline script or style anywhere. A door that shows archived bytes sets a policy of its own, which stays."""

HEADERS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
"""What a handler sets itself is not set a second time."""


class SecurityHeaders:
    """ASGI middleware: adds what an answer does not carry yet."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = with_defaults(message.get("headers", []), HEADERS)
            await send(message)

        await self.app(scope, receive, guarded if scope["type"] == "http" else send)


def with_defaults(
    headers: Iterable[tuple[bytes, bytes]], defaults: Iterable[tuple[bytes, bytes]]
) -> list[tuple[bytes, bytes]]:
    """Headers, and those of the defaults that are not among them.

    An answer with a policy for frames of its own in its CSP gets no X-Frame-Options, which could not say the same.
    """
    given = list(headers)
    names = {name.lower() for name, _ in given}
    if b"content-security-policy" in names:
        names.add(b"x-frame-options")
    return given + [(name, value) for name, value in defaults if name not in names]


SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def host_name(header: str) -> str:
    """The name in a Host header, without port, lower case.

    >>> host_name("News.localhost:8000"), host_name("[::1]:8000"), host_name("")
    ('news.localhost', '::1', '')
    """
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


class Hosts:
    """ASGI middleware: only requests that mean this archive.

    A page elsewhere may let its own name lead to 127.0.0.1 (DNS rebinding) and would then read a private archive as its
    own: 421 for a name that is not ours. And it may send forms here: 403 for what changes something and comes from
    elsewhere.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self.app = app
        self.names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http":
            request = Request(scope)
            name = host_name(request.headers.get("host", ""))
            if self.names and name not in self.names and not name.endswith(".localhost"):
                said = (
                    "This archive is not known by the name that was asked for. Its owner may set base_url in [serve]."
                )
                await answer(request, 421, said)(scope, receive, send)
                return
            if scope["method"] not in SAFE_METHODS and comes_from_elsewhere(request):
                await answer(request, 403, "That was asked for by another site.")(scope, receive, send)
                return
        await self.app(scope, receive, send)


def comes_from_elsewhere(request: Request) -> bool:
    """True where a browser says that another site made it ask. What is no browser says nothing."""
    fetched = request.headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is not None and origin.partition("://")[2] != request.headers.get("host")


class Heads:
    """ASGI middleware: HEAD is GET without the body. `scope["is_head"]` lets a door spare itself the work."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def bodiless(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app({**scope, "method": "GET", "is_head": True}, receive, bodiless)
