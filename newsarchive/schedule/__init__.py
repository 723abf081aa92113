"""Decide when a URL is fetched again: a pure function of the index, so that a rebuild plans as the crawl did."""

from collections.abc import Callable
from functools import partial

from newsarchive.schedule.source_rates import record_unreadable
from newsarchive.schedule.visits import (
    DAY,
    DEFAULT_INTERVALS,
    FAILURE_OUTCOMES,
    MINUTE,
    VisitIntervals,
    plan_article_retry,
    plan_article_visit,
    plan_requisite_visit,
    plan_source_visit,
    shows_no_article,
)
from storage.model import SOURCE_KINDS, NextVisit, UrlKind, VisitResult

__all__ = ["DEFAULT_INTERVALS", "FAILURE_OUTCOMES", "VisitIntervals", "plan_next_visit", "planner"]


def planner(intervals: VisitIntervals = DEFAULT_INTERVALS) -> Callable[[VisitResult], NextVisit]:
    """Return the function that `Index.commit` calls for every capture."""
    return partial(plan_next_visit, intervals=intervals)


def plan_next_visit(visit: VisitResult, intervals: VisitIntervals = DEFAULT_INTERVALS) -> NextVisit:
    """Return when a URL is fetched again after a visit."""
    if visit.kind is UrlKind.ROBOTS:
        return NextVisit(due_at=None, failure_count=0, unchanged_count=0)
    if visit.kind is UrlKind.ASSET:
        return plan_requisite_visit(visit, failed=visit.outcome in FAILURE_OUTCOMES)
    unchanged = 0 if visit.changed else visit.unchanged_count + 1
    if visit.kind in SOURCE_KINDS:
        if visit.outcome in FAILURE_OUTCOMES:
            return _plan_source_retry(visit)
        return plan_source_visit(visit, intervals, unchanged)
    if shows_no_article(visit):
        return plan_article_retry(visit, intervals)
    return plan_article_visit(visit, intervals, unchanged)


def _plan_source_retry(visit: VisitResult) -> NextVisit:
    """Return when a source that could not be read is fetched again: daily at last, without end."""
    failures = visit.failure_count + 1
    return NextVisit(
        due_at=visit.fetched_at + min(10 * MINUTE * 4.0 ** min(failures - 1, 8), DAY),
        failure_count=failures,
        unchanged_count=visit.unchanged_count,
        source_rates=record_unreadable(visit.source_rates, visit.fetched_at) if visit.source_rates else None,
    )
