"""The gzip members of a WARC file, one after the other: framing only."""

import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from isal import isal_zlib

from storage.errors import BadRecord, TornRecord, WarcError
from storage.warc.codings import IsalError

MAGIC = b"\x1f\x8b\x08"
LARGEST = 1 << 28
"""Decompressed bytes of one record, above which it is taken for damage (or a bomb), not for a record: a record is held
in memory while it is read. The writer cuts larger answers to this (WARC-Truncated: length)."""
_RESERVED = 0xE0  # flag bits that RFC 1952 2.3.1.2 wants to be zero; gzip refuses them, isal does not look
_FEED = 1 << 16
_CHUNK = 1 << 20
_GLANCE = 1 << 10
_WARC = re.compile(rb"WARC/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One whole gzip member, its CRC and size found right."""

    offset: int
    length: int
    data: bytes
    """Decompressed."""


def members(file: BinaryIO, name: str, start: int = 0) -> Iterator[Member]:
    """Yield whole members from `start` on; TornRecord at a torn tail, BadRecord at bytes that are no gzip member."""
    file.seek(start)
    offset, rest = start, b""
    while True:
        while len(rest) <= len(MAGIC) and (more := file.read(_FEED)):
            rest += more
        if not rest:
            return
        if not is_magic(rest):
            raise BadRecord(name, offset, "something that is no gzip member stands")
        data, used, rest = _one(file, name, offset, rest)
        yield Member(offset=offset, length=used, data=data)
        offset += used


def is_magic(begin: bytes) -> bool:
    """Tell whether these bytes, or as many as there are, can begin a gzip member."""
    return MAGIC.startswith(begin[:3]) and not (len(begin) > 3 and begin[3] & _RESERVED)


def _one(file: BinaryIO, name: str, offset: int, rest: bytes) -> tuple[bytes, int, bytes]:
    """Inflate one member that begins with `rest`; returns its content, its length and what was read beyond it."""
    inflater = isal_zlib.decompressobj(wbits=31)
    pieces: list[bytes] = []
    size, used = 0, 0
    while True:
        try:
            piece = inflater.decompress(rest, LARGEST - size + 1)
        except IsalError as problem:
            raise BadRecord(name, offset, f"a damaged gzip member ({problem}) stands") from problem
        pieces.append(piece)
        size += len(piece)
        used += len(rest)
        if size > LARGEST:
            raise BadRecord(name, offset, f"a record of more than {LARGEST} bytes stands")
        if inflater.eof:
            unused = inflater.unused_data
            return (pieces[0] if len(pieces) == 1 else b"".join(pieces)), used - len(unused), unused
        rest = file.read(_FEED)
        if not rest:
            raise TornRecord(name, offset, f"the file ends within a record, {used} bytes after it began,")


def next_member(file: BinaryIO, start: int, content: "re.Pattern[bytes]" = _WARC) -> int | None:
    """Return where, from `start` on, a whole gzip member begins whose content begins so; None where none does."""
    return _search(file, start, lambda offset, begin: _begins(begin, content) and _is_whole(file, offset))


def _search(file: BinaryIO, start: int, is_it: Callable[[int, bytes], bool]) -> int | None:
    file.seek(start)
    base, window, is_end = start, b"", False
    while not is_end:
        piece = file.read(_CHUNK)
        is_end = not piece
        window += piece
        at = window.find(MAGIC)
        # A glance needs some bytes behind the magic number: what stands too near the end waits for the next piece.
        while at >= 0 and (is_end or at + _GLANCE <= len(window)):
            if is_it(base + at, window[at : at + _GLANCE]):
                return base + at
            at = window.find(MAGIC, at + 1)
        keep = at if at >= 0 else max(len(window) - len(MAGIC) + 1, 0)
        base, window = base + keep, window[keep:]
        file.seek(base + len(window))
    return None


def _begins(glance: bytes, content: "re.Pattern[bytes]") -> bool:
    if not is_magic(glance):
        return False
    try:
        return content.match(zlib.decompressobj(31).decompress(glance, _GLANCE)) is not None
    except zlib.error:
        return False


def _is_whole(file: BinaryIO, offset: int) -> bool:
    try:
        return next(members(file, "", offset), None) is not None
    except WarcError:
        return False
