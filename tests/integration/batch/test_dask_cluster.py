"""The real thing: a Dask scheduler and workers as users start them, the real commands, and kill -9."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from benchmarks.papers import Papers
from newsarchive.archive import Archive
from newsarchive.batch.chunks import read_on_worker
from newsarchive.batch.executor import open_executor
from newsarchive.batch.read_warc import ReadingSettings
from storage.model import RecordPlace
from storage.places import Places
from storage.warc.reader import CaptureRecord, read_captures

pytestmark = pytest.mark.slow
Dump = Callable[..., dict[str, list[str]]]
Different = Callable[..., dict[str, tuple[set[str], set[str]]]]


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Eight WARC files of 200 small pages, with a revisit in each."""
    return Papers(pages=200, files=8, paragraphs=2, links=4, again=25).write(tmp_path_factory.mktemp("many"))


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command on an archive to its end."""
    command = [sys.executable, "-m", "newsarchive", *words, "--archive", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def rows(folder: Path, dump: Dump) -> dict[str, list[str]]:
    with Archive.open(folder) as archive:
        return dump(archive.index)


def test_processes_and_dask_make_the_same_index(
    new: Callable[..., Path], many: list[Path], cluster: Any, dump: Dump, different: Different
) -> None:
    """The same import of 200 pages in 8 files, row for row; a rebuild, reading again and verify by Dask agree."""
    here, there = new("here"), new("there")
    files = list(map(str, many))
    said = run(here, "import", *files).stdout
    assert said == run(there, "import", *files, "--dask", cluster.address).stdout
    assert "208 captures and 200 article versions imported." in said
    once = rows(here, dump)
    assert different(once, rows(there, dump)) == {}
    assert "no problems" in run(there, "verify", "--dask", cluster.address).stdout
    assert "208 captures" in run(there, "rebuild", "--dask", cluster.address).stdout
    assert different(once, rows(there, dump)) == {}
    assert run(there, "reextract", "--all", "--dask", cluster.address).stdout == (
        "200 captures extracted: nothing changed\n"
    )
    assert different(once, rows(there, dump)) == {}


def test_postgresql_takes_what_dask_reads(
    new: Callable[..., Path], papers: list[Path], cluster: Any, dump: Dump, different: Different, postgres_url: str
) -> None:
    """The one writer writes there as here: an import by Dask is what a rebuild by processes makes."""
    there = new("there", postgres_url)
    run(there, "import", *map(str, papers), "--dask", cluster.address)
    once = rows(there, dump)
    run(there, "rebuild")
    assert different(once, rows(there, dump)) == {}


def test_workers_read_straight_from_the_bucket(
    new: Callable[..., Path], papers: list[Path], cluster: Any, dump: Dump, different: Different, tmp_path: Path
) -> None:
    """With no WARC file left in the archive's folder: rebuild and verify by Dask are as before."""
    pytest.importorskip("obstore")
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    folder = new("archive")
    toml = folder / "newsarchive.toml"
    toml.write_text(f'bucket = "file://{bucket}"\n{toml.read_text()}')
    run(folder, "import", *map(str, papers))
    for path in (folder / "warc").glob("*.warc.gz*"):
        shutil.move(path, bucket / path.name)
    once = rows(folder, dump)
    assert "72 captures" in run(folder, "rebuild", "--dask", cluster.address).stdout
    assert different(once, rows(folder, dump)) == {}
    assert "4 WARC files" in run(folder, "verify", "--dask", cluster.address).stdout
    assert list((folder / "warc").glob("*.warc.gz*")) == []


