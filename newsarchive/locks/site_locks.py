"""Locks on sites: one crawl at a time for each.

On one machine: an flock on a file in the archive's locks folder, which ends with its process. Across machines that
share an index in PostgreSQL: a lease in that database, which ends with the process's session or without heartbeats.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from newsarchive.config.schema import Config
from storage.callbacks import utc_now
from storage.errors import ArchiveBusy, StorageError, format_message
from storage.index.cluster.leases import Lease

POSTGRES = "postgresql"
"""Prefix of the URL of an index that several machines may share."""


@contextmanager
def lock_sites_locally(folder: Path, sites: Sequence[str], since: datetime) -> Iterator[None]:
    """Lock sites on this machine. ArchiveBusy names the process that has one of them; then none is locked."""
    with ExitStack() as stack:
        for site in sorted(sites):
            stack.enter_context(_lock_site(folder, site, since))
        yield


@contextmanager
def lock_sites(
    config: Config, work: str, sites: Sequence[str] | None = None, *, sole_process: bool = False
) -> Iterator[Lease | None]:
    """Lock sites (None: the whole archive) for some work, on all machines; ArchiveBusy if another process has one.

    Yields the lease in the index's database; None if the index is not shared by machines. `sole_process`: the process
    does nothing else, so it is killed when the lease is lost.
    """
    since, names = utc_now(), [site.name for site in config.sites] if sites is None else sites
    with lock_sites_locally(config.folder / "locks", names, since):
        if not config.index.startswith(POSTGRES):
            yield None
            return
        with Lease(config.index, sites, since, work, kill_on_loss=sole_process) as lease:
            yield lease


@contextmanager
def _lock_site(folder: Path, site: str, since: datetime) -> Iterator[None]:
    path = folder / f"{quote(site, safe='')}.lock"
    with StorageError.replace_os_errors("lock-not-created", path=path):
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder, begun = _read_holder(path)
        os.close(fd)
        raise ArchiveBusy(format_message("site-locked", site=site, holder=holder), begun) from None
    try:
        # The file stays when the lock ends: deleting it would let two processes lock two files of one name.
        _write_holder(fd, {"pid": os.getpid(), "since": since.isoformat(timespec="seconds")})
        yield
        _write_holder(fd, None)
    finally:
        os.close(fd)


def _write_holder(fd: int, holder: dict[str, object] | None) -> None:
    """Write who holds a lock, for messages: the lock holds without it, also on a full disk."""
    with suppress(OSError):
        os.ftruncate(fd, 0)
        if holder is not None:
            os.pwrite(fd, json.dumps(holder).encode(), 0)


def _read_holder(path: Path) -> tuple[str, datetime | None]:
    """Return the holder of a lock, and since when, as far as the file says."""
    try:
        holder = json.loads(path.read_text("utf-8"))
        return f"process {holder['pid']} since {holder['since']}", datetime.fromisoformat(holder["since"])
    except (OSError, ValueError, KeyError, TypeError):
        return "another process", None
