"""A month of many sites with outages, beside the same month without: what is archived, and for how many requests.

    python -m benchmarks.outage [--sites 100] [--days 30] [--seed 1] [--every 3]

Each site answers for hours or days with redirects, empty bodies, challenges, maintenance pages with status 200, errors
or nothing at all, at random times. Wanted: all articles that their sources named for a day, all edits that the month
without outages has, no article and no version that the site never published, at most 1.15 times the requests. Looks
that outages moved beyond the month count, too: its crawls go on for a week, whose requests do not.
"""

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.simulation.outages import DAY, HOUR, OutageNewsroom, Paper, Story, make_papers, without_outages
from newsarchive.archive import Archive
from newsarchive.crawl import politeness
from newsarchive.crawl.run import crawl
from storage.index.queries.export import iter_export_lines
from tests.newsroom import serve
from tests.newsroom.clock import OPENS, Clock
from tests.newsroom.many_sites import resolve_to_loopback

EPILOGUE = timedelta(days=8)
"""Time after the month: an article is looked at a week after its first day."""
MOST_REQUESTS = 1.15
"""Times those of the month without outages."""
TOP = """
contact = "bench@localhost.example"
delay = "0s"
max_delay = "0.01s"
requisites = false
concurrency = 64
log_files = 0
"""
SITE = """
[[site]]
name = "s{number}"
url = "http://{host}:{port}/"
allow_private = true
"""
Edition = tuple[Story, int]
_STORY = re.compile(r"/news/(\d+)/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """Content of an archive after a month."""

    editions: frozenset[Edition]
    false_articles: tuple[str, ...]
    """URLs of articles that no site published."""
    false_versions: tuple[str, ...]
    """URLs of versions that no site published, or that stand twice."""
    requests: Counter[str]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A month with outages beside the same month without."""

    wanted_articles: frozenset[Story]
    lost_articles: frozenset[Story]
    wanted_edits: frozenset[Edition]
    lost_edits: frozenset[Edition]
    calm: Archived
    outages: Archived

    @property
    def requests_ratio(self) -> float:
        """Requests with outages for one without."""
        return sum(self.outages.requests.values()) / sum(self.calm.requests.values())

    @property
    def faults(self) -> list[str]:
        """Return the results that are not as wanted, as text."""
        found = {
            "lost articles": len(self.lost_articles),
            "lost edits": len(self.lost_edits),
            "false articles": len(self.outages.false_articles),
            "false versions": len(self.outages.false_versions),
        }
        over = self.requests_ratio > MOST_REQUESTS
        return [f"{count} {name}" for name, count in found.items() if count] + ["too many requests"] * over


def compare_months(papers: Sequence[Paper], days: int, every: timedelta, folder: Path) -> Comparison:
    """Crawl the month with its outages and without them."""
    calm = crawl_month(without_outages(papers), days, every, folder / "calm")
    outages = crawl_month(papers, days, every, folder / "outages", longer=EPILOGUE)
    end = OPENS + timedelta(days=days)
    wanted = frozenset(story for paper in papers for story in paper.stories if paper.measure_named(story, end) >= DAY)
    edits = frozenset(edition for edition in calm.editions if edition[1] and edition[0] in wanted)
    return Comparison(
        wanted_articles=wanted,
        lost_articles=wanted - {story for story, _ in outages.editions},
        wanted_edits=edits,
        lost_edits=edits - outages.editions,
        calm=calm,
        outages=outages,
    )


def crawl_month(
    papers: Sequence[Paper], days: int, every: timedelta, folder: Path, *, longer: timedelta = timedelta(0)
) -> Archived:
    """Crawl all sites again and again over the month, as cron does, and `longer` without counting the requests."""
    # The month's clock stands still in a run: a host that wants a pause gets it, and the run does not wait for it.
    politeness.MAX_WAIT = 0.5
    clock, newsroom = Clock(), OutageNewsroom(papers=papers)
    began = time.perf_counter()
    folder.mkdir()
    with serve(newsroom, clock=clock) as server, resolve_to_loopback():
        sites = (SITE.format(number=paper.number, host=paper.host, port=server.port) for paper in papers)
        (folder / "newsarchive.toml").write_text(TOP + "".join(sites))
        with Archive.open(folder, now=clock.now) as archive:
            while clock.now() < OPENS + timedelta(days=days):
                crawl(archive)
                clock.advance(every)
            requests = newsroom.requests.copy()
            while clock.now() < OPENS + timedelta(days=days) + longer:
                crawl(archive)
                clock.advance(every)
            return _describe(archive, papers, requests, time.perf_counter() - began)


def _describe(archive: Archive, papers: Sequence[Paper], requests: Counter[str], seconds: float) -> Archived:
    by_site = {f"s{paper.number}": paper for paper in papers}
    editions: Counter[Edition] = Counter()
    false_articles, false_versions = [], []
    for line in archive.index.stream(iter_export_lines, all_versions=True):
        story = _find_story(by_site[str(line["site"])], str(line["url"]))
        if story is None:
            false_articles.append(str(line["url"]))
            continue
        edition = next(iter(_matching_editions(story, str(line["body"]))), None)
        if edition is None or editions[story, edition]:
            false_versions.append(str(line["url"]))
        else:
            editions[story, edition] += 1
    return Archived(
        editions=frozenset(editions),
        false_articles=tuple(false_articles),
        false_versions=tuple(false_versions),
        requests=requests,
        seconds=seconds,
    )


def _find_story(paper: Paper, url: str) -> Story | None:
    found = _STORY.search(url)
    return paper.stories[int(found[1])] if found else None


def _matching_editions(story: Story, body: str) -> Iterator[int]:
    for edition in (0, 1):
        if " ".join(story.paragraphs(edition)).split() == body.split():
            yield edition


def print_table(compared: Comparison) -> None:
    """Print the result of a month."""
    calm, outages = compared.calm, compared.outages
    rows = (
        ("articles named for a day", len(compared.wanted_articles), "archived"),
        ("  of these not archived", len(compared.lost_articles), "0"),
        ("edits of the month without outages", len(compared.wanted_edits), "versions"),
        ("  of these no version", len(compared.lost_edits), "0"),
        ("false articles", len(outages.false_articles), "0"),
        ("false versions", len(outages.false_versions), "0"),
        ("requests without outages", sum(calm.requests.values()), ""),
        ("requests with outages", sum(outages.requests.values()), ""),
        ("  times those without", f"{compared.requests_ratio:.3f}", f"<= {MOST_REQUESTS}"),
        ("seconds, without and with outages", f"{calm.seconds:.0f}, {outages.seconds:.0f}", ""),
    )
    for name, value, wanted in rows:
        print(f"{name:<40} {value:>12} {wanted:>10}")
    print("answers: " + ", ".join(f"{kind} {count:,}" for kind, count in outages.requests.most_common()))
    for name, found in (
        ("lost article", compared.lost_articles),
        ("lost edit of", {s for s, _ in compared.lost_edits}),
    ):
        for story in sorted(found, key=lambda each: (each.site, each.number))[:10]:
            print(f"{name} {story.path} of site {story.site}, published {story.published}, edited {story.edited}")
    for url in (*outages.false_articles[:10], *outages.false_versions[:10]):
        print(f"false: {url}")


def main() -> int:
    """Print the table; exit 1 where something is not as wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=100)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, nargs="+", default=[1])
    parser.add_argument("--every", type=float, default=3, help="hours from one crawl to the next")
    options = parser.parse_args()
    faults = []
    for seed in options.seed:
        with tempfile.TemporaryDirectory() as folder:
            papers = make_papers(options.sites, options.days, seed)
            compared = compare_months(papers, options.days, HOUR * options.every, Path(folder))
        print(f"seed {seed}: {options.sites} sites, {options.days} days, {sum(len(p.outages) for p in papers)} outages")
        print_table(compared)
        faults += compared.faults
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
