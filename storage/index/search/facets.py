"""One page of a search with what surrounds it: by what it can be narrowed, and when what it found is dated.

All of it comes from one window of matches, the newest, which is read once. Where there are more matches than that,
facets count the window alone and say so; the histogram then goes on beyond it by the keys of the search, which carry
the date: it counts versions there, and estimates articles.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, func, select

from storage.index.conditions.filters import languages
from storage.index.engine.arrays import numbers
from storage.index.engine.database import AnyRow
from storage.index.schema.tables import AuthorRow, SiteRow, VersionAuthorRow
from storage.index.search.candidates import newest
from storage.index.search.estimate import matches_of
from storage.index.search.found import Found, best_first, by_article
from storage.index.search.histogram import Bar, Histogram, counted, held, periods
from storage.index.search.query import Query, parse
from storage.index.search.results import Order, found_hits, problems
from storage.index.search.snippet import Marker
from storage.index.text.docids import dated
from storage.index.views.articles import Filters, SearchPage

FacetName = Literal["site", "section", "author", "language", "year"]

MOST_VALUES = 12
"""Of one facet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of a facet."""

    name: str
    articles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """By what a search can be narrowed: values with most articles first, years newest first."""

    name: FacetName
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """One page of a search, and what surrounds it."""

    page: SearchPage
    facets: tuple[Facet, ...]
    """Those with a value; counted over the matches that were looked at."""
    looked_at: int
    """Versions that match and were looked at, the newest; all of them where `page.exact`."""
    histogram: Histogram
    filters: Filters
    """As they were understood, those that stand in the query among them."""


def explore(
    connection: Connection, text: str, filters: Filters, *, limit: int, offset: int, order: Order
) -> Exploration:
    """One page of what a query finds, one hit an article, with facets and histogram."""
    query = parse(text, filters)
    spoken = languages(connection)
    rows, exact = newest(connection, query, spoken, offset + limit, with_score=order == "rank")
    articles = by_article(rows)
    ordered = best_first(articles) if order == "rank" else articles
    hits = found_hits(connection, ordered[offset : offset + limit], Marker(query, spoken), filters.exclude)
    return Exploration(
        page=SearchPage(total=len(articles), exact=exact, hits=hits, problems=problems(query)),
        facets=_facets(connection, articles),
        looked_at=len(rows),
        histogram=_histogram(connection, query, spoken, articles, rows, exact=exact),
        filters=query.filters,
    )


def best_versions(connection: Connection, text: str, filters: Filters, *, limit: int, order: Order) -> list[int]:
    """Ids of the versions that a search shows, one an article, in its order."""
    query = parse(text, filters)
    articles = by_article(newest(connection, query, languages(connection), limit, with_score=order == "rank").rows)
    return [found.version_id for found in (best_first(articles) if order == "rank" else articles)[:limit]]


def _facets(connection: Connection, articles: Sequence[Found]) -> tuple[Facet, ...]:
    if not articles:
        return ()
    sites = {row.id: row.name for row in connection.execute(select(SiteRow.id, SiteRow.name))}
    of_site = Counter([found.site_id for found in articles])
    years = Counter([str(dated(found.newest).year) for found in articles])
    facets = (
        Facet(name="site", values=_most({sites[site_id]: count for site_id, count in of_site.items()})),
        Facet(name="section", values=_most(Counter([found.section for found in articles]))),
        Facet(name="author", values=_authors(connection, articles)),
        Facet(name="language", values=_most(Counter([found.language for found in articles]))),
        Facet(
            name="year", values=tuple(Value(name=year, articles=years[year]) for year in sorted(years, reverse=True))
        ),
    )
    return tuple(facet for facet in facets if facet.values)


def _most(counts: Mapping[str | None, int] | Mapping[str, int]) -> tuple[Value, ...]:
    named = [(name, count) for name, count in counts.items() if name]
    named.sort(key=lambda one: (-one[1], one[0]))
    return tuple(Value(name=name, articles=count) for name, count in named[:MOST_VALUES])


def _authors(connection: Connection, articles: Sequence[Found]) -> tuple[Value, ...]:
    table, version_id = numbers(connection, [found.version_id for found in articles], "found")
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
    return _most({names[author_id]: count for author_id, count in rows})


def _histogram(
    connection: Connection,
    query: Query,
    spoken: Sequence[str | None],
    articles: Sequence[Found],
    rows: Sequence[AnyRow],
    *,
    exact: bool,
) -> Histogram:
    if not rows:
        return Histogram(step="day", bars=())
    moments = [dated(found.newest) for found in articles]
    seen_from = dated(rows[-1].doc_id)
    every = None if exact else matches_of(connection, query, spoken)
    first = (every and every.first()) or seen_from
    step, edges = periods(min(first, seen_from), dated(rows[0].doc_id))
    counts = counted(edges, moments)
    estimated = [False] * len(counts)
    if not exact:
        versions = every.counts(edges) if every else [0] * len(counts)
        for place, begin in enumerate(edges[:-1]):
            # The window ends within the first period that it reaches, or before it.
            if begin <= seen_from:
                estimated[place] = True
                counts[place] = max(counts[place], round(versions[place] * len(articles) / len(rows)))
    held_here = held(connection, edges, query.filters)
    return Histogram(
        step=step,
        bars=tuple(
            Bar(begin=begin, end=end, articles=count, held=of, about=about)
            for begin, end, count, of, about in zip(edges[:-1], edges[1:], counts, held_here, estimated, strict=True)
        ),
    )
