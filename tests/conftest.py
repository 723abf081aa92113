"""What all tests share: marks by folder, services, and time for the property tests."""

import gc
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import scrapy.core.downloader.contextfactory  # noqa: F401 - first: its import searches the source of all loaded modules
from hypothesis import HealthCheck, settings
from sqlalchemy import Connection, Engine, event

from newsarchive.archive import Archive
from newsarchive.replay import environment as replay
from storage.errors import ReplayFailure
from storage.index import Index
from storage.warc.record import HTTP_RESPONSE, build_member, new_record_id, sha256, warc_date

POSTGRES = "NEWSARCHIVE_TEST_POSTGRES"
"""SQLAlchemy URL of a PostgreSQL server where databases may be made, such as postgresql+psycopg://me@127.0.0.1/test."""
EVAL = "NEWSARCHIVE_EVAL"
"""Folder of annotated real pages, which are too large and not ours to put into the repository."""
REQUIRE = "NEWSARCHIVE_REQUIRE_SERVICES"
"""Set in CI: a test that would be skipped for want of a service or of a package fails instead."""
CHROMIUM = "NEWSARCHIVE_CHROMIUM"
"""Path of the Chromium that tests drive; where it is not set, the first of BROWSERS that is there."""
BROWSERS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
"""The first is the engine of the second without the windows of a browser, for a third of the CPU time."""
WANTS = (POSTGRES, CHROMIUM, "is not installed", "network namespaces", "could not import")
"""How the reasons of such skips are known: the variable that names the service, or what importorskip says. The
annotated pages are none: they cannot be had everywhere, and .ci/run names them where they are."""

# No wall time in tests: other work may share the machine. The same examples each time in CI.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# Containers often set it; the tests start hundreds of processes, each of which would then compile all modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

HERE = Path(__file__).parent
AREAS = ("unit", "integration", "acceptance", "quality")
# For `tests.newsroom` and `benchmarks`, which are not installed.
sys.path.append(str(HERE.parent))


class CompiledStatements(dict[tuple[Any, ...], Any]):
    """SQL by statement and kind of database: an index that is opened compiles none that another one has compiled.

    SQLAlchemy keeps them for each engine, and with an index per test compiling took a sixth of the time.
    """

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        """Return the SQL of a statement, whichever engine compiled it."""
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        """Keep the SQL of a statement."""
        super().__setitem__((type(key[0]), *key[1:]), compiled)


COMPILED_STATEMENTS = CompiledStatements()


@event.listens_for(Engine, "engine_connect")
def share_compiled_statements(connection: Connection) -> None:
    """Let a connection use what all have compiled."""
    connection.execution_options(compiled_cache=COMPILED_STATEMENTS)


NAMES_OF_SLOW = ("slow", "few_and_all")
"""One of them is in each file with slow tests: the mark, or what sets it (tests/sizes.py)."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip the files without slow tests if only those are run: three of four, whose imports take seconds."""
    if config.option.markexpr != "slow" or not collection_path.match("test_*.py"):
        return None
    text = collection_path.read_text("utf-8")
    return None if any(name in text for name in NAMES_OF_SLOW) else True


def pytest_collection() -> None:
    """Collect tests without the garbage collector: nearly all that is imported and collected stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Let the garbage collector look through what tests make, and not each time through all that was collected."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is marked by the folder it lies in."""
    for item in items:
        area = item.path.relative_to(HERE).parts[0] if item.path.is_relative_to(HERE) else ""
        # Doctests of the packages, and of the newsroom, are unit tests.
        item.add_marker(area if area in AREAS else "unit")
        if item.get_closest_marker("slow"):
            text = item.path.read_text("utf-8")
            assert any(name in text for name in NAMES_OF_SLOW), f"{item.path}: `-m slow` would not find its slow tests"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that runs a program which is not on this machine: `make test` needs no more than Python."""
    for marker in item.iter_markers("needs_program"):
        if shutil.which(marker.args[0]) is None:
            pytest.skip(f"{marker.args[0]} is not installed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where services are required, want of one is a failure: CI must not grow green by skipping."""
    report = yield
    why = str(call.excinfo.value) if call.excinfo else ""
    if os.environ.get(REQUIRE) and report.skipped and any(want in why for want in WANTS):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, but {REQUIRE} is set: {why}"
    return report


@contextmanager
def postgres_database(template: str) -> Iterator[str]:
    """Create a PostgreSQL database, give its SQLAlchemy URL, and drop it."""
    server = os.environ.get(POSTGRES)
    if not server:
        pytest.skip(f"{POSTGRES} names no PostgreSQL server")
    psycopg = pytest.importorskip("psycopg")
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_index_template() -> Iterator[str]:
    """Name of a PostgreSQL database with an empty index: copying it takes a fifth of the time that its schema takes."""
    with postgres_database("template0") as url:
        Index.open(url).close()
        yield urlsplit(url).path.lstrip("/")


