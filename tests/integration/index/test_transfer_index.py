"""Transfer of an index into another database: complete and verified, or not at all."""

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select, text

from storage.errors import IndexFailure, IndexTooNew
from storage.index import Index
from storage.index.engine import bulk
from storage.index.engine.statements import insert_rows
from storage.index.frontier import host_state
from storage.index.frontier.host_state import SavedBackoff, UrlPatternState
from storage.index.frontier.url_queue import DueQuery, select_due_urls
from storage.index.maintenance.transfer import TABLES, transfer_index
from storage.index.queries.export import iter_export_lines
from storage.index.queries.status import get_status, list_source_health
from storage.index.schema.tables import SourceRateRow, UrlRow
from storage.index.schema.upgrade import HEAD
from storage.index.search.results import search_articles
from storage.index.write import runs
from storage.model import (
    Capture,
    CrawlRun,
    DiscoveredUrl,
    Discovery,
    Ingest,
    Link,
    LinkGroup,
    LinkKind,
    NextVisit,
    Outcome,
    Reading,
    Site,
    UrlKind,
    VisitResult,
)

pytestmark = pytest.mark.slow

Make = Callable[..., Ingest]
Plan = Callable[[VisitResult], NextVisit]
MORNING = datetime(2026, 3, 1, 6, 0, 0, 123456, tzinfo=UTC)
SITES = (Site(name="news", url="https://news.example/"), Site(name="Zeitung-ä", url="https://zeitung.example/"))
TO_LOSE = {
    "frontier", "lanes", "host_backoff", "url_patterns", "source_rates", "daily_captures", "sources", "boilerplate",
    "captures", "versions",
    "version_paragraphs", "version_authors", "version_tags", "version_media", "version_entities",
    "version_live_updates", "links", "capture_groups", "crawls",
    "crawl_sites", "site_hosts", "warc_files",
}  # fmt: skip
"""Tables that the source must have rows in."""


@pytest.fixture
def filled(article_at: Make, capture_of: Callable[..., Capture], plan: Plan) -> Callable[[str], None]:
    """Return a function that fills the index at a URL with rows in every table."""

    def fill(address: str) -> None:
        index = Index.open(address)
        index.register_sites(SITES)
        run = CrawlRun(id="20260301T060000Z-a", started_at=MORNING, sites=SITES)
        index.begin_crawl(run)
        links = tuple(Link(url=f"https://news.example/{number}", anchor=f"Nr. {number}") for number in range(5))
        group = LinkGroup(kind=LinkKind.RELATED, label="Más", links=links)
        batch = [
            article_at(
                f"https://{host}.example/{number}", f"Tariffs on steel, part {number}.", "All rights reserved. " * 9,
                f"北京的新闻 {number % 3}", minute=number, site=name, authors=("Ada Berg", "Ōe"), tags=("trade",),
                language=language, link_groups=(group,), section="World",
            )
            for name, host, language in (("news", "news", "en"), ("Zeitung-ä", "zeitung", "de"))
            for number in range(12)
        ]  # fmt: skip
        index.commit(batch, plan)
        edited = article_at("https://news.example/1", "Tariffs on steel, part 1, and aluminium.", minute=60)
        index.commit([edited], plan)
        discovery = Discovery(site="news", kind=UrlKind.FEED)
        index.add_urls(
            [DiscoveredUrl(url="https://news.example/feed", discovery=discovery, due_at=MORNING, priority=3)]
        )
        feed = Reading(outcome=Outcome.FEED, reason="RSS", title="News")
        read = Ingest(capture=capture_of("https://news.example/feed", 5), discovery=discovery, reading=feed)
        index.commit([read], plan)
        index.write(
            host_state.save_backoffs,
            {
                "news.example": SavedBackoff(
                    host="news.example", ready_at=MORNING, refusal_count=2, backoff_level=1, reason="429"
                )
            },
            MORNING,
        )
        family = UrlPatternState(
            site="news", pattern="news.example/{n}", unproductive_count=7, example_url="https://news.example/9"
        )
        index.write(host_state.save_url_patterns, {("news", "news.example/{n}"): family})
        index.write(_habits)
        finished = replace(run, finished_at=MORNING + timedelta(hours=1), outcome="finished")
        index.write(runs.end_crawl, replace(finished, counters={"z": 1, "ä": 2}))
        index.settle()
        index.close()

    return fill


