"""Lists and counts of articles by their current versions: of an author, a tag, a section, a site."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from storage.errors import SearchNotReady
from storage.index.conditions.visibility import load_site_names
from storage.index.fulltext.fields import count_microseconds, make_order, split_label, to_time
from storage.index.schema.tables import ArticleRow, UrlRow
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
    names = load_site_names(connection)
    counts = search.engine.count_values(wanted, {"site": _MOST_VALUES, "year": _MOST_VALUES})
    sites = [(names[site_id], count) for site_id, count in counts["site"]]
    return ArticleCounts(
        total=search.engine.count(wanted),
        years=tuple(sorted(counts["year"], reverse=True)),
        sites=tuple(sorted(sites, key=lambda one: (-one[1], one[0]))),
    )


def count_by_day(connection: Connection, exclude: Exclusions, filters: Filters, days: Sequence[datetime]) -> list[int]:
    """Return the number of filtered articles from each of the days, by their beginnings, up to the next one."""
    search = Search(connection, exclude)
    return search.engine.count_ranges(search.find_current(filters), "dated", [*map(count_microseconds, days)])


def find_adjacent_dates(
    connection: Connection, exclude: Exclusions, filters: Filters, begin: datetime, end: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return the date of the newest of the filtered articles before a period, and of the oldest after it, if any."""
    search = Search(connection, exclude)
    periods = (replace(filters, until=begin), replace(filters, since=end))
    before, after = (search.engine.find_extremes(search.find_current(each), "dated") for each in periods)
    return before and to_time(before[1]), after and to_time(after[0])


def get_site_profile(connection: Connection, exclude: Exclusions, site: str) -> SiteProfile:
    """Return the sections, authors and languages of a site's articles; empty while the search folder is made."""
    try:
        search = Search(connection, exclude)
    except SearchNotReady:
        return SiteProfile(sections=(), authors=(), languages=())
    columns = ("section_label", "author_label", "language")
    counts = search.engine.count_values(search.find_current(Filters(site=site)), dict.fromkeys(columns, _MOST_VALUES))
    sections, authors, languages = (
        tuple((name, articles) for _, name, articles in merge_spellings(counts[column])[:_MAX_PROFILE_NAMES])
        for column in columns
    )
    return SiteProfile(sections=sections, authors=authors, languages=languages)


def merge_spellings(labels: Iterable[tuple[str, int]]) -> list[tuple[str, str, int]]:
    """Return the values of labels with their most frequent spelling and their counts, most first."""
    counts: Counter[str] = Counter()
    printed: dict[str, Counter[str]] = {}
    for label, articles in labels:
        value, spelling = split_label(label)
        counts[value] += articles
        printed.setdefault(value, Counter())[spelling] += articles
    names = {value: min((-count, name) for name, count in names.items())[1] for value, names in printed.items()}
    return sorted(((value, names[value], count) for value, count in counts.items()), key=lambda one: (-one[2], one[0]))
