"""A worker of a cluster: takes sites from the queue and crawls them, and maintains the queue like all workers.

    crawl slots   run crawls, each in a process of its own
    maintenance   creates jobs from the schedule and gives the jobs of dead workers to others; never waits for a slot

If it cannot be sure that its jobs are its own any more, it kills its crawls and itself.
"""

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from socket import gethostname
from typing import Any, NoReturn, TypeVar

import psycopg
from procrastinate import App, JobContext, PsycopgConnector, RetryDecision, exceptions
from procrastinate.connector import BaseConnector
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.retry import BaseRetryStrategy
from procrastinate.schema import SchemaManager
from procrastinate.worker import Worker

from newsarchive.config import toml_file
from newsarchive.jobs.crawl_process import BUSY, CrawlProcess, CrawlResult
from storage.errors import ArchiveError
from storage.index import Index
from storage.index.cluster.jobs import CRAWLS, FINISH, RETRY, STALLED, JobClaim, JobSession, prepare_queue
from storage.index.cluster.leases import Heartbeat
from storage.index.frontier import url_queue

RETRY_DELAYS = (0.0, 0.5, 2.0)
"""Seconds before each attempt to record how a job ended. Procrastinate makes one attempt and ignores its result: the
job would stay its worker's, and its site would not be crawled, for as long as that worker lives."""


class LeasedJobManager(JobManager):
    """Procrastinate's job manager with two other writes, which check the job's worker and attempt."""

    def __init__(self, connector: BaseConnector, on_lost: Callable[[Job], None]) -> None:
        """`on_lost` is called with a job that another worker has taken, or whose end could not be recorded."""
        super().__init__(connector)
        self._on_lost = on_lost

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """End a job, if it is still the worker's."""
        if not await self._write(FINISH, job, status=status.value, delete_job=delete_job) and job.queue == CRAWLS:
            self._on_lost(job)

    async def retry_job(
        self, job: Job, retry_at: datetime | None = None, priority: int | None = None, queue: str | None = None,
        lock: str | None = None,
    ) -> None:  # fmt: skip
        """Give a job back, if it is still the worker's. It fails if its site is queued again already."""
        del priority, queue, lock
        if not await self.release_job(job, retry_at) and job.queue == CRAWLS:
            self._on_lost(job)

    async def release_job(self, job: Job, retry_at: datetime | None = None) -> bool:
        """Give a job back like `retry_job`; return False if it was not the worker's any more."""
        try:
            return await self._write(RETRY, job, retry_at=retry_at or datetime.now(UTC))
        except exceptions.UniqueViolation:
            # A newer job of the site waits. If the older one stayed, it would never be started.
            return await self._write(FINISH, job, status=Status.FAILED.value, delete_job=False)

    async def _write(self, statement: Any, job: Job, **values: Any) -> bool:
        """Return False if the job is not the worker's any more, or nothing could be written for seconds."""
        claim = {"job_id": job.id, "worker_id": job.worker_id, "attempts": job.attempts}
        for delay in RETRY_DELAYS:
            await asyncio.sleep(delay)
            try:
                return bool(await self.connector.execute_query_all_async(statement, **claim, **values))
            except exceptions.ConnectorException as problem:
                if isinstance(problem, exceptions.UniqueViolation):
                    raise
        return False


LEASE_INTERVAL = 5.0
"""Seconds. Jobs of a worker without a heartbeat for storage.index.cluster.jobs.STALLED seconds go to others."""


