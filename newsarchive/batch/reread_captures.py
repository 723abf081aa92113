"""Read stored captures again on a cluster: all are read first, then looked up by the places of their records."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from newsarchive.batch.executor import BatchExecutor, BatchTarget, open_executor
from newsarchive.batch.file_task import FileTask, read_warc_file
from newsarchive.batch.read_ahead import (
    create_batch_folder,
    failure_reason,
    make_folder_absolute,
    remove_empty_batch_folder,
    remove_scratch_folder,
    wait_for_readings,
)
from newsarchive.batch.reading_settings import ReadingSettings
from newsarchive.batch.readings_file import ReadingsFile, remove_readings
from newsarchive.ingest.tasks import CaptureReading
from storage.callbacks import ProgressCallback
from storage.model import CrawlRun, RecordPlace
from storage.places import Places

log = logging.getLogger(__name__)

MAX_OPEN_FILES = 128
"""Files of readings kept open."""


@dataclass(slots=True)
class _OpenFile:
    readings: ReadingsFile
    runs_registered: bool = False


@contextmanager
def open_batch_readings(
    where: BatchTarget,
    scratch: Path,
    settings: ReadingSettings,
    places: Places,
    wanted: Iterable[RecordPlace],
    progress: ProgressCallback,
) -> Iterator["BatchReadings | None"]:
    """Read captures on the workers of a target; yield None if it has none, and captures are read one by one here."""
    if where.dask is None:
        yield None
        return
    with open_executor(where) as executor:
        folder = create_batch_folder((where.scratch or scratch).absolute(), settings, executor)
        batch = BatchReadings(executor, _build_tasks(folder, places, wanted))
        try:
            batch.wait_until_read(progress)
            yield batch
        finally:
            batch.close()
        batch.delete_files()
    remove_scratch_folder(where, scratch)


def _build_tasks(folder: Path, places: Places, wanted: Iterable[RecordPlace]) -> dict[str, FileTask]:
    offsets: dict[str, set[int]] = {}
    for place in wanted:
        offsets.setdefault(place.warc, set()).add(place.offset)
    return {
        file.name: FileTask(file=make_folder_absolute(file), folder=folder, offsets=frozenset(offsets[file.name]))
        for file in places.files()
        if file.name in offsets  # a missing file is reported when its captures are read
    }


class BatchReadings:
    """Readings of captures, by the places of their records."""

    def __init__(self, executor: BatchExecutor, tasks: dict[str, FileTask]) -> None:
        self._executor = executor
        self._tasks = tasks
        self._open: OrderedDict[str, _OpenFile] = OrderedDict()

    def wait_until_read(self, progress: ProgressCallback) -> None:
        """Wait until all files are read. Progress is reported in files."""
        total = len(self._tasks)
        done = 0

        def report(status: str) -> None:
            progress(done, total, status)

        tasks = list(self._tasks.values())
        for task, result in zip(tasks, self._executor.map(read_warc_file, tasks, report), strict=True):
            done += 1
            report(f"{task.file.name}, read by {self._executor.name}")
            if result == "" and (readings := wait_for_readings(task.path)):
                readings.close()
                continue
            log.warning("%s is read here: %s", task.file.name, result or failure_reason(result, self._executor, task))
            del self._tasks[task.file.name]

    def get(self, place: RecordPlace, register_run: Callable[[CrawlRun], object]) -> CaptureReading | None:
        """Return the reading of the capture at a place, or None; `register_run` is called for each run of its file."""
        task = self._tasks.get(place.warc)
        opened = self._open_file(task) if task else None
        if opened is None:
            return None
        if not opened.runs_registered:
            opened.runs_registered = True
            for started in opened.readings.summary.runs:
                register_run(started.run)
        return opened.readings.reading_at(place.offset)

    def close(self) -> None:
        """Close the open files."""
        while self._open:
            self._open.popitem()[1].readings.close()

    def delete_files(self) -> None:
        """Delete the readings, which are all in the index."""
        self.close()
        for task in self._tasks.values():
            remove_readings(task.path)
        for folder in {task.folder for task in self._tasks.values()}:
            remove_empty_batch_folder(folder)

    def _open_file(self, task: FileTask) -> _OpenFile | None:
        name = task.file.name
        if name not in self._open:
            readings = ReadingsFile.open(task.path)
            if readings is None:
                return None
            self._open[name] = _OpenFile(readings)
            if len(self._open) > MAX_OPEN_FILES:
                self._open.popitem(last=False)[1].readings.close()
        self._open.move_to_end(name)
        return self._open[name]
