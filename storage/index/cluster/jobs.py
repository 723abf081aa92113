"""The jobs of crawls on many machines: what is asked of Procrastinate's tables that it does not ask itself.

Its tables, and ours beside them, lie in the schema of holds, where Alembic does not see them:

    procrastinate_jobs      one row a job: a site to be crawled, by whom, how often tried
    procrastinate_workers   one row a worker: when it was last heard of
    crews                   one row a worker: on which machine it is
    looks                   one row a site: when the dispatcher looks at it again
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, LiteralString

from storage.index.cluster.leases import ALL, CLASS, DISPATCHING, STALE, changing, in_schema, is_there, prepare
from storage.index.engine.postgres import connect, conninfo, naming_refusals

if TYPE_CHECKING:
    import psycopg

CRAWLS = "crawls"
"""Name of the queue of sites to be crawled; the site is the job's lock and its queueing lock."""
STALLED = 18.0
"""Seconds without a word after which a worker is taken for gone, and its jobs are given to others."""

_TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS {}.crews (
    worker_id bigint PRIMARY KEY, host text NOT NULL, pid integer NOT NULL, slots integer NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE IF NOT EXISTS {}.looks (site text PRIMARY KEY, next_at timestamptz NOT NULL);
"""
_OURS: LiteralString = """
WITH ours AS MATERIALIZED (
    SELECT id FROM procrastinate_jobs
    WHERE id = %(job_id)s AND status = 'doing' AND attempts = %(attempts)s
        AND worker_id IS NOT DISTINCT FROM %(worker_id)s::bigint
    FOR UPDATE
)
"""
# Procrastinate writes by a job's id alone: a worker that was taken for gone would end the job of its successor.
FINISH: LiteralString = (
    _OURS
    + """SELECT id, procrastinate_finish_job_v1(id, %(status)s::procrastinate_job_status, %(delete_job)s)::text
FROM ours"""
)
"""End a job, if it is still the worker's."""
RETRY: LiteralString = (
    _OURS + "SELECT id, procrastinate_retry_job_v2(id, %(retry_at)s, NULL, NULL, NULL)::text FROM ours"  # noqa: S608
)
"""Give a job back, if it is still the worker's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job as its worker took it: who has one of its attempts has the right to work at it."""

    job: int
    worker: int
    attempts: int
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """A worker that is there."""

    worker: int
    host: str
    pid: int
    slots: int
    """Sites that it crawls at once."""
    since: datetime
    heard_at: datetime
    """Its last word; after STALLED seconds of silence it is taken for gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A site that is being crawled, or whose last crawl failed."""

    site: str
    worker: int | None
    """Who does it; None where it is nobody any more."""
    attempts: int
    """Workers that had it before: each shutdown and each crash of a machine is one."""
    at: datetime
    """When it began, or failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Who does what."""

    crews: tuple[Crew, ...]
    doing: tuple[Task, ...]
    failed: tuple[Task, ...]
    """Of the last day, newest first."""
    waiting: int
    """Sites that are due, and wait for a worker."""


def prepare_queue(url: str, schema_sql: str) -> str:
    """Make the tables of jobs, once; returns how libpq connects to them. `schema_sql` makes Procrastinate's."""
    with connect(url) as session, naming_refusals(url):
        schema = prepare(session)
        with changing(session):
            session.execute(in_schema(_TABLES, schema))
            # Its schema cannot be applied twice.
            if not is_there(session, f"{schema}.procrastinate_jobs"):
                session.execute(in_schema("SET LOCAL search_path TO {}", schema))
                session.execute(schema_sql.encode())
    return conninfo(url, search_path=schema)


class Desk:
    """One session for what a worker asks of the tables of jobs. Not safe to share between threads."""

    def __init__(self, url: str) -> None:
        self._session = connect(url, statement_timeout="8000")
        self._schema = prepare(self._session)

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def lost(self, claims: Collection[Claim]) -> list[Claim]:
        """Those jobs that are not their worker's any more."""
        asked = "SELECT id, worker_id, attempts FROM {}.procrastinate_jobs WHERE id = ANY(%s) AND status = 'doing'"
        rows = self._session.execute(in_schema(asked, self._schema), ([claim.job for claim in claims],)).fetchall()
        held = set(rows)
        return [claim for claim in claims if (claim.job, claim.worker, claim.attempts) not in held]

    def enlist(self, worker: int, host: str, pid: int, slots: int) -> None:
        """Say where a worker is."""
        said = "INSERT INTO {}.crews VALUES (%s, %s, %s, %s) ON CONFLICT (worker_id) DO NOTHING"
        self._session.execute(in_schema(said, self._schema), (worker, host, pid, slots))

    def strike_out(self) -> None:
        """Forget where workers were that are gone."""
        gone = "DELETE FROM {}.crews WHERE worker_id NOT IN (SELECT id FROM {}.procrastinate_workers)"
        self._session.execute(in_schema(gone, self._schema))

    def begin_dispatch(self) -> bool:
        """Be the only one that makes jobs, until `end_dispatch`; false where somebody else is at it."""
        row = self._session.execute("SELECT pg_try_advisory_lock(%s, %s)", (CLASS, DISPATCHING)).fetchone()
        return bool(row and row[0])

    def end_dispatch(self) -> None:
        """Let others make jobs."""
        self._session.execute("SELECT pg_advisory_unlock(%s, %s)", (CLASS, DISPATCHING))

    def to_look_at(self, sites: Sequence[str], limit: int) -> list[str]:
        """Sites that it is time to look at, those longest over their time first.

        Those that wait for a worker are none of them, nor those that are being crawled, and be it by no worker; none
        is while somebody has the whole archive.
        """
        asked: LiteralString = """
            WITH fresh AS (SELECT site FROM {}.holds JOIN {}.holders USING (holder)
                WHERE seen_at > clock_timestamp() - make_interval(secs => %s))
            SELECT site FROM unnest(%s::text[]) AS site LEFT JOIN {}.looks USING (site)
            WHERE (next_at IS NULL OR next_at <= clock_timestamp())
                AND site NOT IN (SELECT site FROM fresh) AND NOT EXISTS (SELECT FROM fresh WHERE fresh.site = %s)
                AND site NOT IN (SELECT lock FROM {}.procrastinate_jobs
                    WHERE status IN ('todo', 'doing') AND queue_name = %s AND lock IS NOT NULL)
            ORDER BY next_at NULLS FIRST, site LIMIT %s
        """
        rows = self._session.execute(in_schema(asked, self._schema), (STALE, list(sites), ALL, CRAWLS, limit))
        return [row[0] for row in rows.fetchall()]

    def look_again(self, seconds: Mapping[str, float]) -> None:
        """Look at sites again after so many seconds."""
        said: LiteralString = """
            INSERT INTO {}.looks
            SELECT site, clock_timestamp() + make_interval(secs => later)
            FROM unnest(%s::text[], %s::float8[]) AS of (site, later) ORDER BY site
            ON CONFLICT (site) DO UPDATE SET next_at = excluded.next_at
        """
        sites = sorted(seconds)
        self._session.execute(in_schema(said, self._schema), (sites, [seconds[site] for site in sites]))


def workload(url: str) -> Workload:
    """Who does what at present."""
    with connect(url) as session, naming_refusals(url):
        schema = prepare(session)
        if not is_there(session, f"{schema}.procrastinate_jobs"):
            return Workload(crews=(), doing=(), failed=(), waiting=0)
        session.execute(in_schema("SET search_path TO {}", schema))
        crews = session.execute(
            "SELECT id, host, pid, slots, since, last_heartbeat FROM procrastinate_workers "
            "JOIN crews ON worker_id = id ORDER BY host, pid"
        ).fetchall()
        waiting = session.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = %s", (CRAWLS,)
        ).fetchone()
        return Workload(
            crews=tuple(
                Crew(worker=row[0], host=row[1], pid=row[2], slots=row[3], since=row[4], heard_at=row[5])
                for row in crews
            ),
            doing=_tasks(session, "doing", "started"),
            failed=_tasks(session, "failed", "failed"),
            waiting=waiting[0] if waiting else 0,
        )


def _tasks(session: "psycopg.Connection", status: str, event: str) -> tuple[Task, ...]:
    rows = session.execute(
        "SELECT lock, worker_id, attempts, max(at) AS at FROM procrastinate_jobs AS job "
        "JOIN procrastinate_events AS event ON event.job_id = job.id AND event.type::text = %s "
        "WHERE status::text = %s AND queue_name = %s GROUP BY job.id "
        "HAVING status = 'doing' OR max(at) > clock_timestamp() - interval '1 day' ORDER BY at DESC",
        (event, status, CRAWLS),
    ).fetchall()
    return tuple(Task(site=row[0], worker=row[1], attempts=row[2], at=row[3]) for row in rows)
