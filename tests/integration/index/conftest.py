"""An index on each database, fresh for each test."""

import itertools
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from storage.article_parts import Entity, EntityRelation, LiveUpdate, Media, MediaKind
from storage.index import Index
from storage.model import (
    Article,
    Capture,
    Discovery,
    Ingest,
    NextVisit,
    Outcome,
    Paragraph,
    Reading,
    RecordPlace,
    Role,
    UrlKind,
    VisitResult,
)

POSTGRES = "NEWSARCHIVE_TEST_POSTGRES"
"""Environment variable: where a PostgreSQL server is whose user may make databases."""


@pytest.fixture(scope="session")
def shared_postgres_url() -> Iterator[str]:
    """Address of a PostgreSQL database with the tables of an index: emptying them takes less time than making them."""
    with fresh_database() as url:
        Index.open(url).close()
        yield url


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a PostgreSQL database: a fresh one, or that of an empty index if a test uses `index`."""
    if "index" not in request.fixturenames:
        with fresh_database() as url:
            yield url
        return
    url = request.getfixturevalue("shared_postgres_url")
    emptied = Index.open(url)
    emptied.reset()
    emptied.close()
    yield url


@contextmanager
def fresh_database() -> Iterator[str]:
    """Create a PostgreSQL database, give its address, and drop it."""
    server = os.environ.get(POSTGRES)
    if not server:
        pytest.skip(f"{POSTGRES} names no PostgreSQL server, such as postgresql+psycopg://user@127.0.0.1:5432/test")
    name = f"newsarchive_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            # A locale that sorts otherwise than by code point would be hidden by the server's default.
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        engine.dispose()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Address of a fresh SQLite database."""
    return f"sqlite:///{tmp_path / 'index.sqlite3'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def index_url(request: pytest.FixtureRequest) -> str:
    """Address of a fresh database, on each database in turn."""
    address: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return address


@pytest.fixture
def index(index_url: str) -> Iterator[Index]:
    """A fresh index, on each database in turn."""
    opened = Index.open(index_url)
    yield opened
    opened.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """An empty index on each database in turn, for tests that only read what their module has filled it with."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('shared') / 'index.sqlite3'}"
    else:
        url = request.getfixturevalue("module_postgres_url")
    with closing(Index.open(url)) as opened:
        yield opened


MORNING = datetime(2026, 3, 1, 6, tzinfo=UTC)


@pytest.fixture
def capture_of() -> Callable[..., Capture]:
    """Makes a capture: of a URL, at a minute of the morning; keywords change it."""
    return make_captures()


@pytest.fixture(scope="module")
def shared_capture_of() -> Callable[..., Capture]:
    """`capture_of` for what the tests of a module share."""
    return make_captures()


def make_captures() -> Callable[..., Capture]:
    """Return a function that makes captures, numbered from 1."""
    serial = itertools.count(1)

    def make(url: str, minute: int = 0, **changes: Any) -> Capture:
        number = next(serial)
        at = MORNING + timedelta(minutes=minute)
        usual = Capture(
            url=url,
            record_id=f"urn:uuid:{number:012d}",
            place=RecordPlace(warc="a.warc.gz", offset=number * 1000, length=900),
            kind="response",
            fetched_at=at,
            date=at.isoformat().replace("+00:00", "Z"),
            status=200,
            mime="text/html",
            payload_digest=f"sha256:{number:064d}",
            payload_size=5000,
        )
        return replace(usual, **changes)

    return make


@pytest.fixture
def article_at(capture_of: Callable[..., Capture]) -> Callable[..., Ingest]:
    """Makes the ingest of an article page: URL, paragraphs and minute; keywords change the article."""
    return make_articles(capture_of)


@pytest.fixture(scope="module")
def shared_article_at(shared_capture_of: Callable[..., Capture]) -> Callable[..., Ingest]:
    """`article_at` for what the tests of a module share."""
    return make_articles(shared_capture_of)


def make_articles(capture_of: Callable[..., Capture]) -> Callable[..., Ingest]:
    """Return a function that makes ingests of article pages."""

    def make(url: str, *texts: str, minute: int = 0, site: str = "news", **changes: Any) -> Ingest:
        capture = capture_of(url, minute)
        usual = Article(
            url=url,
            canonical_url=url,
            headline=f"Headline of {url}",
            declared=True,
            language="en",
            paragraphs=tuple(Paragraph(role=Role.TEXT, text=text) for text in texts),
            media=(Media(kind=MediaKind.IMAGE, url=f"{url}.jpg", caption="A picture", place=1),),
            entities=(Entity(relation=EntityRelation.ABOUT, type="Thing", name="Trade"),),
            live_updates=tuple(LiveUpdate(headline=None, text=f"Entry: {text}") for text in texts[:1]),
        )
        return Ingest(
            capture=capture,
            discovery=Discovery(site=site, kind=UrlKind.ARTICLE),
            reading=Reading(
                outcome=Outcome.ARTICLE,
                reason="JSON-LD NewsArticle",
                article=replace(usual, **changes),
                content_digest=capture.payload_digest,
            ),
        )

    return make


@pytest.fixture(scope="session")
def plan() -> Callable[[VisitResult], NextVisit]:
    """A schedule: in an hour, failures and unchanged captures counted."""

    def hourly(seen: VisitResult) -> NextVisit:
        return NextVisit(
            due_at=seen.fetched_at + timedelta(hours=1),
            failure_count=seen.failure_count + 1 if seen.outcome is Outcome.ERROR else 0,
            unchanged_count=0 if seen.changed else seen.unchanged_count + 1,
        )

    return hourly
