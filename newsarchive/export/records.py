"""Copies of WARC records, gzip member by member, byte for byte.

With each capture the request and metadata records are copied that refer to it and follow it in the file; before a
revisit its original, without which it cannot be replayed.
"""

import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import BinaryIO

from newsarchive.export.request import NAMES_WITHHELD, ExportRequest
from newsarchive.export.withheld_records import names_withheld
from newsarchive.extract.requisites import embedded_urls, stylesheet_requisites
from newsarchive.extract.tree import Page, parse_page
from newsarchive.version import VERSION
from storage.errors import ArchiveError, BadRecord, BucketRefused, BucketUnreachable, StorageError, WarcError
from storage.index.queries.cdx import get_cdx_line, iter_cdx_lines, match_exact
from storage.index.views.articles import Exclusions
from storage.index.views.cdx import CdxLine, CdxQuery
from storage.warc.payload import decode_entity
from storage.warc.reader import CAPTURE_TYPES
from storage.warc.record import FORMAT_FIELDS, Fields, Headers, build_fields_member, header, new_record_id, parse_fields
from storage.warc.streaming import inflate_member, open_response
from storage.warc.uncompressed import is_uncompressed

_CHUNK = 1 << 20
_HEAD_SIZE = 1 << 14
_REFERENCES = {"warc-concurrent-to", "warc-refers-to"}
_MAX_COMPANIONS = 4


class RecordCopier:
    """Copies captures into a file, each once."""

    def __init__(self, request: ExportRequest, write: Callable[[bytes], object]) -> None:
        self._request, self._write = request, write
        self._written = _IdSet()
        self._open: tuple[str, BinaryIO] | None = None
        self._length = 0
        self._is_within = False
        """True while a member is written: an error then leaves a broken file."""
        self.size = 0
        """Bytes written."""

    def copy(self, lines: Iterable[CdxLine]) -> Iterator[CdxLine]:
        """Copy captures and the originals of revisits; yield each, with its new place, after it is written."""
        try:
            for line in lines:
                if line.kind == "revisit" and line.refers_to_id is not None and line.refers_to_id not in self._written:
                    # From the same Reader: an excluded original is not copied, and its revisit names it.
                    if (original := self._request.index.ask(get_cdx_line, line.refers_to_id)) is not None:
                        yield from self._copy_record(original)
                    elif self._request.index.excluding(Exclusions()).ask(get_cdx_line, line.refers_to_id) is None:
                        self._request.report_missed(f"{line.warc}: the original of a revisit is not available")
                yield from self._copy_record(line)
        finally:
            self._close()

    def append(self, data: bytes) -> None:
        """Write other bytes."""
        self._write(data)
        self.size += len(data)

    def _copy_record(self, line: CdxLine) -> Iterator[CdxLine]:
        if line.id in self._written:
            return
        self._written.add(line.id)
        offset, self._length = self.size, 0
        try:
            if names_withheld(self._request.index, self._request.places, line):
                self._request.report_missed(NAMES_WITHHELD)
                return
            self._copy_group(line)
        except (WarcError, StorageError, OSError) as problem:
            # An unavailable bucket would fail for every further capture, so the export stops.
            if self._is_within or isinstance(problem, BucketUnreachable | BucketRefused):
                raise
            # Without the offset: damage of a thousand records has one cause.
            cause = f"{problem.file}: {problem.what}" if isinstance(problem, WarcError) else str(problem)
            self._request.report_missed(cause)
        if self._length:
            yield line._replace(offset=offset, length=self._length)

    def _copy_group(self, line: CdxLine) -> None:
        """Copy a capture and its companions; set `_length` to the length of the capture's member."""
        if self._open is None or self._open[0] != line.warc:
            self._close()
            self._open = (line.warc, self._request.places.open(line.warc))
        file, begin = self._open[1], self.size
        plain = is_uncompressed(file)
        file.seek(line.offset)
        if not (file.read(5) == b"WARC/" if plain else _headers_at(file, line.offset) is not None):
            raise BadRecord(line.warc, line.offset, "no WARC record")
        if not plain:
            _check_member(file, line.offset, line.length)
        self._copy_member(file, line.offset, line.length, plain=plain)
        self._length = self.size - begin
        if plain:
            return
        at = line.offset + line.length
        for _ in range(_MAX_COMPANIONS):
            headers = _headers_at(file, at)
            is_capture = (header(headers or (), "WARC-Type") or "").lower() in CAPTURE_TYPES
            referring = [value for name, value in headers or () if name.lower() in _REFERENCES]
            if headers is None or is_capture or line.record_id not in [each.strip("<> ") for each in referring]:
                return
            length = _check_member(file, at)
            # Provenance names another page, which may be excluded.
            if not (self._request.index.exclude and header(headers, "WARC-Type") == "metadata"):
                self._copy_member(file, at, length, plain=False)
            at += length

    def _close(self) -> None:
        if self._open:
            self._open[1].close()
        self._open = None

    def _copy_member(self, file: BinaryIO, offset: int, length: int, *, plain: bool) -> None:
        """Copy a member. A record of an uncompressed file becomes one, because records are addressed by member."""
        if file.seek(0, os.SEEK_END) < offset + length:
            raise BadRecord(_file_name(file), offset, "record extends beyond the end of the file")
        file.seek(offset)
        compressor = zlib.compressobj(wbits=31) if plain else None
        self._is_within = True
        while length:
            if not (piece := file.read(min(_CHUNK, length))):
                raise BadRecord(_file_name(file), offset, "record was truncated while it was copied")
            length -= len(piece)
            self.append(compressor.compress(piece) if compressor else piece)
        if compressor:
            self.append(compressor.flush())
        self._is_within = False


