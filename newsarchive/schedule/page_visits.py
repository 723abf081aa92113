"""Plan visits of articles and requisites, within the intervals of the settings.

Articles are checked at fixed ages, and anew after every change. Images and fonts are never fetched again, stylesheets
once they may have changed.
"""

from dataclasses import dataclass
from datetime import timedelta

from storage.model import NextVisit, Outcome, VisitEnd, VisitResult

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

ARTICLE_PRIORITY = 45
"""Of archived articles: after everything new, before URLs that only an old sitemap lists."""
REQUISITE_PRIORITY = 70
"""Of archived requisites: after everything else."""
MAX_REQUISITE_FAILURES = 2
MIN_FRESHNESS, MAX_FRESHNESS = DAY, 30 * DAY
"""Bounds of the freshness lifetime that a server states."""
MAX_UNCHANGED_REQUISITE = 5
"""Consecutive visits without a change after which a requisite is final: a new stylesheet gets a new name."""
NAMED_INTERVAL = 30 * DAY
"""Between two visits of a page whose checks are over, while a source names it."""
_IMMUTABLE_TYPES = ("image/", "font/", "audio/", "video/", "application/font", "application/vnd.ms-fontobject")


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitIntervals:
    """The bounds of the schedule, from the settings."""

    recheck: tuple[timedelta, ...] = (HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY)
    """Ages, since an article appeared or last changed, at which it is checked."""
    discovery_delay: timedelta = 25 * MINUTE
    """Time within which new articles are found at hours when a source is busy."""
    source_min_interval: timedelta = 10 * MINUTE
    """Between two visits of a feed or sitemap."""
    listing_min_interval: timedelta = 10 * MINUTE
    """Between two visits of a front page or section."""
    source_max_interval: timedelta = 12 * HOUR
    """Between two visits of a feed, or a sitemap with recent pages."""
    listing_max_interval: timedelta = 6 * HOUR
    """Between two visits of a front page or section, whose own content is archived, too."""
    archive_sitemap_interval: timedelta = 30 * DAY
    """Between two visits of a sitemap without any page younger than this."""
    max_failures: int = 4
    """Consecutive failures after which a page is given up that was never an article and that no source names."""


DEFAULT_INTERVALS = VisitIntervals()


def plan_article_visit(visit: VisitResult, intervals: VisitIntervals, unchanged: int) -> NextVisit:
    """Return when an article is checked again."""
    ages = intervals.recheck
    is_alternate = visit.is_duplicate or visit.is_alternate_url
    if is_alternate or unchanged >= len(ages) or (not unchanged and _was_old_when_found(visit, ages)):
        return NextVisit(
            due_at=None,
            ended_by=VisitEnd.ALTERNATE if is_alternate else VisitEnd.PLAN,
            due_while_named=visit.fetched_at + NAMED_INTERVAL,
            failure_count=0,
            unchanged_count=unchanged,
            priority=ARTICLE_PRIORITY,
        )
    delay = ages[unchanged] - (ages[unchanged - 1] if unchanged else timedelta())
    return NextVisit(
        due_at=visit.fetched_at + delay, failure_count=0, unchanged_count=unchanged, priority=ARTICLE_PRIORITY
    )


def _was_old_when_found(visit: VisitResult, ages: tuple[timedelta, ...]) -> bool:
    """Return whether an article was found, just now, when it was older than all ages at which one is checked.

    A backfill finds years of them. If one changes later, its sitemap may report it.
    """
    if visit.fetched_at != visit.first_seen_at or visit.published is None or not ages:
        return False
    return visit.fetched_at - visit.published > max(ages)


def plan_requisite_visit(visit: VisitResult, *, failed: bool) -> NextVisit:
    """Return when a requisite is fetched again."""
    if failed:
        failures = visit.failure_count + 1
        return NextVisit(
            due_at=visit.fetched_at + DAY if failures < MAX_REQUISITE_FAILURES else None,
            failure_count=failures,
            unchanged_count=visit.unchanged_count,
            priority=REQUISITE_PRIORITY,
        )
    unchanged = 0 if visit.changed else visit.unchanged_count + 1
    is_immutable = visit.mime is not None and visit.mime.startswith(_IMMUTABLE_TYPES)
    if is_immutable or unchanged >= MAX_UNCHANGED_REQUISITE or visit.outcome is Outcome.REDIRECT:
        return NextVisit(due_at=None, failure_count=0, unchanged_count=unchanged)
    freshness = min(max(timedelta(seconds=visit.max_age or 0), MIN_FRESHNESS), MAX_FRESHNESS)
    return NextVisit(
        due_at=visit.fetched_at + freshness * 2**unchanged,
        failure_count=0,
        unchanged_count=unchanged,
        priority=REQUISITE_PRIORITY,
    )
