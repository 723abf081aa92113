"""The index made anew from the WARC files alone (law 1). Broken off, the same command goes on where it was."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from newsarchive.ingest.index_warcs import Progress, ReadBack, Report, Stretch, Walk, read_back
from newsarchive.ingest.pipeline import Ingestor
from newsarchive.maintenance.recover import mend_all, unread
from storage.errors import ArchiveBusy, StorageError
from storage.index import Index
from storage.places import Places, WarcFile, refused
from storage.places.hashing_reader import Measured
from storage.places.other_machines import other_machine

SQLITE = "sqlite:///"
LASTS = timedelta(days=7)
"""So long after its last sign of life a rebuild that was broken off is gone on with."""
EVERY = 60.0
"""Seconds between signs of life."""

Into = Callable[[Index], AbstractContextManager[tuple[Ingestor, Walk]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A file that is there while a rebuild is under way, and says which."""

    path: Path
    said: Mapping[str, str]
    """What another one must have in common with this one, to go on where this one is broken off."""
    now: Callable[[], datetime]

    def stands(self) -> bool:
        """Tell whether such a rebuild was broken off, not too long ago."""
        return self.since() is not None

    def since(self) -> datetime | None:
        """When the rebuild began that was broken off; None where there is none to go on with."""
        try:
            told = json.loads(self.path.read_text("utf-8"))
            if told["said"] == self.said and self.now() - datetime.fromisoformat(told["alive"]) < LASTS:
                return datetime.fromisoformat(told["since"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def set(self) -> None:
        """Say that it goes on. StorageError where that cannot be written."""
        part = self.path.with_name(f"{self.path.name}.part")
        alive = self.now()
        told = {"said": self.said, "since": (self.since() or alive).isoformat(), "alive": alive.isoformat()}
        try:
            part.write_text(json.dumps(told), "utf-8")
            part.replace(self.path)
        except OSError as problem:
            refused(self.path, problem)

    def remove(self) -> None:
        """There is nothing to go on with."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """One rebuild of an archive's index. Nobody may have the old index open for writing."""

    places: Places
    url: str
    """SQLAlchemy's, of the index."""
    into: Into
    mark: Mark

    def run(self, report: Report, *, afresh: bool, forget: bool = False) -> ReadBack:
        """Read every WARC file of the archive into an empty index, and put that in the place of the one at `url`.

        SQLite: the old one serves readers until the new one is whole. BucketUnreachable or BucketRefused where some of
        the files cannot be had: an index of the others would be no index. So it is where other machines that share the
        index have files that are not here: StorageError, unless they are to be forgotten.
        """
        mend_all(self.places.folder)
        files = self.places.files()
        busy = [file.name for file in files if file.is_open]
        if busy:
            raise ArchiveBusy(
                f"a crawl is writing {busy[0]}; the index was not touched. Wait for it to end, then: "
                "newsarchive rebuild"
            )
        if afresh:
            self.mark.remove()
        if self.url.startswith(SQLITE):
            return self._beside(Path(self.url.removeprefix(SQLITE)), files, report)
        index = Index.open(self.url)
        try:
            if not forget and not self.mark.stands():
                demand_all(index, files)
            result = self._fill(index, files, report)
        finally:
            index.close()
        self.mark.remove()
        return result

    def _beside(self, file: Path, files: Sequence[WarcFile], report: Report) -> ReadBack:
        fresh = file.with_name(file.name + ".rebuilding")
        if not self.mark.stands():
            _remove(fresh)
        index = Index.open(f"{SQLITE}{fresh}")
        try:
            result = self._fill(index, files, report)
        finally:
            index.close()
        _remove(file, but_for=file)
        fresh.replace(file)
        self.mark.remove()
        return result

    def _fill(self, index: Index, files: Sequence[WarcFile], report: Report) -> ReadBack:
        since = self.mark.since()
        goes_on = since is not None and _is_part(index, files, since)
        if not goes_on:
            # Not before the old rows are gone does the mark stand: else they would be taken for new ones.
            self.mark.remove()
            index.reset()
        self.mark.set()
        stretches = unread(self.places, index) if goes_on else [Stretch(file=file) for file in files]
        with self.into(index) as (ingestor, walk):
            result = read_back(stretches, self.places, index, ingestor, self._alive(report), walk)
        return replace(result, went_on=goes_on)

    def _alive(self, report: Report) -> Report:
        """Have the mark set anew now and then."""
        due = time.monotonic() + EVERY

        def also(progress: Progress) -> None:
            nonlocal due
            report(progress)
            if time.monotonic() > due:
                self.mark.set()
                due = time.monotonic() + EVERY

        return also


def demand_all(index: Index, files: Sequence[WarcFile]) -> None:
    """StorageError where the index knows files that another machine wrote and that are not among these."""
    here = {file.name for file in files}
    missing = [
        file for file in index.warc_files() if file.name not in here and file.captures and other_machine(file.name)
    ]
    if missing:
        captures = sum(file.captures for file in missing)
        raise StorageError(
            f"{len(missing):,} WARC files of other machines are not here, such as {missing[0].name}; the index was not "
            f"touched, as a new one would not know of their {captures:,} captures. Bring them here, or all into one "
            "bucket (newsarchive places); if they are lost for good: newsarchive rebuild --forget"
        )


def _is_part(index: Index, files: Sequence[WarcFile], since: datetime) -> bool:
    """Tell whether all that an index has of WARC files is of these, as they are now.

    Their sizes tell, and the bytes of those that were written to `since` then; a bucket's never are.
    """
    here = {file.name: file for file in files}
    for known in index.warc_files():
        file = here.get(known.name)
        if file is None:
            return False
        if known.state != "closed":
            continue
        if known.size != file.size or (_is_newer(file, since) and Measured(file).measure()[1] != known.sha256):
            return False
    return True


def _is_newer(file: WarcFile, since: datetime) -> bool:
    # A second for file systems that round times.
    return file.is_local and file.places.look(file.name).changed > since - timedelta(seconds=1)


def _remove(file: Path, *, but_for: Path | None = None) -> None:
    """Remove an SQLite file and the two beside it: a write-ahead log must not outlive its database."""
    for name in (file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm")):
        if name != but_for:
            name.unlink(missing_ok=True)