def _habits(connection: Any) -> None:
    url_id = connection.scalar(select(UrlRow.id).where(UrlRow.url == "https://news.example/feed"))
    row = {
        "url_id": url_id, "first_read_at": MORNING, "last_read_at": MORNING, "last_new_at": MORNING,
        "items_per_day": 1 / 3, "discovery_share": 0.1, "new_items": 2.5, "first_named_items": 1.0, "bursts": 1e-7,
        "longest_gap": 86400.0, "capacity": 30, "interval_factor": 1.0, "newest_item_at": None, "lost_at": None,
        "silent_since": MORNING, "hours": {"watched": [0.25, 1.0], "items": [0.0, 3.0]}, "item_count": 2,
        "item_ids": b"\x00\xff" * 8,
    }  # fmt: skip
    insert_rows(connection, SourceRateRow, [row])


@pytest.fixture
def holding() -> Callable[[str], dict[str, Any]]:
    """Return a function that returns all that an index contains and finds."""

    def hold(address: str) -> dict[str, Any]:
        index = Index.open(address, create=False)
        try:
            with index._database.read_transaction() as connection:
                rows = {
                    table.name: [
                        dict(row)
                        for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
                    ]
                    for table in TABLES
                }
            found = [
                index.ask(search_articles, words, limit=50)
                for words in ("steel", '"part 3"', "京的", "tari*", "rights", "oe")
            ]
            now = MORNING + timedelta(hours=3)
            due = index.read(
                select_due_urls, DueQuery(now=now, sites=[site.name for site in SITES], limit=99, per_host=99)
            )
            return {
                "rows": rows, "found": found, "due": due, "lines": list(index.stream(iter_export_lines)),
                "hosts": index.read(host_state.load_backoffs), "families": index.read(host_state.load_url_patterns),
                "sources": index.ask(list_source_health), "status": index.ask(get_status, now),
            }  # fmt: skip
        finally:
            index.close()

    return hold