def _file_name(file: BinaryIO) -> str:
    return file.name.rpartition("/")[2]


def _headers_at(file: BinaryIO, offset: int) -> Headers | None:
    """Return the header of the record whose member begins there; None at the end, or if no record begins there."""
    file.seek(offset)
    with suppress(zlib.error):
        begin = zlib.decompressobj(31).decompress(file.read(_HEAD_SIZE), _HEAD_SIZE)
        head, blank, _ = begin.partition(b"\r\n\r\n")
        if blank and begin.startswith(b"WARC/"):
            return parse_fields(head.partition(b"\n")[2])
    return None


def _check_member(file: BinaryIO, offset: int, expected: int | None = None) -> int:
    """Return the length of the gzip member that begins there; BadRecord or TornRecord if it is damaged."""
    file.seek(offset)
    for _ in inflate_member(file, _file_name(file), offset):
        pass
    length = file.tell() - offset
    if expected is not None and length != expected:
        raise BadRecord(_file_name(file), offset, "record has another length than in the index")
    return length


class _IdSet:
    """A set of small integers, as a bit map."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        if number >> 3 >= len(self._bits):
            self._bits.extend(bytes((number >> 3) + 1 - len(self._bits)))
        self._bits[number >> 3] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        return number >> 3 < len(self._bits) and bool(self._bits[number >> 3] >> (number & 7) & 1)


# Page requisites of exported captures: stylesheets, images, scripts, fonts, each captured nearest in time.

_MAX_SIZE = 10_000_000  # bytes of a page or stylesheet; larger ones are not parsed
_HTML = frozenset({"text/html", "application/xhtml+xml"})


def _add_requisites(request: ExportRequest, line: CdxLine, depth: int = 0) -> Iterator[CdxLine]:
    """Yield a capture and what it embeds."""
    yield line
    for url in _embedded_urls(request, line):
        query = CdxQuery(keys=match_exact(url), url=url, closest=line.fetched_at)
        if (found := next(request.index.stream(iter_cdx_lines, query), None)) is not None:
            is_sheet = found.mime == "text/css" and depth < 2
            yield from _add_requisites(request, found, depth + 1) if is_sheet else [found]


def _embedded_urls(request: ExportRequest, line: CdxLine) -> tuple[str, ...]:
    original = line
    if line.kind == "revisit" and line.refers_to_id is not None:
        original = request.index.ask(get_cdx_line, line.refers_to_id) or line
    mime = line.mime or original.mime
    if original.kind == "revisit" or (mime not in _HTML and mime != "text/css"):
        return ()
    with suppress(ArchiveError, OSError, ValueError):
        entity = bytearray()
        with open_response(request.places.file(original.warc), original.offset) as flow:
            for piece in flow.chunks:
                entity += piece
                if len(entity) > _MAX_SIZE:
                    return ()
        # URLs are ASCII in all encodings of pages.
        text = decode_entity(bytes(entity), flow.headers, _MAX_SIZE).decode("utf-8", "replace")
        if mime == "text/css":
            return stylesheet_requisites(text, line.url)
        page = parse_page(text.encode("utf-8", "replace"), line.url)
        return embedded_urls(page) if isinstance(page, Page) else ()
    return ()


# Exports of records as WARC: the selected records, copied, after a warcinfo record.

_PROGRESS_EVERY = 50


def write_warc(request: ExportRequest, file: BinaryIO) -> int:
    """Copy the selected captures with their requisites; return the number of captures."""
    copied = copy_slice(request, RecordCopier(request, file.write), "newsarchive-slice.warc.gz")
    return sum(1 for _ in request.track(copied, _PROGRESS_EVERY))


def copy_slice(request: ExportRequest, copier: RecordCopier, name: str) -> Iterator[CdxLine]:
    """Write warcinfo and the selected captures through a copier; yield each, with its new place, once it is written."""
    block_fields: Fields = (
        ("software", f"newsarchive {VERSION}"),
        *FORMAT_FIELDS,
        ("operator", request.operator or None),
        ("description", "Records copied from an archive, each as it was written there"),
    )
    file_name = [("WARC-Filename", name)]
    copier.append(build_fields_member("warcinfo", new_record_id(), request.now(), file_name, block_fields))
    lines: Iterable[CdxLine] = request.iter_captures()
    if request.filters.selects_articles:
        lines = chain.from_iterable(map(partial(_add_requisites, request), lines))
    for line in copier.copy(lines):
        yield line._replace(warc=name)
