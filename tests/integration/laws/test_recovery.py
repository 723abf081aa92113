"""What happens to machines happens to archives: clocks jump, files are lost, databases go away. None of it costs a page
that was kept, and each says what it means and what to do.
"""

import json
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from newsarchive.archive import Archive
from newsarchive.crawl.run import CrawlReport, crawl
from storage.errors import IndexFailure
from storage.index.queries.articles import iter_captures
from storage.index.queries.export import iter_export_lines
from storage.index.views.articles import CaptureFilters
from storage.warc.reader import read_records
from tests.newsroom import read_log
from tests.rebuilding import rebuild

pytestmark = pytest.mark.slow
YEARS = timedelta(days=800)
PAGES = 12


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def crawled(rig: Any, moment: datetime, pages: int = PAGES) -> CrawlReport:
    """Crawl in this process, as if it were that moment."""
    with Archive.open(rig.folder) as archive:
        return crawl(archive, now=at(moment), max_pages=pages)


def versions(rig: Any) -> list[str]:
    """Every version, as exports have it."""
    with Archive.open(rig.folder) as archive:
        return sorted(
            json.dumps(line, sort_keys=True, default=str)
            for line in archive.index.stream(iter_export_lines, all_versions=True)
        )


def problems(rig: Any, *, repair: bool = False) -> list[str]:
    """What verify finds."""
    with Archive.open(rig.folder) as archive:
        return [problem.what for file in archive.verify(repair=repair).files for problem in file.problems]


def kept(rig: Any) -> set[str]:
    """URLs whose answers are in the files."""
    return {r.uri for path in rig.warcs() for r in read_records(path) if r.type == "response" and r.uri}


def asked(rig: Any) -> list[str]:
    """URLs in the order in which the newsroom was asked for them."""
    return [entry.url for entry in read_log(rig.log)]


def test_a_clock_once_ahead_delays_no_site(build: Callable[..., Any], index_url: str) -> None:
    """A run in the far future, then the clock is set right: what was asked then is due now, the owner is told once."""
    rig = build(index=index_url)
    now = rig.server.clock.now()
    crawled(rig, now + YEARS, pages=4)
    front = asked(rig).count(rig.server.url)
    report = crawled(rig, now, pages=4)
    assert any("the clock was ahead in an earlier run" in problem for problem in report.problems)
    assert asked(rig).count(rig.server.url) == front + 1
    again = crawled(rig, now + timedelta(minutes=1), pages=4)
    assert not any("clock" in problem for problem in again.problems)
    assert asked(rig).count(rig.server.url) == front + 1, "its next appointment is by the right clock"
    assert problems(rig) == []


def test_a_clock_once_behind_shortens_no_delay(build: Callable[..., Any], index_url: str) -> None:
    """A run in the past, as after a battery died, asks for nothing twice; the one after it goes on, and a rebuild makes
    the same of it all.
    """
    rig = build(index=index_url)
    now = rig.server.clock.now()
    crawled(rig, now)
    before = len(asked(rig))
    crawled(rig, now - YEARS)
    of_the_past = asked(rig)[before:]
    assert len(of_the_past) == len(set(of_the_past))
    crawled(rig, now + timedelta(minutes=1))
    assert problems(rig) == []
    held = versions(rig)
    with Archive.open(rig.folder) as archive:
        rebuild(archive)
    assert versions(rig) == held


def test_reading_commands_report_a_lost_index(build: Callable[..., Any]) -> None:
    """No command answers from an empty index that there is nothing; `rebuild` is named, and brings all of it back."""
    rig = build()
    crawled(rig, rig.server.clock.now())
    before = versions(rig)
    for path in rig.folder.glob("index.sqlite3*"):
        path.unlink()
    for words in (["search", "harbour"], ["show", "1"], ["status"], ["export", "--format", "jsonl"], ["serve"]):
        ended = rig.run(*words)
        assert (ended.returncode, ended.stdout) == (70, "")
        assert "newsarchive rebuild" in ended.stderr
        assert not list(rig.folder.glob("index.sqlite3*"))
    assert rig.run("rebuild").returncode == 0
    assert versions(rig) == before


def test_a_crawl_rebuilds_a_lost_index(build: Callable[..., Any]) -> None:
    """index.sqlite3 deleted: the next crawl takes up all captures from the files, says so, and asks for none again."""
    rig = build()
    now = rig.server.clock.now()
    crawled(rig, now)
    before, requests = versions(rig), asked(rig)
    for path in rig.folder.glob("index.sqlite3*"):
        path.unlink()
    report = crawled(rig, now + timedelta(seconds=1), pages=1)
    assert any(f"recovered {len(requests)} captures" in problem for problem in report.problems)
    assert len(set(asked(rig)[len(requests) :]) & set(requests)) == 0
    assert set(before) <= set(versions(rig))
    assert problems(rig) == []


