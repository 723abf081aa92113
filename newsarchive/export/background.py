"""Exports in the background: one at a time, a few waiting, each kept for some days.

    exports/ID.json      request and state        exports/ID.wacz      the file, once it is complete

The state is in the folder: each process of a server lists the exports of all, and makes those that it was asked for.
A server that starts marks unfinished ones as failed.
"""

import logging
import os
import queue
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import TypeAdapter

from newsarchive.export.formats import FORMATS, Format
from newsarchive.export.request import ExportRequest, MissedCaptures
from newsarchive.maintenance.export_log import note_export
from storage.callbacks import utc_now
from storage.errors import ArchiveError, StorageError
from storage.index.queries.aggregates import count_withheld
from storage.index.views.articles import EVERYTHING, Filters
from storage.places.folder import open_atomic, remove_parts, report_write_errors, write_atomic

ExportState: TypeAlias = Literal["waiting", "running", "done", "failed"]

log = logging.getLogger(__name__)

MAX_WAITING = 5
MAX_KEPT = 50
KEPT_FOR = timedelta(days=7)
MAX_SIZE = 20_000_000_000
"""Bytes of one file."""
_INTERNAL_ERROR = "Internal error; see the log of the server"
_STOPPED = "The server was stopped before the export was complete. Start it again"


