"""Write WARC files. A closed file is never opened for writing again.

    NAME.warc.gz.open    locked while it is written; after a crash `repair_file` truncates and closes it
    NAME.warc.gz         closed

An exchange is one group of records, written by one call:

    response or revisit  <--WARC-Concurrent-To-->  request, metadata (provenance of the URL)
                         <--WARC-Refers-To-------  metadata (output of the site's own spider), if there is one
"""

import fcntl
import hashlib
import os
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from storage.callbacks import ignore_progress, utc_now
from storage.errors import StorageError
from storage.model import Capture, ClosedWarc, CrawlRun, Exchange, RecordPlace, RenderedPage
from storage.places import OPEN, warc_name
from storage.places.chain import Chain, ChainLink
from storage.places.file_names import this_host
from storage.places.folder import is_same_file, raise_write_error, report_write_errors, sync_folder, write_all
from storage.warc.exchange import Originals, build_records, build_rendered_records
from storage.warc.provenance import RUN_URI, run_fields
from storage.warc.record import FORMAT_FIELDS, Fields, build_fields_member, new_record_id
from storage.warc.spider_output import FIELD, SpiderOutput

PREFIX = "newsarchive"
HEAD_FIELD = "chain-head"
"""Field of warcinfo: head of the chain when the file was opened."""


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
    records: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    """Over the SHA-256 of each record: it proves a record without the rest of the file."""

    def add(self, members: Sequence[bytes]) -> None:
        """Count and digest records that were written."""
        for member in members:
            self.size += len(member)
            self.digest.update(member)
            self.records.update(hashlib.sha256(member).digest())

    @property
    def name(self) -> str:
        """Its name once it is closed."""
        return warc_name(self.path)


