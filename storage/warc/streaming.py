"""Stream the response in a record, its entity in chunks, without holding it in memory. The entity equals payload.py's.

file --gzip member inflated--> record --Content-Length--> block --head--> status, headers
                                                                    --chunked coding decoded--> chunks of the entity
"""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

from storage.errors import BadRecord, TornRecord
from storage.places.file_names import Readable, warc_name
from storage.warc.payload import CHUNK_LINE, final_response_start, is_chunked, parse_http_headers
from storage.warc.record import Headers, content_length, header, parse_fields
from storage.warc.uncompressed import is_uncompressed

CHUNK_SIZE = 1 << 16
_MAX_HEADER = 1 << 20
_CHUNK_PROBE = 1 << 20  # bytes of the first chunk that are read to find out whether a body is chunked at all
_UNBOUND = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseStream:
    """An archived response whose body can be read once."""

    status: int | None
    """None for a resource record, and for a block that is not HTTP."""
    headers: Headers
    """For a resource record, its Content-Type only."""
    chunks: Iterator[bytes]
    """The entity: transfer coding decoded, content coding kept. BadRecord or TornRecord at damage."""


@contextmanager
def open_response(path: Readable, offset: int) -> Iterator[ResponseStream]:
    """Open the response of the record at an offset; BadRecord or TornRecord if there is none."""
    name = warc_name(path)
    with path.open("rb") as file:
        plain = is_uncompressed(file)
        file.seek(offset)
        chunks = iter(partial(file.read, CHUNK_SIZE), b"") if plain else inflate_member(file, name, offset)
        source = _RecordBytes(chunks, name, offset)
        stream = _parse_response(source)

        def check_chunks() -> Iterator[bytes]:
            """Yield the chunks, then read the rest of the member to verify its checksum."""
            yield from stream.chunks
            for _ in source.read_rest():
                pass
            source.check_end()

        yield stream if plain else replace(stream, chunks=check_chunks())


def inflate_member(file: BinaryIO, name: str, offset: int) -> Iterator[bytes]:
    """Inflate the gzip member at the file's position, which is behind it afterwards; BadRecord or TornRecord at damage.

    Nothing of the next is inflated: that record may be excluded from access.
    """
    inflater = zlib.decompressobj(wbits=31)
    waiting = b""
    while not inflater.eof:
        feed = waiting or file.read(CHUNK_SIZE)
        try:
            chunk = inflater.decompress(feed, CHUNK_SIZE)
        except zlib.error as problem:
            raise BadRecord(name, offset, f"corrupt gzip member ({problem})") from problem
        if not (feed or chunk):
            raise TornRecord(name, offset, "the file ends within a record")
        waiting = inflater.unconsumed_tail
        yield chunk
    file.seek(-len(inflater.unused_data), os.SEEK_CUR)


def _parse_response(source: "_RecordBytes") -> ResponseStream:
    head = source.read_head()
    fields = parse_fields(head.partition(b"\n")[2])
    length = content_length(fields) if head.startswith(b"WARC/") else None
    if length is None:
        raise source.damage_error("no WARC record")
    source.left = length
    claimed = header(fields, "Content-Type")
    is_resource = (header(fields, "WARC-Type") or "").lower() == "resource"
    if is_resource or not (claimed or "application/http").lower().startswith("application/http"):
        headers: Headers = (("Content-Type", claimed),) if claimed else ()
        return ResponseStream(status=None, headers=headers, chunks=source.read_rest())
    head = source.read_head()
    # A 1xx response is an interim one only if another response follows.
    while source.left and final_response_start(head + b"HTTP/1.1 200\r\n\r\n") == len(head):
        head = source.read_head()
    status, headers = parse_http_headers(head)
    chunks = _remove_chunking(source) if is_chunked(headers) else source.read_rest()
    return ResponseStream(status=status, headers=headers, chunks=chunks)


@dataclass(slots=True)
class _RecordBytes:
    """A buffered reader of the bytes of one record."""

    chunks: Iterator[bytes]
    name: str
    offset: int
    ready: bytes = b""
    """Bytes that are not consumed yet."""
    left: int = _UNBOUND
    """Bytes that may still be read."""

    def damage_error(self, what: str) -> BadRecord:
        """Return the error for a damaged record."""
        return BadRecord(self.name, self.offset, what)

    def peek(self, count: int) -> bytes:
        """Return the next bytes, fewer at the end, without consuming them."""
        while len(self.ready) < min(count, self.left):
            chunk = next(self.chunks, None)
            if chunk is None:
                if self.left < _UNBOUND >> 1:
                    raise TornRecord(self.name, self.offset, "the file ends within a record")
                break
            self.ready += chunk
        return self.ready[: min(count, self.left)]

    def read(self, count: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        found = self.peek(count)
        self.ready = self.ready[len(found) :]
        self.left -= len(found)
        return found

    def read_line(self) -> bytes:
        """Return a line with its end, cut at CHUNK_SIZE bytes."""
        count = 256
        while (end := self.peek(count).find(b"\n")) < 0 and count < min(CHUNK_SIZE, self.left):
            count *= 2
        return self.read(min(end + 1, CHUNK_SIZE) if end >= 0 else CHUNK_SIZE)

    def read_head(self) -> bytes:
        """Return all lines up to the first empty one; everything if there is none."""
        lines = [self.read_line()]
        size = len(lines[0])
        while lines[-1] and not (len(lines) > 1 and lines[-1] in {b"\n", b"\r\n"}):
            lines.append(self.read_line())
            size += len(lines[-1])
            if size > _MAX_HEADER:
                raise self.damage_error(f"record with a header of more than {_MAX_HEADER} bytes")
        return b"".join(lines)

    def read_chunks(self, count: int) -> Iterator[bytes]:
        """Yield the next bytes in chunks."""
        while count and (chunk := self.read(min(count, CHUNK_SIZE))):
            count -= len(chunk)
            yield chunk

    def read_rest(self) -> Iterator[bytes]:
        """Yield all remaining bytes in chunks."""
        return self.read_chunks(self.left)

    def check_end(self) -> None:
        """Read the rest of the member; BadRecord if it is more than the record's end."""
        tail = len(self.ready)
        for chunk in self.chunks:
            tail += len(chunk)
            if tail > _MAX_HEADER:
                raise self.damage_error("record that does not end where its Content-Length says")

    def skip_line_end(self) -> bool:
        """Skip a line end; True if there was one, or the data ends there."""
        begin = self.peek(2)
        self.read(2 if begin == b"\r\n" else 1 if begin[:1] == b"\n" else 0)
        return begin[:1] == b"\n" or begin in {b"", b"\r", b"\r\n"}


def _remove_chunking(source: _RecordBytes) -> Iterator[bytes]:
    """Decode chunked transfer coding; a body that is not chunked, as some tools store it, is passed on unchanged."""
    line = source.read_line()
    size = CHUNK_LINE.fullmatch(line)
    if size is None:
        yield line
        yield from source.read_rest()
        return
    length = int(size[1], 16)
    begin = source.read(min(length, _CHUNK_PROBE))
    is_complete = len(begin) == length
    if is_complete and length and not source.skip_line_end():
        yield line + begin
        yield from source.read_rest()
        return
    yield begin
    if not is_complete:
        yield from source.read_chunks(length - len(begin))
        if not source.skip_line_end():
            raise source.damage_error("response that is only partly chunked")
    while length and source.left and (size := CHUNK_LINE.fullmatch(source.read_line())):
        length = int(size[1], 16)
        yield from source.read_chunks(length)
        source.skip_line_end()
