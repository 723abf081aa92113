"""A rebuild takes the place of the old index at once, and nobody reads from both."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from newsarchive.web.context import Context
from storage.errors import ArchiveBusy, IndexFailure
from storage.index import Index
from storage.index.maintenance.replace_index import prepare_replacement
from storage.index.queries.articles import get_article
from storage.index.queries.export import iter_export_lines

pytestmark = pytest.mark.slow

LIE = "UPDATE versions SET headline = 'Not what the page says'"
"""What the old index is known by: a rebuild corrects it."""
Command = Callable[..., Any]


def headlines(lines: str) -> set[str]:
    return {json.loads(line)["headline"] for line in lines.splitlines()}


@pytest.fixture
def false(make_archive: Callable[..., Path], index_url: str, change_index: Callable[..., None]) -> Path:
    """An archive whose old index can be told from the one that a rebuild makes."""
    folder = make_archive(index=index_url)
    change_index(folder, index_url, LIE)
    return folder


@pytest.fixture
def is_new() -> Callable[[set[str]], bool]:
    """Tells whether headlines are those of the new index or of the old one; anything else is an error."""

    def tell(found: set[str]) -> bool:
        old = {"Not what the page says"}
        new = {f"Harbour council votes on {name}" for name in ("pier", "quay", "lock", "dock")}
        assert found in (old, new)
        return found == new

    return tell


KILLED = """
import os, signal, sys
from pathlib import Path
from newsarchive.archive import Archive

def kill(done, total, item):
    if done:
        os.kill(os.getpid(), signal.SIGKILL)

Archive.rebuild_in(Path(sys.argv[1]), kill)
"""


def test_the_old_index_answers_whole_while_a_rebuild_runs_and_after_it_was_killed(
    false: Path, newsarchive: Command, is_new: Callable[[set[str]], bool]
) -> None:
    """The next rebuild then puts the new one in its place."""
    seen: list[bool] = []

    def look(done: int, total: int, item: str) -> None:
        if not seen or done == total:
            seen.append(is_new(headlines(newsarchive("export", "-A", false).stdout)))

    with Archive.open_to_read(false) as reading:
        killed = subprocess.run([sys.executable, "-c", KILLED, str(false)], check=False, env=child_environment())
        assert killed.returncode == -9
        assert not is_new(headlines(newsarchive("export", "-A", false).stdout))
        Archive.rebuild_in(false, look)
        assert len(seen) > 1
        assert not any(seen)
        assert is_new({line["headline"] for line in reading.index.stream(iter_export_lines)}), (
            "a reader has to open the index again"
        )
    assert is_new(headlines(newsarchive("export", "-A", false).stdout))
    assert not list(false.glob("*rebuil*"))


def child_environment() -> dict[str, str]:
    root = str(Path(__file__).parents[3])
    return {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}


@contextmanager
def served(folder: Path) -> Iterator[tuple[Archive, TestClient]]:
    with Archive.open_to_read(folder) as archive:
        app = create_app(archive)

        @app.get("/twice")
        def ask_twice(context: Context) -> list[str]:
            """Ask the index twice, and let it be replaced in between."""
            first = context.index.ask(get_article, 1)
            if hooks:
                hooks.pop()()
            second = context.index.ask(get_article, 1)
            return [each.versions[-1].headline for each in (first, second) if each is not None]

        hooks: list[Callable[[], object]] = []
        app.state.hooks = hooks
        with TestClient(app, "http://127.0.0.1") as client:
            yield archive, client


def test_a_running_server_takes_the_new_index_at_once(false: Path, is_new: Callable[[set[str]], bool]) -> None:
    """With all connections that it has open already."""
    with served(false) as (_, client), ThreadPoolExecutor(6) as threads:

        def ask(_: int) -> bool:
            found = client.get("/api/v1/articles").json()["articles"]
            return is_new({each["headline"] for each in found})

        assert not any(threads.map(ask, range(12)))
        Archive.rebuild_in(false)
        assert all(threads.map(ask, range(12)))


@pytest.mark.parametrize("index_url", ["sqlite"], indirect=True)
def test_a_server_takes_an_index_that_was_put_there_by_hand(false: Path, is_new: Callable[[set[str]], bool]) -> None:
    """Where the file was deleted it says so, and makes no empty one."""
    with served(false) as (_, client):

        def ask() -> bool:
            return is_new({each["headline"] for each in client.get("/api/v1/articles").json()["articles"]})

        assert not ask()
        (false / "index.sqlite3").unlink()
        assert client.get("/api/v1/articles").status_code == 503
        assert not (false / "index.sqlite3").exists()
        Archive.rebuild_in(false)
        assert all(ask() for _ in range(6))


def test_an_answer_that_began_with_the_old_index_is_made_again_from_the_new_one(
    false: Path, is_new: Callable[[set[str]], bool]
) -> None:
    """No answer takes ids from one index and texts from another."""
    with served(false) as (_, client):
        client.app.state.hooks.append(lambda: Archive.rebuild_in(false))  # type: ignore[attr-defined]
        found = client.get("/twice").json()
        assert len(found) == 2
        assert len(set(found)) == 1
        assert found[0].startswith("Harbour council votes on")


@pytest.fixture
def replaceable(postgres_url: str) -> Iterator[Any]:
    """An empty index in PostgreSQL, and a session of somebody else's."""
    import psycopg

    Index.open(postgres_url).close()
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as session:
        yield session


