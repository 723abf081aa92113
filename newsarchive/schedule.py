"""When to look at a URL again. A pure function of what the index knows, so that a rebuild plans as the crawl did."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from storage.model import NextLook, Outcome, Seen, UrlKind

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

SOURCES = frozenset({UrlKind.LISTING, UrlKind.FEED, UrlKind.SITEMAP})

# Answers that say nothing of the page itself: ask again later, with growing patience.
FAILURES = frozenset(
    {Outcome.ERROR, Outcome.CHALLENGE, Outcome.CONSENT_WALL, Outcome.SOFT_404, Outcome.EMPTY, Outcome.GONE}
)

# The same bytes would read the same: another look costs the site and brings nothing.
FINAL = frozenset({Outcome.OTHER, Outcome.LISTING, Outcome.REDIRECT, Outcome.ASSET, Outcome.FEED, Outcome.SITEMAP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often to look, as the archive's owner wants it."""

    recheck: tuple[timedelta, ...] = (HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY)
    """Ages, since an article appeared or last changed, at which it is looked at again."""
    source_interval: timedelta = HOUR
    """Between two looks at a feed or sitemap that keeps bringing something new."""
    listing_interval: timedelta = HOUR
    """The same for front page and sections."""
    slowest: timedelta = DAY
    """No source that answers is left alone for longer."""
    max_failures: int = 4
    """Failures in a row after which an article is given up; sources are asked once a day for ever."""


AS_USUAL = Rhythm()


def planner(rhythm: Rhythm = AS_USUAL) -> Callable[[Seen], NextLook]:
    """Return the plan that `Index.commit` asks for every capture."""

    def plan(seen: Seen) -> NextLook:
        return next_look(seen, rhythm)

    return plan


def next_look(seen: Seen, rhythm: Rhythm = AS_USUAL) -> NextLook:
    """Decide when a URL is asked for again after the capture `seen`."""
    if seen.kind in (UrlKind.ROBOTS, UrlKind.ASSET):
        return NextLook(due_at=None, failures=0, unchanged=0)
    if seen.outcome in FAILURES:
        return _after_failure(seen, rhythm)
    unchanged = 0 if seen.changed else seen.unchanged + 1
    if seen.kind in SOURCES:
        return _source(seen, rhythm, unchanged)
    return _article(seen, rhythm, unchanged)


def _after_failure(seen: Seen, rhythm: Rhythm) -> NextLook:
    failures = seen.failures + 1
    # RFC 9110 15.5.11: 410 is meant to last; 404 may be a mishap, so both are confirmed once before they count.
    patience = HOUR if seen.outcome is Outcome.GONE else timedelta(minutes=10)
    wait = min(patience * 4 ** min(failures - 1, 8), DAY)
    tries = 2 if seen.outcome is Outcome.GONE else rhythm.max_failures
    if seen.kind not in SOURCES and failures >= tries:
        return NextLook(due_at=None, failures=failures, unchanged=seen.unchanged)
    return NextLook(due_at=seen.fetched_at + wait, failures=failures, unchanged=seen.unchanged)


def _source(seen: Seen, rhythm: Rhythm, unchanged: int) -> NextLook:
    interval = rhythm.listing_interval if seen.kind is UrlKind.LISTING else rhythm.source_interval
    # Twice as long for every two looks that brought nothing: a night costs a source a few visits, not its morning.
    wait = min(interval * 2 ** min(unchanged // 2, 16), max(rhythm.slowest, interval))
    return NextLook(due_at=seen.fetched_at + wait, failures=0, unchanged=unchanged)


def _article(seen: Seen, rhythm: Rhythm, unchanged: int) -> NextLook:
    if seen.outcome in FINAL or unchanged >= len(rhythm.recheck):
        return NextLook(due_at=None, failures=0, unchanged=unchanged)
    age = rhythm.recheck[unchanged]
    before = rhythm.recheck[unchanged - 1] if unchanged else timedelta()
    return NextLook(due_at=seen.fetched_at + (age - before), failures=0, unchanged=unchanged)
