"""One crawl at a time for each site.

On one machine: an flock on a file in the archive's locks folder, gone with its process. Across machines that share an
index in PostgreSQL: a hold in that database, which ends with the process's session, or when it has fallen silent.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from storage.errors import ArchiveBusy, StorageError
from storage.index.cluster.leases import Hold

POSTGRES = "postgresql"
"""What the URL of an index begins with that several machines may share."""


@contextmanager
def locked(folder: Path, sites: Sequence[str], since: datetime) -> Iterator[None]:
    """Hold the locks of sites on this machine; ArchiveBusy says who holds one already, and then none is held."""
    with ExitStack() as stack:
        for site in sorted(sites):
            stack.enter_context(_locked(folder, site, since))
        yield


@contextmanager
def held(  # noqa: PLR0913 - where, what, since when and for what
    folder: Path,
    index: str,
    sites: Sequence[str],
    since: datetime,
    work: str,
    *,
    whole: bool = False,
    alone: bool = False,
) -> Iterator[Hold | None]:
    """Hold sites on all machines, or the `whole` archive; ArchiveBusy where somebody else has one of them.

    Gives what is held in the index's database; None where the index (an SQLAlchemy URL) is no other machine's.
    `alone`: nothing but this work runs in this process, so it may be ended where it stands when the hold is lost.
    """
    with locked(folder, sites, since):
        if not index.startswith(POSTGRES):
            yield None
            return
        with Hold(index, None if whole else sites, since, work, deadly=alone) as hold:
            yield hold


@contextmanager
def _locked(folder: Path, site: str, since: datetime) -> Iterator[None]:
    path = folder / f"{quote(site, safe='')}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as problem:
        raise StorageError(
            f"{path} cannot be made ({problem.strerror}); nothing was fetched. Look into it with: newsarchive doctor"
        ) from problem
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder, begun = _holder(path)
        os.close(fd)
        raise ArchiveBusy(
            f"{site} is being crawled or rebuilt by {holder}; nothing was done. "
            "Wait until it is through, or crawl another site",
            begun,
        ) from None
    try:
        # The file stays when the lock goes: deleting it would let two processes lock two files of one name.
        _write(fd, {"pid": os.getpid(), "since": since.isoformat(timespec="seconds")})
        yield
        _write(fd, None)
    finally:
        os.close(fd)


def _write(fd: int, holder: dict[str, object] | None) -> None:
    os.ftruncate(fd, 0)
    if holder is not None:
        os.pwrite(fd, json.dumps(holder).encode(), 0)


def _holder(path: Path) -> tuple[str, datetime | None]:
    """Who holds a lock, and since when, as far as the file tells."""
    try:
        told = json.loads(path.read_text("utf-8"))
        return f"process {told['pid']} since {told['since']}", datetime.fromisoformat(told["since"])
    except (OSError, ValueError, KeyError, TypeError):
        return "another process", None
