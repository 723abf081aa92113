"""Parse HTTP messages in record blocks, and decode their transfer and content codings, within a size limit.

    block = [1xx interim responses] head CRLFCRLF body        head = status line and header lines, as received
    body  --transfer coding decoded-->  entity  --content coding decoded (RFC 9110 8.4)-->  payload

Malformed heads (bare LF, folded lines, no colon, latin-1) are accepted. Content codings:

    intact               decoded
    truncated, damaged   decoded as far as possible, as a browser would
    wrong label          returned unchanged if it is text
    bomb                 PayloadError as soon as it exceeds the limit
"""

import re
import sys
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NoReturn

import brotli  # type: ignore[import-untyped]
from isal import isal_zlib

from storage.errors import PayloadError, PayloadTooLarge
from storage.warc.gzip_members import IsalError
from storage.warc.record import HEAD_END, Headers

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})", re.IGNORECASE)
CHUNK_LINE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")


def split_message(block: bytes) -> tuple[bytes, bytes]:
    """Split an HTTP message into its head, blank line included, and its body as stored.

    Interim responses (RFC 9110 15.2) before the head are dropped; a message without a blank line has no body.
    """
    start, end = _find_head(block)
    return block[start:end], block[end:]


def _find_head(block: bytes) -> tuple[int, int]:
    """Return the start and end of the final response's head."""
    start = final_response_start(block)
    blank = HEAD_END.search(block, start)
    return start, (blank.end() if blank else len(block))


def final_response_start(block: bytes) -> int:
    """Return the offset of the final response, behind any 1xx responses (101 is final, and so is the last message)."""
    start = 0
    while True:
        status = _STATUS.match(block, start)
        if status is None or not status[1].startswith(b"1") or status[1] == b"101":
            return start
        blank = HEAD_END.search(block, start)
        if blank is None or blank.end() == len(block):
            return start
        start = blank.end()


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpMessage:
    """An HTTP response, parsed."""

    status: int | None
    headers: Headers
    body: bytes
    """Entity: transfer coding decoded. WARC-Payload-Digest is over these bytes (WARC 1.1, 5.9)."""


def parse_message(block: bytes) -> HttpMessage:
    """Parse an HTTP response."""
    (status, headers), body = parse_http_headers(block), split_message(block)[1]
    return HttpMessage(status=status, headers=headers, body=remove_chunking(body) if is_chunked(headers) else body)


def parse_http_headers(block: bytes) -> tuple[int | None, Headers]:
    """Return the status and the header fields of an HTTP response, names as sent, in order.

    The status is None if the block does not begin like HTTP. Lines without a colon are dropped, folded ones joined.
    """
    start, end = _find_head(block)
    status = _STATUS.match(block, start)
    lines = block[start:end].split(b"\n")
    return (int(status[1]) if status else None), tuple(_parse_header_lines(lines[1:] if status else lines))


def _parse_header_lines(lines: Iterable[bytes]) -> Iterable[tuple[str, str]]:
    name, value = "", ""
    for line in lines:
        text = decode_line(line.rstrip(b"\r"))
        if text[:1] in (" ", "\t") and name:
            value = f"{value} {text.strip()}"
            continue
        if name:
            yield name, value
        name, colon, value = text.partition(":")
        name, value = (name.strip() if colon else ""), value.strip()
    if name:
        yield name, value


