"""Upload closed WARC files to the bucket, and delete local copies after their time in the folder.

The work is derived from the files: a closed file of the folder that was not verified in the bucket is uploaded, now or
by the next run. A crash therefore loses nothing, and no queue has to be stored.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from newsarchive.config.units import humanize_size
from storage.callbacks import ProgressCallback, ignore_progress
from storage.errors import BucketRefused, BucketUnreachable, BytesDiffer, ConfigError, IndexFailure, StorageError
from storage.places import Bucket, Places, WarcFile
from storage.places.file_names import owning_machine
from storage.places.transfer import BucketTransfer, UploadLog

log = logging.getLogger(__name__)

RETRY_AFTER = 30.0
"""Seconds that a running crawl waits after a bucket was unreachable or refused access."""


@dataclass(slots=True, kw_only=True)
class UploadResult:
    """Files that were uploaded and freed, and those that were not."""

    uploaded: list[str] = field(default_factory=list)
    freed: list[str] = field(default_factory=list)
    """Files that were deleted from the folder, as they are in the bucket."""
    waiting: int = 0
    """Number of files still to be uploaded."""
    problems: list[str] = field(default_factory=list)


def files_to_upload(places: Places) -> tuple[WarcFile, ...]:
    """Return the closed files of the folder that were not verified in the bucket. Sends no request."""
    if places.bucket is None:
        return ()
    logged = UploadLog(places.folder, places.bucket.url).read()
    closed = (file for file in places.local_files() if not file.is_open)
    return tuple(file for file in closed if file.name not in logged or logged[file.name].size != file.size)


def describe_waiting(files: tuple[WarcFile, ...]) -> str:
    """Return a sentence about the files that wait to be uploaded."""
    size = humanize_size(sum(file.size for file in files))
    what = f"{len(files):,} WARC files ({size}) wait" if len(files) != 1 else f"1 WARC file ({size}) waits"
    return f"{what} to be uploaded"


def _report_each(files: list[WarcFile], progress: ProgressCallback) -> Iterator[WarcFile]:
    """Yield files, and report the bytes of those before."""
    total, done = sum(file.size for file in files), 0
    for file in files:
        progress(done, total, file.name)
        yield file
        done += file.size
    progress(total, total, "")


@contextmanager
def _note_problem(file: WarcFile, problems: list[str], consequence: str) -> Iterator[None]:
    """Note what is wrong with one file, and continue with the next one."""
    try:
        yield
    except BytesDiffer as problem:
        problems.append(str(problem))
    except OSError as error:
        problems.append(f"{file.name} cannot be read ({error.strerror}){consequence}. To check it: newsarchive verify")


def upload_files(
    places: Places, load_digests: Callable[[], Mapping[str, str]], *, keep: timedelta | None, now: datetime,
    progress: ProgressCallback = ignore_progress,
) -> UploadResult:  # fmt: skip
    """Upload waiting files, then delete local copies that were last written `keep` ago (None: none).

    `load_digests` returns the sha256 of closed files, by name, from the index. Progress is reported in bytes. Errors of
    the bucket or disk are reported in the result, never raised.
    """
    done = UploadResult()
    if places.bucket is None:
        return done
    transfer = BucketTransfer(places.folder, places.bucket, places.chain)
    try:
        # Files that were in the bucket and are missing there, or differ, are uploaded again.
        in_bucket = {stored.name: stored.size for stored in places.bucket.list_files()}
        missing = {name for name, file in transfer.log.read().items() if in_bucket.get(name) != file.size}
        wanted = missing | {file.name for file in files_to_upload(places)}
        files = [file for file in places.local_files() if not file.is_open and file.name in wanted]
        digests: Mapping[str, str] = {}
        with suppress(IndexFailure):  # without the index, folder and bucket are still compared
            digests = load_digests() if files else {}
        for file in _report_each(files, progress):
            with _note_problem(file, done.problems, " and was not uploaded"):
                if transfer.upload(file.name, digests.get(file.name)):
                    done.uploaded.append(file.name)
        if keep is not None:
            _free_files(places, transfer, now, keep, done)
        places.upload_chain()
    except StorageError as problem:
        # The next file would fail in the same way, after as long a wait.
        done.problems.append(str(problem))
    left = files_to_upload(places)
    done.waiting = len(left)
    if left and done.problems:
        waiting = describe_waiting(left)
        done.problems.append(f"{waiting}; the next crawl uploads them, or now: newsarchive bucket --upload")
    return done


def _free_files(places: Places, transfer: BucketTransfer, now: datetime, keep: timedelta, done: UploadResult) -> None:
    logged = transfer.log.read()
    for file in places.local_files():
        entry = None if file.is_open else logged.get(file.name)
        if entry and now - datetime.fromtimestamp(entry.written_ns / 1e9, tz=UTC) >= keep:
            with _note_problem(file, done.problems, " and stays in the folder"):
                if transfer.remove_local(file.name, entry):
                    done.freed.append(file.name)


class BackgroundUploader:
    """Uploads the files of a running crawl in a thread, each when it is closed."""

    def __init__(self, places: Places, keep: timedelta | None = None) -> None:
        self._transfer = BucketTransfer(places.folder, places.bucket, places.chain) if places.bucket else None
        # With keep_local = "0s" files are deleted at once, so that a crawl of days does not fill the disk.
        self._frees_at_once = keep == timedelta()
        self._names: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.skips_rest = False
        """True: what is not uploaded yet is left to the next run."""
        self._retry_at = 0.0

    def add(self, name: str, sha256: str) -> None:
        """Queue a closed file whose captures are in the index."""
        if self._transfer is None:
            return
        self._names.put((name, sha256))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="uploads", daemon=True)
            self._thread.start()

    def finish(self, rest: Callable[[], UploadResult]) -> list[str]:
        """Wait for the upload in progress, then upload the rest, and what failed in the thread. Return the problems."""
        if self.skips_rest:
            return []
        if self._thread is not None:
            self._names.put(None)
            self._thread.join()
            self._thread = None
        return rest().problems

    def _work(self) -> None:
        while (taken := self._names.get()) is not None:
            # Otherwise each file would wait for the unreachable bucket, and the end of the crawl for all of them.
            if time.monotonic() < self._retry_at:
                continue
            assert self._transfer is not None
            try:
                if self._transfer.upload(*taken) and self._frees_at_once:
                    self._transfer.remove_local(taken[0])
            except (StorageError, OSError) as problem:
                if isinstance(problem, BucketUnreachable | BucketRefused):
                    self._retry_at = time.monotonic() + RETRY_AFTER
                log.info("%s is uploaded later: %s", taken[0], problem)
            except Exception:
                log.exception("%s is uploaded later", taken[0])


# Locate the WARC files of an archive, and relocate all of them to the folder or to the bucket.


class FileLocation(StrEnum):
    """The location of a WARC file."""

    OPEN = "open"
    """In the folder, being written."""
    FOLDER = "folder"
    """In the folder only."""
    BOTH = "both"
    """In folder and bucket."""
    BUCKET = "bucket"
    """In the bucket only."""
    ELSEWHERE = "elsewhere"
    """In the folder of another machine, open or not uploaded yet."""
    MISSING = "missing"
    """In the index, but nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedFile:
    """A WARC file, its location and state."""

    name: str
    size: int
    """Bytes; 0 if it is missing and was never closed."""
    where: FileLocation
    waits: bool = False
    """True if it waits to be uploaded."""
    problem: str = ""
    """Description of its problem; "" if none was found."""


