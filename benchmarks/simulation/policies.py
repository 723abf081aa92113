"""Who decides when to look: this project's schedule, and what others do."""

from collections.abc import Callable
from datetime import timedelta

from newsarchive.schedule import AS_USUAL, Rhythm, planner
from storage.model import NextLook, Seen, UrlKind

Policy = Callable[[Seen], NextLook]
SLACK = timedelta(minutes=2)
"""A fixed interval is meant from start to start of two runs, not from the end of one request."""


def ours(rhythm: Rhythm = AS_USUAL) -> Policy:
    """The schedule of `newsarchive crawl`."""
    return planner(rhythm)


def fixed(interval: timedelta) -> Policy:
    """Every source at a fixed interval; articles again as ours."""
    usual = planner()

    def plan(seen: Seen) -> NextLook:
        if seen.kind is UrlKind.ARTICLE:
            return usual(seen)
        return NextLook(due_at=seen.fetched_at + interval - SLACK, failures=0, unchanged=0)

    return plan


def news_crawl(seen: Seen) -> NextLook:
    """Common Crawl's news-crawl: an interval of 90 minutes at least, a fifth nearer to that after each change, half as
    long again after each look that brought nothing; articles once. `unchanged` carries the interval, in minutes.
    """
    if seen.kind is UrlKind.ARTICLE:
        return NextLook(due_at=None, failures=0, unchanged=0)
    interval = seen.unchanged or (1_440 if seen.kind is UrlKind.SITEMAP else 720)
    if not seen.unchanged:
        minutes = interval
    elif seen.read is not None and seen.read.fresh:
        minutes = int(0.8 * interval + 0.2 * 90)
    else:
        minutes = min(int(1.5 * interval), 129_600)
    return NextLook(due_at=seen.fetched_at + timedelta(minutes=minutes), failures=0, unchanged=minutes)


POLICIES: dict[str, Policy] = {
    "ours": ours(),
    "fixed, 10 min": fixed(timedelta(minutes=10)),
    "fixed, 1 h": fixed(timedelta(hours=1)),
    "news-crawl": news_crawl,
}
