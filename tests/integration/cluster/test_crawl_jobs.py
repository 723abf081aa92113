"""Crawls as jobs of a cluster. (That no site is crawled twice at once, whatever is killed,
frozen or cut off: tests/acceptance/cluster.)
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

procrastinate = pytest.importorskip("procrastinate")

from procrastinate.jobs import Job, Status  # noqa: E402 - of the extra, which may not be there
from procrastinate.schema import SchemaManager  # noqa: E402
from psycopg.conninfo import conninfo_to_dict  # noqa: E402

from newsarchive.jobs import worker  # noqa: E402
from newsarchive.jobs.crawl_process import BUSY, CrawlResult  # noqa: E402
from newsarchive.jobs.worker import CrawlFailed, CrawlWorker, JobLease, JobReleased, RetryReleasedJobs, select_due_sites  # noqa: E402
from storage.errors import ConfigError  # noqa: E402
from storage.index import Index  # noqa: E402
from storage.index.cluster import leases  # noqa: E402
from storage.index.cluster.jobs import STALLED, JobClaim, JobSession, load_workload, prepare_queue  # noqa: E402
from storage.index.cluster.leases import Lease  # noqa: E402
from storage.index.engine.postgres import conninfo  # noqa: E402
from storage.model import DiscoveredUrl, Discovery, UrlKind  # noqa: E402

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
SITES = '[[site]]\nname = "{0}"\nurl = "http://{0}.example/"\n'
OLD = timedelta(hours=1)


class Queue:
    """A queue, with access to its tables."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        names = "".join(SITES.format(name) for name in ("a", "b", "c"))
        (folder / "newsarchive.toml").write_text(f'contact = "me@a.example"\nindex = "{url}"\n{names}')
        address = prepare_queue(url, SchemaManager.get_schema())
        self.session = psycopg.connect(address, autocommit=True)

    def worker(self, heard: timedelta = timedelta()) -> int:
        """Insert a worker whose last heartbeat was so long ago."""
        row = self.session.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s) RETURNING id", (heard,)
        ).fetchone()
        assert row is not None
        return int(row[0])

    def job(self, site: str, status: str = "todo", worker: int | None = None, attempts: int = 0) -> Job:
        """Insert a job of a site."""
        row = self.session.execute(
            "INSERT INTO procrastinate_jobs "
            "(queue_name, task_name, lock, queueing_lock, args, status, worker_id, attempts)"
            " VALUES ('crawls', 'crawl', %s, %s, jsonb_build_object('site', %s::text), %s, %s, %s) RETURNING id",
            (site, site, site, status, worker, attempts),
        ).fetchone()
        assert row is not None
        return Job(
            id=row[0], queue="crawls", lock=site, queueing_lock=site, task_name="crawl", task_kwargs={"site": site},
            worker_id=worker, attempts=attempts,
        )  # fmt: skip

    def jobs(self) -> list[tuple[Any, ...]]:
        """Return site, status, worker and attempts of each job of a site."""
        asked = (
            "SELECT lock, status::text, worker_id, attempts FROM procrastinate_jobs WHERE lock IS NOT NULL ORDER BY id"
        )
        return self.session.execute(asked).fetchall()

    def jobs_tried(self) -> list[tuple[Any, ...]]:
        """Return site, status and attempts of each job of a site."""
        return [(site, status, attempts) for site, status, _, attempts in self.jobs()]


@pytest.fixture
def queue(postgres_url: str, tmp_path: Path) -> Iterator[Queue]:
    """An empty queue."""
    made = Queue(postgres_url, tmp_path)
    yield made
    made.session.close()


Died = list[str]


@contextmanager
def working(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, died: Died, slots: int = 1, told: list[str] | None = None
) -> Iterator[CrawlWorker]:
    """Run a worker in this process, which does not end when its jobs are lost."""
    monkeypatch.setattr(signal, "setitimer", lambda *_: None)
    monkeypatch.setattr(CrawlWorker, "_kill_process", lambda _, why: died.append(why))
    tell = told.append if told is not None else lambda _: None
    made = CrawlWorker(queue.folder, queue.url, slots, tell)
    yield made
    made._lease.close()
    made._session.close()
    made._index.close()


