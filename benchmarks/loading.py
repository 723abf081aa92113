"""Ways of putting rows into PostgreSQL: the one that a commit uses, and COPY.

    python -m benchmarks.loading postgresql+psycopg://.../DATABASE [--articles 400] [--rounds 3]

The database must be empty, and on this machine: what counts is CPU time, of this process and of the server's, which
other work does not lengthen. Rows of an invented archive go into four tables with all their indexes, in batches as
large as those of a rebuild, by one INSERT from arrays (what storage.index does), by COPY into a staging table and an
INSERT from there that skips what is held already, and by COPY alone, which cannot skip anything.
"""

import argparse
import os
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Text, cast, select

from benchmarks.generate import Maker, write
from storage.index.engine.database import Database
from storage.index.engine.statements import insert_columns
from storage.index.schema.tables import METADATA, ROW_CLASSES

BATCHES = {"captures": 256, "paragraphs": 2_000, "links": 10_000}
"""Rows that 256 pages bring, which a rebuild commits together."""
_TICKS = os.sysconf("SC_CLK_TCK")

Rows = Sequence[Sequence[Any]]
Way = Callable[[Connection, str, list[str], Rows], None]


def by_arrays(connection: Connection, table: str, names: list[str], rows: Rows) -> None:
    """One INSERT, with an array for each column."""
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    insert_columns(connection, ROW_CLASSES[table], columns, conflict_columns=[_key(table)])


def by_staging(connection: Connection, table: str, names: list[str], rows: Rows) -> None:
    """COPY into a staging table, then an INSERT from there."""
    connection.exec_driver_sql(f"CREATE TEMP TABLE IF NOT EXISTS staging_{table} (LIKE {table})")
    _copy(connection, f"staging_{table}", names, rows)
    key, into = _key(table), ", ".join(names)
    connection.exec_driver_sql(
        f"INSERT INTO {table} ({into}) SELECT {into} FROM staging_{table} ORDER BY {key} ON CONFLICT ({key}) DO NOTHING"
    )
    connection.exec_driver_sql(f"TRUNCATE staging_{table}")


def by_copy(connection: Connection, table: str, names: list[str], rows: Rows) -> None:
    """COPY alone."""
    _copy(connection, table, names, rows)


WAYS: dict[str, Way] = {"arrays": by_arrays, "staging": by_staging, "COPY alone": by_copy}


def _copy(connection: Connection, table: str, names: list[str], rows: Rows) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _key(table: str) -> str:
    return {"links": "group_id, position"}.get(table, "id")


def _cpu(process: int | str) -> float:
    """CPU seconds of a process until now."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _batches(rows: Rows, size: int) -> Iterator[Rows]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _rows(connection: Connection, table: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    columns = METADATA.tables[table].c
    asked = [cast(column, Text).label(column.name) if column.name == "terms" else column for column in columns]
    found = [tuple(row) for row in connection.execute(select(*asked))]
    return [column.name for column in columns], found


def measure_load(database: Database, way: Way, table: str, names: list[str], rows: Rows) -> tuple[float, float]:
    """CPU seconds of this process and of the server's, for all rows into the empty table."""
    with database.engine.connect() as connection:
        server = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        # References and triggers cost each way the same, and other tables are empty here.
        connection.exec_driver_sql("SET session_replication_role = replica")
        connection.exec_driver_sql(f"TRUNCATE {table} CASCADE")
        connection.commit()
        before = _cpu("self"), _cpu(server)
        for batch in _batches(rows, BATCHES[table]):
            way(connection, table, names, batch)
            connection.commit()
        return _cpu("self") - before[0], _cpu(server) - before[1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index")
    parser.add_argument("--articles", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    database = Database.open(given.index)
    maker = Maker(given.articles, seed=7)
    maker.beginning()
    write(database, maker, 1, given.articles + 1)
    with database.read_transaction() as connection:
        held = {table: _rows(connection, table) for table in BATCHES}
    print(
        "| table | rows | way | CPU s here | CPU s server | rows a CPU second |\n| --- | --- | --- | --- | --- | --- |"
    )
    for table, (names, rows) in held.items():
        taken: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        for _ in range(given.rounds):
            for name in random.sample(list(WAYS), len(WAYS)):
                taken[name].append(measure_load(database, WAYS[name], table, names, rows))
        for name, times in taken.items():
            here, server = min(times, key=sum)
            rate = len(rows) / max(here + server, 1 / _TICKS)
            print(f"| {table} | {len(rows):,} | {name} | {here:.2f} | {server:.2f} | {rate:,.0f} |", flush=True)
    database.close()


if __name__ == "__main__":
    main()
