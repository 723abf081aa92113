"""Opening an index creates its schema or brings it up to date."""

import gc
import shutil
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event, text

from newsarchive.archive import Archive
from storage.errors import DiskFull, IndexFailure, IndexReplaced, IndexTooNew
from storage.index import Index
from storage.index.queries.status import get_status
from storage.index.reader import IndexPin
from storage.index.views.articles import NO_EXCLUSIONS
from storage.model import DiscoveredUrl, Discovery, Site, UrlKind
from tests.forked_process import open_pool

MORNING = datetime(2026, 3, 1, 6, tzinfo=UTC)


def _opens(address: str) -> int:
    index = Index.open(address)
    index.register_sites([Site(name="news", url="https://news.example/")])
    index.close()
    return 1


def test_processes_may_open_at_once(index_url: str) -> None:
    """Commands that are started at the same time all find a complete schema."""
    with open_pool(3) as pool:
        assert sum(pool.map(_opens, [index_url] * 6)) == 6
    index = Index.open(index_url)
    assert len(index.sites()) == 1
    index.close()


def test_an_archive_without_a_usable_index_is_not_created(tmp_path: Path) -> None:
    """The same command with another index creates it: the first one left no configuration behind."""
    with pytest.raises(IndexFailure, match="cannot be used"):
        Archive.init(tmp_path, index="postgresql://nobody@127.0.0.1:9/none")
    Archive.init(tmp_path, index="other.sqlite3").close()
    assert (tmp_path / "other.sqlite3").exists()


def test_a_file_that_was_replaced_is_closed_as_soon_as_its_last_reader_is_done(tmp_path: Path) -> None:
    """Not when the garbage collector finds it: a server whose index is rebuilt often keeps no deleted files open."""
    file = tmp_path / "index.sqlite3"
    with closing(Index.open(f"sqlite:///{file}")) as index:
        gc.disable()
        try:
            with index._database.read_transaction() as former:
                shutil.copy(file, tmp_path / "copy")
                (tmp_path / "copy").replace(file)
                assert index.ask(get_status).articles == 0
                assert former.execute(text("SELECT count(*) FROM articles")).scalar() == 0
            links = [str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
        finally:
            gc.enable()
    assert [link for link in links if str(tmp_path) in link and "deleted" in link] == []


def test_a_pinned_reader_does_not_read_two_indexes(tmp_path: Path) -> None:
    """Ids that it was given are those of the index that was replaced; a new reader reads the new one."""
    file = tmp_path / "index.sqlite3"
    Index.open(f"sqlite:///{tmp_path / 'other.sqlite3'}").close()
    with closing(Index.open(f"sqlite:///{file}")) as index:
        pinned = index.excluding(NO_EXCLUSIONS, pin=IndexPin())
        assert pinned.ask(get_status).articles == pinned.ask(get_status).articles == 0
        (tmp_path / "other.sqlite3").replace(file)
        with pytest.raises(IndexReplaced):
            pinned.ask(get_status)
        assert index.excluding(NO_EXCLUSIONS, pin=IndexPin()).ask(get_status).articles == 0


def test_an_index_of_a_later_version_is_refused(index_url: str) -> None:
    """It is not changed, and the message says what to do."""
    index = Index.open(index_url)
    with index._database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    index.close()
    with pytest.raises(IndexTooNew, match=r"schema 9999.*newsarchive rebuild") as caught:
        Index.open(index_url)
    assert caught.value.facts["found"] == "9999"


def test_opening_to_read_creates_nothing(tmp_path: Path) -> None:
    """A missing or empty database is an error that names the command for it."""
    file = tmp_path / "index.sqlite3"
    with pytest.raises(IndexFailure, match="newsarchive rebuild"):
        Index.open(f"sqlite:///{file}", create=False)
    assert not file.exists()
    file.touch()
    with pytest.raises(IndexFailure, match="newsarchive rebuild"):
        Index.open(f"sqlite:///{file}", create=False)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("mysql://host/name", "cannot be kept in mysql"),
        ("no address", "is no database URL"),
        ("sqlite:////nonexistent/folder/index.sqlite3", "unable to open database file"),
        ("postgresql+psycopg://user@127.0.0.1:1/none", "cannot be used"),
    ],
)
def test_a_wrong_address_is_an_error(address: str, says: str) -> None:
    """The message says what is wrong with it."""
    with pytest.raises(IndexFailure, match=says):
        Index.open(address)


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    """The file is not overwritten."""
    file = tmp_path / "index.sqlite3"
    file.write_bytes(b"no database" * 1000)
    with pytest.raises(IndexFailure, match="file is not a database"):
        Index.open(f"sqlite:///{file}")
    assert file.read_bytes() == b"no database" * 1000


def test_a_full_disk_loses_nothing(sqlite_url: str) -> None:
    """What was committed stays, and the message says so."""
    index = Index.open(sqlite_url)
    index.register_sites([Site(name="news", url="https://news.example/")])

    def add(count: int) -> int:
        discovery = Discovery(site="news", kind=UrlKind.ARTICLE)
        urls = [f"https://news.example/{'x' * 500}{number}" for number in range(count)]
        return index.add_urls([DiscoveredUrl(url=url, discovery=discovery, due_at=MORNING, priority=1) for url in urls])

    assert add(3) == 3
    engine = index._database._writer
    with engine.connect() as connection:
        size = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    engine.dispose()
    event.listen(engine, "connect", lambda link, _: link.execute(f"PRAGMA max_page_count={size + 4}"))
    with pytest.raises(DiskFull, match="Free some space"):
        add(1000)
    index.close()
    index = Index.open(sqlite_url)
    assert index.ask(get_status).sites[0].due == 3
    index.close()


SORTING = """
import sys
from pathlib import Path
from storage.index.engine.database import Database

database = Database.open(f"sqlite:///{sys.argv[1]}")
rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
largest = f"{rows} SELECT count(*) FROM (SELECT randomblob(20000) AS one FROM n ORDER BY one LIMIT -1 OFFSET 1)"
assert database.write(lambda connection: connection.exec_driver_sql(largest).scalar_one()) == 9_999
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_the_writer_sorts_in_little_memory(tmp_path: Path) -> None:
    """200 MB are sorted in less: boilerplate is counted by sorting all paragraphs of a site."""
    command = [sys.executable, "-c", SORTING, str(tmp_path / "index.sqlite3")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 180_000  # kilobytes
