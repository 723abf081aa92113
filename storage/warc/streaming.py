"""Stream the response in a record, its entity in chunks, without holding it in memory. The entity equals payload.py's.

file --gzip member inflated--> record --Content-Length--> block --head--> status, headers
                                                                    --chunked coding decoded--> chunks of the entity
"""

import os
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

from storage.errors import BadRecord, TornRecord
from storage.places.file_names import Readable, warc_name
from storage.warc.byte_stream import ByteStream
from storage.warc.payload import CHUNK_LINE, final_response_start, is_chunked, parse_http_headers
from storage.warc.record import HEAD_END, Headers, content_length, header, parse_fields
from storage.warc.uncompressed import is_uncompressed

CHUNK_SIZE = 1 << 16
_MAX_HEADER = 1 << 20
_CHUNK_PROBE = 1 << 20  # bytes of the first chunk that are read to find out whether a body is chunked at all
_LINE_END = re.compile(rb"\r?\n")


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
        record = ByteStream(chunks)
        fields, block = _open_block(record, (name, offset))
        stream = _parse_response(fields, block, (name, offset))

        def check_chunks() -> Iterator[bytes]:
            """Yield the chunks, then read the rest of the member to verify its checksum."""
            yield from stream.chunks
            block.skip(sys.maxsize)
            while record.fill():
                if len(record.buffer) > _MAX_HEADER:
                    raise BadRecord(name, offset, "record that does not end where its Content-Length says")

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


def _open_block(record: ByteStream, where: tuple[str, int]) -> tuple[Headers, ByteStream]:
    """Return the header of a record, and its block."""
    head = _read_head(record, where)
    fields = parse_fields(head.partition(b"\n")[2])
    length = content_length(fields) if head.startswith(b"WARC/") else None
    if length is None:
        raise BadRecord(*where, "no WARC record")

    def read_block() -> Iterator[bytes]:
        left = length
        while left:
            if not (piece := record.read(min(left, CHUNK_SIZE))):
                raise TornRecord(*where, "the file ends within a record")
            left -= len(piece)
            yield piece

    return fields, ByteStream(read_block())


def _parse_response(fields: Headers, block: ByteStream, where: tuple[str, int]) -> ResponseStream:
    claimed = header(fields, "Content-Type")
    is_resource = (header(fields, "WARC-Type") or "").lower() == "resource"
    if is_resource or not (claimed or "application/http").lower().startswith("application/http"):
        headers: Headers = (("Content-Type", claimed),) if claimed else ()
        return ResponseStream(status=None, headers=headers, chunks=_read_chunks(block))
    head = _read_head(block, where)
    # A 1xx response is an interim one only if another response follows.
    while block.ensure(1) and final_response_start(head + b"HTTP/1.1 200\r\n\r\n") == len(head):
        head = _read_head(block, where)
    status, headers = parse_http_headers(head)
    chunks = _remove_chunking(block, where) if is_chunked(headers) else _read_chunks(block)
    return ResponseStream(status=status, headers=headers, chunks=chunks)


def _read_head(stream: ByteStream, where: tuple[str, int]) -> bytes:
    """Return all lines up to the first empty one; everything if there is none."""
    end = stream.find(HEAD_END, _MAX_HEADER)
    if (end.end() if end else len(stream.buffer)) > _MAX_HEADER:
        raise BadRecord(*where, f"record with a header of more than {_MAX_HEADER} bytes")
    return stream.read(end.end() if end else _MAX_HEADER)


def _read_line(block: ByteStream) -> bytes:
    """Return a line with its end, cut at CHUNK_SIZE bytes."""
    end = block.find(_LINE_END, CHUNK_SIZE)
    return block.read(min(end.end() if end else CHUNK_SIZE, CHUNK_SIZE))


def _read_chunks(block: ByteStream, count: int = sys.maxsize) -> Iterator[bytes]:
    """Yield the next bytes in chunks."""
    while count and (chunk := block.read(min(count, CHUNK_SIZE))):
        count -= len(chunk)
        yield chunk


def _skip_line_end(block: ByteStream) -> bool:
    """Skip a line end; True if there was one, or the data ends there."""
    block.ensure(2)
    begin = bytes(block.buffer[:2])
    end = _LINE_END.match(begin)
    block.discard(end.end() if end else 0)
    return end is not None or begin in {b"", b"\r"}


def _remove_chunking(block: ByteStream, where: tuple[str, int]) -> Iterator[bytes]:
    """Decode chunked transfer coding; a body that is not chunked, as some tools store it, is passed on unchanged."""
    line = _read_line(block)
    size = CHUNK_LINE.fullmatch(line)
    if size is None:
        yield line
        yield from _read_chunks(block)
        return
    length = int(size[1], 16)
    begin = block.read(min(length, _CHUNK_PROBE))
    is_complete = len(begin) == length
    if is_complete and length and not _skip_line_end(block):
        yield line + begin
        yield from _read_chunks(block)
        return
    yield begin
    if not is_complete:
        yield from _read_chunks(block, length - len(begin))
        if not _skip_line_end(block):
            raise BadRecord(*where, "response that is only partly chunked")
    while length and (size := CHUNK_LINE.fullmatch(_read_line(block))):
        length = int(size[1], 16)
        yield from _read_chunks(block, length)
        _skip_line_end(block)
