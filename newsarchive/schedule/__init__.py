"""When to look at a URL again. A pure function of what the index knows, so that a rebuild plans as the crawl did."""

from collections.abc import Callable
from datetime import timedelta

from newsarchive.schedule.article_visits import FINAL, next_visit
from newsarchive.schedule.assets import next_fetch
from newsarchive.schedule.habits import unread
from newsarchive.schedule.rhythm import AS_USUAL, DAY, HOUR, MINUTE, Rhythm
from newsarchive.schedule.source_visits import next_reading
from storage.model import SOURCE_KINDS, NextLook, Outcome, Seen, UrlKind

__all__ = ["AS_USUAL", "FAILURES", "FINAL", "Rhythm", "next_look", "planner"]

# Answers that say nothing of the page itself: ask again later, with growing patience.
FAILURES = frozenset(
    {Outcome.ERROR, Outcome.CHALLENGE, Outcome.CONSENT_WALL, Outcome.SOFT_404, Outcome.EMPTY, Outcome.GONE}
)


def planner(rhythm: Rhythm = AS_USUAL) -> Callable[[Seen], NextLook]:
    """Return the plan that `Index.commit` asks for every capture."""

    def plan(seen: Seen) -> NextLook:
        return next_look(seen, rhythm)

    return plan


def next_look(seen: Seen, rhythm: Rhythm = AS_USUAL) -> NextLook:
    """Decide when a URL is asked for again after the capture `seen`."""
    if seen.kind is UrlKind.ROBOTS:
        return NextLook(due_at=None, failures=0, unchanged=0)
    if seen.kind is UrlKind.ASSET:
        return next_fetch(seen, failed=seen.outcome in FAILURES)
    if seen.outcome in FAILURES:
        return _after_failure(seen, rhythm)
    unchanged = 0 if seen.changed else seen.unchanged + 1
    if seen.kind in SOURCE_KINDS:
        return next_reading(seen, rhythm, unchanged)
    return next_visit(seen, rhythm, unchanged)


def _after_failure(seen: Seen, rhythm: Rhythm) -> NextLook:
    failures = seen.failures + 1
    habits = unread(seen.habits, seen.fetched_at) if seen.habits else None
    if seen.kind not in SOURCE_KINDS:
        wait = _gone_for(failures, seen, rhythm) if seen.outcome is Outcome.GONE else _patience(failures)
        if wait is None or (failures >= rhythm.max_failures and not _tells_little(seen)):
            return NextLook(due_at=None, failures=failures, unchanged=seen.unchanged)
    else:
        wait = _patience(failures)
    return NextLook(due_at=seen.fetched_at + wait, failures=failures, unchanged=seen.unchanged, habits=habits)


def _tells_little(seen: Seen) -> bool:
    """True for failures that are no reason to give a URL up.

    A page that is gone has its own number of looks; an answer of which no server, clock or size is the end was cut by
    our own stop.
    """
    cut_by_us = seen.truncated == "unspecified" and seen.status is not None
    return cut_by_us or seen.outcome is Outcome.GONE


def _patience(failures: int) -> timedelta:
    return min(10 * MINUTE * 4.0 ** min(failures - 1, 8), DAY)


def _gone_for(failures: int, seen: Seen, rhythm: Rhythm) -> timedelta | None:
    """How long to wait for a page that answers 404 or 410 so many times in a row; None: for ever.

    RFC 9110 15.5.11: 410 is meant to last; 404 may be a mishap, so both are confirmed once before they count. What was
    an article may come back: it is looked for at the longer ages that articles are.
    """
    if failures == 1:
        return HOUR
    longer = [age for age in rhythm.recheck if age > DAY] if seen.shown else []
    return longer[failures - 2] if failures - 2 < len(longer) else None
