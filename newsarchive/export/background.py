"""Exports that are made in the background: one at a time, a few waiting, each kept for some days.

    exports/ID.json      what was asked for and how far it is        exports/ID.wacz      the file, once it is whole

The folder is all that is known: a server that starts finds the jobs of the one before it, and calls failed what that
one did not finish.
"""

import json
import logging
import os
import queue
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias

from newsarchive.export.choice import Choice, utc_now
from newsarchive.export.forms import FORMS, Format
from newsarchive.export.missed import Missed
from newsarchive.export.whole import part_of, whole
from storage.errors import ArchiveError
from storage.index.views.articles import EVERYTHING, Filters
from storage.places import refused

State: TypeAlias = Literal["waiting", "running", "done", "failed"]
ChoiceOf: TypeAlias = Callable[[Filters], Choice]

log = logging.getLogger(__name__)

MOST_WAITING = 5
MOST_KEPT = 50
KEPT_FOR = timedelta(days=7)
LARGEST = 20_000_000_000
"""Bytes of one file."""
_MISTAKE = "A mistake of newsarchive's own; see its log"
_STOPPED = "The archive's server was stopped before it was done. Ask for it again"


class TooManyJobs(ArchiveError):
    """As many exports as may wait are waiting."""

    def __init__(self) -> None:
        super().__init__(
            f"{MOST_WAITING} exports are waiting already; this one was not taken. Wait until one of them is done"
        )


class ExportStopped(ArchiveError):
    """An export was removed while it was made, or has grown too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One export."""

    id: str
    form: Format
    filters: Filters
    all_versions: bool
    asked_at: datetime
    rules: str
    """What was not to be shown when it was made; a file made under other rules is not handed out."""
    state: State = "waiting"
    count: int = 0
    """Articles or captures that are written."""
    size: int = 0
    """Of the file, in bytes."""
    finished_at: datetime | None = None
    problem: str = ""
    """Why it failed; of one that is done what it lacks."""
    server: int = 0
    """Process that makes it."""

    @property
    def file_name(self) -> str:
        """Name of its file in the folder."""
        return f"{self.id}{FORMS[self.form].suffix}"


