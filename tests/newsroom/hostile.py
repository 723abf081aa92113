"""A newsroom whose server misbehaves in every way that crawlers meet; its front page links to each.

Serve it like any newsroom (`serve(HostileNewsroom(), log=...)`): the log has every byte, also of responses that broke
off.
"""

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import brotli  # type: ignore[import-untyped]

from tests.newsroom.http_messages import AfterResponse, Request, Response, chunk_body, encode_body
from tests.newsroom.newsroom import Newsroom

BIG = 900_000
"""Bytes of the pages that exceed size limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileResponse:
    """One form of a response."""

    name: str
    """Also the page's path: /<name>."""
    respond: Callable[[bytes], Response]
    """Makes the response from the page's HTML."""
    is_complete: bool = True
    """True: a valid, complete message; False: it breaks off, hangs, or is not HTTP."""


def _head(*lines: bytes, end: bytes = b"\r\n") -> bytes:
    return end.join((*lines, b"", b""))


def _with_length(body: bytes, *fields: bytes, status: bytes = b"HTTP/1.1 200 OK", length: int | None = None) -> bytes:
    """Return a message with Content-Length, right or wrong."""
    size = len(body) if length is None else length
    return _head(status, b"Content-Type: text/html", *fields, b"Content-Length: %d" % size) + body


def _in_chunks(body: bytes, *fields: bytes) -> bytes:
    return _head(b"HTTP/1.1 200 OK", b"Content-Type: text/html", b"transfer-encoding: chunked", *fields) + body


def _close_after(data: bytes) -> Response:
    return Response(data=data, after=AfterResponse.CLOSE)


_GZIP = b"Content-Encoding: gzip"
_EARLY = _head(b"HTTP/1.1 103 Early Hints", b"Link: </static/lantern.css>; rel=preload")

HOSTILE_RESPONSES = (
    HostileResponse(
        name="odd-headers",
        respond=lambda page: Response(
            data=_with_length(
                page, b"sErVeR: Weird/1.0", b"X-b: 2", b"x-A: 1", b"X-b: 1", b"SET-cookie: a=1", b"set-COOKIE: a=1"
            )
        ),
    ),
    HostileResponse(name="gzip", respond=lambda page: Response(data=_with_length(gzip.compress(page, mtime=0), _GZIP))),
    HostileResponse(
        name="deflate",
        respond=lambda page: Response(data=_with_length(zlib.compress(page), b"Content-Encoding: deflate")),
    ),
    HostileResponse(
        name="brotli", respond=lambda page: Response(data=_with_length(brotli.compress(page), b"Content-Encoding: br"))
    ),
    HostileResponse(
        name="zstd",
        respond=lambda page: Response(data=_with_length(encode_body(page, "zstd"), b"Content-Encoding: zstd")),
    ),
    HostileResponse(name="chunked", respond=lambda page: Response(data=_in_chunks(chunk_body(page, 4_001)))),
    HostileResponse(
        name="chunked-gzip-trailer",
        respond=lambda page: Response(
            data=_in_chunks(
                chunk_body(gzip.compress(page, mtime=0), 776, trailer=b"X-Sum: abc\r\n"), _GZIP, b"Trailer: X-Sum"
            )
        ),
    ),
    HostileResponse(
        name="chunk-sizes-in-capitals",
        respond=lambda page: Response(data=_in_chunks(b"%04X \r\n%b\r\n0\r\n\r\n" % (len(page), page))),
    ),
    HostileResponse(
        name="http-1.0", respond=lambda page: _close_after(_head(b"HTTP/1.0 200 OK", b"Content-Type: text/html") + page)
    ),
    HostileResponse(
        name="no-length",
        respond=lambda page: _close_after(
            _head(b"HTTP/1.1 200 OK", b"Content-Type: text/html", b"Connection: close") + page
        ),
    ),
    HostileResponse(name="no-content", respond=lambda _: Response(data=_head(b"HTTP/1.1 204 No Content", b"X: y"))),
    HostileResponse(name="empty", respond=lambda _: Response(data=_head(b"HTTP/1.1 200 OK", b"Content-Length: 0"))),
    HostileResponse(
        name="redirect",
        respond=lambda _: Response(
            data=_with_length(b"moved", b"location: /gzip?from=redirect", status=b"HTTP/1.1 301 Moved")
        ),
    ),
    HostileResponse(name="early-hints", respond=lambda page: Response(data=_EARLY + _with_length(page))),
    HostileResponse(name="folded", respond=lambda page: Response(data=_with_length(page, b"X-Folded: a\r\n  b"))),
    HostileResponse(name="no-colon", respond=lambda page: Response(data=_with_length(page, b"this line has no colon"))),
    HostileResponse(name="space-in-name", respond=lambda page: _close_after(_with_length(page, b"Bad Name: x"))),
    HostileResponse(
        name="latin-1",
        respond=lambda page: Response(data=_with_length(page, b"X-Name: caf\xe9 \xff", b"X-Trail:   spaced   ")),
    ),
    HostileResponse(name="no-reason", respond=lambda page: Response(data=_with_length(page, status=b"HTTP/1.1 200"))),
    HostileResponse(
        name="line-feeds",
        respond=lambda page: _close_after(
            _head(b"HTTP/1.1 200 OK", b"Content-Type: text/html", b"Content-Length: %d" % len(page), end=b"\n") + page
        ),
    ),
    HostileResponse(name="error", respond=lambda _: Response(data=_with_length(b"oops", status=b"HTTP/1.1 500 Oops"))),
    HostileResponse(
        name="garbage-after", respond=lambda page: _close_after(_with_length(page + b"GARBAGE", length=len(page)))
    ),
    HostileResponse(
        name="flaky", respond=lambda page: replace(Response(data=_with_length(page)), first_request_only=True)
    ),
    HostileResponse(name="big", respond=lambda page: Response(data=_with_length(page + b"x" * BIG))),
    HostileResponse(
        name="big-chunked", respond=lambda page: Response(data=_in_chunks(chunk_body(page + b"x" * BIG, 65_536)))
    ),
    HostileResponse(
        name="cut-length",
        respond=lambda page: _close_after(_with_length(page[:900], length=len(page))),
        is_complete=False,
    ),
    HostileResponse(
        name="cut-chunked",
        respond=lambda page: _close_after(_in_chunks(chunk_body(page, 500)[:1_100])),
        is_complete=False,
    ),
    HostileResponse(
        name="cut-gzip", respond=lambda page: Response(data=_with_length(gzip.compress(page, mtime=0)[:-20], _GZIP))
    ),
    HostileResponse(
        name="cut-head", respond=lambda _: _close_after(b"HTTP/1.1 200 OK\r\nContent-Ty"), is_complete=False
    ),
    HostileResponse(
        name="reset",
        respond=lambda page: Response(data=_with_length(page[:900], length=len(page)), after=AfterResponse.RESET),
        is_complete=False,
    ),
    HostileResponse(
        name="hang",
        respond=lambda page: Response(data=_with_length(page[:900], length=len(page)), after=AfterResponse.HANG),
        is_complete=False,
    ),
    HostileResponse(name="no-reply", respond=lambda _: Response(data=b"", after=AfterResponse.HANG), is_complete=False),
    HostileResponse(name="nothing", respond=lambda _: _close_after(b""), is_complete=False),
    HostileResponse(name="not-http", respond=lambda _: _close_after(b"SSH-2.0-OpenSSH_9.2\r\n"), is_complete=False),
)


