"""A new SQLite file that takes the place of a lost one."""

import sqlite3
from contextlib import closing
from pathlib import Path

from storage.index.maintenance.replace_index import prepare_replacement


def test_the_log_of_a_lost_file_is_not_applied_to_the_new_one(tmp_path: Path) -> None:
    """SQLite would write its pages over those of the new file."""
    file, log = tmp_path / "index.sqlite3", tmp_path / "index.sqlite3-wal"
    with closing(sqlite3.connect(file)) as lost:
        lost.execute("PRAGMA journal_mode = wal")
        lost.execute("CREATE TABLE lost (id INTEGER)")
        pages = log.read_bytes()
    replacement = prepare_replacement(f"sqlite:///{file}")
    with closing(sqlite3.connect(f"{file}.rebuilding")) as fresh:
        fresh.execute("PRAGMA journal_mode = wal")
        fresh.execute("CREATE TABLE fresh (id INTEGER)")
    file.unlink()
    log.write_bytes(pages)
    replacement.swap()
    with closing(sqlite3.connect(file)) as opened:
        assert opened.execute("SELECT name FROM sqlite_master").fetchall() == [("fresh",)]
