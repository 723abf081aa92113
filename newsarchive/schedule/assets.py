"""When to fetch a page's requisite again: a picture or a font never, a stylesheet once it may have changed."""

from datetime import timedelta

from newsarchive.schedule.rhythm import DAY
from storage.model import NextLook, Outcome, Seen

AGAIN = 70
"""Priority of requisites that are held already: after all others."""
TRIES = 2
SHORTEST, LONGEST = DAY, 30 * DAY
"""Bounds of what a server says of its own freshness."""
LOOKS = 5
"""Looks in a row without a change, after which it stays as it is: sites give a new stylesheet a new name."""

_FOR_GOOD = ("image/", "font/", "audio/", "video/", "application/font", "application/vnd.ms-fontobject")


def next_fetch(seen: Seen, *, failed: bool) -> NextLook:
    """Decide when a requisite is fetched again."""
    if failed:
        failures = seen.failures + 1
        due_at = seen.fetched_at + DAY if failures < TRIES else None
        return NextLook(due_at=due_at, failures=failures, unchanged=seen.unchanged, priority=AGAIN)
    unchanged = 0 if seen.changed else seen.unchanged + 1
    is_for_good = seen.mime is not None and seen.mime.startswith(_FOR_GOOD)
    if is_for_good or unchanged >= LOOKS or seen.outcome is Outcome.REDIRECT:
        return NextLook(due_at=None, failures=0, unchanged=unchanged)
    fresh = min(max(timedelta(seconds=seen.max_age or 0), SHORTEST), LONGEST)
    return NextLook(due_at=seen.fetched_at + fresh * 2**unchanged, failures=0, unchanged=unchanged, priority=AGAIN)
