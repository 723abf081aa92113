"""Visits of URLs: when one is fetched again, and known articles whose pages are no articles any more."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from sqlalchemy import ColumnElement, false, func, or_, select

from storage.index.conditions.visibility import visible_captures
from storage.index.engine.statements import IDS, AnyRow, build_query, fetch_by_ids, find_by_ids, load_statements
from storage.index.frontier.named_urls import NamedUrls
from storage.index.frontier.url_queue import ROWS_OF_URLS
from storage.index.reader import ReadScope
from storage.index.rows.interning import short_digest
from storage.index.schema.tables import CaptureRow, SiteRow, UrlRow
from storage.model import Outcome, VisitEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitSchedule:
    """Schedule of one URL."""

    url: str
    due_at: datetime | None
    """When it is fetched next; None: never again."""
    ended_by: VisitEnd | None
    """Why it is not fetched again."""
    named_by: tuple[str, ...]
    """Feeds, sitemaps and listings that name it, by their newest readings."""
    last_fetched_at: datetime | None
    outcome: Outcome | None
    """Of its newest capture; None without one."""
    reason: str


def get_visit_schedule(scope: ReadScope, url: str, now: datetime) -> VisitSchedule | None:
    """Return the schedule of a URL; None if it is not in the frontier."""
    frontier = scope.connection.execute(ROWS_OF_URLS, {"ids": [short_digest(url)]}).first()
    if frontier is None:
        return None
    newest = scope.connection.execute(
        select(CaptureRow.outcome, CaptureRow.reason)
        .where(CaptureRow.url_id == frontier.url_id, *visible_captures(scope))
        .order_by(CaptureRow.fetched_at.desc(), CaptureRow.record_id.desc())
        .limit(1)
    ).first()
    ids = NamedUrls(scope.connection).list_sources(dict(frontier._mapping), now)  # noqa: SLF001 - public
    named = find_by_ids(scope.connection, select(UrlRow.url).where(UrlRow.id.in_(IDS)), ids)
    return VisitSchedule(
        url=url,
        due_at=frontier.due_at,
        ended_by=VisitEnd(frontier.ended_by) if frontier.ended_by else None,
        named_by=tuple(sorted(named)),
        last_fetched_at=frontier.last_fetched_at,
        outcome=Outcome(newest.outcome) if newest else None,
        reason=newest.reason if newest else "",
    )


_SAYS_NOTHING = (Outcome.NOT_MODIFIED.value, Outcome.TOO_LARGE.value, Outcome.UNREADABLE.value)
"""Outcomes that do not say what a page is."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Properties that several captures share that are no articles."""

    outcome: Outcome
    status: int | None
    redirect_url: str | None = None
    """Target of the redirects, without its query."""


_COMPARED_LOOKS = 20
_VERSIONS = build_query(load_statements("storage.index.queries", "visit_schedule.sql")["versions"], ["ids"])
"""Captures of a URL that show an article."""


