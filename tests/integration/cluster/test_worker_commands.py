"""The commands of workers, and a crawl that is no worker's beside them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess

import psycopg
import pytest

from storage.index.queries.articles import iter_captures
from storage.index.queries.status import list_crawls

pytest.importorskip("procrastinate")

from procrastinate.schema import SchemaManager

from newsarchive.archive import Archive
from newsarchive.crawl.run import crawl
from storage.errors import ArchiveBusy
from storage.index.cluster import leases
from storage.index.cluster.jobs import prepare_queue
from storage.index.cluster.leases import Lease
from tests.in_process import run_in_process
from tests.newsroom import Newsroom, serve

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
SITE = 'contact = "me@localhost"\ndelay = "0s"\nindex = "{}"\n[[site]]\nname = "a"\nurl = "{}"\nallow_private = true\n'


def run(folder: Path, *words: str) -> CompletedProcess[str]:
    """Run a command to its end."""
    return run_in_process(*words, "--archive", folder)


@pytest.fixture
def folder(postgres_url: str, tmp_path: Path) -> Path:
    """An archive's folder whose index machines share."""
    (tmp_path / "newsarchive.toml").write_text(SITE.format(postgres_url, "http://127.0.0.1:9/"))
    return tmp_path


@pytest.mark.parametrize("command", ["worker", "workers"])
def test_workers_need_a_shared_index(command: str, tmp_path: Path) -> None:
    """One in a file is told what to do instead."""
    (tmp_path / "newsarchive.toml").write_text("")
    done = run(tmp_path, command)
    assert (done.returncode, done.stdout) == (2, "")
    assert "workers need a shared index, and this archive's is a file on this machine; nothing was done" in done.stderr
    assert "newsarchive crawl" in done.stderr


def test_workers_lists_jobs_by_worker(postgres_url: str, folder: Path) -> None:
    """Machines, sites that are crawled, those that wait, those that failed, and crawls that are no worker's."""
    assert json.loads(run(folder, "workers", "--json").stdout) == {
        "workers": [], "crawling": [], "waiting": 0, "failed": [], "held": [],
    }  # fmt: skip
    with psycopg.connect(prepare_queue(postgres_url, SchemaManager.get_schema()), autocommit=True) as session:
        session.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
        session.execute("INSERT INTO workers SELECT id, 'north', 4711, 2 FROM procrastinate_workers")
        job = (
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock) "
            "VALUES ('crawls', 'crawl', %s, %s)"
        )
        for site in ("a", "b", "c"):
            session.execute(job, (site, site))
        for site, status in (("a", "doing"), ("b", "doing"), ("b", "failed")):
            session.execute(
                "UPDATE procrastinate_jobs SET status = %s, worker_id = (SELECT id FROM procrastinate_workers) "
                "WHERE lock = %s",
                (status, site),
            )
    with Lease(postgres_url, ["d"], NOW, "crawl"):
        told = json.loads(run(folder, "workers", "--json").stdout)
        said = run(folder, "workers").stdout
    assert [(each["host"], each["pid"], each["slots"]) for each in told["workers"]] == [("north", 4711, 2)]
    assert [(each["site"], each["attempts"]) for each in told["crawling"]] == [("a", 0)]
    assert [each["site"] for each in told["failed"]] == ["b"]
    assert [(each["site"], each["work"], each["since"]) for each in told["held"]] == [
        ("d", "crawl", "2026-03-01T06:00:00Z")
    ]
    assert told["waiting"] == 1
    lines = [line.split() for line in said.splitlines()]
    assert ["north", "4711", "2", "1"] in [line[:4] for line in lines]
    assert ["a", "north", "4711", "0", "min", "1"] in lines
    assert "1 due site waits for a worker" in said
    assert "d: crawl on " in said
    assert ["failed", "worker", "since", "tries"] in lines


def test_a_crawl_on_another_machine_holds_the_site(postgres_url: str, folder: Path) -> None:
    """With the locks of another folder: it is told where, and ends with 75."""
    with Lease(postgres_url, ["a"], datetime.now(UTC) - timedelta(days=2), "crawl"):
        done = run(folder, "crawl")
        rebuilt = run(folder, "rebuild")
    assert done.returncode == rebuilt.returncode == 75
    assert "a is being crawled or rebuilt on " in done.stderr
    assert "nothing was done" in rebuilt.stderr
    with Lease(postgres_url, None, datetime.now(UTC), "rebuild"):
        assert "the archive is being crawled or rebuilt on " in run(folder, "crawl", "a").stderr


def test_a_crawl_that_lost_its_site_sends_no_request(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stops before the next request, says so, and what it fetched is in its files."""
    monkeypatch.setattr(leases, "HEARTBEAT_INTERVAL", 0.1)
    with serve(Newsroom()) as server:
        (tmp_path / "newsarchive.toml").write_text(SITE.format(postgres_url, server.url))
        others: list[Lease] = []

        def take(counters: Mapping[str, int], _waiting: int, _url: str) -> None:
            if counters.get("captures", 0) >= 5 and not others:
                with monkeypatch.context() as patched:
                    patched.setattr(leases, "STALE", 0.0)
                    others.append(Lease(postgres_url, ["a"], NOW, "crawl"))

        with Archive.open(tmp_path) as archive:
            now = server.clock.now()
            with pytest.raises(ArchiveBusy, match="lost its connection to the index"):
                crawl(archive, now=lambda: now, progress=take)
            (run_of,) = archive.index.ask(list_crawls)
            assert run_of.outcome == "failed"
            kept = sum(1 for _ in archive.index.stream(iter_captures))
            assert 5 <= kept < 60
        others[0].close()
