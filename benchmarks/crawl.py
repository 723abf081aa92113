"""Crawl one local newsroom with newsarchive and with naive.py, side by side, no delays.

    python benchmarks/crawl.py [--articles 1500] [--page-size 210000] [--runs 3]

Prints pages a second and CPU seconds, medians of the runs and their ratio. Both crawl the same server, in turn; the
server runs as its own process and its CPU is not counted, though it takes its share of the cores.
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
CONFIG = """
contact = "bench@localhost.example"
delay = "0s"
# Pages are what both fetch; the naive script leaves images and style sheets be.
requisites = false
# All that there ever was, as the naive script has it; by default what is old is left to a backfill.
history = "5000w"

[[site]]
name = "lantern"
url = "{url}"
allow_private = true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a command took, from outside."""

    wall: float
    """Seconds."""
    cpu: float
    """CPU seconds, with all its children."""
    main: float
    """CPU seconds of the process alone that was started."""
    peak: int
    """Resident bytes of the largest single process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One crawl, import or rebuild."""

    pages: int
    cost: Cost

    @property
    def rate(self) -> float:
        """Pages a second."""
        return self.pages / self.cost.wall


@contextmanager
def newsroom(articles: int, page_size: int) -> Iterator[str]:
    """Serve the demo newsroom on a free port of loopback."""
    command = [sys.executable, "-m", "newsarchive.demo", "serve", "--port", "0"]
    command += ["--articles", str(articles), "--page-size", str(page_size), "--warm"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            if not found:
                raise SystemExit("the newsroom did not start")
            yield found[0]
        finally:
            server.terminate()


def timed(command: Sequence[str], *, folder: Path) -> Cost:
    """Run a command to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=HERE.parent)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        main = own_cpu(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {status}: {(folder / 'log').read_text()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall=wall, cpu=cpu, main=main, peak=usage.ru_maxrss * 1024)


def own_cpu(pid: int) -> float:
    """CPU seconds of a process that has ended and was not waited for yet (proc(5): fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ours(url: str, folder: Path) -> Run:
    """Crawl with newsarchive, from an empty archive."""
    (folder / "newsarchive.toml").write_text(CONFIG.format(url=url))
    base = [sys.executable, "-m", "newsarchive"]
    cost = timed([*base, "crawl", "--archive", str(folder)], folder=folder)
    status = subprocess.run(
        [*base, "status", "--json", "--archive", str(folder)], capture_output=True, check=True, cwd=HERE.parent
    )
    return Run(pages=json.loads(status.stdout)["captures"], cost=cost)


def naive(url: str, folder: Path) -> Run:
    """Crawl with the naive script."""
    cost = timed([sys.executable, str(HERE / "naive.py"), url, str(folder)], folder=folder)
    from warcio.archiveiterator import ArchiveIterator

    with (folder / "naive.warc.gz").open("rb") as warc:
        pages = sum(1 for _ in ArchiveIterator(warc))
    return Run(pages=pages, cost=cost)


def report(name: str, runs: Sequence[Run]) -> str:
    """One line of the table."""
    rate = median(run.rate for run in runs)
    cpu = median(1000 * run.cost.cpu / run.pages for run in runs)
    main = median(1000 * run.cost.main / run.pages for run in runs)
    peak = max(run.cost.peak for run in runs) / 1e6
    return (
        f"{name:12} {runs[-1].pages:6} pages  {rate:7.1f} pages/s  {cpu:6.1f} CPU ms/page"
        f"  {main:6.2f} in its main process  {peak:5.0f} MB"
    )


def main() -> None:
    """Crawl in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=1500)
    parser.add_argument("--page-size", type=int, default=210_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    results: dict[str, list[Run]] = {"naive": [], "newsarchive": []}
    for _ in range(options.runs):
        for name, crawl in (("naive", naive), ("newsarchive", ours)):
            folder = Path(tempfile.mkdtemp(prefix="bench-"))
            try:
                with newsroom(options.articles, options.page_size) as url:
                    results[name].append(crawl(url, folder))
            finally:
                shutil.rmtree(folder)
            print(report(name, results[name][-1:]), flush=True)
    print("medians:")
    for name, runs in results.items():
        print(report(name, runs))
    ratio = median(a.rate / b.rate for a, b in zip(results["newsarchive"], results["naive"], strict=True))
    print(f"newsarchive does {ratio:.2f} times the pages a second of the naive script")


if __name__ == "__main__":
    main()
