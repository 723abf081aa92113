"""Jobs of crawls on many machines: queries of Procrastinate's tables that Procrastinate itself does not have.

Its tables, and ours, are in the schema of the leases, where Alembic does not see them:

    procrastinate_jobs      one row per job: the site to crawl, its worker, number of attempts
    procrastinate_workers   one row per worker: its last heartbeat
    workers                 one row per worker: its machine
    next_checks             one row per site: when the dispatcher checks it next
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.index.cluster import leases
from storage.index.engine.postgres import connect, conninfo, translate_driver_errors

CRAWLS = "crawls"
"""Name of the queue of sites to crawl; the site is the job's lock and its queueing lock."""
STALLED = 18.0
"""Seconds without a heartbeat after which a worker counts as gone, and its jobs are given to others."""

# Procrastinate updates by a job's id alone: a worker that counts as gone would end the job of its successor.
FINISH = leases.STATEMENTS["finish-job"]
"""End a job, if it is still the worker's."""
RETRY = leases.STATEMENTS["retry-job"]
"""Return a job to the queue, if it is still the worker's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobClaim:
    """A job as its worker took it: the attempt gives the right to work at it."""

    job: int
    worker: int
    attempts: int
    site: str


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """A worker process."""

    worker: int
    host: str
    pid: int
    slots: int
    """Sites that it crawls at once."""
    since: datetime
    last_heartbeat_at: datetime
    """Its last heartbeat; after STALLED seconds without one it counts as gone."""


@dataclass(frozen=True, slots=True)
class CrawlJob:
    """A site that is being crawled, or whose last crawl failed."""

    site: str
    worker: int | None
    """The worker that runs it; None if that is gone."""
    attempts: int
    """Workers that had it before: each shutdown and each crash of a machine is one."""
    at: datetime
    """When it began, or failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Workers and their jobs."""

    workers: tuple[WorkerInfo, ...]
    running: tuple[CrawlJob, ...]
    failed: tuple[CrawlJob, ...]
    """Of the last day, newest first."""
    waiting: int
    """Sites that are due and wait for a worker."""


def prepare_queue(url: str, schema_sql: str) -> str:
    """Create the tables of jobs unless they exist, Procrastinate's by `schema_sql`. Return libpq's connection info."""
    with connect(url) as session, translate_driver_errors(url):
        schema = leases.enter_schema(session)
        with leases.lock_changes(session):
            session.execute(leases.STATEMENTS["tables"])
            # Procrastinate's schema cannot be applied twice.
            if not leases.relation_exists(session, "procrastinate_jobs"):
                session.execute(schema_sql.encode())
    return conninfo(url, search_path=schema)


class JobSession:
    """Database session of a worker for the tables of jobs. Not safe to share between threads."""

    def __init__(self, url: str) -> None:
        self._session = connect(url, statement_timeout="8000")
        leases.enter_schema(self._session)

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def find_lost_claims(self, claims: Collection[JobClaim]) -> list[JobClaim]:
        """Return those of the claims whose jobs have been given to another worker."""
        query = "SELECT id, worker_id, attempts FROM procrastinate_jobs WHERE id = ANY(%s) AND status = 'doing'"
        valid = set(self._session.execute(query, ([claim.job for claim in claims],)).fetchall())
        return [claim for claim in claims if (claim.job, claim.worker, claim.attempts) not in valid]

    def register_worker(self, worker: int, host: str, pid: int, slots: int) -> None:
        """Note the machine and process of a worker."""
        statement = "INSERT INTO workers VALUES (%s, %s, %s, %s) ON CONFLICT (worker_id) DO NOTHING"
        self._session.execute(statement, (worker, host, pid, slots))

    def delete_gone_workers(self) -> None:
        """Delete rows of workers that Procrastinate does not know any more."""
        self._session.execute("DELETE FROM workers WHERE worker_id NOT IN (SELECT id FROM procrastinate_workers)")

    def begin_dispatch(self) -> bool:
        """Lock the creation of jobs until `end_dispatch`; False if another worker has the lock."""
        key = leases.CLASS, leases.DISPATCHING
        row = self._session.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone()
        return bool(row and row[0])

    def end_dispatch(self) -> None:
        """Release the lock of `begin_dispatch`."""
        self._session.execute("SELECT pg_advisory_unlock(%s, %s)", (leases.CLASS, leases.DISPATCHING))

    def select_due_sites(self, sites: Sequence[str], limit: int) -> list[str]:
        """Return the sites that are due for a check, the most overdue first.

        Sites that wait for a worker or are being crawled, by whatever process, are left out; all are while one process
        has the lease on the whole archive.
        """
        chosen = {"stale": leases.STALE, "sites": list(sites), "all": leases.ALL, "queue": CRAWLS, "limit": limit}
        return [row[0] for row in self._session.execute(leases.STATEMENTS["due-sites"], chosen).fetchall()]

    def schedule_next_checks(self, seconds: Mapping[str, float]) -> None:
        """Have each site checked again after so many seconds."""
        self._session.execute(leases.STATEMENTS["schedule-next-checks"], (list(seconds), list(seconds.values())))


def load_workload(url: str) -> Workload:
    """Return the workers and their jobs."""
    with connect(url) as session, translate_driver_errors(url):
        leases.enter_schema(session)
        if not leases.relation_exists(session, "procrastinate_jobs"):
            return Workload(workers=(), running=(), failed=(), waiting=0)
        waiting = session.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = %s", (CRAWLS,)
        ).fetchone()

        def load_jobs(status: str, event: str) -> tuple[CrawlJob, ...]:
            jobs = session.execute(leases.STATEMENTS["jobs"], {"status": status, "event": event, "queue": CRAWLS})
            return tuple(CrawlJob(*row) for row in jobs.fetchall())

        return Workload(
            workers=tuple(WorkerInfo(*row) for row in session.execute(leases.STATEMENTS["workers"]).fetchall()),
            running=load_jobs("doing", "started"),
            failed=load_jobs("failed", "failed"),
            waiting=waiting[0] if waiting else 0,
        )
