"""The gzip members of a WARC file, one after the other: framing only."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from isal import isal_zlib

from storage.errors import BadRecord, TornRecord
from storage.warc.payload import IsalError

CHUNK = 1 << 20
MAGIC = b"\x1f\x8b\x08"
LARGEST = 1 << 30
"""Decompressed bytes of one record, above which it is taken for damage (or a bomb), not for a record."""


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
        if len(rest) < len(MAGIC):
            rest += file.read(CHUNK)
        if not rest:
            return
        if not MAGIC.startswith(rest[:3]) and not rest.startswith(MAGIC):
            raise BadRecord(name, offset, "something that is no gzip member stands")
        data, used, rest = _one(file, name, offset, rest)
        yield Member(offset=offset, length=used, data=data)
        offset += used


def _one(file: BinaryIO, name: str, offset: int, rest: bytes) -> tuple[bytes, int, bytes]:
    """Inflate one member that begins with `rest`; returns its content, its length and what was read beyond it."""
    inflater = isal_zlib.decompressobj(wbits=31)
    pieces: list[bytes] = []
    size, used = 0, 0
    while True:
        try:
            piece = inflater.decompress(rest, LARGEST)
        except IsalError as problem:
            raise BadRecord(name, offset, f"a damaged gzip member ({problem}) stands") from problem
        pieces.append(piece)
        size += len(piece)
        used += len(rest)
        if inflater.eof:
            unused = inflater.unused_data
            return (pieces[0] if len(pieces) == 1 else b"".join(pieces)), used - len(unused), unused
        if size >= LARGEST:
            raise BadRecord(name, offset, f"a record of more than {LARGEST} bytes stands")
        rest = file.read(CHUNK)
        if not rest:
            raise TornRecord(name, offset, f"the file ends within a record, {used} bytes after it began,")
