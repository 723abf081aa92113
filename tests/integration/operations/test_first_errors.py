"""Errors that name the cause, the right database and the right next command."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from procrastinate import exceptions

from newsarchive.archive import Archive
from newsarchive.config.toml_file import load_config
from newsarchive.jobs.worker import describe_cause
from newsarchive.operations.doctor import check_index
from newsarchive.operations.health import Severity
from storage.errors import IndexFailure
from storage.index import Index
from storage.index.engine.bulk import create_bulk_loader
from storage.index.maintenance import transfer
from storage.index.maintenance.transfer import transfer_index
from storage.index_address import sqlite_address

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)


def test_a_worker_that_ends_says_what_the_database_said() -> None:
    """Procrastinate's errors say "Database error." alone, and have the driver's as their cause."""
    problem = exceptions.ConnectorException()
    problem.__cause__ = psycopg.OperationalError("connection refused\n  by the server")
    assert describe_cause(problem) == "connection refused by the server"
    assert describe_cause(ValueError()) == "ValueError"


@pytest.mark.parametrize("warcs", [False, True], ids=["new", "with WARC files"])
def test_doctor_says_rebuild_only_where_there_are_warc_files(tmp_path: Path, warcs: bool) -> None:
    """A database without an index is as it should be before the first crawl of a new cluster."""
    Archive.init(tmp_path / "a").close()
    config = load_config(tmp_path / "a")
    file = tmp_path / "a" / "index.sqlite3"
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE notes (text)")
    if warcs:
        (config.warc_folder / "old.warc.gz").write_bytes(b"x")
    finding = check_index(config)
    assert finding.severity is (Severity.ERROR if warcs else Severity.WARNING)
    assert ("newsarchive rebuild" in str(finding)) is warcs
    assert warcs or finding.command == "newsarchive crawl"


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_move_blames_the_database_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: str) -> None:
    """The rows of one are read while those of the other are written."""
    addresses = {name: sqlite_address(tmp_path / f"{name}.sqlite3") for name in ("source", "target")}
    with closing(Index.open(addresses["source"])):
        pass
    if side == "source":
        with closing(sqlite3.connect(tmp_path / "source.sqlite3")) as connection:
            connection.execute("ALTER TABLE captures RENAME COLUMN title TO former_title")
    else:
        made: Callable[..., Any] = create_bulk_loader

        def failing(connection: Any) -> Any:
            loader = made(connection)
            begin = loader.begin

            def drop() -> None:
                begin()
                connection.exec_driver_sql("DROP TABLE paragraphs")

            loader.begin = drop
            return loader

        monkeypatch.setattr(transfer, "create_bulk_loader", failing)
    with pytest.raises(IndexFailure) as raised:
        transfer_index(addresses["source"], addresses["target"])
    assert f"{side}.sqlite3" in str(raised.value)
    assert str(raised.value).count(".sqlite3") == 1