class Jobs:
    """The exports of one archive. Safe to share between threads."""

    def __init__(self, folder: Path, choice_of: ChoiceOf, *, now: Callable[[], datetime] = utc_now) -> None:
        self._folder = folder
        self._choice_of = choice_of
        self._now = now
        self._waiting: queue.Queue[str] = queue.Queue()
        self._jobs: dict[str, Job] = {}
        self._lock = threading.RLock()
        self._worker: threading.Thread | None = None
        self._find()

    def _find(self) -> None:
        """Read what earlier servers left."""
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            with suppress(OSError, ValueError, KeyError, TypeError):
                job = _read(json.loads(path.read_text()))
                if job.state in {"waiting", "running"} and not _is_alive(job.server):
                    job = replace(job, state="failed", problem=_STOPPED, finished_at=self._now())
                    part_of(self.path(job)).unlink(missing_ok=True)
                    self._write(job)
                self._jobs[job.id] = job

    def all(self) -> tuple[Job, ...]:
        """All exports, newest first; what is too old is gone."""
        with self._lock:
            for job in list(self._jobs.values()):
                if job.state in {"done", "failed"} and self._now() - (job.finished_at or job.asked_at) > KEPT_FOR:
                    self.remove(job.id)
            return tuple(sorted(self._jobs.values(), key=lambda job: (job.asked_at, job.id), reverse=True))

    def get(self, job_id: str) -> Job | None:
        """One export."""
        with self._lock:
            return self._jobs.get(job_id)

    def path(self, job: Job) -> Path:
        """Where the file of an export is."""
        return self._folder / job.file_name

    def ask(self, form: Format, filters: Filters = EVERYTHING, *, all_versions: bool = False, rules: str = "") -> Job:
        """Take an export on; TooManyJobs where too many wait. The oldest that are done make room."""
        with self._lock:
            jobs = self.all()
            if sum(job.state in {"waiting", "running"} for job in jobs) >= MOST_WAITING:
                raise TooManyJobs
            for job in jobs[MOST_KEPT - 1 :]:
                self.remove(job.id)
            job = Job(
                id=secrets.token_hex(12), form=form, filters=filters, all_versions=all_versions, asked_at=self._now(),
                rules=rules, server=os.getpid(),
            )  # fmt: skip
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._note(job)
            except OSError as problem:
                self._jobs.pop(job.id, None)
                refused(self._folder, problem)
            self._waiting.put(job.id)
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._work, name="exports", daemon=True)
                self._worker.start()
        return job

    def remove(self, job_id: str) -> None:
        """Forget an export and its file; one that is being made stops."""
        with self._lock:
            job = self._jobs.pop(job_id, None)
            if job is not None:
                self.path(job).unlink(missing_ok=True)
                (self._folder / f"{job.id}.json").unlink(missing_ok=True)

    def wait(self) -> None:
        """Return when nothing waits and nothing is made."""
        self._waiting.join()

    def _work(self) -> None:
        while True:
            job_id = self._waiting.get()
            try:
                job = self.get(job_id)
                if job is not None:
                    self._make(job)
            finally:
                self._waiting.task_done()

    def _make(self, job: Job) -> None:
        try:
            self._note(replace(job, state="running"), known=True)
            missed = Missed()
            count, size = self._written(job, missed)
            lacks = (
                f"{missed.count:,} captures could not be copied, the first: {missed.first[0]}" if missed.count else ""
            )
            made = replace(job, state="done", count=count, size=size, finished_at=self._now(), problem=lacks)
        except Exception as problem:  # nobody waits for this thread: whoever asked sees it in the list
            told = str(problem) if isinstance(problem, ArchiveError) else _MISTAKE
            if told is _MISTAKE:
                log.exception("export %s", job.id)
            made = replace(job, state="failed", problem=told, finished_at=self._now())
        try:
            self._note(made, known=True)
        except OSError:
            # It is known as long as this server runs; the next one finds it unfinished.
            log.exception("export %s cannot be noted", job.id)

    def _written(self, job: Job, missed: Missed) -> tuple[int, int]:
        with whole(self.path(job)) as file:

            def tell(count: int) -> None:
                # Not `tell()`: SQLite writes into the file by itself.
                size = _bearable(os.fstat(file.fileno()).st_size)
                self._note(replace(job, state="running", count=count, size=size), known=True)
                if self.get(job.id) is None:
                    raise ExportStopped("the export was removed while it was made")

            choice = replace(self._choice_of(job.filters), all_versions=job.all_versions, tell=tell, missed=missed.add)
            count = FORMS[job.form].write(choice, file)
            # What is still in the buffer counts, and what no `tell` has seen.
            return count, _bearable(file.seek(0, os.SEEK_END))

    def _note(self, job: Job, *, known: bool = False) -> None:
        """Keep what is known of a job; with `known`, only where it was not removed meanwhile."""
        with self._lock:
            if known and job.id not in self._jobs:
                self.path(job).unlink(missing_ok=True)
                return
            self._jobs[job.id] = job
            self._write(job)

    def _write(self, job: Job) -> None:
        path = self._folder / f"{job.id}.json"
        part = path.with_suffix(".json.part")
        part.write_text(json.dumps(_told(job), ensure_ascii=False))
        part.replace(path)


def _bearable(size: int) -> int:
    """Return a file's size. ExportStopped where it is more than a server should keep."""
    if size > LARGEST:
        raise ExportStopped(
            f"the file has grown beyond {LARGEST:,} bytes; it was not kept. Narrow it down, or write it with: "
            "newsarchive export -o FILE"
        )
    return size


def _told(job: Job) -> dict[str, Any]:
    told = asdict(job)
    told["filters"] = {
        name: value for name, value in told["filters"].items() if name != "exclude" and value is not None
    }
    told["filters"] = {name: _plain(value) for name, value in told["filters"].items()}
    return {name: _plain(value) for name, value in told.items()}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _read(told: dict[str, Any]) -> Job:
    filters = dict(told["filters"])
    for name in ("since", "until"):
        if filters.get(name):
            filters[name] = datetime.fromisoformat(filters[name])
    if filters.get("articles") is not None:
        filters["articles"] = tuple(filters["articles"])
    moments = {
        name: datetime.fromisoformat(told[name]) if told.get(name) else None for name in ("asked_at", "finished_at")
    }
    job_id = str(told["id"])
    if not job_id.isalnum():
        raise ValueError(job_id)
    return Job(**{**told, **moments, "form": Format(told["form"]), "filters": Filters(**filters)})


def _is_alive(process: int) -> bool:
    """True where another server of this archive is still at it."""
    if process in {0, os.getpid()}:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
