"""Read the articles of one WARC file with each peer's extractor, in turn, and print what each took.

    python -m benchmarks.peers.reads [--articles 1500] [--slow-pages 300] [--runs 3] [--only WORD] [--cache FOLDER]

One crawl of the local newsroom makes the file. Peers that take 50 ms of CPU a page and more read its first pages only.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cost import Cost, middle, run_timed
from benchmarks.crawling import ours
from benchmarks.newsroom import newsroom
from benchmarks.peers.environments import Missing, cache
from benchmarks.peers.readers import IMPORT, READERS, Reader, Task
from benchmarks.peers.scripts.html_records import pages
from benchmarks.table import table

HEAD = ("reader", "pages", "with a text", "pages/s", "CPU ms/page", "of the import's", "memory MB", "left undone")
ALL = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Cost and result of one reading."""

    cost: Cost
    pages: int
    texts: int


def read(reader: Reader, python: Path, warc: Path, most: int) -> Read:
    """One reading by one peer."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        folder = Path(scratch, "peer")
        folder.mkdir()
        task = Task(warc=warc, folder=folder, python=python, pages=most)
        cost = run_timed(reader.command(task), folder=Path(scratch))
        return Read(cost=cost, pages=most, texts=reader.texts(task))


def row(reader: Reader, done: Sequence[Read], ours: float | None) -> list[str]:
    """A line of the table, medians; `ours` are the import's CPU milliseconds a page, where it was measured."""
    cost, last = middle([each.cost for each in done]), done[-1]
    page = 1000 * cost.cpu / last.pages
    return [
        reader.name,
        f"{last.pages:,}",
        f"{last.texts:,}",
        f"{last.pages / cost.wall:.1f}",
        f"{page:.1f}",
        f"{page / ours:.2f}" if ours else "–",
        f"{cost.together / 1e6:.0f}",
        reader.undone,
    ]


def main() -> None:
    """Make the file, read it with each as often as asked, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1500)
    parser.add_argument("--slow-pages", type=int, default=300, help="for peers that take 50 ms a page and more")
    parser.add_argument("--page-size", type=int, default=210_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="part of a reader's name")
    parser.add_argument("--cache", type=Path, default=cache(), help="folder of the peers' environments")
    options = parser.parse_args()
    readers = [reader for reader in READERS if options.only in reader.name]
    homes = {
        reader.name: reader.environment.made(options.cache) if reader.environment else Path(sys.executable)
        for reader in readers
    }
    done: dict[str, list[Read]] = {reader.name: [] for reader in readers}
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs", flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        with newsroom(options.articles, options.page_size) as url:
            ours(url, Path(scratch))
        (warc,) = Path(scratch, "warc").glob("*.warc.gz")
        held = sum(1 for _ in pages(str(warc), ALL))
        for _ in range(options.runs):
            for reader in readers:
                home = homes[reader.name]
                if not isinstance(home, Missing):
                    most = min(options.slow_pages, held) if reader.slow else held
                    done[reader.name].append(read(reader, home, warc, most))
                    print(*row(reader, done[reader.name][-1:], None)[:7], sep="  ", flush=True)
    print(f"\nmedians of {options.runs} runs:\n")
    imports = done.get(IMPORT)
    base = 1000 * middle([each.cost for each in imports]).cpu / imports[-1].pages if imports else None
    print(table(HEAD, [_format_row(reader, homes[reader.name], done[reader.name], base) for reader in readers]))


def _format_row(reader: Reader, home: Path | Missing, done: Sequence[Read], ours: float | None) -> list[str]:
    if isinstance(home, Missing):
        return [reader.name, home.reason, *["–"] * (len(HEAD) - 3), reader.undone]
    return row(reader, done, ours)


if __name__ == "__main__":
    main()
