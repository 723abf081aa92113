"""Security headers, Host check and cross-site check, against archived pages and other sites; HEAD, compression."""

import re
import tomllib
from collections.abc import Collection
from importlib.resources import files

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from newsarchive.web.middleware.problem_details import HttpMiddleware, edit_headers, problem_response

HEADERS = tomllib.loads(files("newsarchive.web.middleware").joinpath("headers.toml").read_text("utf-8"))


class SecurityHeadersMiddleware(HttpMiddleware):
    """ASGI middleware: adds the default security headers."""

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, edit_headers(send, add_default_headers))


def add_default_headers(headers: MutableHeaders) -> None:
    """Add the missing defaults. A response with its own CSP, which may allow frames, gets no X-Frame-Options."""
    has_policy = "content-security-policy" in headers
    for name, value in HEADERS.items():
        if not (has_policy and name == "x-frame-options"):
            headers.setdefault(name, value)


SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(
    r"(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_])?)\.?)(?::[0-9]{0,5})?", re.IGNORECASE
)


def parse_host(header: str) -> str | None:
    """Return the host of a Host header (RFC 9110 7.2), without port, in lower case; None if it is malformed.

    >>> parse_host("News.localhost:8000"), parse_host("[::1]:8000"), parse_host("127.0.0.1:80@evil.example")
    ('news.localhost', '::1', None)
    """
    found = _HOST.fullmatch(header)
    return (found[1] or found[2]).lower() if found else None


class TrustedHostMiddleware(HttpMiddleware):
    """ASGI middleware: rejects requests for other hosts and cross-site changes.

    By DNS rebinding another site may point its own name to 127.0.0.1 and read a private archive as same-origin: 421 for
    an unknown host. And it may submit forms to the archive: 403 for an unsafe method from another site.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        super().__init__(app)
        self.names = names

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, answer = Request(scope), self.app
        host = request.headers.get("host", "")
        name = parse_host(host) or ""
        # The archive builds absolute URLs of itself with it. HTTP/1.0 may omit it.
        if host and not name:
            answer = problem_response(request, 400, "The Host header is malformed.")
        elif "content-length" in request.headers and "transfer-encoding" in request.headers:
            answer = problem_response(request, 400, "The request has two lengths.", {"connection": "close"})
        elif self.names and name not in self.names and not name.endswith(".localhost"):
            detail = "This archive does not serve this host name. Its owner can set public_url in [serve]."
            answer = problem_response(request, 421, detail)
        elif scope["method"] not in SAFE_METHODS and is_cross_site(request):
            answer = problem_response(request, 403, "This request was sent by another site.")
        await answer(scope, receive, send)


def is_cross_site(request: Request) -> bool:
    """Return True if a browser reports that another site made the request. Other clients report nothing."""
    if (fetched := request.headers.get("sec-fetch-site")) is not None:
        return fetched not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is not None and origin.partition("://")[2] != request.headers.get("host")


class HeadMiddleware(HttpMiddleware):
    """ASGI middleware: handles HEAD as GET, whose body no server sends. `scope["is_head"]` lets a handler skip it."""

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        as_get = {**scope, "method": "GET", "is_head": True} if scope["method"] == "HEAD" else scope
        await self.app(as_get, receive, send)


_EXACT = re.compile(r"/web/[0-9]*id_/|/warcs/|/exports/.+/|/article/[0-9]+\.(warc\.gz|wacz)$")
"""Paths whose bytes, lengths and ranges a client may compare with the archive's."""


class CompressionMiddleware(GZipMiddleware):
    """ASGI middleware: gzip for text, as the client accepts it."""

    def __init__(self, app: ASGIApp, compresslevel: int) -> None:
        excluded = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream")
        super().__init__(app, compresslevel=compresslevel, exclude_content_types=excluded)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        def weaken_tag(headers: MutableHeaders) -> None:
            if "content-encoding" in headers and headers.get("etag", "").startswith('"'):
                # Another representation, which is not equal byte for byte (RFC 9110 8.8.3.3).
                headers["etag"] = f"W/{headers['etag']}"

        if scope["type"] != "http" or _EXACT.match(scope["path"]):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, edit_headers(send, weaken_tag))
