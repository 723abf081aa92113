"""Records of the archive's WARC files, copied member by member, byte for byte.

a capture              its own gzip member
beside it              request and metadata records that name it, as the crawl wrote them behind it
a revisit's original   with what stands beside it: without it the revisit cannot be replayed
"""

import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

from newsarchive.export.choice import Choice
from storage.errors import BadRecord, BucketRefused, BucketUnreachable, StorageError, WarcError
from storage.index.views.cdx import CdxLine
from storage.warc.record import Headers, header, parse_fields
from storage.warc.uncompressed import is_plain

_PIECE = 1 << 20
_GLANCE = 1 << 14
_MOST_BESIDE = 4
_CAPTURES = frozenset({"response", "revisit", "resource"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A capture that was copied."""

    line: CdxLine
    offset: int
    """In the file that was written."""
    length: int


class Slicer:
    """Copies captures into a file, none twice."""

    def __init__(self, choice: Choice, write: Callable[[bytes], object]) -> None:
        self._choice = choice
        self._write = write
        self._written = _Ids()
        self._open: tuple[str, BinaryIO] | None = None
        self._length = 0
        self._is_within = False
        """True while a member is written: what goes wrong then has spoilt the file."""
        self.size = 0
        """Bytes that were written."""

    def copy(self, lines: Iterable[CdxLine]) -> Iterator[Copied]:
        """Copy captures and the originals of revisits; yields each as it is written."""
        try:
            for line in lines:
                yield from self._with_original(line)
        finally:
            self._close()

    def append(self, data: bytes) -> None:
        """Write bytes that are no copy."""
        self._write(data)
        self.size += len(data)

    def _with_original(self, line: CdxLine) -> Iterator[Copied]:
        if line.kind == "revisit" and line.refers_to_id is not None and line.refers_to_id not in self._written:
            # Asked of the same index: an original that is not to be shown stays where it is.
            original = self._choice.index.cdx_line(line.refers_to_id)
            if original is None:
                self._choice.missed(f"{line.url} of {line.fetched_at:%Y-%m-%d %H:%M}: its original is not to be had")
            else:
                yield from self._one(original)
        yield from self._one(line)

    def _one(self, line: CdxLine) -> Iterator[Copied]:
        if line.id in self._written:
            return
        self._written.add(line.id)
        offset, self._length = self.size, 0
        try:
            self._group(line)
        except (WarcError, StorageError, OSError) as problem:
            # A bucket that is away would be said of every capture to come: that is no export.
            if self._is_within or isinstance(problem, BucketUnreachable | BucketRefused):
                raise
            self._choice.missed(str(problem))
        if self._length:
            yield Copied(line=line, offset=offset, length=self._length)

    def _group(self, line: CdxLine) -> None:
        """Copy a capture and what stands beside it; `_length` is then the capture's own."""
        file = self._file(line.warc)
        begin = self.size
        plain = is_plain(file)
        if not _begins(file, line.offset, plain=plain):
            raise BadRecord(line.warc, line.offset, "no WARC record begins here; something else stands")
        if plain:
            self._squeezed(file, line.offset, line.length)
            self._length = self.size - begin
            return
        self._member(file, line.offset, line.length)
        self._length = self.size - begin
        at = line.offset + line.length
        for _ in range(_MOST_BESIDE):
            headers = _headers_at(file, at)
            if headers is None or not _is_beside(headers, line.record_id):
                return
            length = _member_length(file, at)
            # How a page was found names another page, which may be one of those that are not to be shown.
            if not (self._choice.index.exclude and header(headers, "WARC-Type") == "metadata"):
                self._member(file, at, length)
            at += length

    def _file(self, name: str) -> BinaryIO:
        if self._open and self._open[0] == name:
            return self._open[1]
        self._close()
        file = self._choice.places.open(name)
        self._open = (name, file)
        return file

    def _close(self) -> None:
        if self._open:
            self._open[1].close()
        self._open = None

    def _member(self, file: BinaryIO, offset: int, length: int) -> None:
        with self._copying(file, offset, length) as pieces:
            for piece in pieces:
                self.append(piece)

    def _squeezed(self, file: BinaryIO, offset: int, length: int) -> None:
        """Copy a record of a file that is not compressed, as a member: a slice is read by the places of its members."""
        squeezer = zlib.compressobj(wbits=31)
        with self._copying(file, offset, length) as pieces:
            for piece in pieces:
                self.append(squeezer.compress(piece))
            self.append(squeezer.flush())

    @contextmanager
    def _copying(self, file: BinaryIO, offset: int, length: int) -> Iterator[Iterator[bytes]]:
        """The bytes of a member that is all there."""
        if file.seek(0, os.SEEK_END) < offset + length:
            raise BadRecord(_name(file), offset, "a record that goes beyond the end of its file stands")
        file.seek(offset)
        self._is_within = True
        yield _pieces(file, offset, length)
        self._is_within = False


def _pieces(file: BinaryIO, offset: int, length: int) -> Iterator[bytes]:
    while length:
        piece = file.read(min(_PIECE, length))
        if not piece:
            raise BadRecord(_name(file), offset, "a record that was cut while it was copied stands")
        length -= len(piece)
        yield piece


def _name(file: BinaryIO) -> str:
    return file.name.rpartition("/")[2]


def _is_beside(headers: Headers, record_id: str) -> bool:
    if (header(headers, "WARC-Type") or "").lower() in _CAPTURES:
        return False
    named = [value.strip("<> ") for name, value in headers if name.lower() in {"warc-concurrent-to", "warc-refers-to"}]
    return record_id in named


def _begins(file: BinaryIO, offset: int, *, plain: bool) -> bool:
    file.seek(offset)
    return file.read(5) == b"WARC/" if plain else _headers_at(file, offset) is not None


def _headers_at(file: BinaryIO, offset: int) -> Headers | None:
    """The header of the record whose member begins there; None at the end, or where no record begins."""
    file.seek(offset)
    with suppress(zlib.error):
        begin = zlib.decompressobj(31).decompress(file.read(_GLANCE), _GLANCE)
        head, blank, _ = begin.partition(b"\r\n\r\n")
        if blank and begin.startswith(b"WARC/"):
            return parse_fields(head.partition(b"\n")[2])
    return None


def _member_length(file: BinaryIO, offset: int) -> int:
    """Length of the gzip member that begins there."""
    file.seek(offset)
    inflater, used = zlib.decompressobj(31), 0
    while not inflater.eof and (piece := file.read(_GLANCE)):
        used += len(piece)
        waiting = piece
        while waiting and not inflater.eof:
            inflater.decompress(waiting, _PIECE)
            waiting = inflater.unconsumed_tail
    if not inflater.eof:
        raise BadRecord(_name(file), offset, "a record that its file cuts short stands")
    return used - len(inflater.unused_data)


class _Ids:
    """A set of small numbers, a bit each."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        if number >> 3 >= len(self._bits):
            self._bits.extend(bytes((number >> 3) + 1 - len(self._bits)))
        self._bits[number >> 3] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        return number >> 3 < len(self._bits) and bool(self._bits[number >> 3] >> (number & 7) & 1)
