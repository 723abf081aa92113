"""What a worker does: read one WARC file, and leave what it says in the folder that all see. Done, it stays done."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from pickle import UnpicklingError

from newsarchive.batch.checked import key_of
from newsarchive.batch.nouns import dumped, loaded
from newsarchive.batch.reading import read_items, readers
from newsarchive.batch.readings import SUFFIX, Readings, write
from newsarchive.batch.terms import Terms
from newsarchive.ingest.index_warcs import closed_file
from storage.errors import ArchiveError, DaskFailure, FileMissing, StorageError
from storage.places import WarcFile
from storage.places.hashing_reader import Measured
from storage.warc.check import FileReport, check_file
from storage.warc.reader import Kept, RunBegan, RunEnded, kept

TERMS = "terms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One file to read."""

    file: WarcFile
    start: int = 0
    """Where to begin."""
    into: Path
    """Folder that the worker and the one who asks both see."""
    wanted: frozenset[int] | None = None
    """Offsets of the captures that are to be read; None: all of them."""

    @property
    def path(self) -> Path:
        """Where what it says is to stand."""
        return self.into / f"{self.file.name}.{self.start}{SUFFIX}"


def lay_out(into: Path, terms: Terms) -> None:
    """Make the folder of a batch, with what its tasks have to know."""
    try:
        into.mkdir(parents=True, exist_ok=True)
        part = into / f"{TERMS}.part"
        part.write_bytes(dumped(terms))
        part.replace(into / TERMS)
    except OSError as problem:
        raise StorageError(
            f"{into} cannot be written ({problem.strerror}); nothing was read. Name a folder that can be, and that all "
            "workers see, with --scratch"
        ) from problem


def blind(into: Path) -> str:
    """Tell what keeps this process from seeing the folder of a batch; "" where nothing does."""
    try:
        _terms(into / TERMS)
    except FileNotFoundError:
        return f"does not see the folder {into}"
    except (OSError, UnpicklingError, AttributeError, ImportError) as problem:
        return f"cannot read in the folder {into} ({problem})"
    return ""


def read_file(job: Job) -> str:
    """Read one file, unless that is done. Returns why it cannot be read; "" where what it says stands at its path.

    Raises:
        DaskFailure: This process sees other folders than the one that asks.
        StorageError: What the file says cannot be written.
    """
    if lack := blind(job.into) or _lack(job.file):
        raise DaskFailure(f"a worker {lack}; what was committed is whole. What workers need: docs/batch.md")
    if is_done(job):
        return ""
    terms = _terms(job.into / TERMS)
    try:
        key = key_of(job.file)
        with readers(terms) as own:
            measured = Measured(job.file)
            items = read_items(_walk(job, measured), terms, own)
            write(job.path, items, lambda: closed_file(measured), key=key, part=job.wanted is not None)
    except StorageError as problem:
        if isinstance(problem, FileMissing):
            return str(problem)
        raise StorageError(str(problem)) from None  # a plain one: others do not survive the way back
    except (ArchiveError, OSError) as problem:
        return str(problem)
    return ""


def check(file: WarcFile) -> FileReport:
    """Check one file, as `check_file` does; DaskFailure where this process does not see it."""
    if lack := _lack(file):
        raise DaskFailure(f"a worker {lack}; nothing was changed. What workers need: docs/batch.md")
    return check_file(file)


def is_done(job: Job) -> bool:
    """Tell whether that is read already, and the file is what it was then, by its size and by when it was written.

    A damaged one is read again: it may have been put back from a copy, which has the same size.
    """
    found = Readings.open(job.path)
    if found is None:
        return False
    found.close()
    contents = found.contents
    covers = not contents.part if job.wanted is None else job.wanted <= contents.places.keys() or not contents.part
    is_same = contents.closed.size == job.file.size and contents.key == key_of(job.file)
    return covers and contents.damage is None and is_same


def _lack(file: WarcFile) -> str:
    """Tell whether a file that was listed elsewhere is not to be seen from here."""
    try:
        file.open().close()
    except FileMissing:
        if file.is_remote or not file.places.folder.is_dir():
            return f"does not see {file.name}: {file.places.folder} is not there"
        return f"does not see {file.name} in {file.places.folder}"
    except (ArchiveError, OSError):
        return ""  # whoever reads it tells more
    return ""


def _walk(job: Job, measured: Measured) -> Iterator[Kept | RunBegan | RunEnded]:
    for item in kept(measured, job.start):
        if job.wanted is None or not isinstance(item, Kept) or item.capture.place.offset in job.wanted:
            yield item


@lru_cache(maxsize=4)
def _terms(path: Path) -> Terms:
    # The folder is named after what stands in it.
    terms: Terms = loaded(path.read_bytes())
    return terms
