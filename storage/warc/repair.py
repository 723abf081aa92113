"""After a crash: cut a file's torn tail, close it, and keep aside what was cut.

NAME.warc.gz.open  -->  NAME.warc.gz                whole exchanges only
NAME.warc.gz.torn-OFFSET    the bytes that were cut, if any

Only the end is cut. Damage further ahead, with whole exchanges behind it, stays where it is: the index points to what
stands behind it, and `newsarchive verify` names it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.errors import StorageError
from storage.places import is_same_file, refused, sync_folder, warc_name
from storage.warc.reader import is_of_file, passed_over, records


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What was done to a file."""

    name: str
    """Its name now; where nothing of it was whole, the name it would have had."""
    end: int
    """Bytes that are kept; 0 where nothing was whole, and the file is gone."""
    cut: int
    """Bytes that were cut off the end."""
    aside: str | None
    """Name of the file that holds them; None where nothing was cut."""

    def __str__(self) -> str:
        """Say it in a line for the log."""
        if self.cut:
            return f"{self.name} was torn by a crash; its last {self.cut} bytes are in {self.aside} now"
        if not self.end:
            return f"{self.name} was left empty by a crash, and is gone now"
        return f"{self.name} was left open by a crash; it is whole, and closed now"


def mend(path: Path) -> Mended | None:
    """Mend one file that was left open. None where somebody is writing it, or it is not there any more.

    DiskFull or StorageError where what is cut cannot be kept aside; the file is then as it was.
    """
    try:
        with _locked(path) as fd:
            return None if fd is None else _mend(path, fd)
    except FileNotFoundError:
        return None
    except OSError as problem:
        refused(path, problem)


def whole_until(path: Path) -> int:
    """Return where the last whole exchange of a file ends.

    The writer names on the capture all that it writes with it, so an exchange that lost its end shows; one that lost
    its capture shows by what names a capture that did not come.
    """
    end = 0
    info: str | None = None
    waiting: set[str] = set()
    for record in records(path, damage=passed_over):
        if end == 0:
            info = record.id if record.type == "warcinfo" else record.get("WARC-Warcinfo-ID")
        elif not is_of_file(record, info):
            continue
        if record.type in ("response", "revisit"):
            waiting = {other.strip("<> ") for other in record.get_all("WARC-Concurrent-To")}
        elif record.get("WARC-Concurrent-To") is not None:
            if record.id not in waiting:
                continue
            waiting.discard(record.id)
        else:
            waiting = set()
        if not waiting:
            end = record.place.offset + record.place.length
    return end


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield fd if is_same_file(path, fd) else None
    finally:
        os.close(fd)


def _mend(path: Path, fd: int) -> Mended:
    final = path.with_name(warc_name(path))
    if final.exists():
        raise StorageError(
            f"{path} was left open by a crash, and {final.name} is there too; nothing was changed, and the open "
            "file is not read. Move one of the two out of the folder, then run: newsarchive verify --repair"
        )
    end, size = whole_until(path), os.fstat(fd).st_size
    aside = None
    if end < size:
        aside = final.with_name(f"{final.name}.torn-{end}")
        _copy_tail(fd, end, size, aside)
        sync_folder(path.parent)
        os.ftruncate(fd, end)
    os.fsync(fd)
    if end:
        path.rename(final)
    else:
        path.unlink()
    sync_folder(path.parent)
    return Mended(name=final.name, end=end, cut=size - end, aside=aside.name if aside else None)


def _copy_tail(fd: int, start: int, end: int, to: Path) -> None:
    try:
        with to.open("wb") as torn:
            os.lseek(fd, start, os.SEEK_SET)
            left = end - start
            while left > 0 and (piece := os.read(fd, min(left, 1 << 20))):
                torn.write(piece)
                left -= len(piece)
            torn.flush()
            os.fsync(torn.fileno())
    except OSError:
        to.unlink(missing_ok=True)
        raise
