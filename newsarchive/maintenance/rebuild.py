"""Rebuild the index from the WARC files alone (law 1), or transfer it to another database, with its schedule.

After an interruption, the same command resumes a rebuild, and begins a transfer again.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from newsarchive.config.schema import Config
from newsarchive.config.toml_file import index_url, write_setting
from newsarchive.ingest.index_warcs import IndexingResult, WarcRange, WarcWalk, index_warcs
from newsarchive.ingest.pipeline import Ingestor
from newsarchive.locks.site_locks import lock_sites
from newsarchive.maintenance.recover import reopen_changed_files, repair_open_files, unindexed_ranges
from storage.callbacks import ProgressCallback, ignore_progress, utc_now
from storage.errors import ArchiveBusy, ArchiveError, CapturesLost, ConfigError, FilesLost, LostFile
from storage.index import Index
from storage.index.maintenance.known_files import KnownWarcFile, load_known_files
from storage.index.maintenance.replace_index import Replacement, prepare_replacement
from storage.index.maintenance.transfer import TransferResult, transfer_index
from storage.index.queries.status import count_captures_and_versions, list_warc_files
from storage.index_address import sqlite_file
from storage.places import Places, WarcFile
from storage.places.digests import HashingReader
from storage.places.file_names import find_machine_id, other_machine
from storage.places.folder import write_atomic

MARKER = "rebuild.json"
"""File in the archive's folder that exists while a rebuild runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeMarker:
    """A file that exists while a rebuild runs, and records its parameters and start."""

    path: Path
    parameters: Mapping[str, str]
    """A rebuild resumes an interrupted one only if their parameters are equal."""

    def get_start(self) -> datetime | None:
        """Return the start of the interrupted rebuild; None if there is none to resume."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            stored = json.loads(self.path.read_text("utf-8"))
            if stored["parameters"] == self.parameters:
                return datetime.fromisoformat(stored["started_at"])
        return None

    def write(self) -> None:
        """Write the file, with the start of what it resumes. DiskFull or StorageError if that fails."""
        started_at = (self.get_start() or utc_now()).isoformat()
        write_atomic(self.path, json.dumps({"parameters": self.parameters, "started_at": started_at}))

    def remove(self) -> None:
        """Delete the file: there is nothing to resume."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildResult:
    """Counts and errors of a rebuild, and the contents of the new index."""

    files: int
    """WARC files of the archive."""
    captures: int
    """Captures that were read; if it was resumed, without those that the interrupted rebuild had read."""
    versions: int
    """Article versions of those."""
    total_captures: int
    total_versions: int
    """Contents of the new index."""
    problems: tuple[str, ...] = ()
    """Damage, by file and offset. Records before and after it were indexed."""
    resumed: bool = False
    """True if an interrupted rebuild was resumed."""
    lost: tuple[LostFile, ...] = ()
    """Files of which the old index had captures that the new one lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """One rebuild of an archive's index. No other process may write to the old index."""

    places: Places
    url: str
    """SQLAlchemy's URL of the index."""
    open_ingestor: Callable[[Index], AbstractContextManager[tuple[Ingestor, WarcWalk]]]
    marker: ResumeMarker

    def run(self, progress: ProgressCallback, *, restart: bool, forget: bool = False) -> RebuildResult:
        """Index every WARC file of the archive into a new index, and replace the one at `url` by it.

        Readers have the old index until the new one is complete, also if this process is killed. `restart`: even if an
        interrupted rebuild could be resumed. `forget`: even if the old index knows captures that cannot be read.

        Raises:
            BucketUnreachable, BucketRefused: Files of the bucket cannot be read; the index would be incomplete.
            CapturesLost: The new index would lack captures that the old one knows.
            ArchiveBusy: A crawl is running.
        """
        repair_open_files(self.places)
        files = self.places.files()
        require_no_writer(files, "rebuild")
        known = load_known_files(self.url)
        lost = find_missing_files(known, files, self.places)
        if lost and not forget:
            raise CapturesLost(lost, str(self.places.folder))
        replacement = prepare_replacement(self.url)
        replacement.check()
        if restart:
            self.marker.remove()
        if self.marker.get_start() is None:
            replacement.clear()
        accepted = {file.name for file in known or () if file.is_closed}
        unknown = set() if forget else {file.name for file in files} - accepted
        try:
            result = self._fill(replacement, files, unknown, progress)
        except BaseException:
            if self.marker.get_start() is None:  # nothing that could be resumed, as where the disk is full
                with suppress(ArchiveError):
                    replacement.clear()
            raise
        lost = lost or find_unread_files(known, load_known_files(replacement.address))
        if lost and not forget:
            # The new index stays, so that the next rebuild resumes with nothing left to read.
            raise CapturesLost(lost, str(self.places.folder))
        replacement.swap()
        self.marker.remove()
        return replace(result, lost=lost)

    def _fill(
        self, replacement: Replacement, files: Sequence[WarcFile], unknown: Collection[str], progress: ProgressCallback
    ) -> RebuildResult:
        """Index all files; those that the old index did not know may have been changed before they were read."""
        with closing(Index.open(replacement.address)) as index:
            since = self.marker.get_start()
            resumes = since is not None and _matches_files(index, files, since)
            if not resumes:
                self.marker.remove()
                index.reset()
            read = self._index_files(index, [] if resumes else files, progress)
            # What a rebuild that is resumed still lacks, and files that an import brought meanwhile.
            rest = self._index_files(index, None, progress)
            reopen_changed_files(self.places, index, unknown)
            captures, versions = index.read(count_captures_and_versions)
        return RebuildResult(
            files=len(files),
            captures=read.captures + rest.captures,
            versions=read.versions + rest.versions,
            total_captures=captures,
            total_versions=versions,
            problems=(*read.problems, *rest.problems),
            resumed=resumes,
        )

    def _index_files(
        self, index: Index, files: Sequence[WarcFile] | None, progress: ProgressCallback
    ) -> IndexingResult:
        """Index whole files; None: what the index lacks."""
        ranges = unindexed_ranges(self.places, index) if files is None else [WarcRange(file=file) for file in files]
        if not ranges:
            return IndexingResult(files=0, captures=0, versions=0)
        with self.open_ingestor(index) as (ingestor, walk):
            # Written after old rows are deleted, which a resumed rebuild would take for its own, and after workers are
            # connected: a rebuild that could not start is none to resume.
            self.marker.write()
            return index_warcs(ranges, self.places, ingestor, progress, walk)


