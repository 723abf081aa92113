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
from typing import TYPE_CHECKING, LiteralString

from storage.index.cluster.leases import ALL, CLASS, DISPATCHING, STALE, enter_schema, lock_changes, relation_exists
from storage.index.engine.postgres import connect, conninfo, translate_driver_errors

if TYPE_CHECKING:
    import psycopg

CRAWLS = "crawls"
"""Name of the queue of sites to crawl; the site is the job's lock and its queueing lock."""
STALLED = 18.0
"""Seconds without a heartbeat after which a worker counts as gone, and its jobs are given to others."""

_TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS workers (
    worker_id bigint PRIMARY KEY, host text NOT NULL, pid integer NOT NULL, slots integer NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE IF NOT EXISTS next_checks (site text PRIMARY KEY, next_at timestamptz NOT NULL);
"""
_OURS: LiteralString = """
WITH ours AS MATERIALIZED (
    SELECT id FROM procrastinate_jobs
    WHERE id = %(job_id)s AND status = 'doing' AND attempts = %(attempts)s
        AND worker_id IS NOT DISTINCT FROM %(worker_id)s::bigint
    FOR UPDATE
)
"""
# Procrastinate updates by a job's id alone: a worker that counts as gone would end the job of its successor.
FINISH: LiteralString = (
    _OURS
    + """SELECT id, procrastinate_finish_job_v1(id, %(status)s::procrastinate_job_status, %(delete_job)s)::text
FROM ours"""
)
"""End a job, if it is still the worker's."""
RETRY: LiteralString = (
    _OURS + "SELECT id, procrastinate_retry_job_v2(id, %(retry_at)s, NULL, NULL, NULL)::text FROM ours"  # noqa: S608
)
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
        schema = enter_schema(session)
        with lock_changes(session):
            session.execute(_TABLES)
            # Procrastinate's schema cannot be applied twice.
            if not relation_exists(session, "procrastinate_jobs"):
                session.execute(schema_sql.encode())
    return conninfo(url, search_path=schema)


class JobSession:
    """Database session of a worker for the tables of jobs. Not safe to share between threads."""

    def __init__(self, url: str) -> None:
        self._session = connect(url, statement_timeout="8000")
        enter_schema(self._session)

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
        row = self._session.execute("SELECT pg_try_advisory_lock(%s, %s)", (CLASS, DISPATCHING)).fetchone()
        return bool(row and row[0])

    def end_dispatch(self) -> None:
        """Release the lock of `begin_dispatch`."""
        self._session.execute("SELECT pg_advisory_unlock(%s, %s)", (CLASS, DISPATCHING))

    def select_due_sites(self, sites: Sequence[str], limit: int) -> list[str]:
        """Return the sites that are due for a check, the most overdue first.

        Sites that wait for a worker or are being crawled, by whatever process, are left out; all are while one process
        has the lease on the whole archive.
        """
        query: LiteralString = """
            WITH fresh AS (SELECT site FROM leases JOIN lease_holders USING (holder)
                WHERE seen_at > clock_timestamp() - make_interval(secs => %s))
            SELECT site FROM unnest(%s::text[]) AS site LEFT JOIN next_checks USING (site)
            WHERE (next_at IS NULL OR next_at <= clock_timestamp())
                AND site NOT IN (SELECT site FROM fresh) AND NOT EXISTS (SELECT FROM fresh WHERE fresh.site = %s)
                AND site NOT IN (SELECT lock FROM procrastinate_jobs
                    WHERE status IN ('todo', 'doing') AND queue_name = %s AND lock IS NOT NULL)
            ORDER BY next_at NULLS FIRST, site LIMIT %s
        """
        rows = self._session.execute(query, (STALE, list(sites), ALL, CRAWLS, limit))
        return [row[0] for row in rows.fetchall()]

    def schedule_next_checks(self, seconds: Mapping[str, float]) -> None:
        """Have each site checked again after so many seconds."""
        statement: LiteralString = """
            INSERT INTO next_checks
            SELECT site, clock_timestamp() + make_interval(secs => delay)
            FROM unnest(%s::text[], %s::float8[]) AS of (site, delay) ORDER BY site
            ON CONFLICT (site) DO UPDATE SET next_at = excluded.next_at
        """
        sites = sorted(seconds)
        self._session.execute(statement, (sites, [seconds[site] for site in sites]))


def load_workload(url: str) -> Workload:
    """Return the workers and their jobs."""
    with connect(url) as session, translate_driver_errors(url):
        enter_schema(session)
        if not relation_exists(session, "procrastinate_jobs"):
            return Workload(workers=(), running=(), failed=(), waiting=0)
        workers = session.execute(
            "SELECT id, host, pid, slots, since, last_heartbeat FROM procrastinate_workers "
            "JOIN workers ON worker_id = id ORDER BY host, pid"
        ).fetchall()
        waiting = session.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = %s", (CRAWLS,)
        ).fetchone()
        return Workload(
            workers=tuple(WorkerInfo(*row) for row in workers),
            running=_load_jobs(session, "doing", "started"),
            failed=_load_jobs(session, "failed", "failed"),
            waiting=waiting[0] if waiting else 0,
        )


def _load_jobs(session: "psycopg.Connection", status: str, event: str) -> tuple[CrawlJob, ...]:
    rows = session.execute(
        "SELECT lock, worker_id, attempts, max(at) AS at FROM procrastinate_jobs AS job "
        "JOIN procrastinate_events AS event ON event.job_id = job.id AND event.type::text = %s "
        "WHERE status::text = %s AND queue_name = %s GROUP BY job.id "
        "HAVING status = 'doing' OR max(at) > clock_timestamp() - interval '1 day' ORDER BY at DESC",
        (event, status, CRAWLS),
    ).fetchall()
    return tuple(CrawlJob(*row) for row in rows)
