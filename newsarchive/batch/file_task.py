"""A worker's task: read one WARC file, and store its readings in a folder that all machines see. It is idempotent."""

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from pickle import UnpicklingError
from typing import TypeAlias
from uuid import uuid4

from newsarchive.batch.executor import BatchExecutor, BatchTarget, open_executor
from newsarchive.batch.read_warc import ReadingSettings, read_items
from newsarchive.batch.readings_file import SUFFIX, ReadingsFile, dump, load, remove_readings, write_readings
from newsarchive.ingest.index_warcs import Item, WarcRange, WarcWalk, measure_file, read_capture
from newsarchive.ingest.pipeline import PageReader
from newsarchive.ingest.tasks import CaptureReading
from storage.errors import ArchiveError, DaskFailure, FileMissing, StorageError
from storage.model import ClosedWarc, CrawlRun, RecordPlace
from storage.places import Places, WarcFile
from storage.places.digests import HashingReader
from storage.places.folder import write_atomic
from storage.warc.check import FileReport, check_file
from storage.warc.reader import CaptureRecord, read_captures

SETTINGS_FILE = "settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTask:
    """One WARC file to read."""

    file: WarcFile
    start: int = 0
    """Offset of the first record to read."""
    folder: Path
    """Folder for the readings, which the worker and this machine both see."""

    @property
    def path(self) -> Path:
        """The file of the readings."""
        return self.folder / f"{self.file.name}.{self.start}{SUFFIX}"


def write_settings(folder: Path, settings: ReadingSettings) -> None:
    """Create the folder of a batch, with the settings that its tasks read."""
    with StorageError.replace_os_errors("scratch-not-created", folder=folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / SETTINGS_FILE, dump(settings))


def check_folder(folder: Path) -> str:
    """Return why this process cannot use the folder of a batch; "" if it can."""
    try:
        load_settings(folder)
    except FileNotFoundError:
        return f"does not see the folder {folder}"
    except (OSError, UnpicklingError) as problem:
        return f"cannot read in the folder {folder} ({problem})"
    return ""


@lru_cache(maxsize=4)
def load_settings(folder: Path) -> ReadingSettings:
    """Load the settings of a batch. The folder is named after them, so they never change."""
    settings: ReadingSettings = load((folder / SETTINGS_FILE).read_bytes())
    return settings


def read_warc_file(task: FileTask) -> str:
    """Read one file and store its readings, unless that is done. Returns why it cannot be read; "" if it was.

    Raises:
        DaskFailure: This process does not see the folders of the calling machine.
        StorageError: The readings cannot be written.
    """
    _require_access(task.folder, task.file)
    if is_done(task):
        return ""
    settings = load_settings(task.folder)
    try:
        fingerprint = file_fingerprint(task.file)
        with settings.open_reader() as reader:
            hashing = HashingReader(task.file)
            items = read_items(read_captures(hashing, task.start), settings, reader)
            write_readings(task.path, items, partial(measure_file, hashing), fingerprint=fingerprint)
    except (ArchiveError, OSError) as problem:
        if isinstance(problem, StorageError) and not isinstance(problem, FileMissing):
            raise
        return str(problem)
    return ""


def verify_file(file: WarcFile) -> FileReport:
    """Check one file, as `check_file` does; DaskFailure if this process does not see it."""
    if reason := _check_access(file):
        raise DaskFailure(f"a worker {reason}; nothing was changed. What workers need: newsarchive help batch")
    return check_file(file)


def is_done(task: FileTask) -> bool:
    """Return True if the file was read already and has not changed, by its size and fingerprint.

    A damaged file is read again: it may have been restored from a backup of the same size.
    """
    readings = ReadingsFile.open(task.path)
    if readings is None:
        return False
    readings.close()
    summary = readings.summary
    is_same = summary.file.size == task.file.size and summary.fingerprint == file_fingerprint(task.file)
    return summary.damage is None and is_same


def _require_access(folder: Path, file: WarcFile) -> None:
    if reason := check_folder(folder) or _check_access(file):
        raise DaskFailure(f"a worker {reason}; committed captures are safe. What workers need: newsarchive help batch")


def _check_access(file: WarcFile) -> str:
    """Return why a file that another machine listed cannot be found here; "" if it can."""
    try:
        file.open().close()
    except FileMissing:
        if file.is_remote or not file.places.folder.is_dir():
            return f"does not see {file.name}: {file.places.folder} does not exist"
        return f"does not see {file.name} in {file.places.folder}"
    except (ArchiveError, OSError):
        return ""  # reported when it is read
    return ""


# Walk over WARC files that workers read, a few files ahead of the one whose readings are being indexed.

log = logging.getLogger(__name__)

