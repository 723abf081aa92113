"""The answer in a record, its entity in pieces: for what is too large to be held whole. It is the one of payload.py.

file --one gzip member inflated--> record --Content-Length--> block --head--> status, headers
                                                                    --chunks undone--> pieces of the entity
"""

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

from storage.errors import BadRecord, TornRecord
from storage.places.readable import Readable, warc_name
from storage.warc.payload import http_headers, interim_end, is_chunked
from storage.warc.record import Headers, content_length, header, parse_fields
from storage.warc.uncompressed import is_plain

PIECE = 1 << 16
_LONGEST_HEAD = 1 << 20
_SURE = 1 << 20
"""Bytes of a first chunk within which it shows whether a body is chunked at all."""
_UNBOUND = 1 << 62
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """An archived answer whose body is still to be read, once."""

    status: int | None
    """None for a resource record, and for a block that does not begin like HTTP."""
    headers: Headers
    """Of a resource record its Content-Type alone."""
    pieces: Iterator[bytes]
    """Of the entity: transfer coding undone, content coding kept. BadRecord or TornRecord where damage begins."""


@contextmanager
def flowing(path: Readable, offset: int) -> Iterator[Flow]:
    """Open the answer of the record that begins there; BadRecord or TornRecord where none does."""
    name = warc_name(path)
    with path.open("rb") as file:
        plain = is_plain(file)
        file.seek(offset)
        pieces = iter(partial(file.read, PIECE), b"") if plain else _inflated(file, name, offset)
        source = _Source(pieces, name, offset)
        flow = _flow(source)
        yield flow if plain else replace(flow, pieces=_to_the_end(flow.pieces, source))


def _inflated(file: BinaryIO, name: str, offset: int) -> Iterator[bytes]:
    """One gzip member, and nothing of the next: that may be a record that is not to be shown."""
    inflater = zlib.decompressobj(wbits=31)
    waiting = b""
    while not inflater.eof:
        feed = waiting or file.read(PIECE)
        try:
            piece = inflater.decompress(feed, PIECE)
        except zlib.error as problem:
            raise BadRecord(name, offset, f"a damaged gzip member ({problem}) stands") from problem
        if not (feed or piece):
            raise TornRecord(name, offset, "the file ends within a record,")
        waiting = inflater.unconsumed_tail
        yield piece


def _to_the_end(pieces: Iterator[bytes], source: "_Source") -> Iterator[bytes]:
    """The same, and at last the rest of the member: its checksum tells of damage that else nothing shows."""
    yield from pieces
    for _ in source.rest():
        pass
    source.run_out()


def _flow(source: "_Source") -> Flow:
    head = source.head()
    fields = parse_fields(head.partition(b"\n")[2])
    length = content_length(fields) if head.startswith(b"WARC/") else None
    if length is None:
        raise source.bad("no WARC record begins here; something else stands")
    source.left = length
    claimed = header(fields, "Content-Type")
    is_resource = (header(fields, "WARC-Type") or "").lower() == "resource"
    if is_resource or not (claimed or "application/http").lower().startswith("application/http"):
        return Flow(status=None, headers=(("Content-Type", claimed),) if claimed else (), pieces=source.rest())
    head = source.head()
    # An interim answer is one only where another follows.
    while source.left and interim_end(head + b"HTTP/1.1 200\r\n\r\n") == len(head):
        head = source.head()
    status, headers = http_headers(head)
    return Flow(status=status, headers=headers, pieces=_unchunked(source) if is_chunked(headers) else source.rest())


class _Source:
    """The bytes of one record, taken from the front."""

    def __init__(self, pieces: Iterator[bytes], name: str, offset: int) -> None:
        self._pieces = pieces
        self._name = name
        self._offset = offset
        self._ready = b""
        self.left = _UNBOUND
        """Bytes that may still be taken."""

    def bad(self, what: str) -> BadRecord:
        """The error that says so."""
        return BadRecord(self._name, self._offset, what)

    def peek(self, count: int) -> bytes:
        """The next bytes, fewer at the end, which stay."""
        while len(self._ready) < min(count, self.left):
            piece = next(self._pieces, None)
            if piece is None:
                if self.left < _UNBOUND >> 1:
                    raise TornRecord(self._name, self._offset, "the file ends within a record,")
                break
            self._ready += piece
        return self._ready[: min(count, self.left)]

    def read(self, count: int) -> bytes:
        """The next bytes, fewer at the end."""
        found = self.peek(count)
        self._ready = self._ready[len(found) :]
        self.left -= len(found)
        return found

    def line(self, most: int = PIECE) -> bytes:
        """A line with its end, or as much of it."""
        count = 256
        while (end := self.peek(count).find(b"\n")) < 0 and count < min(most, self.left):
            count *= 2
        return self.read(min(end + 1 if end >= 0 else most, most))

    def head(self) -> bytes:
        """All lines to the first that is empty; everything where none is."""
        lines = [self.line()]
        size = len(lines[0])
        while lines[-1] and not (len(lines) > 1 and lines[-1] in {b"\n", b"\r\n"}):
            lines.append(self.line())
            size += len(lines[-1])
            if size > _LONGEST_HEAD:
                raise self.bad(f"a record whose head has more than {_LONGEST_HEAD} bytes stands")
        return b"".join(lines)

    def some(self, count: int) -> Iterator[bytes]:
        """The next bytes in pieces."""
        while count and (piece := self.read(min(count, PIECE))):
            count -= len(piece)
            yield piece

    def rest(self) -> Iterator[bytes]:
        """All that is left in pieces."""
        return self.some(self.left)

    def run_out(self) -> None:
        """Pass over what stands behind the block: a blank line, and with it the end of the member."""
        tail = len(self._ready)
        for piece in self._pieces:
            tail += len(piece)
            if tail > _LONGEST_HEAD:
                raise self.bad("a record that does not end where it says stands")

    def pass_line_end(self) -> bool:
        """Pass over a line's end; True where there was one, or nothing stands there that speaks against it."""
        begin = self.peek(2)
        self.read(2 if begin == b"\r\n" else 1 if begin[:1] == b"\n" else 0)
        return begin[:1] == b"\n" or begin in {b"", b"\r", b"\r\n"}


def _unchunked(source: _Source) -> Iterator[bytes]:
    """Undo chunked framing; what is not chunked at all, as some tools store it, comes as it is."""
    line = source.line()
    size = _CHUNK_SIZE.fullmatch(line)
    if size is None:
        yield line
        yield from source.rest()
        return
    length = int(size[1], 16)
    begin = source.read(min(length, _SURE))
    is_sure = len(begin) == length
    if is_sure and length and not source.pass_line_end():
        yield line + begin
        yield from source.rest()
        return
    yield begin
    if not is_sure:
        yield from source.some(length - len(begin))
        if not source.pass_line_end():
            raise source.bad("an answer that is chunked only in parts stands")
    while length and source.left and (size := _CHUNK_SIZE.fullmatch(source.line())):
        length = int(size[1], 16)
        yield from source.some(length)
        source.pass_line_end()
