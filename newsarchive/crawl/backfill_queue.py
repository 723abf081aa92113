"""Queue of a backfill: URLs that are due, then older ones back to a date.

due in the daily crawl --> requested
dated before the date  --> not requested
next page of a listing --> requested once the pages that the previous one links have been fetched, and no more once
                           most of these are older than the date
anything else          --> requested
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from newsarchive.crawl.refill import IndexQueue
from newsarchive.ingest.backfill_priority import latest_date_in_url, listing_key, lowest_backfill_priority
from storage.index import Index
from storage.index.frontier import backlog
from storage.index.frontier.url_queue import DueQuery
from storage.model import BACKFILL_PRIORITY, DueUrl, UrlKind

OLD_SHARE = 0.8
"""Share of older pages on a listing that ends it: a box of the latest stories may be on every page."""
MIN_DATES = 3
"""Dated pages on a listing that are needed to compute the share."""


class BackfillQueue(IndexQueue):
    """Selects URLs that are due, and older ones."""

    def __init__(self, index: Index, until: datetime) -> None:
        """Pages that are dated before `until` are not requested."""
        super().__init__(index)
        self._until = until
        self._max_priority = lowest_backfill_priority(until)
        self._dropped: set[int] = set()
        self._last_page: dict[str, tuple[int, str]] = {}
        """Id and URL of the page of each listing that was requested last."""
        self._ended: set[str] = set()
        """Listings of which no further page is requested."""

    def select_due(self, query: DueQuery) -> list[DueUrl]:
        """Return the URLs that may be fetched now, most urgent first."""
        in_progress = set(query.exclude)
        deferred: set[int] = set()
        while True:
            exclude = in_progress | self._dropped | deferred
            found = super().select_due(replace(query, exclude=exclude, max_priority=self._max_priority))
            selected = self._select(found, in_progress, deferred)
            if selected or not found:
                return selected

    def _select(self, found: Sequence[DueUrl], in_progress: Collection[int], deferred: set[int]) -> list[DueUrl]:
        selected: list[DueUrl] = []
        busy = set(in_progress)
        for due in found:
            is_backfill = due.priority >= BACKFILL_PRIORITY
            published = due.discovery.published
            dates = (published.at if published else None, latest_date_in_url(due.url))
            if is_backfill and any(date < self._until for date in dates if date):
                self._dropped.add(due.url_id)
            elif is_backfill and due.discovery.kind is UrlKind.LISTING and not self._is_next_page(due, busy, deferred):
                continue
            else:
                selected.append(due)
                busy.add(due.url_id)
        return selected

    def _is_next_page(self, due: DueUrl, busy: Collection[int], deferred: set[int]) -> bool:
        """Return True if a page of a listing is requested now; else it is added to the dropped or the deferred."""
        listing = listing_key(due.url)
        last_id, last_url = self._last_page.get(listing, (None, due.discovery.via or ""))
        if last_id in busy:
            deferred.add(due.url_id)  # the links of the previous page are not known yet
            return False
        listed = () if listing in self._ended else self._index.read(backlog.load_listed_pages, last_url)
        dates = [date for page in listed if (date := page.dated_at or latest_date_in_url(page.url))]
        old = sum(date < self._until for date in dates)
        if listing in self._ended or (len(dates) >= MIN_DATES and old >= OLD_SHARE * len(dates)):
            self._ended.add(listing)
            self._dropped.add(due.url_id)
            return False
        if any(page.url_id in busy for page in listed):
            deferred.add(due.url_id)
            return False
        self._last_page[listing] = due.url_id, due.url
        return True
