"""Files that lie in the folder of another machine: being written there, or not uploaded yet."""

import re
import socket
from datetime import UTC, datetime, timedelta

# As the writer names them: newsarchive-TIME-SERIAL-HOST-RANDOM.warc.gz
_NAME = re.compile(r"newsarchive-(\d{14})\d{3}-\d{5}-(.+)-[0-9a-f]{8}\.warc\.gz")
GRACE = timedelta(days=2)
"""So long after it was begun a file may be on its way into the bucket: a day to be written, and one for trouble."""


def this_host() -> str:
    """What this machine is called in the names of its files."""
    return socket.gethostname().partition(".")[0] or "localhost"


def other_machine(name: str) -> str | None:
    """The machine that wrote a file, as far as its name says so; None where it is this one, or nobody knows.

    >>> other_machine("newsarchive-20260301120000123-00001-crawler-2-0a1b2c3d.warc.gz"), other_machine("a.warc.gz")
    ('crawler-2', None)
    """
    found = _NAME.fullmatch(name)
    return found[2] if found and found[2] != this_host() else None


def machine_of(name: str, now: datetime, host: str = "") -> str | None:
    """Return the machine in whose folder a file is to be expected; None where it should be in the bucket, or is ours.

    >>> now = datetime(2026, 3, 2, tzinfo=UTC)
    >>> machine_of("newsarchive-20260301120000123-00001-crawler-2-0a1b2c3d.warc.gz", now, "crawler-1")
    'crawler-2'
    >>> machine_of("newsarchive-20260201120000123-00001-crawler-2-0a1b2c3d.warc.gz", now, "crawler-1") is None
    True
    """
    found = _NAME.fullmatch(name)
    if found is None or found[2] == (host or this_host()):
        return None
    begun = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return found[2] if now - begun < GRACE else None


def keeper_of(name: str, now: datetime, *, bucket: bool, shared: bool) -> str | None:
    """The machine in whose folder a file is to be expected that no place has; None where it is missing.

    Without a bucket each machine keeps what it wrote, where several `shared` the index.
    """
    if bucket:
        return machine_of(name, now)
    return other_machine(name) if shared else None
