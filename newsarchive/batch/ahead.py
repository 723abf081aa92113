"""Walks over WARC files that others read: some files ahead of the one whose readings are taken in."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from newsarchive.batch.executor import Hands, Where, hands
from newsarchive.batch.readings import SUFFIX, Readings, remove
from newsarchive.batch.task import TERMS, Job, blind, lay_out, read_file
from newsarchive.batch.terms import Terms
from newsarchive.ingest.index_warcs import Here, Item, Stretch, Walk
from storage.errors import DaskFailure
from storage.places import WarcFile
from storage.warc.writer import ClosedFile

log = logging.getLogger(__name__)

LATE = 60
"""Seconds after which a file must show that is there on another machine (nfs(5), acdirmax)."""


class Ahead(Here):
    """A Walk over files that others read. One that they cannot read is read here after all."""

    def __init__(self, own: Hands, scratch: Path, terms: Callable[[], Terms]) -> None:
        super().__init__()
        self._hands = own
        self._scratch = scratch.absolute()
        self._terms = terms
        self._answers: Iterator[str | None] = iter(())
        self._jobs: dict[str, Job] = {}
        self._closed: dict[str, ClosedFile] = {}
        self._folders: set[Path] = set()

    def begin(self, stretches: Sequence[Stretch], tell: Callable[[str], None]) -> None:
        """Have the first files read."""
        into = folder_of(self._scratch, self._terms(), self._hands)
        self._folders.add(into)
        self._jobs = {
            stretch.file.name: Job(file=seen_from_all(stretch.file), start=stretch.start, into=into)
            for stretch in stretches
        }
        self._answers = self._hands.each(read_file, self._jobs.values(), tell)

    def items(self, stretch: Stretch) -> Iterator[Item]:
        """What a file says: it is the next one that was named to `begin`."""
        job = self._jobs[stretch.file.name]
        why = next(self._answers)
        readings = awaited(job.path) if why == "" else None
        if readings is None:
            log.warning("%s is read here: %s", stretch.file.name, why or said_of(why, self._hands, job))
            yield from super().items(stretch)
            return
        with closing(readings):
            self._closed[stretch.file.name] = readings.contents.closed
            yield from readings.items()

    def closed(self, stretch: Stretch) -> ClosedFile:
        """As it was measured when it was read."""
        return self._closed.pop(stretch.file.name, None) or super().closed(stretch)

    def forget(self, stretch: Stretch) -> None:
        """What it said is in the index."""
        remove(self._jobs[stretch.file.name].path)

    def close(self) -> None:
        """Remove what is left, but for readings that a next start will take."""
        for folder in self._folders:
            clear(folder)


@contextmanager
def walking(where: Where, scratch: Path, terms: Callable[[], Terms]) -> Iterator[Walk]:
    """A Walk by those who work there."""
    if where.dask is None:
        yield Here()
        return
    with hands(where) as own:
        with closing(Ahead(own, where.scratch or scratch, terms)) as ahead:
            yield ahead
        tidy(where, scratch)


def folder_of(scratch: Path, terms: Terms, own: Hands) -> Path:
    """Make the folder of a batch; DaskFailure where not all who work see it."""
    into = scratch / terms.key
    lay_out(into, terms)
    own.ask_all(blind, into)
    return into


def awaited(path: Path) -> Readings | None:
    """Open what a worker says it has written: a shared folder may be late in showing it."""
    for _ in range(LATE):
        if readings := Readings.open(path):
            return readings
        time.sleep(1)
    return Readings.open(path)


def seen_from_all(file: WarcFile) -> WarcFile:
    """The file by a path that does not depend on the process's own folder."""
    return replace(file, places=replace(file.places, folder=file.places.folder.absolute()))


def said_of(why: str | None, own: Hands, job: Job) -> str:
    """Why a file is not read by others."""
    if why is None:
        return f"workers of {own.called} died over it"
    if why:
        return why
    raise DaskFailure(
        f"{own.called} has read {job.file.name}, and {job.path} is not here; what was committed is whole. Name a "
        "folder that this machine and all workers see under the same path with --scratch (docs/batch.md)"
    )


def tidy(where: Where, scratch: Path) -> None:
    """Remove the archive's own folder for this where nothing is left in it."""
    if where.scratch is None:
        with suppress(OSError):
            scratch.rmdir()


def clear(folder: Path) -> None:
    """Remove the folder of a batch if it holds no readings."""
    if not any(folder.glob(f"*{SUFFIX}")):
        with suppress(OSError):
            (folder / TERMS).unlink(missing_ok=True)
            folder.rmdir()
