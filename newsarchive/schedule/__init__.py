"""Decide when a URL is fetched again: a pure function of the index, so that a rebuild plans as the crawl did."""

from collections.abc import Callable
from datetime import timedelta

from newsarchive.schedule.page_visits import (
    DAY,
    DEFAULT_INTERVALS,
    FINAL_OUTCOMES,
    HOUR,
    MINUTE,
    VisitIntervals,
    plan_article_visit,
    plan_requisite_visit,
)
from newsarchive.schedule.source_rates import record_unreadable
from newsarchive.schedule.source_visits import plan_source_visit
from storage.model import SOURCE_KINDS, NextVisit, Outcome, UrlKind, VisitResult

__all__ = ["DEFAULT_INTERVALS", "FAILURE_OUTCOMES", "FINAL_OUTCOMES", "VisitIntervals", "plan_next_visit", "planner"]

# Responses that say nothing of the page itself: retried with a growing delay.
FAILURE_OUTCOMES = frozenset(
    {
        Outcome.ERROR,
        Outcome.CHALLENGE,
        Outcome.CONSENT_WALL,
        Outcome.SOFT_404,
        Outcome.SOFT_ERROR,
        Outcome.EMPTY,
        Outcome.GONE,
    }
)


def planner(intervals: VisitIntervals = DEFAULT_INTERVALS) -> Callable[[VisitResult], NextVisit]:
    """Return the function that `Index.commit` calls for every capture."""

    def plan(visit: VisitResult) -> NextVisit:
        return plan_next_visit(visit, intervals)

    return plan


def plan_next_visit(visit: VisitResult, intervals: VisitIntervals = DEFAULT_INTERVALS) -> NextVisit:
    """Return when a URL is fetched again after a visit."""
    if visit.kind is UrlKind.ROBOTS:
        return NextVisit(due_at=None, failure_count=0, unchanged_count=0)
    if visit.kind is UrlKind.ASSET:
        return plan_requisite_visit(visit, failed=visit.outcome in FAILURE_OUTCOMES)
    if visit.outcome in FAILURE_OUTCOMES:
        return _plan_retry(visit, intervals)
    unchanged = 0 if visit.changed else visit.unchanged_count + 1
    if visit.kind in SOURCE_KINDS:
        return plan_source_visit(visit, intervals, unchanged)
    return plan_article_visit(visit, intervals, unchanged)


def _plan_retry(visit: VisitResult, intervals: VisitIntervals) -> NextVisit:
    failures = visit.failure_count + 1
    rates = record_unreadable(visit.source_rates, visit.fetched_at) if visit.source_rates else None
    delay: timedelta | None = _retry_delay(failures)
    if visit.kind not in SOURCE_KINDS:
        if visit.outcome is Outcome.GONE:
            delay = _gone_delay(failures, visit, intervals)
        elif failures >= intervals.max_failures and not _was_cut_by_us(visit):
            delay = None
    return NextVisit(
        due_at=None if delay is None else visit.fetched_at + delay,
        failure_count=failures,
        unchanged_count=visit.unchanged_count,
        source_rates=None if delay is None else rates,
    )


def _was_cut_by_us(visit: VisitResult) -> bool:
    """Return whether a response was truncated by the end of a run, not by a server, time or size limit."""
    return visit.truncated == "unspecified" and visit.status is not None


def _retry_delay(failures: int) -> timedelta:
    return min(10 * MINUTE * 4.0 ** min(failures - 1, 8), DAY)


def _gone_delay(failures: int, visit: VisitResult, intervals: VisitIntervals) -> timedelta | None:
    """Return the delay after consecutive 404 or 410 responses; None: give up.

    RFC 9110 15.5.11: 410 is meant to last, 404 may be a mistake; so both are confirmed once before they count. A former
    article may come back: it is checked at the recheck ages of more than a day.
    """
    if failures == 1:
        return HOUR
    ages = [age for age in intervals.recheck if age > DAY] if visit.was_article else []
    return ages[failures - 2] if failures - 2 < len(ages) else None
