"""Walk back through a site's past: archives, sitemaps and pagination, to a date and within a budget.

What is old waits in the frontier, in lanes by month (newsarchive.depth); a backfill is a crawl that opens these lanes.
It holds the site's lock as any crawl does, and what the daily crawl would ask for goes first in it: while it runs, it
is the daily crawl. Broken off at any moment it goes on where it was, for it is the same frontier.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from newsarchive.archive import Archive
from newsarchive.crawl.beyond import Beyond
from newsarchive.crawl.run import CrawlReport, Progress, crawl
from newsarchive.depth import deepest


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


def backfill(
    archive: Archive,
    wanted: Backfill,
    *,
    progress: Progress | None = None,
    now: Callable[[], datetime] | None = None,
) -> Backfilled:
    """Fetch what is due of a site, and after it what is old, newest first, until a date or a limit is reached.

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
    )
    left = archive.index.waiting_older(wanted.site, reach)
    return Backfilled(report=report, before=before, left=left)
