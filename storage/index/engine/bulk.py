"""Loading whole tables into an empty index: what each row would have to pass (indexes, references, triggers) is put
aside first, and made again over all rows at once.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from sqlalchemy import JSON, Column, Connection, Table, bindparam, text
from sqlalchemy.exc import OperationalError

from storage.errors import IndexFailure
from storage.index.engine.database import insert_columns
from storage.index.schema.tables import Base

Rows = Iterable[Sequence[Sequence[Any]]]
"""Rows, some at a time, each with a value for each column as SQLAlchemy gives it."""
ROWS_OF: dict[str, type[Base]] = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}


class Bulk(Protocol):
    """The one way into an empty index for whole tables."""

    def begin(self) -> None:
        """Put aside what slows; all tables are empty then."""

    def write(self, table: Table, columns: Sequence[Column[Any]], rows: Rows) -> None:
        """Write rows, which come in key order."""

    def end(self) -> None:
        """Make again what was put aside, which looks at all rows."""


def bulk_into(connection: Connection) -> Bulk:
    """How rows are loaded into this database."""
    return _IntoPostgres(connection) if connection.dialect.name == "postgresql" else _IntoSqlite(connection)


class _IntoPostgres:
    """By COPY, all in the caller's transaction: until its end nobody sees any of it, and its failure leaves nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._again: list[str] = []

    def begin(self) -> None:
        run = self._connection.exec_driver_sql
        # Who has one of these tables open waits for us; we do not wait for whoever has them.
        run("SET LOCAL lock_timeout = '10s'")
        run("SET LOCAL maintenance_work_mem = '256MB'")
        names = sorted(ROWS_OF)
        run(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
        constraints = self._connection.execute(_CONSTRAINTS, {"names": names}).all()
        for table, name, _, definition in sorted(constraints, key=lambda row: row.contype):  # foreign keys, then unique
            run(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            self._again.insert(0, f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        for name, definition in self._connection.execute(_INDEXES, {"names": names}).all():
            run(f"DROP INDEX {name}")
            self._again.insert(0, definition)
        for name in names:
            run(f"ALTER TABLE {name} DISABLE TRIGGER USER")
            self._again.append(f"ALTER TABLE {name} ENABLE TRIGGER USER")
        # Emptied in this transaction, tables take rows that need no vacuum any more (FREEZE).
        run(f"TRUNCATE {', '.join(names)} RESTART IDENTITY")

    def write(self, table: Table, columns: Sequence[Column[Any]], rows: Rows) -> None:
        processors = _processors(self._connection, columns)
        names = ", ".join(column.name for column in columns)
        driver: Any = self._connection.connection.driver_connection
        copying = f"COPY {table.name} ({names}) FROM STDIN (FREEZE)"
        try:
            with driver.cursor() as cursor, cursor.copy(copying) as copy:
                for some in rows:
                    for row in _processed(some, processors):
                        copy.write_row(row)
        except self._connection.dialect.loaded_dbapi.Error as error:
            # As SQLAlchemy would have told it, had it run this.
            raise OperationalError(copying, None, error) from error

    def end(self) -> None:
        for statement in self._again:
            self._connection.exec_driver_sql(statement)
        for name, row in ROWS_OF.items():
            if "id" in row.__table__.c:
                # names are those of our tables
                last = f"SELECT setval('{name}_id_seq', greatest(max(id), 1), max(id) IS NOT NULL) FROM {name}"  # noqa: S608
                self._connection.exec_driver_sql(last)


_CONSTRAINTS = text(
    "SELECT conrelid::regclass::text AS of, conname, contype, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE contype IN ('f', 'u') AND conrelid IN"
    " (SELECT to_regclass(name) FROM unnest(CAST(:names AS text[])) AS name) ORDER BY conname"
)
_INDEXES = text(
    "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
    " WHERE NOT indisprimary AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"
    " AND indrelid IN (SELECT to_regclass(name) FROM unnest(CAST(:names AS text[])) AS name) ORDER BY 1"
)


class _IntoSqlite:
    """By many inserts into a file that nobody else knows of, so that each batch may be committed at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._again: list[str] = []

    def begin(self) -> None:
        driver: Any = self._connection.connection.driver_connection
        # Not within a transaction. What a crash leaves of the file is thrown away.
        for pragma in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-262144"):
            driver.execute(f"PRAGMA {pragma}")
        for kind, name, sql in self._connection.execute(_MADE, {"tables": sorted(ROWS_OF)}).all():
            self._connection.exec_driver_sql(f"DROP {kind.upper()} {name}")
            self._again.append(sql)
        self._connection.commit()

    def write(self, table: Table, columns: Sequence[Column[Any]], rows: Rows) -> None:
        names = [column.name for column in columns]
        for some in rows:
            insert_columns(
                self._connection, ROWS_OF[table.name], dict(zip(names, zip(*some, strict=True), strict=True))
            )
            self._connection.commit()

    def end(self) -> None:
        for statement in self._again:
            self._connection.exec_driver_sql(statement)
        lost = self._connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if lost is not None:
            raise IndexFailure(
                f"a row of {lost[0]} points to one of {lost[2]} that is not there, so the index is damaged; the WARC "
                "files are untouched. Make it anew from them with: newsarchive rebuild"
            )


_MADE = text(
    "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    " AND tbl_name IN :tables ORDER BY rowid"
).bindparams(bindparam("tables", expanding=True))


def _processors(connection: Connection, columns: Sequence[Column[Any]]) -> list[tuple[int, Any]]:
    """What turns a value into what COPY writes, by place: most values go as they are."""
    return [
        (place, column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect))
        for place, column in enumerate(columns)
        if isinstance(column.type, JSON)
    ]


def _processed(rows: Sequence[Sequence[Any]], processors: Sequence[tuple[int, Any]]) -> Iterable[Sequence[Any]]:
    if not processors:
        return rows
    processed = []
    for row in rows:
        values = list(row)
        for place, process in processors:
            values[place] = process(values[place])
        processed.append(values)
    return processed
