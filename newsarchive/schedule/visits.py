"""Plan visits of articles and requisites, within the intervals of the settings.

Articles are checked at fixed ages, and anew after every change. Images and fonts are never fetched again, stylesheets
once they may have changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from newsarchive.schedule.source_rates import ExpectedRates, learn_rates, record_unreadable
from storage.model import SOURCE_KINDS, NextVisit, Outcome, SourceRates, UrlKind, VisitEnd, VisitResult

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


def planner(
    intervals: VisitIntervals = DEFAULT_INTERVALS, by_site: Mapping[str, VisitIntervals] = MappingProxyType({})
) -> Callable[[VisitResult], NextVisit]:
    """Return the function that `Index.commit` calls for every capture."""
    return lambda visit: plan_next_visit(visit, by_site.get(visit.site, intervals))


def plan_next_visit(visit: VisitResult, intervals: VisitIntervals = DEFAULT_INTERVALS) -> NextVisit:
    """Return when a URL is fetched again after a visit."""
    if visit.kind is UrlKind.ROBOTS:
        return NextVisit(due_at=None, failure_count=0, unchanged_count=0)
    if visit.kind is UrlKind.ASSET:
        return plan_requisite_visit(visit)
    unchanged = 0 if visit.changed else visit.unchanged_count + 1
    if visit.kind in SOURCE_KINDS:
        return plan_source_visit(visit, intervals, unchanged)
    if visit.outcome in FAILURE_OUTCOMES or visit.outcome in OTHER_OUTCOMES or visit.repeats_no_article:
        return plan_article_retry(visit, intervals)
    return plan_article_visit(visit, intervals, unchanged)


def plan_article_visit(visit: VisitResult, intervals: VisitIntervals, unchanged: int) -> NextVisit:
    """Return when an article is checked again."""
    ages = intervals.recheck
    is_alternate = visit.is_duplicate or visit.is_alternate_url
    # A backfill finds years of articles that are older than any is checked. Their sitemap may report changes.
    is_new = visit.fetched_at == visit.first_seen_at and not unchanged
    is_too_old = is_new and visit.published is not None and visit.fetched_at - visit.published > max(ages, default=DAY)
    plan = NextVisit(due_at=None, failure_count=0, unchanged_count=unchanged, priority=ARTICLE_PRIORITY)
    if is_alternate or unchanged >= len(ages) or is_too_old:
        ended_by = VisitEnd.ALTERNATE if is_alternate else VisitEnd.PLAN
        return replace(plan, ended_by=ended_by, due_while_named=visit.fetched_at + NAMED_INTERVAL)
    pause = ages[unchanged] - (ages[unchanged - 1] if unchanged else timedelta())
    return replace(plan, due_at=visit.fetched_at + pause)


def plan_requisite_visit(visit: VisitResult) -> NextVisit:
    """Return when a requisite is fetched again."""
    if visit.outcome in FAILURE_OUTCOMES:
        failures = visit.failure_count + 1
        due_at = visit.fetched_at + DAY if failures < MAX_REQUISITE_FAILURES else None
        return NextVisit(
            due_at=due_at, failure_count=failures, unchanged_count=visit.unchanged_count, priority=REQUISITE_PRIORITY
        )
    unchanged = 0 if visit.changed else visit.unchanged_count + 1
    is_immutable = visit.mime is not None and visit.mime.startswith(_IMMUTABLE_TYPES)
    if is_immutable or unchanged >= MAX_UNCHANGED_REQUISITE or visit.outcome is Outcome.REDIRECT:
        return NextVisit(due_at=None, failure_count=0, unchanged_count=unchanged)
    freshness = min(max(timedelta(seconds=visit.max_age or 0), MIN_FRESHNESS), MAX_FRESHNESS)
    due_at = visit.fetched_at + freshness * 2**unchanged
    return NextVisit(due_at=due_at, failure_count=0, unchanged_count=unchanged, priority=REQUISITE_PRIORITY)


# Plan visits of pages after an answer that shows no article: a redirect, an error, an empty page, another page.
#
# No single answer ends the visits of a URL that was ever an article, nor of one that a source names. They go on with
# growing pauses, and at least once a month while a source names it.
#
#     answer            pauses                                                    ends
#     410               as below                                                  after two days of nothing but 410
#     404, 410          1 h, 1 d, 7 d, 30 d, and sooner at such ages              |
#     another page      1 d, 7 d, 30 d, where nothing promised an article         | after the last pause, if no source
#     any other         10 min, 40 min, 3 h, 11 h, 2 d, 7 d, 28 d, and sooner at  |   names it any more
#                       the ages at which an article is checked                   |
#
# A page that was never an article, after failures or redirects, or with an article's URL: ten pauses of two days at
# most, while a source names it. One that a source promised, that redirects, or that has an article's URL: at these
# ages, also once it is named no more.

# Responses that say nothing of the page itself.
_FAILURES = "error challenge consent_wall login_wall soft_404 soft_error empty gone"
FAILURE_OUTCOMES = frozenset(map(Outcome, _FAILURES.split()))
# Readable pages and files that are no article.
OTHER_OUTCOMES = frozenset(map(Outcome, "other listing media redirect asset feed sitemap".split()))
QUICK_PAUSES = (*(10 * MINUTE * 4**step for step in range(4)), 2 * DAY, 7 * DAY, 28 * DAY)
GONE_PAUSES = (HOUR, DAY, 7 * DAY, 30 * DAY)
SLOW_PAUSES = (DAY, 7 * DAY, 30 * DAY)
MAX_FIRST_LOOKS, FIRST_LOOK_PAUSE = 10, 2 * DAY
"""Looks at a page that was never an article, and the longest pause between them: a source names it for days."""
GONE_AFTER = 2 * DAY
"""RFC 9110 15.5.11: 410 is meant to last. It counts as confirmed when every answer of such a time was 410."""


def plan_article_retry(visit: VisitResult, intervals: VisitIntervals) -> NextVisit:
    """Return when a page is visited again that was no article this time."""
    failures = visit.failure_count + 1
    retry = NextVisit(due_at=None, failure_count=failures, unchanged_count=visit.unchanged_count)
    if visit.gone_since is not None and visit.fetched_at - visit.gone_since >= GONE_AFTER:
        return replace(retry, ended_by=VisitEnd.GONE)
    is_promised = visit.was_article or visit.is_listed_as_article
    pauses = QUICK_PAUSES if is_promised or visit.outcome in FAILURE_OUTCOMES else SLOW_PAUSES
    pauses = GONE_PAUSES if visit.outcome is Outcome.GONE else pauses
    pause = pauses[failures - 1] if failures <= len(pauses) else None
    # No age at which an article is checked is left out.
    to_checks = [age - (visit.fetched_at - visit.first_seen_at) for age in intervals.recheck]
    is_likely_article = visit.may_be_article or pauses is not SLOW_PAUSES
    soonest = DAY if pauses is SLOW_PAUSES else QUICK_PAUSES[0]
    later = [each for each in to_checks if each >= soonest and is_likely_article]
    pause = min(later if pause is None else [pause, *later], default=None)
    last = pause if visit.was_article else _pause_of_unlisted(failures, visit, intervals)
    # A source may have named an article only in an outage of the site.
    last = min(later, default=None) if last is None and (is_promised or visit.may_be_article) else last
    is_first_look = is_likely_article and not visit.was_article and failures <= MAX_FIRST_LOOKS
    named = min(pause or NAMED_INTERVAL, FIRST_LOOK_PAUSE if is_first_look else NAMED_INTERVAL)
    return replace(
        retry,
        due_at=None if last is None else visit.fetched_at + last,
        ended_by=None if last is not None else VisitEnd.PLAN if visit.was_article else VisitEnd.NO_ARTICLE,
        due_while_named=visit.fetched_at + named,
    )


def _pause_of_unlisted(failures: int, visit: VisitResult, intervals: VisitIntervals) -> timedelta | None:
    """Return the pause of a page that was never an article, where no source names it; None: it is given up."""
    if visit.outcome is Outcome.GONE:
        return HOUR if failures == 1 else None
    is_final = visit.outcome not in FAILURE_OUTCOMES
    # By the end of a run, not by a server, time or size limit.
    was_cut_by_us = visit.truncated == "unspecified" and visit.status is not None
    if is_final or (failures >= intervals.max_failures and not was_cut_by_us):
        return None
    return _growing_pause(failures)


def _growing_pause(failures: int) -> timedelta:
    return min(10 * MINUTE * 4.0 ** min(failures - 1, 8), DAY)


# Plan visits of feeds, sitemaps and listings: when a new item is likely, and before one may be missed.

EXPECTED_ITEMS = 0.7
"""New items that are expected of a source when it is visited."""
MAX_REPLACED = 0.35
"""Share of its items that a source may be expected to replace between visits; as much again is for busy mornings."""
SHARED_SOURCE = 0.5
"""First-named share below which another source lists the same items."""
MIN_SHARE = 0.02
"""First-named share below which missed items do not matter."""


def plan_source_visit(visit: VisitResult, intervals: VisitIntervals, unchanged: int) -> NextVisit:
    """Return when a source is visited again, by its rates if they are known; daily at last if it cannot be read."""
    rates = visit.source_rates
    if visit.is_stray_target and unchanged:
        due_at = visit.fetched_at + QUICK_PAUSES[min(unchanged, 5) - 1]  # it may be a front page with few links
        return NextVisit(due_at=due_at, failure_count=0, unchanged_count=unchanged, source_rates=rates)
    if visit.outcome in FAILURE_OUTCOMES:
        failures, rates = visit.failure_count + 1, record_unreadable(rates, visit.fetched_at)
        due_at = visit.fetched_at + _growing_pause(failures)
        return NextVisit(
            due_at=due_at, failure_count=failures, unchanged_count=visit.unchanged_count, source_rates=rates
        )
    if visit.source_check is not None:
        rates = learn_rates(rates, visit.source_check, visit.fetched_at)
        due_at = _due_by_rates(rates, visit, intervals)
    else:
        rates = record_unreadable(rates, visit.fetched_at)
        # The interval of a source that cannot be read doubles with every visit that names nothing new.
        shortest, longest = interval_bounds(visit.kind, intervals)
        interval = min(intervals.discovery_delay * 2.0 ** min(unchanged, 16), longest)
        due_at = visit.fetched_at + max(interval, shortest)
    return NextVisit(due_at=due_at, failure_count=0, unchanged_count=unchanged, source_rates=rates)


def _due_by_rates(rates: SourceRates, visit: VisitResult, intervals: VisitIntervals) -> datetime:
    expected, at = ExpectedRates(rates), visit.fetched_at
    share = first_named_share(rates, trusted=not visit.is_next_page)
    newest = rates.newest_item_at
    if newest and rates.last_new_at > rates.first_read_at:
        newest = max(newest, rates.last_new_at)  # it gets new items, whatever dates it gives them
    is_old = newest is not None and at - newest > intervals.archive_sitemap_interval
    if visit.kind is UrlKind.SITEMAP and is_old:
        return at + intervals.archive_sitemap_interval
    shortest, longest = interval_bounds(visit.kind, intervals)
    latest = at + (intervals.archive_sitemap_interval if visit.is_next_page else max(shortest, longest))
    new_item_at = expected.time_of(at, EXPECTED_ITEMS / share, latest)
    # One of two sources with the same items suffices: while neither names them first, both slow down until one does.
    due_at = max(new_item_at, at + intervals.discovery_delay / min(1.0, share / SHARED_SOURCE))
    if share >= MIN_SHARE and rates.capacity:
        due_at = min(due_at, expected.time_of(at, rates.capacity * MAX_REPLACED * rates.interval_factor, latest))
    return max(min(due_at, latest), at + shortest)


def first_named_share(rates: SourceRates, *, trusted: bool = True) -> float:
    """Return the share of a source's items that it was first to list.

    It begins near 1, or if not trusted near 0.01: the second page of a listing repeats what the first had before it.
    """
    return min((rates.first_named_items + (2.0 if trusted else 0.02)) / (rates.new_items + 2.0), 1.0)


def interval_bounds(kind: UrlKind, intervals: VisitIntervals) -> tuple[timedelta, timedelta]:
    """Return the shortest and the longest time between two visits of a source of a kind."""
    if kind is UrlKind.LISTING:
        return intervals.listing_min_interval, intervals.listing_max_interval
    return intervals.source_min_interval, intervals.source_max_interval
