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

# As the writer names them: newsarchive-TIME-SERIAL-HOST.MACHINE-RANDOM.warc.gz
_NAME = re.compile(r"newsarchive-(\d{14})\d{3}-\d{5}-(.+?)(?:\.([0-9a-f]{12}))?-[0-9a-f]{8}\.warc\.gz")


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
    """Return this machine's name, as in the names of its files: for people, as two machines may have the same."""
    return socket.gethostname().partition(".")[0] or "localhost"


def other_machine(name: str, machine: str) -> str | None:
    """Return the machine that wrote a file, by its name; None if it is this one (of that id) or unknown.

    Files of earlier versions have no id in their names; of these the host name is all that is known.

    >>> name = "newsarchive-20260301120000123-00001-crawler-2.5e1f2a3b4c5d-0a1b2c3d.warc.gz"
    >>> other_machine(name, "0123456789ab"), other_machine(name, "5e1f2a3b4c5d"), other_machine("a.warc.gz", "")
    ('crawler-2, machine 5e1f2a3b4c5d', None, None)
    >>> other_machine("newsarchive-20260301120000123-00001-crawler-2-0a1b2c3d.warc.gz", "0123456789ab")
    'crawler-2'
    """
    if (found := _NAME.fullmatch(name)) is None:
        return None
    if found[3] is None:
        return found[2] if found[2] != this_host() else None
    return f"{found[2]}, machine {found[3]}" if found[3] != machine else None


def find_machine_id(name: str) -> str | None:
    """Return the id of the machine that a file names; None if it names none."""
    return found[3] if (found := _NAME.fullmatch(name)) else None


def owning_machine(name: str, now: datetime, machine: str, *, bucket: bool, shared: bool) -> str | None:
    """Return the machine whose folder should have a file that was not found here; None if the file is missing.

    With a bucket, it is the one that has still to upload the file. Without, each machine keeps the files that it wrote,
    if several share the index.

    >>> now = datetime(2026, 3, 2, tzinfo=UTC)
    >>> new = "newsarchive-20260301120000123-00001-crawler-2.5e1f2a3b4c5d-0a1b2c3d.warc.gz"
    >>> owning_machine(new, now, "0123456789ab", bucket=True, shared=False)
    'crawler-2, machine 5e1f2a3b4c5d'
    >>> owning_machine(new.replace("202603", "202602"), now, "0123456789ab", bucket=True, shared=True) is None
    True
    """
    writer, found = other_machine(name, machine), _NAME.fullmatch(name)
    if not bucket or found is None:
        return writer if shared and not bucket else None
    started_at = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return writer if now - started_at < UPLOAD_GRACE else None
