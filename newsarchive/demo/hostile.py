"""For tests: a newsroom whose server misbehaves in every way that crawlers meet; its front page links to each.

Serve it like any newsroom (`serve(HostileNewsroom(), log=...)`): what went over the wire is in the log, to the byte,
also where an answer broke off.
"""

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import brotli  # type: ignore[import-untyped]

from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.wire import Answer, Request, Then, chunked, coded

BIG = 900_000
"""Bytes of the pages that are meant to be over a limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One way of answering."""

    name: str
    """Also the page's path: /<name>."""
    answer: Callable[[bytes], Answer]
    """From the page's HTML to what is sent."""
    whole: bool = True
    """A client that knows its RFCs gets a whole message; False where it breaks off, hangs, or is no HTTP."""


def _head(*lines: bytes, end: bytes = b"\r\n") -> bytes:
    return end.join((*lines, b"", b""))


def _sized(body: bytes, *fields: bytes, status: bytes = b"HTTP/1.1 200 OK", length: int | None = None) -> bytes:
    """Return a message with Content-Length, true or not."""
    size = len(body) if length is None else length
    return _head(status, b"Content-Type: text/html", *fields, b"Content-Length: %d" % size) + body


def _chunked(body: bytes, *fields: bytes) -> bytes:
    return _head(b"HTTP/1.1 200 OK", b"Content-Type: text/html", b"transfer-encoding: chunked", *fields) + body


def _closing(data: bytes) -> Answer:
    return Answer(data=data, then=Then.CLOSE)


_GZIP = b"Content-Encoding: gzip"
_EARLY = _head(b"HTTP/1.1 103 Early Hints", b"Link: </static/lantern.css>; rel=preload")