def children(pid: int) -> list[int]:
    """Processes that a process has started, and theirs."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    found = [int(word) for thread in threads for word in (thread / "children").read_text().split()]
    return found + [below for child in found for below in children(child)]


def until(what: Callable[[], object]) -> None:
    """Wait until something is so."""
    for _ in range(3000):
        if what():
            return
        time.sleep(0.02)
    raise AssertionError("it never came to that")


def test_a_worker_that_is_killed_costs_only_its_task(many: list[Path], cluster: Any, tmp_path: Path) -> None:
    """Kill -9 while it reads: its task is done by another; its page processes go with it."""
    (tmp_path / "warc").mkdir()
    for path in many:
        (tmp_path / "warc" / path.name).symlink_to(path)
    log = tmp_path / "read.log"
    places = Places(folder=tmp_path / "warc")
    jobs = [
        [item.capture.place for item in read_captures(file) if isinstance(item, CaptureRecord)]
        for file in places.files()
    ]
    read = partial(read_on_worker, places=places, settings=pickle.dumps(ReadingSettings()))

    def logged(job: list[RecordPlace]) -> int:
        with log.open("a") as out:  # O_APPEND: lines of several processes do not mix
            out.write(f"{job[0].warc} {os.getpid()}\n")
        return len(read(job)[0])

    def begun() -> list[list[str]]:
        return [line.split() for line in log.read_text().splitlines()] if log.exists() else []

    victim = cluster.workers[0]
    with ThreadPoolExecutor(1) as pool, open_executor(cluster.address) as own:
        answers = pool.submit(lambda: list(own.map(logged, jobs)))
        until(lambda: sum(int(pid) == victim.pid for _, pid in begun()) >= 2 and children(victim.pid))
        readers = children(victim.pid)
        victim.kill()
        victim.wait()
        assert answers.result(300) == [26] * len(jobs)
    assert readers
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in readers))
    # Results that only the dead worker had are made again, too.
    assert {name for name, _ in begun()} == {path.name for path in many}
    assert len(begun()) > len(jobs)


def captures_in(url: str) -> int:
    """How many captures have been committed."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            found: int = connection.execute(text("SELECT count(*) FROM captures")).scalar_one()
            return found
    except OperationalError:  # SQLite's file is being made
        return 0


def has_captures(index: Path) -> bool:
    """True once a command has committed some into an SQLite file."""
    return index.exists() and captures_in(f"sqlite:///{index}") > 0


def killed_in(folder: Path, when: Callable[[], object], *words: str) -> None:
    """Start a command, and kill it once something is so."""
    command = [sys.executable, "-m", "newsarchive", *words, "--archive", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: process.poll() is not None or when())
    assert process.poll() is None, "it was over before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_killed_command_resumes(
    new: Callable[..., Path], many: list[Path], cluster: Any, dump: Dump, different: Different
) -> None:
    """Kill -9 of an import and of a rebuild on Dask: what was committed is not read again, and nothing is missing."""
    here, there = new("here"), new("there")
    files = list(map(str, many))
    run(here, "import", *files)
    once = rows(here, dump)
    words = ("--dask", cluster.address)

    killed_in(there, lambda: has_captures(there / "index.sqlite3"), "import", *files, *words)
    run(there, "import", *files, *words)
    assert different(once, rows(there, dump)) == {}
    fresh = there / "index.sqlite3.rebuilding"
    killed_in(there, lambda: has_captures(fresh), "rebuild", *words)
    run(there, "rebuild", *words)
    assert different(once, rows(there, dump)) == {}


def test_a_scheduler_that_is_lost_ends_the_command_in_good_order(
    new: Callable[..., Path], many: list[Path], cluster: Any, dump: Dump, different: Different
) -> None:
    """Exit 69 with what to do; without the cluster the same command then makes the index whole."""
    here, there = new("here"), new("there")
    files = list(map(str, many))
    command = [
        sys.executable,
        "-m",
        "newsarchive",
        "import",
        *files,
        "--archive",
        str(there),
        "--dask",
        cluster.address,
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until(lambda: process.poll() is not None or has_captures(there / "index.sqlite3"))
    cluster.processes[0].kill()
    _, said = process.communicate(timeout=300)
    assert process.returncode == 69, said
    assert "run the same command again, or without --dask" in said
    run(here, "import", *files)
    run(there, "import", *files)
    assert different(rows(here, dump), rows(there, dump)) == {}


def test_a_rebuild_by_processes_that_is_killed_goes_on(
    new: Callable[..., Path], many: list[Path], index_url: str, dump: Dump, different: Different
) -> None:
    """Kill -9 in the middle: the same command goes on with what is missing, on both databases."""
    folder = new("archive", index_url)
    run(folder, "import", *map(str, many))
    once = rows(folder, dump)
    mark = folder / "rebuild.json"
    url = index_url or f"sqlite:///{folder / 'index.sqlite3.rebuilding'}"

    def half_done() -> bool:
        return mark.exists() and captures_in(url) > 0

    killed_in(folder, half_done, "rebuild")
    done = run(folder, "rebuild")
    assert "An interrupted rebuild was continued" in done.stdout
    assert different(once, rows(folder, dump)) == {}
    assert not mark.exists()
