"""The schema: a new index has what migrations make, and migrations make what the models say."""

import ast
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from newsarchive.archive import Archive
from storage.errors import IndexTooOld
from storage.index import Index
from storage.index.queries.status import get_status
from storage.index.schema.tables import METADATA
from storage.index.schema.upgrade import MIGRATIONS, upgrade


def test_a_new_index_has_the_schema_that_migrations_make(tmp_path: Path) -> None:
    """The script that creates an SQLite index at once is what all migrations together make of an empty file."""
    migrated, created = tmp_path / "migrated.sqlite3", tmp_path / "created.sqlite3"
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.begin() as connection:
        upgrade(connection, create=True)
    engine.dispose()
    Index.open(f"sqlite:///{created}").close()
    assert _dump_schema(created) == _dump_schema(migrated)


def test_a_new_sqlite_index_is_created_without_alembic(tmp_path: Path) -> None:
    """Importing Alembic takes longer than all else that a first crawl does before its first request."""
    opening = f"import sys; from storage.index import Index; Index.open('sqlite:///{tmp_path}/new.sqlite3').close()"
    done = subprocess.run(
        [sys.executable, "-c", f"{opening}; print('alembic' in sys.modules)"], capture_output=True, check=True
    )
    assert done.stdout == b"False\n"


def _dump_schema(file: Path) -> dict[str, object]:
    """Return all objects of a database by name, but for the order and Alembic's own table, and its revision."""
    with closing(sqlite3.connect(file)) as connection:
        objects = connection.execute("SELECT name, type, tbl_name, sql FROM sqlite_master").fetchall()
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    schema: dict[str, object] = {name: rest for name, *rest in objects if "alembic_version" not in name}
    return schema | {"revision": revision}


def test_migrations_make_what_the_models_say(index: Index) -> None:
    """Tables, columns, types and constraints are those of the page of tables; the rest is in the script alone."""

    def include(thing: object, name: str | None, kind: str, reflected: bool, compared: object) -> bool:
        return kind != "index"

    with index._database.read_transaction() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": include, "compare_type": True})
        differences = compare_metadata(context, METADATA)
    assert [each for each in differences if not (isinstance(each, list) and each[0][0] == "modify_comment")] == []


@pytest.fixture
def former_index(index_url: str) -> str:
    """Address of an index of a revision that was never released."""
    Index.open(index_url).close()
    engine = create_engine(index_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'v4'"))
    engine.dispose()
    return index_url


@pytest.mark.parametrize("create", [True, False])
def test_an_index_of_the_former_revision_is_refused(former_index: str, create: bool) -> None:
    """One clear message names the command that makes a new one, for writing and reading."""
    with pytest.raises(IndexTooOld, match=r"schema v4 .* newsarchive rebuild"):
        Index.open(former_index, create=create)


def test_an_index_of_the_former_revision_can_be_rebuilt(former_index: str, tmp_path: Path) -> None:
    """It is replaced like one of the newest revision."""
    index = f'index = "{former_index}"\n' if former_index.startswith("postgresql") else ""
    (tmp_path / "newsarchive.toml").write_text(f'{index}[[site]]\nname = "harbour"\nurl = "https://harbour.example/"\n')
    if not index:
        Path(former_index.removeprefix("sqlite:///")).rename(tmp_path / "index.sqlite3")
    assert Archive.rebuild_in(tmp_path).captures == 0
    with Archive.open(tmp_path) as archive:
        assert archive.index.ask(get_status, archive.now()).captures == 0


def test_migrations_import_no_live_code() -> None:
    """A migration does the same for ever, so it imports nothing that can change with the product."""
    imported: set[str] = set()
    for file in (MIGRATIONS / "versions").glob("[0-9]*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported.update(name.name for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    assert {name.partition(".")[0] for name in imported} == {"alembic", "pathlib"}