SHAPES = (
    Shape(
        name="odd-headers",
        answer=lambda page: Answer(
            data=_sized(
                page, b"sErVeR: Weird/1.0", b"X-b: 2", b"x-A: 1", b"X-b: 1", b"SET-cookie: a=1", b"set-COOKIE: a=1"
            )
        ),
    ),
    Shape(name="gzip", answer=lambda page: Answer(data=_sized(gzip.compress(page, mtime=0), _GZIP))),
    Shape(name="deflate", answer=lambda page: Answer(data=_sized(zlib.compress(page), b"Content-Encoding: deflate"))),
    Shape(name="brotli", answer=lambda page: Answer(data=_sized(brotli.compress(page), b"Content-Encoding: br"))),
    Shape(name="zstd", answer=lambda page: Answer(data=_sized(coded(page, "zstd"), b"Content-Encoding: zstd"))),
    Shape(name="chunked", answer=lambda page: Answer(data=_chunked(chunked(page, 4_001)))),
    Shape(
        name="chunked-gzip-trailer",
        answer=lambda page: Answer(
            data=_chunked(
                chunked(gzip.compress(page, mtime=0), 776, trailer=b"X-Sum: abc\r\n"), _GZIP, b"Trailer: X-Sum"
            )
        ),
    ),
    Shape(
        name="chunk-sizes-in-capitals",
        answer=lambda page: Answer(data=_chunked(b"%04X \r\n%b\r\n0\r\n\r\n" % (len(page), page))),
    ),
    Shape(name="http-1.0", answer=lambda page: _closing(_head(b"HTTP/1.0 200 OK", b"Content-Type: text/html") + page)),
    Shape(
        name="no-length",
        answer=lambda page: _closing(
            _head(b"HTTP/1.1 200 OK", b"Content-Type: text/html", b"Connection: close") + page
        ),
    ),
    Shape(name="no-content", answer=lambda _: Answer(data=_head(b"HTTP/1.1 204 No Content", b"X: y"))),
    Shape(name="empty", answer=lambda _: Answer(data=_head(b"HTTP/1.1 200 OK", b"Content-Length: 0"))),
    Shape(
        name="redirect",
        answer=lambda _: Answer(data=_sized(b"moved", b"location: /gzip?from=redirect", status=b"HTTP/1.1 301 Moved")),
    ),
    Shape(name="early-hints", answer=lambda page: Answer(data=_EARLY + _sized(page))),
    Shape(name="folded", answer=lambda page: Answer(data=_sized(page, b"X-Folded: a\r\n  b"))),
    Shape(name="no-colon", answer=lambda page: Answer(data=_sized(page, b"this line has no colon"))),
    Shape(name="space-in-name", answer=lambda page: _closing(_sized(page, b"Bad Name: x"))),
    Shape(
        name="latin-1", answer=lambda page: Answer(data=_sized(page, b"X-Name: caf\xe9 \xff", b"X-Trail:   spaced   "))
    ),
    Shape(name="no-reason", answer=lambda page: Answer(data=_sized(page, status=b"HTTP/1.1 200"))),
    Shape(
        name="line-feeds",
        answer=lambda page: _closing(
            _head(b"HTTP/1.1 200 OK", b"Content-Type: text/html", b"Content-Length: %d" % len(page), end=b"\n") + page
        ),
    ),
    Shape(name="error", answer=lambda _: Answer(data=_sized(b"oops", status=b"HTTP/1.1 500 Oops"))),
    Shape(name="garbage-after", answer=lambda page: _closing(_sized(page + b"GARBAGE", length=len(page)))),
    Shape(name="flaky", answer=lambda page: replace(Answer(data=_sized(page)), fresh_only=True)),
    Shape(name="big", answer=lambda page: Answer(data=_sized(page + b"x" * BIG))),
    Shape(name="big-chunked", answer=lambda page: Answer(data=_chunked(chunked(page + b"x" * BIG, 65_536)))),
    Shape(name="cut-length", answer=lambda page: _closing(_sized(page[:900], length=len(page))), whole=False),
    Shape(name="cut-chunked", answer=lambda page: _closing(_chunked(chunked(page, 500)[:1_100])), whole=False),
    Shape(name="cut-gzip", answer=lambda page: Answer(data=_sized(gzip.compress(page, mtime=0)[:-20], _GZIP))),
    Shape(name="cut-head", answer=lambda _: _closing(b"HTTP/1.1 200 OK\r\nContent-Ty"), whole=False),
    Shape(
        name="reset",
        answer=lambda page: Answer(data=_sized(page[:900], length=len(page)), then=Then.RESET),
        whole=False,
    ),
    Shape(
        name="hang", answer=lambda page: Answer(data=_sized(page[:900], length=len(page)), then=Then.HANG), whole=False
    ),
    Shape(name="no-reply", answer=lambda _: Answer(data=b"", then=Then.HANG), whole=False),
    Shape(name="nothing", answer=lambda _: _closing(b""), whole=False),
    Shape(name="not-http", answer=lambda _: _closing(b"SSH-2.0-OpenSSH_9.2\r\n"), whole=False),
)


def page(name: str, origin: str) -> bytes:
    """Return the HTML of one page: an article, of its own text, so that no two payloads are the same."""
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
    """A newsroom with a front page that leads to all shapes, or to some; nothing links the rest of it."""

    def __init__(self, *names: str) -> None:
        """Show the shapes of these names; all of them where none is given."""
        super().__init__(articles=60)
        self.shapes = {f"/{shape.name}": shape for shape in SHAPES if not names or shape.name in names}

    def answer(self, origin: str, request: Request, at: datetime) -> Answer:
        """Return a front page of links, a shape's answer, or what the newsroom says."""
        path = request.target.partition("?")[0]
        if path == "/robots.txt":
            return Answer(data=_sized(b"User-agent: *\nDisallow: /drafts/\n"))
        if path == "/":
            return Answer(data=_sized(self._front()))
        if shape := self.shapes.get(path):
            answer = shape.answer(page(shape.name, origin))
            return replace(answer, data=_without_body(answer.data)) if request.method == "HEAD" else answer
        return super().answer(origin, request, at)

    def _front(self) -> bytes:
        links = "".join(
            f'<div class="card"><h3><a href="{path}">Harbour office reports a case of {shape.name}</a></h3></div>\n'
            for path, shape in self.shapes.items()
        )
        return f"<!DOCTYPE html><title>The Hostile Lantern</title><h1>Latest</h1>\n{links}".encode()


def _without_body(data: bytes) -> bytes:
    """Return what answers HEAD."""
    head, end, _ = data.partition(b"\r\n\r\n")
    return head + end
