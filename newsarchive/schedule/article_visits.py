"""When to look at an article again: at the ages that the settings name, and anew after every change."""

from datetime import timedelta

from newsarchive.schedule.rhythm import Rhythm
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
    settled = not unchanged and seen.fetched_at == seen.first_seen_at and _is_settled(seen, ages)
    if seen.outcome in FINAL or settled or seen.twin or seen.elsewhere or unchanged >= len(ages):
        return NextLook(due_at=None, failures=0, unchanged=unchanged)
    before = ages[unchanged - 1] if unchanged else timedelta()
    wait = ages[unchanged] - before
    return NextLook(due_at=seen.fetched_at + wait, failures=0, unchanged=unchanged, priority=AGAIN)


def _is_settled(seen: Seen, ages: tuple[timedelta, ...]) -> bool:
    """Tell whether an article was found when it was older than all ages at which one is looked at again.

    Years of them come with a backfill. If one changes even so, its sitemap may say it.
    """
    return seen.published is not None and bool(ages) and seen.fetched_at - seen.published > max(ages)
