"""Records of a WARC file that is not compressed, one after the other: framing only."""

import os
from collections.abc import Iterator
from typing import BinaryIO

from storage.errors import BadRecord, TornRecord
from storage.model import RecordPlace
from storage.warc.members import LARGEST
from storage.warc.record import END, Record, content_length, parse_fields, parse_record

_LONGEST_HEAD = 1 << 20
_CHUNK = 1 << 20
_BEGIN = b"WARC/"
_NEXT = b"\nWARC/1."


def is_plain(file: BinaryIO) -> bool:
    """Tell whether a file begins with a record, and not with a gzip member that holds one."""
    file.seek(0)
    return file.read(len(_BEGIN)) == _BEGIN


def plain_records(file: BinaryIO, name: str, start: int) -> Iterator[Record]:
    """Yield records from `start` on; TornRecord at a torn tail, BadRecord at bytes that are no record."""
    size = file.seek(0, os.SEEK_END)
    offset = start
    while offset < size:
        file.seek(offset)
        head = _head(file)
        if not head.startswith(_BEGIN):
            raise BadRecord(name, offset, "no WARC record begins here; something else stands")
        length = content_length(parse_fields(head.partition(b"\n")[2]))
        if length is None:
            raise BadRecord(name, offset, "a record without a valid Content-Length stands")
        if length > LARGEST:
            raise BadRecord(name, offset, f"a record of more than {LARGEST} bytes stands")
        data = head + file.read(length + len(END))
        place = RecordPlace(warc=name, offset=offset, length=len(head) + length + len(END))
        if len(data) < place.length:
            raise TornRecord(name, offset, f"the file ends within a record, {len(data)} bytes after it began,")
        if not data.endswith(END):
            raise BadRecord(name, offset, "a record that does not end where it says stands")
        yield parse_record(data, place)
        offset += place.length


def _head(file: BinaryIO) -> bytes:
    """Read a record's header, blank line included, or as far as it goes."""
    lines: list[bytes] = []
    left = _LONGEST_HEAD
    while left > 0 and (line := file.readline(left)):
        lines.append(line)
        left -= len(line)
        if not line.strip(b"\r\n"):
            break
    return b"".join(lines)


def next_plain(file: BinaryIO, start: int) -> int | None:
    """Return where, behind damage before `start`, a line begins like a record; None where none does."""
    base = start - 1
    file.seek(base)
    window = b""
    while piece := file.read(_CHUNK):
        window += piece
        at = window.find(_NEXT)
        if at >= 0:
            return base + at + 1
        done = max(len(window) - len(_NEXT) + 1, 0)
        base, window = base + done, window[done:]
    return None
