"""Estimates of all matches of a search, from document ids only: these contain the date, so no other table is read. In
a large archive a sample is counted.

    SQLite        stripes of each period: the FTS5 index is sorted by document id
    PostgreSQL    one document in 4, 16, 64 ...: filter terms mark the samples
"""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import BigInteger, ColumnElement, Connection, func, literal_column, select, type_coerce

from storage.index.engine.dialect import ranges_table
from storage.index.schema.tables import SearchDocumentRow, VersionRow
from storage.index.search.candidates import (
    FTS,
    add_names_as_words,
    filter_term_conditions,
    fts5_condition,
    load_name_terms,
    word_conditions,
)
from storage.index.search.query import SearchQuery, to_fts5
from storage.index.text.docids import DOC_IDS_PER_DAY, MAX_DOC_ID, doc_id_time, first_doc_id
from storage.index.text.filter_terms import choose_sample
from storage.index.views.articles import Filters
from storage.index.views.exclusions import Exclusions

_FULL_SCAN = 150_000
"""Versions up to which SQLite counts all; in a larger archive it counts as many, spread over it."""
_SAMPLE = 50_000
"""The same for PostgreSQL, which looks up the row of each match."""
_PHRASE_SAMPLE = 3_000
"""The same for phrases, for which it reads texts."""
_MAX_STRIPES = 120
"""Seeking to the beginning of each costs some 0.02 ms a word."""


@dataclass(frozen=True, slots=True)
class MatchEstimate(ABC):
    """Estimated number of matches of a query, by time."""

    connection: Connection

    @abstractmethod
    def oldest(self) -> datetime | None:
        """Return the date of the oldest match; None if none was found."""

    @abstractmethod
    def count_periods(self, edges: Sequence[datetime]) -> list[float]:
        """Return the number of matching versions by period; estimated in a large archive."""


def estimate_matches(
    connection: Connection, exclude: Exclusions, query: SearchQuery, languages: Sequence[str | None]
) -> MatchEstimate | None:
    """Return an estimate; None if document ids are not enough: with exclusions, with filters that are not terms of the
    index, and for prefixes, which take too long.
    """
    if exclude or any(leaf.is_prefix for leaf in (*query.leaves, *query.never)):
        return None
    asked = _filters_as_words(connection, query)
    if asked is None:
        return None
    start = first_doc_id(query.filters.since) if query.filters.since else 0
    end = first_doc_id(query.filters.until) if query.filters.until else MAX_DOC_ID
    if connection.dialect.name == "postgresql":
        mark, part = choose_sample(_count_versions(connection), _PHRASE_SAMPLE if query.has_phrases else _SAMPLE)
        words, names = word_conditions(query, languages), load_name_terms(connection, query.filters)
        if not words and not names:
            return None
        return _SampleEstimate.draw(connection, [*words, *filter_term_conditions(mark, names)], (start, end), part)
    match = to_fts5(asked, languages)
    return None if match is None else _StripeEstimate(connection, match, start, end)


@dataclass(frozen=True, slots=True)
class _StripeEstimate(MatchEstimate):
    """Estimate from stripes of the FTS5 index."""

    words: str
    """In FTS5's syntax."""
    start: int
    end: int

    def oldest(self) -> datetime | None:
        """Return the date of the oldest match."""
        oldest = select(FTS.c.rowid).where(fts5_condition(self.words), FTS.c.rowid >= self.start)
        key = self.connection.scalar(oldest.order_by(FTS.c.rowid).limit(1))
        return None if key is None else doc_id_time(key)

    def count_periods(self, edges: Sequence[datetime]) -> list[float]:
        """Return the number of matching versions by period."""
        keys = [min(max(first_doc_id(edge), self.start), self.end) for edge in edges]
        part = min(1.0, _FULL_SCAN / max(_count_versions(self.connection), 1))
        stripes = cut_stripes(keys, part, max(1, _MAX_STRIPES // len(keys)))
        table, number, begin, end = ranges_table(self.connection, [pair for _, pair in stripes], "stripes")
        count = (
            select(func.count())
            .select_from(FTS)
            .where(fts5_condition(self.words), FTS.c.rowid >= begin, FTS.c.rowid < end)
            .correlate(table)
            .scalar_subquery()
        )
        counts = [0.0] * (len(keys) - 1)
        for stripe, found in self.connection.execute(select(number, count).select_from(table)):
            counts[stripes[stripe][0]] += found / part
        return counts


@dataclass(frozen=True, slots=True)
class _SampleEstimate(MatchEstimate):
    """Estimate from a sample of documents in PostgreSQL."""

    days: Mapping[datetime, float]
    """Estimated number of matches by day."""

    @classmethod
    def draw(
        cls, connection: Connection, drawn: Sequence[ColumnElement[bool]], between: tuple[int, int], part: float
    ) -> "_SampleEstimate":
        """Count the matches in a sample by day; `part` is its share of all documents."""
        start, end = between
        # The sum keeps the planner from scanning document ids and matching the words row by row.
        key: ColumnElement[int] = type_coerce(SearchDocumentRow.doc_id + 0, BigInteger())
        day = key // literal_column(str(DOC_IDS_PER_DAY), BigInteger())
        found = select(day, func.count()).where(*drawn, key >= start, key < end)
        days = {
            doc_id_time(number * DOC_IDS_PER_DAY): count / part
            for number, count in connection.execute(found.group_by(literal_column("1")))
        }
        return cls(connection, days)

    def oldest(self) -> datetime | None:
        """Return the date of the oldest match in the sample."""
        return min(self.days, default=None)

    def count_periods(self, edges: Sequence[datetime]) -> list[float]:
        """Return the number of matching versions by period."""
        # Periods begin at midnight, so each day is in one period.
        counts = [0.0] * (len(edges) - 1)
        for day, count in self.days.items():
            place = min(max(bisect_right(edges, day) - 1, 0), len(counts) - 1)
            counts[place] += count
        return counts


def _count_versions(connection: Connection) -> int:
    """Return the approximate number of versions."""
    return connection.scalar(select(func.max(VersionRow.id))) or 0


def cut_stripes(keys: Sequence[int], part: float, of_each: int) -> list[tuple[int, tuple[int, int]]]:
    """Return stripes that cover a share of each period between the keys: number of the period, begin and end.

    >>> cut_stripes([0, 100, 200], 1.0, 8), cut_stripes([0, 100], 0.5, 2)
    ([(0, (0, 100)), (1, (100, 200))], [(0, (0, 25)), (0, (50, 75))])
    """
    if part >= 1:
        return list(enumerate(pairwise(keys)))
    found = []
    for period, (begin, end) in enumerate(pairwise(keys)):
        width = (end - begin) // of_each
        for stripe in range(of_each):
            at = begin + stripe * width
            found.append((period, (at, at + int(width * part))))
    return found


def _filters_as_words(connection: Connection, query: SearchQuery) -> SearchQuery | None:
    """Return a query with its filters as terms; None if some of them are not terms of the index."""
    filters = query.filters
    names = {name: getattr(filters, name) for name in ("section", "author", "byline", "tag")}
    if filters != Filters(since=filters.since, until=filters.until, **names):
        return None
    asked = add_names_as_words(connection, query)
    wanted = sum(name is not None for name in names.values())
    return asked if len(asked.every) - len(query.every) == wanted else None
