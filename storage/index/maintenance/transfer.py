"""An index copied from one database into another: every table, with its ids, and with what the schedule has learnt,
which a rebuild would lose.

    one state of the source --> rows in key order --> target, empty --> read back: all sums equal --> whole, or nothing

PostgreSQL takes all of it in one transaction, and an SQLite file is made beside and put in place at the end. So there
is no half of a copy: whatever broke it off, the target is as empty as before, and the same command begins anew.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select

from storage.errors import IndexFailure
from storage.index.engine.bulk import Bulk, Rows, bulk_into
from storage.index.engine.database import Database, naming_errors
from storage.index.maintenance.sums import Sum, Summing, compared, in_key_order, sum_of
from storage.index.schema.tables import Base, SearchDocumentRow
from storage.index.write.search_documents import make
from storage.index.write.settle import refresh_stale

SQLITE = "sqlite:///"
TABLES: tuple[Table, ...] = tuple(Base.metadata.sorted_tables)
"""All of them, those that others point to first; two that point at each other are no matter, as references are looked
at when all rows are there."""
_DOCUMENTS = Base.metadata.tables[SearchDocumentRow.__tablename__]
_ANALYSED_AT_ONCE = 500

Report = Callable[[int, int, str], None]
"""Is told how many tables of how many are done, and about what is under way."""


def quiet(done: int, total: int, detail: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSum:
    """What a table holds, in both databases."""

    table: str
    rows: int
    digest: str
    """SHA-256 over all rows in key order, in hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """What is in the target now."""

    source: str
    """Address, without password."""
    target: str
    copied: bool
    """False where the target held the same already."""
    tables: tuple[TableSum, ...]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables)


def transfer(source: str, target: str, report: Report = quiet) -> Transferred:
    """Copy the index at one SQLAlchemy URL to another, where there is none or an empty one.

    Nobody may write to either meanwhile. A target that holds the same already is left alone; one that holds anything
    else is IndexFailure.
    """
    if source == target:
        raise IndexFailure("that is where the index is already; nothing was changed. Name another database")
    held = Database.open(source, create=False)
    try:
        # A document that waits to be written anew is told by a mark alone, which says nothing in another form.
        refresh_stale(held.write)
        if target.startswith(SQLITE):
            return _to_file(held, Path(target.removeprefix(SQLITE)), report)
        into = Database.open(target)
        try:
            return _filled(held, into, report)
        finally:
            into.close()
    finally:
        held.close()


def _to_file(source: Database, file: Path, report: Report) -> Transferred:
    """Into an SQLite file: made beside, and put in place when it is whole."""
    if file.exists():
        there = Database.open(f"{SQLITE}{file}", create=False)
        try:
            if not _is_empty(there):
                return _same(source, there, report)
        finally:
            there.close()
    fresh = file.with_name(file.name + ".copying")
    _remove(fresh)
    into = Database.open(f"{SQLITE}{fresh}")
    try:
        try:
            done = _filled(source, into, report, name=f"{SQLITE}{file}")
        finally:
            into.close()
        _to_disk(fresh)
        _remove(file)
        fresh.replace(file)
    except BaseException:
        _remove(fresh)
        raise
    return done


def _to_disk(file: Path) -> None:
    """Have an SQLite file on the disk, whose log is closed and gone."""
    with file.open("rb+") as written:
        os.fsync(written.fileno())


