"""What stored captures say to those who read them again elsewhere: all is read first, then looked up by its place."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from newsarchive.batch.ahead import awaited, clear, folder_of, said_of, seen_from_all, tidy
from newsarchive.batch.executor import Hands, Where, hands
from newsarchive.batch.readings import Readings, remove
from newsarchive.batch.task import Job, read_file
from newsarchive.batch.terms import Terms
from newsarchive.ingest.tasks import KeptRead
from storage.model import CrawlRun, RecordPlace
from storage.places import Places

log = logging.getLogger(__name__)

OPEN_AT_ONCE = 128
"""Files of readings that are held open."""

Tell = Callable[[int, int, str], None]


@dataclass(slots=True)
class _Opened:
    readings: Readings
    told: bool = False


@contextmanager
def reading_again(
    where: Where, scratch: Path, terms: Terms, places: Places, wanted: Iterable[RecordPlace], report: Tell
) -> Iterator["Again | None"]:
    """Have captures read by those who work there; None where that is this process, which reads them as it goes."""
    if where.dask is None:
        yield None
        return
    with hands(where) as own:
        into = folder_of((where.scratch or scratch).absolute(), terms, own)
        again = Again(own, _jobs(into, places, wanted))
        try:
            again.wait(report)
            yield again
        finally:
            again.close()
        again.forget()
    tidy(where, scratch)


def _jobs(into: Path, places: Places, wanted: Iterable[RecordPlace]) -> dict[str, Job]:
    offsets: dict[str, set[int]] = {}
    for place in wanted:
        offsets.setdefault(place.warc, set()).add(place.offset)
    return {
        file.name: Job(file=seen_from_all(file), into=into, wanted=frozenset(offsets[file.name]))
        for file in places.files()
        if file.name in offsets  # one that is nowhere is told of when its captures' turn comes
    }


class Again:
    """Readings of captures, by where their records lie."""

    def __init__(self, own: Hands, jobs: dict[str, Job]) -> None:
        self._hands = own
        self._jobs = jobs
        self._open: OrderedDict[str, _Opened] = OrderedDict()

    def wait(self, report: Tell) -> None:
        """Have all of it read."""
        total = len(self._jobs)

        def tell(what: str) -> None:
            report(done, total, what)

        done = 0
        jobs = list(self._jobs.values())
        for job, why in zip(jobs, self._hands.each(read_file, jobs, tell), strict=True):
            done += 1
            report(done, total, f"{job.file.name}, read by {self._hands.called}")
            if why == "" and (readings := awaited(job.path)):
                readings.close()
                continue
            log.warning("%s is read here: %s", job.file.name, why or said_of(why, self._hands, job))
            del self._jobs[job.file.name]

    def of(self, place: RecordPlace, begin: Callable[[CrawlRun], None]) -> KeptRead | None:
        """What the capture there says; None where it was not read. `begin` is told of its file's runs, once."""
        job = self._jobs.get(place.warc)
        opened = self._opened(job) if job else None
        if opened is None:
            return None
        if not opened.told:
            opened.told = True
            for began in opened.readings.contents.runs:
                begin(began.run)
        return opened.readings.at(place.offset)

    def close(self) -> None:
        """Let go of what is open."""
        while self._open:
            self._open.popitem()[1].readings.close()

    def forget(self) -> None:
        """All of it is in the index."""
        self.close()
        for job in self._jobs.values():
            remove(job.path)
        for folder in {job.into for job in self._jobs.values()}:
            clear(folder)

    def _opened(self, job: Job) -> _Opened | None:
        name = job.file.name
        if name not in self._open:
            readings = Readings.open(job.path)
            if readings is None:
                return None
            self._open[name] = _Opened(readings)
            if len(self._open) > OPEN_AT_ONCE:
                self._open.popitem(last=False)[1].readings.close()
        self._open.move_to_end(name)
        return self._open[name]
