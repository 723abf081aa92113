"""Plan visits of pages after an answer that shows no article: a redirect, an error, an empty page, another page.

No single answer ends the visits of a URL that was ever an article, nor of one that a source names. They go on with
growing pauses, and at least once a month while a source names it.

    answer            pauses                                                    ends
    410               as below                                                  after two days of nothing but 410
    404, 410          1 h, 1 d, 7 d, 30 d                                       |
    another page      1 d, 7 d, 30 d, where nothing promised an article         | after the last pause, if no source
    any other         10 min, 40 min, 3 h, 11 h, 2 d, 7 d, 28 d, and sooner at  |   names it any more
                      the ages at which an article is checked                   |
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from newsarchive.schedule.page_visits import DAY, HOUR, MINUTE, NAMED_INTERVAL, VisitIntervals
from storage.model import NextVisit, Outcome, VisitEnd, VisitResult

# Responses that say nothing of the page itself.
FAILURE_OUTCOMES = frozenset(
    {Outcome.ERROR, Outcome.CHALLENGE, Outcome.CONSENT_WALL, Outcome.SOFT_404, Outcome.EMPTY, Outcome.GONE}
)
# Readable pages and files that are no article.
OTHER_OUTCOMES = frozenset(
    {Outcome.OTHER, Outcome.LISTING, Outcome.MEDIA, Outcome.REDIRECT, Outcome.ASSET, Outcome.FEED, Outcome.SITEMAP}
)
QUICK_PAUSES = (*(10 * MINUTE * 4**step for step in range(4)), 2 * DAY, 7 * DAY, 28 * DAY)
GONE_PAUSES = (HOUR, DAY, 7 * DAY, 30 * DAY)
SLOW_PAUSES = (DAY, 7 * DAY, 30 * DAY)
GONE_AFTER = 2 * DAY
"""RFC 9110 15.5.11: 410 is meant to last. It counts as confirmed when every answer of such a time was 410."""


def shows_no_article(visit: VisitResult) -> bool:
    """Return whether a capture of a page shows no article, nor says that an article is unchanged."""
    return visit.outcome in FAILURE_OUTCOMES or visit.outcome in OTHER_OUTCOMES or visit.repeats_no_article


def plan_article_retry(visit: VisitResult, intervals: VisitIntervals) -> NextVisit:
    """Return when a page is visited again that was no article this time."""
    failures = visit.failure_count + 1
    retry = NextVisit(due_at=None, failure_count=failures, unchanged_count=visit.unchanged_count)
    if visit.gone_since is not None and visit.fetched_at - visit.gone_since >= GONE_AFTER:
        return replace(retry, ended_by=VisitEnd.GONE)
    pauses = _choose_pauses(visit)
    pause = pauses[failures - 1] if failures <= len(pauses) else None
    if pause is not None and pauses is QUICK_PAUSES:
        pause = _bound_by_age(pause, visit, intervals)
    last = pause if visit.was_article else _pause_of_unlisted(failures, visit, intervals)
    named = NAMED_INTERVAL if pause is None else pause
    return replace(
        retry,
        due_at=None if last is None else visit.fetched_at + last,
        ended_by=None if last is not None else VisitEnd.PLAN if visit.was_article else VisitEnd.NO_ARTICLE,
        due_while_named=visit.fetched_at + named,
    )


def _choose_pauses(visit: VisitResult) -> Sequence[timedelta]:
    if visit.outcome is Outcome.GONE:
        return GONE_PAUSES
    is_promised = visit.was_article or (visit.is_listed_as_article and not visit.leads_to_article)
    return QUICK_PAUSES if is_promised or visit.outcome in FAILURE_OUTCOMES else SLOW_PAUSES


def _bound_by_age(pause: timedelta, visit: VisitResult, intervals: VisitIntervals) -> timedelta:
    """Return a pause that leaves out no age at which an article is checked."""
    age = visit.fetched_at - visit.first_seen_at
    return min([pause, *(check - age for check in intervals.recheck if check - age >= QUICK_PAUSES[0])])


def _pause_of_unlisted(failures: int, visit: VisitResult, intervals: VisitIntervals) -> timedelta | None:
    """Return the pause of a page that was never an article, where no source names it; None: it is given up."""
    if visit.outcome is Outcome.GONE:
        return HOUR if failures == 1 else None
    is_final = visit.outcome not in FAILURE_OUTCOMES
    if is_final or (failures >= intervals.max_failures and not _was_cut_by_us(visit)):
        return None
    return min(10 * MINUTE * 4.0 ** min(failures - 1, 8), DAY)


def _was_cut_by_us(visit: VisitResult) -> bool:
    """Return whether a response was truncated by the end of a run, not by a server, time or size limit."""
    return visit.truncated == "unspecified" and visit.status is not None
