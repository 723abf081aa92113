"""Sites held in the database, so that no two machines are at one at once."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from newsarchive.locks.site_locks import held
from storage.errors import ArchiveBusy, IndexFailure
from storage.index.cluster import leases
from storage.index.cluster.leases import Hold, holders

SINCE = datetime(2026, 3, 1, 6, tzinfo=UTC)
HOLD = """
import sys, time
from datetime import UTC, datetime
from storage.index import holds
deadline = float(sys.argv[2])
holds.EVERY, holds.DEADLINE, holds.LATE = deadline / 4, deadline, deadline / 8
with holds.Hold(sys.argv[1], ["a"], datetime(2026, 3, 1, tzinfo=UTC), "crawl", deadly=True):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def shared(postgres_url: str) -> str:
    """The URL of an index that machines share."""
    return postgres_url


@contextmanager
def elsewhere(url: str, deadline: float = leases.DEADLINE) -> Iterator["subprocess.Popen[str]"]:
    """A process, as on another machine, that holds site a."""
    command = [sys.executable, "-c", HOLD, url, str(deadline)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def backends(url: str, what: str) -> list[object]:
    """Run a statement about the sessions that hold something."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as session:
        statement = f"SELECT {what} FROM pg_locks WHERE locktype = 'advisory' AND classid = {leases.CLASS}"
        return [row[0] for row in session.execute(statement).fetchall()]


def test_a_held_site_is_busy_and_the_others_are_free(shared: str) -> None:
    """Who wants a site that is held is told where, by which process and since when; all or nothing is held."""
    with Hold(shared, ["a", "b"], SINCE, "crawl"):
        said = rf"a is being crawled or rebuilt on \S+ by process {os.getpid()} \(crawl\) since 2026-03-01T06:00:00"
        with pytest.raises(ArchiveBusy, match=said) as busy:
            Hold(shared, ["c", "a"], SINCE, "crawl")
        assert busy.value.since == SINCE
        with Hold(shared, ["c"], SINCE, "crawl"):
            assert [holder.site for holder in holders(shared)] == ["a", "b", "c"]
    assert holders(shared) == ()
    with Hold(shared, ["a"], SINCE, "crawl"):
        pass


def test_a_held_archive_keeps_every_site(shared: str) -> None:
    """While all is rebuilt nobody crawls, and while anything is crawled nobody rebuilds."""
    with Hold(shared, None, SINCE, "rebuild"), pytest.raises(ArchiveBusy, match="the archive is being"):
        Hold(shared, ["new"], SINCE, "crawl")
    with Hold(shared, ["a"], SINCE, "crawl"), pytest.raises(ArchiveBusy, match="a is being"):
        Hold(shared, None, SINCE, "rebuild")


def test_a_hold_goes_with_its_process(shared: str) -> None:
    """After kill -9 the site is free at once."""
    with elsewhere(shared) as process:
        with pytest.raises(ArchiveBusy):
            Hold(shared, ["a"], SINCE, "crawl")
        process.kill()
    while backends(shared, "pid"):
        time.sleep(0.02)
    with Hold(shared, ["a"], SINCE, "crawl"):
        pass


def test_a_frozen_holder_is_passed_over_and_dies_when_it_thaws(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who says nothing for long loses what it holds, and does not come back to it."""
    with elsewhere(shared) as process:
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(ArchiveBusy):
            Hold(shared, ["a"], SINCE, "crawl")
        monkeypatch.setattr(leases, "STALE", 0.0)
        with Hold(shared, ["a"], SINCE, "crawl") as hold:
            monkeypatch.undo()
            assert [holder.pid for holder in holders(shared)] == [os.getpid()]
            process.send_signal(signal.SIGCONT)
            assert process.wait(60) == -signal.SIGALRM
            hold.demand()


def test_a_frozen_process_is_ended_by_the_kernel(shared: str) -> None:
    """Not by itself: it could have asked a site for something first. Nothing of it runs once its time is over."""
    with elsewhere(shared, deadline=0.8) as process:
        process.send_signal(signal.SIGSTOP)
        time.sleep(1)
        process.send_signal(signal.SIGCONT)
        assert process.wait(60) == -signal.SIGALRM


def test_a_hold_outlives_its_session_where_nobody_took_it(shared: str) -> None:
    """A database that is restarted costs no crawl: the holder comes back and goes on."""
    lost = threading.Event()
    with Hold(shared, ["a"], SINCE, "crawl") as hold:
        hold.on_lost = lost.set
        (before,) = backends(shared, "pid")
        backends(shared, "pg_terminate_backend(pid)")
        while backends(shared, "pid") in ([], [before]):
            time.sleep(0.02)
        hold.demand()
        assert [holder.site for holder in holders(shared)] == ["a"]
    assert not lost.is_set()


def test_a_hold_that_was_taken_is_lost(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its holder is told, and may do nothing any more."""
    lost = threading.Event()
    with Hold(shared, ["a"], SINCE, "crawl") as hold:
        hold.on_lost = lost.set
        monkeypatch.setattr(leases, "STALE", 0.0)
        other = Hold(shared, ["a"], SINCE, "crawl")
        assert lost.wait(60)
        assert hold.lost
        with pytest.raises(ArchiveBusy, match="lost sight of this process"):
            hold.demand()
    monkeypatch.undo()
    assert [holder.site for holder in holders(shared)] == ["a"]
    other.close()


def test_a_hold_without_its_database_is_lost_in_time(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no word comes through, the holder gives up before anybody else may begin."""
    assert leases.DEADLINE + leases.EVERY < leases.STALE
    lost = threading.Event()
    monkeypatch.setattr(leases, "DEADLINE", 0.3)
    monkeypatch.setattr(leases, "EVERY", 0.1)
    with Hold(shared, ["a"], SINCE, "crawl") as hold:
        hold.on_lost = lost.set
        hold._url = "postgresql://127.0.0.1:9/nobody"
        backends(shared, "pg_terminate_backend(pid)")
        assert lost.wait(60)
        with pytest.raises(ArchiveBusy):
            hold.demand()


def test_sites_are_held_across_machines_only_where_the_index_is_shared(tmp_path: Path, shared: str) -> None:
    """An index in a file is this machine's own; with one in PostgreSQL another folder's crawl is in the way."""
    with (
        held(tmp_path / "here", shared, ["a"], SINCE, "crawl"),
        pytest.raises(ArchiveBusy, match="crawl"),
        held(tmp_path / "there", shared, ["a"], SINCE, "crawl"),
    ):
        pass
    with held(tmp_path / "here", "sqlite:///x", ["a"], SINCE, "crawl") as one:
        assert one is None
        with held(tmp_path / "there", "sqlite:///y", ["a"], SINCE, "crawl") as two:
            assert two is None


def test_thousands_of_sites_take_one_lock(shared: str) -> None:
    """PostgreSQL's memory for locks is small, and one crawl may be of all sites."""
    with Hold(shared, [f"site-{number}" for number in range(5000)], SINCE, "crawl"):
        assert len(backends(shared, "pid")) == 1
        with pytest.raises(ArchiveBusy, match="site-4999 is"):
            Hold(shared, ["site-4999"], SINCE, "crawl")


def test_a_user_who_may_make_no_schema_is_told_what_to_have_made(shared: str) -> None:
    """The database's owner makes it once; from then on the user needs no more rights."""
    role = f"reader_{os.getpid()}"
    with psycopg.connect(shared.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
        try:
            theirs = make_url(shared).set(username=role, password="x").render_as_string(hide_password=False)
            with pytest.raises(IndexFailure, match=f"CREATE SCHEMA newsarchive_jobs AUTHORIZATION {role}"):
                Hold(theirs, ["a"], SINCE, "crawl")
            owner.execute(f"CREATE SCHEMA newsarchive_jobs AUTHORIZATION {role}")
            with Hold(theirs, ["a"], SINCE, "crawl"):
                pass
        finally:
            owner.execute(f"DROP OWNED BY {role}")
            owner.execute(f"DROP ROLE {role}")