class JobLease:
    """Checks that the jobs of this process are still its own. Calls `on_lost` with the reason if one is lost.

    `on_lost` has to end the process, not the job: an exception in a job would be recorded for a job that is another
    worker's. The kernel does it if nothing of the process runs, as when it was frozen.
    """

    def __init__(
        self, url: str, slots: int, worker_id: Callable[[], int | None], on_lost: Callable[[str], None]
    ) -> None:
        """Start checking. `worker_id` returns this process's number in the queue; None until it has one."""
        self._worker_id, self._slots = worker_id, slots
        self._claims: dict[int, JobClaim] = {}
        self._is_registered = False
        self._session = _SharedSession(url)
        self._lost_reason = "the index's database does not respond"
        self._heartbeat = Heartbeat(
            self._check_claims,
            lambda: on_lost(self._lost_reason),
            interval=LEASE_INTERVAL,
            confirmed_at=time.monotonic(),
            kill_process=True,
        )

    def add(self, claim: JobClaim) -> None:
        """Check a job from now on."""
        self._claims[claim.job] = claim

    def remove(self, claim: JobClaim) -> None:
        """Stop checking a job that has ended; recording its end verifies the claim again."""
        self._claims.pop(claim.job, None)

    def close(self) -> None:
        """Stop checking."""
        self._heartbeat.close()
        self._session.close()

    def _check_claims(self) -> bool | None:
        """Return False if a job was lost, None if the database does not respond."""
        claims = list(self._claims.values())
        try:
            lost = self._session.run(lambda session: session.find_lost_claims(claims))
            if (worker := self._worker_id()) is not None and not self._is_registered:
                self._session.run(lambda s: s.register_worker(worker, gethostname(), os.getpid(), self._slots))
                self._is_registered = True
        except (psycopg.Error, ArchiveError):
            with suppress(Exception):
                self._session.close()
            return None
        # A job that ended during the query was recorded and is no longer claimed.
        lost = [claim for claim in lost if self._claims.get(claim.job) is claim]
        if lost:
            self._lost_reason = f"{lost[0].site} has been taken over by another worker"
        return not lost


T = TypeVar("T")

MAINTENANCE = "maint"
"""Queue of the maintenance tasks. It has a Procrastinate worker of its own, so that full slots do not delay it."""
DISPATCH, RECOVER = "* * * * * */5", "* * * * * */2"
"""Every five and every two seconds: the sixth field of these cron expressions is seconds."""
HEARTBEAT_INTERVAL = 3.0
SHUTDOWN_TIMEOUT = 8.0
"""Seconds for crawls to end in order; they need about four."""
LOST = 75
"""Exit code of a worker that has lost its jobs: its supervisor starts it again."""
BATCH = 500
"""Jobs created by one statement."""
MAX_CHECKED = 2000
"""Sites whose schedule one dispatch reads."""
MAX_CHECK_INTERVAL = 600.0
"""Seconds after which a site is checked again, whatever its schedule: a command may have made something due."""
PAUSE, PAUSE_BUSY, PAUSE_EMPTY = 60.0, 15.0, 600.0
"""Seconds until a site is checked after a crawl; after one that found the site in use; after one without captures,
since its hosts are backed off or it is outside its hours."""


class JobReleased(Exception):
    """The worker stops before its job is done."""


class CrawlFailed(Exception):
    """The crawl ended with an error that its owner should know of."""


class RetryReleasedJobs(BaseRetryStrategy):
    """Retries at once a job that is given back, without a limit: each shutdown and each crash counts as an attempt.

    A failed job is not retried: its site becomes due again by its schedule.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return the decision on a failed job. Called by Procrastinate."""
        del job
        return RetryDecision(retry_at=datetime.now(UTC)) if isinstance(exception, JobReleased) else None


def run_worker(folder: Path, index: str, slots: int, print_line: Callable[[str], None]) -> int:
    """Work until SIGTERM or SIGINT; return the exit code. Parameters as of CrawlWorker."""
    # These log a traceback for each failed job and each lost session; we report what matters.
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return asyncio.run(CrawlWorker(folder, index, slots, print_line).run())


def select_due_sites(session: JobSession, index: Index, sites: Sequence[str], now: datetime) -> list[str]:
    """Return the sites with a due URL, and schedule the next check of the others."""
    if not (checked := session.select_due_sites(sites, MAX_CHECKED)):
        return []
    earliest = index.read(url_queue.next_due_by_site, checked)
    # A site without a due time was never crawled, or all of its URLs were given up.
    wait = {site: (earliest.get(site, now) - now) / timedelta(seconds=1) for site in checked}
    limit = MAX_CHECK_INTERVAL
    session.schedule_next_checks({site: min(after, limit) if after > 0 else limit for site, after in wait.items()})
    return [site for site in checked if wait[site] <= 0]


def describe_cause(problem: BaseException) -> str:
    """Return what an error was caused by in the end: Procrastinate's own errors say "Database error." alone."""
    while problem.__cause__ is not None:
        problem = problem.__cause__
    return " ".join(str(problem).split()) or type(problem).__name__


