"""When to read a feed, sitemap or listing again: when it is likely to have something, and before it loses something."""

from datetime import datetime, timedelta

from newsarchive.schedule.habits import learn, unread
from newsarchive.schedule.rates import Rates
from newsarchive.schedule.rhythm import Rhythm
from storage.model import Habits, NextLook, Seen, UrlKind

WORTH_A_LOOK = 0.7
"""Articles that are to be expected of a source before it is asked."""
ROOM = 0.35
"""Of the items that a source holds, as many may be expected to have come since: half of them are the margin for
mornings on which everything happens at once."""
HALF = 0.5
"""A source that less than this share of its items is owed to has another beside it."""
OWED = 0.02
"""A source of whose items less than this share is found nowhere else may lose some."""


def next_reading(seen: Seen, rhythm: Rhythm, unchanged: int) -> NextLook:
    """Decide when a source is read again, by its habits if any are known."""
    habits = seen.habits
    if seen.read is not None:
        habits = learn(habits, seen.read, seen.fetched_at)
    elif habits is not None:
        habits = unread(habits, seen.fetched_at)
    if habits is None or seen.read is None:
        due_at = seen.fetched_at + _by_patience(seen.kind, rhythm, unchanged)
    else:
        due_at = by_habits(habits, seen, rhythm)
    return NextLook(due_at=due_at, failures=0, unchanged=unchanged, habits=habits)


def by_habits(habits: Habits, seen: Seen, rhythm: Rhythm) -> datetime:
    """Return when a source is to be read after a reading."""
    rates, at = Rates(habits), seen.fetched_at
    owed = credit(habits, trusted=not seen.further)
    latest = at + longest(habits, seen, rhythm)
    if seen.kind is UrlKind.SITEMAP and is_of_old(habits, at, rhythm):
        return latest
    news = rates.when(at, WORTH_A_LOOK / owed, latest)
    # Of two that name the same, one is enough: what is owed to neither alone makes both slower, until one is first.
    due_at = max(news, at + rhythm.promptness / min(1.0, owed / HALF))
    if owed >= OWED and habits.capacity:
        due_at = min(due_at, rates.when(at, habits.capacity * ROOM * habits.haste, latest))
    return max(min(due_at, latest), at + shortest(seen.kind, rhythm))


def credit(habits: Habits, *, trusted: bool = True) -> float:
    """Return the share of a source's items that are owed to it, rather than to one that named them first.

    One that is not trusted has to earn it: the second page of a listing names what the first has named before it.
    """
    return min((habits.news + (2.0 if trusted else 0.02)) / (habits.fresh + 2.0), 1.0)


def shortest(kind: UrlKind, rhythm: Rhythm) -> timedelta:
    """Return the least time between two looks."""
    return rhythm.listing_interval if kind is UrlKind.LISTING else rhythm.source_interval


def longest(habits: Habits, seen: Seen, rhythm: Rhythm) -> timedelta:
    """Return the most."""
    if seen.further or (seen.kind is UrlKind.SITEMAP and is_of_old(habits, seen.fetched_at, rhythm)):
        return rhythm.archive_interval
    if seen.kind is UrlKind.LISTING:
        return max(rhythm.listing_longest, rhythm.listing_interval)
    return max(rhythm.source_longest, rhythm.source_interval)


def is_of_old(habits: Habits, at: datetime, rhythm: Rhythm) -> bool:
    """Tell whether nothing in a source is young any more."""
    return habits.newest is not None and at - habits.newest > rhythm.archive_interval


def _by_patience(kind: UrlKind, rhythm: Rhythm, unchanged: int) -> timedelta:
    """Where nothing can be read: twice as long for every two looks that brought nothing."""
    most = rhythm.listing_longest if kind is UrlKind.LISTING else rhythm.source_longest
    return max(min(rhythm.promptness * 2.0 ** min(unchanged // 2, 16), most), shortest(kind, rhythm))