def locate_files(places: Places, known: Mapping[str, int], now: datetime) -> Iterator[LocatedFile]:
    """Yield the files of the archive by name; `known` has sizes of files in the index, 0 for open ones.

    BucketUnreachable or BucketRefused if the bucket cannot be listed.
    """
    files = {file.name: file for file in places.files()}
    to_upload = {file.name for file in files_to_upload(places)}
    for name in sorted(files.keys() | known.keys()):
        file = files.get(name)
        if file is None and places.bucket and owning_machine(name, now, places.machine, bucket=True, shared=False):
            yield LocatedFile(name=name, size=known[name], where=FileLocation.ELSEWHERE)
            continue
        if file is None:
            problem = "it is in the index, but neither in the folder nor in the bucket. For details: newsarchive verify"
            yield LocatedFile(name=name, size=known[name], where=FileLocation.MISSING, problem=problem)
            continue
        sizes = {file.size, file.size if file.bucket_size is None else file.bucket_size, known.get(name) or file.size}
        differ = f"sizes differ ({', '.join(map(str, sorted(sizes)))}). For details: newsarchive verify"
        problem = differ if len(sizes) > 1 and not file.is_open else ""
        where = FileLocation.BOTH if file.is_remote else FileLocation.FOLDER
        where = FileLocation.OPEN if file.is_open else where if file.is_local else FileLocation.BUCKET
        yield LocatedFile(name=name, size=file.size, where=where, waits=name in to_upload, problem=problem)


