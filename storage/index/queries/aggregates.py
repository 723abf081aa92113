"""Counts of captures and articles by day, outcome, site, author and year.

Triggers count captures in the table `days`, and articles have an index on their dates, so the cost depends on the
number of days. Excluded captures are counted separately and subtracted.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import FromClause, func, literal, select

from storage.index.boilerplate.boxes import SiteBox
from storage.index.conditions import visibility
from storage.index.engine.dialect import utc_day
from storage.index.reader import ReadScope, keep_while_unchanged
from storage.index.schema.tables import (
    ArticleRow,
    AuthorRow,
    CaptureRow,
    CrawlRow,
    DailyCapturesRow,
    SiteBoxRow,
    SiteRow,
    VersionAuthorRow,
    VersionRow,
)
from storage.index.text.analyzer import fold_text
from storage.index.views.articles import EVERYTHING
from storage.index.views.status import OutcomeCount, SiteCount
from storage.model import Outcome

FAILED_OUTCOMES = frozenset(
    map(Outcome, ("error", "challenge", "consent_wall", "login_wall", "soft_404", "soft_error", "empty", "unreadable"))
)
"""Outcomes that need attention if they are frequent."""


def count_withheld(scope: ReadScope, times: Sequence[datetime]) -> tuple[int, ...]:
    """Return for each time how many of the articles that had been seen are withheld, not only by an embargo."""
    lasting = replace(scope.exclude, embargoes=())
    if not lasting or not times:
        return (0,) * len(times)
    seen = (func.count().filter(ArticleRow.first_seen_at <= at) for at in times)
    held = ArticleRow.id.in_(visibility.select_withheld_articles(ReadScope(scope.connection, lasting)))
    return tuple(scope.connection.execute(select(*seen).select_from(ArticleRow).where(held)).one())


def count_captures_per_day(scope: ReadScope, since: date) -> dict[date, int]:
    """Return the number of captures by day, since a day; days without captures are left out."""
    counts = _count(scope, ("day",), since)
    return {date.fromisoformat(day): count for (day,), count in sorted(counts.items()) if count}


def count_outcomes_by_site(
    scope: ReadScope, since: date | None = None, *, site: str | None = None
) -> dict[str, dict[Outcome, int]]:
    """Return the number of captures by site and outcome; of all days or since a day, of all sites or one."""
    names, counted = visibility.load_site_names(scope.connection), defaultdict[str, dict[Outcome, int]](dict)
    for (site_id, outcome), count in sorted(_count(scope, ("site_id", "outcome"), since, site).items()):
        counted[names[site_id]] |= {Outcome(outcome): count} if count else {}
    return dict(counted)


def count_articles_per_day(scope: ReadScope, site: str, since: date) -> Mapping[date, int]:
    """Return the number of articles of a site by day, since a day; days without articles are left out."""
    if site in scope.exclude.hidden:
        return {}
    at = ArticleRow.dated_at
    day = utc_day(scope.connection, at)
    rows = scope.connection.execute(
        select(day, func.count())
        .where(
            ArticleRow.site_id == visibility.load_site_ids(scope.connection, [site]).get(site, 0),
            at >= datetime(since.year, since.month, since.day, tzinfo=UTC),
            *visibility.visible_articles(scope),
        )
        .group_by(day)
        .order_by(day)
    )
    return {date.fromisoformat(each): count for each, count in rows}


def list_site_names(scope: ReadScope) -> list[str]:
    """Return the names of the sites that `list_site_counts` returns."""
    seen = select(CaptureRow.id).where(CaptureRow.site_id == SiteRow.id, *visibility.visible_captures(scope))
    rows = select(SiteRow.name, SiteRow.url, SiteRow.configured, seen.exists().label("is_seen"))
    rows = rows.where(SiteRow.name.not_in(sorted(scope.exclude.hidden))).order_by(SiteRow.name)
    return [
        row.name
        for row in scope.connection.execute(rows)
        if row.is_seen or (row.configured and not scope.exclude.excludes(row.url)) or not scope.exclude
    ]


def list_site_counts(scope: ReadScope, site: str | None = None) -> tuple[SiteCount, ...]:
    """Return all sites by name, or one, with numbers of captures and articles.

    Sites without visible captures are left out, as their names would reveal that there are captures; but not
    configured sites whose URL is not excluded.
    """
    if site is None:  # read by pages that are opened often, and two thirds of their time
        return keep_while_unchanged(scope, _count_sites)
    return _count_sites(scope, site)


def _count_sites(scope: ReadScope, site: str | None = None) -> tuple[SiteCount, ...]:
    counts = _count(scope, ("site_id",), site=site)
    captured = Counter({site_id: count for (site_id,), count in counts.items() if count})
    shown = visibility.visible_articles(scope)
    held = select(ArticleRow.site_id, func.count()).where(*shown).group_by(ArticleRow.site_id)
    if site is not None:
        held = held.where(ArticleRow.site_id == visibility.load_site_ids(scope.connection, [site]).get(site, 0))
    articles: dict[int, int] = {row[0]: row[1] for row in scope.connection.execute(held)}
    # Not of sites without visible captures: all of their captures would be read.
    captures = SiteRow.id.in_(captured), CaptureRow.site_id == SiteRow.id, *visibility.visible_captures(scope)
    written = ArticleRow.site_id == SiteRow.id, *shown
    at, dated = CaptureRow.fetched_at, ArticleRow.dated_at
    seeks = (at, at, captures), (at, at.desc(), captures), (dated, dated.desc(), written)
    # One index seek each: min and max over all captures would scan them.
    first, last, newest = (
        select(column).where(*conditions).order_by(by).limit(1).correlate(SiteRow).scalar_subquery()
        for column, by, conditions in seeks
    )
    rows = scope.connection.execute(
        select(SiteRow, first.label("first"), last.label("last"), newest.label("newest"))
        .where(SiteRow.name.not_in(sorted(scope.exclude.hidden)), *([] if site is None else [SiteRow.name == site]))
        .order_by(SiteRow.name)
    )
    return tuple(
        SiteCount(
            name=row.name, url=row.url, title=row.title, configured=row.configured, articles=articles.get(row.id, 0),
            captures=captured[row.id],
            first_capture=row.first, last_capture=row.last, newest_article=row.newest,
        )
        for row in rows
        if not scope.exclude or captured[row.id] or (row.configured and not scope.exclude.excludes(row.url))
    )  # fmt: skip


def _count(
    scope: ReadScope, by: tuple[str, ...], since: date | None = None, site: str | None = None
) -> Counter[tuple[Any, ...]]:
    """Return numbers of captures by some of site_id, day and outcome, without excluded ones."""
    tables: list[FromClause] = [DailyCapturesRow.__table__]
    if scope.exclude:
        withheld = CaptureRow.id.in_(visibility.select_withheld_captures(scope))
        columns = CaptureRow.site_id, utc_day(scope.connection, CaptureRow.fetched_at).label("day"), CaptureRow.outcome
        tables.append(select(*columns, literal(-1).label("captures")).where(withheld).subquery())
    hidden = sorted(visibility.load_site_ids(scope.connection, scope.exclude.hidden).values())
    counts = Counter[tuple[Any, ...]]()
    for counted in tables:
        found = select(func.sum(counted.c.captures), *(counted.c[name] for name in by))
        if hidden:  # SQLite would ask an empty list for each row
            found = found.where(counted.c.site_id.not_in(hidden))
        if since is not None:
            found = found.where(counted.c.day >= since.isoformat())
        if site is not None:
            found = found.where(counted.c.site_id == visibility.load_site_ids(scope.connection, [site]).get(site, 0))
        for count, *keys in scope.connection.execute(found.group_by(*(counted.c[name] for name in by))):
            counts[tuple(keys)] += int(count)
    return counts


def count_crawl_outcomes(scope: ReadScope, run: str) -> tuple[OutcomeCount, ...]:
    """Return the number of captures of a run by outcome and status, the most frequent first."""
    count = func.count()
    rows = scope.connection.execute(
        select(CaptureRow.outcome, CaptureRow.status, count.label("captures"))
        .join(CrawlRow, CrawlRow.id == CaptureRow.crawl_id)
        .where(CrawlRow.run == run, *visibility.visible_captures(scope))
        .group_by(CaptureRow.outcome, CaptureRow.status)
        .order_by(count.desc(), CaptureRow.outcome, CaptureRow.status)
    )
    return tuple(OutcomeCount(outcome=Outcome(row.outcome), status=row.status, captures=row.captures) for row in rows)


def list_site_boxes(scope: ReadScope, site: str) -> tuple[SiteBox, ...]:
    """Return the boxes of a site's pages that hold the dek, and those that stand beside the text."""
    query = select(SiteBoxRow).join(SiteRow, SiteRow.id == SiteBoxRow.site_id).where(SiteRow.name == site)
    found: Any = scope.connection.execute(query.order_by(SiteBoxRow.holds.desc(), SiteBoxRow.box))
    return () if site in scope.exclude.hidden else tuple(SiteBox(*row[1:]) for row in found)


def list_author_spellings(scope: ReadScope, author: str) -> tuple[str, ...]:
    """Return the printed spellings of an author's name that differ in case and accents only; `author` itself first."""
    statement = select(AuthorRow.name).where(AuthorRow.folded == fold_text(author)).limit(24)
    if scope.exclude:
        # A spelling that only an excluded page prints would reveal that page.
        written = (
            select(VersionAuthorRow.author_id)
            .join(VersionRow, VersionRow.id == VersionAuthorRow.version_id)
            .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
            .where(VersionAuthorRow.author_id == AuthorRow.id, *visibility.filter_conditions(scope, EVERYTHING))
        )
        statement = statement.where(written.exists())
    return tuple(sorted(scope.connection.scalars(statement), key=lambda name: (name != author, name)))
