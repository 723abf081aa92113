"""Revisit policies: this project's schedule, and those of others."""

from collections.abc import Callable
from datetime import timedelta

from newsarchive.schedule.visits import DEFAULT_INTERVALS, VisitIntervals, planner
from storage.model import NextVisit, UrlKind, VisitResult

Policy = Callable[[VisitResult], NextVisit]
SLACK = timedelta(minutes=2)
"""A fixed interval is meant from start to start of two runs, not from the end of one request."""


def ours(intervals: VisitIntervals = DEFAULT_INTERVALS) -> Policy:
    """The schedule of `newsarchive crawl`."""
    return planner(intervals)


def fixed_interval(interval: timedelta) -> Policy:
    """Every source at a fixed interval; articles again as ours."""
    usual = planner()

    def plan(seen: VisitResult) -> NextVisit:
        if seen.kind is UrlKind.ARTICLE:
            return usual(seen)
        return NextVisit(due_at=seen.fetched_at + interval - SLACK, failure_count=0, unchanged_count=0)

    return plan


def news_crawl(seen: VisitResult) -> NextVisit:
    """Common Crawl's news-crawl: an interval of 90 minutes at least, a fifth nearer to that after each change, half as
    long again after each look that brought nothing; articles once. `unchanged` carries the interval, in minutes.
    """
    if seen.kind is UrlKind.ARTICLE:
        return NextVisit(due_at=None, failure_count=0, unchanged_count=0)
    interval = seen.unchanged_count or (1_440 if seen.kind is UrlKind.SITEMAP else 720)
    if not seen.unchanged_count:
        minutes = interval
    elif seen.source_check is not None and seen.source_check.new_item_dates:
        minutes = int(0.8 * interval + 0.2 * 90)
    else:
        minutes = min(int(1.5 * interval), 129_600)
    return NextVisit(due_at=seen.fetched_at + timedelta(minutes=minutes), failure_count=0, unchanged_count=minutes)


POLICIES: dict[str, Policy] = {
    "ours": ours(),
    "fixed, 10 min": fixed_interval(timedelta(minutes=10)),
    "fixed, 1 h": fixed_interval(timedelta(hours=1)),
    "news-crawl": news_crawl,
}
