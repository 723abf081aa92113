"""Find the records of a foreign file, whatever surrounds them, and give each as one gzip member.

What lies between records, or is none, is named and passed over; damage costs what it touches.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

from storage.errors import BadRecord
from storage.model import RecordPlace
from storage.warc.check import matches
from storage.warc.gzip_member import squeeze
from storage.warc.members import LARGEST
from storage.warc.reader import is_capture, parse_date
from storage.warc.record import END, HEAD_END, content_length, header, parse_fields, parse_record
from storage.warc.source import BrokenStream, Source

Lose = Callable[[int, str], None]

WARC_BEGIN = re.compile(rb"WARC/\d{1,3}\.\d{1,3}[ \t]*\r?\n")
_INSIDE = re.compile(rb"\n" + WARC_BEGIN.pattern)
_LONGEST_HEAD = 1 << 20
_LONGEST_BEGIN = 1 << 12
_BELIEVABLE = 1 << 40
"""Bytes of a block that a Content-Length may claim and be stepped over; one that claims more is taken for damage."""


class Framer(ABC):
    """The walk over a file; what a record looks like is for WARC and ARC to say."""

    begin: "re.Pattern[bytes]" = WARC_BEGIN
    """What a record begins with."""

    def __init__(self, source: Source, lose: Lose) -> None:
        self._source = source
        self._lose = lose

    def __iter__(self) -> Iterator[bytes]:
        """Yield each record as a gzip member."""
        while True:
            try:
                if not self._skip():
                    return
                yield self.record()
            except BrokenStream as problem:
                self._lose(problem.offset, problem.what)
                if not self._source.resume(problem.offset + 1, self.begin):
                    return
            except BadRecord as problem:
                self._lose(problem.offset, problem.what)

    @abstractmethod
    def record(self) -> bytes:
        """Return the record that begins here; BadRecord where it cannot be had and the walk goes on behind it."""

    def lost(self, place: int, what: str) -> BadRecord:
        """Return the error that says so."""
        return BadRecord("", place, what)

    def _skip(self) -> bool:
        """Go to where a record begins, and name what is passed over; False at the end."""
        source = self._source
        place, passed = source.place(), 0
        try:
            while True:
                found = self.begin.search(source.buffer)
                end = found.start() if found else max(len(source.buffer) - _LONGEST_BEGIN, 0)
                passed += len(source.buffer[:end].strip())
                source.drop(end)
                if found:
                    return True
                if not source.more():
                    passed += len(source.buffer.strip())
                    return False
        finally:
            if passed:
                self._lose(place, f"{passed} bytes that belong to no record stand")

    def take_block(self, place: int, length: int | None) -> bytes:
        """Return a record's block."""
        if length is None:
            raise self.lost(place, "a record without a valid Content-Length stands")
        if length > LARGEST - _LONGEST_HEAD:
            if length < _BELIEVABLE:
                self._source.skip(length)
            raise self.lost(place, f"a record of {length} bytes, more than can be read, stands")
        block = self._source.take(length)
        if len(block) < length:
            raise self.lost(place, f"a record with {len(block)} of {length} bytes of its block stands")
        return block


class WarcFramer(Framer):
    """The walk over a WARC file: blocks and headers stay as they are."""

    def record(self) -> bytes:
        """Return the gzip member that is there, where it holds one record and nothing else, or make one."""
        source = self._source
        place, begin = source.place(), source.at
        found = source.find(HEAD_END, _LONGEST_HEAD)
        if found is None:
            source.drop(len(b"WARC/"))
            raise self.lost(place, "a record's header that does not end stands")
        head = source.take(found.end())
        headers = parse_fields(head.partition(b"\n")[2])
        block = self.take_block(place, content_length(headers))
        is_ended = source.need(len(END)) and source.buffer.startswith(END)
        if is_ended:
            source.drop(len(END))
        member = source.member(begin) if is_ended else None
        if member is None:
            self._believe(place, header(headers, "WARC-Block-Digest"), block, END if is_ended else b"")
        self._read(place, head + block + END)
        return squeeze(head + block + END, dense=True) if member is None else member

    def _believe(self, place: int, digest: str | None, block: bytes, end: bytes) -> None:
        """Doubt a Content-Length that leads to no record's begin, where digest or block say that it went too far."""
        source = self._source
        source.need(64)
        rest = source.buffer[:64].lstrip(b"\r\n")
        if not rest or self.begin.match(rest):
            return
        if _INSIDE.search(block) is None and (digest is None or matches(digest, block) is not False):
            return
        source.put_back(block + end)
        raise self.lost(place, "a record that does not end where it says stands")

    def _read(self, place: int, whole: bytes) -> None:
        """Let our own reader look at it, so that what is taken in can be read for ever."""
        record = parse_record(whole, RecordPlace(warc="", offset=place, length=0))
        if not record.type:
            raise self.lost(place, "a record without WARC-Type stands")
        if is_capture(record):
            parse_date(record)
