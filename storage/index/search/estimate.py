"""Matches beyond the window of a search, counted by the keys of the search alone: those carry the date, and no row of
any other table has to be looked at. In a large archive only some of the keys are.

    SQLite        stripes over each period: the inverted index is in the order of the keys
    PostgreSQL    one document in 4, 16, 64 ...: a mark in the inverted index says which
"""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import BigInteger, ColumnElement, Connection, func, literal_column, select, type_coerce

from storage.index.engine.arrays import spans
from storage.index.schema.tables import SearchDocumentRow, VersionRow
from storage.index.search.candidates import FTS, by_names, has_marks, marks_of_names, matches_words
from storage.index.search.phrases import has_words
from storage.index.search.query import Query, to_fts5
from storage.index.text.docids import BEHIND_ALL, KEYS_OF_A_DAY, dated, first_doc_id
from storage.index.text.filter_terms import thinned
from storage.index.views.articles import Filters

_ALL_LOOKED_AT = 150_000
"""Versions of an archive that are all looked at in SQLite; of a larger one as many, spread over it."""
_DRAWN = 50_000
"""The same for PostgreSQL, which has to look up each that matches."""
_DRAWN_OF_PHRASES = 3_000
"""And to read the text of each that may have a phrase."""
_MOST_STRIPES = 120
"""Finding the beginning of each costs some 0.02 ms a word."""


@dataclass(frozen=True, slots=True)
class Matches(ABC):
    """All that matches a query, however much, from one key to another."""

    connection: Connection

    @abstractmethod
    def first(self) -> datetime | None:
        """Date of the oldest match; None where none was seen."""

    @abstractmethod
    def counts(self, edges: Sequence[datetime]) -> list[float]:
        """Versions that match, by period; estimated where the archive is large."""


def matches_of(connection: Connection, query: Query, spoken: Sequence[str | None]) -> Matches | None:
    """None where keys alone cannot tell what matches, or not soon: where filters ask for what is no word of the search,
    and for beginnings of words.
    """
    if any(leaf.is_prefix for leaf in (*query.leaves, *query.never)):
        return None
    asked = _in_words(connection, query)
    if asked is None:
        return None
    least = first_doc_id(query.filters.since) if query.filters.since else 0
    behind = first_doc_id(query.filters.until) if query.filters.until else BEHIND_ALL
    if connection.dialect.name == "postgresql":
        mark, part = thinned(_versions(connection), _DRAWN_OF_PHRASES if query.has_phrases else _DRAWN)
        words, names = has_words(query, spoken), marks_of_names(connection, query.filters)
        if not words and not names:
            return None
        return _Drawn.of(connection, [*words, *has_marks(mark, names)], (least, behind), part)
    asked_for = to_fts5(asked, spoken)
    return None if asked_for is None else _Striped(connection, asked_for, least, behind)


@dataclass(frozen=True, slots=True)
class _Striped(Matches):
    """Matches in SQLite."""

    words: str
    """As FTS5 takes them."""
    least: int
    behind: int

    def first(self) -> datetime | None:
        """A step into the index."""
        oldest = select(FTS.c.rowid).where(matches_words(self.words), FTS.c.rowid >= self.least)
        key = self.connection.scalar(oldest.order_by(FTS.c.rowid).limit(1))
        return None if key is None else dated(key)

    def counts(self, edges: Sequence[datetime]) -> list[float]:
        """A step and a short walk for each stripe."""
        keys = [min(max(first_doc_id(edge), self.least), self.behind) for edge in edges]
        part = min(1.0, _ALL_LOOKED_AT / max(_versions(self.connection), 1))
        looked_at = stripes(keys, part, max(1, _MOST_STRIPES // len(keys)))
        table, number, begin, behind = spans(self.connection, [pair for _, pair in looked_at], "stripes")
        count = (
            select(func.count())
            .select_from(FTS)
            .where(matches_words(self.words), FTS.c.rowid >= begin, FTS.c.rowid < behind)
            .correlate(table)
            .scalar_subquery()
        )
        counts = [0.0] * (len(keys) - 1)
        for stripe, found in self.connection.execute(select(number, count).select_from(table)):
            counts[looked_at[stripe][0]] += found / part
        return counts


@dataclass(frozen=True, slots=True)
class _Drawn(Matches):
    """Matches in PostgreSQL."""

    days: Mapping[datetime, float]
    """How many there are of each day, or of what there is of it between the two keys."""

    @classmethod
    def of(
        cls, connection: Connection, drawn: Sequence[ColumnElement[bool]], between: tuple[int, int], part: float
    ) -> "_Drawn":
        """Count those that are drawn, by day; they are so great a part of all."""
        least, behind = between
        # The sum keeps the planner from walking over keys, and looking for words in one text after the other.
        key: ColumnElement[int] = type_coerce(SearchDocumentRow.doc_id + 0, BigInteger())
        day = key // literal_column(str(KEYS_OF_A_DAY), BigInteger())
        found = select(day, func.count()).where(*drawn, key >= least, key < behind)
        days = {
            dated(number * KEYS_OF_A_DAY): count / part
            for number, count in connection.execute(found.group_by(literal_column("1")))
        }
        return cls(connection, days)

    def first(self) -> datetime | None:
        """The oldest that was drawn."""
        return min(self.days, default=None)

    def counts(self, edges: Sequence[datetime]) -> list[float]:
        """Sums of days: each period begins with one."""
        counts = [0.0] * (len(edges) - 1)
        for day, count in self.days.items():
            place = min(max(bisect_right(edges, day) - 1, 0), len(counts) - 1)
            counts[place] += count
        return counts


def _versions(connection: Connection) -> int:
    """How many versions there are, about."""
    return connection.scalar(select(func.max(VersionRow.id))) or 0


def stripes(keys: Sequence[int], part: float, of_each: int) -> list[tuple[int, tuple[int, int]]]:
    """So much of each of the periods between the keys: a stripe's period, and where it begins and ends.

    >>> stripes([0, 100, 200], 1.0, 8), stripes([0, 100], 0.5, 2)
    ([(0, (0, 100)), (1, (100, 200))], [(0, (0, 25)), (0, (50, 75))])
    """
    if part >= 1:
        return list(enumerate(pairwise(keys)))
    found = []
    for period, (begin, behind) in enumerate(pairwise(keys)):
        width = (behind - begin) // of_each
        for stripe in range(of_each):
            at = begin + stripe * width
            found.append((period, (at, at + int(width * part))))
    return found


def _in_words(connection: Connection, query: Query) -> Query | None:
    """The query with its filters as words; None where some of them cannot be said so."""
    filters = query.filters
    names = {name: getattr(filters, name) for name in ("section", "author", "byline", "tag")}
    if filters != Filters(since=filters.since, until=filters.until, **names):
        return None
    asked = by_names(connection, query)
    wanted = sum(name is not None for name in names.values())
    return asked if len(asked.every) - len(query.every) == wanted else None