def _remove(file: Path) -> None:
    """Remove an SQLite file and the two beside it: a write-ahead log must not outlive its database."""
    for name in (file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm")):
        name.unlink(missing_ok=True)


def _is_empty(database: Database) -> bool:
    with database.reading() as connection:
        return not any(connection.execute(select(1).select_from(table).limit(1)).first() for table in TABLES)


def _filled(source: Database, into: Database, report: Report, name: str | None = None) -> Transferred:
    """Copy every table into an empty index, and hold the copy against the source."""
    if not _is_empty(into):
        return _same(source, into, report)
    with naming_errors(into.name), into.engine.connect() as writing:
        # All databases look at one state of the source: nobody may write, and what somebody writes all the same is
        # in WARC files, from which the next crawl takes it up.
        with source.reading() as reading:
            _steady(reading)
            bulk = bulk_into(writing)
            bulk.begin()
            sums = dict(_copied(reading, writing, bulk, report))
        report(len(TABLES), len(TABLES), "indexes and references")
        bulk.end()
        for table in TABLES:
            _check(table.name, sums[table.name], sum_of(writing, table))
        writing.commit()
    into.analyze()
    return _told(source.name, name or into.name, sums, copied=True)


def _steady(connection: Connection) -> None:
    """Have PostgreSQL show one state for the whole transaction, as SQLite does anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _copied(reading: Connection, writing: Connection, bulk: Bulk, report: Report) -> Iterator[tuple[str, Sum]]:
    """Copy table by table; yields what went through."""
    # Documents are made last, from all other tables: each database has them in a form of its own.
    ordered = [*(table for table in TABLES if table is not _DOCUMENTS), _DOCUMENTS]
    for done, table in enumerate(ordered):
        summing = Summing(compared(table))
        tell = lambda rows, done=done, table=table: report(done, len(ordered), f"{table.name}, {rows:,} rows")  # noqa: E731
        if table is _DOCUMENTS:
            _make_documents(reading, writing, summing, tell)
        else:
            columns = list(table.c)
            bulk.write(table, columns, _passing(in_key_order(reading, table, columns), summing, tell))
        yield table.name, summing.sum()


def _make_documents(reading: Connection, writing: Connection, summing: Summing, tell: Callable[[int], None]) -> None:
    """Analyse anew what has been copied; of the source's documents only what is no word is read, to be compared."""
    if writing.dialect.name == "postgresql":
        # Else it would not know how large tables have become.
        writing.exec_driver_sql(f"ANALYZE {', '.join(table.name for table in TABLES)}")
    columns = compared(_DOCUMENTS)
    version, count = [column.name for column in columns].index("version_id"), 0
    for some in in_key_order(reading, _DOCUMENTS, columns):
        summing.add(some)
        ids = [row[version] for row in some]
        for start in range(0, len(ids), _ANALYSED_AT_ONCE):
            make(writing, ids[start : start + _ANALYSED_AT_ONCE])
        count += len(some)
        tell(count)


def _passing(rows: Rows, summing: Summing, tell: Callable[[int], None]) -> Iterator[Sequence[Sequence[Any]]]:
    """Rows on their way, added up."""
    count = 0
    for some in rows:
        summing.add(some)
        count += len(some)
        tell(count)
        yield some


def _same(source: Database, held: Database, report: Report) -> Transferred:
    """The target is not empty: it may be a copy that was made before, and nothing else."""
    with source.reading() as left, held.reading() as right:
        _steady(left)
        sums: dict[str, Sum] = {}
        for done, table in enumerate(TABLES):
            report(done, len(TABLES), f"comparing {table.name}")
            sums[table.name] = sum_of(left, table)
            if sums[table.name] != sum_of(right, table):
                raise IndexFailure(
                    f"{held.name} holds another index than {source.name} (they differ in {table.name}); nothing was "
                    "changed. Name a database that is empty, or empty that one"
                )
    return _told(source.name, held.name, sums, copied=False)


def _check(table: str, sent: Sum, found: Sum) -> None:
    if sent != found:
        raise IndexFailure(
            f"the copy of {table} is not what was copied ({sent.rows:,} rows sent, {found.rows:,} found, or other "
            "values in them); the copy was thrown away, and the index is as it was. See what is wrong with: "
            "newsarchive doctor"
        )


def _told(source: str, target: str, sums: dict[str, Sum], *, copied: bool) -> Transferred:
    tables = tuple(
        TableSum(table=table.name, rows=sums[table.name].rows, digest=sums[table.name].digest) for table in TABLES
    )
    return Transferred(source=source, target=target, copied=copied, tables=tables)