class TooManyJobs(ArchiveError):
    """Too many exports are waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """One export."""

    id: str
    format: Format
    filters: Filters
    all_versions: bool
    requested_at: datetime
    rules: str = ""
    """Access rules (a digest) and number of withheld articles when it was made; with others its file is not served."""
    state: ExportState = "waiting"
    count: int = 0
    """Articles or captures written."""
    size: int = 0
    """Bytes of the file."""
    finished_at: datetime | None = None
    problem: str = ""
    """Why it failed, or what is missing in the file."""
    server: int = 0
    """Id of the process that runs it."""


_JOB = TypeAdapter(ExportJob)  # writes and reads the JSON of an export


class ExportJobs:
    """The exports of one archive. Safe to share between threads, and with processes that are forked later."""

    def __init__(
        self, folder: Path, create_request: Callable[[Filters], ExportRequest], *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._folder, self._create_request, self._now = folder, create_request, now
        self._waiting: queue.Queue[str] = queue.Queue()
        self._jobs: dict[str, ExportJob] = {}
        self._lock, self._turn = get_context("fork").RLock(), get_context("fork").Lock()
        self._worker: threading.Thread | None = None
        self._load_jobs(starting=True)

    def _load_jobs(self, *, starting: bool = False) -> None:
        """Load the jobs of all processes; a server that starts marks those of ended ones as failed."""
        own, self._jobs = {each.id: each for each in self._jobs.values() if each.server == os.getpid()}, {}
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            with suppress(OSError, StorageError, ValueError):
                # Of its own ones a process knows more than the folder if the disk is full.
                job = own.get(path.stem) or _JOB.validate_json(path.read_bytes())
                if not job.id.isalnum():
                    continue
                if starting and job.state in {"waiting", "running"} and not _is_running(job.server):
                    job = replace(job, state="failed", problem=_STOPPED, finished_at=self._now())
                    remove_parts(self.path(job))
                    self._save(job)
                self._jobs[job.id] = job

    def list_jobs(self) -> tuple[ExportJob, ...]:
        """Return all exports, newest first, after deleting expired ones."""
        with self._lock:
            self._load_jobs()
            for job in list(self._jobs.values()):
                if job.state in {"done", "failed"} and self._now() - (job.finished_at or job.requested_at) > KEPT_FOR:
                    self.remove(job.id)
            return tuple(sorted(self._jobs.values(), key=lambda job: (job.requested_at, job.id), reverse=True))

    def get(self, job_id: str) -> ExportJob | None:
        """Return an export, or None."""
        with self._lock:
            self._load_jobs()
            return self._jobs.get(job_id)

    def path(self, job: ExportJob) -> Path:
        """Return the path of an export's file."""
        return self._folder / f"{job.id}{FORMATS[job.format].suffix}"

    def submit(self, format_: Format, filters: Filters = EVERYTHING, *, all_versions: bool = False) -> ExportJob:
        """Queue an export; TooManyJobs if too many are waiting. The oldest finished ones are deleted."""
        with self._lock:
            jobs = self.list_jobs()
            if sum(job.state in {"waiting", "running"} for job in jobs) >= MAX_WAITING:
                advice = "this one was not started. Wait until one of them is done"
                raise TooManyJobs(f"{MAX_WAITING} exports are already waiting; {advice}")
            for job in jobs[MAX_KEPT - 1 :]:
                self.remove(job.id)
            job = ExportJob(
                id=secrets.token_hex(12), format=format_, filters=filters, all_versions=all_versions,
                requested_at=self._now(), server=os.getpid(),
            )  # fmt: skip
            with report_write_errors(self._folder):
                self._folder.mkdir(parents=True, exist_ok=True)
            self._save(job)
            self._jobs[job.id] = job
            self._waiting.put(job.id)
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._work, name="exports", daemon=True)
                self._worker.start()
        return job

    def remove(self, job_id: str) -> None:
        """Delete an export and its file; a running one stops."""
        with self._lock:
            if (job := self._jobs.pop(job_id, None)) is not None:
                self.path(job).unlink(missing_ok=True)
                (self._folder / f"{job.id}.json").unlink(missing_ok=True)

    def wait(self) -> None:
        """Wait until no export is waiting or running."""
        self._waiting.join()

    def _work(self) -> None:
        while True:
            try:
                job_id = self._waiting.get()
                with self._turn:
                    if (job := self.get(job_id)) is not None:
                        self._run_job(job)
            finally:
                self._waiting.task_done()

    def _run_job(self, job: ExportJob) -> None:
        try:
            request = self._create_request(job.filters)
            started = self._now()
            (before,) = request.index.ask(count_withheld, [started])
            self._update(job := replace(job, state="running"))
            missed, problem = MissedCaptures(), ""
            count, size = self._write_file(job, request, missed)
            if count:
                said = "made for a reader of the browser"
                note_export(self._folder.parent, FORMATS[job.format].name, said, job.filters)
            if missed.count:
                problem = f"captures that were not copied: {missed.count:,}, the first: {next(iter(missed.by_cause))}"
            # What was withheld meanwhile may be in the file if it was archived before, and is not if it came later.
            finished = self._now()
            early, withheld = request.index.ask(count_withheld, [started, finished])
            rules = f"{request.rules} {withheld}" if early == before else ""
            job = replace(job, state="done", count=count, size=size, finished_at=finished, problem=problem, rules=rules)
        except Exception as error:  # the list of exports shows it
            if not isinstance(error, ArchiveError):
                log.exception("export %s", job.id)
            problem = str(error) if isinstance(error, ArchiveError) else _INTERNAL_ERROR
            job = replace(job, state="failed", problem=problem, finished_at=self._now())
        try:
            self._update(job)
        except StorageError:
            # This server still lists it; the next one finds it unfinished.
            log.exception("export %s cannot be saved", job.id)

    def _write_file(self, job: ExportJob, request: ExportRequest, missed: MissedCaptures) -> tuple[int, int]:
        with open_atomic(self.path(job)) as file:

            def report_progress(count: int) -> None:
                # Not from file.tell(), because SQLite opens the file itself.
                self._update(replace(job, count=count, size=_check_size(os.fstat(file.fileno()).st_size)))
                if self.get(job.id) is None:
                    raise ArchiveError("the export was removed while it was running")

            request = replace(request, all_versions=job.all_versions, report_progress=report_progress)
            count = FORMATS[job.format].write(replace(request, report_missed=missed.add), file)
            # Includes buffered bytes, and those written since the last report.
            return count, _check_size(file.seek(0, os.SEEK_END))

    def _update(self, job: ExportJob) -> None:
        """Save a job, unless it was removed meanwhile."""
        with self._lock:
            if self.get(job.id) is None:
                self.path(job).unlink(missing_ok=True)
                return
            self._jobs[job.id] = job
            self._save(job)

    def _save(self, job: ExportJob) -> None:
        write_atomic(self._folder / f"{job.id}.json", _JOB.dump_json(job, exclude_none=True))


def _check_size(size: int) -> int:
    """Return the size of a file; ArchiveError if it is too large for a server."""
    if size > MAX_SIZE:
        raise ArchiveError.create("export-too-large", size=MAX_SIZE)
    return size


def _is_running(process: int) -> bool:
    """Return True if the process of another server is running."""
    if process in {0, os.getpid()}:
        return False
    try:
        os.kill(process, 0)
    except OSError as problem:
        return isinstance(problem, PermissionError)
    return True
