"""After a crash: cut a file's torn tail, close it, and keep aside what was cut.

NAME.warc.gz.open  -->  NAME.warc.gz                whole exchanges only
NAME.warc.gz.torn-OFFSET    the bytes that were cut, if any
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.errors import WarcError
from storage.warc.reader import records
from storage.warc.record import Record
from storage.warc.writer import OPEN, sync_folder


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
        if not self.cut:
            return f"{self.name} was left open by a crash; it is whole, and closed now"
        return f"{self.name} was torn by a crash; its last {self.cut} bytes are in {self.aside} now"


def mend(path: Path) -> Mended | None:
    """Mend one file that was left open. None where somebody is writing it, or it is not there any more."""
    try:
        with _locked(path) as fd:
            return None if fd is None else _mend(path, fd)
    except FileNotFoundError:
        return None


def whole_until(path: Path) -> int:
    """Return where the last whole exchange of a file ends."""
    end = 0
    waiting: dict[str, int] = {}
    begun = 0
    try:
        for record in records(path):
            if not waiting:
                begun = record.place.offset
            _await(record, waiting)
            if not waiting:
                end = record.place.offset + record.place.length
    except WarcError:
        pass  # the tear that is looked for
    return begun if waiting else end


def _await(record: Record, waiting: dict[str, int]) -> None:
    """Keep the list of records that were announced by an exchange and have not come yet.

    The writer names on the capture all that it writes with it, so a group that lost its end shows.
    """
    waiting.pop(record.id, None)
    if record.type in ("response", "revisit"):
        waiting.clear()
        waiting.update((other.strip("<> "), record.place.offset) for other in record.get_all("WARC-Concurrent-To"))


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield fd
    finally:
        os.close(fd)


def _mend(path: Path, fd: int) -> Mended:
    final = path.with_name(path.name.removesuffix(OPEN))
    end, size = whole_until(path), path.stat().st_size
    aside = None
    if end < size:
        aside = final.with_name(f"{final.name}.torn-{end}")
        _copy_tail(fd, end, size, aside)
        os.ftruncate(fd, end)
    os.fsync(fd)
    if end:
        path.rename(final)
    else:
        path.unlink()
    sync_folder(path.parent)
    return Mended(name=final.name, end=end, cut=size - end, aside=aside.name if aside else None)


def _copy_tail(fd: int, start: int, end: int, to: Path) -> None:
    with to.open("wb") as torn:
        os.lseek(fd, start, os.SEEK_SET)
        left = end - start
        while left > 0 and (piece := os.read(fd, min(left, 1 << 20))):
            torn.write(piece)
            left -= len(piece)
        torn.flush()
        os.fsync(torn.fileno())
