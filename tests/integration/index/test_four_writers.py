"""Several processes write to one index in PostgreSQL without deadlocks."""

import multiprocessing
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text

from storage.article_parts import Image
from storage.index import Index
from storage.model import (
    Article,
    Capture,
    DiscoveredUrl,
    Discovery,
    Ingest,
    Link,
    LinkGroup,
    LinkKind,
    NextVisit,
    Outcome,
    Paragraph,
    Reading,
    RecordPlace,
    Role,
    Site,
    UrlKind,
    VisitResult,
)

MORNING = datetime(2026, 3, 1, 6, tzinfo=UTC)
SITES = (Site(name="news", url="https://news.example/"), Site(name="times", url="https://times.example/"))
WRITERS, PAGES, BATCH = 4, 60, 6


def hourly(seen: VisitResult) -> NextVisit:
    """In an hour."""
    return NextVisit(due_at=seen.fetched_at + timedelta(hours=1), failure_count=0, unchanged_count=0)


def made(writer: int) -> list[Ingest]:
    """What one writer has: captures of the same pages that the others have, in an order of its own. Pages name and link
    to each other, and to pages and pictures that no writer captures.
    """
    chance = random.Random(writer)
    numbers = list(range(PAGES))
    chance.shuffle(numbers)
    return [_page(writer, number, chance) for number in numbers]


def _url(number: int) -> str:
    return f"https://{'news' if number % 2 else 'times'}.example/{number}"


def _page(writer: int, number: int, chance: random.Random) -> Ingest:
    at = MORNING + timedelta(minutes=number, seconds=writer)
    capture = Capture(
        url=_url(number), record_id=f"urn:uuid:{writer}-{number}", kind="response", fetched_at=at, date=at.isoformat(),
        place=RecordPlace(warc=f"{writer}.warc.gz", offset=number * 1000, length=900), status=200, mime="text/html",
        payload_digest=f"sha256:{writer}-{number}", payload_size=5000,
    )  # fmt: skip
    named = chance.sample(range(PAGES * 2), 12)
    related = tuple(Link(url=_url(one), anchor=f"Nr. {one}") for one in chance.sample(range(PAGES * 2), 8))
    groups = (
        LinkGroup(kind=LinkKind.RELATED, label="Related", links=related),
        LinkGroup(kind=LinkKind.LATEST, label=f"Latest {number % 7}", links=(Link(url=_url(number % 7), anchor="x"),)),
    )
    discovery = Discovery(site="news" if number % 2 else "times", kind=UrlKind.ARTICLE)
    via = replace(discovery, via=_url(number), via_kind=UrlKind.LISTING)
    found = tuple(
        DiscoveredUrl(
            url=_url(one), discovery=replace(via, anchor=f"{one}"), due_at=at, priority=10 + chance.randint(0, 5)
        )
        for one in named
    )
    if number % 5 == 0:
        reading = Reading(outcome=Outcome.LISTING, reason="links", link_groups=groups, content_digest=f"{writer}")
        return Ingest(capture=capture, discovery=discovery, reading=reading, discovered_urls=found)
    article = Article(
        url=_url(number), canonical_url=_url(number), headline=f"Headline {number}", language="en",
        paragraphs=tuple(
            Paragraph(role=Role.TEXT, text=f"Paragraph {chance.randint(0, 40)} of all.") for _ in range(6)
        ),
        image=Image(url=f"https://pictures.example/{chance.randint(0, 30)}"), link_groups=groups,
        authors=tuple(f"Author {one}" for one in chance.sample(range(9), 2)),
        tags=tuple(f"tag {one}" for one in chance.sample(range(9), 3)),
    )  # fmt: skip
    reading = Reading(outcome=Outcome.ARTICLE, reason="JSON-LD", article=article, content_digest=f"{writer}-{number}")
    return Ingest(capture=capture, discovery=discovery, reading=reading, discovered_urls=found)


def _writes(address: str, batch: Sequence[Ingest], begin: float) -> int:
    index = Index.open(address)
    time.sleep(max(0.0, begin - time.time()))
    try:
        for start in range(0, len(batch), BATCH):
            index.commit(batch[start : start + BATCH], hourly)
    finally:
        index.close()
    return len(batch)


@pytest.mark.slow
def test_four_processes_do_not_deadlock(
    postgres_url: str, sqlite_url: str, dump: Callable[[Index], dict[str, list[str]]]
) -> None:
    """They write the same addresses, texts and names, each in its own order: PostgreSQL counts no deadlock, and the
    index is the one that a single writer makes.
    """
    batches = [made(writer) for writer in range(WRITERS)]
    index = Index.open(postgres_url)
    index.register_sites(SITES)
    begin = time.time() + 2
    with multiprocessing.get_context("spawn").Pool(WRITERS) as pool:
        done = pool.starmap(_writes, [(postgres_url, batch, begin) for batch in batches])
    assert done == [PAGES] * WRITERS
    index.settle()
    alone = Index.open(sqlite_url)
    alone.register_sites(SITES)
    for batch in batches:
        alone.commit(batch, hourly)
    alone.settle()
    left, right = dump(index), dump(alone)
    index.close()
    alone.close()
    assert left == right
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        # The server counts when a session ends.
        counted = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert connection.scalar(counted) == 0
    engine.dispose()
