"""An archive of the demo newsroom, crawled by the command line."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests.forked_process import start_command
from tests.in_process import run_in_process
from tests.newsroom import Newsroom, NewsroomServer, serve
from tests.newsroom.certificate import create_certificate
from tests.newsroom.clock import Clock
from tests.newsroom.exchange_log import LoggedExchange, read_log

SITE = """
contact = "tests@localhost"
delay = "0s"
index = "{index}"

[[site]]
name = "lantern"
url = "{url}"
allow_private = true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A newsroom that logs every byte, and an archive of it."""

    server: NewsroomServer
    log: Path
    folder: Path

    def command(self, *words: str) -> list[str]:
        """The command line that runs `newsarchive` on this archive in a process of its own."""
        return [sys.executable, "-m", "newsarchive", *words, "--archive", str(self.folder)]

    def start(self, *words: str) -> BaseProcess:
        """Start a command on this archive in a process that may be killed."""
        return start_command(*words, "--archive", self.folder)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, in this process."""
        return run_in_process(*words, "--archive", self.folder)

    def crawl(self, at: datetime | None = None, *words: str) -> subprocess.CompletedProcess[str]:
        """Crawl at the newsroom's time, or at another."""
        done = self.run("crawl", "--clock", (at or self.server.clock.now()).isoformat(), *words)
        assert done.returncode == 0, done.stderr
        return done

    def lines(self) -> list[str]:
        """What `export --all-versions` prints, sorted."""
        done = self.run("export", "--all-versions", "--format", "jsonl")
        assert done.returncode == 0, done.stderr
        return sorted(done.stdout.splitlines())

    def articles(self) -> list[dict[str, object]]:
        """The latest version of every article."""
        done = self.run("export", "--format", "jsonl")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def exchanges(self) -> list[LoggedExchange]:
        """The bytes on the newsroom's sockets so far."""
        return list(read_log(self.log))

    def warcs(self) -> list[Path]:
        """The archive's WARC files, without the torn ends that repairs put aside (NAME.torn-OFFSET)."""
        return sorted(path for path in (self.folder / "warc").glob("*.warc.gz*") if ".torn-" not in path.name)


Build = Callable[..., Rig]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Makes rigs: an empty archive with the newsroom configured."""
    with rigs_in(tmp_path) as make:
        yield make


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawled:
    """A newsroom that was crawled twice, for tests that only read; the second time an hour and a minute later."""

    once: Rig
    """Its archive after the first crawl."""
    twice: Rig
    """Its archive after both."""
    opened: datetime
    later: datetime
    first: list[LoggedExchange]
    """The bytes of the first crawl."""
    second: list[LoggedExchange]

    def copy(self, folder: Path) -> Rig:
        """Return a rig with a copy of the archive after both crawls, which a test may change."""
        shutil.copytree(self.twice.folder, folder)
        return replace(self.twice, folder=folder)


@pytest.fixture(scope="session")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    """A newsroom with the archives of two crawls."""
    folder = tmp_path_factory.mktemp("crawled")
    with rigs_in(folder) as make:
        rig = make()
        opened = rig.server.clock.now()
        rig.crawl()
        first = rig.exchanges()
        shutil.copytree(rig.folder, folder / "once")
        later = rig.server.clock.advance(timedelta(hours=1, minutes=1))
        rig.crawl(later)
        yield Crawled(
            once=replace(rig, folder=folder / "once"), twice=rig, opened=opened, later=later, first=first,
            second=rig.exchanges()[len(first) :],
        )  # fmt: skip


@contextmanager
def rigs_in(tmp_path: Path) -> Iterator[Build]:
    """Make rigs in a folder, and close their servers at the end."""
    servers: list[NewsroomServer] = []

    def make(
        *,
        index: str = "",
        name: str = "archive",
        articles: int = 72,
        tls: bool = False,
        newsroom: Newsroom | None = None,
    ) -> Rig:
        log = tmp_path / f"{name}.log"
        context = create_certificate(tmp_path).server_context() if tls else None
        server = serve(newsroom or Newsroom(articles=articles), clock=Clock(), log=log, tls=context)
        servers.append(server)
        folder = tmp_path / name
        folder.mkdir()
        (folder / "newsarchive.toml").write_text(SITE.format(url=server.url, index=index))
        return Rig(server=server, log=log, folder=folder)

    try:
        yield make
    finally:
        for server in servers:
            server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def index_url(request: pytest.FixtureRequest) -> str:
    """The `index` setting for each database."""
    if request.param == "sqlite":
        return ""
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session", autouse=True)
def importable() -> None:
    """Child processes find the checkout whatever their folder is."""
    root = str(Path(__file__).parents[3])
    known = os.environ.get("PYTHONPATH", "")
    if root not in known.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, known]))