def page(name: str, origin: str) -> bytes:
    """Return the HTML of an article with a text of its own, so that no two payloads are the same."""
    title = f"Harbour office reports a case of {name.replace('-', ' ')}"
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": title,
        "datePublished": "2026-05-04T06:00:00+00:00",
        "mainEntityOfPage": f"{origin}/{name}",
    }
    text = "".join(
        f"<p>The {name} was seen for the {number}. time at the north quay, where the harbour master noted wind, tide "
        f"and the names of {number + 2} boats in her book, as she has done every morning for thirty years.</p>\n"
        for number in range(1, 9)
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<script type="application/ld+json">{json.dumps(data)}</script></head>\n'
        f"<body><article><h1>{title}</h1>\n{text}</article></body></html>\n"
    ).encode()


class HostileNewsroom(Newsroom):
    """A newsroom whose front page links to hostile responses only."""

    def __init__(self, *names: str) -> None:
        """Link the responses of these names, or all."""
        super().__init__(articles=60)
        self.responses = {f"/{each.name}": each for each in HOSTILE_RESPONSES if not names or each.name in names}

    def get_response(self, origin: str, request: Request, at: datetime) -> Response:
        """Return the front page, a hostile response, or the newsroom's own response."""
        path = request.target.partition("?")[0]
        if path == "/robots.txt":
            return Response(data=_with_length(b"User-agent: *\nDisallow: /drafts/\n"))
        if path == "/":
            return Response(data=_with_length(self._front()))
        if hostile := self.responses.get(path):
            response = hostile.respond(page(hostile.name, origin))
            return replace(response, data=_without_body(response.data)) if request.method == "HEAD" else response
        return super().get_response(origin, request, at)

    def _front(self) -> bytes:
        links = "".join(
            f'<div class="card"><h3><a href="{path}">Harbour office reports a case of {each.name}</a></h3></div>\n'
            for path, each in self.responses.items()
        )
        return f"<!DOCTYPE html><title>The Hostile Lantern</title><h1>Latest</h1>\n{links}".encode()


def _without_body(data: bytes) -> bytes:
    """Return the response to HEAD."""
    head, end, _ = data.partition(b"\r\n\r\n")
    return head + end
