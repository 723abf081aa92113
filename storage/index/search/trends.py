"""Trends: how often several searches find something, in the same periods."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from storage.index.search.facets import HistogramBar, HistogramStep, count_periods
from storage.index.search.matches import Search
from storage.index.search.query import parse_query
from storage.index.views.articles import EVERYTHING, Filters
from storage.index.views.exclusions import Exclusions

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
    connection: Connection,
    exclude: Exclusions,
    searches: Sequence[tuple[str, Filters]],
    step: HistogramStep | None = None,
) -> tuple[HistogramStep, tuple[Trend, ...]]:
    """Return the step of the periods, and the trend of each search: its text, and filters.

    A share is of all articles of the searched sites; of all sites for a search that names nothing but sites.
    """
    search = Search(connection, exclude)
    queries = [parse_query(text, filters) for text, filters in searches]
    counted, totals = [], []
    for query in queries:
        words = query.every or query.never or query.filters.selects_texts
        dated = replace(EVERYTHING, since=query.filters.since, until=query.filters.until)
        matches = search.find(query)
        _, extremes, total = search.engine.summarize(matches.unique, {})
        totals.append(total)
        counted.append((matches, replace(dated, site=query.filters.site if words else None), extremes))
    histograms = count_periods(search, counted, step)
    trends = (
        Trend(
            q=text,
            site=filters.site if isinstance(filters.site, str) else None,
            total=total,
            problems=query.problems,
            periods=histogram.bars,
        )
        for (text, filters), query, total, histogram in zip(searches, queries, totals, histograms, strict=True)
    )
    return (histograms[0].step if histograms else "day"), tuple(trends)
