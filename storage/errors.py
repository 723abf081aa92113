"""The errors that commands report, as one tree; the page of exit codes in the manual, made of it, lists them all.

An error carries as attributes what its callers ask for. Its message says what happened, what that means for the
archive, and the next command; errors.toml has them. Exit codes above 63 are those of sysexits.h.
"""

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Self


@cache
def load_messages() -> dict[str, str]:
    """Return the messages of errors by name. They are read with the first error: most processes have none."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def format_message(name: str, /, **facts: object) -> str:
    """Return a message of errors.toml with its facts."""
    return load_messages()[name].format(**facts)


class ArchiveError(Exception):
    """Root of the tree; `exit_code` is that of the command line. Example: `ArchiveError("no archive").exit_code`."""

    exit_code = 1

    def __init__(self, message: str = "", /, **facts: Any) -> None:
        """Take the message, or the facts of the one that errors.toml has by the name of the class."""
        super().__init__(message or format_message(type(self).__name__, **facts))
        self.facts = facts

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how another process makes the error again: from its message, whatever its class is made from."""
        return type(self).__new__, (type(self),), {"args": self.args, **vars(self)}

    @classmethod
    def create(cls, name: str, /, **facts: object) -> Self:
        """Return an error with a message of errors.toml, which a test compares with the facts."""
        return cls(format_message(name, **facts))

    @classmethod
    @contextmanager
    def replace_os_errors(cls, name: str, /, **facts: object) -> Iterator[None]:
        """Raise such an error for an OSError of the block; the message also gets the system's `reason`."""
        try:
            yield
        except OSError as problem:
            raise cls.create(name, reason=problem.strerror or problem, **facts) from problem


class ConfigError(ArchiveError):
    """newsarchive.toml or the command line is wrong."""

    exit_code = 2


class NoArchive(ArchiveError):
    """The folder holds no newsarchive.toml."""

    exit_code = 3


class ReplayFailure(ArchiveError):
    """pywb is not installed or fails."""

    exit_code = 69


class DaskFailure(ArchiveError):
    """The Dask cluster does not respond, or its workers lack a dependency or file."""

    exit_code = 69


class CannotListen(ArchiveError):
    """The web server cannot listen on its address or port."""

    exit_code = 69


class NotFound(ArchiveError):
    """The archive holds no such article, capture or site."""

    exit_code = 4


class NoSuchFile(NotFound, FileNotFoundError):
    """A file or folder that a program names does not exist."""


class ArchiveBusy(ArchiveError):
    """Another process holds the lock of the site or archive."""

    exit_code = 75

    def __init__(self, message: str, since: datetime | None = None) -> None:
        super().__init__(message)
        self.since = since
        """Start of the other process; None if unknown."""


class StorageError(ArchiveError):
    """A disk or bucket cannot be read or written. Committed data is not affected."""

    exit_code = 74


class DiskFull(StorageError):
    """No space is left on the disk of the WARC files or the index."""


class FileMissing(StorageError):
    """A WARC file of the index is not in the folder, and there is no bucket."""


class NotInBucket(FileMissing):
    """A WARC file of the index is neither in the folder nor in the bucket."""


class BucketUnreachable(StorageError):
    """The bucket of the WARC files does not respond; its contents are unknown."""


class BucketRefused(StorageError):
    """The bucket of the WARC files does not exist, or access is denied."""


class BytesDiffer(StorageError):
    """A file in the folder and its copy in the bucket differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostFile:
    """A WARC file that the index knows and that cannot be read whole."""

    name: str
    reason: str
    """missing, damaged, "written by crawler-2 ..." or how much of it is left."""
    captures: int = 0
    """Captures that the index knows of it, and a new one would lack."""

    def __str__(self) -> str:
        return f"{self.name} ({self.reason}; captures: {self.captures:,})"


MAX_NAMED = 20
"""Files that a message names; `newsarchive verify` names all."""


class CapturesLost(StorageError):
    """A rebuild would lose captures that the index knows: their WARC files are missing or cannot be read whole."""

    def __init__(self, files: Sequence[LostFile], folder: str) -> None:
        captures = sum(file.captures for file in files)
        named = ", ".join(map(str, files[:MAX_NAMED]))
        if len(files) > MAX_NAMED:
            named += f" and {len(files) - MAX_NAMED:,} more (newsarchive verify names all)"
        count = f"{len(files):,} WARC {'file' if len(files) == 1 else 'files'}"
        super().__init__(format_message("CapturesLost", files=count, named=named, captures=captures, folder=folder))


class FilesLost(StorageError):
    """The folder of the WARC files is missing, or has none of those that the index knows."""


class IndexFailure(ArchiveError):
    """The SQL index cannot be used."""

    exit_code = 70


class SearchNotReady(IndexFailure):
    """The search folder is still being made from the index."""


class SearchDamaged(IndexFailure):
    """Files of the search folder are damaged."""


class IndexNotCreated(IndexFailure):
    """The database exists, and holds no index."""


class IndexTooNew(IndexFailure):
    """The index was written by a later version of newsarchive."""


class IndexTooOld(IndexFailure):
    """The index was written by an unreleased version of newsarchive."""


class IndexLost(IndexFailure):
    """The index file is missing while the archive has WARC files."""


class IndexReadOnly(IndexFailure):
    """The index cannot be written: its file, folder or disk is read-only."""


class IndexReplaced(IndexFailure):
    """Another index took the place of this one while it was read."""


class QueryTooLong(IndexFailure):
    """A query to the index exceeded its time limit and was cancelled."""


class WarcError(ArchiveError):
    """A WARC file is damaged."""

    exit_code = 65

    def __init__(self, file: str, offset: int, what: str) -> None:
        super().__init__(f"{file}: {what} at byte {offset}. To see all damage: newsarchive verify")
        self.file = file
        self.offset = offset
        self.what = what


class TornRecord(WarcError):
    """A WARC file ends in the middle of a record."""


class BadRecord(WarcError):
    """A record is not valid WARC."""


class ExportIncomplete(ArchiveError):
    """Captures of an export are damaged or missing, so its file was not written."""

    exit_code = 65


class ExportWithheld(ArchiveError):
    """Articles or captures of an export are withheld, or name a page that is, so its file was not written."""

    exit_code = 77

    def __init__(self, file: str, count: int, advice: str = "") -> None:
        choices = "To export them too: newsarchive export --withheld; to leave them out: newsarchive export --partial"
        super().__init__(format_message("ExportWithheld", file=file, count=count, advice=advice or choices))


class PayloadError(ArchiveError):
    """A transfer or content coding cannot be decoded. The bytes are kept; they cannot be read as text."""

    exit_code = 65


class PayloadTooLarge(PayloadError):
    """The decoded body exceeds the size limit. The bytes are kept."""

    def __init__(self, message: str, beginning: bytes = b"") -> None:
        super().__init__(message)
        self.beginning = beginning
        """Bytes that were decoded up to the limit; empty if the body has several codings."""
