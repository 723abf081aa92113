"""If the database server stops, a running crawl or worker exits with the reason, and nothing is lost."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive

psycopg = pytest.importorskip("psycopg")
pytestmark = pytest.mark.slow

Dump = Callable[..., dict[str, list[str]]]
PATIENCE = 120
"""Seconds after which a test that waits for something gives up."""


def wait_for(what: Callable[[], Any]) -> Any:
    """Wait until something is true, and return it."""
    until = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < until, f"waited {PATIENCE} s in vain"
        time.sleep(0.2)
    return found


class Database:
    """A PostgreSQL server of the test's own, which it may stop and start."""

    def __init__(self, folder: Path) -> None:
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not binaries:
            pytest.skip("NEWSARCHIVE_TEST_POSTGRES: no PostgreSQL is installed here")
        self._log = folder.parent / "postgres.log"
        self._server: subprocess.Popen[bytes] | None = None
        as_owner: list[str] = []
        if not os.geteuid():
            shutil.chown(folder, "postgres", "postgres")
            as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]
        data = str(folder / "data")
        make = [str(binaries[-1] / "initdb"), "-D", data, "-U", "me", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*as_owner, *make], check=True, stdout=subprocess.DEVNULL)
        settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._command = [*as_owner, str(binaries[-1] / "postgres"), "-D", data, *words]
        self._address = f"postgresql://me@127.0.0.1:{port}/postgres"
        self.url = self._address.replace("postgresql", "postgresql+psycopg")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(self._command, stderr=log)
        wait_for(self._answers)

    def stop(self) -> None:
        """Stop it as a restart does: sessions are ended, what was committed is on the disk."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(60)

    def count_articles(self) -> int:
        """Return the number of archived articles, without a command."""
        with psycopg.connect(self._address) as session:
            found: int = session.execute("SELECT count(*) FROM articles").fetchone()[0]
        return found

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._address).close()
        except psycopg.OperationalError:
            return False
        return True


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A server that runs."""
    # The path of a test's own folder is too long for a socket, and closed to the server's user.
    folder = Path(f"/tmp/newsarchive-{os.getpid()}-{tmp_path.name[-8:]}")
    (folder / "pg").mkdir(parents=True)
    made = Database(folder / "pg")
    made.start()
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


@pytest.fixture
def rig(build: Callable[..., Any], database: Database) -> Any:
    """An archive whose site takes a while, with its index on that server."""
    made = build(index=database.url)
    settings = made.folder / "newsarchive.toml"
    settings.write_text(settings.read_text().replace('delay = "0s"', 'delay = "0.1s"'))
    return made


def begun(rig: Any, *words: str) -> "subprocess.Popen[str]":
    """A command that is in the midst of the site."""
    asked = len(rig.exchanges())
    process = subprocess.Popen(rig.command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(rig.exchanges()) >= asked + 15 or process.poll() is not None)
    assert process.poll() is None
    return process


def said(process: "subprocess.Popen[str]") -> str:
    """What it said until its end."""
    return process.communicate(timeout=PATIENCE)[1]


def nothing_is_lost(rig: Any, dump: Dump) -> None:
    """The site is in to its end, every file is sound, and a rebuild is equal."""
    assert len(rig.articles()) >= 60
    verified = rig.run("verify")
    assert verified.returncode == 0, verified.stdout
    with Archive.open(rig.folder) as archive:
        before = dump(archive.index, waiting=False)
    assert rig.run("rebuild").returncode == 0
    with Archive.open(rig.folder) as archive:
        assert dump(archive.index, waiting=False) == before


def test_a_crawl_ends_and_the_next_one_goes_on(rig: Any, database: Database, dump: Dump) -> None:
    """It says what is wrong and what to do; the next crawl indexes what was fetched, without fetching it again."""
    now = rig.server.clock.now().isoformat()
    crawl = begun(rig, "crawl", "--clock", now)
    database.stop()
    words = said(crawl)
    assert crawl.returncode == 70, words
    assert "The WARC files are untouched" in words
    assert "newsarchive doctor" in words
    database.start()
    asked = [each.url for each in rig.exchanges() if "robots" not in each.url]
    # As if a minute had passed: what the first one found is due from the moment at which it found it.
    rig.crawl(rig.server.clock.advance(timedelta(minutes=1)))
    later = [each.url for each in rig.exchanges() if "robots" not in each.url][len(asked) :]
    assert set(later[:30]) & set(asked[:-2]) == set()
    nothing_is_lost(rig, dump)


def test_a_worker_ends_and_the_next_one_goes_on(rig: Any, database: Database, dump: Dump) -> None:
    """It exits with 75, after which systemd restarts it; its crawl has ended too."""
    pytest.importorskip("procrastinate")
    worker = begun(rig, "worker", "--slots", "1")
    database.stop()
    words = said(worker)
    assert worker.returncode == 75, words
    # Whichever it meets first: no answer to its heartbeat, or a crawl whose end cannot be recorded.
    assert "the index's database does not respond; " in words or "the end of its crawl cannot be recorded; " in words
    assert "this worker and its crawls were ended at once" in words
    asked = len(rig.exchanges())
    database.start()
    assert len(rig.exchanges()) == asked, "its crawl goes on without it"
    again = begun(rig, "worker", "--slots", "1")
    wait_for(lambda: database.count_articles() >= 60)
    again.send_signal(signal.SIGTERM)
    words = said(again)
    assert again.returncode == 0, words
    rig.crawl()
    nothing_is_lost(rig, dump)
