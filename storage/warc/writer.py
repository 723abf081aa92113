"""Write WARC files: what the wire gave goes into the file whole, and a file that was closed is never opened again.

    NAME.warc.gz.open    locked while it is written; after a crash `mend` cuts the torn tail and closes it
    NAME.warc.gz         closed

An exchange is one group of records, written by one call:

    response or revisit  <--WARC-Concurrent-To-->  request, metadata (how the URL was found)
"""

import fcntl
import hashlib
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from storage.errors import StorageError
from storage.model import Capture, CrawlRun, Drawn, Exchange, RecordPlace
from storage.places import OPEN, is_same_file, refused, sync_folder, warc_name, write_all
from storage.places.other_machines import this_host
from storage.warc.exchange import Originals as Originals  # noqa: PLC0414 - the writer's callers implement it
from storage.warc.exchange import group
from storage.warc.provenance import RUN_URI, run_fields
from storage.warc.record import WARC_FIELDS, Fields, member, record_id, sha256, warc_date, warc_fields
from storage.warc.rendered import group_of_drawn

PREFIX = "newsarchive"


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
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    @property
    def name(self) -> str:
        """Name that it will have once it is closed."""
        return warc_name(self.path)


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
        self._host = host.partition(".")[0] or this_host()
        self._now = now
        self._new_id = new_id
        self._on_opened = on_opened
        self._on_closed = on_closed
        self._serial = 0
        self._file: _File | None = None
        self._broken: StorageError | None = None
        self._lock = threading.RLock()

    def keep(self, exchange: Exchange | Drawn) -> Capture:
        """Write one exchange, or a page that was drawn, and return it as a capture.

        It is on the disk for sure only after `sync`.

        DiskFull or StorageError where it cannot be written; the file then ends with the record before, whole, and the
        next call may succeed again.
        """
        with self._lock:
            file = self._current()
            if isinstance(exchange, Drawn):
                made = group_of_drawn(exchange, self._new_id, file.info_id)
            else:
                made = group(exchange, self._originals, self._new_id, file.info_id)
            offset = self._append(file, b"".join(made.members))
            place = RecordPlace(warc=file.name, offset=offset, length=len(made.members[0]))
            return made.capture(place, self._run.id)

    def sync(self) -> None:
        """Bring all that was written to the disk (fdatasync).

        StorageError where the disk refuses, and from then on always: after a failed fdatasync the kernel forgets what
        it could not write, and a second call would promise what nobody holds. The next start looks at what is there.
        """
        with self._lock:
            self._refuse_if_broken()
            file = self._file
            if file is None or file.synced == file.size:
                return
            size = file.size
            try:
                os.fdatasync(file.fd)
            except OSError as problem:
                self._abandon(file, problem)
            file.synced = size

    def end(self, run: CrawlRun) -> None:
        """Write how a run ended; nothing where no file was written."""
        with self._lock:
            if self._file is None and not self._serial:
                return
            file = self._current()
            block = warc_fields(run_fields(run))
            fields: Fields = (
                ("WARC-Record-ID", f"<{self._new_id()}>"),
                ("WARC-Date", warc_date(run.finished_at or self._now())),
                ("WARC-Target-URI", RUN_URI + run.id),
                ("WARC-Warcinfo-ID", f"<{file.info_id}>"),
                ("WARC-Block-Digest", sha256(block)),
                ("Content-Type", WARC_FIELDS),
            )
            self._append(file, member("metadata", fields, block))

    def close(self) -> ClosedFile | None:
        """Close and rename the file that is open; None where none is. What is kept later goes into a new file."""
        with self._lock:
            if self._file is None:
                return None
            self.sync()
            file, self._file = self._file, None
            try:
                file.path.rename(file.path.with_name(file.name))
                sync_folder(self._folder)
            except OSError as problem:
                refused(file.path, problem)
            finally:
                os.close(file.fd)
            closed = ClosedFile(name=file.name, size=file.size, sha256=file.digest.hexdigest())
            self._on_closed(closed)
            return closed

    def _current(self) -> _File:
        self._refuse_if_broken()
        file = self._file
        if file is not None:
            age = (self._now() - file.opened_at).total_seconds()
            if file.size < self._size_limit and age < self._age_limit:
                return file
            self.close()
        return self._open()

    def _open(self) -> _File:
        at = self._now()
        path, fd = self._new_path(at)
        file = _File(path=path, fd=fd, info_id=self._new_id(), opened_at=at)
        info = self._warcinfo(file)
        try:
            write_all(fd, info)
            sync_folder(self._folder)
        except BaseException as problem:
            path.unlink(missing_ok=True)
            os.close(fd)
            if isinstance(problem, OSError):
                refused(path, problem)
            raise
        file.size = len(info)
        file.digest.update(info)
        self._file = file
        self._serial += 1
        self._on_opened(file.name)
        return file

    def _new_path(self, at: datetime) -> tuple[Path, int]:
        """Make and lock a file of a name that no file has or had."""
        stamp = f"{at.astimezone(UTC):%Y%m%d%H%M%S}{at.microsecond // 1000:03}"
        while True:
            name = f"{PREFIX}-{stamp}-{self._serial + 1:05}-{self._host}-{secrets.token_hex(4)}.warc.gz"
            path = self._folder / (name + OPEN)
            if path.with_name(name).exists():
                continue
            try:
                fd = _locked(path)
            except OSError as problem:
                refused(path, problem)
            if fd is not None:
                return path, fd

    def _warcinfo(self, file: _File) -> bytes:
        block = warc_fields(
            [
                *self._info.items(),
                ("format", "WARC File Format 1.1"),
                ("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
                ("isPartOf", self._run.id),
                *run_fields(self._run),
            ]
        )
        fields: Fields = (
            ("WARC-Record-ID", f"<{file.info_id}>"),
            ("WARC-Date", warc_date(file.opened_at)),
            ("WARC-Filename", file.name),
            ("WARC-Block-Digest", sha256(block)),
            ("Content-Type", WARC_FIELDS),
        )
        return member("warcinfo", fields, block)

    def _append(self, file: _File, data: bytes) -> int:
        """Write bytes at the end, all or nothing; returns the offset where they begin."""
        offset = file.size
        try:
            write_all(file.fd, data)
        except BaseException as problem:
            try:
                os.ftruncate(file.fd, offset)
                os.lseek(file.fd, offset, os.SEEK_SET)
            except OSError as worse:
                self._abandon(file, worse)
            if isinstance(problem, OSError):
                refused(file.path, problem)
            raise
        file.size += len(data)
        file.digest.update(data)
        return offset

    def _abandon(self, file: _File, problem: OSError) -> NoReturn:
        """Give the file up as it lies: it stays open by name, and the next start mends it."""
        self._file = None
        with suppress(OSError):
            os.close(file.fd)
        try:
            refused(file.path, problem)
        except StorageError as told:
            self._broken = told
            raise

    def _refuse_if_broken(self) -> None:
        if self._broken is not None:
            raise type(self._broken)(*self._broken.args) from self._broken


def _locked(path: Path) -> int | None:
    """Make a file and lock it; None where the name is taken, or `mend` was quicker and has cleared it away."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        return None
    # Held until the file is closed: `mend` leaves a locked file alone.
    with suppress(BlockingIOError):
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if is_same_file(path, fd):
            return fd
    os.close(fd)
    return None