@dataclass(slots=True, kw_only=True)
class RelocationResult:
    """Files that were relocated. Running the command again relocates the others."""

    carried: list[str] = field(default_factory=list)
    """Files that were copied to the target."""
    removed: list[str] = field(default_factory=list)
    """Files that were deleted from the other place."""
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocation:
    """Relocation of all closed files to the folder or bucket. Copies are compared before originals are deleted."""

    places: Places
    digests: Mapping[str, str]
    """sha256 of closed files from the index, by name."""
    remove: bool
    """Delete each file at the other place when its copy is verified."""
    progress: ProgressCallback = ignore_progress

    def to_bucket(self) -> RelocationResult:
        """Upload all files. An unreachable bucket ends it; the next start resumes."""
        transfer = BucketTransfer(self.places.folder, require_bucket(self.places), self.places.chain)
        logged = transfer.log.read()
        files = [file for file in self.places.files() if file.is_local and not file.is_open]
        to_upload = {file.name for file in files_to_upload(self.places)}

        def step(file: WarcFile, moved: RelocationResult) -> None:
            is_uploaded = file.is_remote and file.name not in to_upload
            if not is_uploaded and transfer.upload(file.name, self.digests.get(file.name)):
                moved.carried.append(file.name)
            # The log as read above spares reading it again for every file; only a new upload is looked up.
            if self.remove and transfer.remove_local(file.name, logged.get(file.name) if is_uploaded else None):
                moved.removed.append(file.name)

        return self._relocate(files, step)

    def to_folder(self) -> RelocationResult:
        """Download files that the folder lacks. An unreachable bucket or full disk ends it; the next start resumes."""
        transfer = BucketTransfer(self.places.folder, require_bucket(self.places), self.places.chain)
        known = {**{name: each.sha256 for name, each in transfer.log.read().items()}, **self.digests}

        def step(file: WarcFile, moved: RelocationResult) -> None:
            if not file.is_local and transfer.download(file.name, known.get(file.name)):
                moved.carried.append(file.name)
            if self.remove and transfer.remove_remote(file.name):
                moved.removed.append(file.name)

        return self._relocate([file for file in self.places.files() if file.is_remote], step)

    def _relocate(self, files: list[WarcFile], step: Callable[[WarcFile, RelocationResult], None]) -> RelocationResult:
        moved = RelocationResult()
        for file in _report_each(files, self.progress):
            with _note_problem(file, moved.problems, "; it stays where it is"):
                step(file, moved)
        return moved


def require_bucket(places: Places) -> Bucket:
    """Return the bucket of an archive; ConfigError if it has none."""
    if places.bucket is None:
        raise ConfigError.create("no-bucket")
    return places.bucket