def require_no_writer(files: Iterable[WarcFile], command: str) -> None:
    """Raise ArchiveBusy, for a command, if one of the WARC files is being written."""
    if busy := next((file.name for file in files if file.is_open), None):
        raise ArchiveBusy.create("file-being-written", busy=busy, command=command)


def _matches_files(index: Index, files: Sequence[WarcFile], since: datetime) -> bool:
    """Return True if all files in an index are among these and have not changed since.

    Sizes are compared, and digests of files modified after `since`; files of a bucket never change.
    """
    here = {file.name: file for file in files}
    for known in index.read(list_warc_files):
        if (file := here.get(known.name)) is None:
            return False
        if known.state != "closed":
            continue
        # One second less: some file systems round times.
        is_newer = file.is_local and file.places.stat(file.name).modified_at > since - timedelta(seconds=1)
        if known.size != file.size or (is_newer and HashingReader(file).size_and_sha256()[1] != known.sha256):
            return False
    return True


def find_missing_files(
    known: Sequence[KnownWarcFile] | None, files: Sequence[WarcFile], places: Places
) -> tuple[LostFile, ...]:
    """Return the files of an index that are in no place, or shorter than they were.

    Where there is no WARC file at all, an index that cannot be read (None) counts as a missing file.
    """
    if known is None:
        return () if files else (LostFile(name="all files of the index, which cannot be read,", reason="missing"),)
    sizes, reasons = {file.name: file.size for file in files}, dict[str, str]()
    for file in known:
        size = sizes.get(file.name)
        # A file that was opened and never written is nowhere, and holds nothing.
        if size is None and (file.is_closed or file.captures):
            machine = other_machine(file.name, places.machine)
            reasons[file.name] = f"written by {machine}" if machine else "missing"
        elif size is not None and size < file.end:
            reasons[file.name] = f"{size:,} bytes long instead of {file.end:,}"
    lost = [(file, reasons[file.name]) for file in known if file.name in reasons]
    return tuple(LostFile(name=file.name, captures=file.captures, reason=reason) for file, reason in lost)


def require_warc_files(places: Places, index: str) -> None:
    """Raise FilesLost if the folder has no WARC file, and the index at that URL knows some that should be there.

    As where its disk is not mounted: what is written then would begin a second archive, with a chain of its own.
    """
    if any(places.folder.glob("*.warc*")) or (places.bucket and places.chain.path.exists()):
        return  # a folder whose files are all in the bucket still has the chain
    known = load_known_files(index) or ()
    if sqlite_file(index) is None:  # other machines have folders of their own
        known = tuple(file for file in known if find_machine_id(file.name) == places.machine)
    if known and (lost := find_missing_files(known, places.files(), places)):
        raise FilesLost(folder=places.folder, files=len(lost), captures=sum(file.captures for file in lost))


def find_unread_files(
    known: Sequence[KnownWarcFile] | None, rebuilt: Sequence[KnownWarcFile] | None
) -> tuple[LostFile, ...]:
    """Return the files of which a new index has fewer captures than the old one, if it has fewer in all."""
    old, new = ({file.name: file.captures for file in files or ()} for files in (known, rebuilt))
    # A capture that two files hold is counted in the one that was read first.
    if sum(new.values()) >= sum(old.values()):
        return ()
    fewer = {name: captures - new.get(name, 0) for name, captures in sorted(old.items())}
    return tuple(LostFile(name=name, captures=count, reason="damaged") for name, count in fewer.items() if count > 0)


def transfer_archive_index(
    config: Config, to: str, *, switch: bool = False, progress: ProgressCallback = ignore_progress
) -> TransferResult:
    """Copy the index to a database named as in newsarchive.toml; with `switch`, write its name into that file.

    ArchiveBusy if a crawl is running; none can start until the transfer is done.
    """
    target = index_url(to, config.folder)
    if target == config.index:
        raise ConfigError.create("same-index", to=to or "index.sqlite3")
    with lock_sites(config, "migrate-index"):
        transferred = transfer_index(config.index, target, progress)
        if switch:
            write_setting(config.folder, "index", to, target)
    return transferred
