"""Parse HTTP messages in record blocks, and decode their transfer coding.

    block = [1xx interim responses] head CRLFCRLF body        head = status line and header lines, as received
    body  --transfer coding decoded-->  entity  --content coding decoded (codings.py)-->  payload

Malformed heads (bare LF, folded lines, no colon, latin-1) are accepted.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from storage.warc.codings import decode_entity
from storage.warc.record import Headers

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})")
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
    blank = _BLANK_LINE.search(block, start)
    return start, (blank.end() if blank else len(block))


def final_response_start(block: bytes) -> int:
    """Return the offset of the final response, behind any 1xx responses (101 is final, and so is the last message)."""
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
class HttpMessage:
    """An HTTP response, parsed."""

    status: int | None
    headers: Headers
    body: bytes
    """Entity: transfer coding decoded."""


def parse_message(block: bytes) -> HttpMessage:
    """Parse an HTTP response."""
    status, headers = parse_http_headers(block)
    return HttpMessage(status=status, headers=headers, body=extract_entity(block, headers))


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


def extract_entity(block: bytes, headers: Headers | None = None) -> bytes:
    """Return the body with its transfer coding decoded: the bytes of WARC-Payload-Digest (WARC 1.1, 5.9).

    `headers` are those of the block, if the caller has parsed them.
    """
    if headers is None:
        _, headers = parse_http_headers(block)
    body = block[_find_head(block)[1] :]
    return remove_chunking(body) if is_chunked(headers) else body


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
    headers = parse_http_headers(block)[1]
    return decode_entity(extract_entity(block, headers), headers, limit)
