"""An index copied from one database into another: every table, with its ids, and with what the schedule has learnt,
which a rebuild would lose.

    one state of the source --> rows in key order --> target, empty --> read back: all sums equal --> whole, or nothing

PostgreSQL takes all of it in one transaction, and an SQLite file is made beside and put in place at the end. So there
is no half of a copy: whatever broke it off, the target is as empty as before, and the same command begins anew.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, Connection, Table, select

from storage.callbacks import ProgressCallback, ignore_progress
from storage.errors import IndexFailure
from storage.index.engine.bulk import BulkLoader, RowBatches, create_bulk_loader
from storage.index.engine.database import Database, translate_errors
from storage.index.engine.statements import AnyRow
from storage.index.schema.tables import Base, SearchDocumentRow
from storage.index.write.search_documents import add_documents
from storage.index.write.settle import rewrite_stale_documents
from storage.places.atomic_write import replace_durably

BATCH_SIZE = 5_000
"""Rows that are held at a time."""
DIALECT_COLUMNS = [SearchDocumentRow.__table__.c[name] for name in ("terms", "bigram_signature")]
"""The columns that each database has in another form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChecksum:
    """What a table holds, in two words."""

    rows: int
    digest: str
    """SHA-256 over all rows in key order, in hexadecimal."""


class ChecksumBuilder:
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

    def finish(self) -> TableChecksum:
        """Of all rows until now."""
        return TableChecksum(rows=self._rows, digest=self._digest.hexdigest())


def portable_columns(table: Table) -> list[Column[Any]]:
    """The columns that are the same on both databases: all but two."""
    return [column for column in table.c if not any(column is own for own in DIALECT_COLUMNS)]


def iter_by_key(connection: Connection, table: Table, columns: Sequence[Any]) -> Iterator[Sequence[AnyRow]]:
    """All rows of a table by its primary key, some at a time."""
    asked = select(*columns).order_by(*table.primary_key.columns)
    yield from connection.execute(asked, execution_options={"yield_per": BATCH_SIZE}).partitions()


def checksum_table(connection: Connection, table: Table) -> TableChecksum:
    """Read a table and add it up."""
    columns = portable_columns(table)
    summing = ChecksumBuilder(columns)
    for rows in iter_by_key(connection, table, columns):
        summing.add(rows)
    return summing.finish()


SQLITE = "sqlite:///"
TABLES: tuple[Table, ...] = tuple(Base.metadata.sorted_tables)
"""All of them, those that others point to first; two that point at each other are no matter, as references are looked
at when all rows are there."""
_DOCUMENTS = Base.metadata.tables[SearchDocumentRow.__tablename__]
_ANALYSED_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferredTable:
    """What a table holds, in both databases."""

    table: str
    rows: int
    digest: str
    """SHA-256 over all rows in key order, in hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferResult:
    """What is in the target now."""

    source: str
    """Address, without password."""
    target: str
    copied: bool
    """False where the target held the same already."""
    tables: tuple[TransferredTable, ...]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables)


def transfer_index(source: str, target: str, report: ProgressCallback = ignore_progress) -> TransferResult:
    """Copy the index at one SQLAlchemy URL to another, where there is none or an empty one.

    Nobody may write to either meanwhile. A target that holds the same already is left alone; one that holds anything
    else is IndexFailure.
    """
    if source == target:
        raise IndexFailure("that is where the index is already; nothing was changed. Name another database")
    held = Database.open(source, create=False)
    try:
        # A document that waits to be written anew is told by a mark alone, which says nothing in another form.
        rewrite_stale_documents(held.write)
        if target.startswith(SQLITE):
            return _transfer_to_file(held, Path(target.removeprefix(SQLITE)), report)
        into = Database.open(target)
        try:
            return _fill(held, into, report)
        finally:
            into.close()
    finally:
        held.close()


def _transfer_to_file(source: Database, file: Path, report: ProgressCallback) -> TransferResult:
    """Into an SQLite file: made beside, and put in place when it is whole."""
    if file.exists():
        there = Database.open(f"{SQLITE}{file}", create=False)
        try:
            if not _is_empty(there):
                return _compare(source, there, report)
        finally:
            there.close()
    fresh = file.with_name(file.name + ".copying")
    _remove(fresh)
    into = Database.open(f"{SQLITE}{fresh}")
    try:
        try:
            done = _fill(source, into, report, name=f"{SQLITE}{file}")
        finally:
            into.close()
        _remove(file)
        replace_durably(fresh, file)
    except BaseException:
        _remove(fresh)
        raise
    return done


def _remove(file: Path) -> None:
    """Remove an SQLite file and the two beside it: a write-ahead log must not outlive its database."""
    for name in (file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm")):
        name.unlink(missing_ok=True)


def _is_empty(database: Database) -> bool:
    with database.read_transaction() as connection:
        return not any(connection.execute(select(1).select_from(table).limit(1)).first() for table in TABLES)


def _fill(source: Database, into: Database, report: ProgressCallback, name: str | None = None) -> TransferResult:
    """Copy every table into an empty index, and hold the copy against the source."""
    if not _is_empty(into):
        return _compare(source, into, report)
    with translate_errors(into.name), into.engine.connect() as writing:
        # All databases look at one state of the source: nobody may write, and what somebody writes all the same is
        # in WARC files, from which the next crawl takes it up.
        with source.read_transaction() as reading:
            _begin_snapshot(reading)
            bulk = create_bulk_loader(writing)
            bulk.begin()
            sums = dict(_copy_tables(reading, writing, bulk, report))
        report(len(TABLES), len(TABLES), "indexes and references")
        bulk.end()
        for table in TABLES:
            _require_equal(table.name, sums[table.name], checksum_table(writing, table))
        writing.commit()
    into.analyze()
    return _make_result(source.name, name or into.name, sums, copied=True)


def _begin_snapshot(connection: Connection) -> None:
    """Have PostgreSQL show one state for the whole transaction, as SQLite does anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _copy_tables(
    reading: Connection, writing: Connection, bulk: BulkLoader, report: ProgressCallback
) -> Iterator[tuple[str, TableChecksum]]:
    """Copy table by table; yields what went through."""
    # Documents are made last, from all other tables: each database has them in a form of its own.
    ordered = [*(table for table in TABLES if table is not _DOCUMENTS), _DOCUMENTS]
    for done, table in enumerate(ordered):
        summing = ChecksumBuilder(portable_columns(table))
        tell = lambda rows, done=done, table=table: report(done, len(ordered), f"{table.name}, {rows:,} rows")  # noqa: E731
        if table is _DOCUMENTS:
            _write_documents(reading, writing, summing, tell)
        else:
            columns = list(table.c)
            bulk.write(table, columns, _observe(iter_by_key(reading, table, columns), summing, tell))
        yield table.name, summing.finish()


