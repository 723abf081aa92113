"""Walk over WARC files that workers read, a few files ahead of the one whose readings are being indexed."""

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from newsarchive.batch.executor import BatchExecutor, BatchTarget, open_executor
from newsarchive.batch.file_task import SETTINGS_FILE, FileTask, check_folder, read_warc_file, write_settings
from newsarchive.batch.reading_settings import ReadingSettings
from newsarchive.batch.readings_file import SUFFIX, ReadingsFile, remove_readings
from newsarchive.ingest.index_warcs import Item, WarcRange, WarcWalk
from storage.errors import DaskFailure
from storage.model import ClosedWarc
from storage.places import WarcFile

log = logging.getLogger(__name__)

READINGS_TIMEOUT = 60
"""Seconds within which a file must appear that another machine wrote (nfs(5), acdirmax)."""
FORMER_SETTINGS_FILE = "terms"
"""SETTINGS_FILE of batches before format 3."""


class ReadAheadWalk(WarcWalk):
    """A walk over files that workers read. A file that they cannot read is read in this process."""

    def __init__(self, executor: BatchExecutor, scratch: Path, build_settings: Callable[[], ReadingSettings]) -> None:
        super().__init__()
        self._executor = executor
        self._scratch = scratch.absolute()
        self._build_settings = build_settings
        self._results: Iterator[str | None] = iter(())
        self._tasks: dict[str, FileTask] = {}
        self._closed: dict[str, ClosedWarc] = {}
        self._folders: set[Path] = set()

    def begin(self, ranges: Sequence[WarcRange], report_status: Callable[[str], None]) -> None:
        """Submit the first files."""
        folder = create_batch_folder(self._scratch, self._build_settings(), self._executor)
        self._folders.add(folder)
        self._tasks = {
            part.file.name: FileTask(file=make_folder_absolute(part.file), start=part.start, folder=folder)
            for part in ranges
        }
        self._results = self._executor.map(read_warc_file, self._tasks.values(), report_status)

    def items(self, part: WarcRange) -> Iterator[Item]:
        """Yield the readings of a range; ranges must come in the order of `begin`."""
        task = self._tasks[part.file.name]
        result = next(self._results)
        readings = wait_for_readings(task.path) if result == "" else None
        if readings is None:
            log.warning("%s is read here: %s", part.file.name, result or failure_reason(result, self._executor, task))
            yield from super().items(part)
            return
        with closing(readings):
            self._closed[part.file.name] = readings.summary.file
            yield from readings.items()

    def measure(self, part: WarcRange) -> ClosedWarc:
        """Return size and digest as measured by the worker."""
        return self._closed.pop(part.file.name, None) or super().measure(part)

    def mark_committed(self, part: WarcRange) -> None:
        """Delete the readings of a range."""
        remove_readings(self._tasks[part.file.name].path)

    def close(self) -> None:
        """Delete the folders of the batch, except those with readings for the next start."""
        for folder in self._folders:
            remove_empty_batch_folder(folder)


@contextmanager
def open_walk(where: BatchTarget, scratch: Path, build_settings: Callable[[], ReadingSettings]) -> Iterator[WarcWalk]:
    """Open a walk by the workers of a target, or in this process if it has none."""
    if where.dask is None:
        yield WarcWalk()
        return
    with open_executor(where) as executor:
        with closing(ReadAheadWalk(executor, where.scratch or scratch, build_settings)) as walk:
            yield walk
        remove_scratch_folder(where, scratch)


def create_batch_folder(scratch: Path, settings: ReadingSettings, executor: BatchExecutor) -> Path:
    """Create the folder of a batch; DaskFailure if a worker does not see it."""
    folder = scratch / settings.cache_key
    write_settings(folder, settings)
    executor.check_workers(check_folder, folder)
    return folder


def wait_for_readings(path: Path) -> ReadingsFile | None:
    """Open the readings that a worker wrote: in a shared folder they may appear late."""
    for _ in range(READINGS_TIMEOUT):
        if readings := ReadingsFile.open(path):
            return readings
        time.sleep(1)
    return ReadingsFile.open(path)


def make_folder_absolute(file: WarcFile) -> WarcFile:
    """Return the file with a path that does not depend on the current folder."""
    return replace(file, places=replace(file.places, folder=file.places.folder.absolute()))


def failure_reason(result: str | None, executor: BatchExecutor, task: FileTask) -> str:
    """Return why workers did not read a file; DaskFailure if they did and their readings are not here."""
    if result is None:
        return f"several workers of {executor.name} ended while reading it"
    if result:
        return result
    raise DaskFailure(
        f"{executor.name} has read {task.file.name}, but {task.path} is not on this machine; committed captures are "
        "safe. Choose a folder that this machine and all workers see under the same path with --scratch "
        "(newsarchive help batch)"
    )


def remove_scratch_folder(where: BatchTarget, scratch: Path) -> None:
    """Delete the archive's own scratch folder if only readings of former versions are left in it."""
    if where.scratch is None:
        with suppress(OSError):
            for folder in scratch.iterdir():
                if (folder / FORMER_SETTINGS_FILE).exists() or (
                    (folder / SETTINGS_FILE).exists() and check_folder(folder)
                ):
                    shutil.rmtree(folder)
            scratch.rmdir()


def remove_empty_batch_folder(folder: Path) -> None:
    """Delete the folder of a batch if it has no readings."""
    if not any(folder.glob(f"*{SUFFIX}")):
        with suppress(OSError):
            (folder / SETTINGS_FILE).unlink(missing_ok=True)
            folder.rmdir()
