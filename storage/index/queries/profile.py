"""What a site's articles and a run's captures are made of: names and outcomes, counted."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, and_, func, select

from storage.index.conditions.visibility import (
    current_version,
    shown_articles,
    shown_captures,
    shown_versions,
    site_ids,
)
from storage.index.engine.arrays import numbers
from storage.index.schema.tables import ArticleRow, AuthorRow, CaptureRow, CrawlRow, VersionAuthorRow, VersionRow
from storage.index.views.exclusions import NOTHING, Exclusions
from storage.index.views.status import OutcomeCount, SiteProfile
from storage.model import Outcome

NEWEST = 2_000
"""Articles that are looked at: a profile costs the same however large a site is."""
MOST = 40
"""Names of each kind."""


def site_profile(connection: Connection, site: str, exclude: Exclusions = NOTHING) -> SiteProfile:
    """Sections, authors and languages of a site's newest articles."""
    site_id = site_ids(connection, {site} - exclude.hidden).get(site, 0)
    shown = shown_articles(connection, exclude) + shown_versions(connection, exclude)
    newest = connection.execute(
        select(VersionRow.id, VersionRow.section, VersionRow.language)
        .join(ArticleRow, and_(ArticleRow.id == VersionRow.article_id, current_version(connection, exclude)))
        .where(ArticleRow.site_id == site_id, *shown)
        .order_by(ArticleRow.dated_at.desc())
        .limit(NEWEST)
    ).all()
    return SiteProfile(
        looked_at=len(newest),
        sections=_most(Counter(row.section for row in newest)),
        authors=_most(_authors(connection, [row.id for row in newest])),
        languages=_most(Counter(row.language for row in newest)),
    )


def _authors(connection: Connection, version_ids: Sequence[int]) -> Mapping[str | None, int]:
    table, version_id = numbers(connection, version_ids, "newest")
    rows = connection.execute(
        select(AuthorRow.name, func.count())
        .join(VersionAuthorRow, VersionAuthorRow.author_id == AuthorRow.id)
        .join(table, version_id == VersionAuthorRow.version_id)
        .group_by(AuthorRow.name)
    )
    return {row[0]: row[1] for row in rows}


def _most(counts: Mapping[str | None, int]) -> tuple[tuple[str, int], ...]:
    named = [(name, count) for name, count in counts.items() if name]
    return tuple(sorted(named, key=lambda one: (-one[1], one[0]))[:MOST])


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
