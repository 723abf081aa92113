"""Matches beyond the window of a search, counted by the keys of the search alone: those carry the date, and no row of
any other table has to be looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Self

from sqlalchemy import ColumnElement, Connection, Text, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import TSQUERY

from storage.index.documents import BEHIND_ALL, dated, first_doc_id
from storage.index.histogram import in_order
from storage.index.query import Query, to_fts5, to_tsquery
from storage.index.search import FTS
from storage.index.series import spans
from storage.index.tables import SearchDocumentRow
from storage.index.views import Filters


@dataclass(frozen=True, slots=True)
class Beyond:
    """All that matches a query, however much."""

    connection: Connection
    table: Any
    key: ColumnElement[int]
    match: ColumnElement[bool]
    least: int
    behind: int

    @classmethod
    def of(cls, connection: Connection, query: Query, spoken: Sequence[str | None]) -> Self | None:
        """None where keys alone cannot tell what matches: where there are no words, or other filters than dates."""
        since, until = query.filters.since, query.filters.until
        if replace(query.filters, query=None) != Filters(since=since, until=until):
            return None
        least = first_doc_id(since) if since else 0
        behind = first_doc_id(until) if until else BEHIND_ALL
        if connection.dialect.name == "postgresql":
            wanted = to_tsquery(query, spoken)
            match: ColumnElement[bool] = SearchDocumentRow.terms.op("@@")(cast(cast(wanted, Text), TSQUERY))
            table, key = SearchDocumentRow.__table__, SearchDocumentRow.doc_id.expression
        else:
            wanted = to_fts5(query, spoken)
            match = literal_column("search").op("MATCH")(wanted)
            table, key = FTS, FTS.c.rowid
        return None if wanted is None else cls(connection, table, key, match, least, behind)

    def first(self) -> datetime:
        """Date of the oldest match."""
        oldest = select(self.key).select_from(self.table).where(self.match, self.key >= self.least)
        return dated(self.connection.scalar(oldest.order_by(self.key).limit(1)) or 0)

    def counts(self, edges: Sequence[datetime]) -> list[int]:
        """Versions that match, by period."""
        keys = [min(max(first_doc_id(edge), self.least), self.behind) for edge in edges]
        pairs = list(pairwise(keys))
        table, number, begin, behind = spans(self.connection, pairs, "periods")
        count = (
            select(func.count())
            .select_from(self.table)
            .where(self.match, self.key >= begin, self.key < behind)
            .correlate(table)
            .scalar_subquery()
        )
        return in_order(self.connection.execute(select(number, count).select_from(table)), len(pairs))
