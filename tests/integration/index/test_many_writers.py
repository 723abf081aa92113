"""Several machines write to one index: what one computes does not lose what another commits meanwhile."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from newsarchive.ingest.originals import LocalOriginals
from storage.index import Index
from storage.index.frontier.source_status import update_sources
from storage.index.queries.articles import find_article_id, get_article
from storage.model import (
    Capture,
    CrawlRun,
    Ingest,
    Link,
    LinkGroup,
    LinkKind,
    NextVisit,
    RecordPlace,
    RefersTo,
    Site,
    VisitResult,
)
from storage.places import Places

AT = datetime(2026, 3, 1, 6, tzinfo=UTC)
FOOT = "Subscribe to our newsletter, and read every story on the very day on which it is printed here."
Plan = Callable[[VisitResult], NextVisit]


@pytest.fixture
def both(postgres_url: str) -> Iterator[tuple[Index, Index]]:
    """One index, opened by two machines."""
    one = Index.open(postgres_url)
    two = Index.open(postgres_url)
    one.begin_crawl(CrawlRun(id="run", sites=(Site(name="news", url="https://news.example/"),), started_at=AT))
    yield one, two
    one.close()
    two.close()


def stories(article_at: Callable[..., Ingest], numbers: range) -> list[Ingest]:
    """Make articles with different texts and the same last paragraph."""
    return [
        article_at(
            f"https://news.example/{number}",
            *(f"Story {number}, paragraph {part}: {'nothing of it is told elsewhere ' * 3}" for part in range(3)),
            FOOT,
            minute=number,
        )
        for number in numbers
    ]


@contextmanager
def before_statement(index: Index, beginning: str, act: Callable[[], object]) -> Iterator[None]:
    """Act once in the midst of a transaction of an index: before its first statement that begins so."""
    engine = index._database.engine
    acted: list[str] = []

    def intervene(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(beginning) and not acted:
            acted.append(statement)
            act()

    event.listen(engine, "before_cursor_execute", intervene)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", intervene)
    assert acted, f"no statement began with {beginning}"


def learnt(index: Index) -> list[tuple[Any, ...]]:
    """Return how many articles carry the last paragraph, and whether it is boilerplate."""
    with index._database.read_transaction() as connection:
        rows = connection.execute(text("SELECT articles_seen, is_boilerplate FROM boilerplate")).all()
    return [tuple(row) for row in rows]


def test_a_version_committed_during_learning_is_counted_next_time(
    both: tuple[Index, Index], article_at: Callable[..., Ingest], plan: Plan
) -> None:
    """It stays marked as uncounted, whenever the commit happens."""
    one, two = both
    one.commit(stories(article_at, range(10)), plan)
    late = stories(article_at, range(10, 14))
    with before_statement(one, "UPDATE boilerplate SET is_boilerplate", lambda: two.commit(late, plan)):
        one.settle()
    two.settle()
    assert learnt(one) == [(14, True)]


def test_two_writers_learn_of_one_site_one_after_the_other(
    both: tuple[Index, Index], article_at: Callable[..., Ingest], plan: Plan
) -> None:
    """An older count never replaces a newer one."""
    one, two = both
    one.commit(stories(article_at, range(10)), plan)
    other = threading.Thread(target=two.settle)

    def settle_elsewhere() -> None:
        two.commit(stories(article_at, range(10, 14)), plan)
        other.start()
        other.join(1.0)
        assert other.is_alive()

    with before_statement(one, "UPDATE boilerplate SET is_boilerplate", settle_elsewhere):
        one.settle()
    other.join()
    assert learnt(one) == [(14, True)]


def test_two_captures_of_an_article_at_once_both_count(
    both: tuple[Index, Index], article_at: Callable[..., Ingest], plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The crawls of two sites may capture one article: the last commit takes the other's capture into account."""
    one, two = both
    url = "https://news.example/1"
    one.commit([article_at(url, "First.", minute=0)], plan)
    begun = threading.Event()
    noted = update_sources
    others = threading.Thread(target=two.commit, args=([article_at(url, "Second.", minute=20)], plan))

    def slowly(connection: Connection, *asked: Any) -> None:
        noted(connection, *asked)
        if not begun.is_set():
            begun.set()
            others.start()
            others.join(1.0)

    monkeypatch.setattr("storage.index.write.commit.update_sources", slowly)
    one.commit([article_at(url, "Third.", minute=10)], plan)
    others.join()
    found = one.ask(find_article_id, url)
    assert found is not None
    article = one.ask(get_article, found)
    assert article is not None
    assert [version.number for version in article.versions] == [1, 2, 3]
    assert article.last_seen == AT.replace(minute=20)


def test_a_registered_site_gets_captures_that_are_committed_meanwhile(
    both: tuple[Index, Index], article_at: Callable[..., Ingest], plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit uses the sites known when it began: registering a site waits for it, and then moves its captures."""
    one, two = both
    group = LinkGroup(kind=LinkKind.INLINE, label="", links=(Link(url="https://other.example/a", anchor="Elsewhere"),))
    other = CrawlRun(id="other", sites=(Site(name="other", url="https://other.example/"),), started_at=AT)
    noted = update_sources
    registering = threading.Thread(target=two.begin_crawl, args=(other,))

    def slowly(connection: Connection, *asked: Any) -> None:
        noted(connection, *asked)
        if not registering.ident:
            registering.start()
            registering.join(1.0)
            assert registering.is_alive()

    monkeypatch.setattr("storage.index.write.commit.update_sources", slowly)
    one.commit([article_at("https://news.example/1", "First.", link_groups=(group,))], plan)
    registering.join()
    with one._database.read_transaction() as connection:
        filed = text(
            "SELECT name FROM urls JOIN sites ON sites.id = site_id WHERE urls.url = 'https://other.example/a'"
        )
        assert connection.scalar(filed) == "other"


def test_an_original_is_one_that_its_machine_can_read(
    both: tuple[Index, Index], capture_of: Callable[..., Capture], article_at: Callable[..., Ingest], plan: Plan,
    tmp_path: Path,
) -> None:  # fmt: skip
    """A payload that only another machine has is stored here again, because its page could not be read otherwise."""
    one, _ = both
    (tmp_path / "here.warc.gz").touch()
    ingests = stories(article_at, range(3))
    digest = "sha256:" + "a" * 64
    for number, (ingest, warc) in enumerate(
        zip(ingests, ("there.warc.gz", "here.warc.gz", "here.warc.gz"), strict=True)
    ):
        place = RecordPlace(warc=warc, offset=1000 * number, length=10)
        ingests[number] = replace(ingest, capture=replace(ingest.capture, place=place, payload_digest=digest))
    originals = LocalOriginals(one, Places(folder=tmp_path))
    one.commit(ingests[:1], plan)
    assert one.find_original_by_digest(digest) is not None
    assert originals.find_original_by_digest(digest) is None
    one.commit(ingests[1:], plan)
    found = originals.find_original_by_digest(digest)
    assert isinstance(found, RefersTo)
    assert found.record_id == ingests[1].capture.record_id
    assert originals.find_original_by_digest("sha256:none") is None
    of_there = originals.find_original_by_url(ingests[0].capture.url)
    assert of_there is not None
    assert of_there.record_id == ingests[0].capture.record_id
