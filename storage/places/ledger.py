"""What was found whole in the bucket, a line a file: name, size, digest, the server's mark. Lies among the WARC files.

The list spares questions, and decides nothing alone: a file that is not in it, or of which the bucket says otherwise,
is compared and uploaded again, and before one is freed the bucket is asked once more. Without the list all is compared
anew.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from storage.places.folder import refused, write_all

NAME = "uploaded.jsonl"


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
        # The line's end comes first too: what a crash left of the line before must not spoil this one.
        line = b"\n" + json.dumps(asdict(noted)).encode() + b"\n"
        try:
            fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            try:
                write_all(fd, line)
                os.fsync(fd)
            finally:
                os.close(fd)
        except OSError as problem:
            refused(self._path, problem)