def make_beside(postgres_url: str, sleep: Callable[[float], None]) -> Any:
    replacement = prepare_replacement(postgres_url, sleep)
    replacement.check()
    replacement.clear()
    with closing(Index.open(replacement.address)):
        pass
    return replacement


def test_the_swap_waits_for_readers_and_gives_up_without_harm(postgres_url: str, replaceable: Any) -> None:
    """A transaction that has read the old index reads it to its end."""
    replaceable.execute("SELECT count(*) FROM articles")
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            replaceable.rollback()

    make_beside(postgres_url, sleep).swap()
    assert len(waited) == 2
    replaceable.execute("SELECT count(*) FROM articles")
    stuck = make_beside(postgres_url, lambda _: None)
    with pytest.raises(ArchiveBusy, match="the old one is unchanged"):
        stuck.swap(attempts=1)
    replaceable.rollback()
    stuck.swap()


def test_rights_on_the_tables_are_those_of_before(postgres_url: str, replaceable: Any) -> None:
    """A reader's role may read the new index as it could read the old one."""
    replaceable.execute("GRANT SELECT ON articles, versions TO PUBLIC")
    replaceable.commit()
    make_beside(postgres_url, lambda _: None).swap()
    rows = replaceable.execute(
        "SELECT relname FROM pg_class, aclexplode(relacl) a"
        " WHERE a.grantee = 0 AND relnamespace = 'public'::regnamespace"
    ).fetchall()
    assert sorted(name for (name,) in rows) == ["articles", "versions"]
    assert replaceable.execute("SELECT to_regnamespace('newsarchive_rebuild')").fetchone() == (None,)


def test_a_view_of_the_owner_is_not_dropped(postgres_url: str, replaceable: Any) -> None:
    """The rebuild names it before it begins."""
    replaceable.execute("CREATE VIEW ours AS SELECT count(*) FROM articles")
    replaceable.commit()
    with pytest.raises(IndexFailure, match="ours in the index's database depend on its tables"):
        make_beside(postgres_url, lambda _: None)
    assert replaceable.execute("SELECT * FROM ours").fetchone() == (0,)


def test_an_index_in_a_schema_of_its_own_is_replaced_there(postgres_url: str, replaceable: Any) -> None:
    """As the address names it; tables of that name elsewhere stay."""
    replaceable.execute('CREATE SCHEMA "news room"')
    replaceable.commit()
    address = postgres_url + "?options=-c%20search_path%3D%22news%5C%20room%22"
    Index.open(address).close()
    make_beside(address, lambda _: None).swap()
    found = replaceable.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'articles' ORDER BY 1").fetchall()
    assert found == [("news room",), ("public",)]


def test_a_writer_of_the_file_is_waited_for_and_not_harmed(tmp_path: Path) -> None:
    """Another program may be writing into the SQLite file: the swap gives up, and the next one succeeds."""
    file = tmp_path / "index.sqlite3"
    address = f"sqlite:///{file}"
    Index.open(address).close()
    replacement = make_beside(address, lambda _: None)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ArchiveBusy, match="the old one is unchanged"):
            replacement.swap(attempts=1)
        other.execute("ROLLBACK")
    replacement.swap()
    assert [path.name for path in tmp_path.iterdir()] == ["index.sqlite3"]


def test_a_link_to_the_index_stays_one(tmp_path: Path) -> None:
    """The file that it names is replaced, on whatever disk that is."""
    real = tmp_path / "disk" / "real.sqlite3"
    real.parent.mkdir()
    link = tmp_path / "index.sqlite3"
    link.symlink_to(real)
    address = f"sqlite:///{link}"
    Index.open(address).close()
    with closing(sqlite3.connect(real)) as old:
        old.execute("CREATE TABLE of_the_old_one (x)")
    make_beside(address, lambda _: None).swap()
    assert link.is_symlink()
    with closing(sqlite3.connect(real)) as new:
        assert not new.execute("SELECT name FROM sqlite_master WHERE name = 'of_the_old_one'").fetchall()
