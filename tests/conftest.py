"""What all tests share: marks by folder, services, and time for the property tests."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

POSTGRES = "NEWSARCHIVE_TEST_POSTGRES"
"""SQLAlchemy URL of a PostgreSQL server where databases may be made, such as postgresql+psycopg://me@127.0.0.1/test."""
EVAL = "NEWSARCHIVE_EVAL"
"""Folder of annotated real pages, which are too large and not ours to put into the repository."""
REQUIRE = "NEWSARCHIVE_REQUIRE_SERVICES"
"""Set in CI: a test that would be skipped for want of a service or of a package fails instead."""
WANTS = (POSTGRES, "could not import")
"""How the reasons of such skips are known: the variable that names the service, or what importorskip says. The
annotated pages are none: they cannot be had everywhere, and .ci/run names them where they are."""

# No wall time in tests: other work may share the machine. The same examples each time in CI.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is marked by the folder it lies in."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(item.path.relative_to(HERE).parts[0])
        else:
            item.add_marker("unit")


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


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The SQLAlchemy URL of an empty PostgreSQL database that is dropped after the test."""
    server = os.environ.get(POSTGRES)
    if not server:
        pytest.skip(f"{POSTGRES} names no PostgreSQL server")
    psycopg = pytest.importorskip("psycopg")
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def eval_folder() -> Path:
    """The folder of annotated real pages."""
    folder = os.environ.get(EVAL)
    if not folder:
        pytest.skip(f"{EVAL} names no folder of annotated pages")
    return Path(folder)
