"""A file that appears only when it is whole: until then it is NAME.part."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from storage.places import refused


@contextmanager
def whole(into: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name when all went well, and else is gone.

    DiskFull or StorageError where it cannot be written; what stood there before is as it was.
    """
    part = into.with_name(f"{into.name}.part")
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
