"""Crawl a newsroom of very many small pages, and see whether memory grows with them.

    python -m benchmarks.memory [--articles 100000] [--page-size 6000] [--steps 20]

Prints a row each time that another part of the captures is in the index: memory of the command and of the largest of
its reading processes, then; and the CPU milliseconds a page that all of them took since the row before.
"""

import argparse
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
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
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as scratch,
        newsroom(options.articles, options.page_size) as url,
    ):
        folder, log = Path(scratch, "archive"), Path(scratch, "log")
        folder.mkdir()
        (folder / "newsarchive.toml").write_text(CONFIG.format(url=url))
        with log.open("wb") as out:
            command = [*COMMAND, "crawl", "--archive", str(folder)]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=ROOT)
        print("| captures | MB | MB of the largest reader | CPU ms/page |\n| --- | --- | --- | --- |", flush=True)
        last: Look | None = None
        for look in looks(process, folder / "index.sqlite3"):
            if look.captures - (last.captures if last else 0) >= step:
                print(row(look, last), flush=True)
                last = look
        if process.returncode:
            raise SystemExit(f"the crawl ended with {process.returncode}: {tail(log)}")
        print(f"\n{captures(folder / 'index.sqlite3'):,} captures at the end")


def row(look: Look, before: Look | None) -> str:
    """A line of the table."""
    took, many = look.cpu - (before.cpu if before else 0.0), look.captures - (before.captures if before else 0)
    cells = (f"{look.captures:,}", f"{look.main / 1e6:.0f}", f"{look.worker / 1e6:.0f}", f"{1000 * took / many:.1f}")
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
