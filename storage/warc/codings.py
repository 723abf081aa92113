"""Decode content codings (RFC 9110 8.4): gzip, deflate, br and zstd, within a size limit.

intact               decoded
truncated, damaged   decoded as far as possible, as a browser would
wrong label          returned unchanged if it is text
bomb                 PayloadError as soon as it exceeds the limit
"""

import re
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

import brotli  # type: ignore[import-untyped]
from isal import isal_zlib

from storage.errors import PayloadError, PayloadTooLarge
from storage.warc.gzip_members import IsalError
from storage.warc.record import Headers

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

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


class _Output:
    """Decoded output, with its size limit."""

    def __init__(self, coding: str, limit: int, *, is_last: bool = True) -> None:
        self.coding = coding
        self._is_last = is_last
        self._limit = limit
        self._pieces: list[bytes] = []
        self.size = 0

    @property
    def room(self) -> int:
        """Bytes left, and one more to detect an excess."""
        return self._limit - self.size + 1

    def add(self, piece: bytes) -> None:
        """Add a piece; PayloadTooLarge if it exceeds the limit."""
        self._pieces.append(piece)
        self.size += len(piece)
        if self.size > self._limit:
            message = f"the {self.coding} body decodes to more than the limit of {self._limit} bytes"
            raise PayloadTooLarge(message, self.to_bytes()[: self._limit] if self._is_last else b"")

    def to_bytes(self) -> bytes:
        """Return the output."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def fail(self, problem: Exception | None) -> NoReturn:
        """Raise the error that nothing can be decoded."""
        raise PayloadError(f"the body is labelled {self.coding} and cannot be decoded: {problem}") from problem

    def restart(self) -> "_Output":
        """Return an empty output with the same limit."""
        return _Output(self.coding, self._limit, is_last=self._is_last)


def _gunzip(body: bytes, output: _Output) -> bytes:
    """Decode gzip, including the members that follow; other trailing bytes are dropped."""
    if not body.startswith(_GZIP):
        return body
    retry = output.restart()
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
        attempt = output.restart()
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