class CrawlWorker:
    """A running worker."""

    def __init__(self, folder: Path, index: str, slots: int, print_line: Callable[[str], None]) -> None:
        """Connect to the index, a URL of PostgreSQL, to crawl so many sites at once.

        `folder` is the archive's, one on each machine. `print_line` is called with each line for the user.
        """
        self._folder, self._print_line = folder, print_line
        self._crawls: dict[int, CrawlProcess] = {}
        self._stopping = False
        self._stop_requested = asyncio.Event()
        self._reported_problem = ""
        queue = prepare_queue(index, SchemaManager.get_schema())
        self.app = App(connector=PsycopgConnector(conninfo=queue, min_size=1, max_size=6, timeout=3))
        lost = "has been taken over by another worker, or the end of its crawl cannot be recorded"
        self.app.job_manager = self._jobs = LeasedJobManager(
            self.app.connector, lambda job: self._kill_process(f"{job.lock} {lost}")
        )
        register = self.app.task
        register(name="crawl", queue=CRAWLS, pass_context=True, retry=RetryReleasedJobs())(self.crawl)
        for name, function, when in (("dispatch", self.dispatch, DISPATCH), ("recover", self.recover, RECOVER)):
            self.app.periodic(cron=when)(register(name=name, queue=MAINTENANCE, queueing_lock=name)(function))
        self._crawl_worker = self._create_worker(CRAWLS, slots)
        self._maintenance_worker = self._create_worker(MAINTENANCE, 2)
        self._index = Index.open(index)
        self._session = _SharedSession(index)
        self._lease = JobLease(index, slots, lambda: self._crawl_worker.worker_id, self._kill_process)

    def _create_worker(self, queue: str, slots: int) -> Worker:
        return Worker(
            self.app,
            queues=[queue],
            name=queue,
            concurrency=slots,
            update_heartbeat_interval=HEARTBEAT_INTERVAL,
            stalled_worker_timeout=STALLED,
            fetch_job_polling_interval=2.0,
            install_signal_handlers=False,
            delete_jobs="successful",
            shutdown_graceful_timeout=SHUTDOWN_TIMEOUT,
        )

    async def run(self) -> int:
        """Work until it is stopped or cannot continue; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)
        both = (self._crawl_worker, self._maintenance_worker)
        async with self.app.open_async():
            workers = [asyncio.create_task(each.run()) for each in both]  # type: ignore[no-untyped-call]
            stop = asyncio.create_task(self._stop_requested.wait())
            await asyncio.wait([*workers, stop], return_when=asyncio.FIRST_COMPLETED)
            self._stopping = True
            for crawl in self._crawls.values():
                crawl.stop()
            for each in both:
                each.stop()  # type: ignore[no-untyped-call]
            results = await asyncio.gather(*workers, return_exceptions=True)
            stop.cancel()
        self._lease.close()
        self._session.close()
        self._index.close()
        problems = [describe_cause(result) for result in results if isinstance(result, Exception)]
        if self._stop_requested.is_set() and not problems:
            return 0
        what = f"the job queue cannot be used{': ' + problems[0] if problems else ''}; this worker exits"
        advice = "all captures are in the WARC files. Find the cause with: newsarchive doctor"
        self._print_line(f"{what}, and {advice}")
        return LOST

    def stop(self) -> None:
        """End in order, as after SIGTERM."""
        self._stop_requested.set()

    async def crawl(self, context: JobContext, site: str) -> None:
        """Crawl one site: the job."""
        job = context.job
        assert job.id is not None
        assert job.worker_id is not None
        claim = JobClaim(job=job.id, worker=job.worker_id, attempts=job.attempts, site=site)
        self._lease.add(claim)
        try:
            crawl = await CrawlProcess.start(site, self._folder)
            self._crawls[job.id] = crawl
            if self._stopping:
                crawl.stop()
            result = await crawl.wait()
        except asyncio.CancelledError:
            if job.id in self._crawls:
                self._crawls[job.id].kill()
            raise JobReleased from None
        except OSError as problem:
            advice = "nothing was fetched, and the site is queued again later. Find the cause with: newsarchive doctor"
            self._print_line(f"{site}: the crawl could not be started ({problem}); {advice}")
            raise CrawlFailed(str(problem)) from problem
        finally:
            self._crawls.pop(job.id, None)
            self._lease.remove(claim)
        await self._handle_exit(site, result)

    async def _handle_exit(self, site: str, result: CrawlResult) -> None:
        """Schedule the next check of a site by the result of its crawl. Raises JobReleased or CrawlFailed."""
        is_ok = result.exit_code in {0, BUSY}
        if self._stopping and (result.outcome == "stopped" or not is_ok):
            raise JobReleased
        is_again = result.captures or result.exit_code < 0
        pause = PAUSE_BUSY if result.exit_code == BUSY else PAUSE if is_again else PAUSE_EMPTY
        await asyncio.to_thread(self._session.run, lambda session: session.schedule_next_checks({site: pause}))
        if not is_ok:
            reason = f"signal {-result.exit_code}" if result.exit_code < 0 else f"exit code {result.exit_code}"
            advice = "what it fetched is kept. See: newsarchive workers"
            self._print_line(f"{site}: the crawl ended with {reason}; {advice}")
            raise CrawlFailed(reason)
        if result.exit_code == 0:
            self._print_line(f"{site}: {result.outcome}, captures: {result.captures:,}")

    async def dispatch(self, timestamp: int) -> None:
        """Create jobs for the sites with a due URL."""
        del timestamp
        try:
            batches = await asyncio.to_thread(self._session.run, self._select_batches)
        except (ArchiveError, OSError) as problem:
            if self._reported_problem != str(problem):  # once: the next attempt is in five seconds
                self._reported_problem = str(problem)
                self._print_line(f"no jobs can be created for due sites: {problem}")
            raise
        self._reported_problem = ""
        for sites in batches:
            task = partial(Job, queue=CRAWLS, task_name="crawl")
            jobs = [task(lock=site, queueing_lock=site, task_kwargs={"site": site}) for site in sites]
            try:
                await self._jobs.batch_defer_jobs_async(jobs)
            except exceptions.AlreadyEnqueued:
                for job in jobs:
                    with suppress(exceptions.AlreadyEnqueued):
                        await self._jobs.defer_job_async(job)

    def _select_batches(self, session: JobSession) -> list[list[str]]:
        if not session.begin_dispatch():
            return []
        try:
            sites = [site.name for site in toml_file.read_config(self._folder).sites]
            due = select_due_sites(session, self._index, sites, datetime.now(UTC))
        finally:
            session.end_dispatch()
        return [due[start : start + BATCH] for start in range(0, len(due), BATCH)]

    async def recover(self, timestamp: int) -> None:
        """Give the jobs of dead workers to others."""
        for job in await self._jobs.get_stalled_jobs(seconds_since_heartbeat=STALLED):
            if job.queue != CRAWLS:
                await self._jobs.finish_job(job, Status.FAILED, delete_job=True)
            elif await self._jobs.release_job(job):
                self._print_line(f"{job.lock}: its worker is gone; another one takes it over")
        await self._jobs.prune_stalled_workers(STALLED)
        await asyncio.to_thread(self._session.run, lambda session: session.delete_gone_workers())
        if timestamp % 3600 == 0:
            await self._jobs.delete_old_jobs(nb_hours=24, include_failed=True, include_aborted=True)

    def _kill_process(self, reason: str) -> NoReturn:
        """Kill all crawls and this process: nothing may be requested or written any more."""
        for crawl in list(self._crawls.values()):
            crawl.kill()
        with suppress(OSError):  # stderr may be closed
            os.write(2, f"newsarchive: {reason}; this worker and its crawls were ended at once\n".encode())
        os._exit(LOST)


class _SharedSession:
    """A database session for all threads of a worker, replaced when it breaks."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.RLock()
        self._session: JobSession | None = None

    def run(self, action: Callable[[JobSession], T]) -> T:
        """Call a function with the session."""
        with self._lock:
            if self._session is not None:
                with suppress(psycopg.OperationalError):  # the database was restarted meanwhile
                    return action(self._session)
                self.close()
            self._session = JobSession(self._url)
            return action(self._session)

    def close(self) -> None:
        """End the session."""
        with self._lock:
            if self._session is not None:
                self._session.close()
                self._session = None
