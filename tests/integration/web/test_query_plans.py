"""Queries of the web interface use database indexes: no page costs more in a large archive."""

import random
import re
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from newsarchive.web.serve_options import ServeOptions
from storage.index.engine.database import Database

ROOT = str(Path(__file__).parents[3])
if ROOT not in sys.path:
    sys.path.append(ROOT)

from benchmarks.generate import fill  # noqa: E402 - benchmarks/ is no installed package
from benchmarks.questions import Asking, sample  # noqa: E402

pytestmark = pytest.mark.slow

UNLIMITED = ServeOptions(rate_limit=10**9, rate_burst=10**9, query_timeout=timedelta(minutes=1))
LARGE = frozenset(
    "articles boilerplate capture_groups captures frontier link_groups links paragraphs urls"
    " version_authors version_paragraphs version_tags versions".split()
)
"""Tables that grow with every page."""
ALLOWED_SCANS = {
    # Number of articles per site: one index entry each, a few milliseconds for a hundred thousand.
    "articles USING INDEX ix_articles_site_dated",
    # The newest: the limit ends the scan.
    "articles USING INDEX ix_articles_dated",
}
"""Intended scans of a large table or its index, by plan."""
BACKGROUND_SCANS = {"frontier USING INDEX ix_frontier_lane"}
"""Scans of the health check, which runs in the background at most every five minutes (web.health_monitor)."""
EXPECTED_INDEXES = {
    "front page, the newest": "ix_captures_listing",
    "site": "ix_frontier_sources",
    "a run of a year": "ix_captures_crawl",
    "author": "ix_authors_folded",
    "CDX, one URL": "ix_captures_url",
}
"""Indexes that were made for a page."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small archive whose planner statistics claim that it is large."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "warc").mkdir()
    (folder / "newsarchive.toml").write_text('contact = "bench@localhost.example"\n')
    database = Database.open(f"sqlite:///{folder / 'index.sqlite3'}")
    for _ in fill(database, folder / "warc", 200, seed=7):
        pass
    database.close()
    with closing(sqlite3.connect(folder / "index.sqlite3")) as connection, connection:
        for rowid, stat in connection.execute("SELECT rowid, stat FROM sqlite_stat1").fetchall():
            rows, *further = stat.split()
            larger = " ".join([str(int(rows) * 1000), *further])
            connection.execute("UPDATE sqlite_stat1 SET stat = ? WHERE rowid = ?", (larger, rowid))
    return folder


Asked = dict[tuple[str, str], Any]
"""Parameters by the kind of page and the statement."""


@pytest.fixture(scope="module")
def asked(folder: Path) -> Asked:
    """Every statement of every page and API."""
    chance, page = random.Random(3), ""
    asked: Asked = {}

    def note(_: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        asked[page, statement] = parameters

    with Archive.open(folder) as archive:
        archive.index.update_search()
        engine = archive.index._database.engine
        with engine.connect() as connection:
            drawn = sample(connection, chance, 60)
        with TestClient(create_app(archive, UNLIMITED), follow_redirects=False) as client:
            event.listen(engine, "before_cursor_execute", note)
            for kind in Asking(drawn, chance).kinds():
                page = kind.name
                # A small site may have nothing of that year: then another is asked about.
                answers = (client.get(kind.address()).status_code for _ in range(20))
                assert kind.status in answers, kind.name
            event.remove(engine, "before_cursor_execute", note)
    return asked


@pytest.fixture(scope="module")
def plans(folder: Path, asked: Asked) -> dict[tuple[str, str], list[str]]:
    """The query plan of each statement."""
    with closing(sqlite3.connect(folder / "index.sqlite3")) as connection:
        for made in {statement for _, statement in asked if statement.startswith("CREATE VIRTUAL TABLE")}:
            connection.execute(made)  # each connection has it for itself
        return {
            (page, statement): [
                detail for *_, detail in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            ]
            for (page, statement), parameters in asked.items()
            if statement.startswith(("SELECT", "WITH"))
        }


def test_no_page_scans_a_large_table(plans: dict[tuple[str, str], list[str]]) -> None:
    """Every step of every plan is an index search, except the scans listed here."""
    found = {
        scan: (page, statement) for (page, statement), steps in plans.items() for scan in find_scans(statement, steps)
    }
    assert {scan: where for scan, where in found.items() if scan not in ALLOWED_SCANS | BACKGROUND_SCANS} == {}
    assert set(found) >= ALLOWED_SCANS


def test_the_list_of_sites_reads_no_versions(asked: Asked) -> None:
    """It would cost in proportion to them, as no index has their sites."""
    statements = [statement for page, statement in asked if page == "API, sites"]
    assert statements
    assert [each for each in statements if "versions" in each] == []


@pytest.mark.parametrize(("page", "index"), EXPECTED_INDEXES.items())
def test_a_page_uses_its_index(plans: dict[tuple[str, str], list[str]], page: str, index: str) -> None:
    """An unused index costs time for every archived page without benefit."""
    steps = [step for (of, _), steps in plans.items() if of == page for step in steps]
    assert [step for step in steps if index in step] != []


def find_scans(statement: str, steps: Sequence[str]) -> Iterator[str]:
    """Return the steps of a plan that scan a large table."""
    tables = {alias: table for table, alias in re.findall(r"\b(\w+) AS (\w+)", statement)}
    for step in steps:
        scan = re.match(r"SCAN (\w+)(.*)", step)
        table = scan and tables.get(scan[1], scan[1])
        if scan and table in LARGE:
            yield f"{table}{scan[2]}".replace("COVERING ", "")
