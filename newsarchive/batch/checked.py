"""What a verify that was broken off had checked: the next one goes on from there, within a day.

A file of lines, one for each WARC file that was checked: when, which bytes it had, and the report as zlib(pickle) in
base64. It is there only while a verify runs, and after one that was broken off.
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

from newsarchive.batch.nouns import dumped, loaded
from newsarchive.version import VERSION
from storage.errors import ArchiveError
from storage.places import WarcFile
from storage.warc.check import FileReport

LASTS = timedelta(days=1)
"""So long a check counts: what a disk did to a file since then is not seen."""


class Checked:
    """Reports of files that were checked lately, by what is the same as long as a file's bytes are."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._path = path
        self._now = now
        self._places: dict[str, int] = {}
        """Where in the file a report stands."""
        self._file: BinaryIO | None = None
        self.taken = 0
        """Files that need not be checked again."""

    def report(self, key: str) -> FileReport | None:
        """The report of a file whose bytes are what they were."""
        place = self._places.get(key)
        if place is None:
            return None
        try:
            with self._path.open("rb") as file:
                file.seek(place)
                told = json.loads(file.readline())
            if told["file"] != key:  # another verify has made the file anew meanwhile
                return None
            found: FileReport = loaded(zlib.decompress(b64decode(told["report"])))
        except (OSError, ValueError, KeyError, TypeError, zlib.error, UnpicklingError):
            return None
        self.taken += 1
        return found

    def note(self, key: str, report: FileReport) -> None:
        """Write down a report, where that can be done: without it, nothing but time is lost.

        One with problems is not kept: the file may have been mended, or a disk or bucket be there again, by the next
        time.
        """
        if report.problems:
            return
        packed = b64encode(zlib.compress(dumped(report), 1)).decode()
        line = {"file": key, "at": self._now().isoformat(), "by": VERSION, "report": packed}
        with suppress(OSError):
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("ab")
            self._file.write(b"\n" + json.dumps(line).encode() + b"\n")
            self._file.flush()

    def load(self) -> None:
        """Take up what was written down, as far as it still counts."""
        oldest = self._now() - LASTS
        with suppress(OSError), self._path.open("rb") as file:
            place = 0
            for line in file:
                # Of one that was being written, half may be there.
                with suppress(ValueError, KeyError, TypeError):
                    told = json.loads(line)
                    if told["by"] == VERSION and datetime.fromisoformat(told["at"]) >= oldest:
                        self._places[told["file"]] = place
                place += len(line)

    def close(self, *, whole: bool) -> None:
        """End; `whole`: all files are checked, and nothing is left to be gone on with."""
        with suppress(OSError):
            if self._file:
                self._file.close()
            if whole:
                self._path.unlink(missing_ok=True)
                self._path.parent.rmdir()


def key_of(file: WarcFile) -> str:
    """What is another for a file with other bytes."""
    try:
        return f"{file.name} {file.places.look(file.name).mark}"
    except (ArchiveError, OSError):
        return f"{file.name} {uuid4()}"


@contextmanager
def checked(path: Path, now: Callable[[], datetime], *, afresh: bool) -> Iterator[Checked]:
    """What was checked lately; with `afresh` nothing counts as that."""
    kept = Checked(path, now)
    if not afresh:
        kept.load()
    else:
        with suppress(OSError):
            path.unlink()
    whole = False
    try:
        yield kept
        whole = True
    finally:
        kept.close(whole=whole)
