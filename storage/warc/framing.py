"""Split a foreign file into records, each as one gzip member.

Bytes between records are reported and skipped; damage costs only the records that it touches.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

from storage.errors import BadRecord
from storage.model import RecordPlace
from storage.warc.byte_stream import BrokenStream, ByteStream
from storage.warc.check import matches_digest
from storage.warc.gzip_members import MAX_RECORD_SIZE, compress_member
from storage.warc.reader import is_capture, parse_date
from storage.warc.record import END, HEAD_END, content_length, header, parse_fields, parse_record

OnDamage = Callable[[int, str], None]

WARC_START = re.compile(rb"WARC/\d{1,3}\.\d{1,3}[ \t]*\r?\n")
_INSIDE = re.compile(rb"\n" + WARC_START.pattern)
_MAX_HEADER = 1 << 20
_MAX_START = 1 << 12
_MAX_SKIP = 1 << 40  # largest Content-Length that is skipped; a larger one is taken for damage


class RecordSplitter(ABC):
    """An iterator over the records of a file; subclasses read WARC or ARC records."""

    begin: "re.Pattern[bytes]" = WARC_START
    """Pattern of the start of a record."""

    def __init__(self, stream: ByteStream, on_damage: OnDamage) -> None:
        self._stream = stream
        self._on_damage = on_damage

    def __iter__(self) -> Iterator[bytes]:
        """Yield each record as a gzip member."""
        while True:
            try:
                if not self._find_record():
                    return
                yield self.read_record()
            except BrokenStream as problem:
                self._on_damage(problem.offset, problem.what)
                if not self._stream.resume(problem.offset + 1, self.begin):
                    return
            except BadRecord as problem:
                self._on_damage(problem.offset, problem.what)

    @abstractmethod
    def read_record(self) -> bytes:
        """Return the record at the current position; BadRecord if it is damaged and the next one follows."""

    def _find_record(self) -> bool:
        """Advance to the next record and report the bytes skipped; False at the end."""
        stream = self._stream
        place, skipped = stream.file_offset(), 0
        try:
            while True:
                found = self.begin.search(stream.buffer)
                end = found.start() if found else max(len(stream.buffer) - _MAX_START, 0)
                skipped += len(stream.buffer[:end].strip())
                stream.discard(end)
                if found:
                    return True
                if not stream.fill():
                    skipped += len(stream.buffer.strip())
                    return False
        finally:
            if skipped:
                self._on_damage(place, f"{skipped} bytes between records")

    def read_block(self, place: int, length: int | None) -> bytes:
        """Return a record's block."""
        if length is None:
            raise BadRecord("", place, "record without a valid Content-Length")
        if length > MAX_RECORD_SIZE - _MAX_HEADER:
            if length < _MAX_SKIP:
                self._stream.skip(length)
            raise BadRecord("", place, f"record of {length} bytes, more than can be read")
        block = self._stream.read(length)
        if len(block) < length:
            raise BadRecord("", place, f"record with {len(block)} of {length} bytes of its block")
        return block


class WarcSplitter(RecordSplitter):
    """An iterator over WARC records, blocks and headers unchanged."""

    def read_record(self) -> bytes:
        """Return the original gzip member if it holds exactly one record, else a new one."""
        stream = self._stream
        place, begin = stream.file_offset(), stream.position
        if (found := stream.find(HEAD_END, _MAX_HEADER)) is None:
            stream.discard(len(b"WARC/"))
            raise BadRecord("", place, "record header without an end")
        head = stream.read(found.end())
        headers = parse_fields(head.partition(b"\n")[2])
        block = self.read_block(place, content_length(headers))
        is_ended = stream.ensure(len(END)) and stream.buffer.startswith(END)
        if is_ended:
            stream.discard(len(END))
        member = stream.current_member(begin) if is_ended else None
        if member is None:
            self._check_length(place, header(headers, "WARC-Block-Digest"), block, END if is_ended else b"")
        # Parsed with our own reader, so that every imported record can be read later.
        record = parse_record(head + block + END, RecordPlace(warc="", offset=place, length=0))
        if not record.type:
            raise BadRecord("", place, "record without WARC-Type")
        if is_capture(record):
            parse_date(record)
        return compress_member(head + block + END, is_text=True) if member is None else member

    def _check_length(self, place: int, digest: str | None, block: bytes, end: bytes) -> None:
        """Reject a Content-Length that does not end at a record, if digest or block show that it is too large."""
        stream = self._stream
        stream.ensure(64)
        rest = stream.buffer[:64].lstrip(b"\r\n")
        if not rest or self.begin.match(rest):
            return
        if _INSIDE.search(block) is None and (digest is None or matches_digest(digest, block) is not False):
            return
        stream.unread(block + end)
        raise BadRecord("", place, "record that does not end where its Content-Length says")
