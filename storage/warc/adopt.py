"""Adopt WARC files made by other tools: one gzip member a record, blocks and headers unchanged.

    one member a record      members copied byte for byte
    one member for all       records framed anew
    not compressed           records framed anew
    .arc, .arc.gz            records made WARC
    .wacz                    the WARC files in it

What is damaged is left out and named; what stands before and after is taken.
"""

import fcntl
import hashlib
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from storage.errors import StorageError
from storage.places import is_same_file, refused, sync_folder
from storage.warc.arc import ArcFramer
from storage.warc.framing import WARC_BEGIN, WarcFramer
from storage.warc.members import MAGIC, next_member
from storage.warc.source import BrokenStream, GzipSource, Source

PART = ".part"
_CHUNK = 1 << 20
_ARC = b"filedesc:"
_PLAIN = re.compile(rb"\A%b|%b" % (_ARC, WARC_BEGIN.pattern))
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|.\x2a\x4d\x18", re.DOTALL)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_SUFFIX = re.compile(r"(\.w?arc)?(\.gz)?(\.open)?$", re.IGNORECASE)
_IN_WACZ = re.compile(r"archive/.*\.w?arc(\.gz)?", re.IGNORECASE | re.DOTALL)
# What reading a zip can end in: damage, an unknown method (NotImplementedError), a password (RuntimeError).
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


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
    source: str
    is_known: Callable[[str], bool]
    lost: list[str] = field(default_factory=list)

    def lose(self, offset: int, what: str) -> None:
        """Note what cannot be had."""
        self.lost.append(f"{self.name}: {what} at byte {offset}")


def unheard_of(name: str) -> bool:
    """Know no file."""
    del name
    return False


def adopt(path: Path, into: Path, is_known: Callable[[str], bool] = unheard_of) -> Adopted:
    """Take one .warc, .warc.gz, .arc, .arc.gz or .wacz file in; none whose name `is_known` has, wherever that lies.

    StorageError where it cannot be opened, or the archive's disk does not take it: nothing of it was imported then.
    """
    try:
        with path.open("rb") as file:
            is_zip = file.read(4) == b"PK\x03\x04"
            file.seek(0)
            taking = _Taking(name=path.name, source=str(path), is_known=is_known)
            return _adopt_wacz(file, path, into, is_known) if is_zip else _adopt_one(file, taking, into)
    except OSError as problem:
        raise StorageError(
            f"{path} cannot be read ({problem.strerror or problem}); nothing of it was imported. "
            "Check its name and its owner"
        ) from problem


def _adopt_wacz(file: BinaryIO, path: Path, into: Path, is_known: Callable[[str], bool]) -> Adopted:
    try:
        container = zipfile.ZipFile(file)
    except _ZIP_ERRORS as problem:
        raise StorageError(
            f"{path} begins like a .wacz and is no whole zip ({problem}); nothing was imported. "
            "Fetch it again, or repair it with: zip -FF"
        ) from problem
    with container:
        parts = [_adopt_part(container, info, path, into, is_known) for info in container.infolist() if _is_warc(info)]
    nothing = () if parts else (f"{path.name}: no WARC file in it",)
    return Adopted(
        source=str(path),
        files=tuple(new for part in parts for new in part.files),
        records=sum(part.records for part in parts),
        lost=tuple(one for part in parts for one in part.lost) + nothing,
        known=tuple(name for part in parts for name in part.known),
    )


def _is_warc(info: zipfile.ZipInfo) -> bool:
    return _IN_WACZ.fullmatch(info.filename) is not None


def _adopt_part(
    container: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, into: Path, is_known: Callable[[str], bool]
) -> Adopted:
    # Only the last part of the name is used: a zip may name paths outside the folder.
    taking = _Taking(name=f"{path.stem}-{PurePosixPath(info.filename).name}", source=str(path), is_known=is_known)
    try:
        with container.open(info) as part:
            return _adopt_one(cast("BinaryIO", part), taking, into)
    except _ZIP_ERRORS as problem:
        taking.lose(0, f"a damaged part of the .wacz ({problem}) stands")
        return Adopted(source=taking.source, lost=tuple(taking.lost))


def _adopt_one(file: BinaryIO, taking: _Taking, into: Path) -> Adopted:
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # a zip's part reads like any file
    file.seek(0)
    stem = _UNSAFE.sub("-", _SUFFIX.sub("", taking.name)).strip(".-")[:100] or "warc"
    final = into / f"import-{stem}-{digest[:16]}.warc.gz"
    if final.exists() or taking.is_known(final.name):
        return Adopted(source=taking.source, known=(final.name,))
    count = _write(final, _framed(file, taking))
    if count is None:
        return Adopted(source=taking.source, known=(final.name,))
    if not count and not taking.lost:
        taking.lose(0, "no WARC record stands")
    return Adopted(
        source=taking.source,
        files=(final,) if count else (),
        records=count,
        lost=tuple(taking.lost),
    )


def _write(final: Path, records: Iterable[bytes]) -> int | None:
    """Write records into a new file, whole or not at all; returns how many. None where another import was quicker."""
    part = final.with_name(final.name + PART)
    out = _Out(part)
    try:
        if final.exists():
            out.forget()
            return None
        count = 0
        for record in records:
            out.write(record)
            count += 1
        out.finish(final if count else None)
    except BaseException:
        out.forget()
        raise
    finally:
        out.close()
    return count


class _Out:
    """The file that is being made. What its disk refuses is told as that, and not as the source's fault."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            # What an interrupted import left there is begun anew; what another one is writing is waited for.
            self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "wb", buffering=_CHUNK)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except OSError as problem:
            refused(path, problem)
        self._is_begun = False

    def write(self, data: bytes) -> None:
        """Add bytes."""
        try:
            if not self._is_begun:
                self._file.truncate(0)
                self._is_begun = True
            self._file.write(data)
        except OSError as problem:
            refused(self._path, problem)

    def finish(self, final: Path | None) -> None:
        """Bring it to the disk under its name, or take it away."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            if final:
                self._path.rename(final)
                sync_folder(final.parent)
            else:
                self._path.unlink()
        except OSError as problem:
            refused(self._path, problem)

    def forget(self) -> None:
        """Take it away, if it is still there under its first name."""
        if is_same_file(self._path, self._file.fileno()):
            self._path.unlink()

    def close(self) -> None:
        """Let it go; what could not be written is not tried again."""
        try:
            self._file.close()
        except OSError as problem:
            refused(self._path, problem)


def _framed(file: BinaryIO, taking: _Taking) -> Iterator[bytes]:
    """Yield each record as one gzip member."""
    begin = file.read(_CHUNK)
    is_gzip = begin.startswith(MAGIC)
    if not is_gzip and not _PLAIN.search(begin):
        if next_member(file, 0) is None:
            what = "zstd (make it .warc.gz first) stands" if _ZSTD.match(begin) else "no WARC or ARC stands"
            taking.lose(0, what)
            return
        is_gzip = True  # of which the beginning is lost
    file.seek(0)
    source = GzipSource(file) if is_gzip else Source(file)
    with suppress(BrokenStream):  # told when it is come to
        source.need(len(_ARC))
    framer = ArcFramer if source.buffer.startswith(_ARC) else WarcFramer
    yield from framer(source, taking.lose)
