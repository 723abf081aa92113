"""A folder on a local disk, and what it takes for bytes to be there after the power is back."""

import errno
import os
from pathlib import Path
from typing import NoReturn

from storage.errors import DiskFull, StorageError

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors of the system that say that a disk is full."""


def is_same_file(path: Path, fd: int) -> bool:
    """Tell whether a path still names the file that is open as `fd`."""
    try:
        return os.path.samestat(path.stat(), os.fstat(fd))
    except FileNotFoundError:
        return False


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data`: by one write(2), unless the system takes less."""
    view = memoryview(data)
    while view:
        count = os.write(fd, view)
        if not count:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        view = view[count:]


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk: without it a rename may be lost with the power."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def refused(path: Path, problem: OSError) -> NoReturn:
    """Say what it means that a file cannot be written: DiskFull or StorageError."""
    if problem.errno in NO_SPACE:
        raise DiskFull(
            f"no space is left for {path}; all that was committed before is whole, what was in hand was not kept. "
            "Free some space, then start the same command again"
        ) from problem
    raise StorageError(
        f"{path} cannot be written ({problem.strerror or problem}); all that was committed before is whole. "
        "Look into it with: newsarchive doctor"
    ) from problem
