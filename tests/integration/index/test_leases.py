"""Leases on sites in the database: no two machines crawl one site at once."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from newsarchive.config.schema import Config
from newsarchive.locks.site_locks import lock_sites
from storage.errors import ArchiveBusy, IndexFailure
from storage.index.cluster import leases
from storage.index.cluster.leases import Lease, list_lease_holders

SINCE = datetime(2026, 3, 1, 6, tzinfo=UTC)
HOLDER = """
import sys, time
from datetime import UTC, datetime
from storage.index.cluster import leases
deadline = float(sys.argv[2])
leases.HEARTBEAT_INTERVAL, leases.DEADLINE, leases.KILL_DELAY = deadline / 4, deadline, deadline / 8
with leases.Lease(sys.argv[1], ["a"], datetime(2026, 3, 1, tzinfo=UTC), "crawl", kill_on_loss=True):
    print("leased", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def shared(postgres_url: str) -> str:
    """The URL of an index that machines share."""
    return postgres_url


@contextmanager
def run_holder(url: str, deadline: float = leases.DEADLINE) -> Iterator["subprocess.Popen[str]"]:
    """Run a process, as on another machine, that has the lease on site a."""
    command = [sys.executable, "-c", HOLDER, url, str(deadline)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "leased\n"
        yield process
        process.kill()


def backends(url: str, what: str) -> list[object]:
    """Select something about the sessions that hold our advisory locks."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as session:
        here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        statement = f"SELECT {what} FROM pg_locks WHERE locktype = 'advisory' AND classid = {leases.CLASS} AND {here}"
        return [row[0] for row in session.execute(statement).fetchall()]


def test_a_leased_site_is_busy_and_the_others_are_free(shared: str) -> None:
    """The error names machine, process and time of the lease; leases on several sites are acquired together or not."""
    with Lease(shared, ["a", "b"], SINCE, "crawl"):
        said = rf"a is being crawled or rebuilt on \S+ by process {os.getpid()} \(crawl\) since 2026-03-01T06:00:00"
        with pytest.raises(ArchiveBusy, match=said) as busy:
            Lease(shared, ["c", "a"], SINCE, "crawl")
        assert busy.value.since == SINCE
        with Lease(shared, ["c"], SINCE, "crawl"):
            assert [holder.site for holder in list_lease_holders(shared)] == ["a", "b", "c"]
    assert list_lease_holders(shared) == ()
    with Lease(shared, ["a"], SINCE, "crawl"):
        pass


def test_a_lease_on_the_archive_excludes_every_site(shared: str) -> None:
    """No crawl runs during a rebuild, and no rebuild during a crawl."""
    with Lease(shared, None, SINCE, "rebuild"), pytest.raises(ArchiveBusy, match="the archive is being"):
        Lease(shared, ["new"], SINCE, "crawl")
    with Lease(shared, ["a"], SINCE, "crawl"), pytest.raises(ArchiveBusy, match="a is being"):
        Lease(shared, None, SINCE, "rebuild")


def test_a_lease_ends_with_its_process(shared: str) -> None:
    """After kill -9 the site is free at once."""
    with run_holder(shared) as process:
        with pytest.raises(ArchiveBusy):
            Lease(shared, ["a"], SINCE, "crawl")
        process.kill()
    while backends(shared, "pid"):
        time.sleep(0.02)
    with Lease(shared, ["a"], SINCE, "crawl"):
        pass


def test_a_frozen_holder_loses_its_lease_and_dies_when_it_continues(
    shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A holder without heartbeats loses its lease for good."""
    with run_holder(shared) as process:
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(ArchiveBusy):
            Lease(shared, ["a"], SINCE, "crawl")
        monkeypatch.setattr(leases, "STALE", 0.0)
        with Lease(shared, ["a"], SINCE, "crawl") as lease:
            monkeypatch.undo()
            assert [holder.pid for holder in list_lease_holders(shared)] == [os.getpid()]
            process.send_signal(signal.SIGCONT)
            assert process.wait(60) == -signal.SIGALRM
            lease.require()


def test_a_frozen_process_is_ended_by_the_kernel(shared: str) -> None:
    """Nothing of the process runs after its deadline: by itself it could send a request before it ends."""
    with run_holder(shared, deadline=0.8) as process:
        process.send_signal(signal.SIGSTOP)
        time.sleep(1)
        process.send_signal(signal.SIGCONT)
        assert process.wait(60) == -signal.SIGALRM


def test_a_lease_outlives_its_session_if_nobody_took_it(shared: str) -> None:
    """A restart of the database ends no crawl: the holder reconnects and goes on."""
    lost = threading.Event()
    with Lease(shared, ["a"], SINCE, "crawl") as lease:
        lease.on_lost = lost.set
        (before,) = backends(shared, "pid")
        backends(shared, "pg_terminate_backend(pid)")
        while backends(shared, "pid") in ([], [before]):
            time.sleep(0.02)
        lease.require()
        assert [holder.site for holder in list_lease_holders(shared)] == ["a"]
    assert not lost.is_set()


def test_a_lease_that_was_taken_is_lost(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`on_lost` is called, and `require` raises from then on."""
    lost = threading.Event()
    with Lease(shared, ["a"], SINCE, "crawl") as lease:
        lease.on_lost = lost.set
        monkeypatch.setattr(leases, "STALE", 0.0)
        other = Lease(shared, ["a"], SINCE, "crawl")
        assert lost.wait(60)
        assert lease.lost
        with pytest.raises(ArchiveBusy, match="this process lost its connection"):
            lease.require()
    monkeypatch.undo()
    assert [holder.site for holder in list_lease_holders(shared)] == ["a"]
    other.close()


def test_a_lease_without_its_database_is_lost_in_time(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a connection the holder gives up before another process may take the lease."""
    assert leases.DEADLINE + leases.HEARTBEAT_INTERVAL < leases.STALE
    lost = threading.Event()
    monkeypatch.setattr(leases, "DEADLINE", 0.3)
    monkeypatch.setattr(leases, "HEARTBEAT_INTERVAL", 0.1)
    with Lease(shared, ["a"], SINCE, "crawl") as lease:
        lease.on_lost = lost.set
        lease._url = "postgresql://127.0.0.1:9/nobody"
        backends(shared, "pg_terminate_backend(pid)")
        assert lost.wait(60)
        with pytest.raises(ArchiveBusy):
            lease.require()


def test_leases_are_taken_only_for_a_shared_index(tmp_path: Path, shared: str) -> None:
    """An index in a file is this machine's own; one in PostgreSQL may be crawled for from another folder."""
    here, there = (Config(folder=tmp_path / name, index=shared) for name in ("here", "there"))
    with lock_sites(here, "crawl", ["a"]), pytest.raises(ArchiveBusy, match="crawl"), lock_sites(there, "crawl", ["a"]):
        pass
    with lock_sites(replace(here, index="sqlite:///x"), "crawl", ["a"]) as one:
        assert one is None
        with lock_sites(replace(there, index="sqlite:///y"), "crawl", ["a"]) as two:
            assert two is None


def test_thousands_of_sites_take_one_lock(shared: str) -> None:
    """PostgreSQL's memory for locks is small, and one crawl may be of all sites."""
    with Lease(shared, [f"site-{number}" for number in range(5000)], SINCE, "crawl"):
        assert len(backends(shared, "pid")) == 1
        with pytest.raises(ArchiveBusy, match="site-4999 is"):
            Lease(shared, ["site-4999"], SINCE, "crawl")


def test_a_user_without_the_right_to_create_a_schema_is_told_the_statement(shared: str) -> None:
    """The database's owner creates it once; from then on the user needs no more rights."""
    role = f"reader_{os.getpid()}"
    with psycopg.connect(shared.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
        try:
            theirs = make_url(shared).set(username=role, password="x").render_as_string(hide_password=False)
            with pytest.raises(IndexFailure, match=f"CREATE SCHEMA newsarchive_jobs AUTHORIZATION {role}"):
                Lease(theirs, ["a"], SINCE, "crawl")
            owner.execute(f"CREATE SCHEMA newsarchive_jobs AUTHORIZATION {role}")
            with Lease(theirs, ["a"], SINCE, "crawl"):
                pass
        finally:
            owner.execute(f"DROP OWNED BY {role}")
            owner.execute(f"DROP ROLE {role}")
