"""Backfill of a site: its older pages, by archives, sitemaps and pagination, back to a date and within limits.

Older URLs wait in the frontier with low priorities, by month (newsarchive.ingest.backfill_priority). A backfill is a
crawl that selects these too. It holds the site's lock and fetches first what the daily crawl would fetch. An
interrupted one continues where it was, since its state is that of the frontier.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from newsarchive.archive import Archive
from newsarchive.crawl.run import CrawlReport, OnProgress, crawl
from newsarchive.ingest.backfill_priority import lowest_backfill_priority, priority_month
from storage.index.frontier import backlog


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingBackfill:
    """URLs of a site that only a backfill fetches."""

    site: str
    url_count: int
    """URLs that were discovered and never requested."""
    until: datetime
    """Month of the oldest of them; a year before it if further pages of a listing wait, which link older ones."""


def find_pending_backfills(archive: Archive, sites: Sequence[str], now: datetime) -> tuple[PendingBackfill, ...]:
    """Return the URLs that wait for a backfill, by site, without sites that have none."""
    found = []
    for each in archive.index.read(backlog.load_backfill_backlog, sites, now):
        oldest = priority_month(each.max_priority)
        until = oldest.replace(year=max(oldest.year - 1, 1)) if each.listing_count else oldest
        found.append(PendingBackfill(site=each.site, url_count=each.url_count, until=until))
    return tuple(found)


def backfill(  # noqa: PLR0913 - the options of a run
    archive: Archive, site: str, until: datetime, *, max_pages: int = 0, max_time: float = 0.0, max_bytes: int = 0,
    progress: OnProgress | None = None, now: Callable[[], datetime] | None = None, sole_process: bool = False,
) -> tuple[CrawlReport, int, int]:  # fmt: skip
    """Fetch a site's due URLs and then its older ones, newest first, until a date or a limit (0: none) is reached.

    Return the report, and the numbers of older URLs, back to the date, that waited when it began, and that wait now,
    newly discovered ones included. `sole_process` and errors as for `crawl`; ConfigError if there is no such site.
    """
    max_priority = lowest_backfill_priority(until)
    before = archive.index.read(backlog.count_waiting_backfill, site, max_priority)
    report = crawl(
        archive,
        [site],
        max_pages=max_pages,
        max_time=max_time,
        max_bytes=max_bytes,
        until=until,
        progress=progress,
        now=now,
        sole_process=sole_process,
    )
    after = archive.index.read(backlog.count_waiting_backfill, site, max_priority)
    return report, before, after
