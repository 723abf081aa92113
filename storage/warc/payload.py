"""HTTP messages as they stand in record blocks: where the body begins, and its transfer coding undone.

    block = [1xx interim responses] head CRLFCRLF body        head = status line, header lines, as the server sent them
    body  --transfer coding undone-->  entity  --content coding undone (codings.py)-->  payload

Servers send heads that no parser likes (bare LF, folded lines, no colon, latin-1); all is taken as it is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from storage.warc.codings import decode_entity
from storage.warc.record import Headers, header

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")


def split_message(block: bytes) -> tuple[bytes, bytes]:
    """Split an HTTP message into its head, blank line included, and its body as stored.

    Interim responses (RFC 9110 15.2) before the head are left out; a message without a blank line is all head.
    """
    start, end = _head(block)
    return block[start:end], block[end:]


def _head(block: bytes) -> tuple[int, int]:
    """Return where the final response's head begins and ends."""
    start = interim_end(block)
    blank = _BLANK_LINE.search(block, start)
    return start, (blank.end() if blank else len(block))


def interim_end(block: bytes) -> int:
    """Return where the final response begins, behind any 1xx responses (101 is final; so is what nothing follows)."""
    start = 0
    while True:
        status = _STATUS.match(block, start)
        if status is None or not status[1].startswith(b"1") or status[1] == b"101":
            return start
        blank = _BLANK_LINE.search(block, start)
        if blank is None or blank.end() == len(block):
            return start
        start = blank.end()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An HTTP response, parsed."""

    status: int | None
    headers: Headers
    body: bytes
    """Entity: transfer coding undone."""


def http_headers(block: bytes) -> tuple[int | None, Headers]:
    """Return the status and the header lines of an HTTP response, names as sent, in order.

    The status is None where the block does not begin like HTTP. Lines without a colon are left out, folded ones joined.
    Values are UTF-8 where they are that, else latin-1 (RFC 9110 5.5).
    """
    start, end = _head(block)
    status = _STATUS.match(block, start)
    lines = block[start:end].split(b"\n")
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


def entity(block: bytes) -> bytes:
    """Return the body with its transfer coding undone: what WARC-Payload-Digest is over (WARC 1.1, 5.9)."""
    return entity_of(block, http_headers(block)[1])


def entity_of(block: bytes, headers: Headers) -> bytes:
    """Return the same where the headers have been parsed before."""
    body = block[_head(block)[1] :]
    return without_chunks(body) if is_chunked(headers) else body


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
        elif at < len(body) and len(pieces) == 1 and body[at:] != b"\r":
            return body
        if at >= len(body):
            return b"".join(pieces)


def decoded(block: bytes, limit: int) -> bytes:
    """Return the body with transfer and content codings undone, as a browser would read it.

    A body whose label is wrong (named gzip and stored decoded, as in CC-NEWS) is taken as it is. A coded body that is
    cut short or damaged gives what can be had of it. PayloadError where it grows beyond `limit` bytes, or cannot be
    decoded at all.
    """
    headers = http_headers(block)[1]
    return decode_entity(entity_of(block, headers), headers, limit)


__all__ = [
    "Headers",
    "decode_entity",
    "decoded",
    "entity",
    "entity_of",
    "header",
    "http_headers",
    "interim_end",
    "is_chunked",
    "split_message",
    "without_chunks",
]
