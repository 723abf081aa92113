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

from sqlalchemy import JSON, Column, Connection, Table, select

from storage.callbacks import ProgressCallback, ignore_progress
from storage.errors import IndexFailure
from storage.index.engine.bulk import RowBatches, create_bulk_loader
from storage.index.engine.database import Database, translate_errors
from storage.index.engine.dialect import freeze_snapshot
from storage.index.engine.statements import AnyRow
from storage.index.schema.tables import Base, SearchChangeRow
from storage.index_address import sqlite_address, sqlite_file
from storage.places.folder import replace_durably

BATCH_SIZE = 5_000
"""Rows in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChecksum:
    """Number of rows of a table and a digest of them. Equal rows have equal checksums on SQLite and PostgreSQL."""

    rows: int
    digest: str
    """SHA-256 over all rows in key order, in hexadecimal."""


class ChecksumBuilder:
    """Computes the checksum of one table from its rows in key order."""

    def __init__(self, columns: Sequence[Column[Any]]) -> None:
        self._json_columns = [place for place, column in enumerate(columns) if isinstance(column.type, JSON)]
        self._digest = hashlib.sha256()
        self._rows = 0

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add the next rows."""
        self._rows += len(rows)
        if self._json_columns:
            formed = [list(row) for row in rows]
            for row, place in product(formed, self._json_columns):
                row[place] = json.dumps(row[place], sort_keys=True)  # PostgreSQL does not keep the order of keys
            rows = formed
        self._digest.update("".join(map(repr, map(tuple, rows))).encode())

    def finish(self) -> TableChecksum:
        """Return the checksum of all rows that were added."""
        return TableChecksum(rows=self._rows, digest=self._digest.hexdigest())


def iter_by_key(connection: Connection, table: Table, columns: Sequence[Any]) -> Iterator[Sequence[AnyRow]]:
    """Yield the rows of a table by primary key, in batches."""
    asked = select(*columns).order_by(*table.primary_key.columns)
    yield from connection.execute(asked, execution_options={"yield_per": BATCH_SIZE}).partitions()


def checksum_table(connection: Connection, table: Table) -> TableChecksum:
    """Return the checksum of a table."""
    columns = list(table.c)
    summing = ChecksumBuilder(columns)
    for rows in iter_by_key(connection, table, columns):
        summing.add(rows)
    return summing.finish()


_CHANGES = Base.metadata.tables[SearchChangeRow.__tablename__]
TABLES: tuple[Table, ...] = tuple(table for table in Base.metadata.sorted_tables if table is not _CHANGES)
"""All tables, referenced ones first; foreign keys are checked at the end, so circular references do not matter.

Not the change log of search: a copy has an identity of its own, so its search folder is made anew.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferredTable(TableChecksum):
    """A table that is the same in both databases."""

    table: str


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
        file = sqlite_file(target)
        if file is not None:
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
    _remove(fresh)
    opened = closing(Database.open(sqlite_address(fresh)))
    try:
        with opened as into:
            done = _fill(source, into, report, name=sqlite_address(file))
        _remove(file)
        replace_durably(fresh, file)
    except BaseException:
        _remove(fresh)
        raise
    return done


def _remove(file: Path) -> None:
    """Remove an SQLite file with its write-ahead log, which must not be applied to another database."""
    for name in (file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm")):
        name.unlink(missing_ok=True)


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
            sums: dict[str, TableChecksum] = {}
            for done, table in enumerate(TABLES):
                columns = list(table.c)
                summing = ChecksumBuilder(columns)
                tell = lambda rows, done=done, table=table: report(done, len(TABLES), f"{table.name}, {rows:,} rows")  # noqa: E731
                bulk.write(table, columns, _observe(iter_by_key(reading, table, columns), summing, tell))
                sums[table.name] = summing.finish()
        report(len(TABLES), len(TABLES), "indexes and references")
        bulk.end()
        for table in TABLES:
            sent, found = sums[table.name], checksum_table(writing, table)
            if sent != found:
                raise IndexFailure(
                    f"the copy of {table.name} differs from the source ({sent.rows:,} rows sent, {found.rows:,} found);"
                    " the copy was discarded, and the index is unchanged. Find the cause with: newsarchive doctor"
                )
        writing.commit()
    into.analyze()
    return _make_result(source.name, name or into.name, sums, copied=True)


def _observe(
    rows: RowBatches, summing: ChecksumBuilder, tell: Callable[[int], None]
) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield batches of rows unchanged, and add them to a checksum."""
    count = 0
    for some in rows:
        summing.add(some)
        count += len(some)
        tell(count)
        yield some


def _compare(source: Database, held: Database, report: ProgressCallback) -> TransferResult:
    """Compare with a target that is not empty: only an equal copy is accepted."""
    with source.read_transaction() as left, held.read_transaction() as right:
        freeze_snapshot(left)
        sums: dict[str, TableChecksum] = {}
        for done, table in enumerate(TABLES):
            report(done, len(TABLES), f"comparing {table.name}")
            sums[table.name] = checksum_table(left, table)
            if sums[table.name] != checksum_table(right, table):
                raise IndexFailure(
                    f"{held.name} is not empty, and its index differs from {source.name} (in {table.name}); nothing "
                    "was changed. Name an empty database, or empty that one"
                )
    return _make_result(source.name, held.name, sums, copied=False)


def _make_result(source: str, target: str, sums: dict[str, TableChecksum], *, copied: bool) -> TransferResult:
    tables = tuple(
        TransferredTable(table=table.name, rows=sums[table.name].rows, digest=sums[table.name].digest)
        for table in TABLES
    )
    return TransferResult(source=source, target=target, copied=copied, tables=tables)
