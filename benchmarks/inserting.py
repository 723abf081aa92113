"""The rows of a finished index, put into an empty one: what SQL costs, whatever else an archive does."""

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EVERY = 50
"""Captures in a transaction, as in a crawl."""
_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-65536", "temp_store=MEMORY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All that an SQLite index holds."""

    schema: tuple[str, ...]
    tables: dict[str, list[tuple[object, ...]]]

    @property
    def count(self) -> int:
        """Number of rows."""
        return sum(map(len, self.tables.values()))


def rows_of(file: Path) -> Rows:
    """Read an index."""
    with sqlite3.connect(file) as connection:
        made = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        # SQLite makes its own tables for itself; what triggers write is among the rows.
        made = [each for each in made if not each[1].startswith("sqlite_") and each[0] != "trigger"]
        names = [name for kind, name, sql in made if kind == "table" and not sql.startswith("CREATE VIRTUAL")]
        tables = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}
    connection.close()
    order = ("table", "index", "view")
    schema = tuple(sql for _, _, sql in sorted(made, key=lambda each: order.index(each[0])))
    return Rows(schema=schema, tables=tables)


def insert_rows(rows: Rows, file: Path, captures: int) -> float:
    """Insert them in as many transactions as a crawl of so many captures needs; returns CPU seconds."""
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    for sql in rows.schema:
        connection.execute(sql)
    steps = max(captures // EVERY, 1)
    began = time.process_time()
    for step in range(steps):
        connection.execute("BEGIN IMMEDIATE")
        for name, held in rows.tables.items():
            _insert(connection, f'INSERT INTO "{name}" VALUES', _part(held, step, steps))
        connection.execute("COMMIT")
    took = time.process_time() - began
    connection.close()
    return took


def _insert(connection: sqlite3.Connection, into: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        connection.executemany(f"{into} ({', '.join('?' * len(rows[0]))})", rows)


def _part(rows: Sequence[tuple[object, ...]], step: int, steps: int) -> Sequence[tuple[object, ...]]:
    return rows[len(rows) * step // steps : len(rows) * (step + 1) // steps]
