"""A worker's task: read one WARC file, and store its readings in a folder that all machines see. It is idempotent."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from pickle import UnpicklingError

from newsarchive.batch.read_warc import borrow_reader, read_items
from newsarchive.batch.reading_settings import ReadingSettings
from newsarchive.batch.readings_file import SUFFIX, ReadingsFile, write_readings
from newsarchive.batch.serialization import dump, load
from newsarchive.batch.verify_progress import file_fingerprint
from newsarchive.ingest.index_warcs import measure_file
from storage.errors import ArchiveError, DaskFailure, FileMissing, StorageError
from storage.places import WarcFile
from storage.places.atomic_write import write_atomic
from storage.places.digests import HashingReader
from storage.warc.check import FileReport, check_file
from storage.warc.reader import CaptureRecord, RunEnded, RunStarted, read_captures

SETTINGS_FILE = "settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTask:
    """One WARC file to read."""

    file: WarcFile
    start: int = 0
    """Offset of the first record to read."""
    folder: Path
    """Folder for the readings, which the worker and this machine both see."""
    offsets: frozenset[int] | None = None
    """Offsets of the captures to read; None for all."""

    @property
    def path(self) -> Path:
        """The file of the readings."""
        return self.folder / f"{self.file.name}.{self.start}{SUFFIX}"


def write_settings(folder: Path, settings: ReadingSettings) -> None:
    """Create the folder of a batch, with the settings that its tasks read."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise StorageError(
            f"{folder} cannot be created ({problem.strerror}); nothing was read. Choose a folder that all workers can "
            "write to with --scratch"
        ) from problem
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
    if reason := check_folder(task.folder) or _check_access(task.file):
        raise DaskFailure(f"a worker {reason}; committed captures are safe. What workers need: newsarchive help batch")
    if is_done(task):
        return ""
    settings = load_settings(task.folder)
    try:
        fingerprint = file_fingerprint(task.file)
        with borrow_reader(settings) as reader:
            hashing = HashingReader(task.file)
            items = read_items(_read_records(task, hashing), settings, reader)
            write_readings(
                task.path,
                items,
                lambda: measure_file(hashing),
                fingerprint=fingerprint,
                is_partial=task.offsets is not None,
            )
    except StorageError as problem:
        if isinstance(problem, FileMissing):
            return str(problem)
        raise StorageError(str(problem)) from None  # its subclasses cannot be unpickled by the caller
    except (ArchiveError, OSError) as problem:
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
    covers = not summary.is_partial or (task.offsets is not None and task.offsets <= summary.offsets.keys())
    is_same = summary.file.size == task.file.size and summary.fingerprint == file_fingerprint(task.file)
    return covers and summary.damage is None and is_same


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


def _read_records(task: FileTask, reader: HashingReader) -> Iterator[CaptureRecord | RunStarted | RunEnded]:
    for item in read_captures(reader, task.start):
        if task.offsets is None or not isinstance(item, CaptureRecord) or item.capture.place.offset in task.offsets:
            yield item
