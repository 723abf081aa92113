"""Lists of values as tables: one statement for any number of them, which neither we nor the database compile anew."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, Connection, FromClause, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from storage.index.schema.tables import UtcDateTime


def numbers(connection: Connection, values: Sequence[int], name: str) -> tuple[FromClause, ColumnElement[int]]:
    """A table of whole numbers, and its one column."""
    table: FromClause
    if connection.dialect.name == "postgresql":
        listed = func.unnest(_array(values, BigInteger())).table_valued(column("value", BigInteger()), name=name)
        # PostgreSQL would name the column after the table.
        table = listed.render_derived()
    else:
        table = func.json_each(bindparam(None, json.dumps(values))).table_valued(
            column("value", BigInteger()), name=name
        )
    return table, table.c.value


def spans(
    connection: Connection, pairs: Sequence[tuple[Any, Any]], name: str
) -> tuple[FromClause, ColumnElement[int], ColumnElement[Any], ColumnElement[Any]]:
    """A table of spans (of whole numbers, or of moments), and its columns: number from 0, begin, end."""
    begins, ends = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    kind: TypeEngine[Any] = UtcDateTime() if begins and isinstance(begins[0], datetime) else BigInteger()
    if connection.dialect.name == "postgresql":
        numbered = _array(list(range(len(pairs))), BigInteger())
        columns = (column("number", BigInteger()), column("begin", kind), column("behind", kind))
        listed = func.unnest(numbered, _array(begins, kind), _array(ends, kind)).table_valued(*columns, name=name)
        table: FromClause = listed.render_derived()
        return table, table.c.number, table.c.begin, table.c.behind
    written = json.dumps([[_as_sqlite(value) for value in pair] for pair in pairs])
    table = func.json_each(bindparam(None, written)).table_valued("key", "value")
    begin, behind = (func.json_extract(table.c.value, path, type_=kind) for path in ("$[0]", "$[1]"))
    # The limit keeps SQLite from taking the JSON apart again for every row that is compared with it.
    taken = select(table.c.key, begin.label("begin"), behind.label("behind")).limit(len(pairs)).subquery(name)
    return taken, taken.c.key, taken.c.begin, taken.c.behind


def _array(values: Sequence[Any], kind: TypeEngine[Any]) -> BindParameter[Any]:
    return bindparam(None, list(values), type_=ARRAY(kind), unique=True)


def _as_sqlite(value: Any) -> Any:
    """A moment as the SQLite driver writes it: text that sorts."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    return value
