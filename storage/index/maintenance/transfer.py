"""Copies an index from one database to another: all tables with their ids, and the state of the schedule, which a
rebuild would lose.

    snapshot of the source --> rows in key order --> empty target --> read back: checksums equal --> commit

The copy is atomic: PostgreSQL gets one transaction, and an SQLite file is written under another name and renamed at
the end. After an interruption the target is empty as before, and the same command starts again.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, Table, select

from storage.callbacks import ProgressCallback, ignore_progress
from storage.errors import IndexFailure
from storage.index.engine.bulk import create_bulk_loader
from storage.index.engine.database import Database, translate_errors
from storage.index.engine.dialect import freeze_snapshot
from storage.index.maintenance.replace_index import remove_log
from storage.index.schema.tables import METADATA, SearchChangeRow
from storage.index_address import sqlite_address, sqlite_file
from storage.places.folder import replace_durably

BATCH_SIZE = 5_000
"""Rows in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferredTable:
    """A table that is the same in both databases. Equal rows have equal digests on SQLite and PostgreSQL."""

    table: str
    rows: int
    digest: str
    """SHA-256 over all rows in key order, in hexadecimal."""


class TableReader:
    """Reads the rows of a table by primary key, in batches, and computes their checksum."""

    def __init__(self, connection: Connection, table: Table, tell: Callable[[int], None] = lambda _: None) -> None:
        self.columns = [column for column in table.c if column.computed is None]
        self._connection = connection
        self._table = table
        self._tell = tell
        self._digest = hashlib.sha256()
        self._rows = 0

    def __iter__(self) -> Iterator[Sequence[Sequence[Any]]]:
        """Yield the batches; `tell` is called with the number of rows so far."""
        json_columns = [place for place, column in enumerate(self.columns) if isinstance(column.type, JSON)]
        asked = select(*self.columns).order_by(*self._table.primary_key.columns)
        for rows in self._connection.execute(asked, execution_options={"yield_per": BATCH_SIZE}).partitions():
            self._rows += len(rows)
            # PostgreSQL does not keep the order of keys.
            formed: Any = [list(row) for row in rows] if json_columns else rows
            for row, place in product(formed, json_columns):
                row[place] = json.dumps(row[place], sort_keys=True)
            self._digest.update("".join(map(repr, map(tuple, formed))).encode())
            self._tell(self._rows)
            yield rows

    def finish(self) -> TransferredTable:
        """Return the checksum of the rows that were read."""
        return TransferredTable(table=self._table.name, rows=self._rows, digest=self._digest.hexdigest())


def checksum_table(connection: Connection, table: Table) -> TransferredTable:
    """Return the checksum of a table."""
    reader = TableReader(connection, table)
    for _ in reader:
        pass
    return reader.finish()


_CHANGES = METADATA.tables[SearchChangeRow.__table__.name]
TABLES: tuple[Table, ...] = tuple(table for table in METADATA.sorted_tables if table is not _CHANGES)
"""All tables, referenced ones first; foreign keys are checked at the end, so circular references do not matter.

Not the change log of search: a copy has an identity of its own, so its search folder is made anew.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferResult:
    """Contents of the target after a transfer."""

    source: str
    """URL without password."""
    target: str
    copied: bool
    """False if the target was an equal copy already."""
    tables: tuple[TransferredTable, ...]

    @property
    def rows(self) -> int:
        """Number of rows of all tables."""
        return sum(table.rows for table in self.tables)


def transfer_index(source: str, target: str, report: ProgressCallback = ignore_progress) -> TransferResult:
    """Copy the index at one SQLAlchemy URL to another, which must not exist or be empty.

    No process may write to either. A target with an equal copy is not changed; any other content is IndexFailure.
    """
    if source == target:
        raise IndexFailure("the index is in that database already; nothing was changed. Name another database")
    with closing(Database.open(source, create=False)) as held:
        if (file := sqlite_file(target)) is not None:
            return _transfer_to_file(held, file, report)
        with closing(Database.open(target)) as into:
            return _fill(held, into, report)


def _transfer_to_file(source: Database, file: Path, report: ProgressCallback) -> TransferResult:
    """Copy into an SQLite file, which is written under another name and renamed at the end."""
    if file.exists():
        with closing(Database.open(sqlite_address(file), create=False)) as there:
            if not _is_empty(there):
                return _compare(source, there, report)
    fresh = file.with_name(file.name + ".copying")
    try:
        fresh.unlink(missing_ok=True)
        remove_log(fresh)
        with closing(Database.open(sqlite_address(fresh))) as into:
            done = _fill(source, into, report, name=sqlite_address(file))
        remove_log(file)
        replace_durably(fresh, file)
    finally:  # nothing is left of it where it is in place
        fresh.unlink(missing_ok=True)
        remove_log(fresh)
    return done


def _is_empty(database: Database) -> bool:
    with database.read_transaction() as connection:
        return not any(connection.execute(select(1).select_from(table).limit(1)).first() for table in TABLES)


def _fill(source: Database, into: Database, report: ProgressCallback, name: str | None = None) -> TransferResult:
    """Copy all tables into an empty index, and compare the copy with the source."""
    if not _is_empty(into):
        return _compare(source, into, report)
    with translate_errors(into.name), into.engine.connect() as writing:
        # One snapshot of the source: if a process writes nevertheless, the next crawl indexes its WARC files again.
        with source.read_transaction() as reading:
            freeze_snapshot(reading)
            bulk = create_bulk_loader(writing)
            bulk.begin()
            sums: list[TransferredTable] = []
            for done, table in enumerate(TABLES):
                tell = lambda rows, done=done, table=table: report(done, len(TABLES), f"{table.name}, {rows:,} rows")  # noqa: E731
                reader = TableReader(reading, table, tell)
                bulk.write(table, reader.columns, reader)
                sums.append(reader.finish())
        report(len(TABLES), len(TABLES), "indexes and references")
        bulk.end()
        for table, sent in zip(TABLES, sums, strict=True):
            found = checksum_table(writing, table)
            if sent != found:
                raise IndexFailure.create("copy-differs", table=table.name, sent=sent.rows, found=found.rows)
        writing.commit()
    into.analyze()
    return TransferResult(source=source.name, target=name or into.name, copied=True, tables=tuple(sums))


def _compare(source: Database, held: Database, report: ProgressCallback) -> TransferResult:
    """Compare with a target that is not empty: only an equal copy is accepted."""
    with source.read_transaction() as left, held.read_transaction() as right:
        freeze_snapshot(left)
        sums = []
        for done, table in enumerate(TABLES):
            report(done, len(TABLES), f"comparing {table.name}")
            sums.append(checksum_table(left, table))
            if sums[-1] != checksum_table(right, table):
                raise IndexFailure.create("target-not-empty", target=held.name, source=source.name, table=table.name)
    return TransferResult(source=source.name, target=held.name, copied=False, tables=tuple(sums))
