"""Placements in SQL and as an export are those of the API."""

import csv
import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from tests.in_process import run_in_process
from tests.integration.web.test_placements import AT, HOME, PAGES, TITLES, path, story

VIEW = Path(__file__).parents[3] / "examples" / "placements.sql"


@pytest.fixture
def archive(archive_of: Callable[..., Archive], index_url: str) -> Archive:
    """The archive of a front page on which an article moves, on each database in turn."""
    answers: list[dict[str, object]] = [
        {"url": f"https://news.example{path(title)}", "body": story(title)} for title in TITLES
    ]
    answers += [{"url": HOME, "body": body, "at": AT + timedelta(hours=hours)} for hours, body in PAGES]
    return archive_of(*answers, config=f'index = "{index_url}"' if index_url else "")


def test_rows_are_those_of_the_api(archive: Archive, index_url: str, tmp_path: Path) -> None:
    """Row for row: the view, JSONL, CSV and Parquet."""
    client = TestClient(create_app(archive), base_url="http://127.0.0.1:8000")
    told = client.get("/api/v1/placements", params={"url": HOME}).json()["placements"]
    assert len(told) > 15
    engine = create_engine(index_url or f"sqlite:///{archive.folder}/index.sqlite3")
    with engine.connect() as connection:
        connection.exec_driver_sql(VIEW.read_text("utf-8"))
        rows = connection.exec_driver_sql("SELECT * FROM placements ORDER BY first, block, position").mappings().all()
        connection.rollback()
    engine.dispose()
    assert [{name: to_text(value) for name, value in row.items()} for row in rows] == [
        {name: value for name, value in row.items() if name != "minutes"} for row in told
    ]

    def export(name: str, *options: str) -> Path:
        words = ("export", "--placements", *options, "-o", str(tmp_path / name))
        assert run_in_process(*words, "--archive", archive.folder).returncode == 0
        return tmp_path / name

    assert [*map(json.loads, export("all.jsonl").read_text("utf-8").splitlines())] == told
    with export("all.csv").open(newline="") as lines:
        assert list(csv.DictReader(lines)) == [
            {name: "" if value is None else str(value) for name, value in row.items()} for row in told
        ]
    done = run_in_process("export", "--archive", archive.folder)
    assert {row["article_url"] for row in told} == {
        json.loads(line)["canonical_url"] for line in done.stdout.splitlines()
    }
    assert export("none.jsonl", "--until", "2000-01-01").read_text() == ""
    assert run_in_process("export", "-o", tmp_path / "all.sqlite", "--archive", archive.folder).returncode == 0
    copy = sqlite3.connect(tmp_path / "all.sqlite")
    copy.row_factory = sqlite3.Row
    copied = copy.execute(
        "SELECT canonical_url AS article_url, placements.* FROM placements JOIN articles ON articles.id = article "
        "ORDER BY first, block, placements.position"
    ).fetchall()
    copy.close()
    left_out = {"article_id", "article"}
    assert [{name: row[name] for name in set(row.keys()) - left_out} for row in copied] == [
        {name: value for name, value in row.items() if name not in left_out} for row in told
    ]
    parquet = pytest.importorskip("pyarrow.parquet")
    typed = parquet.read_table(export("all.parquet")).to_pylist()
    assert [{name: to_text(value) for name, value in row.items()} for row in typed] == told
    assert isinstance(typed[0]["first"], datetime)


def to_text(value: object) -> object:
    """Return a time as the API writes it, and other values as they are; SQLite has times as texts in UTC."""
    if isinstance(value, str) and value.startswith("2026-"):
        value = datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


@pytest.mark.parametrize("options", [("--query", "harbour"), ("--format", "cdxj"), ("--all-versions",)])
def test_what_selects_no_placements_is_an_error(empty_folder: Path, options: tuple[str, ...]) -> None:
    """It says what to use; nothing is written."""
    done = run_in_process("export", "--placements", "--archive", empty_folder, *options)
    assert done.returncode
    assert "Use --site, --since and --until" in " ".join(done.stderr.split())
    assert not done.stdout


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    """An archive without captures."""
    Archive.init(tmp_path / "empty").close()
    return tmp_path / "empty"
