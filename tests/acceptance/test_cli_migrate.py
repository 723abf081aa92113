"""An archive's index moved to PostgreSQL and back, by the command line."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from newsarchive.archive import Archive
from newsarchive.locks.site_locks import lock_sites_locally
from storage.index.maintenance.transfer import transfer_index
from storage.index.queries.export import iter_export_lines
from storage.index.queries.status import list_crawls, list_source_health
from storage.index.schema.tables import FrontierRow
from storage.index.search.results import search_articles

pytestmark = pytest.mark.slow

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def archive(morgue: Path, tmp_path: Path) -> Path:
    """A copy of the morgue, to be changed."""
    return shutil.copytree(morgue, tmp_path / "archive", ignore=shutil.ignore_patterns("*-shm", "*-wal"))


def told(archive: Path) -> list[object]:
    """What the archive says of itself, and what is due when."""
    with Archive.open(archive) as opened, opened.index._database.read_transaction() as connection:
        opened.index.update_search()
        return [
            list(opened.index.stream(iter_export_lines, all_versions=True)),
            [opened.index.ask(search_articles, words) for words in ("harbour", '"the ferry"', "coun* site:lantern")],
            opened.index.ask(list_crawls, limit=1),
            opened.index.ask(list_source_health),
            [tuple(row) for row in connection.execute(select(FrontierRow.__table__).order_by(FrontierRow.url_id))],
        ]


def test_a_migrated_index_returns_unchanged(archive: Path, in_process: Command, empty_postgres_url: str) -> None:
    """Export, search and schedule are the same in each database; the second copy is the first index."""
    before = told(archive)
    done = in_process("migrate-index", empty_postgres_url, "--switch", "--archive", archive)
    assert done.returncode == 0, done
    assert "row counts and digests equal those of sqlite:///" in done.stdout
    (archive / "index.sqlite3").rename(archive / "before.sqlite3")
    assert told(archive) == before
    back = in_process("migrate-index", "index.sqlite3", "--switch", "--json", "--archive", archive)
    assert back.returncode == 0, back
    answer = json.loads(back.stdout)
    assert answer["switched"]
    assert told(archive) == before
    assert (archive / "newsarchive.toml").read_text().count("\nindex = ") == 1
    same = transfer_index(f"sqlite:///{archive / 'before.sqlite3'}", f"sqlite:///{archive / 'index.sqlite3'}")
    assert not same.copied
    digests = {table["table"]: table["digest"] for table in answer["index"]["tables"]}
    assert digests == {table.table: table.digest for table in same.tables}


def test_a_copy_is_used_when_the_owner_says_so(archive: Path, command: Command) -> None:
    """Without --switch nothing but the copy is new, and it is told how to use it; with it, later, nothing is copied."""
    toml = (archive / "newsarchive.toml").read_text()
    done = command("migrate-index", "other.sqlite3", "--archive", archive)
    assert done.returncode == 0, done
    assert 'index = "other.sqlite3"' in done.stdout
    assert (archive / "newsarchive.toml").read_text() == toml
    later = command("migrate-index", "other.sqlite3", "--switch", "--archive", archive)
    assert "already copied" in later.stdout, later
    assert 'index = "other.sqlite3"' in (archive / "newsarchive.toml").read_text()
    again = command("migrate-index", "other.sqlite3", "--archive", archive)
    assert (again.returncode, "uses already" in again.stderr) == (2, True)


def test_obstacles_are_named(archive: Path, in_process: Command) -> None:
    """A crawl under way, a server that is not there: each has its exit code and its sentence, and nothing changes."""
    toml = (archive / "newsarchive.toml").read_text()
    gone = in_process("migrate-index", "postgresql://nobody@127.0.0.1:9/none", "--switch", "--archive", archive)
    assert (gone.returncode, "127.0.0.1:9" in gone.stderr) == (70, True)
    with Archive.open(archive) as opened:
        names = [site.name for site in opened.config.sites]
        with lock_sites_locally(archive / "locks", names, opened.now()):
            busy = in_process("migrate-index", "other.sqlite3", "--archive", archive)
    assert (busy.returncode, f"process {os.getpid()}" in busy.stderr) == (75, True)
    assert (archive / "newsarchive.toml").read_text() == toml
    assert not (archive / "other.sqlite3").exists()
