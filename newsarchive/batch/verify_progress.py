"""Progress of `verify`, so that the next one resumes an interrupted one within a day.

A file of JSON lines, one for each checked WARC file: time, fingerprint, and the report as zlib(pickle) in base64. It
exists only while a verify runs, and after one that was interrupted.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from pickle import UnpicklingError
from typing import BinaryIO
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
    """Reports of files that were checked lately, by the fingerprints of the files."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._path = path
        self._now = now
        self._offsets: dict[str, int] = {}
        """Offsets of the reports in the file."""
        self._file: BinaryIO | None = None
        self.reused = 0
        """Files that were not checked again."""

    def get(self, key: str) -> FileReport | None:
        """Return the report of a file that has not changed since, or None."""
        offset = self._offsets.get(key)
        if offset is None:
            return None
        try:
            with self._path.open("rb") as file:
                file.seek(offset)
                stored = json.loads(file.readline())
            if stored["file"] != key:  # another verify has replaced the file meanwhile
                return None
            report: FileReport = load(zlib.decompress(b64decode(stored["report"])))
        except (OSError, ValueError, KeyError, TypeError, zlib.error, UnpicklingError):
            return None
        self.reused += 1
        return report

    def save(self, key: str, report: FileReport) -> None:
        """Store a report. Errors are ignored: they cost only time.

        A report with problems is not stored: the file may be repaired, or the disk or bucket available, by the next
        time.
        """
        if report.problems:
            return
        packed = b64encode(zlib.compress(dump(report), 1)).decode()
        line = {"file": key, "at": self._now().isoformat(), "by": _WRITER, "report": packed}
        with suppress(OSError):
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("ab")
            self._file.write(b"\n" + json.dumps(line).encode() + b"\n")
            self._file.flush()

    def load(self) -> None:
        """Read the stored reports that are recent and of this version."""
        oldest = self._now() - VALID_FOR
        with suppress(OSError), self._path.open("rb") as file:
            offset = 0
            for line in file:
                # The last line may be incomplete.
                with suppress(ValueError, KeyError, TypeError):
                    stored = json.loads(line)
                    if stored["by"] == _WRITER and datetime.fromisoformat(stored["at"]) >= oldest:
                        self._offsets[stored["file"]] = offset
                offset += len(line)

    def close(self, *, complete: bool) -> None:
        """Close the file; delete it if all files were checked."""
        with suppress(OSError):
            if self._file:
                self._file.close()
            if complete:
                self._path.unlink(missing_ok=True)
                self._path.parent.rmdir()


def file_fingerprint(file: WarcFile) -> str:
    """Return a text that changes when the file's bytes do."""
    try:
        return f"{file.name} {file.places.stat(file.name).fingerprint}"
    except (ArchiveError, OSError):
        return f"{file.name} {uuid4()}"


@contextmanager
def open_verify_progress(path: Path, now: Callable[[], datetime], *, restart: bool) -> Iterator[VerifyProgress]:
    """Open the stored progress; with `restart`, delete it first."""
    progress = VerifyProgress(path, now)
    if not restart:
        progress.load()
    else:
        with suppress(OSError):
            path.unlink()
    complete = False
    try:
        yield progress
        complete = True
    finally:
        progress.close(complete=complete)
