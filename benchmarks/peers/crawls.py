"""Crawl one local newsroom with each peer, side by side and in turn, and print what each took and what it kept.

    python -m benchmarks.peers.crawls [--articles 1500] [--slow-articles 300] [--runs 3] [--only WORD] [--one-core]
                                      [--cache FOLDER]

The newsroom's pages are as heavy as those of news sites, without delays; it notes every exchange, so that what a peer
fetched is counted alike for all, and each WARC record is held against the bytes that were sent. Peers that take 50 ms
of CPU a page and more get fewer articles. They live in environments of their own, made on first use in the cache.

With --one-core each crawler has one core to itself, and the newsroom another: cores of a machine share caches, so that
the CPU time of a program that keeps two of them busy holds what its halves take from each other.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.cost import Cost, run_timed
from benchmarks.newsroom import newsroom
from benchmarks.peers.crawlers import CRAWLERS, OURS
from benchmarks.peers.environments import Missing, cache
from benchmarks.peers.peer import Course, Peer
from benchmarks.peers.wire import Kept, Wire, articles_at, compare_warcs, wire
from benchmarks.table import table

COSTS = (
    "crawler", "articles", "with a text", "pages", "pages/s", "CPU ms/page", "of ours", "CPU ms/article", "memory MB",
)  # fmt: skip
KEPT = ("crawler", "responses exact", "requests exact", "keeps of what comes again", "left undone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Haul:
    """Result and cost of one crawl."""

    cost: Cost
    out: int
    """Articles that there were to be had."""
    wire: Wire
    kept: Kept | None
    texts: frozenset[int]
    """Articles that it made a text of."""


def run_crawl(peer: Peer, python: Path, options: argparse.Namespace) -> Haul:
    """One crawl by one peer."""
    articles = min(options.slow_articles, options.articles) if peer.slow else options.articles
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        log, folder = Path(scratch, "wire.jsonl"), Path(scratch, "peer")
        folder.mkdir()
        with ExitStack() as until_the_end:
            with cores(slice(-1, None) if options.one_core else slice(None)):
                url = until_the_end.enter_context(newsroom(articles, options.page_size, accepts=peer.accepts, log=log))
            command = peer.command(Course(url=url, folder=folder, python=python))
            with cores(slice(1) if options.one_core else slice(None)):
                cost = run_timed(command, folder=Path(scratch))
        sent = wire(log)
        held = compare_warcs(sorted(folder.glob(peer.warcs)), sent) if peer.warcs else None
        return Haul(cost=cost, out=articles, wire=sent, kept=held, texts=articles_at(peer.texts(folder)))


@contextmanager
def cores(some: slice) -> Iterator[None]:
    """Let what is started in the block run on some of our cores alone."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(ours)[some])
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


def each(haul: Haul) -> float:
    """CPU milliseconds a page."""
    return 1000 * haul.cost.cpu / max(haul.wire.pages, 1)


def costs(peer: Peer, hauls: Sequence[Haul], ours: float | None) -> list[str]:
    """A line of the first table, medians; `ours` are newsarchive's CPU milliseconds a page, where it was measured."""
    last, page = hauls[-1], median(map(each, hauls))
    return [
        peer.name,
        f"{len(last.wire.articles):,} of {last.out:,}",
        f"{len(last.texts):,}" if last.texts else "none",
        f"{last.wire.pages:,}",
        f"{median(haul.wire.pages / haul.cost.wall for haul in hauls):.1f}",
        f"{page:.1f}",
        f"{page / ours:.2f}" if ours else "–",
        f"{page * last.wire.pages / max(len(last.wire.articles), 1):.1f}",
        f"{median(haul.cost.together for haul in hauls) / 1e6:.0f}",
    ]


def holdings(peer: Peer, haul: Haul) -> list[str]:
    """A line of the second table: what one crawl left."""
    told = haul.kept.told() if haul.kept else ("no WARC", "no")
    return [peer.name, *told, peer.again, peer.undone]


def missing(peer: Peer, why: Missing, head: Sequence[str]) -> list[str]:
    """The line of a peer that could not be had."""
    return [peer.name, why.reason, *["–"] * (len(head) - 2)]


def main() -> None:
    """Crawl with each, as often as asked, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1500)
    parser.add_argument("--slow-articles", type=int, default=300, help="for peers that take 50 ms a page and more")
    parser.add_argument("--page-size", type=int, default=210_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="part of a peer's name")
    parser.add_argument("--one-core", action="store_true", help="a core for each crawler, and another for the newsroom")
    parser.add_argument("--cache", type=Path, default=cache(), help="folder of the peers' environments")
    options = parser.parse_args()
    peers = [peer for peer in CRAWLERS if options.only in peer.name]
    homes = {peer.name: peer.python(options.cache, Path(sys.executable)) for peer in peers}
    hauls: dict[str, list[Haul]] = {peer.name: [] for peer in peers}
    failed: Counter[str] = Counter()
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs", flush=True)
    for _ in range(options.runs):
        for peer in peers:
            home = homes[peer.name]
            if isinstance(home, Missing):
                continue
            try:
                hauls[peer.name].append(run_crawl(peer, home, options))
            except SystemExit as failure:
                # The runs that a peer ended well count all the same.
                failed[peer.name] += 1
                print(f"{peer.name}: {failure}", file=sys.stderr, flush=True)
                continue
            print(*costs(peer, hauls[peer.name][-1:], None), sep="  ", flush=True)
    print(f"\nmedians of {options.runs} runs:\n")
    for name in failed:
        print(f"{name} failed in {failed[name]} of {options.runs} runs, which are left out\n")
        if not hauls[name]:
            homes[name] = Missing(reason="failed")
    report(peers, homes, hauls)


def report(peers: Sequence[Peer], homes: Mapping[str, Path | Missing], hauls: Mapping[str, Sequence[Haul]]) -> None:
    """Print what each took, what it left, and how it was set."""
    ours = median(map(each, hauls[OURS])) if hauls.get(OURS) else None
    first, second = [], []
    for peer in peers:
        home = homes[peer.name]
        if isinstance(home, Missing):
            first.append(missing(peer, home, COSTS))
            second.append(missing(peer, home, KEPT))
        else:
            first.append(costs(peer, hauls[peer.name], ours))
            second.append(holdings(peer, hauls[peer.name][-1]))
    settings = "\n".join(f"- {peer.name}: {peer.settings}" for peer in peers)
    print(f"{table(COSTS, first)}\n\n{table(KEPT, second)}\n\n{settings}")


if __name__ == "__main__":
    main()
