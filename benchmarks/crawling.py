"""newsarchive and the naive script as commands to be measured."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from warcio.archiveiterator import ArchiveIterator

from benchmarks.cost import ROOT, Cost, run_timed

COMMAND = (sys.executable, "-m", "newsarchive")
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
class Run:
    """One crawl, import or rebuild."""

    pages: int
    cost: Cost

    @property
    def rate(self) -> float:
        """Pages a second."""
        return self.pages / self.cost.wall

    @property
    def each(self) -> float:
        """CPU milliseconds a page."""
        return 1000 * self.cost.cpu / self.pages


def ours(url: str, folder: Path) -> Run:
    """Crawl with newsarchive, from an empty archive."""
    (folder / "newsarchive.toml").write_text(CONFIG.format(url=url))
    cost = run_timed([*COMMAND, "crawl", "--archive", str(folder)], folder=folder)
    return Run(pages=standing(folder)["captures"], cost=cost)


def standing(folder: Path) -> dict[str, int]:
    """Counts of `newsarchive status`."""
    words = [*COMMAND, "status", "--json", "--archive", str(folder)]
    status = subprocess.run(words, capture_output=True, check=True, cwd=ROOT)
    return {name: value for name, value in json.loads(status.stdout).items() if isinstance(value, int)}


def naive(url: str, folder: Path) -> Run:
    """Crawl with the naive script."""
    cost = run_timed([sys.executable, str(Path(__file__).with_name("naive.py")), url, str(folder)], folder=folder)
    with (folder / "naive.warc.gz").open("rb") as warc:
        pages = sum(1 for _ in ArchiveIterator(warc))
    return Run(pages=pages, cost=cost)


def report(name: str, runs: Sequence[Run]) -> str:
    """One line of the table."""
    rate = median(run.rate for run in runs)
    cpu = median(run.each for run in runs)
    main = median(1000 * run.cost.main / run.pages for run in runs)
    peak = max(run.cost.peak for run in runs) / 1e6
    return (
        f"{name:12} {runs[-1].pages:6} pages  {rate:7.1f} pages/s  {cpu:6.1f} CPU ms/page"
        f"  {main:6.2f} in its main process  {peak:5.0f} MB"
    )
