"""Bulk loading of whole tables into an empty index; indexes, foreign keys and triggers are created over all rows."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import JSON, Column, Connection, Table, text
from sqlalchemy.exc import OperationalError

from storage.errors import IndexFailure
from storage.index.engine.statements import build_query, insert_columns, load_statements
from storage.index.schema.tables import ROW_CLASSES

RowBatches = Iterable[Sequence[Sequence[Any]]]
"""Batches of rows, each row with a value for each column as SQLAlchemy returns it."""
_STATEMENTS = load_statements("storage.index.engine", "bulk.sql")
_OBJECTS = build_query(_STATEMENTS["objects"], ["tables"])


class _PostgresLoader:
    """Loads by COPY in the caller's transaction: nothing is visible before it ends, and nothing remains if it fails."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._deferred: list[str] = []

    def begin(self) -> None:
        """Empty all tables, and drop what slows inserts down."""
        run = self._connection.exec_driver_sql
        # Fail instead of waiting for long if somebody else uses one of the tables.
        run("SET LOCAL lock_timeout = '10s'")
        run("SET LOCAL maintenance_work_mem = '256MB'")
        names = sorted(ROW_CLASSES)
        run(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
        constraints = self._connection.execute(text(_STATEMENTS["constraints"]), {"names": names}).all()
        for table, name, _, definition in sorted(constraints, key=lambda row: row.contype):  # foreign keys, then unique
            run(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            self._deferred.insert(0, f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        for name, definition in self._connection.execute(text(_STATEMENTS["indexes"]), {"names": names}).all():
            run(f"DROP INDEX {name}")
            self._deferred.insert(0, definition)
        for name in names:
            run(f"ALTER TABLE {name} DISABLE TRIGGER USER")
            self._deferred.append(f"ALTER TABLE {name} ENABLE TRIGGER USER")
        # COPY ... FREEZE needs tables that are truncated in the same transaction; their rows need no vacuum.
        run(f"TRUNCATE {', '.join(names)} RESTART IDENTITY")

    def write(self, table: Table, columns: Sequence[Column[Any]], rows: RowBatches) -> None:
        """Insert rows, which are in key order."""
        dialect = self._connection.dialect
        # Conversions to what COPY takes, by the place of the column; most values need none.
        processors: list[tuple[int, Any]] = [
            (place, column.type.dialect_impl(dialect).bind_processor(dialect))
            for place, column in enumerate(columns)
            if isinstance(column.type, JSON)
        ]
        names = ", ".join(column.name for column in columns)
        driver: Any = self._connection.connection.driver_connection
        statement = f"COPY {table.name} ({names}) FROM STDIN (FREEZE)"
        try:
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                for batch in rows:
                    for row in batch:
                        values: Any = list(row) if processors else row
                        for place, process in processors:
                            values[place] = process(values[place])
                        copy.write_row(values)
        except dialect.loaded_dbapi.Error as error:
            # As SQLAlchemy would raise it.
            raise OperationalError(statement, None, error) from error

    def end(self) -> None:
        """Create again what was dropped, which checks all rows."""
        for statement in self._deferred:
            self._connection.exec_driver_sql(statement)
        for name, row in ROW_CLASSES.items():
            if "id" in row.__table__.c:
                # names are those of our tables
                last = f"SELECT setval('{name}_id_seq', greatest(max(id), 1), max(id) IS NOT NULL) FROM {name}"  # noqa: S608
                self._connection.exec_driver_sql(last)


class _SqliteLoader:
    """Loads by inserts into a file that nobody else has open, so each batch is committed at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._deferred: list[str] = []

    def begin(self) -> None:
        driver: Any = self._connection.connection.driver_connection
        # Outside of a transaction. After a crash the file is deleted.
        for pragma in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-262144"):
            driver.execute(f"PRAGMA {pragma}")
        for kind, name, sql in self._connection.execute(_OBJECTS, {"tables": sorted(ROW_CLASSES)}).all():
            self._connection.exec_driver_sql(f"DROP {kind.upper()} {name}")
            self._deferred.append(sql)
        self._connection.commit()

    def write(self, table: Table, columns: Sequence[Column[Any]], rows: RowBatches) -> None:
        names = [column.name for column in columns]
        for batch in rows:
            values = dict(zip(names, zip(*batch, strict=True), strict=True))
            insert_columns(self._connection, ROW_CLASSES[table.name], values)
            self._connection.commit()

    def end(self) -> None:
        for statement in self._deferred:
            self._connection.exec_driver_sql(statement)
        missing = self._connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if missing is not None:
            raise IndexFailure.create("dangling-row", table=missing[0], other=missing[2])


BulkLoader: TypeAlias = _PostgresLoader | _SqliteLoader
"""Loads whole tables into an empty index."""


def create_bulk_loader(connection: Connection) -> BulkLoader:
    """Return the bulk loader of this database."""
    return _PostgresLoader(connection) if connection.dialect.name == "postgresql" else _SqliteLoader(connection)
