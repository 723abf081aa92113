"""HTTP messages as they stand in record blocks: where the body begins, and its codings undone.

    block = [1xx interim responses] head CRLFCRLF body        head = status line, header lines, as the server sent them
    body  --transfer coding undone-->  entity  --content coding undone-->  payload

Servers send heads that no parser likes (bare LF, folded lines, no colon, latin-1); all is taken as it is.
"""

import re
import sys
import zlib
from collections.abc import Callable, Iterable

import brotli
from isal import isal_zlib

from storage.errors import PayloadError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Headers = tuple[tuple[str, str], ...]

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")
_PIECE = 1 << 18

# isal names its error by an alias that type checkers cannot follow.
IsalError: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # its stub has an instance


def split_message(block: bytes) -> tuple[bytes, bytes]:
    """Split an HTTP message into its head, blank line included, and its body as stored.

    Interim responses (RFC 9110 15.2) before the head are left out; a message without a blank line is all head.
    """
    start = interim_end(block)
    blank = _BLANK_LINE.search(block, start)
    if blank is None:
        return block[start:], b""
    return block[start : blank.end()], block[blank.end() :]


def interim_end(block: bytes) -> int:
    """Return where the final response begins, behind any 1xx responses (101 is final)."""
    start = 0
    while True:
        status = _STATUS.match(block, start)
        if status is None or not status[1].startswith(b"1") or status[1] == b"101":
            return start
        blank = _BLANK_LINE.search(block, start)
        if blank is None:
            return start
        start = blank.end()


def http_headers(block: bytes) -> tuple[int | None, Headers]:
    """Return the status and the header lines of an HTTP response, names as sent, in order.

    The status is None where the block does not begin like HTTP. Lines without a colon are left out, folded ones joined.
    Values are UTF-8 where they are that, else latin-1 (RFC 9110 5.5).
    """
    head, _ = split_message(block)
    status = _STATUS.match(head)
    lines = head.split(b"\n")
    return (int(status[1]) if status else None), tuple(_fields(lines[1:] if status else lines))


def _fields(lines: Iterable[bytes]) -> Iterable[tuple[str, str]]:
    name, value = "", ""
    for line in lines:
        text = _text(line.rstrip(b"\r"))
        if text[:1] in (" ", "\t") and name:
            value = f"{value} {text.strip()}"
            continue
        if name:
            yield name, value
        name, colon, value = text.partition(":")
        name, value = (name.strip() if colon else ""), value.strip()
    if name:
        yield name, value


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def header(headers: Headers, name: str) -> str | None:
    """Return the first value of a header, or None."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def entity(block: bytes) -> bytes:
    """Return the body with its transfer coding undone: what WARC-Payload-Digest is over (WARC 1.1, 5.9)."""
    _, body = split_message(block)
    return without_chunks(body) if is_chunked(http_headers(block)[1]) else body


def is_chunked(headers: Headers) -> bool:
    """Tell whether the headers announce chunked framing (RFC 9112 6.1)."""
    return any(key.lower() == "transfer-encoding" and "chunked" in value.lower() for key, value in headers)


def without_chunks(body: bytes) -> bytes:
    r"""Undo chunked framing (RFC 9112 7.1); extensions and trailers fall away.

    A body cut short gives what had come. One that is not chunked at all, as some tools store it, is returned as it is.

    >>> without_chunks(b"4;x=1\r\nWiki\r\n0\r\n\r\n")
    b'Wiki'
    """
    pieces: list[bytes] = []
    at = 0
    while True:
        size = _CHUNK_SIZE.match(body, at)
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
        elif at < len(body) and not pieces[:-1]:
            return body
        if at >= len(body):
            return b"".join(pieces)


def decoded(block: bytes, limit: int) -> bytes:
    """Return the body with transfer and content codings undone, as a browser would read it.

    A body whose label is wrong (named gzip and stored decoded, as in CC-NEWS) is taken as it is. A coded body that is
    cut short gives what can be had of it. PayloadError where it grows beyond `limit` bytes, or can't be decoded at all.
    """
    headers = http_headers(block)[1]
    return decode_entity(entity(block), headers, limit)


def decode_entity(body: bytes, headers: Headers, limit: int) -> bytes:
    """Undo the content codings that the headers name, the last applied first (RFC 9110 8.4)."""
    for coding in reversed(_codings(headers)):
        undo = _UNDO.get(coding)
        if undo is not None and body:
            body = undo(body, limit)
    if len(body) > limit:
        raise PayloadError(f"the body has {len(body)} bytes, more than the {limit} that are read")
    return body


def _codings(headers: Headers) -> list[str]:
    named = [value for key, value in headers if key.lower() == "content-encoding"]
    return [coding.strip().lower() for value in named for coding in value.split(",")]


def _gunzip(body: bytes, limit: int) -> bytes:
    """Undo gzip; members that follow are part of it, anything else behind it is not."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    pieces: list[bytes] = []
    size = 0
    while body.startswith(b"\x1f\x8b"):
        inflater = isal_zlib.decompressobj(wbits=31)
        piece = _inflated(inflater.decompress, body, limit - size, "gzip")
        pieces.append(piece)
        size += len(piece)
        if not inflater.eof:
            break
        body = inflater.unused_data
    return b"".join(pieces)


