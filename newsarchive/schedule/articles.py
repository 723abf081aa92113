"""When to look at an article again: at the ages that the settings name, and anew after every change."""

from datetime import timedelta

from newsarchive.schedule.rhythm import DAY, Rhythm
from storage.model import NextLook, Outcome, Seen

AGAIN = 45
"""Priority of pages that are held already: after all that is new, before what only an old sitemap names."""

# The same bytes would read the same: another look costs the site and brings nothing.
FINAL = frozenset(
    {Outcome.OTHER, Outcome.LISTING, Outcome.MEDIA, Outcome.REDIRECT, Outcome.ASSET, Outcome.FEED, Outcome.SITEMAP}
)


def next_visit(seen: Seen, rhythm: Rhythm, unchanged: int) -> NextLook:
    """Decide when an article is looked at again."""
    ages = rhythm.recheck
    if seen.outcome not in FINAL and not unchanged and seen.fetched_at == seen.first_seen_at:
        unchanged = _missed(seen, ages)
    if seen.outcome in FINAL or unchanged >= len(ages):
        return NextLook(due_at=None, failures=0, unchanged=unchanged)
    before = ages[unchanged - 1] if unchanged else timedelta()
    wait = ages[unchanged] - before
    return NextLook(due_at=seen.fetched_at + wait, failures=0, unchanged=unchanged, priority=AGAIN)


def _missed(seen: Seen, ages: tuple[timedelta, ...]) -> int:
    """Return how many of the looks an article was too old for when it was found.

    Many pages give the day alone, and some the wrong zone's hour: a day's doubt is in the article's favour.
    """
    age = seen.fetched_at - seen.published - DAY if seen.published else timedelta()
    return sum(each <= age for each in ages)
