"""Statements that both databases share: inserting many rows, reserving their ids, and batches of keys."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import BindParameter, Connection, Executable, Row, Select, Table, bindparam, text
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.elements import KeyedColumnElement
from sqlalchemy.types import Float, LargeBinary, String

from storage.index.schema.base import Base, UtcDateTime

Key = TypeVar("Key", int, str, bytes)
AnyRow: TypeAlias = Row[*tuple[Any, ...]]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]
IDS: BindParameter[Any] = bindparam("ids", expanding=True)
"""Keys that the condition of a statement takes."""
STREAMING = {"stream_results": True, "yield_per": 1_000}
"""Execution options with which the rows of a query come in batches, and are not in memory all at once."""


def load_statements(package: str, file: str) -> dict[str, str]:
    """Return the statements of an SQL file in a package, by the names in the comments before them."""
    sql = files(package).joinpath(file).read_text("utf-8")
    return dict(re.findall(r"(?ms)^-- ([a-z-]+)\n(?:-- [^\n]+\n)*(.+?)(?=\n\n-- |\Z)", sql))


def build_query(sql: str, lists: Sequence[str] = (), times: Sequence[str] = (), /, **columns: Any) -> Any:
    """Return a query of an SQL file.

    `lists` are parameters that take several values, `times` parameters and columns with times, `columns` other types.
    """
    # An empty list has no value to tell its type by, and PostgreSQL compares no texts with numbers.
    types = {name: None if name in ("ids", "batch") else String() for name in lists}
    parameters: list[BindParameter[Any]] = [bindparam(name, expanding=True, type_=types[name]) for name in lists]
    parameters += [bindparam(name, type_=UtcDateTime()) for name in times if re.search(rf":{name}\b", sql)]
    return text(sql).bindparams(*parameters).columns(**dict.fromkeys(times, UtcDateTime()), **columns)


def batches(keys: Iterable[Key], size: int = 900) -> Iterator[list[Key]]:
    """Yield keys in ascending order, no more at once than a statement takes.

    >>> list(batches({3, 1, 2}, 2))
    [[1, 2], [3]]
    """
    ordered = sorted(keys)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def fetch_by_ids(connection: Connection, query: Executable, ids: Iterable[Key], **others: object) -> list[Any]:
    """Return the rows of a query for any number of keys, which it takes as IDS; `others` are its other parameters."""
    return [row for some in batches(ids) for row in connection.execute(query, {"ids": some, **others})]


def find_by_ids(connection: Connection, query: Executable, ids: Iterable[Key]) -> set[Any]:
    """Return the values of a query of one column for any number of keys, which it takes as IDS."""
    return {row[0] for row in fetch_by_ids(connection, query, ids)}


def change_by_ids(connection: Connection, statement: Executable, ids: Iterable[Key]) -> None:
    """Update or delete rows for any number of keys, which the statement takes as IDS."""
    for some in batches(ids):
        connection.execute(statement, {"ids": some})


def update_rows(connection: Connection, statement: Executable, rows: Iterable[dict[str, Any]]) -> None:
    """Update rows one by one, in the order of their keys, which the statement takes as `of`."""
    if ordered := sorted(rows, key=itemgetter("of")):
        connection.execute(statement, ordered)


def insert_rows(
    connection: Connection, table: type[Base], rows: Sequence[dict[str, Any]], *,
    conflict_columns: Sequence[str] = (), update_columns: Sequence[str] = (),
) -> int:  # fmt: skip
    """Insert rows, all of the same columns. Return how many were inserted or updated.

    A row whose `conflict_columns` equal those of an existing row updates its `update_columns`, or is skipped if there
    are none.
    """
    if not rows:
        return 0
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return insert_columns(connection, table, columns, conflict_columns=conflict_columns, update_columns=update_columns)


def insert_columns(
    connection: Connection, table: type[Base], columns: Mapping[str, Sequence[Any]], *,
    conflict_columns: Sequence[str] = (), update_columns: Sequence[str] = (),
) -> int:  # fmt: skip
    """Insert rows that are given as columns of equal length: for tables of which a page brings a hundred rows."""
    names = tuple(columns), tuple(conflict_columns), tuple(update_columns)
    sql, processors = _build_insert(connection.dialect, table.__table__, *names)
    values = list(columns.values())
    if not values[0]:
        return 0
    for place, process in processors:
        values[place] = [process(value) for value in values[place]]
    if connection.dialect.name == "postgresql":
        return connection.exec_driver_sql(sql, tuple(values)).rowcount
    return connection.exec_driver_sql(sql, list(zip(*values, strict=True))).rowcount


@lru_cache(maxsize=256)
def _build_insert(
    dialect: Dialect, table: Table, names: tuple[str, ...], conflict_columns: tuple[str, ...],
    update_columns: tuple[str, ...],
) -> tuple[str, tuple[tuple[int, Callable[[Any], Any]], ...]]:  # fmt: skip
    """Return an INSERT as the driver takes it, and conversions to what it takes, by the place of the column.

    Most of a commit's time goes into these, so SQLAlchemy is left out.

    SQLite gets one row at a time, PostgreSQL all of them in one statement, as an array for each column.
    """
    columns = [table.c[name] for name in names]
    processors = [_find_processor(column, dialect) for column in columns]
    into = f"INSERT INTO {table.name} ({', '.join(names)})"
    if dialect.name == "postgresql":
        # Binary, as psycopg quotes texts one by one otherwise.
        types = [column.type.compile(dialect=dialect).partition(" COLLATE")[0] for column in columns]
        arrays = ", ".join("%b::text[]::JSONB[]" if name == "JSONB" else f"%b::{name}[]" for name in types)
        sql = f"{into} SELECT * FROM unnest({arrays})"  # noqa: S608 - names of our tables and columns
    else:
        sql = f"{into} VALUES ({', '.join('?' for _ in names)})"
    if conflict_columns:
        updates = ", ".join(f"{name} = excluded.{name}" for name in update_columns)
        action = f"UPDATE SET {updates}" if updates else "NOTHING"
        sql += f" ON CONFLICT ({', '.join(conflict_columns)}) DO {action}"
    return sql, tuple((place, process) for place, process in enumerate(processors) if process)


def _find_processor(column: KeyedColumnElement[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(column.type, Float):
        return float  # psycopg takes no array of whole and other numbers
    if isinstance(column.type, LargeBinary):
        return None  # both drivers take bytes as they are; SQLAlchemy would wrap each
    return column.type.dialect_impl(dialect).bind_processor(dialect)


def reserve_ids(connection: Connection, table: type[Base], count: int) -> list[int]:
    """Return surrogate keys for rows that are about to be inserted."""
    if not count:
        return []
    row = table.__table__
    if connection.dialect.name == "postgresql":
        query = text(f"SELECT nextval('{row.name}_id_seq') FROM generate_series(1, :count)")  # noqa: S608 - our name
        return list(connection.scalars(query, {"count": count}))
    # Nobody else can take them: this transaction has SQLite's only write lock.
    last = connection.exec_driver_sql(f"SELECT max(id) FROM {row.name}").scalar() or 0  # noqa: S608 - our name
    return list(range(last + 1, last + count + 1))
