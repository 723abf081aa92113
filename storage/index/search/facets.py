"""Search with facets and a date histogram.

All of it is computed from one window of the newest matches, which is read once. If there are more matches, facets count
the window only, and say so. The histogram covers older matches too, from document ids, which contain the date: it
counts their versions and estimates articles.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, func, select

from storage.index.conditions.filters import list_languages
from storage.index.conditions.visibility import visible_articles
from storage.index.engine.dialect import ranges_table, values_table
from storage.index.schema.tables import ArticleRow, AuthorRow, SiteRow, VersionAuthorRow
from storage.index.search.candidates import MatchWindow, find_newest_matches
from storage.index.search.estimate import estimate_matches
from storage.index.search.query import SearchQuery, parse_query
from storage.index.search.results import (
    MatchingArticle,
    Order,
    group_by_article,
    list_problems,
    load_hits,
    sort_by_score,
)
from storage.index.search.snippet import MatchFinder
from storage.index.text.docids import doc_id_time
from storage.index.views.articles import EVERYTHING, Filters, SearchPage
from storage.index.views.exclusions import Exclusions

HistogramStep = Literal["day", "week", "month", "year"]

_MAX_SPANS: tuple[tuple[HistogramStep, timedelta], ...] = (
    ("day", timedelta(days=62)),
    ("week", timedelta(days=364)),
    ("month", timedelta(days=5 * 365)),
)
"""The longest time that is shown in each step; longer ones are shown in years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramBar:
    """One period of a histogram."""

    begin: datetime
    end: datetime
    """Excluded."""
    articles: int
    """Matching articles of the period."""
    archived: int
    """All articles of the period, of the filtered site: the reference for `share`."""
    is_estimate: bool
    """True if `articles` is estimated from the number of matching versions."""

    @property
    def share(self) -> float:
        """Matching share of the period's articles, from 0 to 1."""
        return min(1.0, self.articles / self.archived) if self.archived else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Number of articles by period, oldest first, without gaps."""

    step: HistogramStep
    bars: tuple[HistogramBar, ...]
    """Empty if nothing was found."""


def choose_periods(first: datetime, last: datetime) -> tuple[HistogramStep, tuple[datetime, ...]]:
    """Return the step and the edges of periods that cover everything from first to last.

    >>> step, edges = choose_periods(datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 12, 5, tzinfo=UTC))
    >>> step, [f"{edge:%Y-%m-%d}" for edge in edges[:2]], len(edges)
    ('week', ['2026-01-26', '2026-02-02'], 46)
    """
    step: HistogramStep = next((step for step, widest in _MAX_SPANS if last - first <= widest), "year")
    return step, tuple(_edges(step, first, last))


def _edges(step: HistogramStep, first: datetime, last: datetime) -> Iterator[datetime]:
    edge = _begin(step, first)
    while edge <= last:
        yield edge
        edge = _next(step, edge)
    yield edge


def _begin(step: HistogramStep, moment: datetime) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match step:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)


def _next(step: HistogramStep, edge: datetime) -> datetime:
    match step:
        case "day":
            return edge + timedelta(days=1)
        case "week":
            return edge + timedelta(days=7)
        case "month":
            return (edge + timedelta(days=31)).replace(day=1)
        case "year":
            return edge.replace(year=min(edge.year + 1, 9999))


def count_by_period(edges: Sequence[datetime], moments: Sequence[datetime]) -> list[int]:
    """Count the times in each period."""
    counts = [0] * (len(edges) - 1)
    for moment in moments:
        place = bisect_right(edges, moment) - 1
        if 0 <= place < len(counts):
            counts[place] += 1
    return counts


def count_archived(
    connection: Connection, exclude: Exclusions, edges: Sequence[datetime], filters: Filters
) -> list[int]:
    """Count the archived articles of each period, of the filtered site."""
    wanted: list[ColumnElement[bool]] = visible_articles(connection, exclude)
    if filters.site is not None:
        wanted.append(ArticleRow.site_id == select(SiteRow.id).where(SiteRow.name == filters.site).scalar_subquery())
    table, number, begin, behind = ranges_table(connection, list(pairwise(edges)), "periods")
    of_period = (
        select(func.count())
        .select_from(ArticleRow)
        .where(ArticleRow.dated_at >= begin, ArticleRow.dated_at < behind, *wanted)
        .correlate(table)
        .scalar_subquery()
    )
    return order_counts(connection.execute(select(number, of_period).select_from(table)), len(edges) - 1)


def order_counts(rows: Any, count: int) -> list[int]:
    """Return counts from rows of number and count, ordered by number."""
    counts = [0] * count
    for number, found in rows:
        counts[number] = found
    return counts


FacetName = Literal["site", "section", "author", "language", "year"]

MOST_VALUES = 12
"""Values of one facet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """One value of a facet."""

    name: str
    articles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """Values by which a search can be filtered: those with most articles first, years newest first."""

    name: FacetName
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetedSearch:
    """One page of search results with facets and histogram."""

    page: SearchPage
    facets: tuple[Facet, ...]
    """Facets with a value, counted over the window of matches."""
    counted_versions: int
    """Number of versions in that window: the newest matches, or all of them if `page.exact`."""
    histogram: Histogram
    filters: Filters
    """The filters that were applied, those in the query's text included."""


