"""What a site's articles and a run's captures are made of: names and outcomes, counted."""

from typing import Any

from sqlalchemy import Connection, and_, func, select

from storage.index.exclusions import NOTHING, Exclusions
from storage.index.shown import current_version, shown_articles, shown_captures, shown_versions, site_ids
from storage.index.statusviews import OutcomeCount, SiteProfile
from storage.index.tables import ArticleRow, AuthorRow, CaptureRow, CrawlRow, VersionAuthorRow, VersionRow
from storage.model import Outcome

NEWEST = 2_000
"""Articles that are looked at: a profile costs the same however large a site is."""
MOST = 40
"""Names of each kind."""


def site_profile(connection: Connection, site: str, exclude: Exclusions = NOTHING) -> SiteProfile:
    """Sections, authors and languages of a site's newest articles."""
    site_id = site_ids(connection, {site} - exclude.hidden).get(site, 0)
    shown = shown_articles(connection, exclude) + shown_versions(connection, exclude)
    newest = (
        select(VersionRow.id, VersionRow.section, VersionRow.language)
        .join(ArticleRow, and_(ArticleRow.id == VersionRow.article_id, current_version(connection, exclude)))
        .where(ArticleRow.site_id == site_id, *shown)
        .order_by(ArticleRow.dated_at.desc())
        .limit(NEWEST)
        .subquery("newest")
    )
    authors = newest.join(VersionAuthorRow, VersionAuthorRow.version_id == newest.c.id).join(
        AuthorRow, AuthorRow.id == VersionAuthorRow.author_id
    )
    return SiteProfile(
        looked_at=connection.scalar(select(func.count()).select_from(newest)) or 0,
        sections=_most(connection, newest, newest.c.section),
        authors=_most(connection, authors, AuthorRow.name),
        languages=_most(connection, newest, newest.c.language),
    )


def _most(connection: Connection, source: Any, name: Any) -> tuple[tuple[str, int], ...]:
    count = func.count()
    rows = connection.execute(
        select(name, count)
        .select_from(source)
        .where(name.is_not(None), name != "")
        .group_by(name)
        .order_by(count.desc(), name)
        .limit(MOST)
    )
    return tuple((row[0], row[1]) for row in rows)


def crawl_outcomes(connection: Connection, run: str, exclude: Exclusions = NOTHING) -> tuple[OutcomeCount, ...]:
    """What the captures of a run turned out to be, the most frequent first."""
    count = func.count()
    rows = connection.execute(
        select(CaptureRow.outcome, CaptureRow.status, count.label("captures"))
        .join(CrawlRow, CrawlRow.id == CaptureRow.crawl_id)
        .where(CrawlRow.run == run, *shown_captures(connection, exclude))
        .group_by(CaptureRow.outcome, CaptureRow.status)
        .order_by(count.desc(), CaptureRow.outcome, CaptureRow.status)
    )
    return tuple(OutcomeCount(outcome=Outcome(row.outcome), status=row.status, captures=row.captures) for row in rows)
