r"""The readings of one WARC file, stored in a file until they are in the index.

    newsarchive readings 7 \n
    length, zlib(item)                 4 bytes big endian, then as many; for each item in the order of the WARC file
    ...
    length, zlib(ReadingsSummary)
    offset of ReadingsSummary          8 bytes big endian, at the end of the file

The file is written atomically: it is complete, or does not exist.
"""

import importlib
import io
import os
import pickle
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, is_dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, BinaryIO, Self

from isal import isal_zlib

from newsarchive.ingest.tasks import CaptureReading
from storage.errors import BadRecord, TornRecord, WarcError
from storage.model import ClosedWarc
from storage.places.folder import open_atomic, remove_parts
from storage.warc.gzip_members import IsalError
from storage.warc.reader import RunEnded, RunStarted

FORMAT = 8
"""Version of everything that is pickled into files: raise it when a pickled class, module or field is renamed, added or
removed. Files of another version are ignored, and their work is done again."""
ReadItem = CaptureReading | RunStarted | RunEnded
_OUR_PACKAGES = ("storage.", "newsarchive.")
_STANDARD_CLASSES = frozenset(("datetime", name) for name in ("datetime", "date", "timedelta", "timezone"))


# Pickle is several times faster than JSON over these classes. But a pickle may name any function to be called, and
# these files are in a folder that several machines write to: so only dataclasses and enums of ours are looked up.
def dump(value: object) -> bytes:
    """Return a dataclass as bytes."""
    return pickle.dumps(value, protocol=5)


def load(data: bytes) -> Any:
    """Return what was dumped; pickle.UnpicklingError for anything else."""
    return _RestrictedUnpickler(io.BytesIO(data)).load()


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return _find_class(module, name)


@lru_cache(maxsize=256)
def _find_class(module: str, name: str) -> Any:
    if (module, name) in _STANDARD_CLASSES or module.startswith(_OUR_PACKAGES):
        try:
            found = getattr(importlib.import_module(module), name, None)
        except ImportError:
            found = None  # a module of another version
        if isinstance(found, type) and (module == "datetime" or is_dataclass(found) or issubclass(found, Enum)):
            return found
    raise pickle.UnpicklingError(f"{module}.{name} is not a dataclass of this version")


SUFFIX = ".readings"
_MAGIC = f"newsarchive readings {FORMAT}\n".encode()
_LENGTH, _OFFSET = struct.Struct("!I"), struct.Struct("!Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingsSummary:
    """Facts about the WARC file as a whole."""

    file: ClosedWarc
    """Size and digest when it was read."""
    fingerprint: str = ""
    """Its fingerprint when it was read."""
    damage: tuple[str, int, str] | None = None
    """Damage of the WARC file: file, offset and message of a WarcError, which itself cannot be pickled."""
    is_torn: bool = False
    """True if that was a TornRecord."""


def write_readings(
    path: Path, items: Iterable[ReadItem], measure: Callable[[], ClosedWarc], *, fingerprint: str = ""
) -> None:
    """Write the readings of a WARC file; damage that `items` raises is stored with them.

    `measure` is called after the last item, and returns size and digest of the WARC file, whose fingerprint is that
    before it was read.

    Raises:
        DiskFull, StorageError: The file cannot be written.
    """
    damage, is_torn = None, False
    with open_atomic(path) as file:
        file.write(_MAGIC)
        try:
            for item in items:
                file.write(_encode_frame(item))
        except WarcError as problem:
            damage, is_torn = (problem.file, problem.offset, problem.what), isinstance(problem, TornRecord)
        summary = ReadingsSummary(file=measure(), fingerprint=fingerprint, damage=damage, is_torn=is_torn)
        file.write(_encode_frame(summary) + _OFFSET.pack(file.tell()))


def _encode_frame(value: object) -> bytes:
    data = isal_zlib.compress(dump(value), 1)
    return _LENGTH.pack(len(data)) + data


class ReadingsFile:
    """An open file of readings."""

    def __init__(self, file: BinaryIO, summary: ReadingsSummary) -> None:
        self._file = file
        self.summary = summary

    @classmethod
    def open(cls, path: Path) -> Self | None:
        """Open a file; None if it does not exist, is incomplete, or is of another version."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return None
        with suppress(OSError, ValueError, struct.error, UnpicklingError, *DECODE_ERRORS):
            if file.read(len(_MAGIC)) == _MAGIC:
                file.seek(-_OFFSET.size, os.SEEK_END)
                (offset,) = _OFFSET.unpack(file.read(_OFFSET.size))
                return cls(file, _load_at(file, offset))
        file.close()
        return None

    def items(self) -> Iterator[ReadItem]:
        """Yield all items in the order of the WARC file, then raise its damage."""
        end = self._file.seek(0, os.SEEK_END) - _OFFSET.size
        at = len(_MAGIC)
        while True:
            item = _load_at(self._file, at)
            at = self._file.tell()
            if isinstance(item, ReadingsSummary) or at >= end:
                break
            yield item
        if self.summary.damage:
            raise (TornRecord if self.summary.is_torn else BadRecord)(*self.summary.damage)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


DECODE_ERRORS = (zlib.error, IsalError, EOFError)


def _load_at(file: BinaryIO, offset: int) -> Any:
    file.seek(offset)
    (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
    return load(isal_zlib.decompress(file.read(length)))


def remove_readings(path: Path) -> None:
    """Delete a file of readings, and temporary files that killed tasks left."""
    remove_parts(path)
    with suppress(OSError):
        path.unlink(missing_ok=True)
