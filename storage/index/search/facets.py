"""Search with facets and a date histogram, which count every matching article, and trends of several searches.

A facet with chosen values is counted as if none were chosen, so that others can be added to them. An article counts
for each value that one of its matching versions has, as it is found with any of them.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from sqlalchemy import Connection, select

from storage.index.conditions.visibility import load_site_names
from storage.index.engine.statements import IDS, batches, fetch_by_ids
from storage.index.fulltext.fields import count_microseconds, make_order, to_time
from storage.index.reader import ReadScope
from storage.index.rows.version_parts import load_authors
from storage.index.schema.tables import VersionRow
from storage.index.search.documents import fold_value
from storage.index.search.matches import Matches, Search, fold_copies, merge_spellings, name_authors
from storage.index.search.query import SearchQuery, parse_query
from storage.index.search.results import load_page
from storage.index.views.articles import EVERYTHING, AnyOf, Filters, Order, SearchPage, list_values

HistogramStep = Literal["day", "week", "month", "year"]

_MAX_SPANS: tuple[tuple[HistogramStep, timedelta], ...] = (
    ("day", timedelta(days=62)),
    ("week", timedelta(days=364)),
    ("month", timedelta(days=5 * 365)),
)
"""The longest time that is shown in each step; longer ones are shown in years."""
MIN_ARCHIVED = 20
"""Archived articles of a period below which a share of them says little."""
MOST_PERIODS = 400
"""Periods of a histogram whose step is chosen, but for years."""
_LONGEST: Mapping[HistogramStep, int] = {"day": 1, "week": 7, "month": 31, "year": 366}
"""Days of the longest period of each step."""


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

    @property
    def share(self) -> float:
        """Matching share of the period's articles, from 0 to 1."""
        return min(1.0, self.articles / self.archived) if self.archived else 0.0

    @property
    def is_of_few(self) -> bool:
        """True if so few articles of the period are archived that the share says little."""
        return self.archived < MIN_ARCHIVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Number of articles by period, oldest first, without gaps."""

    step: HistogramStep
    bars: tuple[HistogramBar, ...]
    """Empty if nothing was found."""


def choose_periods(
    first: datetime, last: datetime, step: HistogramStep | None = None
) -> tuple[HistogramStep, tuple[datetime, ...]]:
    """Return the step and the edges of periods that cover everything from first to last.

    A step that makes more than MOST_PERIODS periods is replaced by a longer one.

    >>> step, edges = choose_periods(datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 12, 5, tzinfo=UTC))
    >>> step, [f"{edge:%Y-%m-%d}" for edge in edges[:2]], len(edges)
    ('week', ['2026-01-26', '2026-02-02'], 46)
    """
    allowed: list[HistogramStep] = [one for one, days in _LONGEST.items() if (last - first).days <= MOST_PERIODS * days]
    fitting: HistogramStep = next((step for step, widest in _MAX_SPANS if last - first <= widest), "year")
    step = step if step in allowed else allowed[0] if step and allowed else fitting
    edges = [_begin(step, first)]
    while edges[-1] <= last:
        edges.append(_begin(step, edges[-1] + timedelta(days=_LONGEST[step])))
    return step, tuple(edges)


def _begin(step: HistogramStep, moment: datetime) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(month=1 if step == "year" else day.month, day=day.day if step == "day" else 1)


FacetName = Literal["site", "section", "author", "language", "agency", "year"]

MOST_VALUES = 12
"""Values of one facet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """One value of a facet."""

    name: str
    articles: int
    is_chosen: bool = False
    """True if the search is filtered by it."""


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
    """Facets with a value."""
    histogram: Histogram


