"""A file that appears only when it is whole: until then it is NAME.part."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from storage.places import refused


def part_of(into: Path) -> Path:
    """Where a file is until it is whole; what a process that was killed leaves."""
    return into.with_name(f"{into.name}.part")


@contextmanager
def whole(into: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name when all went well, and else is gone.

    DiskFull or StorageError where it cannot be written; what stood there before is as it was.
    """
    part = part_of(into)
    try:
        with part.open("w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(into)
    except OSError as problem:
        if problem.filename not in {None, str(part), str(into)}:
            raise
        refused(into, problem)
    finally:
        part.unlink(missing_ok=True)
