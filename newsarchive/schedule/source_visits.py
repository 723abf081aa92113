"""Plan visits of feeds, sitemaps and listings: when a new item is likely, and before one may be missed."""

from datetime import datetime, timedelta

from newsarchive.schedule.page_visits import VisitIntervals
from newsarchive.schedule.source_rates import ExpectedRates, learn_rates, record_unreadable
from storage.model import NextVisit, SourceRates, UrlKind, VisitResult

EXPECTED_ITEMS = 0.7
"""New items that are expected of a source when it is visited."""
MAX_REPLACED = 0.35
"""Share of its items that a source may be expected to replace between visits; as much again is margin for mornings on
which everything happens at once."""
SHARED_SOURCE = 0.5
"""First-named share below which another source lists the same items."""
MIN_SHARE = 0.02
"""First-named share below which missed items do not matter."""


def plan_source_visit(visit: VisitResult, intervals: VisitIntervals, unchanged: int) -> NextVisit:
    """Return when a source is visited again, by its rates if they are known."""
    rates = visit.source_rates
    if visit.source_check is not None:
        rates = learn_rates(rates, visit.source_check, visit.fetched_at)
        due_at = _due_by_rates(rates, visit, intervals)
    else:
        rates = record_unreadable(rates, visit.fetched_at) if rates is not None else None
        due_at = visit.fetched_at + _backoff_interval(visit.kind, intervals, unchanged)
    return NextVisit(due_at=due_at, failure_count=0, unchanged_count=unchanged, source_rates=rates)


def _due_by_rates(rates: SourceRates, visit: VisitResult, intervals: VisitIntervals) -> datetime:
    expected, at = ExpectedRates(rates), visit.fetched_at
    share = first_named_share(rates, trusted=not visit.is_next_page)
    latest = at + _max_interval(rates, visit, intervals)
    if visit.kind is UrlKind.SITEMAP and _has_only_old_items(rates, at, intervals):
        return latest
    new_item_at = expected.time_of(at, EXPECTED_ITEMS / share, latest)
    # One of two sources with the same items suffices: while neither names them first, both slow down until one does.
    due_at = max(new_item_at, at + intervals.discovery_delay / min(1.0, share / SHARED_SOURCE))
    if share >= MIN_SHARE and rates.capacity:
        due_at = min(due_at, expected.time_of(at, rates.capacity * MAX_REPLACED * rates.interval_factor, latest))
    return max(min(due_at, latest), at + _min_interval(visit.kind, intervals))


def first_named_share(rates: SourceRates, *, trusted: bool = True) -> float:
    """Return the share of a source's items that it was first to list.

    It begins near 1, or if not trusted near 0.01: the second page of a listing repeats what the first had before it.
    """
    return min((rates.first_named_items + (2.0 if trusted else 0.02)) / (rates.new_items + 2.0), 1.0)


def _min_interval(kind: UrlKind, intervals: VisitIntervals) -> timedelta:
    return intervals.listing_min_interval if kind is UrlKind.LISTING else intervals.source_min_interval


def _max_interval(rates: SourceRates, visit: VisitResult, intervals: VisitIntervals) -> timedelta:
    is_old_sitemap = visit.kind is UrlKind.SITEMAP and _has_only_old_items(rates, visit.fetched_at, intervals)
    if visit.is_next_page or is_old_sitemap:
        return intervals.archive_sitemap_interval
    if visit.kind is UrlKind.LISTING:
        return max(intervals.listing_max_interval, intervals.listing_min_interval)
    return max(intervals.source_max_interval, intervals.source_min_interval)


def _has_only_old_items(rates: SourceRates, at: datetime, intervals: VisitIntervals) -> bool:
    return rates.newest_item_at is not None and at - rates.newest_item_at > intervals.archive_sitemap_interval


def _backoff_interval(kind: UrlKind, intervals: VisitIntervals, unchanged: int) -> timedelta:
    """Return the interval of a source that cannot be read: it doubles with every two visits without a change."""
    longest = intervals.listing_max_interval if kind is UrlKind.LISTING else intervals.source_max_interval
    interval = min(intervals.discovery_delay * 2.0 ** min(unchanged // 2, 16), longest)
    return max(interval, _min_interval(kind, intervals))