def search_with_facets(  # noqa: PLR0913 - what is searched, and which part of it
    scope: ReadScope, text: str, filters: Filters = EVERYTHING, *, limit: int = 20,
    offset: int = 0, order: Order = "newest", fold: bool = False,
) -> FacetedSearch:  # fmt: skip
    """Return one page of search results, one hit for each article, with facets and a histogram.

    With `fold`, results and histogram have each text of several papers once; facets count all articles.
    """
    query = parse_query(text, filters)
    search = Search(scope)
    sites = load_site_names(scope.connection)  # which are shown in a facet
    of_texts = order == "longest"  # in which the texts of an article differ
    key = (replace(query, problems=()), scope.exclude, fold, of_texts, *sites.items())
    counted = search.engine.remember(key, lambda: _count(search, query, sites, fold=fold, of_texts=of_texts))
    shown, facets, histogram = counted
    page = load_page(search, text, query, shown, (order, limit, offset))
    return FacetedSearch(page=page, facets=facets, histogram=histogram)


def _count(
    search: Search, query: SearchQuery, sites: Mapping[int, str], *, fold: bool, of_texts: bool
) -> tuple[Matches, tuple[Facet, ...], Histogram]:
    """Return the matches that are shown, with facets and histogram: the same for each page of results."""
    matches = search.find(query, of_texts=of_texts)
    shown = fold_copies(matches) if fold else matches
    sizes = {column: _MOST_LABELS for _, column, _ in _FACETS} | {"year": _MOST_YEARS}
    counts, extremes, total = search.engine.summarize(matches.unique, sizes)
    shown = replace(shown, total=total, extremes=extremes, years=dict(counts["year"]), varied=None)
    (histogram,) = count_periods(search, [(shown, Filters(site=query.filters.site))])
    return shown, tuple(_build_facets(search, query, matches, counts, sites)), histogram


_FACETS: tuple[tuple[FacetName, str, str], ...] = (
    ("site", "site", "site"),
    ("section", "section_label", "section"),
    ("author", "author_id", "byline"),
    ("language", "language", "language"),
    ("agency", "agency", "agency"),
)
"""Facets with their column, and the filter that chooses their values."""


def _build_facets(
    search: Search, query: SearchQuery, matches: Matches, counts: Mapping[str, Any], sites: Mapping[int, str]
) -> Iterator[Facet]:
    varied = matches.list_varied()
    for name, column, filtered in _FACETS:
        chosen: AnyOf = getattr(query.filters, filtered)
        fold = fold_value if name in ("section", "author") else str
        counted, labels = matches, counts[column]
        if chosen is not None:
            counted = search.find(query, replace(query.filters, **{filtered: None}))  # type: ignore[arg-type]  # fields that may be None
            labels = search.engine.summarize(counted.unique, {column: _MOST_LABELS})[0][column]
        if name == "site":
            labels = [(sites[label], count) for label, count in labels]
        elif name == "author":
            labels = name_authors(search, labels)
        if name not in ("site", "agency"):  # of several texts of an article the newest counts
            of_counted = varied if counted is matches else counted.list_varied()
            labels = [*labels, *sorted(_iter_other_labels(search.scope.connection, of_counted, name, fold))]
        wanted = set(map(fold, list_values(chosen)))
        values = tuple(
            FacetValue(name=printed, articles=count, is_chosen=value in wanted)
            for place, (value, printed, count) in enumerate(merge_spellings(labels, fold))
            if place < MOST_VALUES or value in wanted
        )
        if values:
            yield Facet(name=name, values=values)
    if counts["year"]:
        ordered = sorted(counts["year"], reverse=True)
        yield Facet(name="year", values=tuple(FacetValue(name=str(year), articles=count) for year, count in ordered))


_MOST_YEARS = 10_000
_MOST_LABELS = 900
"""Values of a facet that are read from the engine: spellings of one name are counted together."""


