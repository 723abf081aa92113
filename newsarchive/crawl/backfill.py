"""Walk back through a site's past: archives, sitemaps and pagination, to a date and within a budget.

What is old waits in the frontier, in lanes by month (newsarchive.ingest.backfill_priority); a backfill is a crawl that
opens these lanes.
It holds the site's lock as any crawl does, and what the daily crawl would ask for goes first in it: while it runs, it
is the daily crawl. Broken off at any moment it goes on where it was, for it is the same frontier.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from newsarchive.archive import Archive
from newsarchive.crawl.backfill_queue import Beyond
from newsarchive.crawl.run import CrawlReport, Progress, crawl
from newsarchive.ingest.backfill_priority import deepest, month_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfilled:
    """How a backfill ended."""

    report: CrawlReport
    before: int
    """URLs of the past that were known to wait when it began, back to the date."""
    left: int
    """Those that wait now: it brings some to light, and fetches some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """What is wanted of a backfill."""

    site: str
    until: datetime
    """Aware. Nothing that is dated before is asked for."""
    max_pages: int = 0
    """Requests at most; 0: no limit."""
    max_time: float = 0.0
    """Seconds at most; 0: no limit."""
    max_bytes: int = 0
    """On the wire, at most; 0: no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What the crawl of a site leaves to a backfill."""

    site: str
    pages: int
    """URLs that are known and were never asked for."""
    until: datetime
    """The month of the oldest of them, a year before it where pages of a listing wait: they lead further back."""


def left(archive: Archive, sites: Sequence[str], now: datetime) -> tuple[Left, ...]:
    """What waits for a backfill, by site; sites of which nothing does are left out."""
    found = []
    for each in archive.index.past(sites, now):
        oldest = month_of(each.deepest)
        until = oldest.replace(year=max(oldest.year - 1, 1)) if each.listings else oldest
        found.append(Left(site=each.site, pages=each.pages, until=until))
    return tuple(found)


def backfill(
    archive: Archive,
    wanted: Backfill,
    *,
    progress: Progress | None = None,
    now: Callable[[], datetime] | None = None,
    alone: bool = False,
) -> Backfilled:
    """Fetch what is due of a site, and after it what is old, newest first, until a date or a limit is reached.

    `alone` as of `crawl`.

    ConfigError where the archive has no such site; ArchiveBusy where it is being crawled; StorageError as `crawl`.
    """
    reach = deepest(wanted.until)
    before = archive.index.waiting_older(wanted.site, reach)
    report = crawl(
        archive,
        [wanted.site],
        max_pages=wanted.max_pages,
        max_time=wanted.max_time,
        beyond=Beyond(until=wanted.until, max_bytes=wanted.max_bytes),
        progress=progress,
        now=now,
        alone=alone,
    )
    after = archive.index.waiting_older(wanted.site, reach)
    return Backfilled(report=report, before=before, left=after)
