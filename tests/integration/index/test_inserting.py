"""Rows are inserted by columns without SQLAlchemy, with the same result on each database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from storage.index.engine.database import Database
from storage.index.engine.statements import insert_rows
from storage.index.schema.tables import AuthorRow


@pytest.fixture
def database(index_url: str) -> Iterator[Database]:
    """An empty index's database, on each database in turn."""
    opened = Database.open(index_url)
    yield opened
    opened.close()


def _authors(*rows: tuple[int, str, str]) -> list[dict[str, object]]:
    return [dict(zip(("id", "name", "folded"), row, strict=True)) for row in rows]


def _held(database: Database) -> list[tuple[int, str, str]]:
    with database.read_transaction() as connection:
        asked = select(AuthorRow.id, AuthorRow.name, AuthorRow.folded).order_by(AuthorRow.id)
        return [(row.id, row.name, row.folded) for row in connection.execute(asked)]


def test_existing_rows_are_skipped_or_updated(database: Database) -> None:
    """Without `update_columns` they are not changed; with them, only those columns; new rows are inserted."""
    first = _authors((1, "Ann", "ann"), (2, "Bo", "bo"))
    skipped = _authors((3, "Ann", "other"))
    changed = _authors((4, "Ann", "anna"), (5, "Cy", "cy"))
    assert database.write(lambda to: insert_rows(to, AuthorRow, first, conflict_columns=["name"])) == 2
    assert database.write(lambda to: insert_rows(to, AuthorRow, skipped, conflict_columns=["name"])) == 0
    assert _held(database) == [(1, "Ann", "ann"), (2, "Bo", "bo")]
    database.write(lambda to: insert_rows(to, AuthorRow, changed, conflict_columns=["name"], update_columns=["folded"]))
    assert _held(database) == [(1, "Ann", "anna"), (2, "Bo", "bo"), (5, "Cy", "cy")]


def test_no_rows_need_no_statement(database: Database) -> None:
    """A commit has no rows for most tables."""
    assert (
        database.write(lambda to: insert_rows(to, AuthorRow, [], conflict_columns=["name"], update_columns=["folded"]))
        == 0
    )
    assert _held(database) == []
