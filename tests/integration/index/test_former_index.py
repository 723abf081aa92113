"""An index of before the first release: it is refused with the way to a new one, and `newsarchive rebuild` is that way.

former/ holds a small archive that the last code before the first release made: two WARC files, and their index in
SQLite and in PostgreSQL.
"""

import gzip
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from newsarchive.archive import Archive
from storage.errors import CapturesLost, IndexTooOld
from storage.index.queries.status import get_status
from storage.index.schema.tables import METADATA
from storage.index.schema.upgrade import FUNCTIONS

FORMER = Path(__file__).parent / "former"
CONFIG = '[[site]]\nname = "harbour"\nurl = "https://harbour.example/"\n'
Contents = list[list[tuple[object, ...]]]

QUERIES = (
    """SELECT urls.url, articles.state, versions.number, versions.{is_current}, versions.headline, versions.section,
    versions.{is_live_blog}, captures.record_id FROM articles JOIN urls ON urls.id = articles.url_id
    JOIN versions ON versions.article_id = articles.id JOIN captures ON captures.id = versions.capture_id""",
    """SELECT captures.record_id, version_paragraphs.position, version_paragraphs.role, paragraphs.text
    FROM version_paragraphs JOIN paragraphs ON paragraphs.id = version_paragraphs.paragraph_id
    JOIN versions ON versions.id = version_paragraphs.version_id JOIN captures ON captures.id = versions.capture_id""",
    """SELECT captures.record_id, capture_groups.position, link_groups.kind, link_groups.label, links.position,
    urls.url, links.anchor FROM capture_groups JOIN captures ON captures.id = capture_groups.capture_id
    JOIN link_groups ON link_groups.id = capture_groups.group_id JOIN links ON links.group_id = link_groups.id
    JOIN urls ON urls.id = links.url_id""",
    "SELECT record_id, outcome, {requesting_site} FROM captures",
    "SELECT text, articles_seen, {is_boilerplate} FROM boilerplate JOIN paragraphs ON paragraphs.id = paragraph_id",
)
"""What both indexes must hold alike: articles with versions, their paragraphs, links, captures and boilerplate."""
THEN = {
    "is_current": "current", "is_live_blog": "live", "requesting_site": "asked_for", "is_boilerplate": "verdict",
}  # fmt: skip
NOW = {name: name for name in THEN}


def read(url: str, names: dict[str, str]) -> Contents:
    """Return what an index holds, by column names of then or of now."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = [connection.execute(text(query.format(**names))).all() for query in QUERIES]
    engine.dispose()
    return [sorted(tuple(row) for row in some) for some in rows]


@pytest.fixture
def former(tmp_path: Path, index_url: str) -> Callable[[], Path]:
    """Makes the archive, with its index in each database in turn."""

    def make() -> Path:
        folder = tmp_path / "archive"
        shutil.copytree(FORMER / "warc", folder / "warc")
        config = CONFIG
        if index_url.startswith("postgresql"):
            config = f'index = "{index_url}"\n{CONFIG}'
            engine = create_engine(index_url)
            with engine.begin() as connection:
                dump = gzip.decompress((FORMER / "index.postgresql.sql.gz").read_bytes()).decode()
                driver = connection.connection.driver_connection
                assert driver is not None
                driver.execute(dump)
            engine.dispose()
        else:
            data = gzip.decompress((FORMER / "index.sqlite3.gz").read_bytes())
            (folder / "index.sqlite3").write_bytes(data)
        (folder / "newsarchive.toml").write_text(config, "utf-8")
        return folder

    return make


def url_of(folder: Path, index_url: str) -> str:
    """Return the address of the archive's index."""
    return index_url if index_url.startswith("postgresql") else f"sqlite:///{folder / 'index.sqlite3'}"


def test_an_index_of_before_the_first_release_is_refused(former: Callable[[], Path], index_url: str) -> None:
    """Reading and writing commands end with the same error, which names the command that helps; nothing is changed."""
    folder = former()
    url = url_of(folder, index_url)
    before = read(url, THEN)
    for opening in (Archive.open, Archive.open_to_read):
        with pytest.raises(IndexTooOld, match=r"schema 0013 .* newsarchive rebuild") as caught:
            opening(folder)
        assert (caught.value.exit_code, caught.value.facts) == (70, {"found": "0013"})
    assert read(url, THEN) == before


def test_a_rebuild_replaces_an_index_of_before_the_first_release(former: Callable[[], Path], index_url: str) -> None:
    """The new index has the same articles, versions, links and boilerplate, and nothing of the old schema."""
    folder = former()
    url = url_of(folder, index_url)
    before = read(url, THEN)
    assert Archive.rebuild_in(folder).captures == len(before[3]) == 13
    assert read(url, NOW) == before
    with Archive.open(folder) as archive:
        assert archive.index.ask(get_status, archive.now()).versions == 7
    if index_url.startswith("postgresql"):
        engine = create_engine(url)
        with engine.connect() as connection:
            tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
            triggers = connection.scalars(text("SELECT proname FROM pg_proc WHERE proname LIKE '%captures%'")).all()
        engine.dispose()
        assert set(tables) == {*METADATA.tables, "alembic_version"}
        assert set(triggers) == {name for name in FUNCTIONS if "captures" in name}
    else:
        with closing(sqlite3.connect(folder / "index.sqlite3")) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert not names & {"days", "families", "habits", "hosts"}


def test_a_rebuild_does_not_drop_what_is_nowhere(former: Callable[[], Path], index_url: str) -> None:
    """Law 9 holds for an old index too: a WARC file that is missing stops the rebuild."""
    folder = former()
    url = url_of(folder, index_url)
    before = read(url, THEN)
    missing = min((folder / "warc").glob("*.warc.gz*"))
    missing.unlink()
    with pytest.raises(CapturesLost, match=missing.name):
        Archive.rebuild_in(folder)
    assert read(url, THEN) == before