READINGS_TIMEOUT = 60
"""Seconds within which a file must appear that another machine wrote (nfs(5), acdirmax)."""


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
        readings = open_result(next(self._results), self._executor, self._tasks[part.file.name])
        if readings is None:
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


def open_result(result: str | None, executor: BatchExecutor, task: FileTask) -> ReadingsFile | None:
    """Open the readings that a worker wrote; None if workers could not read the file, and it is read here.

    Raises:
        DaskFailure: They did read it, and their readings are not on this machine.
    """
    if result != "":
        reason = result or f"several workers of {executor.name} ended while reading it"
        log.warning("%s is read here: %s", task.file.name, reason)
        return None
    # In a shared folder they may appear late.
    for attempt in range(READINGS_TIMEOUT + 1):
        if attempt:
            time.sleep(1)
        if readings := ReadingsFile.open(task.path):
            return readings
    raise DaskFailure.create("scratch-not-shared", executor=executor.name, file=task.file.name, path=task.path)


def make_folder_absolute(file: WarcFile) -> WarcFile:
    """Return the file with a path that does not depend on the current folder."""
    return replace(file, places=replace(file.places, folder=file.places.folder.absolute()))


def remove_scratch_folder(where: BatchTarget, scratch: Path) -> None:
    """Delete the archive's own scratch folder if only readings of former versions are left in it."""
    if where.scratch is None:
        with suppress(OSError):
            for folder in scratch.iterdir():
                if (folder / SETTINGS_FILE).exists() and check_folder(folder):
                    shutil.rmtree(folder)
            scratch.rmdir()


def remove_empty_batch_folder(folder: Path) -> None:
    """Delete the folder of a batch if it has no readings."""
    if not any(folder.glob(f"*{SUFFIX}")):
        with suppress(OSError):
            (folder / SETTINGS_FILE).unlink(missing_ok=True)
            folder.rmdir()


# Read stored captures again, wherever they are: chunk after chunk, in the order of the index.

CaptureReadings: TypeAlias = tuple[dict[RecordPlace, CaptureReading], list[CrawlRun]]
"""The readings of captures, without those that cannot be read, and the runs of their files."""
ChunkReader: TypeAlias = Callable[[Iterable[Sequence[RecordPlace]]], Iterator[CaptureReadings | None]]
"""Reads chunks of captures, and yields the result of each in order; None for one on which workers ended."""


@contextmanager
def open_chunk_reader(
    where: BatchTarget, scratch: Path, settings: ReadingSettings, places: Places, reader: PageReader
) -> Iterator[ChunkReader]:
    """Open a reader of chunks of captures, by the workers of a target or by the reader processes of this machine."""
    with open_executor(where) as executor:
        if not executor.is_remote:
            yield partial(executor.map, partial(read_captures_at, places=places, settings=settings, reader=reader))
            return
        folder = create_batch_folder((where.scratch or scratch).absolute(), settings, executor)
        read = partial(read_on_worker, places=replace(places, folder=places.folder.absolute()), folder=folder)
        # A missing file is reported when its captures are read here.
        known = {file.name for file in places.files()}
        yield lambda chunks: executor.map(read, ([each for each in chunk if each.warc in known] for chunk in chunks))
        remove_empty_batch_folder(folder)
    remove_scratch_folder(where, scratch)


def read_on_worker(chunk: Sequence[RecordPlace], places: Places, folder: Path) -> CaptureReadings:
    """Read captures with the settings of a batch; DaskFailure if this process does not see their files."""
    for name in {place.warc for place in chunk}:
        _require_access(folder, places.file(name))
    settings = load_settings(folder)
    with settings.open_reader() as reader:
        return read_captures_at(chunk, places, settings, reader)


def read_captures_at(
    chunk: Sequence[RecordPlace], places: Places, settings: ReadingSettings, reader: PageReader
) -> CaptureReadings:
    """Read the captures at these places."""
    runs: dict[str, CrawlRun] = {}

    def load_records() -> Iterator[CaptureRecord]:
        for place in chunk:
            found = None
            with suppress(ArchiveError, OSError):  # what is missing from the result is read again, and then reported
                found = read_capture(places.file(place.warc), place.offset, lambda run: runs.update({run.id: run}))
            if found:
                yield found

    readings = [item for item in read_items(load_records(), settings, reader) if isinstance(item, CaptureReading)]
    return {each.record.capture.place: each for each in readings}, list(runs.values())


def file_fingerprint(file: WarcFile) -> str:
    """Return a text that changes when the file's bytes do."""
    try:
        return f"{file.name} {file.places.stat(file.name).fingerprint}"
    except (ArchiveError, OSError):
        return f"{file.name} {uuid4()}"
