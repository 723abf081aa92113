"""An index on each database, fresh for each test."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from storage.index import Index

POSTGRES = "NEWSARCHIVE_TEST_POSTGRES"
"""Environment variable: where a PostgreSQL server is whose user may make databases."""


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """Address of a fresh PostgreSQL database."""
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
