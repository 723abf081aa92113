"""A worker: takes sites from the queue, crawls them, and looks after the queue as all workers do.

    slots        run crawls, each in a process of its own
    maintenance  makes jobs from the schedule and gives the jobs of dead workers to others; never waits for a slot

When it cannot be sure that its jobs are its own any more, it ends its crawls and itself where they stand.
"""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, TypeVar

import psycopg
from procrastinate import App, JobContext, PsycopgConnector, RetryDecision, exceptions
from procrastinate.jobs import Job, Status
from procrastinate.retry import BaseRetryStrategy
from procrastinate.schema import SchemaManager
from procrastinate.worker import Worker

from newsarchive.config import toml_file
from newsarchive.config.schema import FILE_NAME
from newsarchive.jobs.child import BUSY, Child, Crawled
from newsarchive.jobs.completion import Ledger
from newsarchive.jobs.dispatch import REST, REST_BARREN, REST_BUSY, due_sites
from newsarchive.locks.job_lease import Lease
from storage.errors import ArchiveError
from storage.index import Index
from storage.index.cluster.jobs import CRAWLS, STALLED, Claim, Desk, prepare_queue

T = TypeVar("T")

MAINTENANCE = "maint"
"""Queue of what all workers do for all: it has a worker of its own in each, or full slots would keep it waiting."""
DISPATCH, RECOVER = "* * * * * */5", "* * * * * */2"
"""Every five seconds, and every two: cron's seconds are the sixth field here."""
HEARTBEAT = 3.0
GRACE = 8.0
"""Seconds that crawls get to end in good order; they need some four."""
LOST = 75
"""Exit code of a worker that gave up: whoever watches over it starts it again."""
BATCH = 500


class GivenBack(Exception):
    """The worker is to stop before its job is done."""


class CrawlFailed(Exception):
    """The crawl ended in a way that its owner should know of."""


class AtOnce(BaseRetryStrategy):
    """A job that is given back is somebody else's at once, however often: each shutdown and each crash counts as an
    attempt. One that failed is not tried again: its site is due again by its schedule.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """As Procrastinate asks it."""
        del job
        return RetryDecision(retry_at=datetime.now(UTC)) if isinstance(exception, GivenBack) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crewing:
    """What a worker is told."""

    folder: Path
    """The archive's; its own on each machine."""
    index: str
    """SQLAlchemy URL of the index, on PostgreSQL."""
    slots: int
    """Sites that it crawls at once."""
    options: tuple[str, ...] = ()
    """More words for each `newsarchive crawl`."""


def work(crewing: Crewing, tell: Callable[[str], None]) -> int:
    """Work until SIGTERM or SIGINT; returns the exit code. `tell` gets a line for each thing worth one."""
    # It tells of each job that failed and of each session that was lost, with a traceback; what matters we tell.
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return asyncio.run(Working(crewing, tell).run())