@pytest.fixture
def postgres_url(postgres_index_template: str) -> Iterator[str]:
    """The SQLAlchemy URL of a PostgreSQL database with an empty index. The database is dropped after the test."""
    with postgres_database(postgres_index_template) as url:
        yield url


@pytest.fixture(scope="module")
def module_postgres_url(postgres_index_template: str) -> Iterator[str]:
    """`postgres_url` for what the tests of a module share."""
    with postgres_database(postgres_index_template) as url:
        yield url


@pytest.fixture
def empty_postgres_url() -> Iterator[str]:
    """The SQLAlchemy URL of a PostgreSQL database without tables. It is dropped after the test."""
    with postgres_database("template0") as url:
        yield url


@pytest.fixture(scope="session")
def eval_folder() -> Path:
    """The folder of annotated real pages."""
    folder = os.environ.get(EVAL)
    if not folder:
        pytest.skip(f"{EVAL} names no folder of annotated pages")
    return Path(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of a server, to be archived."""

    url: str
    body: bytes = b""
    mime: str = "text/html; charset=utf-8"
    status: str = "200 OK"
    at: datetime = datetime(2026, 3, 1, 6, tzinfo=UTC)
    headers: dict[str, str] = field(default_factory=dict)

    def record(self) -> bytes:
        """Return the answer as a WARC response record."""
        lines = [f"HTTP/1.1 {self.status}", f"Content-Type: {self.mime}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        block = "\r\n".join([*lines, f"Content-Length: {len(self.body)}", "", ""]).encode() + self.body
        fields = [
            ("WARC-Record-ID", f"<{new_record_id()}>"),
            ("WARC-Date", warc_date(self.at)),
            ("WARC-Target-URI", self.url),
            ("WARC-Block-Digest", sha256(block)),
            ("WARC-Payload-Digest", sha256(self.body)),
            ("Content-Type", HTTP_RESPONSE),
        ]
        return build_member("response", fields, block)


ArchiveOf = Callable[..., Archive]


@pytest.fixture
def archive_of(tmp_path: Path) -> Iterator[ArchiveOf]:
    """Makes an archive that holds some answers, as keywords of `Answer`, imported from a WARC file of another's."""
    with archives_in(tmp_path) as make:
        yield make


@pytest.fixture(scope="module")
def shared_archive_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveOf]:
    """`archive_of`, for archives that the tests of a module only read."""
    with archives_in(tmp_path_factory.mktemp("shared")) as make:
        yield make


@contextmanager
def archives_in(tmp_path: Path) -> Iterator[ArchiveOf]:
    """Make archives in a folder, and close them at the end."""
    opened: list[Archive] = []

    def make(*answers: dict[str, object], config: str = "") -> Archive:
        folder = tmp_path / f"archive-{len(opened)}"
        source = tmp_path / f"others-{len(opened)}.warc.gz"
        source.write_bytes(b"".join(Answer(**answer).record() for answer in answers))  # type: ignore[arg-type]
        Archive.init(folder).close()
        if config:
            toml = folder / "newsarchive.toml"
            toml.write_text(f"{toml.read_text()}\n{config}\n")
        archive = Archive.open(folder)
        opened.append(archive)
        archive.import_files([source])
        return archive

    try:
        yield make
    finally:
        for archive in opened:
            archive.close()


@contextmanager
def serving(app: object) -> Iterator[str]:
    """An ASGI application on a free port of the loopback, in a thread; gives its address."""
    uvicorn = pytest.importorskip("uvicorn")
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


AtAddress = Callable[[object], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def at_address() -> AtAddress:
    """`serving`, for tests: they cannot import from here."""
    return serving


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """A Chromium driven by playwright; it asks nobody but whom the test's pages ask.

    Its loop runs in the thread of the tests until the end of their module, which can run no other there.
    """
    sync_api = pytest.importorskip("playwright.sync_api")
    named = os.environ.get(CHROMIUM)
    path = next((each for each in ([named] if named else BROWSERS) if Path(each).exists()), None)
    if path is None:
        pytest.skip(f"{CHROMIUM} names no browser, and {BROWSERS[-1]} is not there")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pywb() -> replay.ReplayEnvironment:
    """The environment that `newsarchive replay install` makes; kept between runs, for it takes a minute."""
    named = os.environ.get(replay.HOME_VARIABLE)
    folder = Path(named) if named else Path.home() / ".cache" / "newsarchive-tests" / "replay"
    environment = replay.ReplayEnvironment(folder=folder)
    if environment.installed_version is None:
        try:
            replay.install(environment, print)
        except ReplayFailure as problem:
            pytest.skip(f"could not import pywb: {problem}")
    return environment
