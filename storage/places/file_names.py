"""Names of WARC files, and the machine that a name tells: files may still be in the folder of another machine."""

import re
import socket
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Literal, Protocol

OPEN = ".open"
"""Suffix of a WARC file that is being written, dropped when it is closed."""
ENDINGS = (".warc.gz", ".warc")
"""Suffixes of closed WARC files."""
UPLOAD_GRACE = timedelta(days=2)
"""Time from a file's creation to its upload: a day to be written, and one for delays."""

# As the writer names them: newsarchive-TIME-SERIAL-HOST-RANDOM.warc.gz
_NAME = re.compile(r"newsarchive-(\d{14})\d{3}-\d{5}-(.+)-[0-9a-f]{8}\.warc\.gz")


class Readable(Protocol):
    """A WARC file that can be opened: a Path, or a file of any place."""

    @property
    def name(self) -> str:
        """Its name, without folder."""

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """Open it for reading, seekable. StorageError or OSError if it cannot be read."""


def warc_name(file: Readable) -> str:
    """Return the name that a WARC file has in the index, open or closed."""
    return file.name.removesuffix(OPEN)


def this_host() -> str:
    """Return this machine's name, as in the names of its files."""
    return socket.gethostname().partition(".")[0] or "localhost"


def other_machine(name: str) -> str | None:
    """Return the machine that wrote a file, by its name; None if it is this one or unknown.

    >>> other_machine("newsarchive-20260301120000123-00001-crawler-2-0a1b2c3d.warc.gz"), other_machine("a.warc.gz")
    ('crawler-2', None)
    """
    found = _NAME.fullmatch(name)
    return found[2] if found and found[2] != this_host() else None


def uploading_machine(name: str, now: datetime, host: str = "") -> str | None:
    """Return the other machine that has still to upload a file; None if the file should be in the bucket, or is ours.

    >>> now = datetime(2026, 3, 2, tzinfo=UTC)
    >>> uploading_machine("newsarchive-20260301120000123-00001-crawler-2-0a1b2c3d.warc.gz", now, "crawler-1")
    'crawler-2'
    >>> uploading_machine("newsarchive-20260201120000123-00001-crawler-2-0a1b2c3d.warc.gz", now, "crawler-1") is None
    True
    """
    found = _NAME.fullmatch(name)
    if found is None or found[2] == (host or this_host()):
        return None
    started_at = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return found[2] if now - started_at < UPLOAD_GRACE else None


def owning_machine(name: str, now: datetime, *, bucket: bool, shared: bool) -> str | None:
    """Return the machine whose folder should have a file that was not found here; None if the file is missing.

    Without a bucket each machine keeps the files that it wrote, if several share the index.
    """
    if bucket:
        return uploading_machine(name, now)
    return other_machine(name) if shared else None