@pytest.fixture(params=["sqlite to postgresql", "postgresql to sqlite"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """URLs to copy from and to."""
    file = f"sqlite:///{tmp_path / 'index.sqlite3'}"
    server = request.getfixturevalue("postgres_url")
    return (file, server) if request.param == "sqlite to postgresql" else (server, file)


def test_a_copied_index_equals_its_original(
    both: tuple[str, str], filled: Callable[[str], None], holding: Callable[[str], dict[str, Any]], plan: Plan,
    article_at: Make,
) -> None:  # fmt: skip
    """Rows with their ids, search results, due URLs and schedule state are equal, and the copy can be written to."""
    source, target = both
    filled(source)
    done = transfer_index(source, target)
    assert done.copied
    before = holding(source)
    assert not {name for name, rows in before["rows"].items() if not rows} & TO_LOSE
    assert len(before["due"]) > 20
    assert holding(target) == before
    assert {table.table: table.rows for table in done.tables} == {
        name: len(rows) for name, rows in before["rows"].items()
    }
    index = Index.open(target)
    more = article_at("https://news.example/new", "Tariffs once more.", minute=90)
    assert index.commit([more], plan).versions == 1
    index.settle()
    assert index.ask(search_articles, "once").total == 1
    with index._database.read_transaction() as connection:
        assert connection.scalar(text("SELECT sum(captures) FROM daily_captures")) == 27, "the database counts on"
    index.close()


def _made_aside(index: Index) -> dict[str, list[str]]:
    """Return the indexes, constraints and triggers of a database."""
    asked = {
        "postgresql": (
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
            "SELECT concat(conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid <> 0",
            "SELECT concat(tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal",
        ),
        "sqlite": ("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",),
    }
    with index._database.read_transaction() as connection:
        return {each: sorted(connection.scalars(text(each))) for each in asked[connection.dialect.name]}


def test_every_schema_object_is_created(both: tuple[str, str], filled: Callable[[str], None]) -> None:
    """Indexes, constraints and triggers are those of a new index."""
    source, target = both
    filled(source)
    bare = Index.open(f"{target}.bare" if target.startswith("sqlite") else target)
    wanted = _made_aside(bare)
    bare.close()
    transfer_index(source, target)
    index = Index.open(target)
    assert _made_aside(index) == wanted
    index.close()


KILLED = """
import os, signal, sys
from storage.index.maintenance.transfer import transfer_index
source, target, at = sys.argv[1:]
def report(done, total, detail):
    if detail.startswith(at):
        os.kill(os.getpid(), signal.SIGKILL)
transfer_index(source, target, report)
"""


@pytest.mark.slow
@pytest.mark.parametrize("at", ["captures", "indexes"])
def test_a_killed_copy_leaves_nothing(
    both: tuple[str, str],
    at: str,
    filled: Callable[[str], None],
    holding: Callable[[str], dict[str, Any]],
    tmp_path: Path,
) -> None:
    """After SIGKILL at any table the target is empty and the source unchanged, and the same command starts again."""
    source, target = both
    filled(source)
    before = holding(source)
    killed = subprocess.run([sys.executable, "-c", KILLED, source, target, at], check=False)
    assert killed.returncode == -signal.SIGKILL
    if target.startswith("sqlite"):
        assert not Path(target.removeprefix("sqlite:///")).exists()
    else:
        index = Index.open(target)
        with index._database.read_transaction() as connection:
            assert {connection.scalar(select(func.count()).select_from(table)) for table in TABLES} == {0}
        index.close()
    assert transfer_index(source, target).copied
    assert holding(target) == before == holding(source)
    assert not list(tmp_path.glob("*.copying*"))


def test_the_same_copy_again_changes_nothing(both: tuple[str, str], filled: Callable[[str], None]) -> None:
    """A target with an equal copy is left unchanged; one with anything else is refused."""
    source, target = both
    filled(source)
    first = transfer_index(source, target)
    again = transfer_index(source, target)
    assert not again.copied
    assert again.tables == first.tables
    index = Index.open(target)
    index.write(host_state.save_backoffs, {"news.example": None}, MORNING)
    index.close()
    with pytest.raises(IndexFailure, match=r"is not empty.*in host_backoff.*nothing was changed"):
        transfer_index(source, target)


def test_a_copy_that_differs_is_deleted(
    both: tuple[str, str], filled: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that the target changed is detected, and the copy is discarded."""
    source, target = both
    filled(source)

    for kind in (bulk._PostgresLoader, bulk._SqliteLoader):

        def end(self: Any, ending: Callable[[Any], None] = kind.end) -> None:
            ending(self)
            self._connection.exec_driver_sql("UPDATE urls SET key_head = key_head || '.' WHERE id = 3")

        monkeypatch.setattr(kind, "end", end)
    with pytest.raises(IndexFailure, match=r"copy of urls differs from the source.*discarded"):
        transfer_index(source, target)
    monkeypatch.undo()
    assert transfer_index(source, target).copied


def _run(address: str, statement: str) -> None:
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_a_newer_schema_is_refused(both: tuple[str, str], filled: Callable[[str], None]) -> None:
    """An index of a later version is neither read nor overwritten."""
    source, target = both
    filled(source)
    for address in (source, target):
        index = Index.open(address)
        with index._database.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        index.close()
        with pytest.raises(IndexTooNew, match="schema 9999"):
            transfer_index(source, target)
        _run(address, f"UPDATE alembic_version SET version_num = '{HEAD}'")


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("postgresql+psycopg://nobody@127.0.0.1:9/none", "cannot be used"),
        ("sqlite:////nonexistent/folder/index.sqlite3", "unable to open database file"),
        ("mysql://host/name", "cannot be kept in mysql"),
    ],
)
def test_an_unavailable_target_is_named(
    sqlite_url: str, target: str, says: str, filled: Callable[[str], None], holding: Callable[[str], dict[str, Any]]
) -> None:
    """The message names the database, and the source is unchanged."""
    filled(sqlite_url)
    before = holding(sqlite_url)
    with pytest.raises(IndexFailure, match=says):
        transfer_index(sqlite_url, target)
    assert holding(sqlite_url) == before


def test_a_file_of_something_else_is_not_replaced(
    tmp_path: Path, sqlite_url: str, filled: Callable[[str], None]
) -> None:
    """An existing file is replaced only if it is an empty index."""
    filled(sqlite_url)
    other = tmp_path / "notes.sqlite3"
    _run(f"sqlite:///{other}", "CREATE TABLE notes (text)")
    with pytest.raises(IndexFailure, match="holds no index"):
        transfer_index(sqlite_url, f"sqlite:///{other}")
    _run(f"sqlite:///{other}", "INSERT INTO notes VALUES ('still there')")
    empty = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    Index.open(empty).close()
    assert transfer_index(sqlite_url, empty).copied


def test_a_broken_connection_leaves_no_partial_copy(
    postgres_url: str, sqlite_url: str, filled: Callable[[str], None]
) -> None:
    """A lost connection to PostgreSQL is an error that names it, and nothing is left of the copy."""
    filled(sqlite_url)
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")

    def cut(done: int, total: int, detail: str) -> None:
        if detail.startswith("captures"):
            with admin.connect() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )

    with pytest.raises(IndexFailure, match="cannot be used"):
        transfer_index(sqlite_url, postgres_url, cut)
    admin.dispose()
    assert transfer_index(sqlite_url, postgres_url).copied


def test_sqlite_can_be_copied_to_sqlite(
    tmp_path: Path, filled: Callable[[str], None], holding: Callable[[str], dict[str, Any]]
) -> None:
    """SQLite can be copied to another file, such as on another disk, with the search index."""
    source, target = f"sqlite:///{tmp_path / 'index.sqlite3'}", f"sqlite:///{tmp_path / 'copy.sqlite3'}"
    filled(source)
    assert transfer_index(source, target).copied
    assert holding(target) == holding(source)