def test_a_lost_file_is_named_with_what_is_missing(build: Callable[..., Any], index_url: str) -> None:
    """A WARC file deleted by hand: verify names it and counts its captures, the index lists them, a crawl goes on, and
    the command that verify names makes file and index agree again.
    """
    rig = build(index=index_url)
    now = rig.server.clock.now()
    crawled(rig, now)
    (lost,), fetched = rig.warcs(), asked(rig)
    crawled(rig, now + timedelta(minutes=1))
    assert len(rig.warcs()) == 2, "without any file of the archive nothing is crawled"
    lost.unlink()
    (told,) = problems(rig)
    assert told.startswith(f"the file is missing: {len(fetched)} of its captures cannot be read")
    assert "newsarchive rebuild" in told
    with Archive.open(rig.folder) as archive:
        listed = {view.url for view in archive.index.stream(iter_captures, CaptureFilters(warc=lost.name))}
    assert listed == set(fetched)
    assert crawled(rig, now + timedelta(minutes=2)).run.counters["captures"] > 0
    Archive.rebuild_in(rig.folder, forget=True)
    assert problems(rig) == []


def test_a_file_that_was_cut_is_named_with_the_place(build: Callable[..., Any]) -> None:
    """A closed WARC file that lost its end: verify says that it is not the one that was closed, and which captures
    are not there any more; a crawl goes on.
    """
    rig = build()
    now = rig.server.clock.now()
    crawled(rig, now)
    (path,) = rig.warcs()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    told = problems(rig)
    assert any("its sha256 differs. Restore it" in each and "newsarchive rebuild" in each for each in told)
    assert any(each.startswith("the index has a capture of http://") for each in told)
    assert crawled(rig, now + timedelta(minutes=1)).run.outcome in {"finished", "stopped"}


def test_verify_repairs_files_of_a_killed_process(build: Callable[..., Any], index_url: str) -> None:
    """SIGKILL leaves an open file and a lock; with half a record at its end on top, verify --repair cuts it and closes
    the file, and the next crawl is held up by nothing and takes up what was kept.
    """
    rig = build(index=index_url)
    now = rig.server.clock.now()
    process = subprocess.Popen(rig.command("crawl", "--clock", now.isoformat()), stderr=subprocess.DEVNULL)
    while len(rig.log.read_bytes().splitlines()) < 10 and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    (left,) = rig.warcs()
    assert left.suffix == ".open"
    with left.open("ab") as file:
        file.write(b"\x1f\x8b\x08half a member")
    done = rig.run("verify", "--repair")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "repaired: " in done.stdout
    assert left.with_suffix("") in rig.warcs()
    assert left not in rig.warcs()
    report = crawled(rig, now + timedelta(seconds=10), pages=2)
    assert report.run.counters["captures"] >= 2
    assert problems(rig) == []


def test_a_database_that_restarts_ends_a_crawl_in_good_order(build: Callable[..., Any], postgres_url: str) -> None:
    """PostgreSQL drops all connections in the middle of a crawl: it ends with what is wrong and what to do; nothing
    that was kept is lost, and the next run takes it up and asks for nothing twice.
    """
    rig = build(index=postgres_url)
    now = rig.server.clock.now()
    over = threading.Event()
    dropping = threading.Thread(target=_drop_connections, args=(postgres_url, rig.log, over))
    dropping.start()
    with pytest.raises(IndexFailure, match=r"The WARC files are untouched\. .*newsarchive doctor"):
        crawled(rig, now, pages=110)
    over.set()
    dropping.join()
    before, held = len(asked(rig)), kept(rig)
    crawled(rig, now + timedelta(seconds=20), pages=60)
    assert set(asked(rig)[before:]) & held == set()
    assert held <= kept(rig)
    assert problems(rig) == []
    live = versions(rig)
    with Archive.open(rig.folder) as archive:
        rebuild(archive)
    assert versions(rig) == live


def _drop_connections(url: str, log: Path, over: threading.Event) -> None:
    """As a server that goes down does, once some pages have been served."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    # Connected before: on a fast machine the crawl would else be over by then.
    with engine.connect() as connection:
        while not over.is_set() and len(log.read_bytes().splitlines()) < 15:
            time.sleep(0.01)
        # Again and again, as a server that is down does: between two transactions a single loss would be ridden out.
        while not over.is_set():
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            time.sleep(0.01)
    engine.dispose()
