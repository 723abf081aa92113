"""Priorities of URLs by age: those of the daily crawl, and those left to `newsarchive backfill`.

    daily      URLs that are recent or undated; the first pages of a listing
    backfill   URLs that sources date before HISTORY, listing pages beyond DAILY_PAGES, and the links on these

The frontier holds both. URLs for a backfill have priority numbers from BACKFILL on: the daily crawl skips them, and a
backfill fetches them only while nothing of the daily crawl is due. The number counts months, newest first, and within a
month sources come before pages. A backfill to a date goes up to the number of the date's month.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from storage.model import BACKFILL_PRIORITY, Discovery, FeedEntry, UrlKind
from storage.page_date import parse_date_range

HISTORY = timedelta(days=30)
"""Older articles are left to a backfill."""
DAILY_PAGES = 5
"""Pages of a listing that the daily crawl fetches."""
LAST_PAGE = 5_000
"""Pagination is followed up to this page number; beyond it, it is taken for a crawler trap."""
MOST_UNDATED = 1_000
"""A sitemap with more undated entries than this lists the whole history of a site."""

LAST_MONTH = 2200 * 12
"""Months are counted down from this one."""

_PAGE_NUMBER = re.compile(r"(?:[?&/](?:page|p|pg|seite|pagina|paged)[=/-]?)(\d{1,12})(?=$|[/&?#])", re.IGNORECASE)
_MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:[-/_]?(0[1-9]|1[0-2]))?(?!\d)(?:[-/_]?(0[1-9]|[12]\d|3[01])(?!\d))?")


def page_number(url: str) -> int:
    """Return the page number in the URL of a listing; 0 if there is none.

    >>> page_number("https://news.example/world/page/7/"), page_number("https://news.example/world/")
    (7, 0)
    """
    match = _PAGE_NUMBER.search(url)
    return int(match[1]) if match else 0


def listing_key(url: str) -> str:
    """Return a key that is equal for all pages of one listing: the URL without the page number.

    >>> listing_key("https://news.example/world/page/7/") == listing_key("https://news.example/world/page/12/")
    True
    """
    return _PAGE_NUMBER.sub(lambda match: match[0][: -len(match[1])], url, count=1)


@lru_cache(maxsize=16_384)  # pages of a site link to the same few hundred URLs again and again
def latest_date_in_url(url: str) -> datetime | None:
    """Return the end of the year, month or day in a URL's path; None if there is no date.

    >>> latest_date_in_url("https://news.example/sitemap-2019-03.xml")
    datetime.datetime(2019, 4, 1, 0, 0, tzinfo=datetime.timezone.utc)
    >>> latest_date_in_url("https://news.example/2019/03/05/rain")
    datetime.datetime(2019, 3, 6, 0, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        match = _MONTH.search(urlsplit(url).path)
    except ValueError:
        return None
    parts = [part for part in match.groups() if part] if match else []
    # The month or the year, if there is no such day.
    periods = (parse_date_range("-".join(parts[:count])) for count in range(len(parts), 0, -1))
    return next((period[1] for period in periods if period), None)


def latest_date(entry: FeedEntry, source: str) -> datetime | None:
    """Return the latest date that a feed or sitemap entry may have; None if nothing dates it."""
    dates = [date for date in (entry.published.at if entry.published else None, entry.modified) if date]
    return max(dates) if dates else latest_date_in_url(entry.url) or latest_date_in_url(source)


def is_old(date: datetime | None, at: datetime) -> bool:
    """Return True if a date was beyond the daily crawl's history at a time."""
    return date is not None and date < at - HISTORY


def is_deep(url: str, discovery: Discovery) -> bool:
    """Return True if a page of a listing is beyond those of the daily crawl.

    A page without a number that was found on another page of the listing may be any of them.
    """
    number = page_number(url)
    is_further = discovery.kind is UrlKind.LISTING and discovery.via_kind is UrlKind.LISTING
    return number > DAILY_PAGES or (number == 0 and is_further)


def lists_whole_history(entries: Sequence[FeedEntry], source: str) -> bool:
    """Return True if a sitemap lists all pages that ever existed without dating them."""
    return len(entries) > MOST_UNDATED and sum(latest_date(entry, source) is None for entry in entries) > MOST_UNDATED


def backfill_priority(priority: int, date: datetime) -> int:
    """Return the priority of a URL left to a backfill: by month, then by its ordinary priority.

    >>> march, april = datetime(2019, 3, 5, tzinfo=UTC), datetime(2019, 4, 1, tzinfo=UTC)
    >>> backfill_priority(50, april) < backfill_priority(20, march) < backfill_priority(50, march)
    True
    >>> backfill_priority(50, march) <= lowest_backfill_priority(march)
    True
    """
    return BACKFILL_PRIORITY + 100 * (LAST_MONTH - date.year * 12 - date.month) + min(priority, 99)


def lowest_backfill_priority(until: datetime) -> int:
    """Return the highest priority number that a backfill to a date fetches."""
    return backfill_priority(99, until)


def priority_month(priority: int) -> datetime:
    """Return the month of a backfill priority.

    >>> priority_month(backfill_priority(50, datetime(2019, 3, 5, tzinfo=UTC))) <= datetime(2019, 3, 1, tzinfo=UTC)
    True
    """
    year, month = divmod(LAST_MONTH - (priority - BACKFILL_PRIORITY) // 100 - 1, 12)
    return datetime(max(year, 1), month + 1, 1, tzinfo=UTC)
