"""Write WARC files: what the wire gave goes into the file whole, and a file that was closed is never opened again.

    NAME.warc.gz.open    locked while it is written; after a crash `mend` cuts the torn tail and closes it
    NAME.warc.gz         closed

An exchange is one group of records, written by one call:

    response or revisit  <--WARC-Concurrent-To-->  request, metadata (how the URL was found)
"""

import errno
import fcntl
import hashlib
import json
import os
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, Protocol

from storage.errors import DiskFull, StorageError
from storage.model import Capture, CrawlRun, Exchange, RecordPlace, RefersTo, Site
from storage.warc.exchange import Group, group
from storage.warc.reader import RUN_URI
from storage.warc.record import WARC_FIELDS, Fields, member, record_id, sha256, warc_date, warc_fields

OPEN = ".open"
PREFIX = "newsarchive"
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Originals(Protocol):
    """Which records a revisit may stand for: whole, committed, and never another revisit."""

    def by_digest(self, payload_digest: str) -> RefersTo | None:
        """Return a response with that payload, or None."""
        ...

    def by_url(self, url: str) -> RefersTo | None:
        """Return the latest whole 200 response of that URL, or None."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedFile:
    """A WARC file that will not grow any more."""

    name: str
    size: int
    sha256: str
    """64 hexadecimal digits."""


def utc_now() -> datetime:
    """Return the time, aware and UTC."""
    return datetime.now(UTC)


def untold(file: object) -> None:
    """Tell nobody of a file that was opened or closed."""


@dataclass(slots=True)
class _File:
    """The file that is being written."""

    path: Path
    fd: int
    info_id: str
    opened_at: datetime
    size: int = 0
    synced: int = 0
    digest: "hashlib._Hash | None" = None
    """Of all that was written; None once a failed write made it unsure."""


class WarcWriter:
    """Writes the exchanges of one run. Safe to share between threads."""

    def __init__(  # noqa: PLR0913 - time, ids and names come in as arguments, so that a test can fix them
        self,
        folder: Path,
        *,
        run: CrawlRun,
        info: Mapping[str, str],
        originals: Originals,
        size_limit: int = 1_000_000_000,
        age_limit: float = 86_400.0,
        host: str = "",
        now: Callable[[], datetime] = utc_now,
        new_id: Callable[[], str] = record_id,
        on_opened: Callable[[str], None] = untold,
        on_closed: Callable[[ClosedFile], None] = untold,
    ) -> None:
        self._folder = folder
        self._run = run
        self._info = dict(info)
        self._originals = originals
        self._size_limit = size_limit
        self._age_limit = age_limit
        self._host = (host or socket.gethostname()).partition(".")[0] or "localhost"
        self._now = now
        self._new_id = new_id
        self._on_opened = on_opened
        self._on_closed = on_closed
        self._serial = 0
        self._file: _File | None = None
        self._lock = threading.RLock()

    def keep(self, exchange: Exchange) -> Capture:
        """Write one exchange and return it as a capture. It is on the disk for sure only after `sync`.

        DiskFull or StorageError where it cannot be written; the file then ends with the record before, whole.
        """
        with self._lock:
            file = self._current()
            made = group(exchange, self._originals, self._new_id, file.info_id)
            offset = self._append(b"".join(made.members))
            return self._capture(made, file, offset)

    def sync(self) -> None:
        """Bring all that was written to the disk (fdatasync)."""
        with self._lock:
            file = self._file
            if file is None or file.synced == file.size:
                return
            size = file.size
            try:
                os.fdatasync(file.fd)
            except OSError as problem:
                _refused(file.path, problem)
            file.synced = size

    def end(self, run: CrawlRun) -> None:
        """Write how the run ended; nothing where the run wrote no file."""
        with self._lock:
            if self._file is None and not self._serial:
                return
            file = self._current()
            block = warc_fields(_run_fields(run))
            fields: Fields = (
                ("WARC-Record-ID", f"<{self._new_id()}>"),
                ("WARC-Date", warc_date(run.finished_at or self._now())),
                ("WARC-Target-URI", RUN_URI + run.id),
                ("WARC-Warcinfo-ID", f"<{file.info_id}>"),
                ("WARC-Block-Digest", sha256(block)),
                ("Content-Type", WARC_FIELDS),
            )
            self._append(member("metadata", fields, block))

    def close(self) -> ClosedFile | None:
        """Close and rename the file that is open; None where none is."""
        with self._lock:
            if self._file is None:
                return None
            self.sync()
            file, self._file = self._file, None
            final = file.path.with_name(file.path.name.removesuffix(OPEN))
            file.path.rename(final)
            os.close(file.fd)
            sync_folder(self._folder)
            closed = ClosedFile(name=final.name, size=file.size, sha256=_digest(file, final))
            self._on_closed(closed)
            return closed

    def _capture(self, made: Group, file: _File, offset: int) -> Capture:
        name = file.path.name.removesuffix(OPEN)
        return made.capture(RecordPlace(warc=name, offset=offset, length=len(made.members[0])), self._run.id)

    def _current(self) -> _File:
        file = self._file
        if file is not None:
            age = (self._now() - file.opened_at).total_seconds()
            if file.size < self._size_limit and age < self._age_limit:
                return file
            self.close()
        return self._open()

    def _open(self) -> _File:
        at = self._now()
        self._serial += 1
        stamp = f"{at.astimezone(UTC):%Y%m%d%H%M%S}{at.microsecond // 1000:03}"
        name = f"{PREFIX}-{stamp}-{self._serial:05}-{self._host}-{secrets.token_hex(4)}.warc.gz"
        path = self._folder / (name + OPEN)
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except OSError as problem:
            _refused(path, problem)
        # Held until the file is closed: `mend` leaves a locked file alone.
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file = _File(path=path, fd=fd, info_id=self._new_id(), opened_at=at, digest=hashlib.sha256())
        self._file = file
        try:
            self._append(self._warcinfo(file, name, at))
        except StorageError:
            self._file = None
            os.close(fd)
            path.unlink(missing_ok=True)
            raise
        sync_folder(self._folder)
        self._on_opened(name)
        return file

    def _warcinfo(self, file: _File, name: str, at: datetime) -> bytes:
        block = warc_fields(
            [
                *self._info.items(),
                ("format", "WARC File Format 1.1"),
                ("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
                ("isPartOf", self._run.id),
                *_run_fields(self._run),
            ]
        )
        fields: Fields = (
            ("WARC-Record-ID", f"<{file.info_id}>"),
            ("WARC-Date", warc_date(at)),
            ("WARC-Filename", name),
            ("WARC-Block-Digest", sha256(block)),
            ("Content-Type", WARC_FIELDS),
        )
        return member("warcinfo", fields, block)

    def _append(self, data: bytes) -> int:
        """Write bytes at the end, all or nothing; returns the offset where they begin."""
        file = self._file
        assert file is not None
        offset = file.size
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(file.fd, view) :]
        except OSError as problem:
            file.digest = None
            os.ftruncate(file.fd, offset)
            os.lseek(file.fd, offset, os.SEEK_SET)
            _refused(file.path, problem)
        file.size += len(data)
        if file.digest is not None:
            file.digest.update(data)
        return offset


def _run_fields(run: CrawlRun) -> Fields:
    yield "newsarchive-run", run.id
    yield "started", run.started_at.isoformat()
    if run.finished_at:
        yield "finished", run.finished_at.isoformat()
        yield "outcome", run.outcome
        yield "counters", json.dumps(dict(run.counters), sort_keys=True)
    for site in run.sites:
        yield "newsarchive-site", _site_text(site)


def _site_text(site: Site) -> str:
    return json.dumps({"name": site.name, "url": site.url, "hosts": list(site.hosts)}, ensure_ascii=False)


def _digest(file: _File, path: Path) -> str:
    if file.digest is not None:
        return file.digest.hexdigest()
    with path.open("rb") as whole:
        return hashlib.file_digest(whole, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk: without it a rename may be lost with the power."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _refused(path: Path, problem: OSError) -> NoReturn:
    if problem.errno in _NO_SPACE:
        raise DiskFull(
            f"no space is left for {path}; all that was committed before is whole, the page in hand was not kept. "
            "Free some space, then go on with: newsarchive crawl"
        ) from problem
    raise StorageError(
        f"{path} cannot be written ({problem.strerror}); all that was committed before is whole. "
        "Look into it with: newsarchive doctor"
    ) from problem