def doing(made: CrawlWorker, *steps: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """Run steps of a worker, one after another."""

    async def all_of_them() -> None:
        async with made.app.open_async():
            for step in steps:
                await step()

    asyncio.run(all_of_them())


def test_a_worker_gives_up_before_others_take_its_jobs(queue: Queue) -> None:
    """Every timeout is some seconds, and a process without its database has ended before its sites are taken."""
    told = conninfo_to_dict(conninfo(queue.url))
    tuned = {name: told[name] for name in ("connect_timeout", "keepalives_idle", "keepalives_interval")}
    assert tuned == {"connect_timeout": "3", "keepalives_idle": "5", "keepalives_interval": "2"}
    assert (told["keepalives_count"], told["tcp_user_timeout"]) == ("3", "8000")
    assert "tcp_keepalives_idle=10" in str(told["options"])
    assert worker.LEASE_INTERVAL == 5.0
    assert leases.DEADLINE + leases.KILL_DELAY < leases.STALE < STALLED
    assert leases.DEADLINE + leases.HEARTBEAT_INTERVAL < leases.STALE
    assert worker.SHUTDOWN_TIMEOUT + worker.HEARTBEAT_INTERVAL < STALLED
    row = queue.session.execute("SELECT current_setting('tcp_user_timeout')").fetchone()
    assert row == ("16000",)


def test_dead_workers_are_found_with_full_slots(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Maintenance has slots of its own."""
    died: Died = []
    begun = threading.Event()
    over: list[asyncio.Event] = []

    class Endless:
        @classmethod
        async def start(cls, site: str, folder: Path) -> "Endless":
            del site, folder
            begun.set()
            over.append(asyncio.Event())
            return cls()

        async def wait(self) -> CrawlResult:
            await over[0].wait()
            return CrawlResult(exit_code=0, outcome="stopped", captures=1)

        def stop(self) -> None:
            over[0].set()

        kill = stop

    monkeypatch.setattr(worker, "CrawlProcess", Endless)
    queue.job("a")
    with working(queue, monkeypatch, died) as made:

        async def until_found() -> None:
            run = asyncio.create_task(made.run())
            while not begun.is_set():  # noqa: ASYNC110 - set by a stand-in
                await asyncio.sleep(0.05)
            queue.job("z", "doing")  # of no site of ours, so that nobody queues it
            while ("z", "todo", 1) not in queue.jobs_tried():  # noqa: ASYNC110 - it is another process's table
                await asyncio.sleep(0.05)
            assert ("a", "doing") in [row[:2] for row in queue.jobs()]
            made.stop()
            assert await run == 0

        asyncio.run(until_found())
    assert ("a", "todo", 1) in queue.jobs_tried()
    assert died == []


def test_the_job_of_a_dead_worker_fails_if_a_newer_one_waits(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """If both stayed, neither would ever run."""
    dead = queue.worker(OLD)
    queue.job("a", "doing", dead, attempts=2)
    queue.job("a")
    died: Died = []
    with working(queue, monkeypatch, died) as made:
        doing(made, lambda: made.recover(1))
    assert [row[:2] for row in queue.jobs()] == [("a", "failed"), ("a", "todo")]
    assert died == []


def test_a_job_of_another_worker_is_not_changed(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that counted as gone neither ends nor gives back the job of its successor, and ends itself."""
    gone, alive = queue.worker(OLD), queue.worker()
    mine = queue.job("a", "doing", gone)
    taken = "UPDATE procrastinate_jobs SET worker_id = %s, attempts = 1"
    queue.session.execute(taken, (alive,))
    died: Died = []
    with working(queue, monkeypatch, died) as made:
        doing(
            made,
            lambda: made._jobs.finish_job(mine, Status.SUCCEEDED, delete_job=True),
            lambda: made._jobs.retry_job(mine),
            made._jobs.check_connection_async,
        )
    assert queue.jobs() == [("a", "doing", alive, 1)]
    assert died == ["a has been taken over by another worker, or the end of its crawl cannot be recorded"] * 2


def test_a_failed_write_is_retried(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finished job never stays its worker's; if nothing can be written, the worker ends."""
    died: Died = []
    fails = [procrastinate.exceptions.ConnectorException("gone")] * 4
    with working(queue, monkeypatch, died) as made:
        write = made._jobs.connector.execute_query_all_async

        async def unsteady(*words: Any, **values: Any) -> Any:
            if fails:
                raise fails.pop()
            return await write(*words, **values)

        monkeypatch.setattr(made._jobs.connector, "execute_query_all_async", unsteady)
        alive = queue.worker()
        first, second = queue.job("a", "doing", alive), queue.job("b", "doing", alive)
        doing(
            made,
            lambda: made._jobs.finish_job(first, Status.SUCCEEDED, delete_job=True),
            lambda: made._jobs.finish_job(second, Status.SUCCEEDED, delete_job=True),
        )
    assert [row[:2] for row in queue.jobs()] == [("a", "doing")]
    assert [why[:2] for why in died] == ["a "]


def test_a_lease_notices_that_its_job_was_taken(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job's worker, attempt and status are checked every few seconds, whatever else the process does."""
    monkeypatch.setattr(signal, "setitimer", lambda *_: None)
    monkeypatch.setattr(worker, "LEASE_INTERVAL", 0.1)
    lost = threading.Event()
    said: list[str] = []
    mine = queue.worker()
    job = queue.job("a", "doing", mine)
    assert job.id is not None

    def on_lost(why: str) -> None:
        said.append(why)
        lost.set()

    watched = JobLease(queue.url, 1, lambda: mine, on_lost)
    try:
        watched.add(JobClaim(job=job.id, worker=mine, attempts=0, site="a"))
        while not (crews := load_workload(queue.url).workers):
            time.sleep(0.05)
        assert [(crew.worker, crew.slots) for crew in crews] == [(mine, 1)]
        assert not lost.is_set()
        queue.session.execute("UPDATE procrastinate_jobs SET attempts = 1")
        assert lost.wait(30)
        assert said[0] == "a has been taken over by another worker"
    finally:
        watched.close()


def test_a_lease_without_its_database_is_lost(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that cannot check may count as gone by now."""
    monkeypatch.setattr(signal, "setitimer", lambda *_: None)
    monkeypatch.setattr(worker, "LEASE_INTERVAL", 0.1)
    monkeypatch.setattr(leases, "DEADLINE", 0.3)
    lost = threading.Event()
    watched = JobLease(queue.url, 1, lambda: None, lambda _: lost.set())
    watched._session._url = "postgresql://127.0.0.1:9/nobody"
    watched._session.close()
    assert lost.wait(30)
    watched.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ended", "stopping", "raised"),
    [
        (CrawlResult(exit_code=0, outcome="stopped", captures=3), True, JobReleased),
        (CrawlResult(exit_code=0, outcome="stopped", captures=3), False, None),
        (CrawlResult(exit_code=0, outcome="finished", captures=3), True, None),
        (CrawlResult(exit_code=BUSY, outcome="failed", captures=0), False, None),
        (CrawlResult(exit_code=1, outcome="finished", captures=0), False, CrawlFailed),
        (CrawlResult(exit_code=-9, outcome="failed", captures=0), False, CrawlFailed),
        (CrawlResult(exit_code=-15, outcome="failed", captures=0), True, JobReleased),
        (CrawlResult(exit_code=70, outcome="failed", captures=4), True, JobReleased),
    ],
)
def test_a_stopped_crawl_is_not_done(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, ended: CrawlResult, stopping: bool, raised: type[Exception] | None
) -> None:
    """Its exit code is 0: the outcome of its run decides."""
    died: Died = []
    with working(queue, monkeypatch, died) as made:
        made._stopping = stopping
        if raised:
            with pytest.raises(raised):
                asyncio.run(made._handle_exit("a", ended))
        else:
            asyncio.run(made._handle_exit("a", ended))


def test_attempts_are_not_limited() -> None:
    """Each shutdown and each crash counts as one: a job can be given back any number of times; a failed one is not."""
    tried = Job(queue="crawls", lock="a", queueing_lock="a", task_name="crawl", attempts=100_000)
    decision = RetryReleasedJobs().get_retry_decision(exception=JobReleased(), job=tried)
    assert decision is not None
    assert decision.retry_at is not None
    assert decision.retry_at <= datetime.now(UTC)
    assert RetryReleasedJobs().get_retry_decision(exception=CrawlFailed(), job=tried) is None


def test_only_sites_with_due_urls_get_a_job(queue: Queue) -> None:
    """The schedule decides when a site is due, after a takeover, too."""
    index = Index.open(queue.url)
    session = JobSession(queue.url)
    try:
        for site, due_at in (("a", NOW + OLD), ("b", NOW - OLD)):
            found = DiscoveredUrl(
                url=f"http://{site}.example/", discovery=Discovery(site=site, kind=UrlKind.LISTING), due_at=due_at,
                priority=0,
            )  # fmt: skip
            index.add_urls([found])
        assert select_due_sites(session, index, ["a", "b", "c"], NOW) == ["b", "c"]
        assert select_due_sites(session, index, ["a", "b", "c"], NOW) == []
        session.schedule_next_checks({"a": -1, "b": -1, "c": -1})
        queue.job("b")
        queue.job("c", "doing", queue.worker())
        assert select_due_sites(session, index, ["a", "b", "c"], NOW + OLD) == ["a"]
        queue.session.execute("DELETE FROM procrastinate_jobs")
        session.schedule_next_checks({"a": -1, "b": -1, "c": 60})
        with Lease(queue.url, ["b"], NOW, "crawl"):
            assert select_due_sites(session, index, ["a", "b", "c"], NOW + OLD) == ["a"]
        session.schedule_next_checks({"a": -1, "b": -1})
        with Lease(queue.url, None, NOW, "rebuild"):
            assert select_due_sites(session, index, ["a", "b", "c"], NOW + OLD) == []
        assert select_due_sites(session, index, ["a", "b", "c"], NOW + OLD) == ["a", "b"]
    finally:
        session.close()
        index.close()


def test_the_tables_of_the_queue_are_created_once(empty_postgres_url: str) -> None:
    """However many workers start at once; they are in a schema that Alembic does not see."""
    problems: list[BaseException] = []

    def prepare() -> None:
        try:
            prepare_queue(empty_postgres_url, SchemaManager.get_schema())
        except BaseException as problem:  # noqa: BLE001 - it is looked at below
            problems.append(problem)

    threads = [threading.Thread(target=prepare) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with psycopg.connect(empty_postgres_url.replace("+psycopg", "")) as session:
        schemas = session.execute(
            "SELECT DISTINCT schemaname FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
    assert schemas == [("newsarchive_jobs",)]


def test_a_site_that_is_queued_twice_is_queued_once(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """A late dispatcher still queues the other sites."""
    queue.job("b")
    died: Died = []
    monkeypatch.setattr(worker, "select_due_sites", lambda *_: ["a", "b", "c"])
    with working(queue, monkeypatch, died) as made:
        doing(made, lambda: made.dispatch(1))
    assert sorted(row[:2] for row in queue.jobs()) == [("a", "todo"), ("b", "todo"), ("c", "todo")]


def test_an_ended_session_is_replaced(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a restart of the database the worker's writes succeed."""
    died: Died = []
    with working(queue, monkeypatch, died) as made:
        made._session.run(lambda session: session.schedule_next_checks({"a": 60}))
        session = made._session._session
        assert session is not None
        queue.session.execute("SELECT pg_terminate_backend(%s)", (session._session.info.backend_pid,))
        made._session.run(lambda session: session.schedule_next_checks({"a": -1, "b": -1}))
        assert made._session.run(lambda session: session.select_due_sites(["a", "b"], 9)) == ["a", "b"]


def test_a_crawl_that_cannot_be_started_fails_its_job_only(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that cannot start another process reports it, and the job does not count as lost."""
    died: Died = []
    told: list[str] = []

    async def no_room(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with working(queue, monkeypatch, died, told=told) as made:
        job = queue.job("a", "doing", queue.worker())
        monkeypatch.setattr(asyncio, "create_subprocess_exec", no_room)
        context = procrastinate.JobContext(start_timestamp=0, app=made.app, job=job, abort_reason=lambda: None)
        with pytest.raises(CrawlFailed):
            asyncio.run(made.crawl(context, "a"))
        assert made._lease._claims == {}
        assert made._crawls == {}
    assert told[0].startswith(
        "a: the crawl could not be started ([Errno 11] Resource temporarily unavailable); nothing was fetched"
    )
    assert died == []


def test_unreadable_settings_are_reported_once(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise nothing would be crawled, without a reason."""
    died: Died = []
    told: list[str] = []
    with working(queue, monkeypatch, died, told=told) as made:
        (queue.folder / "newsarchive.toml").write_text("index = [")
        for _ in range(2):
            with pytest.raises(ConfigError):
                doing(made, lambda: made.dispatch(1))
    (line,) = told
    assert line.startswith("no jobs can be created for due sites: ")
    assert "newsarchive.toml" in line


def test_a_worker_ends_even_if_stderr_is_closed(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """It must not continue with sites that may be another worker's."""
    codes: list[int] = []

    def broken(*_: object) -> int:
        raise BrokenPipeError

    die = CrawlWorker._kill_process
    with working(queue, monkeypatch, []) as made, monkeypatch.context() as patched:
        patched.setattr(os, "write", broken)
        patched.setattr(os, "_exit", codes.append)
        die(made, "why")
    assert codes == [worker.LOST]
