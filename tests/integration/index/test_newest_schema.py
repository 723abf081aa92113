"""A new index has the schema that migrations make, though it is not made by them."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine

from storage.index import Index
from storage.index.engine.database import HEAD
from storage.index.schema.newest import SCRIPT
from storage.index.schema.upgrade import upgrade

OF_FTS5 = ("search_data", "search_idx", "search_docsize", "search_config")
"""Tables that come with the inverted index."""


def test_a_new_index_is_what_migrations_make(tmp_path: Path) -> None:
    """To the letter. After a new migration, write it down with: NEWSARCHIVE_SCHEMA=write pytest FILE."""
    old, new = tmp_path / "old.sqlite3", tmp_path / "new.sqlite3"
    engine = create_engine(f"sqlite:///{old}")
    with engine.begin() as connection:
        upgrade(connection, HEAD, create=True)
    engine.dispose()
    if os.environ.get("NEWSARCHIVE_SCHEMA") == "write":
        SCRIPT.write_text("\n\n".join(_statements(old)) + "\n", "utf-8")
    Index.open(f"sqlite:///{new}").close()
    assert _said(new) == _said(old)


def test_a_new_index_is_made_without_migrations(tmp_path: Path) -> None:
    """Alembic takes longer than all else that a first crawl does before it asks for a page."""
    opening = f"import sys; from storage.index import Index; Index.open('sqlite:///{tmp_path}/new.sqlite3').close()"
    done = subprocess.run(
        [sys.executable, "-c", f"{opening}; print('alembic' in sys.modules)"], capture_output=True, check=True
    )
    assert done.stdout == b"False\n"


def _statements(file: Path) -> list[str]:
    """What makes the schema of a database, and the rows that it begins with."""
    with closing(sqlite3.connect(file)) as connection:
        made = [(name, sql) for name, sql in connection.execute("SELECT name, sql FROM sqlite_master") if sql]
    tidy = ["\n".join(filter(None, map(str.rstrip, sql.splitlines()))) for name, sql in made if name not in OF_FTS5]
    return [*tidy, f"INSERT INTO alembic_version (version_num) VALUES ('{HEAD}')"]


def _said(file: Path) -> dict[str, object]:
    """All that a database holds, by name: how it was made, save for white space and quotation marks, and its rows."""
    with closing(sqlite3.connect(file)) as connection:
        made = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
        return {
            name: (kind, table, " ".join((sql or "").replace("'", '"').split()), _rows(connection, kind, name))
            for kind, name, table, sql in made
        }


def _rows(connection: sqlite3.Connection, kind: str, name: str) -> list[object]:
    return connection.execute(f"SELECT * FROM {name}").fetchall() if kind == "table" else []