class Working:
    """One worker while it works."""

    def __init__(self, crewing: Crewing, tell: Callable[[str], None]) -> None:
        self._crewing = crewing
        self._tell = tell
        self._children: dict[int, Child] = {}
        self._stopping = False
        self._complaint = ""
        self._asked = asyncio.Event()
        queue = prepare_queue(crewing.index, SchemaManager.get_schema())
        self.app = App(connector=PsycopgConnector(conninfo=queue, min_size=1, max_size=6, timeout=3))
        self.app.job_manager = self._ledger = Ledger(self.app.connector, self._lost_job)
        self._register()
        self._crawling = self._worker(CRAWLS, crewing.slots)
        self._caring = self._worker(MAINTENANCE, 2)
        self._index = Index.open(crewing.index)
        self._desk = _SharedDesk(crewing.index)
        self._sites = _Sites(crewing.folder)
        self._lease = Lease(crewing.index, crewing.slots, lambda: self._crawling.worker_id, self._die)

    def _register(self) -> None:
        """Tell Procrastinate what there is to do."""
        register = self.app.task
        register(name="crawl", queue=CRAWLS, pass_context=True, retry=AtOnce())(self.crawl)
        for name, function, when in (("dispatch", self.dispatch, DISPATCH), ("recover", self.recover, RECOVER)):
            task = register(name=name, queue=MAINTENANCE, queueing_lock=name)(function)
            self.app.periodic(cron=when)(task)

    def _worker(self, queue: str, slots: int) -> Worker:
        return Worker(
            self.app,
            queues=[queue],
            name=queue,
            concurrency=slots,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=STALLED,
            fetch_job_polling_interval=2.0,
            install_signal_handlers=False,
            delete_jobs="successful",
            shutdown_graceful_timeout=GRACE,
        )

    async def run(self) -> int:
        """Work until it is told to stop, or cannot go on."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)
        async with self.app.open_async():
            workers = [asyncio.create_task(each.run()) for each in (self._crawling, self._caring)]  # type: ignore[no-untyped-call]
            waiting = asyncio.create_task(self._asked.wait())
            await asyncio.wait([*workers, waiting], return_when=asyncio.FIRST_COMPLETED)
            self._stopping = True
            for child in self._children.values():
                child.stop()
            for each in (self._crawling, self._caring):
                each.stop()  # type: ignore[no-untyped-call]
            ends = await asyncio.gather(*workers, return_exceptions=True)
            waiting.cancel()
        self._lease.close()
        self._desk.close()
        self._index.close()
        problems = [" ".join(str(end).split()) for end in ends if isinstance(end, Exception)]
        if self._asked.is_set() and not problems:
            return 0
        self._tell(f"the queue cannot be used any more{': ' + problems[0] if problems else ''}; this worker ends")
        return LOST

    def stop(self) -> None:
        """End in good order, as after SIGTERM."""
        self._asked.set()

    async def crawl(self, context: JobContext, site: str) -> None:
        """Crawl one site: the job."""
        job = context.job
        assert job.id is not None
        assert job.worker_id is not None
        claim = Claim(job=job.id, worker=job.worker_id, attempts=job.attempts, site=site)
        self._lease.take(claim)
        try:
            child = self._children[job.id] = await Child.start(site, self._crewing.folder, self._crewing.options)
            if self._stopping:
                child.stop()
            ended = await child.ended()
        except asyncio.CancelledError:
            if job.id in self._children:
                self._children[job.id].kill()
            raise GivenBack from None
        except OSError as problem:
            self._tell(f"{site}: its crawl could not be begun: {problem}")
            raise CrawlFailed(str(problem)) from problem
        finally:
            self._children.pop(job.id, None)
            self._lease.leave(claim)
        await self._judge(site, ended)

    async def _judge(self, site: str, ended: Crawled) -> None:
        """What a crawl's end means for its job and its site."""
        well = ended.code in {0, BUSY}
        if self._stopping and (ended.outcome == "stopped" or not well):
            raise GivenBack
        rest = REST if ended.captures else REST_BARREN
        if ended.code == BUSY:
            rest = REST_BUSY
        elif ended.code < 0:
            rest = REST
        await asyncio.to_thread(self._desk.do, lambda desk: desk.look_again({site: rest}))
        if not well:
            how = f"signal {-ended.code}" if ended.code < 0 else f"exit code {ended.code}"
            self._tell(f"{site}: the crawl ended with {how}")
            raise CrawlFailed(how)
        if ended.code == 0:
            self._tell(f"{site}: {ended.outcome}, {ended.captures:,} captures")

    async def dispatch(self, timestamp: int) -> None:
        """Make jobs for sites of which something is due."""
        del timestamp
        try:
            due = await asyncio.to_thread(self._desk.do, self._due)
        except (ArchiveError, OSError) as problem:
            if self._complaint != str(problem):  # once: it is tried again in five seconds
                self._complaint = str(problem)
                self._tell(f"no job can be made of what is due: {problem}")
            raise
        self._complaint = ""
        for some in due:
            jobs = [
                Job(queue=CRAWLS, task_name="crawl", lock=site, queueing_lock=site, task_kwargs={"site": site})
                for site in some
            ]
            try:
                await self._ledger.batch_defer_jobs_async(jobs)
            except exceptions.AlreadyEnqueued:
                for job in jobs:
                    with suppress(exceptions.AlreadyEnqueued):
                        await self._ledger.defer_job_async(job)

    def _due(self, desk: Desk) -> list[list[str]]:
        if not desk.begin_dispatch():
            return []
        try:
            due = due_sites(desk, self._index, self._sites.names(), datetime.now(UTC))
        finally:
            desk.end_dispatch()
        return [due[start : start + BATCH] for start in range(0, len(due), BATCH)]

    async def recover(self, timestamp: int) -> None:
        """Give jobs of workers that are gone to others."""
        for job in await self._ledger.get_stalled_jobs(seconds_since_heartbeat=STALLED):
            if job.queue != CRAWLS:
                await self._ledger.finish_job(job, Status.FAILED, delete_job=True)
            elif await self._ledger.give_back(job):
                self._tell(f"{job.lock}: its worker is gone; another one takes it")
        await self._ledger.prune_stalled_workers(STALLED)
        await asyncio.to_thread(self._desk.do, lambda desk: desk.strike_out())
        if timestamp % 3600 == 0:
            await self._ledger.delete_old_jobs(nb_hours=24, include_failed=True, include_aborted=True)

    def _lost_job(self, job: Job) -> None:
        self._die(f"{job.lock} is another worker's by now, or how its crawl ended cannot be written down")

    def _die(self, why: str) -> NoReturn:
        """End all crawls and this process where they stand: nothing may be asked for or written down any more."""
        for child in list(self._children.values()):
            child.kill()
        with suppress(OSError):  # nobody may be reading it any more
            os.write(2, f"newsarchive: {why}; this worker and its crawls ended where they stood\n".encode())
        os._exit(LOST)


class _SharedDesk:
    """One session for all threads of a worker, made anew when it breaks."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._desk: Desk | None = None

    def do(self, what: Callable[[Desk], T]) -> T:
        """Do something at the desk."""
        with self._lock:
            if self._desk is not None:
                try:
                    return what(self._desk)
                except psycopg.OperationalError:  # the database was restarted meanwhile
                    self._desk.close()
                    self._desk = None
            self._desk = Desk(self._url)
            return what(self._desk)

    def close(self) -> None:
        """End the session."""
        with self._lock:
            if self._desk is not None:
                self._desk.close()


class _Sites:
    """The archive's sites, read again when newsarchive.toml has changed: with thousands that takes a second."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: object = None
        self._names: list[str] = []

    def names(self) -> list[str]:
        """Names of all sites."""
        stat = (self._folder / FILE_NAME).stat()
        if (stat.st_mtime_ns, stat.st_size) != self._seen:
            self._names = [site.name for site in toml_file.load(self._folder).sites]
            self._seen = (stat.st_mtime_ns, stat.st_size)
        return self._names
