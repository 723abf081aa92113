"""The upload log: one JSON line for each file that was verified in the bucket. It is in the folder of the WARC files.

The log is only a cache: a file that it lacks, or that differs in the bucket, is compared and uploaded again, and before
a file is deleted the bucket is asked. Lines of files that left the folder are stale, and dropped when there are many.
"""

import fcntl
import json
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from storage.places.atomic_write import write_atomic
from storage.places.folder import is_same_file, raise_write_error, write_all

NAME = "uploaded.jsonl"
MAX_STALE_LINES = 1000
"""Number of stale lines from which the log is rewritten."""
_MIN_LINE = 100
"""Shortest line in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """A file whose copies in folder and bucket were the same."""

    name: str
    bucket: str
    """URL of the bucket."""
    size: int
    sha256: str
    """64 hexadecimal digits."""
    tag: str | None
    """ETag of the object."""
    written_ns: int
    """Modification time of the file in the folder, in nanoseconds: the entry does not hold for a changed file."""


class UploadLog:
    """The log of a folder, for one bucket."""

    def __init__(self, folder: Path, bucket: str) -> None:
        self._path = folder / NAME
        self._bucket = bucket

    def read(self) -> dict[str, UploadedFile]:
        """Return the newest entry of each file by name. Incomplete lines are skipped."""
        return {entry.name: entry for entry in self._lines() if entry.bucket == self._bucket}

    def _lines(self) -> Iterator[UploadedFile]:
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        except OSError as problem:
            raise_write_error(self._path, problem)
        for line in lines:
            try:
                yield UploadedFile(**json.loads(line))
            except (ValueError, TypeError):
                continue

    def add(self, entry: UploadedFile) -> None:
        """Add an entry and flush it to disk. DiskFull or StorageError if that fails."""
        try:
            with self._lock() as fd:
                # A line end comes first too: an incomplete line before must not spoil this one.
                write_all(fd, b"\n" + _line(entry))
                os.fsync(fd)
        except OSError as problem:
            raise_write_error(self._path, problem)

    def compact(self, here: Callable[[], Collection[str]]) -> None:
        """Rewrite the log with the newest entry of each file that is `here`, if it has many stale lines.

        StorageError if the log cannot be read. Other writers wait; readers see the old log or the new one.
        """
        try:
            if not self._path.exists() or self._path.stat().st_size < MAX_STALE_LINES * _MIN_LINE:
                return
            with self._lock():
                lines = list(self._lines())
                there = here()
                last = {entry.name: entry for entry in lines if entry.bucket == self._bucket and entry.name in there}
                if len(lines) - len(last) < MAX_STALE_LINES:
                    return
                write_atomic(self._path, b"".join(map(_line, last.values())))
        except OSError as problem:
            raise_write_error(self._path, problem)

    @contextmanager
    def _lock(self) -> Iterator[int]:
        """Open the log for appending, locked against other writers."""
        while True:
            fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                if is_same_file(self._path, fd):
                    yield fd
                    return
            finally:
                os.close(fd)


def _line(entry: UploadedFile) -> bytes:
    return json.dumps(asdict(entry)).encode() + b"\n"
