"""On a read-only or full disk everything that reads works, and what cannot be done is said."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from storage.errors import DiskFull, IndexReadOnly, IndexReplaced
from storage.index import Index
from storage.index.queries.status import get_status, list_warc_files
from storage.model import Site
from tests.file_systems import mount, unmount

Command = Callable[..., Any]
CRASHED = """
import os, signal, sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None)
file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
file.execute("UPDATE sites SET title = 'The Late Edition'")
os.kill(os.getpid(), signal.SIGKILL)
"""


def crash(folder: Path) -> None:
    """Leave a write-ahead log, as a process does that is killed; the shared memory beside it may be lost."""
    subprocess.run([sys.executable, "-c", CRASHED, str(folder / "index.sqlite3")], check=False)
    assert (folder / "index.sqlite3-wal").stat().st_size > 0
    (folder / "index.sqlite3-shm").unlink()


@pytest.fixture(params=["read-only mount", "read-only mount after a crash", "full disk", "full disk after a crash"])
def unwritable(request: pytest.FixtureRequest, tmp_path: Path, make_archive: Callable[..., Path]) -> Iterator[Path]:
    """An archive that can be read only."""
    disk = tmp_path / "disk"
    disk.mkdir()
    full = request.param.startswith("full")
    if full:
        mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk))
    try:
        folder = make_archive("disk/archive")
        toml = folder / "newsarchive.toml"
        site = '[[site]]\nname = "harbour"\nurl = "https://harbour.example/"\n'
        toml.write_text(f'contact = "tests@localhost"\n{toml.read_text()}\n{site}')
        if "crash" in request.param:
            crash(folder)
        if full:
            with (disk / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
                while True:
                    ballast.write(bytes(4096))
        else:
            mount("--bind", str(disk), str(disk))
            mount("-o", "remount,bind,ro", str(disk))
        yield folder
    finally:
        unmount(disk)


def test_everything_that_reads_works_where_nothing_can_be_written(
    unwritable: Path, newsarchive: Command, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Also what only the log of a crashed process has; the folder stays as it is."""
    before = {path for path in unwritable.rglob("*") if path.is_file() and path.stat().st_size}
    for words in (("search", "pier"), ("show", "1"), ("export",), ("status",), ("verify",), ("doctor",), ("bucket",)):
        done = newsarchive(*words, "-A", unwritable)
        assert done.returncode in ({0, 1} if words == ("doctor",) else {0}), (words, done.stderr)
        assert words[0] not in {"search", "show", "export"} or "Harbour council votes on " in done.stdout, words
        assert "internal error" not in done.stderr
    for suffix in ("jsonl", "wacz", "warc.gz", "sqlite"):
        done = newsarchive("export", "-o", tmp_path / f"all.{suffix}", "-A", unwritable)
        assert done.returncode == 0, done.stderr
    with Archive.open_to_read(unwritable) as archive, TestClient(create_app(archive), "http://127.0.0.1") as client:
        for path in ("/", "/search?q=pier", "/article/1", "/api/v1/articles", "/cdx?url=harbour.example/*", "/sites"):
            assert client.get(path).status_code == 200, path
        crashed = "crash" in request.node.callspec.id
        assert [site.title == "The Late Edition" for site in archive.index.ask(get_status, archive.now()).sites] == [
            crashed
        ]
    # On a full disk files can be made, and little written into them: of SQLite's shared memory, say.
    left = {path for path in unwritable.rglob("*") if path.is_file() and path.stat().st_size}
    assert {path for path in left if not path.name.endswith("-shm")} == before


def test_what_writes_says_that_it_cannot(
    unwritable: Path, newsarchive: Command, source: Callable[..., Path], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """In a sentence that names the cause and what still works; nothing is changed."""
    before = {path: path.read_bytes() for path in unwritable.rglob("*") if path.is_file()}
    full = "full" in request.node.callspec.id
    file = source(tmp_path / "new.warc.gz", ("bridge",))
    for words in (("import", file), ("rebuild",), ("reextract",), ("crawl",)):
        done = newsarchive(*words, "-A", unwritable)
        assert done.returncode in {70, 74}, (words, done.stdout, done.stderr)
        assert "internal error" not in done.stderr, words
        assert ("no space" if full else "ead-only") in done.stderr, words
        assert not list(unwritable.glob("*.rebuilding*"))
    assert {path: path.read_bytes() for path in before} == before
    expected = pytest.raises(DiskFull if full else IndexReadOnly, match=r"What only\s+reads works")
    with closing(Index.open(f"sqlite:///{unwritable / 'index.sqlite3'}")) as index, expected:
        index.register_sites([Site(name="news", url="https://news.example/")])


def test_a_file_that_is_written_while_it_is_read_without_locks_is_read_again(
    make_archive: Callable[..., Path], tmp_path: Path
) -> None:
    """On a mount that is read-only here, and writable for somebody else."""
    folder = make_archive()
    seen = tmp_path / "seen"
    seen.mkdir()
    mount("--bind", str(folder), str(seen))
    mount("-o", "remount,bind,ro", str(seen))
    try:
        with closing(Index.open(f"sqlite:///{seen / 'index.sqlite3'}")) as reader:

            def write() -> None:
                with closing(Index.open(f"sqlite:///{folder / 'index.sqlite3'}")) as writer:
                    writer.register_sites([Site(name="news", url="https://news.example/")])

            def query(connection: Any) -> int:
                found = list_warc_files(connection)
                write()
                return len(found)

            with pytest.raises(IndexReplaced):
                reader.read(query)
            assert len(reader.read(list_warc_files)) == 2
            assert [site.name for site in reader.sites()] == ["news"]
    finally:
        unmount(seen)
