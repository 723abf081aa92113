"""Write a file as a whole: readers and the next start find the old content or the new, never half of it.

    NAME.1a2b3c4d.part --write--> fsync file --> rename to NAME --> fsync folder

A process that is killed leaves at most a .part file; `remove_parts` deletes those.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from storage.places.folder import NO_SPACE, raise_write_error, sync_folder

PART = ".part"


@contextmanager
def open_atomic(path: Path, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """Open a temporary file that takes the place of `path` if the block ends without an error, and is deleted if not.

    A symbolic link keeps pointing to its target, which is replaced. Permissions are `mode`, else those of the old file,
    else the process's default.

    Raises:
        DiskFull, StorageError: The file cannot be written. The old file is unchanged.
        OSError: As raised in the block, where it does not concern the written file.
    """
    target = path.resolve()
    # Unique, so that two processes writing the same file do not write into each other's.
    part = target.with_name(f"{target.name}.{uuid4().hex[:8]}{PART}")
    in_block = False
    try:
        with part.open("x+b") as file:
            _set_mode(file.fileno(), target, mode)
            in_block = True
            yield file
            in_block = False
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        sync_folder(target.parent)
    except OSError as problem:
        if not in_block or problem.errno in NO_SPACE or problem.filename == str(part):
            raise_write_error(path, problem)
        raise
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write_atomic(path: Path, data: bytes | str, *, mode: int | None = None) -> None:
    """Write a whole file, text as UTF-8; see `open_atomic`."""
    with open_atomic(path, mode=mode) as file:
        file.write(data.encode() if isinstance(data, str) else data)


def replace_durably(written: Path, path: Path) -> None:
    """Put a file that is written and closed in the place of another one, on disk when this returns."""
    with written.open("rb+") as file:
        os.fsync(file.fileno())
    written.replace(path)
    sync_folder(path.parent)


def remove_parts(path: Path) -> None:
    """Delete the temporary files that killed processes left of a file."""
    for part in path.parent.glob(f"{escape(path.name)}.*{PART}"):
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _set_mode(fd: int, target: Path, mode: int | None) -> None:
    with suppress(FileNotFoundError):
        os.fchmod(fd, target.stat().st_mode & 0o7777 if mode is None else mode)
