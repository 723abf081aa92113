"""Crawl one local newsroom with each peer, side by side and in turn, and print what each took and what it kept.

    python -m benchmarks.peers.crawls [--articles 1500] [--slow-articles 300] [--runs 3] [--only WORD] [--cache FOLDER]

The newsroom's pages are as heavy as those of news sites, without delays; it notes every exchange, so that what a peer
fetched is counted alike for all, and each WARC record is held against the bytes that were sent. Peers that take 50 ms
of CPU a page and more get fewer articles. They live in environments of their own, made on first use in the cache.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.cost import Cost, middle, timed
from benchmarks.newsroom import newsroom
from benchmarks.peers.crawlers import CRAWLERS
from benchmarks.peers.environments import Missing, cache
from benchmarks.peers.peer import Course, Peer
from benchmarks.peers.wire import Kept, Wire, articles_at, kept, wire
from benchmarks.table import table

HEAD = (
    "crawler", "articles", "of them read", "pages", "pages/s", "CPU ms/page", "CPU ms/article", "memory MB",
    "responses exact", "requests exact", "revisits", "left undone",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Haul:
    """What one crawl brought in, and at what cost."""

    cost: Cost
    out: int
    """Articles that there were to be had."""
    wire: Wire
    kept: Kept | None
    texts: frozenset[int]
    """Articles that it made a text of."""


def crawled(peer: Peer, python: Path, articles: int, page_size: int) -> Haul:
    """One crawl by one peer."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        log, folder = Path(scratch, "wire.jsonl"), Path(scratch, "peer")
        folder.mkdir()
        with newsroom(articles, page_size, accepts=peer.accepts, log=log) as url:
            command = peer.command(Course(url=url, folder=folder, python=python))
            cost = timed(command, folder=Path(scratch))
        sent = wire(log)
        held = kept(sorted(folder.glob(peer.warcs)), sent) if peer.warcs else None
        return Haul(cost=cost, out=articles, wire=sent, kept=held, texts=articles_at(peer.texts(folder)))


def row(peer: Peer, hauls: Sequence[Haul]) -> list[str]:
    """A line of the table: medians of costs, counts of the last crawl."""
    last, cost = hauls[-1], middle([haul.cost for haul in hauls])
    responses, requests, revisits = last.kept.told() if last.kept else ("no WARC", "no", "no")
    return [
        peer.name,
        f"{len(last.wire.articles):,} of {last.out:,}",
        f"{len(last.texts):,}" if last.texts else "none",
        f"{last.wire.pages:,}",
        f"{median(haul.wire.pages / haul.cost.wall for haul in hauls):.1f}",
        f"{1000 * cost.cpu / max(last.wire.pages, 1):.1f}",
        f"{1000 * cost.cpu / max(len(last.wire.articles), 1):.1f}",
        f"{cost.together / 1e6:.0f}",
        responses,
        requests,
        revisits,
        peer.undone,
    ]


def missing(peer: Peer, why: Missing) -> list[str]:
    """The line of a peer that could not be had."""
    return [peer.name, why.reason, *["–"] * (len(HEAD) - 3), peer.undone]


def main() -> None:
    """Crawl with each, as often as asked, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1500)
    parser.add_argument("--slow-articles", type=int, default=300, help="for peers that take 50 ms a page and more")
    parser.add_argument("--page-size", type=int, default=210_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="part of a peer's name")
    parser.add_argument("--cache", type=Path, default=cache(), help="folder of the peers' environments")
    options = parser.parse_args()
    peers = [peer for peer in CRAWLERS if options.only in peer.name]
    homes = {peer.name: peer.python(options.cache, Path(sys.executable)) for peer in peers}
    hauls: dict[str, list[Haul]] = {peer.name: [] for peer in peers}
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs", flush=True)
    for _ in range(options.runs):
        for peer in peers:
            home = homes[peer.name]
            if isinstance(home, Missing):
                continue
            articles = min(options.slow_articles, options.articles) if peer.slow else options.articles
            try:
                hauls[peer.name].append(crawled(peer, home, articles, options.page_size))
            except SystemExit as failure:
                homes[peer.name] = Missing(reason="failed")
                print(f"{peer.name}: {failure}", file=sys.stderr, flush=True)
                continue
            print(*row(peer, hauls[peer.name][-1:])[:8], sep="  ", flush=True)
    print(f"\nmedians of {options.runs} runs:\n")
    print(table(HEAD, [_told(peer, homes[peer.name], hauls[peer.name]) for peer in peers]))
    print("\n" + "\n".join(f"- {peer.name}: {peer.settings}" for peer in peers))


def _told(peer: Peer, home: Path | Missing, hauls: Sequence[Haul]) -> list[str]:
    return missing(peer, home) if isinstance(home, Missing) else row(peer, hauls)


if __name__ == "__main__":
    main()
