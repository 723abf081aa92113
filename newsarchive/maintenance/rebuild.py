"""Rebuild the index from the WARC files alone (law 1). After an interruption, the same command resumes."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from newsarchive.ingest.index_warcs import IndexingResult, WarcRange, WarcWalk, index_warcs
from newsarchive.ingest.pipeline import Ingestor
from newsarchive.maintenance.recover import repair_open_files, unindexed_ranges
from storage.callbacks import ProgressCallback
from storage.errors import ArchiveBusy, StorageError
from storage.index import Index
from storage.index.queries.status import list_warc_files
from storage.places import Places, WarcFile
from storage.places.atomic_write import replace_durably, write_atomic
from storage.places.digests import HashingReader
from storage.places.file_names import other_machine

SQLITE = "sqlite:///"
RESUME_WITHIN = timedelta(days=7)
"""An interrupted rebuild is resumed within this time after its last heartbeat."""
HEARTBEAT = 60.0
"""Seconds between heartbeats."""

OpenIngestor = Callable[[Index], AbstractContextManager[tuple[Ingestor, WarcWalk]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeMarker:
    """A file that exists while a rebuild runs, and records its parameters, start and last heartbeat."""

    path: Path
    parameters: Mapping[str, str]
    """A rebuild resumes an interrupted one only if their parameters are equal."""
    now: Callable[[], datetime]

    def is_valid(self) -> bool:
        """Return True if an interrupted rebuild can be resumed."""
        return self.get_start() is not None

    def get_start(self) -> datetime | None:
        """Return the start of the interrupted rebuild; None if there is none to resume."""
        try:
            stored = json.loads(self.path.read_text("utf-8"))
            heartbeat = datetime.fromisoformat(stored["heartbeat_at"])
            if stored["parameters"] == self.parameters and self.now() - heartbeat < RESUME_WITHIN:
                return datetime.fromisoformat(stored["started_at"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def write(self) -> None:
        """Write the file with a new heartbeat. DiskFull or StorageError if that fails."""
        now = self.now()
        state = {
            "parameters": self.parameters,
            "started_at": (self.get_start() or now).isoformat(),
            "heartbeat_at": now.isoformat(),
        }
        write_atomic(self.path, json.dumps(state))

    def remove(self) -> None:
        """Delete the file: there is nothing to resume."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """One rebuild of an archive's index. No other process may have the old index open for writing."""

    places: Places
    url: str
    """SQLAlchemy's URL of the index."""
    open_ingestor: OpenIngestor
    marker: ResumeMarker

    def run(self, progress: ProgressCallback, *, afresh: bool, forget: bool = False) -> IndexingResult:
        """Index every WARC file of the archive into an empty index, and replace the index at `url` by it.

        An SQLite index serves readers until the new one is complete.

        Args:
            progress: Called with bytes.
            afresh: Start from the beginning, even if an interrupted rebuild could be resumed.
            forget: Rebuild without the files of other machines that are not here.

        Raises:
            BucketUnreachable, BucketRefused: Files of the bucket cannot be read; the index would be incomplete.
            StorageError: Files of other machines are not here.
            ArchiveBusy: A crawl is running.
        """
        repair_open_files(self.places.folder)
        files = self.places.files()
        busy = [file.name for file in files if file.is_open]
        if busy:
            raise ArchiveBusy(
                f"a crawl is writing {busy[0]}; the index was not changed. When the crawl has ended, run: "
                "newsarchive rebuild"
            )
        if afresh:
            self.marker.remove()
        if self.url.startswith(SQLITE):
            return self._rebuild_file(Path(self.url.removeprefix(SQLITE)), files, progress)
        index = Index.open(self.url, accept_outdated=True)
        try:
            if not forget and not self.marker.is_valid():
                require_all_files(index, files)
            result = self._fill(index, files, progress)
        finally:
            index.close()
        self.marker.remove()
        return result

    def _rebuild_file(self, file: Path, files: Sequence[WarcFile], progress: ProgressCallback) -> IndexingResult:
        fresh = file.with_name(file.name + ".rebuilding")
        if not self.marker.is_valid():
            _remove_database(fresh)
        index = Index.open(f"{SQLITE}{fresh}")
        try:
            result = self._fill(index, files, progress)
        finally:
            index.close()
        _remove_log(file)
        replace_durably(fresh, file)
        self.marker.remove()
        return result

    def _fill(self, index: Index, files: Sequence[WarcFile], progress: ProgressCallback) -> IndexingResult:
        since = self.marker.get_start()
        resumes = since is not None and _matches_files(index, files, since)
        if not resumes:
            # The marker is written after the old rows are deleted: else a resumed rebuild would take them for its own.
            self.marker.remove()
            index.reset()
        self.marker.write()
        ranges = unindexed_ranges(self.places, index) if resumes else [WarcRange(file=file) for file in files]
        with self.open_ingestor(index) as (ingestor, walk):
            result = index_warcs(ranges, self.places, index, ingestor, self._with_heartbeat(progress), walk)
        return replace(result, went_on=resumes)

    def _with_heartbeat(self, progress: ProgressCallback) -> ProgressCallback:
        """Return a callback that also writes the marker now and then."""
        due = time.monotonic() + HEARTBEAT

        def report(done: int, total: int, item: str) -> None:
            nonlocal due
            progress(done, total, item)
            if time.monotonic() > due:
                self.marker.write()
                due = time.monotonic() + HEARTBEAT

        return report


def require_all_files(index: Index, files: Sequence[WarcFile]) -> None:
    """Raise StorageError if the index has files of other machines that are not among these."""
    here = {file.name for file in files}
    missing = [
        file
        for file in index.read(list_warc_files)
        if file.name not in here and file.captures and other_machine(file.name)
    ]
    if missing:
        captures = sum(file.captures for file in missing)
        raise StorageError(
            f"{len(missing):,} WARC files of other machines are not on this one, such as {missing[0].name}; the index "
            f"was not changed, as the new one would lack their {captures:,} captures. Copy the files here, or upload "
            "all to one bucket (newsarchive help bucket). If they are lost: newsarchive rebuild --forget"
        )


def _matches_files(index: Index, files: Sequence[WarcFile], since: datetime) -> bool:
    """Return True if all files in an index are among these and have not changed since.

    Sizes are compared, and digests of files modified after `since`; files of a bucket never change.
    """
    here = {file.name: file for file in files}
    for known in index.read(list_warc_files):
        file = here.get(known.name)
        if file is None:
            return False
        if known.state != "closed":
            continue
        if known.size != file.size or (
            _is_newer(file, since) and HashingReader(file).size_and_sha256()[1] != known.sha256
        ):
            return False
    return True


def _is_newer(file: WarcFile, since: datetime) -> bool:
    # One second less: some file systems round times.
    return file.is_local and file.places.stat(file.name).modified_at > since - timedelta(seconds=1)


def _remove_database(file: Path) -> None:
    file.unlink(missing_ok=True)
    _remove_log(file)


def _remove_log(file: Path) -> None:
    """Delete an SQLite file's write-ahead log, which must not outlive its database."""
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
