"""Write the CDXJ index of one WARC file, as newsarchive does and as cdxj-indexer does, and compare the lines.

    python -m benchmarks.peers.indexes [--articles 1500] [--runs 3] [--cache FOLDER]

newsarchive writes it from its own index, which the crawl made; cdxj-indexer reads the whole file.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cost import Cost, middle, run_timed
from benchmarks.crawling import COMMAND, ours
from benchmarks.newsroom import newsroom
from benchmarks.peers.environments import Environment, Missing, cache
from benchmarks.table import table

CDXJ_INDEXER = Environment(name="cdxj-indexer", requirements=("cdxj-indexer==1.5.0", "warcio==1.8.1"))
HEAD = ("indexer", "lines", "lines/s", "CPU s", "memory MB", "what it does")
TOLD = {"newsarchive export": "from the index that the crawl made", "cdxj-indexer": "reads the WARC file whole, sorts"}


def lines_of(file: Path) -> set[tuple[str, ...]]:
    """All of each line but its key: cdxj-indexer turns IP addresses round as if they were names."""
    found = set()
    for line in file.read_text("utf-8").splitlines():
        _, time, fields = line.split(" ", 2)
        found.add((time, *(f"{name}={value}" for name, value in sorted(json.loads(fields).items()))))
    return found


def export_cdxj(folder: Path, into: Path, scratch: Path) -> Cost:
    """By newsarchive."""
    return run_timed([*COMMAND, "export", "-o", str(into), "--archive", str(folder)], folder=scratch)


def index_cdxj(python: Path, warc: Path, into: Path, scratch: Path) -> Cost:
    """By cdxj-indexer."""
    program = str(python.with_name("cdxj-indexer"))
    return run_timed([program, "--sort", "--output", str(into), str(warc)], folder=scratch)


def main() -> None:
    """Crawl, index by both as often as asked, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1500)
    parser.add_argument("--page-size", type=int, default=210_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=cache(), help="folder of the peers' environments")
    options = parser.parse_args()
    python = CDXJ_INDEXER.made(options.cache)
    if isinstance(python, Missing):
        raise SystemExit(f"cdxj-indexer {python.reason}")
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs", flush=True)
    costs: dict[str, list[Cost]] = {name: [] for name in TOLD}
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        scratch, folder = Path(place), Path(place, "archive")
        folder.mkdir()
        with newsroom(options.articles, options.page_size) as url:
            ours(url, folder)
        (warc,) = (folder / "warc").glob("*.warc.gz")
        written = {name: scratch / f"{name.replace(' ', '-')}.cdxj" for name in TOLD}
        for _ in range(options.runs):
            costs["newsarchive export"].append(export_cdxj(folder, written["newsarchive export"], scratch))
            costs["cdxj-indexer"].append(index_cdxj(python, warc, written["cdxj-indexer"], scratch))
        lines = {name: lines_of(file) for name, file in written.items()}
    print(table(HEAD, [_row(name, len(lines[name]), costs[name]) for name in TOLD]))
    ours_, theirs = lines.values()
    print(f"\nlines that both have, alike in all but the key: {len(ours_ & theirs):,}")
    print(f"only newsarchive: {len(ours_ - theirs):,}; only cdxj-indexer: {len(theirs - ours_):,}")


def _row(name: str, lines: int, costs: Sequence[Cost]) -> list[str]:
    cost = middle(costs)
    figures = (f"{lines:,}", f"{lines / cost.wall:,.0f}", f"{cost.cpu:.2f}", f"{cost.together / 1e6:.0f}")
    return [name, *figures, TOLD[name]]


if __name__ == "__main__":
    main()
