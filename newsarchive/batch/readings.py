r"""What the captures of one WARC file say, kept in a file of its own until the index has it.

    newsarchive readings 2 \n
    length, zlib(item)                 4 bytes big endian, then as many; for each item in the order of the WARC file
    ...
    length, zlib(Contents)
    place of Contents                  8 bytes big endian: the last of the file

A file of that name is whole, or is not there: it is written under another name and renamed.
"""

import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, BinaryIO, Self
from uuid import uuid4

from isal import isal_zlib

from newsarchive.batch.nouns import dumped, loaded
from newsarchive.batch.reading import ReadItem
from newsarchive.ingest.tasks import KeptRead
from storage.errors import BadRecord, TornRecord, WarcError
from storage.places.folder import NO_SPACE, refused
from storage.warc.codings import IsalError
from storage.warc.reader import RunBegan
from storage.warc.writer import ClosedFile

SUFFIX, PART = ".readings", ".part"
_MAGIC = b"newsarchive readings 2\n"
_LENGTH, _PLACE = struct.Struct("!I"), struct.Struct("!Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What is wrong with a WARC file: the facts of a WarcError, which itself does not travel."""

    file: str
    offset: int
    what: str
    torn: bool

    @classmethod
    def of(cls, problem: WarcError) -> Self:
        """The facts of an error."""
        torn = isinstance(problem, TornRecord)
        return cls(file=problem.file, offset=problem.offset, what=problem.what, torn=torn)

    def error(self) -> WarcError:
        """The error again."""
        return (TornRecord if self.torn else BadRecord)(self.file, self.offset, self.what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What such a file tells of the WARC file as a whole."""

    closed: ClosedFile
    """As it was when it was read."""
    key: str = ""
    """What it was known by then: another where its bytes are others."""
    damage: Damage | None = None
    runs: tuple[RunBegan, ...] = ()
    """Those that the file names."""
    places: dict[int, int] = field(default_factory=dict)
    """Of each capture's item, by the offset of its record."""
    part: bool = False
    """True where only some captures were asked for."""


def write(
    path: Path, items: Iterable[ReadItem], measured: Callable[[], ClosedFile], *, key: str = "", part: bool = False
) -> None:
    """Write what a walk over a WARC file yields; then, and only if nothing went wrong, it is there under its name.

    `key` is what the WARC file was known by before the walk; its damage is part of what is written. DiskFull or
    StorageError where that cannot be done.
    """
    # No two processes write one file: a worker that was thought dead may go on.
    unnamed = path.with_name(f"{path.name}.{uuid4().hex[:8]}{PART}")
    try:
        with unnamed.open("wb") as file:
            _write(file, items, measured, key=key, part=part)
            file.flush()
            os.fsync(file.fileno())
        unnamed.replace(path)
    except OSError as problem:
        if problem.filename in {str(unnamed), str(path)} or problem.errno in NO_SPACE:
            refused(path, problem)
        raise
    finally:
        unnamed.unlink(missing_ok=True)


def _write(
    file: BinaryIO, items: Iterable[ReadItem], measured: Callable[[], ClosedFile], *, key: str, part: bool
) -> None:
    places: dict[int, int] = {}
    runs: list[RunBegan] = []
    damage = None
    file.write(_MAGIC)
    try:
        for item in items:
            if isinstance(item, KeptRead):
                places[item.kept.capture.place.offset] = file.tell()
            elif isinstance(item, RunBegan):
                runs.append(item)
            file.write(_framed(item))
    except WarcError as problem:
        damage = Damage.of(problem)
    contents = Contents(
        closed=measured(), key=key, damage=damage, runs=tuple(runs), places=places, part=part
    )  # fmt: skip
    place = file.tell()
    file.write(_framed(contents) + _PLACE.pack(place))


def _framed(noun: object) -> bytes:
    data = isal_zlib.compress(dumped(noun), 1)
    return _LENGTH.pack(len(data)) + data


class Readings:
    """A whole file of readings."""

    def __init__(self, file: BinaryIO, contents: Contents) -> None:
        self._file = file
        self.contents = contents

    @classmethod
    def open(cls, path: Path) -> Self | None:
        """Open a file; None where it is not there, or is none that this version reads."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return None
        try:
            if file.read(len(_MAGIC)) == _MAGIC:
                file.seek(-_PLACE.size, os.SEEK_END)
                (place,) = _PLACE.unpack(file.read(_PLACE.size))
                return cls(file, _noun_at(file, place))
        except (OSError, ValueError, struct.error, UnpicklingError, *BROKEN):
            pass
        file.close()
        return None

    def items(self) -> Iterator[ReadItem]:
        """All of it, in the order of the WARC file; its damage is raised at the end."""
        self._file.seek(0)
        end = _size(self._file) - _PLACE.size
        at = len(_MAGIC)
        while True:
            self._file.seek(at)
            item = _noun(self._file)
            at = self._file.tell()
            if isinstance(item, Contents) or at >= end:
                break
            yield item
        if self.contents.damage:
            raise self.contents.damage.error()

    def at(self, offset: int) -> KeptRead | None:
        """What the capture says whose record begins there."""
        place = self.contents.places.get(offset)
        return None if place is None else _noun_at(self._file, place)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


BROKEN = (zlib.error, IsalError, EOFError)


def _noun_at(file: BinaryIO, place: int) -> Any:
    file.seek(place)
    return _noun(file)


def _noun(file: BinaryIO) -> Any:
    (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
    return loaded(isal_zlib.decompress(file.read(length)))


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def remove(path: Path) -> None:
    """Remove a file of readings, and what tasks that were killed have left of it."""
    for left in (path, *path.parent.glob(f"{escape(path.name)}.*{PART}")):
        with suppress(OSError):
            left.unlink(missing_ok=True)