def _iter_other_labels(
    connection: Connection, varied: Sequence[Sequence[int]], name: FacetName, fold: Callable[[str], str]
) -> Iterator[tuple[str, int]]:
    """Yield labels of values that only older matching texts of an article have, each once for each article."""
    ids = [version for versions in varied for version in versions]
    printed: dict[int, Sequence[str]]
    if name == "author":
        printed = {each: found for some in batches(ids) for each, found in load_authors(connection, some).items()}
    else:
        column = VersionRow.section if name == "section" else VersionRow.language
        rows = fetch_by_ids(connection, select(VersionRow.id, column).where(VersionRow.id.in_(IDS)), ids)
        printed = {version_id: [value or ""] for version_id, value in rows}
    for newest, *others in varied:
        known = {fold(value) for value in ("", *printed.get(newest, ()))}
        older = {fold(value): value for each in reversed(others) for value in printed.get(each, ())}
        yield from ((older[value], 1) for value in older.keys() - known)


def count_periods(
    search: Search, counted: Sequence[tuple[Matches, Filters]], step: HistogramStep | None = None
) -> tuple[Histogram, ...]:
    """Return a histogram of each of several counted searches over the same periods, empty if nothing is found.

    The filters beside a search select its reference: the articles of which it finds a share.
    """
    found = [to_time(moment) for matches, _ in counted for moment in matches.extremes]
    if not found:
        return tuple(Histogram(step=step or "day", bars=()) for _ in counted)
    step, edges = choose_periods(min(found), max(found), step)
    bounds = [count_microseconds(edge) for edge in edges]
    histograms = []
    for matches, reference in counted:
        archived = search.engine.remember(
            (reference, search.scope.exclude, *bounds),
            lambda: search.engine.count_ranges(search.find_current(reference), "dated", bounds),  # noqa: B023 - at once
        )
        if step == "year" and matches.years is not None:
            found_in = [matches.years.get(edge.year, 0) for edge in edges[:-1]]
        else:
            found_in = search.engine.count_ranges(matches.unique, "dated", bounds)
        folded = [bisect_left(matches.folded.orders, make_order(edge, b"")) for edge in edges]
        bars = (
            HistogramBar(begin=begin, end=end, articles=articles - (later - earlier), archived=of_all)
            for (begin, end), (earlier, later), articles, of_all in zip(
                pairwise(edges), pairwise(folded), found_in, archived, strict=True
            )
        )
        histograms.append(Histogram(step=step, bars=tuple(bars)))
    return tuple(histograms)


MOST_TRENDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One search over time."""

    q: str
    """Its text; "" for all articles."""
    site: str | None
    """The site that is searched; None for all, or those in the text."""
    total: int
    """Number of matching articles."""
    problems: tuple[str, ...]
    """Parts of the text that were not understood, and how they were interpreted."""
    periods: tuple[HistogramBar, ...]
    """The same periods for all trends, oldest first, without gaps; empty if none of them finds anything."""


def count_trends(
    scope: ReadScope, searches: Sequence[tuple[str, Filters]], step: HistogramStep | None = None
) -> tuple[HistogramStep, tuple[Trend, ...]]:
    """Return the step of the periods, and the trend of each search: its text, and filters.

    A share is of all articles of the searched sites; of all sites for a search that names nothing but sites.
    """
    search = Search(scope)
    queries = [parse_query(text, filters) for text, filters in searches]
    counted = []
    for query in queries:
        words = query.every or query.never or query.filters.selects_texts
        dated = replace(EVERYTHING, since=query.filters.since, until=query.filters.until)
        found = search.find(query)
        _, extremes, total = search.engine.summarize(found.unique, {})
        found = replace(found, total=total, extremes=extremes)
        counted.append((found, replace(dated, site=query.filters.site if words else None)))
    histograms = count_periods(search, counted, step)
    trends = (
        Trend(
            q=text,
            site=filters.site if isinstance(filters.site, str) else None,
            total=matches.count(),
            problems=query.problems,
            periods=histogram.bars,
        )
        for (text, filters), query, (matches, _), histogram in zip(searches, queries, counted, histograms, strict=True)
    )
    return (histograms[0].step if histograms else "day"), tuple(trends)
