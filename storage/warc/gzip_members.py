"""gzip members: one for each record of a compressed WARC file (WARC 1.1, annex D), written and read.

A record that is compressed already is not compressed again, which would take ten times as long as storing it:

    gzip header (RFC 1952) | its first bytes, deflated | the rest in stored blocks (RFC 1951, 3.2.4) | CRC-32, size
"""

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from isal import igzip, isal_zlib

from storage.errors import BadRecord, TornRecord, WarcError
from storage.model import RecordPlace

# isal names its error by an alias that type checkers cannot follow.
IsalError: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # its stub has an instance

MAGIC = b"\x1f\x8b\x08"
MAX_RECORD_SIZE = 1 << 28
"""Decompressed bytes of the largest record that is read: records are held in memory, and larger ones are taken for
damage or a decompression bomb. The writer truncates larger responses (WARC-Truncated: length)."""
_RESERVED = 0xE0  # flag bits that must be zero (RFC 1952 2.3.1.2); gzip checks them, isal does not
_READ_SIZE = 1 << 16
_CHUNK = 1 << 20
_PROBE = 1 << 10
_WARC = re.compile(rb"WARC/")
_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""No name, no time stamp, no operating system."""
_DEFLATED_START = 2_048  # bytes that hold the headers, which are text
_LARGE = 16_384  # size from which a record is tested for being compressed already
_SAMPLE = 2_048
_MIN_GAIN = 0.97
_MAX_BLOCK = 65_535  # bytes of one stored block
_BLOCK = struct.Struct("<BHH")
_TAIL = struct.Struct("<II")


def compress_member(record: bytes, *, is_text: bool) -> bytes:
    """Return a record as a gzip member without a time stamp: the same record gives the same bytes.

    `is_text` compresses harder: for text, not for what is compressed already.
    """
    if not is_text and len(record) >= _LARGE:
        middle = len(record) // 2
        sample = record[middle : middle + _SAMPLE]  # its header may be wrong about its being compressed
        if len(isal_zlib.compress(sample, 1)) > _MIN_GAIN * len(sample):
            return b"".join(_store_member(record))
    return igzip.compress(record, 3 if is_text else 1, mtime=0)


def _store_member(record: bytes) -> Iterator[bytes]:
    compressor = isal_zlib.compressobj(1, wbits=-15)
    yield _HEAD
    yield compressor.compress(record[:_DEFLATED_START])
    yield compressor.flush(isal_zlib.Z_SYNC_FLUSH)  # to a byte boundary
    for at in range(_DEFLATED_START, len(record), _MAX_BLOCK):
        piece = record[at : at + _MAX_BLOCK]
        is_last = at + _MAX_BLOCK >= len(record)
        yield _BLOCK.pack(is_last, len(piece), len(piece) ^ 0xFFFF)
        yield piece
    yield _TAIL.pack(isal_zlib.crc32(record), len(record) & 0xFFFFFFFF)


def read_members(file: BinaryIO, name: str, start: int = 0) -> Iterator[tuple[RecordPlace, bytes]]:
    """Yield places and contents of members from `start`; TornRecord at an incomplete one, BadRecord at other bytes."""
    file.seek(start)
    offset, rest = start, b""
    while True:
        while len(rest) <= len(MAGIC) and (more := file.read(_READ_SIZE)):
            rest += more
        if not rest:
            return
        if not is_gzip_start(rest):
            raise BadRecord(name, offset, "no gzip member")
        data, used, rest = _inflate_member(file, name, offset, rest)
        yield RecordPlace(warc=name, offset=offset, length=used), data
        offset += used


def is_gzip_start(begin: bytes) -> bool:
    """Return whether a gzip member can begin with these bytes, which may be few."""
    return MAGIC.startswith(begin[:3]) and not (len(begin) > 3 and begin[3] & _RESERVED)


def _inflate_member(file: BinaryIO, name: str, offset: int, rest: bytes) -> tuple[bytes, int, bytes]:
    """Inflate a member that begins with `rest`; returns its content, its length and the bytes read beyond it."""
    inflater = isal_zlib.decompressobj(wbits=31)
    pieces: list[bytes] = []
    size, used = 0, 0
    while True:
        try:
            piece = inflater.decompress(rest, MAX_RECORD_SIZE - size + 1)
        except IsalError as problem:
            raise BadRecord(name, offset, f"corrupt gzip member ({problem})") from problem
        pieces.append(piece)
        size += len(piece)
        used += len(rest)
        if size > MAX_RECORD_SIZE:
            raise BadRecord(name, offset, f"record of more than {MAX_RECORD_SIZE} bytes")
        if inflater.eof:
            unused = inflater.unused_data
            return (pieces[0] if len(pieces) == 1 else b"".join(pieces)), used - len(unused), unused
        if not (rest := file.read(_READ_SIZE)):
            raise TornRecord(name, offset, f"the file ends {used} bytes into a record")


def find_member(file: BinaryIO, start: int, content: "re.Pattern[bytes]" = _WARC) -> int | None:
    """Return the offset, from `start` on, of a complete gzip member with such content; None if there is none."""
    file.seek(start)
    base, window, is_end = start, b"", False
    while not is_end:
        piece = file.read(_CHUNK)
        is_end = not piece
        window += piece
        at = window.find(MAGIC)
        # The test needs some bytes behind the magic number: a match near the end waits for the next chunk.
        while at >= 0 and (is_end or at + _PROBE <= len(window)):
            if _has_content(window[at : at + _PROBE], content):
                with suppress(WarcError):
                    if next(read_members(file, "", base + at), None):
                        return base + at
            at = window.find(MAGIC, at + 1)
        keep = at if at >= 0 else max(len(window) - len(MAGIC) + 1, 0)
        base, window = base + keep, window[keep:]
        file.seek(base + len(window))
    return None


def _has_content(sample: bytes, content: "re.Pattern[bytes]") -> bool:
    if not is_gzip_start(sample):
        return False
    try:
        return content.match(zlib.decompressobj(31).decompress(sample, _PROBE)) is not None
    except zlib.error:
        return False
