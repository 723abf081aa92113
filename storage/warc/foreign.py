"""Adopt WARC files made by other tools: one gzip member a record, blocks and headers unchanged.

    one member a record      members copied byte for byte
    one member for all       records framed anew
    not compressed           records framed anew
    .arc, .arc.gz            made WARC by warcio
    .wacz                    the WARC files in it

What is damaged is left out and named; what stands before and after is taken.
"""

import gzip
import hashlib
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.warcwriter import WARCWriter

from storage.errors import BadRecord, StorageError, TornRecord
from storage.model import RecordPlace
from storage.warc.check import next_member
from storage.warc.members import CHUNK, Member, members
from storage.warc.record import END, parse_fields, parse_record, squeeze
from storage.warc.writer import sync_folder

PART = ".part"
LARGEST_BLOCK = 1 << 30
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_SUFFIX = re.compile(r"(\.warc|\.arc)?(\.gz)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What became of one file."""

    source: str
    files: tuple[Path, ...] = ()
    """New files in the archive's folder; none where all had been imported before."""
    records: int = 0
    lost: tuple[str, ...] = ()
    """What could not be read, with its place."""
    known: tuple[str, ...] = ()
    """Names of files in the archive that hold this content already."""


@dataclass(slots=True)
class _Taking:
    """One file on its way in."""

    name: str
    records: int = 0
    lost: list[str] | None = None

    def lose(self, offset: int, what: str) -> None:
        """Note what cannot be had."""
        self.lost = [*(self.lost or []), f"{self.name}: {what} at byte {offset}"]


def adopt(path: Path, into: Path) -> Adopted:
    """Take one .warc, .warc.gz, .arc, .arc.gz or .wacz file in; StorageError where it cannot be opened or is none."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            if magic == b"PK\x03\x04":
                return _adopt_wacz(file, path, into)
            return _adopt_one(file, path.name, path, into)
    except OSError as problem:
        raise StorageError(
            f"{path} cannot be read ({problem.strerror or problem}); nothing of it was imported. "
            "Check its name and its owner"
        ) from problem


def _adopt_wacz(file: BinaryIO, path: Path, into: Path) -> Adopted:
    try:
        container = zipfile.ZipFile(file)
    except zipfile.BadZipFile as problem:
        raise StorageError(
            f"{path} begins like a .wacz and is no whole zip ({problem}); nothing was imported"
        ) from None
    parts = []
    with container:
        for info in container.infolist():
            if info.filename.startswith("archive/") and re.search(r"\.w?arc(\.gz)?$", info.filename):
                # Only the last part of the name is used: a zip may name paths outside the folder.
                name = PurePosixPath(info.filename).name
                with container.open(info) as member:
                    parts.append(_adopt_one(cast("BinaryIO", member), f"{path.stem}-{name}", path, into))
    return Adopted(
        source=str(path),
        files=tuple(new for part in parts for new in part.files),
        records=sum(part.records for part in parts),
        lost=tuple(one for part in parts for one in part.lost)
        or (() if parts else (f"{path.name}: no WARC file in it",)),
        known=tuple(name for part in parts for name in part.known),
    )


def _adopt_one(file: BinaryIO, name: str, path: Path, into: Path) -> Adopted:
    digest = _content_digest(file)
    stem = _UNSAFE.sub("-", _SUFFIX.sub("", name)).strip(".-")[:100] or "warc"
    final = into / f"import-{stem}-{digest[:16]}.warc.gz"
    if final.exists():
        return Adopted(source=str(path), known=(final.name,))
    taking = _Taking(name=name)
    part = final.with_name(final.name + PART)
    with part.open("wb") as out:
        for record in _framed(file, taking):
            out.write(record)
            taking.records += 1
        out.flush()
        os.fsync(out.fileno())
    if taking.records:
        part.rename(final)
        sync_folder(into)
    else:
        part.unlink()
        if not taking.lost:
            taking.lose(0, "no WARC record")
    return Adopted(
        source=str(path),
        files=(final,) if taking.records else (),
        records=taking.records,
        lost=tuple(taking.lost or ()),
    )


def _content_digest(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # reads like any file
    file.seek(0)
    return digest


def _framed(file: BinaryIO, taking: _Taking) -> Iterator[bytes]:
    """Yield each record as one gzip member."""
    head = file.read(1 << 16)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        begin = _inflate_some(head)
        if begin.startswith(b"filedesc:"):
            yield from _from_arc(file, taking)
        elif _one_record_a_member(file, taking.name):
            yield from _from_members(file, taking)
        else:
            yield from _from_stream(cast("BinaryIO", gzip.GzipFile(fileobj=file)), taking)
    elif head.startswith(b"filedesc:"):
        yield from _from_arc(file, taking)
    elif b"WARC/" in head:
        yield from _from_stream(file, taking)
    else:
        taking.lose(0, "neither a WARC nor an ARC file")


def _inflate_some(head: bytes) -> bytes:
    with suppress(zlib.error):
        return zlib.decompressobj(31).decompress(head, 4096)
    return b"WARC/"  # damaged at its very beginning: looked for record by record


def _one_record_a_member(file: BinaryIO, name: str) -> bool:
    """Tell it by the first member that is whole: does it end where its record ends?"""
    try:
        first = next(members(file, name), None)
    except (TornRecord, BadRecord) as problem:
        return not isinstance(problem, TornRecord)
    finally:
        file.seek(0)
    return first is None or _is_single(first)


def _is_single(member: Member) -> bool:
    try:
        record = parse_record(member.data, RecordPlace(warc="", offset=0, length=0))
    except BadRecord:
        return True
    return not record.tail.strip()


def _from_members(file: BinaryIO, taking: _Taking) -> Iterator[bytes]:
    start: int | None = 0
    while start is not None:
        at, start = start, None
        try:
            for member in members(file, taking.name, at):
                yield from _from_member(file, member, taking)
        except (TornRecord, BadRecord) as problem:
            taking.lose(problem.offset, problem.what)
            start = next_member(file, problem.offset + 1)


def _from_member(file: BinaryIO, member: Member, taking: _Taking) -> Iterator[bytes]:
    place = RecordPlace(warc=taking.name, offset=member.offset, length=member.length)
    try:
        record = parse_record(member.data, place)
    except BadRecord as problem:
        if member.data.strip():  # some tools end a file with an empty member
            taking.lose(member.offset, problem.what)
        return
    if record.tail == END:
        resume = file.tell()
        file.seek(member.offset)
        yield file.read(member.length)
        file.seek(resume)
    else:
        yield from _from_stream(io.BytesIO(member.data), taking)


def _from_stream(stream: BinaryIO, taking: _Taking) -> Iterator[bytes]:
    """Yield the records of a stream that is not, or no longer, compressed."""
    reader = _Stream(stream, taking)
    while (record := reader.next_record()) is not None:
        yield squeeze(record, dense=True)


class _Stream:
    """Records one behind the other; garbage between them is named and passed over."""

    def __init__(self, stream: BinaryIO, taking: _Taking) -> None:
        self._stream = stream
        self._taking = taking
        self._offset = 0

    def next_record(self) -> bytes | None:
        """Return a record as it stands in the file, or None at the end."""
        begin = self._offset
        head = self._head()
        if head is None:
            return None
        fields = {name.lower(): value for name, value in reversed(parse_fields(head.partition(b"\n")[2]))}
        length = fields.get("content-length", "")
        if not length.isdecimal() or int(length) > LARGEST_BLOCK:
            self._taking.lose(begin, f"a record with Content-Length {length!r}")
            return self.next_record()
        block = self._read(int(length))
        if len(block) < int(length):
            self._taking.lose(begin, f"a record with {len(block)} of {length} bytes of its block")
            return None
        return head + block + END

    def _head(self) -> bytes | None:
        """Return a record's header with its blank line; what stands before it is passed over."""
        lines: list[bytes] = []
        passed, passed_at = 0, self._offset
        while line := self._line():
            if not lines:
                if line.startswith(b"WARC/"):
                    lines.append(line)
                elif line.strip():
                    passed += len(line)
                continue
            lines.append(line)
            if not line.strip():
                break
        if passed:
            self._taking.lose(passed_at, f"{passed} bytes that belong to no record")
        if not lines or lines[-1].strip():
            return None
        return b"".join(lines)

    def _line(self) -> bytes:
        try:
            line = self._stream.readline(1 << 20)
        except (OSError, EOFError, zlib.error) as problem:
            self._taking.lose(self._offset, f"damaged compression ({problem}), so nothing behind it could be had,")
            return b""
        self._offset += len(line)
        return line

    def _read(self, size: int) -> bytes:
        pieces: list[bytes] = []
        left = size
        try:
            while left and (piece := self._stream.read(min(left, CHUNK))):
                pieces.append(piece)
                left -= len(piece)
        except (OSError, EOFError, zlib.error):
            pass  # told by what is missing
        self._offset += size - left
        return b"".join(pieces)


def _from_arc(file: BinaryIO, taking: _Taking) -> Iterator[bytes]:
    """ARC, the format before WARC, is read by warcio, which says of each record what WARC wants to know."""
    try:
        for record in cast("Iterable[object]", ArchiveIterator(file, arc2warc=True)):
            out = io.BytesIO()
            WARCWriter(out, gzip=False).write_record(record)
            yield squeeze(out.getvalue(), dense=True)
    except (ArchiveLoadFailed, EOFError, ValueError, zlib.error) as problem:
        taking.lose(file.tell(), f"damage ({problem}), so nothing behind it could be had,")
