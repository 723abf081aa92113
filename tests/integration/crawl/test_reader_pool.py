import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock

import pytest

from newsarchive.ingest.tasks import ReadingTask
from newsarchive.reader_pool.forkserver import WorkerSpec
from newsarchive.reader_pool.pool import ReaderPool
from storage.model import Discovery, Outcome, Reading, UrlKind

READER = """
import os, time
from storage.model import Outcome, Reading

def read(asked):
    task, limit = asked
    block = getattr(task, "block", None) or task[0]
    if block == b"die":
        os._exit(9)
    if block == b"hang":
        time.sleep(1000)
    if block == b"raise":
        raise ValueError("a reader that breaks its promise")
    if block == b"eat":
        return Reading(outcome=Outcome.OTHER, reason=str(len(bytearray(3_000_000_000))))
    if block[:4] == b"long":
        return Reading(outcome=Outcome.OTHER, reason=block.decode())
    return Reading(outcome=Outcome.OTHER, reason=f"{block.decode()} {limit} {os.getpid()}")
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkerSpec:
    (tmp_path / "a_reader.py").write_text(READER)
    monkeypatch.syspath_prepend(str(tmp_path))
    return WorkerSpec(read="a_reader:read", max_tasks=5)


@pytest.fixture
def readers(spec: WorkerSpec) -> Iterator[ReaderPool]:
    with ReaderPool(2, timeout=1.5, limit=1000, spec=spec) as readers:
        yield readers


def task(block: str) -> ReadingTask:
    return ReadingTask(
        block=block.encode(),
        message=True,
        url="https://news.example/",
        mime=None,
        status=200,
        discovery=Discovery(site="news", kind=UrlKind.ARTICLE),
        fetched_at=datetime(2026, 11, 25, tzinfo=UTC),
    )


def outcome(reading: Reading) -> tuple[Outcome, str]:
    return reading.outcome, reading.reason.rpartition(" ")[0]


def test_bad_pages_delay_no_other_page(readers: ReaderPool) -> None:
    """Four pages crash, hang, exhaust or break their reader: they are unreadable, and the other 20 are read."""
    names = [str(number) for number in range(20)]
    for place, evil in ((3, "die"), (7, "hang"), (11, "eat"), (15, "raise")):
        names.insert(place, evil)
    readings = [future.result(30) for future in [readers.submit(task(name)) for name in names]]
    got = dict(zip(names, readings, strict=True))
    bad = {name: got.pop(name) for name in ("die", "hang", "eat", "raise")}
    assert {name: outcome(reading) for name, reading in got.items()} == {
        name: (Outcome.OTHER, f"{name} 1000") for name in got
    }
    died = Reading(outcome=Outcome.UNREADABLE, reason="the reader process ended")
    hung = Reading(outcome=Outcome.UNREADABLE, reason="reading took longer than 1.5 s")
    assert bad == {"die": died, "hang": hung, "eat": died, "raise": died}


def test_pages_and_readings_may_be_larger_than_a_line_takes(readers: ReaderPool) -> None:
    """A worker that answers with megabytes does not read the next page meanwhile: nobody waits for the other."""
    blocks = [f"long {number}" + "x" * 3_000_000 for number in range(12)]
    futures = [readers.submit(task(block)) for block in blocks]
    assert [future.result(30).reason for future in futures] == blocks


def test_workers_are_replaced_after_many_pages(readers: ReaderPool) -> None:
    """After max_tasks tasks a worker is replaced; no task is lost by that."""
    futures = [readers.submit(task(str(number))) for number in range(30)]
    pids = {future.result(30).reason.rpartition(" ")[2] for future in futures}
    assert len(pids) >= 6


def test_closing_reads_submitted_pages(spec: WorkerSpec) -> None:
    """close() waits for every reading, and leaves no process behind."""
    readers = ReaderPool(2, timeout=5, limit=1, spec=spec)
    futures = [readers.submit(task(str(number))) for number in range(12)]
    readers.close()
    assert [outcome(future.result(0)) for future in futures] == [(Outcome.OTHER, f"{number} 1") for number in range(12)]
    assert all(gone(int(future.result(0).reason.rpartition(" ")[2])) for future in futures)


def test_no_process_starts_without_pages_to_read(spec: WorkerSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run for which nothing is due, or nothing has changed, pays for no process that reads."""
    monkeypatch.setattr(subprocess, "Popen", Mock(side_effect=AssertionError("started")))
    ReaderPool(2, timeout=5, limit=1, spec=spec).close()


def test_reading_that_cannot_start_says_so(spec: WorkerSpec) -> None:
    """A reading function that cannot be imported is an error for who asked, not a hang."""
    with (
        ReaderPool(1, timeout=5, limit=1, spec=WorkerSpec(read="no_such_module:read")) as readers,
        pytest.raises(RuntimeError, match="cannot be started"),
    ):
        readers.submit(task("x")).result(20)


def test_pools_of_a_process_share_a_fork_server_and_replace_a_killed_one(spec: WorkerSpec) -> None:
    """The next crawl of a process imports the reading code no more; a fork server that was killed costs no page."""
    parents: list[int] = []
    for _ in range(3):
        with ReaderPool(1, timeout=5, limit=1, spec=spec) as readers:
            worker = readers.submit(task("x")).result(20).reason.rpartition(" ")[2]
            parents.append(int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1]))
        if len(parents) == 2:
            os.kill(parents[1], signal.SIGKILL)
    assert parents[0] == parents[1] != parents[2]


@pytest.mark.slow
def test_workers_die_with_the_main_process(tmp_path: Path, spec: WorkerSpec) -> None:
    """After kill -9 of the main process no worker stays, not even one that hangs in a page."""
    script = tmp_path / "main.py"
    script.write_text(
        textwrap.dedent("""
        import sys, time
        sys.path[:0] = sys.argv[1:]
        from newsarchive.reader_pool.forkserver import WorkerSpec
        from newsarchive.reader_pool.pool import ReaderPool
        readers = ReaderPool(1, timeout=600, limit=1, spec=WorkerSpec(read="a_reader:read"))
        print(readers.submit((b"x",)).result().reason.split()[-1], flush=True)
        readers.submit((b"hang",))
        time.sleep(600)
        """)
    )
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, str(script), str(root), str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        worker = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
    assert gone(worker)


def gone(pid: int) -> bool:
    """Whether a process ends within some seconds."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
