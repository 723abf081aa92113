"""Matches beyond the window of a search, counted by the keys of the search alone: those carry the date, and no row of
any other table has to be looked at. In a large archive only some of the keys are, in stripes over each period.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Self

from sqlalchemy import BigInteger, ColumnElement, Connection, Text, bindparam, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from storage.index.documents import BEHIND_ALL, dated, first_doc_id
from storage.index.query import Query, to_fts5, to_tsquery
from storage.index.search import FTS, by_names
from storage.index.series import spans
from storage.index.tables import SearchDocumentRow, VersionRow
from storage.index.views import Filters

_ALL_LOOKED_AT = 150_000
"""Versions of an archive that are all looked at; of a larger one as many, spread over it."""
_MOST_STRIPES = 120
"""Finding the beginning of each costs some 0.02 ms a word."""


@dataclass(frozen=True, slots=True)
class Matches:
    """All that matches a query, however much."""

    connection: Connection
    table: Any
    key: ColumnElement[int]
    match: ColumnElement[bool]
    least: int
    behind: int

    @classmethod
    def of(cls, connection: Connection, query: Query, spoken: Sequence[str | None]) -> Self | None:
        """None where keys alone cannot tell what matches, or not soon: where filters ask for what is no word of the
        search, and for beginnings of words.
        """
        named = _in_words(connection, query)
        if named is None or any(leaf.is_prefix for leaf in (*named.leaves, *named.never)):
            return None
        least = first_doc_id(query.filters.since) if query.filters.since else 0
        behind = first_doc_id(query.filters.until) if query.filters.until else BEHIND_ALL
        if connection.dialect.name == "postgresql":
            wanted = to_tsquery(named, spoken)
            match: ColumnElement[bool] = SearchDocumentRow.terms.op("@@")(cast(cast(wanted, Text), TSQUERY))
            table, key = SearchDocumentRow.__table__, SearchDocumentRow.doc_id.expression
        else:
            wanted = to_fts5(named, spoken)
            match = literal_column("search").op("MATCH")(wanted)
            table, key = FTS, FTS.c.rowid
        return None if wanted is None else cls(connection, table, key, match, least, behind)

    def first(self) -> datetime:
        """Date of the oldest match."""
        oldest = select(self.key).select_from(self.table).where(self.match, self.key >= self.least)
        return dated(self.connection.scalar(oldest.order_by(self.key).limit(1)) or 0)

    def counts(self, edges: Sequence[datetime]) -> list[float]:
        """Versions that match, by period; estimated where the archive is large."""
        keys = [min(max(first_doc_id(edge), self.least), self.behind) for edge in edges]
        if self.connection.dialect.name == "postgresql":
            return self._all_counts(keys)
        versions = self.connection.scalar(select(func.max(VersionRow.id))) or 0
        part = min(1.0, _ALL_LOOKED_AT / versions) if versions else 1.0
        looked_at = stripes(keys, part, max(1, _MOST_STRIPES // len(keys)))
        table, number, begin, behind = spans(self.connection, [pair for _, pair in looked_at], "stripes")
        count = (
            select(func.count())
            .select_from(self.table)
            .where(self.match, self.key >= begin, self.key < behind)
            .correlate(table)
            .scalar_subquery()
        )
        counts = [0.0] * (len(keys) - 1)
        for stripe, found in self.connection.execute(select(number, count).select_from(table)):
            counts[looked_at[stripe][0]] += found / part
        return counts

    def _all_counts(self, keys: Sequence[int]) -> list[float]:
        """The same in one walk: the inverted index is in no order of keys, so that each stripe would be a walk."""
        edges = bindparam("edges", list(keys), type_=ARRAY(BigInteger()))
        period = func.width_bucket(self.key, edges)
        found = select(period, func.count()).where(self.match, self.key >= keys[0], self.key < keys[-1])
        counts = [0.0] * (len(keys) - 1)
        for number, count in self.connection.execute(found.group_by(literal_column("1"))):
            counts[number - 1] = float(count)
        return counts


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
    named = by_names(connection, query)
    wanted = sum(name is not None for name in names.values())
    return named if len(named.every) - len(query.every) == wanted else None