def search_with_facets(  # noqa: PLR0913 - what is searched, and which part of it
    connection: Connection,
    exclude: Exclusions,
    text: str,
    filters: Filters = EVERYTHING,
    *,
    limit: int = 20,
    offset: int = 0,
    order: Order = "newest",
) -> FacetedSearch:
    """Return one page of search results, one hit for each article, with facets and a histogram."""
    query = parse_query(text, filters)
    languages = list_languages(connection)
    window = find_newest_matches(connection, exclude, query, languages, offset + limit, with_score=order == "rank")
    articles = group_by_article(window.rows)
    ordered = sort_by_score(articles) if order == "rank" else articles
    hits = load_hits(connection, exclude, ordered[offset : offset + limit], MatchFinder(query, languages))
    return FacetedSearch(
        page=SearchPage(total=len(articles), exact=window.is_all, hits=hits, problems=list_problems(query)),
        facets=_build_facets(connection, articles),
        counted_versions=len(window.rows),
        histogram=_build_histogram(connection, exclude, query, languages, window, articles),
        filters=query.filters,
    )


def find_best_versions(
    connection: Connection,
    exclude: Exclusions,
    text: str,
    filters: Filters = EVERYTHING,
    *,
    limit: int,
    order: Order = "newest",
) -> list[int]:
    """Return the ids of the versions that a search shows, one for each article, in its order."""
    query = parse_query(text, filters)
    found = find_newest_matches(
        connection, exclude, query, list_languages(connection), limit, with_score=order == "rank"
    )
    articles = group_by_article(found.rows)
    return [one.version_id for one in (sort_by_score(articles) if order == "rank" else articles)[:limit]]


def _build_facets(connection: Connection, articles: Sequence[MatchingArticle]) -> tuple[Facet, ...]:
    if not articles:
        return ()
    sites = {row.id: row.name for row in connection.execute(select(SiteRow.id, SiteRow.name))}
    of_site = Counter([found.site_id for found in articles])
    years = Counter([str(doc_id_time(found.newest_doc_id).year) for found in articles])
    facets = (
        Facet(name="site", values=_top_values({sites[site_id]: count for site_id, count in of_site.items()})),
        Facet(name="section", values=_top_values(Counter([found.section for found in articles]))),
        Facet(name="author", values=_count_authors(connection, articles)),
        Facet(name="language", values=_top_values(Counter([found.language for found in articles]))),
        Facet(
            name="year",
            values=tuple(FacetValue(name=year, articles=years[year]) for year in sorted(years, reverse=True)),
        ),
    )
    return tuple(facet for facet in facets if facet.values)


def _top_values(counts: Mapping[str | None, int] | Mapping[str, int]) -> tuple[FacetValue, ...]:
    named = [(name, count) for name, count in counts.items() if name]
    named.sort(key=lambda one: (-one[1], one[0]))
    return tuple(FacetValue(name=name, articles=count) for name, count in named[:MOST_VALUES])


def _count_authors(connection: Connection, articles: Sequence[MatchingArticle]) -> tuple[FacetValue, ...]:
    table, version_id = values_table(connection, [found.version_id for found in articles], "found")
    count = func.count()
    rows = connection.execute(
        select(VersionAuthorRow.author_id, count)
        .join(table, version_id == VersionAuthorRow.version_id)
        .group_by(VersionAuthorRow.author_id)
        .order_by(count.desc(), VersionAuthorRow.author_id)
        .limit(2 * MOST_VALUES)
    ).all()
    names = {
        row.id: row.name
        for row in connection.execute(
            select(AuthorRow.id, AuthorRow.name).where(AuthorRow.id.in_([author_id for author_id, _ in rows]))
        )
    }
    return _top_values({names[author_id]: count for author_id, count in rows})


def _build_histogram(
    connection: Connection,
    exclude: Exclusions,
    query: SearchQuery,
    languages: Sequence[str | None],
    window: MatchWindow,
    articles: Sequence[MatchingArticle],
) -> Histogram:
    rows = window.rows
    if not rows:
        return Histogram(step="day", bars=())
    moments = [doc_id_time(found.newest_doc_id) for found in articles]
    seen_from = doc_id_time(rows[-1].doc_id)
    estimate = None if window.is_all else estimate_matches(connection, exclude, query, languages)
    first = (estimate and estimate.oldest()) or seen_from
    step, edges = choose_periods(min(first, seen_from), doc_id_time(rows[0].doc_id))
    counts = count_by_period(edges, moments)
    estimated = [False] * len(counts)
    if not window.is_all:
        versions = estimate.count_periods(edges) if estimate else [0] * len(counts)
        for place, begin in enumerate(edges[:-1]):
            # The window ends within this period or before it.
            if begin <= seen_from:
                estimated[place] = True
                counts[place] = max(counts[place], round(versions[place] * len(articles) / len(rows)))
    held_here = count_archived(connection, exclude, edges, query.filters)
    return Histogram(
        step=step,
        bars=tuple(
            HistogramBar(begin=begin, end=end, articles=count, archived=of, is_estimate=about)
            for begin, end, count, of, about in zip(edges[:-1], edges[1:], counts, held_here, estimated, strict=True)
        ),
    )
