"""Authors, tags and sections: how their names are printed, and how many articles they have, by year and site."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, Integer, cast, extract, func, select

from storage.index.conditions.filters import conditions
from storage.index.conditions.visibility import current_version
from storage.index.schema.tables import ArticleRow, AuthorRow, SiteRow, VersionAuthorRow, VersionRow
from storage.index.text.analyzer import folded
from storage.index.views.articles import Filters
from storage.index.views.exclusions import NOTHING, Exclusions

_MOST_SPELLINGS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many articles there are of a kind, each by its current version."""

    total: int
    years: tuple[tuple[int, int], ...]
    """Years that articles are dated in, newest first, each with their number."""
    sites: tuple[tuple[str, int], ...]
    """Sites, those with most articles first."""


def tally(connection: Connection, filters: Filters) -> Tally:
    """Count the articles that filters choose (`filters.query` is not looked at)."""
    # PostgreSQL gives a moment's year in the session's zone, unless it is told which.
    at = ArticleRow.dated_at.expression
    year = cast(extract("year", func.timezone("UTC", at) if connection.dialect.name == "postgresql" else at), Integer)
    rows = connection.execute(
        select(ArticleRow.site_id, year.label("year"), func.count())
        .join(VersionRow, VersionRow.article_id == ArticleRow.id)
        .where(current_version(connection, filters.exclude), *conditions(connection, filters))
        .group_by(ArticleRow.site_id, year)
    ).all()
    names = {row.id: row.name for row in connection.execute(select(SiteRow.id, SiteRow.name))} if rows else {}
    years: Counter[int] = Counter()
    sites: Counter[str] = Counter()
    for site_id, in_year, count in rows:
        years[in_year] += count
        sites[names[site_id]] += count
    return Tally(
        total=years.total(),
        years=tuple(sorted(years.items(), reverse=True)),
        sites=tuple(sorted(sites.items(), key=lambda item: (-item[1], item[0]))),
    )


def spellings(connection: Connection, author: str, exclude: Exclusions = NOTHING) -> tuple[str, ...]:
    """How an author's name is printed; case and accents do not matter. The asked one first, where it is."""
    asked = select(AuthorRow.name).where(AuthorRow.folded == folded(author)).limit(_MOST_SPELLINGS)
    if exclude:
        # A spelling that only a hidden page prints would tell of that page.
        written = (
            select(VersionAuthorRow.author_id)
            .join(VersionRow, VersionRow.id == VersionAuthorRow.version_id)
            .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
            .where(VersionAuthorRow.author_id == AuthorRow.id, *conditions(connection, Filters(exclude=exclude)))
        )
        asked = asked.where(written.exists())
    return tuple(sorted(connection.scalars(asked), key=lambda name: (name != author, name)))