@dataclass(eq=False)
class WarcWriter:
    """Writes the exchanges of one run. Thread-safe."""

    folder: Path
    _: KW_ONLY
    run: CrawlRun
    info: Mapping[str, str]
    originals: Originals
    size_limit: int = 1_000_000_000
    age_limit: float = 86_400.0
    host: str = ""
    machine: str = ""
    chain: Chain | None = None
    now: Callable[[], datetime] = utc_now
    new_id: Callable[[], str] = new_record_id
    on_opened: Callable[[str], None] = ignore_progress
    on_closed: Callable[[ClosedWarc], None] = ignore_progress

    def __post_init__(self) -> None:
        name = self.host.partition(".")[0] or this_host()
        self._host = f"{name}.{self.machine}" if self.machine else name
        self._serial = 0
        self._file: _File | None = None
        self._broken: StorageError | None = None
        self._lock = threading.RLock()

    def write(self, exchange: Exchange | RenderedPage) -> Capture:
        """Write an exchange or a rendered page, and return it as a capture. It is durable only after `sync`.

        DiskFull or StorageError if it cannot be written; the file then ends with the previous record, and the next
        call may succeed.
        """
        with self._lock:
            file = self._current()
            if isinstance(exchange, RenderedPage):
                group = build_rendered_records(exchange, self.new_id, file.info_id)
            else:
                group = build_records(exchange, self.originals, self.new_id, file.info_id)
            offset = self._append(file, group.members)
            place = RecordPlace(warc=file.name, offset=offset, length=len(group.members[0]))
            return group.capture(place, self.run.id)

    def write_output(self, capture: Capture, output: SpiderOutput) -> None:
        """Write what a spider made of the capture that was written last."""
        with self._lock:
            file = self._file or self._current()
            about, record = f"<{capture.record_id}>", self.new_id()
            named = (
                ("WARC-Target-URI", capture.url),
                ("WARC-Refers-To", about),
                ("WARC-Warcinfo-ID", f"<{file.info_id}>"),
            )
            block = [(FIELD, output.to_json())]
            self._append(file, [build_fields_member("metadata", record, capture.fetched_at, named, block)])

    def sync(self) -> None:
        """Flush all that was written to disk (fdatasync).

        StorageError if that fails, and on every later call: after a failed fdatasync the kernel drops the unwritten
        pages, and a second call would report success. The next start repairs the file.
        """
        with self._lock:
            self._refuse_if_broken()
            file = self._file
            if file is None or file.synced == file.size:
                return
            try:
                os.fdatasync(file.fd)
            except OSError as problem:
                self._abandon(file, problem)
            file.synced = file.size

    def write_run_end(self, run: CrawlRun) -> None:
        """Write the end of a run, unless no file was written."""
        with self._lock:
            if self._file is None and not self._serial:
                return
            file = self._current()
            named = (("WARC-Target-URI", RUN_URI + run.id), ("WARC-Warcinfo-ID", f"<{file.info_id}>"))
            at = run.finished_at or self.now()
            self._append(file, [build_fields_member("metadata", self.new_id(), at, named, run_fields(run))])

    def close(self) -> ClosedWarc | None:
        """Close and rename the open file; None if there is none. Later captures go into a new file."""
        with self._lock:
            if self._file is None:
                return None
            self.sync()
            file, self._file = self._file, None
            try:
                if self.chain is not None:
                    sha256, records = file.digest.hexdigest(), file.records.hexdigest()
                    link = ChainLink(reason="closed", file=file.name, size=file.size, sha256=sha256, records=records)
                    self.chain.append(link)
                file.path.rename(file.path.with_name(file.name))
                sync_folder(self.folder)
            except OSError as problem:
                raise_write_error(file.path, problem)
            finally:
                os.close(file.fd)
            closed = ClosedWarc(name=file.name, size=file.size, sha256=file.digest.hexdigest())
            self.on_closed(closed)
            return closed

    def _current(self) -> _File:
        self._refuse_if_broken()
        file = self._file
        if file is not None:
            age = (self.now() - file.opened_at).total_seconds()
            if file.size < self.size_limit and age < self.age_limit:
                return file
            self.close()
        return self._open()

    def _open(self) -> _File:
        at = self.now()
        path, fd = self._new_path(at)
        file = _File(path=path, fd=fd, info_id=self.new_id(), opened_at=at)
        head = self.chain.load([]).head if self.chain else None
        own = (("isPartOf", self.run.id), (HEAD_FIELD, head), *run_fields(self.run))
        fields: Fields = (*self.info.items(), *FORMAT_FIELDS, *own)
        info = build_fields_member("warcinfo", file.info_id, at, [("WARC-Filename", file.name)], fields)
        try:
            with report_write_errors(path):
                write_all(fd, info)
                sync_folder(self.folder)
        except BaseException:
            path.unlink(missing_ok=True)
            os.close(fd)
            raise
        file.add([info])
        self._file = file
        self._serial += 1
        self.on_opened(file.name)
        return file

    def _new_path(self, at: datetime) -> tuple[Path, int]:
        """Create and lock a file with a name that was never used."""
        stamp = f"{at.astimezone(UTC):%Y%m%d%H%M%S}{at.microsecond // 1000:03}"
        while True:
            name = f"{PREFIX}-{stamp}-{self._serial + 1:05}-{self._host}-{secrets.token_hex(4)}.warc.gz"
            path = self.folder / (name + OPEN)
            if path.with_name(name).exists():
                continue
            with report_write_errors(path), suppress(FileExistsError):
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
                # Held until the file is closed: `repair_file` ignores locked files. It may have deleted this one.
                with suppress(BlockingIOError):
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if is_same_file(path, fd):
                        return path, fd
                os.close(fd)

    def _append(self, file: _File, members: Sequence[bytes]) -> int:
        """Append records, all or nothing; returns their offset."""
        offset = file.size
        try:
            with report_write_errors(file.path):
                write_all(file.fd, b"".join(members))
        except BaseException:
            try:
                os.ftruncate(file.fd, offset)
                os.lseek(file.fd, offset, os.SEEK_SET)
            except OSError as worse:
                self._abandon(file, worse)
            raise
        file.add(members)
        return offset

    def _abandon(self, file: _File, problem: OSError) -> NoReturn:
        """Abandon the file: it keeps its .open name, and the next start repairs it."""
        self._file = None
        with suppress(OSError):
            os.close(file.fd)
        try:
            raise_write_error(file.path, problem)
        except StorageError as error:
            self._broken = error
            raise

    def _refuse_if_broken(self) -> None:
        if self._broken is not None:
            raise type(self._broken)(*self._broken.args) from self._broken
