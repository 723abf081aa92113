"""Archives of invented newspapers, and a Dask cluster as users start one."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmarks.papers import Papers
from newsarchive.archive import Archive

ROOT = Path(__file__).parents[3]
New = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def importable() -> None:
    """Child processes find the checkout whatever their folder is."""
    known = os.environ.get("PYTHONPATH", "")
    if str(ROOT) not in known.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), known]))


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four WARC files of 60 small pages, with revisits of the same and of other addresses."""
    few = Papers(pages=60, files=4, paragraphs=3, links=5, again=5, moved=3)
    return few.write(tmp_path_factory.mktemp("papers"))


@pytest.fixture
def new(tmp_path: Path) -> New:
    """Makes archives with nothing in them."""

    def make(name: str, index: str = "") -> Path:
        folder = tmp_path / name
        Archive.init(folder).close()
        if index:
            toml = folder / "newsarchive.toml"
            toml.write_text(f'index = "{index}"\n{toml.read_text()}')
        return folder

    return make


@dataclass(slots=True)
class Cluster:
    """A scheduler and its workers, each a process of its own."""

    folder: Path
    address: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    started: int = 0
    """Processes so far."""

    @property
    def workers(self) -> list[subprocess.Popen[bytes]]:
        """The workers."""
        return self.processes[1:]

    def start(self) -> None:
        """Start the scheduler."""
        at = self.folder / "scheduler.json"
        at.unlink(missing_ok=True)
        self._run("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-jupyter", "--scheduler-file", str(at))
        for _ in range(600):
            if at.exists() and at.stat().st_size:
                break
            time.sleep(0.05)
        self.address = json.loads(at.read_text("utf-8"))["address"]

    def add_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker that does one task at a time."""
        at = str(self.folder / f"worker-{self.started}")
        self._run(
            "worker", self.address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--local-directory", at
        )  # fmt: skip
        return self.processes[-1]

    def repair(self) -> None:
        """Start what no longer runs, of a scheduler and two workers."""
        if not self.processes or self.processes[0].poll() is not None:
            self.stop()
            self.start()
        self.processes[1:] = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < 2:
            self.add_worker()

    def stop(self) -> None:
        """End all that were started."""
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()

    def _run(self, *words: str) -> None:
        self.started += 1
        with (self.folder / f"{self.started}.log").open("wb") as log:
            command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder))


@pytest.fixture(scope="module")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Dask cluster for all tests of a module: its processes take longer to start than most tests."""
    pytest.importorskip("distributed")
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Cluster:
    """A Dask cluster of two workers; what earlier tests killed of it is started anew."""
    shared_cluster.repair()
    return shared_cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def index_url(request: pytest.FixtureRequest) -> str:
    """The `index` setting for each database."""
    if request.param == "sqlite":
        return ""
    url: str = request.getfixturevalue("postgres_url")
    return url