def decode_line(line: bytes) -> str:
    """Decode a header line as UTF-8 if valid, else as latin-1 (RFC 9110 5.5)."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def is_chunked(headers: Headers) -> bool:
    """Return whether the headers announce chunked transfer coding (RFC 9112 6.1)."""
    return any(key.lower() == "transfer-encoding" and "chunked" in value.lower() for key, value in headers)


def remove_chunking(body: bytes) -> bytes:
    r"""Decode chunked transfer coding (RFC 9112 7.1); extensions and trailers are dropped.

    A truncated body gives what was received. A body that is not chunked, as some tools store it, is returned unchanged.

    >>> remove_chunking(b"4;x=1\r\nWiki\r\n0\r\n\r\n")
    b'Wiki'
    """
    pieces: list[bytes] = []
    at = 0
    while True:
        size = CHUNK_LINE.match(body, at)
        if size is None:
            return b"".join(pieces) if at else body
        length = int(size[1], 16)
        if not length:
            return b"".join(pieces)
        begin = size.end()
        pieces.append(body[begin : begin + length])
        at = begin + length
        if body.startswith(b"\r\n", at):
            at += 2
        elif body.startswith(b"\n", at):
            at += 1
        elif at < len(body) and len(pieces) == 1 and body[at:] != b"\r":
            return body
        if at >= len(body):
            return b"".join(pieces)


def decode_payload(block: bytes, limit: int) -> bytes:
    """Return the body with transfer and content codings decoded, as a browser would.

    A body with a wrong label (labelled gzip and stored decoded, as in CC-NEWS) is returned unchanged. A truncated or
    damaged one gives what can be decoded. PayloadError if nothing can, or if it exceeds `limit` bytes.
    """
    message = parse_message(block)
    return decode_entity(message.body, message.headers, limit)


MAX_CODINGS = 5
"""Maximum number of nested codings, as in curl. A gzip file that decodes to itself would never end."""

_PIECE = 1 << 16
_STEP = 1 << 12
_GZIP = b"\x1f\x8b"
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")  # a frame, or one to be skipped (RFC 8878 3.1.2)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_UNSUPPORTED = frozenset({"compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip", "sdch"})


def decode_entity(body: bytes, headers: Headers, limit: int) -> bytes:
    """Decode the content codings of the headers, the last applied first (RFC 9110 8.4).

    Labels that are not codings (utf-8, none, identity) are ignored, as browsers do.
    """
    named = [value for key, value in headers if key.lower() == "content-encoding"]
    codings = [coding.strip().lower() for value in named for coding in value.split(",")]
    if len(codings) > MAX_CODINGS:
        raise PayloadError(f"the body has {len(codings)} codings; at most {MAX_CODINGS} are decoded")
    for coding in reversed(codings):
        if coding in _UNSUPPORTED and not _is_text(body):
            raise PayloadError(f"the body has the unknown coding {coding}")
        decode = _DECODERS.get(coding)
        if decode is not None and body:
            body = decode(body, _Output(coding, limit, is_last=len(codings) == 1))
    if len(body) > limit:
        raise PayloadTooLarge(f"the body has {len(body)} bytes, more than the limit of {limit}", body[:limit])
    return body


@dataclass
class _Output:
    """Decoded output, with its size limit."""

    coding: str
    limit: int
    is_last: bool
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0

    @property
    def room(self) -> int:
        """Bytes left, and one more to detect an excess."""
        return self.limit - self.size + 1

    def add(self, piece: bytes) -> None:
        """Add a piece; PayloadTooLarge if it exceeds the limit."""
        self.pieces.append(piece)
        self.size += len(piece)
        if self.size > self.limit:
            message = f"the {self.coding} body decodes to more than the limit of {self.limit} bytes"
            raise PayloadTooLarge(message, self.to_bytes()[: self.limit] if self.is_last else b"")

    def to_bytes(self) -> bytes:
        """Return the output."""
        return self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)

    def fail(self, problem: Exception | None) -> NoReturn:
        """Raise the error that nothing can be decoded."""
        raise PayloadError(f"the body is labelled {self.coding} and cannot be decoded: {problem}") from problem


def _gunzip(body: bytes, output: _Output) -> bytes:
    """Decode gzip, including the members that follow; other trailing bytes are dropped."""
    if not body.startswith(_GZIP):
        return body
    retry = replace(output, pieces=[], size=0)
    at = 0
    try:
        while body.startswith(_GZIP, at):
            inflater = isal_zlib.decompressobj(wbits=31)
            while at < len(body) and not inflater.eof:
                feed = body[at : at + _PIECE]
                output.add(inflater.decompress(feed, output.room))
                at += len(feed) - len(inflater.unused_data)
        return output.to_bytes()
    except IsalError as problem:
        # Browsers ignore the checksum, and a page that is damaged near its end is still useful.
        if _salvage(body, retry, 31) is None:
            retry.fail(problem)
        return retry.to_bytes()


def _inflate(body: bytes, output: _Output) -> bytes:
    """Decode deflate: the zlib format of RFC 9110 8.4.1.2, or raw deflate as many servers send it."""
    if body.startswith(_GZIP):
        return _gunzip(body, output)
    has_header = len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    for wbits in (15, -15) if has_header else (-15,):
        attempt = replace(output, pieces=[], size=0)
        is_complete = _salvage(body, attempt, wbits)
        if is_complete is None or (is_complete is False and _is_text(body)):
            continue
        return attempt.to_bytes()
    return body if _is_text(body) else output.fail(None)


def _salvage(body: bytes, output: _Output, wbits: int) -> bool | None:
    """Inflate up to the last byte before damage; True for a complete stream, False for a part, None for nothing."""
    inflater = zlib.decompressobj(wbits)
    at = 0
    while at < len(body):
        feed = body[at : at + _STEP]
        before = inflater.copy()
        try:
            output.add(inflater.decompress(feed, output.room))
        except zlib.error:
            with suppress(zlib.error):
                for one in range(len(feed)):
                    output.add(before.decompress(feed[one : one + 1], output.room))
            return False if output.size else None
        at += len(feed) - len(inflater.unused_data)
        if inflater.eof:
            if wbits < 31 or not body.startswith(_GZIP, at):
                return True
            inflater = zlib.decompressobj(wbits)
    return False


def _unbrotli(body: bytes, output: _Output) -> bytes:
    """Decode brotli. It has no magic number: text that does not decode completely is returned unchanged."""
    decoder = brotli.Decompressor()
    problem: Exception | None = None
    at = 0
    is_complete = False
    try:
        while not (is_complete := decoder.is_finished()):
            feed = b""
            if decoder.can_accept_more_data():
                feed = body[at : at + _STEP]
                at += len(feed)
            piece = decoder.process(feed, output_buffer_limit=min(output.room, 1 << 20))
            output.add(piece)
            if not piece and not feed:
                break  # truncated
    except brotli.error as error:
        problem = error
    is_empty = not output.size and len(body) > 2  # some letters are a complete, empty stream
    if (not is_complete or is_empty) and _is_text(body):
        return body
    if problem and not output.size:
        output.fail(problem)
    return output.to_bytes()


def _unzstd(body: bytes, output: _Output) -> bytes:
    """Decode zstd, including the frames that follow; other trailing bytes are dropped."""
    at = 0
    try:
        while _ZSTD.match(body, at):
            decoder = zstd.ZstdDecompressor()
            while at < len(body) and not decoder.eof:
                feed = body[at : at + _STEP]
                output.add(decoder.decompress(feed, output.room))
                at += len(feed) - len(decoder.unused_data)
    except zstd.ZstdError as problem:
        if not output.size:
            output.fail(problem)
    return output.to_bytes() if at else body


def _is_text(body: bytes) -> bool:
    """Return whether it may be text of any charset: compressed data would contain control characters."""
    return _CONTROL.search(body, 0, 512) is None


_DECODERS: dict[str, Callable[[bytes, _Output], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