def list_failed_looks(
    scope: ReadScope, site: str, since: datetime, unsettled_since: datetime | None = None
) -> list[tuple[datetime, Answer]]:
    """Return the known articles of a site that were none, since the last capture that shows an article.

    Time and answer of the newest capture of each URL. Redirects count if they lead where another one leads, back to the
    page itself or to a page that was fetched and never was an article: without their target, as each has another.
    Captures with a new text since `unsettled_since` are left out: it may yet prove to be one that the site sends in
    place of articles.
    """
    target, earlier = UrlRow.__table__.alias(), CaptureRow.__table__.alias()
    same_text = select(earlier.c.id).where(
        earlier.c.url_id == CaptureRow.url_id,
        earlier.c.version_id == CaptureRow.version_id,
        earlier.c.fetched_at < CaptureRow.fetched_at,
    )
    unsettled = CaptureRow.fetched_at >= unsettled_since if unsettled_since else false()
    rows = scope.connection.execute(
        select(CaptureRow.__table__, target.c.url.label("target"))
        .join(SiteRow, SiteRow.id == CaptureRow.site_id)
        .join(target, target.c.id == CaptureRow.redirect_url_id, isouter=True)
        .where(
            SiteRow.name == site,
            *_known_article_conditions(since),
            or_(CaptureRow.version_id.is_not(None), CaptureRow.outcome.not_in(_SAYS_NOTHING)),
            or_(CaptureRow.version_id.is_(None), ~unsettled, same_text.exists()),
            *visible_captures(scope),
        )
        .order_by(CaptureRow.fetched_at.desc())
        .limit(_COMPARED_LOOKS)
    )
    failed = [(row, _read_answer(row)) for row in takewhile(lambda row: row.version_id is None, rows)]
    targets = Counter(answer.redirect_url for _, answer in failed)
    lone = {row.redirect_url_id for row, answer in failed if targets[answer.redirect_url] == 1} - {None}
    versions = {row.url_id: row.versions for row in fetch_by_ids(scope.connection, _VERSIONS, lone)}
    newest: dict[int, tuple[datetime, Answer]] = {}
    for row, answer in failed:
        if answer.redirect_url is None or targets[answer.redirect_url] > 1:
            newest.setdefault(row.url_id, (row.fetched_at, answer))
        elif row.redirect_url_id == row.url_id or versions.get(row.redirect_url_id) == 0:
            newest.setdefault(row.url_id, (row.fetched_at, replace(answer, redirect_url=None)))
    return list(newest.values())


def _read_answer(row: AnyRow) -> Answer:
    return Answer(Outcome(row.outcome), row.status, row.target.partition("?")[0] if row.target else None)


def list_lapsed_articles(scope: ReadScope, since: datetime, *, at_least: int) -> list[tuple[str, int, Counter[Answer]]]:
    """Return the runs since a time that found so many articles of a site to be none, the newest of each site first.

    The site, the number of known articles that the run fetched, and those that have not been articles again, by answer.
    """
    later, target = CaptureRow.__table__.alias(), UrlRow.__table__.alias()
    again = select(later.c.id).where(later.c.url_id == CaptureRow.url_id, later.c.fetched_at > CaptureRow.fetched_at)
    rows = scope.connection.execute(
        select(
            SiteRow.name, CaptureRow.crawl_id, CaptureRow.outcome, CaptureRow.status,
            target.c.url.label("target"), func.count().label("urls"),
        )
        .join(SiteRow, SiteRow.id == CaptureRow.site_id)
        .join(target, target.c.id == CaptureRow.redirect_url_id, isouter=True)
        .where(
            *_known_article_conditions(since),
            CaptureRow.crawl_id.is_not(None),
            CaptureRow.version_id.is_(None),
            CaptureRow.outcome.not_in(_SAYS_NOTHING),
            # Each URL counts once, by its newest capture.
            ~again.exists(),
            *visible_captures(scope),
        )
        .group_by(SiteRow.name, CaptureRow.crawl_id, CaptureRow.outcome, CaptureRow.status, target.c.url)
    )  # fmt: skip
    counted: defaultdict[tuple[str, int], Counter[Answer]] = defaultdict(Counter)
    for row in rows:
        counted[row.name, row.crawl_id][_read_answer(row)] += row.urls
    found = []
    for (site, crawl_id), answers in sorted(counted.items(), reverse=True):
        if answers.total() >= at_least:
            checked = select(func.count(CaptureRow.url_id.distinct())).join(SiteRow, SiteRow.id == CaptureRow.site_id)
            of_run = (SiteRow.name == site, CaptureRow.crawl_id == crawl_id, *_known_article_conditions(since))
            checked = checked.where(*of_run, *visible_captures(scope))
            found.append((site, scope.connection.scalar(checked) or 0, answers))
    return found


def _known_article_conditions(since: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for captures since a time of URLs that were articles before."""
    earlier = CaptureRow.__table__.alias()
    was_article = select(earlier.c.id).where(
        earlier.c.url_id == CaptureRow.url_id,
        earlier.c.version_id.is_not(None),
        earlier.c.fetched_at < CaptureRow.fetched_at,
    )
    return CaptureRow.fetched_at >= since, was_article.exists()
