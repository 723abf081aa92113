"""Sums of tables: how many rows, and a digest over all of them in key order. Equal rows have equal sums on SQLite and
on PostgreSQL, so that a copy can be held against what it was made from.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, Connection, Table, select

from storage.index.engine.database import AnyRow
from storage.index.schema.tables import SearchDocumentRow

AT_ONCE = 5_000
"""Rows that are held at a time."""
OF_ITS_OWN_FORM = [SearchDocumentRow.__table__.c[name] for name in ("terms", "pairs")]
"""The columns that each database has in another form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What a table holds, in two words."""

    rows: int
    digest: str
    """SHA-256 over all rows in key order, in hexadecimal."""


class Summing:
    """Adds up the rows of one table as they pass by, in key order."""

    def __init__(self, columns: Sequence[Column[Any]]) -> None:
        self._documents = [place for place, column in enumerate(columns) if isinstance(column.type, JSON)]
        self._digest = hashlib.sha256()
        self._rows = 0

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """The next rows."""
        self._rows += len(rows)
        if self._documents:
            rows = [self._with_documents(row) for row in rows]
        self._digest.update("".join(map(repr, map(tuple, rows))).encode())

    def _with_documents(self, row: Sequence[Any]) -> list[Any]:
        """The row with its JSON in one form: PostgreSQL does not keep the order of keys."""
        formed = list(row)
        for place in self._documents:
            formed[place] = json.dumps(formed[place], sort_keys=True)
        return formed

    def sum(self) -> Sum:
        """Of all rows until now."""
        return Sum(rows=self._rows, digest=self._digest.hexdigest())


def compared(table: Table) -> list[Column[Any]]:
    """The columns that are the same on both databases: all but two."""
    return [column for column in table.c if not any(column is own for own in OF_ITS_OWN_FORM)]


def in_key_order(connection: Connection, table: Table, columns: Sequence[Any]) -> Iterator[Sequence[AnyRow]]:
    """All rows of a table by its primary key, some at a time."""
    asked = select(*columns).order_by(*table.primary_key.columns)
    yield from connection.execute(asked, execution_options={"yield_per": AT_ONCE}).partitions()


def sum_of(connection: Connection, table: Table) -> Sum:
    """Read a table and add it up."""
    columns = compared(table)
    summing = Summing(columns)
    for rows in in_key_order(connection, table, columns):
        summing.add(rows)
    return summing.sum()
