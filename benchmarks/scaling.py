"""Speed-up of reading with two cores, and comparison of the indexes made by processes and Dask.

    python -m benchmarks.scaling [--pages 5000] [--files 20] [--paragraphs 12] [--links 40] [--runs 3] [--dask]
                                 [--verify]
    python -m benchmarks.scaling --pages 100000 --files 50 --paragraphs 3 --links 5 --same

`import` of invented papers (benchmarks/papers.py), in turn on one core with one process that reads, and on two with
two: pinned, so that nothing of a run borrows the other core. With --dask the same import by a Dask cluster of two
workers on this machine, and the exports of all indexes are compared line by line. With --verify the same two runs of
`verify`. With --same only the indexes are compared, of one import by processes and one by Dask. Wants two cores that
nobody else uses; CPU seconds tell whether that was so.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.cost import ROOT, Cost, middle, run_timed
from benchmarks.papers import Papers
from benchmarks.table import table

COMMAND = (sys.executable, "-m", "newsarchive")
CORES = {1: "0", 2: "0,1"}


def archive(folder: Path, workers: int) -> Path:
    """Make an empty archive whose pages are read by so many processes."""
    subprocess.run([*COMMAND, "init", str(folder)], check=True, capture_output=True, cwd=ROOT)
    toml = folder / "newsarchive.toml"
    toml.write_text(f"reader_processes = {workers}\n{toml.read_text('utf-8')}", "utf-8")
    return folder


def import_papers(papers: Sequence[Path], folder: Path, cores: int, *more: str) -> Cost:
    """Import all files on so many cores."""
    archive(folder, cores)
    words = [*COMMAND, "import", *map(str, papers), "--archive", str(folder), *more]
    return run_timed(["taskset", "--cpu-list", CORES[cores], *words], folder=folder)


def verify_papers(folder: Path, cores: int) -> Cost:
    """Check all files on so many cores."""
    words = [*COMMAND, "verify", "--archive", str(folder)]
    return run_timed(["taskset", "--cpu-list", CORES[cores], *words], folder=folder)


def content(folder: Path) -> str:
    """Return one checksum of all versions and captures of an index."""
    total = hashlib.sha256()
    for form in ("jsonl", "cdxj"):
        words = [*COMMAND, "export", "--format", form, "--all-versions", "--archive", str(folder)]
        lines = subprocess.run(words, check=True, capture_output=True, cwd=ROOT).stdout.splitlines()
        total.update(b"\n".join(sorted(lines)))
    return total.hexdigest()


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[str]:
    """A Dask scheduler and workers of one thread each, on this machine; gives its address."""
    told = folder / "scheduler.json"
    dask = (sys.executable, "-m", "dask")
    quiet = ("--no-dashboard", "--host", "127.0.0.1")
    begun: list[subprocess.Popen[bytes]] = []

    def begin(*words: str) -> None:
        log = (folder / f"dask-{len(begun)}.log").open("wb")
        begun.append(subprocess.Popen([*dask, *words, *quiet], stdout=log, stderr=log, cwd=ROOT))

    try:
        begin("scheduler", "--port", "0", "--no-jupyter", "--scheduler-file", str(told))
        while not told.exists():
            time.sleep(0.1)
        address = str(json.loads(told.read_text("utf-8"))["address"])
        for _ in range(workers):
            begin("worker", address, "--nthreads", "1", "--no-nanny", "--local-directory", str(folder / "dask"))
        yield address
    finally:
        for process in reversed(begun):
            process.terminate()
            process.wait()


def row(name: str, costs: Sequence[Cost], pages: int) -> tuple[str, ...]:
    """A line of the table: medians."""
    cost = middle(costs)
    walls = " ".join(f"{each.wall:.1f}" for each in costs)
    return name, f"{pages / cost.wall:.0f}", f"{cost.wall:.1f}", walls, f"{cost.cpu:.1f}", f"{cost.main:.1f}"


def main() -> None:
    """Print the medians, and how much faster two are than one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("pages", 5000), ("files", 20), ("paragraphs", 12), ("links", 40), ("runs", 3)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--same", action="store_true")
    asked = parser.parse_args()
    asked.dask = asked.dask or asked.same
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        made = Papers(pages=asked.pages, files=asked.files, paragraphs=asked.paragraphs, links=asked.links)
        papers = made.write(Path(scratch, "papers"))
        costs: dict[str, list[Cost]] = {}
        contents: set[str] = set()
        for run in range(1 if asked.same else asked.runs):
            for cores in (2,) if asked.same else CORES:
                folder = Path(scratch, f"run-{run}-{cores}")
                costs.setdefault(f"import, {cores} core(s)", []).append(import_papers(papers, folder, cores))
                if asked.verify:
                    costs.setdefault(f"verify, {cores} core(s)", []).append(verify_papers(folder, cores))
            contents.add(content(folder))
        if asked.dask:
            with cluster(Path(scratch), 2) as address:
                folder = Path(scratch, "dask-run")
                cost = import_papers(papers, folder, 2, "--dask", address)
                costs["import, Dask, 2 workers (CPU: the command's)"] = [cost]
                contents.add(content(folder))
        print(table(
            ("", "pages/s", "wall s", "each", "CPU s", "of it main"),
            [row(name, some, asked.pages) for name, some in costs.items()],
        ))  # fmt: skip
        for what in () if asked.same else ("import", "verify") if asked.verify else ("import",):
            one, two = (costs[f"{what}, {cores} core(s)"] for cores in CORES)
            print(f"{what}: two cores reach {middle(one).wall / middle(two).wall:.2f} times one")
    if len(contents) != 1:
        raise SystemExit(f"{len(contents)} different indexes")
    print("all indexes say the same")


if __name__ == "__main__":
    main()
