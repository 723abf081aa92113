"""How far back a URL leads: what the daily crawl asks for, and what waits for `newsarchive backfill`.

    daily      what is young or has no date; the first pages of a listing
    backfill   what sources date further back than HISTORY, pages deeper than DAILY_PAGES, and what such pages name

The frontier holds both. What waits for a backfill has a priority number from BACKFILL on, so that the daily crawl
leaves it alone, and a backfill asks for it only while nothing of the daily crawl is due. The number goes by months: the
newest first, and within a month sources before pages. A backfill to a date is one that goes to the month's number.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from storage.model import BACKFILL, Discovery, Entry, UrlKind

HISTORY = timedelta(days=30)
"""What is older when it is found is no news."""
DAILY_PAGES = 5
"""Pages of a listing that the daily crawl knows."""
LAST_PAGE = 5_000
"""Pagination is followed to this page number, and leads into a trap beyond it: no newsroom prints on for longer."""
MOST_UNDATED = 1_000
"""A sitemap that names more pages without saying how old they are names all that there ever were."""

LAST_MONTH = 2200 * 12
"""Months are counted down from here."""

_PAGE_NUMBER = re.compile(r"(?:[?&/](?:page|p|pg|seite|pagina|paged)[=/-]?)(\d{1,12})(?=$|[/&?#])", re.IGNORECASE)
_MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:[-/_]?(0[1-9]|1[0-2]))?(?!\d)(?:[-/_]?(0[1-9]|[12]\d|3[01])(?!\d))?")


def page_number(url: str) -> int:
    """Return the page of a listing that a URL names; 0 where it names none.

    >>> page_number("https://news.example/world/page/7/"), page_number("https://news.example/world/")
    (7, 0)
    """
    found = _PAGE_NUMBER.search(url)
    return int(found[1]) if found else 0


def series(url: str) -> str:
    """Return what the pages of one listing have in common.

    >>> series("https://news.example/world/page/7/") == series("https://news.example/world/page/12/")
    True
    """
    return _PAGE_NUMBER.sub(lambda found: found[0][: -len(found[1])], url, count=1)


@lru_cache(maxsize=16_384)  # pages of a site name the same few hundred addresses again and again
def latest_in(url: str) -> datetime | None:
    """Return the end of the year, month or day that a URL's path names; None where it names none.

    >>> latest_in("https://news.example/sitemap-2019-03.xml")
    datetime.datetime(2019, 4, 1, 0, 0, tzinfo=datetime.timezone.utc)
    >>> latest_in("https://news.example/2019/03/05/rain")
    datetime.datetime(2019, 3, 6, 0, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        found = _MONTH.search(urlsplit(url).path)
    except ValueError:
        return None
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    if month and day:
        try:
            return datetime(year, month, day, tzinfo=UTC) + timedelta(days=1)
        except ValueError:
            day = 0
    return datetime(year, month + 1, 1, tzinfo=UTC) if 0 < month < 12 else datetime(year + 1, 1, 1, tzinfo=UTC)


def latest(entry: Entry, source: str) -> datetime | None:
    """Return the latest moment at which what an entry names may have been new; None where nothing says so."""
    dates = [date for date in (entry.published, entry.modified) if date]
    return max(dates) if dates else latest_in(entry.url) or latest_in(source)


def is_old(moment: datetime | None, at: datetime) -> bool:
    """Tell whether something was no news any more at a moment."""
    return moment is not None and moment < at - HISTORY


def is_deep(url: str, discovery: Discovery) -> bool:
    """Tell whether a listing is a page that the daily crawl does not turn to.

    A page without a number, found on another one, may be any: only the first of a listing is known to be its first.
    """
    number = page_number(url)
    return number > DAILY_PAGES or (number == 0 and is_further_page(discovery))


def is_further_page(discovery: Discovery) -> bool:
    """Tell whether a listing was found as the next page of another."""
    return discovery.kind is UrlKind.LISTING and discovery.via_kind is UrlKind.LISTING


def names_everything(entries: Sequence[Entry], source: str) -> bool:
    """Tell whether a sitemap names all pages that there ever were, and does not say which are new."""
    return len(entries) > MOST_UNDATED and sum(latest(entry, source) is None for entry in entries) > MOST_UNDATED


def waits(priority: int, moment: datetime) -> int:
    """Return the priority of what waits for a backfill: by its month, then as it would have been.

    >>> march, april = datetime(2019, 3, 5, tzinfo=UTC), datetime(2019, 4, 1, tzinfo=UTC)
    >>> waits(50, april) < waits(20, march) < waits(50, march) <= deepest(march)
    True
    """
    return BACKFILL + 100 * (LAST_MONTH - moment.year * 12 - moment.month) + min(priority, 99)


def deepest(until: datetime) -> int:
    """Return the priority number to which a backfill goes that is to reach a date."""
    return waits(99, until)


def month_of(priority: int) -> datetime:
    """Return the month that a priority number of the past stands for.

    >>> month_of(waits(50, datetime(2019, 3, 5, tzinfo=UTC))) <= datetime(2019, 3, 1, tzinfo=UTC)
    True
    """
    year, month = divmod(LAST_MONTH - (priority - BACKFILL) // 100 - 1, 12)
    return datetime(max(year, 1), month + 1, 1, tzinfo=UTC)
