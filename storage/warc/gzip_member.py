"""Bytes as one gzip member. What comes compressed already is laid into it as it is.

    gzip head (RFC 1952) | the beginning, deflated | the rest in stored blocks (RFC 1951, 3.2.4) | CRC-32, size

A page that a server has compressed cannot be squeezed any more, and to try takes ten times as long as to store it.
"""

import struct
from collections.abc import Iterator

from isal import igzip, isal_zlib

_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""No name, no time stamp, of no particular system."""
_BEGINNING = 2_048
"""Bytes in which headers stand, which are text."""
_LARGE = 16_384
"""Bytes from which on it is worth a look whether they can be squeezed."""
_GLANCE = 2_048
_GAIN = 0.97
_LONGEST = 65_535
"""Bytes of one stored block."""
_BLOCK = struct.Struct("<BHH")
_TAIL = struct.Struct("<II")


def squeeze(record: bytes, *, dense: bool) -> bytes:
    """Return bytes as one gzip member, without a time stamp: the same record gives the same bytes.

    `dense` squeezes harder: for text, not for what comes compressed already.
    """
    if not dense and len(record) >= _LARGE and _is_compressed(record):
        return b"".join(_as_it_is(record))
    return igzip.compress(record, 3 if dense else 1, mtime=0)


def _is_compressed(record: bytes) -> bool:
    """Whether the middle of a record cannot be squeezed. What its header says of it may be wrong."""
    middle = len(record) // 2
    glance = record[middle : middle + _GLANCE]
    return len(isal_zlib.compress(glance, 1)) > _GAIN * len(glance)


def _as_it_is(record: bytes) -> Iterator[bytes]:
    squeezer = isal_zlib.compressobj(1, wbits=-15)
    yield _HEAD
    yield squeezer.compress(record[:_BEGINNING])
    yield squeezer.flush(isal_zlib.Z_SYNC_FLUSH)  # up to the end of a byte
    for at in range(_BEGINNING, len(record), _LONGEST):
        piece = record[at : at + _LONGEST]
        is_last = at + _LONGEST >= len(record)
        yield _BLOCK.pack(is_last, len(piece), len(piece) ^ 0xFFFF)
        yield piece
    yield _TAIL.pack(isal_zlib.crc32(record), len(record) & 0xFFFFFFFF)
