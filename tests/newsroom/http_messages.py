"""HTTP responses: codings, framing, validators, and the quirks of real servers.

The form of a response (coding, chunks, HTTP/1.0 ...) depends on a hash of its path, so that an ordinary crawl meets all
forms, and each one again at the next crawl.
"""

import gzip
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import StrEnum
from hashlib import blake2b
from http import HTTPStatus

import brotli  # type: ignore[import-untyped]

from tests.newsroom.seeded_random import stable_hash

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_CODINGS = ("gzip", "br", "identity", "zstd", "gzip", "br")
_LARGE = 100_000
"""Size from which bodies are compressed faster: a benchmark measures crawlers, not this server."""
_TEXTUAL = ("text/", "application/xml", "application/rss", "application/atom", "image/svg", "application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Content of a URL, before it is encoded as HTTP."""

    status: int
    mime: str
    body: bytes
    changed_at: datetime | None = None
    """Last-Modified; None without one."""
    location: str | None = None
    """Target of a redirect, absolute or relative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    version: str = "HTTP/1.1"

    def get(self, name: str) -> str:
        """Return a header's values joined by commas; "" without any."""
        return ", ".join(value for key, value in self.headers if key.lower() == name)


class AfterResponse(StrEnum):
    """What happens to the connection after a response."""

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"
    """Reset at once; data in transit may be lost."""
    HANG = "hang"
    """Nothing more is sent until the client disconnects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Bytes to send, and what happens to the connection then."""

    data: bytes
    after: AfterResponse = AfterResponse.KEEP
    first_request_only: bool = False
    """True: closed without a response if the connection served a request before, as servers with a timeout do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedResponse:
    """A response without its date."""

    status_line: bytes
    fields: tuple[bytes, ...]
    """Header lines, without line ends."""
    body: bytes
    """Encoded and framed."""
    keep: bool
    etag: str | None
    changed_at: datetime | None
    status: int

    @property
    def size(self) -> int:
        """Approximate size in memory."""
        return len(self.body) + 1_000


def choose_coding(target: str, mime: str, accepted: frozenset[str]) -> str:
    """Return the content coding of a URL for a client that accepts these."""
    if not mime.startswith(_TEXTUAL):
        return "identity"
    wanted = _CODINGS[stable_hash(target) % len(_CODINGS)]
    for coding in (wanted, "gzip"):
        if coding in accepted:
            return coding
    return "identity"


def accepted_codings(header: str) -> frozenset[str]:
    """Return the supported codings that an Accept-Encoding header accepts.

    >>> sorted(accepted_codings("gzip, br;q=0, zstd;q=0.5, deflate"))
    ['gzip', 'zstd']
    """
    found = set()
    for part in header.lower().split(","):
        name, *parameters = [piece.strip() for piece in part.split(";")]
        if name and not any(p.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for p in parameters):
            found.add(name)
    return frozenset(found.intersection(_CODINGS))


def prepare_response(target: str, entity: Entity, coding: str, version: str) -> PreparedResponse:
    """Encode and frame an entity as this URL is served."""
    lot = stable_hash(target)
    body = encode_body(entity.body, coding)
    old = lot % 17 == 3
    closes = old or version == "HTTP/1.0" or lot % 19 == 5
    framed, framing = _frame_body(body, lot, plain=old or version == "HTTP/1.0", closes=closes)
    etag, changed_at = _validators(entity, coding, lot)
    fields = [
        _field("Content-Type", entity.mime, lot),
        *([_field("Content-Encoding", coding, lot)] if coding != "identity" else []),
        *framing,
        *([b"Connection: close"] if closes and not old else []),
        *([f"ETag: {etag}".encode()] if etag else []),
        *([f"Last-Modified: {format_datetime(changed_at, usegmt=True)}".encode()] if changed_at else []),
        *([f"Location: {entity.location}".encode()] if entity.location else []),
        *_odd_headers(lot),
    ]
    return PreparedResponse(
        status_line=_status_line(entity.status, old=old, lot=lot),
        fields=tuple(fields),
        body=framed,
        keep=not closes,
        etag=etag,
        changed_at=changed_at,
        status=entity.status,
    )


def build_response(prepared: PreparedResponse, request: Request, at: datetime) -> Response:
    """Return the response to a request: complete, without body, or 304."""
    date = f"Date: {format_datetime(at.astimezone(UTC).replace(microsecond=0), usegmt=True)}".encode()
    keep = prepared.keep and "close" not in request.get("connection").lower()
    then = AfterResponse.KEEP if keep else AfterResponse.CLOSE
    if prepared.status == HTTPStatus.OK and _not_modified(prepared, request):
        of_body = (b"content-", b"transfer-", b"trailer")
        fields = [line for line in prepared.fields if not line.lower().startswith(of_body)]
        return Response(data=_message(b"HTTP/1.1 304 Not Modified", date, fields, b""), after=then)
    body = b"" if request.method == "HEAD" else prepared.body
    return Response(data=_message(prepared.status_line, date, prepared.fields, body), after=then)


def _message(status_line: bytes, date: bytes, fields: Sequence[bytes], body: bytes) -> bytes:
    return b"\r\n".join((status_line, date, *fields, b"", body))


def _status_line(status: int, *, old: bool, lot: int) -> bytes:
    reason = "Fine" if status == HTTPStatus.OK and lot % 13 == 1 else HTTPStatus(status).phrase
    return f"HTTP/1.{0 if old else 1} {status} {reason}".encode()


def _field(name: str, value: str, lot: int) -> bytes:
    """Return a header line, with the case of its name swapped on some URLs."""
    return f"{name.swapcase() if lot % 7 == 0 else name}: {value}".encode()


def _odd_headers(lot: int) -> Iterator[bytes]:
    """Yield the headers that only some URLs have."""
    yield b"Server: lantern/1.9"
    if lot % 2:
        yield b"Vary: Accept-Encoding"
    if lot % 4 == 0:
        yield b"Set-Cookie: edition=islands; Path=/"
        yield f"SET-cookie: visit={lot % 9973}; Path=/; HttpOnly".encode()
        yield b"Set-Cookie: edition=islands; Path=/"
    if lot % 9 == 1:
        yield "X-Redaktion: Jürgen Größl".encode("latin-1")
    if lot % 11 == 2:
        yield b"X-Empty:"
        yield b"x-padded:    to the right   "
        yield b"X-Empty: "
    if lot % 5 == 0:
        yield b"Cache-Control: max-age=60"


def _validators(entity: Entity, coding: str, lot: int) -> tuple[str | None, datetime | None]:
    """Return ETag and Last-Modified; some URLs lack one or both."""
    if entity.status != HTTPStatus.OK or lot % 23 == 0:
        return None, None
    digest = blake2b(entity.body, digest_size=8).hexdigest()
    # RFC 9110, 8.8.3.3: a strong tag differs from coding to coding, a weak one need not.
    strong = f'"{digest}"' if coding == "identity" else f'"{digest}-{coding}"'
    match lot % 5:
        case 3:
            return f'W/"{digest}"', None
        case 4 if entity.changed_at:
            return None, entity.changed_at
        case _:
            return strong, entity.changed_at


def _not_modified(prepared: PreparedResponse, request: Request) -> bool:
    """Return whether the client's copy is current (RFC 9110, 13.2.2: If-None-Match has precedence)."""
    if request.method not in ("GET", "HEAD"):
        return False
    if tags := request.get("if-none-match"):
        etags = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return prepared.etag is not None and (prepared.etag.removeprefix("W/") in etags or "*" in etags)
    since = request.get("if-modified-since")
    if not since or prepared.changed_at is None:
        return False
    try:
        return prepared.changed_at.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def encode_body(body: bytes, coding: str) -> bytes:
    """Encode a body; unchanged for an unknown coding."""
    match coding:
        case "gzip":
            return gzip.compress(body, 1 if len(body) > _LARGE else 6, mtime=0)
        case "br":
            return bytes(brotli.compress(body, quality=1 if len(body) > _LARGE else 5))
        case "zstd":
            return zstd.compress(body)
        case _:
            return body


def _frame_body(body: bytes, lot: int, *, plain: bool, closes: bool) -> tuple[bytes, list[bytes]]:
    """Return the framed body and the headers of the framing."""
    if not plain and (lot >> 8) % 3 == 0:
        trailer = (lot >> 8) % 4 == 0
        fields = [b"Transfer-Encoding: chunked", *([b"Trailer: X-Checked"] if trailer else [])]
        return chunk_body(body, 700 + lot % 6_000, trailer=b"X-Checked: yes\r\n" if trailer else b""), fields
    if closes and lot % 2:
        return body, []
    return body, [b"Content-Length: %d" % len(body)]


def chunk_body(body: bytes, size: int, *, trailer: bytes = b"") -> bytes:
    r"""Encode a body in chunks; the first has an extension if the size is even.

    >>> chunk_body(b"abcdef", 4)
    b'4;part=1\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n'
    """
    out = []
    for at in range(0, len(body), size):
        piece = body[at : at + size]
        extension = b";part=1" if at == 0 and size % 2 == 0 else b""
        out.append(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece))
    return b"".join((*out, b"0\r\n", trailer, b"\r\n"))