def _write_documents(
    reading: Connection, writing: Connection, summing: ChecksumBuilder, tell: Callable[[int], None]
) -> None:
    """Analyse anew what has been copied; of the source's documents only what is no word is read, to be compared."""
    if writing.dialect.name == "postgresql":
        # Else it would not know how large tables have become.
        writing.exec_driver_sql(f"ANALYZE {', '.join(table.name for table in TABLES)}")
    columns = portable_columns(_DOCUMENTS)
    version, count = [column.name for column in columns].index("version_id"), 0
    for some in iter_by_key(reading, _DOCUMENTS, columns):
        summing.add(some)
        ids = [row[version] for row in some]
        for start in range(0, len(ids), _ANALYSED_AT_ONCE):
            add_documents(writing, ids[start : start + _ANALYSED_AT_ONCE])
        count += len(some)
        tell(count)


def _observe(
    rows: RowBatches, summing: ChecksumBuilder, tell: Callable[[int], None]
) -> Iterator[Sequence[Sequence[Any]]]:
    """Rows on their way, added up."""
    count = 0
    for some in rows:
        summing.add(some)
        count += len(some)
        tell(count)
        yield some


def _compare(source: Database, held: Database, report: ProgressCallback) -> TransferResult:
    """The target is not empty: it may be a copy that was made before, and nothing else."""
    with source.read_transaction() as left, held.read_transaction() as right:
        _begin_snapshot(left)
        sums: dict[str, TableChecksum] = {}
        for done, table in enumerate(TABLES):
            report(done, len(TABLES), f"comparing {table.name}")
            sums[table.name] = checksum_table(left, table)
            if sums[table.name] != checksum_table(right, table):
                raise IndexFailure(
                    f"{held.name} holds another index than {source.name} (they differ in {table.name}); nothing was "
                    "changed. Name a database that is empty, or empty that one"
                )
    return _make_result(source.name, held.name, sums, copied=False)


def _require_equal(table: str, sent: TableChecksum, found: TableChecksum) -> None:
    if sent != found:
        raise IndexFailure(
            f"the copy of {table} is not what was copied ({sent.rows:,} rows sent, {found.rows:,} found, or other "
            "values in them); the copy was thrown away, and the index is as it was. See what is wrong with: "
            "newsarchive doctor"
        )


def _make_result(source: str, target: str, sums: dict[str, TableChecksum], *, copied: bool) -> TransferResult:
    tables = tuple(
        TransferredTable(table=table.name, rows=sums[table.name].rows, digest=sums[table.name].digest)
        for table in TABLES
    )
    return TransferResult(source=source, target=target, copied=copied, tables=tables)
