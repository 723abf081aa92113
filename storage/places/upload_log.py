"""What was found whole in the bucket, a line a file: name, size, digest, the server's mark. Lies among the WARC files.

The list spares questions, and decides nothing alone: a file that is not in it, or of which the bucket says otherwise,
is compared and uploaded again, and before one is freed the bucket is asked once more. Without the list all is compared
anew. So lines of files that left the folder are of no use, and are left out when there are many of them.
"""

import fcntl
import json
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from storage.places.folder import is_same_file, refused, sync_folder, write_all

NAME = "uploaded.jsonl"
USELESS = 1000
"""Lines of no use from which on the list is written anew without them."""
_SHORTEST = 100
"""Bytes that a line has at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A file of which bucket and folder were found to hold the same bytes."""

    name: str
    bucket: str
    """Address of the bucket."""
    size: int
    sha256: str
    """64 hexadecimal digits."""
    tag: str | None
    """The server's mark of the object then."""
    written_ns: int
    """When the file in the folder was written last, in nanoseconds: of another one nothing is known."""


class Ledger:
    """The list of one folder, for one bucket."""

    def __init__(self, folder: Path, bucket: str) -> None:
        self._path = folder / NAME
        self._bucket = bucket

    def read(self) -> dict[str, Noted]:
        """All files by name, as they were noted last. What a crash left of a line is passed over."""
        return {noted.name: noted for noted in self._lines() if noted.bucket == self._bucket}

    def _lines(self) -> Iterator[Noted]:
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        except OSError as problem:
            refused(self._path, problem)
        for line in lines:
            try:
                yield Noted(**json.loads(line))
            except (ValueError, TypeError):
                continue

    def add(self, noted: Noted) -> None:
        """Note a file, on the disk. DiskFull or StorageError where that cannot be done."""
        try:
            with self._alone() as fd:
                # The line's end comes first too: what a crash left of the line before must not spoil this one.
                write_all(fd, b"\n" + _line(noted))
                os.fsync(fd)
        except OSError as problem:
            refused(self._path, problem)

    def tidy(self, here: Callable[[], Collection[str]]) -> None:
        """Leave out all but the last line of each file that is `here`, where much is left out by that.

        StorageError where the list cannot be read. Whoever adds a line waits; who reads has the old list or the new.
        """
        part = self._path.with_name(f"{NAME}.part")
        try:
            if not self._path.exists() or self._path.stat().st_size < USELESS * _SHORTEST:
                return
            with self._alone():
                lines = list(self._lines())
                there = here()
                last = {noted.name: noted for noted in lines if noted.bucket == self._bucket and noted.name in there}
                if len(lines) - len(last) < USELESS:
                    return
                with part.open("wb") as file:
                    file.writelines(map(_line, last.values()))
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(self._path)
                sync_folder(self._path.parent)
        except OSError as problem:
            refused(self._path, problem)

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """The list, open for adding, while nobody else adds to it or writes it anew."""
        while True:
            fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                if is_same_file(self._path, fd):
                    yield fd
                    return
            finally:
                os.close(fd)


def _line(noted: Noted) -> bytes:
    return json.dumps(asdict(noted)).encode() + b"\n"
