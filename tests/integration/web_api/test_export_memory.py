"""An export of a large archive takes no more memory than one of a small."""

import sqlite3
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsarchive.archive import Archive
from newsarchive.export.formats import FORMATS, Format
from newsarchive.export.request import ExportRequest
from storage.model import (
    Article,
    Capture,
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
    UrlKind,
    VisitResult,
)

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
FEW, MANY = 1000, 3000
"""Both are more than what is taken at once."""


def article(number: int) -> Ingest:
    """An article of two thousand letters."""
    url = f"https://news.example/{number:06}"
    at = BEGIN + timedelta(seconds=number)
    capture = Capture(
        url=url, record_id=f"urn:uuid:{number:012d}", kind="response", fetched_at=at, date=f"{at:%Y-%m-%dT%H:%M:%SZ}",
        place=RecordPlace(warc="a.warc.gz", offset=number * 1000, length=900), status=200, mime="text/html",
        payload_digest=f"sha256:{number:064d}", payload_size=5000,
    )  # fmt: skip
    text = tuple(Paragraph(role=Role.TEXT, text=f"{number} {part} " + "word " * 100) for part in range(4))
    found = Article(url=url, canonical_url=url, headline=f"Number {number}", language="en", paragraphs=text)
    reading = Reading(
        outcome=Outcome.ARTICLE, reason="a test", article=found, content_digest=capture.payload_digest
    )  # fmt: skip
    return Ingest(capture=capture, discovery=Discovery(site="news", kind=UrlKind.ARTICLE), reading=reading)


def listing(number: int) -> Ingest:
    """A front page with the forty articles before a number."""
    at = BEGIN + timedelta(seconds=number, microseconds=1)
    capture = Capture(
        url="https://news.example/", record_id=f"urn:uuid:listing-{number}", kind="response", fetched_at=at,
        date=f"{at:%Y-%m-%dT%H:%M:%SZ}", place=RecordPlace(warc="a.warc.gz", offset=number * 1000 + 900, length=99),
        status=200, mime="text/html", payload_digest=f"sha256:{number:064x}", payload_size=5000,
    )  # fmt: skip
    shown = range(number, max(number - 40, -1), -1)
    links = tuple(
        Link(url=f"https://news.example/{each:06}", anchor=f"Number {each}", box_size="50%") for each in shown
    )
    group = LinkGroup(kind=LinkKind.LISTING, label="News", links=links)
    reading = Reading(outcome=Outcome.LISTING, reason="a test", link_groups=(group,))
    return Ingest(capture=capture, discovery=Discovery(site="news", kind=UrlKind.LISTING), reading=reading)


def plan(seen: VisitResult) -> NextVisit:
    """Never again."""
    return NextVisit(due_at=None, failure_count=seen.failure_count, unchanged_count=0)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Grows from test to test."""
    with Archive.init(tmp_path_factory.mktemp("large") / "morgue") as made:
        yield made


def peak(archive: Archive, form: Format, into: Path) -> int:
    """The most bytes of Python's own that an export holds at once."""
    tracemalloc.start()
    try:
        with into.open("w+b") as file:
            FORMATS[form].write(ExportRequest(index=archive.index, places=archive.places), file)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_archive(archive: Archive, tmp_path: Path) -> None:
    """Three times as many articles, no more than a quarter more memory; in every form that is made from the index."""
    forms = [Format.JSONL, Format.CSV, Format.PARQUET, Format.SQLITE, Format.CDXJ]
    peaks: list[dict[Format, int]] = []
    done = 0
    for count in (FEW, MANY):
        for begin in range(done, count, 500):
            archive.index.commit([article(number) for number in range(begin, begin + 500)], plan)
            archive.index.commit([listing(number) for number in range(begin + 19, begin + 500, 20)], plan)
        done = count
        peaks.append({form: peak(archive, form, tmp_path / f"{count}{FORMATS[form].suffix}") for form in forms})
    few, many = peaks
    with sqlite3.connect(tmp_path / f"{MANY}.sqlite") as copy:
        assert copy.execute("SELECT count(*) > 3500, count(DISTINCT article) FROM placements").fetchone() == (1, MANY)
    copy.close()
    sizes = [(tmp_path / f"{count}.jsonl").stat().st_size for count in (FEW, MANY)]
    assert sizes[1] > 2.9 * sizes[0]
    for form in forms:
        if form is not Format.CDXJ:
            assert many[form] < 1.25 * few[form] + 500_000, form
    # Sorted in runs of 20,000 lines.
    assert many[Format.CDXJ] < 20_000_000
