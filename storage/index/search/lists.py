"""Lists and counts of articles by their current versions: of an author, a tag, a section, a site."""

from collections import Counter

from sqlalchemy import Connection, select

from storage.errors import SearchNotReady
from storage.index.fulltext.fields import make_order, split_label
from storage.index.schema.tables import ArticleRow, SiteRow, UrlRow
from storage.index.search.matches import Search
from storage.index.views.articles import Filters
from storage.index.views.exclusions import Exclusions
from storage.index.views.status import ArticleCounts, SiteProfile

_MOST_VALUES = 65_000
_MAX_PROFILE_NAMES = 40
"""Most names of each kind."""


def list_article_ids(
    connection: Connection, exclude: Exclusions, filters: Filters, limit: int, offset: int, after_id: int | None
) -> list[int]:
    """Return the ids of articles by date, newest first; with `after_id`, those after the article with that id."""
    search = Search(connection, exclude)
    wanted = search.find_current(filters)
    if after_id is not None:
        last = select(ArticleRow.dated_at, UrlRow.digest).join(UrlRow, UrlRow.id == ArticleRow.url_id)
        row = connection.execute(last.where(ArticleRow.id == after_id)).first()
        if row is None:
            return []
        wanted = search.translation.before(wanted, make_order(row.dated_at, row.digest))
    return search.engine.list_sorted(wanted, "order", limit, offset, values="article")


def count_by_year_and_site(connection: Connection, exclude: Exclusions, filters: Filters) -> ArticleCounts:
    """Count filtered articles by their current versions. Ignores `filters.query`."""
    search = Search(connection, exclude)
    wanted = search.find_current(filters)
    names = {row.id: row.name for row in connection.execute(select(SiteRow.id, SiteRow.name))}
    sites = [(names[site_id], count) for site_id, count in search.engine.count_values(wanted, "site", _MOST_VALUES)]
    return ArticleCounts(
        total=search.engine.count(wanted),
        years=tuple(sorted(search.engine.count_values(wanted, "year", _MOST_VALUES), reverse=True)),
        sites=tuple(sorted(sites, key=lambda one: (-one[1], one[0]))),
    )


def get_site_profile(connection: Connection, exclude: Exclusions, site: str) -> SiteProfile:
    """Return the sections, authors and languages of a site's articles; empty while the search folder is made."""
    try:
        search = Search(connection, exclude)
    except SearchNotReady:
        return SiteProfile(sections=(), authors=(), languages=())
    wanted = search.find_current(Filters(site=site))

    def count(column: str) -> tuple[tuple[str, int], ...]:
        counts: Counter[str] = Counter()
        printed: dict[str, str] = {}
        for label, articles in search.engine.count_values(wanted, column, _MOST_VALUES):
            value, spelling = split_label(label)
            counts[value] += articles
            printed.setdefault(value, spelling)  # the most frequent spelling comes first
        ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:_MAX_PROFILE_NAMES]
        return tuple((printed[value], articles) for value, articles in ordered)

    return SiteProfile(sections=count("section_label"), authors=count("author_label"), languages=count("language"))
