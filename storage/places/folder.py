"""Durable writes to a folder on a local disk."""

import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from glob import escape
from pathlib import Path
from shutil import copyfileobj
from tempfile import gettempdir
from typing import BinaryIO, NoReturn

from storage.errors import DiskFull, StorageError

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Error numbers of a full disk."""


def is_same_file(path: Path, fd: int) -> bool:
    """Return whether a path still names the file that is open as `fd`."""
    try:
        return os.path.samestat(path.stat(), os.fstat(fd))
    except FileNotFoundError:
        return False


@contextmanager
def lock_file(path: Path, flags: int = os.O_RDONLY) -> Iterator[int | None]:
    """Open and lock a file; None if another process has it, or another file took its place."""
    fd = os.open(path, flags | os.O_CLOEXEC, FILE_MODE)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield fd if is_same_file(path, fd) else None
    finally:
        os.close(fd)


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data`, with one write(2) unless the system takes less."""
    view = memoryview(data)
    while view:
        if not (count := os.write(fd, view)):
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
        raise DiskFull.create("disk-full", path=path) from problem
    reason, advice = problem.strerror or problem, "To diagnose it: newsarchive doctor"
    if not isinstance(problem, PermissionError) and not path.parent.exists():
        reason, advice = f"there is no folder {path.parent}", "Create or mount it, then run the same command again"
    raise StorageError.create("not-written", path=path, reason=reason, advice=advice) from problem


@contextmanager
def report_write_errors(path: Path) -> Iterator[None]:
    """Raise DiskFull or StorageError for a file that the block cannot write."""
    try:
        yield
    except OSError as problem:
        raise_write_error(path, problem)


# Write a file as a whole: readers and the next start find the old content or the new, never half of it.
#
#     NAME.1a2b3c4d.part --write--> fsync file --> rename to NAME --> fsync folder
#
# A process that is killed leaves at most a .part file; `remove_parts` deletes those.

PART = ".part"
FILE_MODE = 0o640
"""Mode of the archive's files, unless a umask is stricter."""


def open_private(path: str | Path, flags: int) -> int:
    """Open a file as `open` does, and create it for its owner and group alone."""
    return os.open(path, flags | os.O_CLOEXEC, FILE_MODE)


@contextmanager
def open_atomic(path: Path, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """Open a temporary file that takes the place of `path` if the block ends without an error, and is deleted if not.

    A symbolic link keeps pointing to its target, which is replaced. Permissions are `mode`, else those of the old file,
    else those of a new file of the archive. What is written to a device or a pipe is copied to it at the end, from a
    file of the temporary folder that nobody else can read.

    Raises:
        DiskFull, StorageError: The file cannot be written. The old file is unchanged.
        OSError: As raised in the block, where it does not concern the written file.
    """
    target, place, in_block = path.resolve(), path, False
    # Unique, so that two processes writing the same file do not write into each other's.
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}{PART}")
    try:
        if is_special := path.exists() and not (path.is_file() or path.is_dir()):  # nothing can take its place
            place, mode = Path(gettempdir()), 0o600
            part = place / part.name
        with open(part, "x+b", opener=partial(os.open, mode=FILE_MODE if mode is None else mode)) as file:
            with suppress(FileNotFoundError):
                os.fchmod(file.fileno(), target.stat().st_mode & 0o7777 if mode is None else mode)
            in_block = True
            yield file
            if is_special:
                file.seek(0)
                place = path
                with path.open("wb") as special:
                    copyfileobj(file, special)
                return
            in_block = False
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        sync_folder(target.parent)
    except OSError as problem:
        if not in_block or problem.errno in NO_SPACE or problem.filename in (str(part), str(path)):
            raise_write_error(place, problem)
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


# The id of a machine, in a file of the archive's folder.
#
# Host names are no ids: two machines that were made from one image have the same, and a container gets a new one with
# every start. The file goes where the folder goes, as do the WARC files that bear its id in their names.

FILE_NAME = "machine-id"
_ID = re.compile(r"[0-9a-f]{12}")


def load_machine_id(folder: Path) -> str:
    """Return the id in an archive's folder; "" if there is none yet."""
    with suppress(OSError, UnicodeDecodeError):
        text = (folder / FILE_NAME).read_text("ascii").strip()
        return text if _ID.fullmatch(text) else ""
    return ""


def ensure_machine_id(folder: Path) -> str:
    """Return the id in an archive's folder, and create it if there is none. DiskFull or StorageError if that fails."""
    if known := load_machine_id(folder):
        return known
    file = folder / FILE_NAME
    with report_write_errors(file), open(file, "ab", 0, opener=open_private) as out:
        fcntl.flock(out, fcntl.LOCK_EX)  # another process may have been faster
        if not load_machine_id(folder):
            out.truncate(0)
            write_all(out.fileno(), f"{secrets.token_hex(6)}\n".encode())
            os.fsync(out.fileno())
            sync_folder(folder)
    return load_machine_id(folder)
