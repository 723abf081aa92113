"""Content codings (RFC 9110 8.4): gzip, deflate, br and zstd undone, within a limit, whatever the server did to them.

whole          decoded
cut, damaged   what can be had of it, as a browser would show it
wrong label    taken as it is, where it is text
a bomb         PayloadError as soon as it grows over the limit
"""

import re
import sys
import zlib
from collections.abc import Callable
from typing import NoReturn

import brotli  # type: ignore[import-untyped]
from isal import isal_zlib

from storage.errors import PayloadError, PayloadTooLarge
from storage.warc.record import Headers

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MOST_CODINGS = 5
"""One over the other; curl stops there too. A gzip file that decodes to itself would go on for ever."""

# isal names its error by an alias that type checkers cannot follow.
IsalError: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # its stub has an instance

_PIECE = 1 << 16
_STEP = 1 << 12
_GZIP = b"\x1f\x8b"
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")  # a frame, or one to be skipped (RFC 8878 3.1.2)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BEYOND_US = frozenset({"compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip", "sdch"})


def decode_entity(body: bytes, headers: Headers, limit: int) -> bytes:
    """Undo the content codings that the headers name, the last applied first (RFC 9110 8.4).

    Labels that name no coding (utf-8, none, identity) are passed over, as browsers do.
    """
    codings = _codings(headers)
    if len(codings) > MOST_CODINGS:
        raise PayloadError(f"the body is named to have {len(codings)} codings; more than {MOST_CODINGS} are not undone")
    for coding in reversed(codings):
        if coding in _BEYOND_US and not _is_text(body):
            raise PayloadError(f"the body is coded as {coding}, which is not known here")
        undo = _UNDO.get(coding)
        if undo is not None and body:
            body = undo(body, _Taken(coding, limit))
    if len(body) > limit:
        raise PayloadTooLarge(f"the body has {len(body)} bytes, more than the {limit} that are read")
    return body


def _codings(headers: Headers) -> list[str]:
    named = [value for key, value in headers if key.lower() == "content-encoding"]
    return [coding.strip().lower() for value in named for coding in value.split(",")]


class _Taken:
    """What has been decoded so far, and how much more may come."""

    def __init__(self, coding: str, limit: int) -> None:
        self.coding = coding
        self._limit = limit
        self._pieces: list[bytes] = []
        self.size = 0

    @property
    def room(self) -> int:
        """One byte more than may come, so that too much shows."""
        return self._limit - self.size + 1

    def add(self, piece: bytes) -> None:
        """Take a piece; PayloadError where that is too much."""
        self._pieces.append(piece)
        self.size += len(piece)
        if self.size > self._limit:
            raise PayloadTooLarge(f"the {self.coding} body decodes to more than the {self._limit} bytes that are read")

    def all(self) -> bytes:
        """Return it."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def refuse(self, problem: Exception | None) -> NoReturn:
        """Say that nothing can be had."""
        raise PayloadError(f"the body is named {self.coding} and cannot be decoded: {problem}") from problem

    def anew(self) -> "_Taken":
        """Return an empty one."""
        return _Taken(self.coding, self._limit)


def _gunzip(body: bytes, taken: _Taken) -> bytes:
    """Undo gzip; members that follow are part of it, anything else behind it is not."""
    if not body.startswith(_GZIP):
        return body
    again = taken.anew()
    try:
        return _gunzip_whole(body, taken)
    except IsalError as problem:
        # Browsers do not ask for the checksum, and a page that is damaged near its end is still a page.
        if _salvage(body, again, 31) is None:
            again.refuse(problem)
        return again.all()


def _gunzip_whole(body: bytes, taken: _Taken) -> bytes:
    at = 0
    while body.startswith(_GZIP, at):
        inflater = isal_zlib.decompressobj(wbits=31)
        while at < len(body) and not inflater.eof:
            feed = body[at : at + _PIECE]
            taken.add(inflater.decompress(feed, taken.room))
            at += len(feed) - len(inflater.unused_data)
    return taken.all()


def _inflate(body: bytes, taken: _Taken) -> bytes:
    """Undo deflate: zlib's format by the letter of RFC 9110 8.4.1.2, raw deflate as many servers send it."""
    if body.startswith(_GZIP):
        return _gunzip(body, taken)
    has_header = len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    for wbits in (15, -15) if has_header else (-15,):
        attempt = taken.anew()
        is_whole = _salvage(body, attempt, wbits)
        if is_whole is None or (is_whole is False and _is_text(body)):
            continue
        return attempt.all()
    return body if _is_text(body) else taken.refuse(None)


def _salvage(body: bytes, taken: _Taken, wbits: int) -> bool | None:
    """Inflate as far as it goes, to the last byte before damage. True: to the end; False: a part; None: nothing."""
    inflater = zlib.decompressobj(wbits)
    at = 0
    while at < len(body):
        feed = body[at : at + _STEP]
        before = inflater.copy()
        try:
            taken.add(inflater.decompress(feed, taken.room))
        except zlib.error:
            _bytewise(before, feed, taken)
            return False if taken.size else None
        at += len(feed) - len(inflater.unused_data)
        if inflater.eof:
            if wbits < 31 or not body.startswith(_GZIP, at):
                return True
            inflater = zlib.decompressobj(wbits)
    return False


def _bytewise(inflater: "zlib._Decompress", feed: bytes, taken: _Taken) -> None:
    for one in range(len(feed)):
        try:
            taken.add(inflater.decompress(feed[one : one + 1], taken.room))
        except zlib.error:
            return


def _unbrotli(body: bytes, taken: _Taken) -> bytes:
    """Undo brotli. It has no magic number: what does not decode to its end and is text is taken as it is."""
    decoder = brotli.Decompressor()
    problem: Exception | None = None
    at = 0
    is_whole = False
    try:
        while not (is_whole := decoder.is_finished()):
            feed = b""
            if decoder.can_accept_more_data():
                feed = body[at : at + _STEP]
                at += len(feed)
            piece = decoder.process(feed, output_buffer_limit=min(taken.room, 1 << 20))
            taken.add(piece)
            if not piece and not feed:
                break  # cut short
    except brotli.error as error:
        problem = error
    is_empty = not taken.size and len(body) > 2  # some letters are a whole stream of nothing
    if (not is_whole or is_empty) and _is_text(body):
        return body
    if problem and not taken.size:
        taken.refuse(problem)
    return taken.all()


def _unzstd(body: bytes, taken: _Taken) -> bytes:
    """Undo zstd; frames that follow are part of it, anything else behind it is not."""
    at = 0
    try:
        while _ZSTD.match(body, at):
            decoder = zstd.ZstdDecompressor()
            while at < len(body) and not decoder.eof:
                feed = body[at : at + _STEP]
                taken.add(decoder.decompress(feed, taken.room))
                at += len(feed) - len(decoder.unused_data)
    except zstd.ZstdError as problem:
        if not taken.size:
            taken.refuse(problem)
    return taken.all() if at else body


def _is_text(body: bytes) -> bool:
    """Tell whether it may be text of any charset: compressed bytes would have control characters among them."""
    return _CONTROL.search(body, 0, 512) is None


_UNDO: dict[str, Callable[[bytes, _Taken], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
