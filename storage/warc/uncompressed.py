"""Read the records of a WARC file that is not compressed."""

import os
from collections.abc import Iterator
from typing import BinaryIO

from storage.errors import BadRecord, TornRecord
from storage.model import RecordPlace
from storage.warc.gzip_members import MAX_RECORD_SIZE
from storage.warc.record import END, Record, content_length, parse_fields, parse_record

_MAX_HEADER = 1 << 20
_CHUNK = 1 << 20
_BEGIN = b"WARC/"
_NEXT = b"\nWARC/1."


def is_uncompressed(file: BinaryIO) -> bool:
    """Return whether a file begins with a record rather than a gzip member."""
    file.seek(0)
    return file.read(len(_BEGIN)) == _BEGIN


def read_uncompressed(file: BinaryIO, name: str, start: int) -> Iterator[Record]:
    """Yield the records from `start` on; TornRecord at an incomplete one, BadRecord at bytes that are no record."""
    size = file.seek(0, os.SEEK_END)
    offset = start
    while offset < size:
        file.seek(offset)
        head = _head(file)
        if not head.startswith(_BEGIN):
            raise BadRecord(name, offset, "no WARC record")
        length = content_length(parse_fields(head.partition(b"\n")[2]))
        if length is None:
            raise BadRecord(name, offset, "record without a valid Content-Length")
        if length > MAX_RECORD_SIZE:
            raise BadRecord(name, offset, f"record of more than {MAX_RECORD_SIZE} bytes")
        data = head + file.read(length + len(END))
        place = RecordPlace(warc=name, offset=offset, length=len(head) + length + len(END))
        if len(data) < place.length:
            raise TornRecord(name, offset, f"the file ends {len(data)} bytes into a record")
        if not data.endswith(END):
            raise BadRecord(name, offset, "record that does not end where its Content-Length says")
        yield parse_record(data, place)
        offset += place.length


def _head(file: BinaryIO) -> bytes:
    """Read a record's header, blank line included, or as much of it as there is."""
    lines: list[bytes] = []
    left = _MAX_HEADER
    while left > 0 and (line := file.readline(left)):
        lines.append(line)
        left -= len(line)
        if not line.strip(b"\r\n"):
            break
    return b"".join(lines)


def find_uncompressed(file: BinaryIO, start: int) -> int | None:
    """Return the offset, from `start` on, of a line that begins like a record; None if there is none."""
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
