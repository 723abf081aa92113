"""Progress of `verify`, so that the next one resumes an interrupted one within a day.

An SQLite file with a row for each checked WARC file: fingerprint, time, and the report as zlib(pickle). It exists only
while a verify runs, and after one that was interrupted.
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from pickle import UnpicklingError
from uuid import uuid4

from newsarchive.batch.readings_file import FORMAT, dump, load
from newsarchive.version import VERSION
from storage.errors import ArchiveError
from storage.places import WarcFile
from storage.warc.check import FileReport

VALID_FOR = timedelta(days=1)
"""How long a check counts: damage by the disk since then would not be noticed."""
_WRITER = f"{VERSION}/{FORMAT}"


class VerifyProgress:
    """Reports of files checked lately, by their fingerprints. Errors of its file are ignored: they cost only time."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._now = now
        self.reused: set[str] = set()
        """Names of files that were not checked again."""
        self._file: sqlite3.Connection | None = None
        with suppress(OSError, sqlite3.Error):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, isolation_level=None)
            self._file.execute("CREATE TABLE IF NOT EXISTS checked (file PRIMARY KEY, at, writer, report)")

    def get(self, key: str) -> FileReport | None:
        """Return the report of a file that has not changed since, or None."""
        if self._file is None:
            return None
        wanted = (key, _WRITER, (self._now() - VALID_FOR).timestamp())
        try:
            rows = self._file.execute("SELECT report FROM checked WHERE file = ? AND writer = ? AND at >= ?", wanted)
            report: FileReport | None = next((load(zlib.decompress(packed)) for (packed,) in rows), None)
        except (sqlite3.Error, zlib.error, UnpicklingError):
            return None
        self.reused.update([report.name] if report else [])
        return report

    def save(self, key: str, report: FileReport) -> None:
        """Store a report without problems: with some, the file may be repaired or available by the next time."""
        if self._file is None or report.problems:
            return
        row = (key, self._now().timestamp(), _WRITER, zlib.compress(dump(report), 1))
        with suppress(sqlite3.Error):
            self._file.execute("INSERT OR REPLACE INTO checked VALUES (?, ?, ?, ?)", row)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def file_fingerprint(file: WarcFile) -> str:
    """Return a text that changes when the file's bytes do."""
    try:
        return f"{file.name} {file.places.stat(file.name).fingerprint}"
    except (ArchiveError, OSError):
        return f"{file.name} {uuid4()}"


@contextmanager
def open_verify_progress(path: Path, now: Callable[[], datetime], *, restart: bool) -> Iterator[VerifyProgress]:
    """Open the stored progress, and delete it once all files were checked; with `restart`, delete it first."""
    if restart:
        with suppress(OSError):
            path.unlink()
    with closing(VerifyProgress(path, now)) as progress:
        yield progress
    with suppress(OSError):
        path.unlink(missing_ok=True)
        path.parent.rmdir()
