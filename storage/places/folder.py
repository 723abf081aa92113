"""Durable writes to a folder on a local disk."""

import errno
import os
from pathlib import Path
from typing import NoReturn

from storage.errors import DiskFull, StorageError

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Error numbers of a full disk."""


def is_same_file(path: Path, fd: int) -> bool:
    """Return whether a path still names the file that is open as `fd`."""
    try:
        return os.path.samestat(path.stat(), os.fstat(fd))
    except FileNotFoundError:
        return False


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data`, with one write(2) unless the system takes less."""
    view = memoryview(data)
    while view:
        count = os.write(fd, view)
        if not count:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        view = view[count:]


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk: without it a power failure may undo a rename."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def raise_write_error(path: Path, problem: OSError) -> NoReturn:
    """Raise DiskFull or StorageError for a file that cannot be written."""
    if problem.errno in NO_SPACE:
        raise DiskFull(
            f"no space is left for {path}; everything committed before is intact, the current write was discarded. "
            "Free some space, then run the same command again"
        ) from problem
    raise StorageError(
        f"{path} cannot be written ({problem.strerror or problem}); everything committed before is intact. "
        "To diagnose it: newsarchive doctor"
    ) from problem
