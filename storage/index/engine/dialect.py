"""SQL that differs between SQLite and PostgreSQL, as functions: callers need not know which database it is."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa

from storage.index.engine.statements import load_statements

K = TypeVar("K")
T = TypeVar("T")
_SQL = load_statements("storage.index.engine", "dialect.sql")
_SORT_MEMORY = -8192  # kilobytes, as SQLite takes them


def values_table(
    connection: sa.Connection, values: Sequence[int], name: str
) -> tuple[sa.FromClause, sa.ColumnElement[int]]:
    """Return a table of integers and its column: one statement for any number of values, compiled once."""
    table: sa.FromClause
    value = sa.column("value", sa.BigInteger())
    if connection.dialect.name == "postgresql":
        array = sa.bindparam(None, list(values), type_=sa.ARRAY(sa.BigInteger()), unique=True)
        # PostgreSQL would name the column after the table.
        table = sa.func.unnest(array).table_valued(value, name=name).render_derived()
    else:
        table = sa.func.json_each(sa.bindparam(None, json.dumps(values))).table_valued(value, name=name)
    return table, table.c.value


def utc_day(connection: sa.Connection, time: Any) -> sa.ColumnElement[str]:
    """Return the day of a time in UTC, as YYYY-MM-DD."""
    if connection.dialect.name == "postgresql":
        return sa.func.to_char(sa.func.timezone(sa.literal("UTC"), time), sa.literal("YYYY-MM-DD"))
    return sa.func.substr(time, 1, 10)


def list_distinct(connection: sa.Connection, column: sa.ColumnClause[str | None]) -> list[str]:
    """Return the values of an indexed column, without null, by a loose index scan."""
    least = sa.func.min(column)
    first = sa.select(least.label("value")).cte("skip", recursive=True)
    following = sa.select(least).where(column > first.c.value).scalar_subquery()
    values = first.union_all(sa.select(following).where(first.c.value.is_not(None)))
    return [value for value in connection.scalars(sa.select(values.c.value)) if value is not None]


def has_concurrent_writers(connection: sa.Connection) -> bool:
    """Return whether other transactions may write at the same time. SQLite has one writer."""
    return connection.dialect.name == "postgresql"


def lock_rows(connection: sa.Connection, key: sa.ColumnClause[int], ids: Iterable[int]) -> None:
    """Lock rows in the order of their keys until the transaction ends, unless there are no other writers."""
    wanted = sorted(set(ids))
    if wanted and has_concurrent_writers(connection):
        connection.execute(_build_lock_query(key), {"ids": wanted})


@cache
def _build_lock_query(key: sa.ColumnClause[int]) -> sa.Select[int]:
    listed = sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.Integer)))
    return sa.select(key).where(key == listed).order_by(key).with_for_update(key_share=True)


def lock_until_commit(connection: sa.Connection, key: tuple[int, int], *, exclusive: bool) -> None:
    """Take an advisory lock, shared or exclusive, until the transaction ends, unless there are no other writers."""
    if has_concurrent_writers(connection):
        lock = sa.func.pg_advisory_xact_lock if exclusive else sa.func.pg_advisory_xact_lock_shared
        connection.execute(sa.select(lock(*key)))


def analyze_tables(connection: sa.Connection, tables: Iterable[str]) -> None:
    """Update PostgreSQL's planner statistics of tables that were just filled; it would not do so for minutes."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ANALYZE {', '.join(sorted(tables))}")


def freeze_snapshot(connection: sa.Connection) -> None:
    """Have all statements of a transaction that only reads see one state, as SQLite does anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def read_state(connection: sa.Connection) -> object:
    """Return a value that is another one if the connection sees another state of the index than before."""
    query = "SELECT pg_current_snapshot()::text" if connection.dialect.name == "postgresql" else "PRAGMA data_version"
    return connection.exec_driver_sql(query).scalar()


@contextmanager
def limit_sort_memory(connection: sa.Connection) -> Iterator[None]:
    """Have SQLite sort in little memory: it takes as much as for its page cache, beside that."""
    if connection.dialect.name != "sqlite":
        yield
        return
    before = connection.exec_driver_sql("PRAGMA cache_size").scalar()
    connection.exec_driver_sql(f"PRAGMA cache_size={_SORT_MEMORY}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size={before}")


def identify_index(connection: sa.Connection) -> str:
    """Return what tells this index from others, such as the one that takes its place after a rebuild."""
    query = _SQL["identity"] if connection.dialect.name == "postgresql" else "PRAGMA user_version"
    return str(connection.exec_driver_sql(query).scalar())


def read_change_mark(connection: sa.Connection) -> str:
    """Return the place in the change log up to which this transaction sees it.

    In PostgreSQL transactions do not commit in the order of their numbers, so it is a snapshot: which had ended.
    """
    if connection.dialect.name == "postgresql":
        return str(read_state(connection))
    return str(connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM search_changes").scalar())


def changes_since(connection: sa.Connection, mark: str) -> sa.TextClause | None:
    """Return a condition on the changes since a mark; None if some of them are no longer in the log."""
    if connection.dialect.name == "postgresql":
        oldest = int(mark.partition(":")[0])
        least, first = connection.exec_driver_sql("SELECT min(id), min(transaction_id) FROM search_changes").one()
        if least is not None and least > 1 and first > oldest:
            return None
        return sa.text(_SQL["unseen-changes"]).bindparams(oldest=oldest, mark=mark)
    # Two queries: SQLite reads the whole table for both in one.
    least = connection.exec_driver_sql("SELECT min(id) FROM search_changes").scalar()
    most = connection.exec_driver_sql("SELECT max(id) FROM search_changes").scalar()
    if (least or 1) > int(mark) + 1 or (most or 0) < int(mark):
        return None
    return sa.text("id > :mark").bindparams(mark=int(mark))
