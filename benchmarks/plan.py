"""Cost of an archive in a year and after ten: captures, disk, processor time, database; and what breaks first.

    python -m benchmarks.plan [--sites 500] [--articles 60] [--looks 5] [--edited 0.2] [--polls 200] [--years 10]

Simulates the archive's days: articles come out and are looked at again as the schedule would, front pages and feeds are
read; each capture costs what was measured for its kind (`Measured`). Nothing is asked or written.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

DAY, YEAR = 86_400, 365.25
LOOKS = (1 / 24, 6 / 24, 1.0, 7.0, 30.0)
"""Days after its first capture at which an article is looked at again: the default of `recheck`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Costs as measured on the machine of benchmarks/README.md."""

    page: float = 42_000
    """Bytes of a page's records, compressed: 300 annotated pages of real sites have 41 kB on the average, gzipped; its
    request, and how it was found, take one more."""
    revisit: float = 1_700
    """Bytes of the records that say that a page is as it was."""
    index: float = 2_500
    """Bytes of the index for one capture, where of ten captures three show another text (benchmarks/growth.py)."""
    index_postgres: float = 3_500
    """The same in PostgreSQL."""
    read: float = 0.025
    """CPU seconds of a page that is fetched, kept, read and indexed (benchmarks/crawl.py)."""
    looked: float = 0.0075
    """CPU seconds of a request whose answer need not be read (benchmarks/sites.py)."""
    start: float = 1.5
    """CPU seconds of a run in which nothing is due (benchmarks/sites.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Sites and articles to be archived."""

    sites: int = 500
    articles: float = 60.0
    """New ones a day and site."""
    looks: int = 5
    """How often each is looked at again."""
    edited: float = 0.2
    """Share of these looks that find another text."""
    polls: float = 200.0
    """Readings of front pages, sections, feeds and sitemaps a day and site."""
    changed: float = 0.3
    """Share of these readings that bring something."""
    requisites: float = 300_000.0
    """Bytes of pictures and stylesheets that a new article brings: an assumption, as sites differ more in this than in
    anything else; 0 where they are not kept."""
    delay: float = 1.0
    """Seconds between two requests to a site: the default of `delay`."""
    processes: int = 1
    """Crawls that start each hour: one for all sites, or one for each where many machines share them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of the archive."""

    pages: float
    """Captures with a page: articles for the first time, edited ones, changed listings."""
    revisits: float
    """Captures that found nothing new."""
    warc: float
    """Bytes of WARC files."""
    cpu: float
    """CPU seconds."""

    @property
    def captures(self) -> float:
        """Of both kinds."""
        return self.pages + self.revisits


def days(press: Press, measured: Measured, count: int) -> Iterator[Day]:
    """So many days from the first on: on each, the articles of earlier days are due for their later looks too."""
    for today in range(count):
        new = press.sites * press.articles
        looks = sum(new for look in LOOKS[: press.looks] if look <= today + 1)
        polls = press.sites * press.polls
        pages = new + looks * press.edited + polls * press.changed
        revisits = looks * (1 - press.edited) + polls * (1 - press.changed)
        yield Day(
            pages=pages,
            revisits=revisits,
            warc=pages * measured.page + revisits * measured.revisit + new * press.requisites,
            cpu=pages * measured.read + revisits * measured.looked,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An archive after some time."""

    captures: float
    warc: float
    """Bytes, all told."""
    index: float
    """Bytes in SQLite."""
    index_postgres: float
    cores: float
    """Processor cores that crawling keeps busy, on the average of the last day."""
    requests: float
    """Requests a second, on the average of the last day."""
    busiest: float
    """Share of the day that one site's host is asked, its delay counted: over 1, it cannot be kept up with."""


def plan(press: Press, measured: Measured, years: float) -> Plan:
    """Simulate so many years."""
    made = list(days(press, measured, max(1, round(years * YEAR))))
    captures, last = sum(day.captures for day in made), made[-1]
    starts = press.processes * 24 * measured.start
    return Plan(
        captures=captures,
        warc=sum(day.warc for day in made),
        index=captures * measured.index,
        index_postgres=captures * measured.index_postgres,
        cores=(last.cpu + starts) / DAY,
        requests=last.captures / DAY,
        busiest=last.captures / press.sites * press.delay / DAY,
    )


IDS = 2**31
"""Rows of a table whose ids PostgreSQL's `integer` can tell apart."""


def limits(made: Plan, cores: int = 2) -> list[str]:
    """Return the limits that one machine, or a part of it, exceeds."""
    found = []
    if made.busiest > 1:
        found.append(f"a site's own pace: {made.busiest:.1f} days of requests each day; look again less often")
    if made.captures > 1e7:
        found.append("SQLite: one process writes at a time, into a file larger than any that was measured")
    if made.cores > 0.7 * cores:
        found.append(f"this machine: {made.cores:.1f} of its {cores} cores; add workers")
    if made.captures > IDS:
        found.append(f"ids: more captures than {IDS:,}; no other table with ids has more rows than they")
    return found


def table(press: Press, measured: Measured, years: int) -> Iterator[str]:
    """The plan after one year, and after some, as Markdown."""
    yield "| after | captures | WARC files | index, SQLite | index, PostgreSQL | requests/s | cores |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for span in sorted({1, years}):
        made = plan(press, measured, span)
        sizes = " | ".join(_size(size) for size in (made.warc, made.index, made.index_postgres))
        after = "1 year" if span == 1 else f"{span} years"
        yield f"| {after} | {made.captures:,.0f} | {sizes} | {made.requests:.1f} | {made.cores:.2f} |"
    for limit in limits(plan(press, measured, years)):
        yield f"- {limit}"


def _size(count: float) -> str:
    """Bytes in words.

    >>> _size(2_500_000_000), _size(4.1e13)
    ('2.5 GB', '41.0 TB')
    """
    return f"{count / 1e12:.1f} TB" if count >= 1e12 else f"{count / 1e9:.1f} GB"


def main() -> None:
    """Print the plan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usual = Press()
    parser.add_argument("--sites", type=int, default=usual.sites)
    parser.add_argument("--articles", type=float, default=usual.articles, help="new ones a day and site")
    parser.add_argument("--looks", type=int, default=usual.looks, help="how often each is looked at again, 0 to 5")
    parser.add_argument("--edited", type=float, default=usual.edited, help="share of looks that find another text")
    parser.add_argument("--polls", type=float, default=usual.polls, help="readings of sources a day and site")
    parser.add_argument("--requisites", type=float, default=usual.requisites, help="bytes of an article's pictures ...")
    parser.add_argument("--delay", type=float, default=usual.delay, help="seconds between requests to a site")
    parser.add_argument("--years", type=int, default=10)
    given = parser.parse_args()
    press = Press(
        sites=given.sites, articles=given.articles, looks=given.looks, edited=given.edited, polls=given.polls,
        requisites=given.requisites, delay=given.delay,
    )  # fmt: skip
    print(*table(press, Measured(), given.years), sep="\n")


if __name__ == "__main__":
    main()