def _inflate(body: bytes, limit: int) -> bytes:
    """Undo deflate: zlib's format by the letter of RFC 9110 8.4.1.2, raw deflate as many servers send it."""
    for wbits in (15, -15):
        inflater = zlib.decompressobj(wbits)
        try:
            piece = inflater.decompress(body, limit + 1)
        except zlib.error:
            continue
        return _within(piece, limit, "deflate")
    return body


def _inflated(step: Callable[[bytes, int], bytes], body: bytes, limit: int, coding: str) -> bytes:
    """Decompress in pieces, so that damage near the end costs only the end."""
    pieces: list[bytes] = []
    size = 0
    for start in range(0, len(body), _PIECE):
        try:
            piece = step(body[start : start + _PIECE], limit - size + 1)
        except (zlib.error, IsalError, EOFError) as problem:
            if not size:
                raise PayloadError(f"the body is named {coding} and cannot be decoded: {problem}") from problem
            break
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise PayloadError(f"the {coding} body decodes to more than the {limit} bytes that are read")
    return b"".join(pieces)


def _within(piece: bytes, limit: int, coding: str) -> bytes:
    if len(piece) > limit:
        raise PayloadError(f"the {coding} body decodes to more than the {limit} bytes that are read")
    return piece


def _unbrotli(body: bytes, limit: int) -> bytes:
    decoder = brotli.Decompressor()
    pieces: list[bytes] = []
    size = 0
    feed = body
    try:
        while not decoder.is_finished():
            piece = decoder.process(feed, output_buffer_limit=min(limit - size + 1, 1 << 22))
            feed = b""
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise PayloadError(f"the br body decodes to more than the {limit} bytes that are read")
            if not piece and decoder.can_accept_more_data():
                break  # cut short
    except brotli.error as problem:
        if not size:
            # No magic number tells brotli from what a tool stored decoded; text decodes as nothing else.
            return body if _looks_like_text(body) else _refuse("br", problem)
    return b"".join(pieces)


def _unzstd(body: bytes, limit: int) -> bytes:
    if not body.startswith(b"\x28\xb5\x2f\xfd"):
        return body
    decoder = zstd.ZstdDecompressor()
    try:
        piece = decoder.decompress(body, limit + 1)
    except zstd.ZstdError as problem:
        return _refuse("zstd", problem)
    return _within(piece, limit, "zstd")


def _refuse(coding: str, problem: Exception) -> bytes:
    raise PayloadError(f"the body is named {coding} and cannot be decoded: {problem}") from problem


def _looks_like_text(body: bytes) -> bool:
    return body[:200].lstrip()[:1] in (b"<", b"{", b"[") or body[:200].isascii()


_UNDO: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
