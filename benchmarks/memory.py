"""Crawl a newsroom of very many small pages, and see whether memory grows with them.

    python -m benchmarks.memory [--articles 100000] [--page-size 6000] [--steps 20]

Prints a row each time that another part of the captures is in the index: memory of the command then, at most since the
row before, and at most of the largest of its reading processes; and the CPU milliseconds a page that all of them took.
"""

import argparse
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cost import ROOT, family, resident, tail, whole_cpu
from benchmarks.crawling import COMMAND, CONFIG
from benchmarks.newsroom import newsroom

LOOK_EVERY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A crawl at one moment."""

    captures: int
    """That are in the index."""
    main: int
    """Resident bytes of the command's own process."""
    worker: int
    """The same of the largest process that it started."""
    cpu: float
    """CPU seconds of all of them, those that have ended included."""


@contextmanager
def crawling(folder: Path, log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """Crawl; whatever ends the block ends the crawl."""
    command = [*COMMAND, "crawl", "--archive", str(folder)]
    with (
        log.open("wb") as out,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=ROOT) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()


def looks(process: "subprocess.Popen[bytes]", index: Path) -> Iterator[Look]:
    """Look at a crawl until it ends."""
    while process.poll() is None:
        time.sleep(LOOK_EVERY)
        everyone = list(family(process.pid))
        yield Look(
            captures=captures(index),
            main=resident(process.pid),
            worker=max(map(resident, everyone[1:]), default=0),
            cpu=sum(map(whole_cpu, everyone)),
        )


def captures(index: Path) -> int:
    """Captures in an index that somebody else writes; 0 while it is being made."""
    try:
        with closing(sqlite3.connect(f"file:{index}?mode=ro", uri=True)) as connection:
            found: int | None = connection.execute("SELECT max(id) FROM captures").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    return found or 0


def main() -> None:
    """Crawl, and print a row for each step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--page-size", type=int, default=6_000)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    step = max(1, options.articles // options.steps)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch, newsroom(options.articles, options.page_size) as url:
        folder, log = Path(scratch, "archive"), Path(scratch, "log")
        folder.mkdir()
        (folder / "newsarchive.toml").write_text(CONFIG.format(url=url))
        print("| captures | MB | at most | of the largest reader | CPU ms/page |\n| --- | --- | --- | --- | --- |")
        since: list[Look] = [Look(captures=0, main=0, worker=0, cpu=0.0)]
        with crawling(folder, log) as process:
            for look in looks(process, folder / "index.sqlite3"):
                since.append(look)
                if look.captures - since[0].captures >= step:
                    print(row(since), flush=True)
                    since = [look]
        if process.returncode:
            raise SystemExit(f"the crawl ended with {process.returncode}: {tail(log)}")
        most = max(look.main for look in since) / 1e6  # settling, which is in none of the rows
        print(f"\n{captures(folder / 'index.sqlite3'):,} captures; at most {most:.0f} MB since the last row")


def row(looks: Sequence[Look]) -> str:
    """A line of the table: the last look, and those since the row before, which the first was in."""
    first, last = looks[0], looks[-1]
    each = 1000 * (last.cpu - first.cpu) / (last.captures - first.captures)
    memory = (last.main, max(look.main for look in looks), max(look.worker for look in looks))
    cells = (f"{last.captures:,}", *(f"{size / 1e6:.0f}" for size in memory), f"{each:.1f}")
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
