"""Readings that headers decide, and tasks for the others."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from newsarchive.ingest.originals import ArchivedOriginals
from newsarchive.ingest.tasks import ReadingTask, build_task, reading_from_headers
from storage.model import Capture, Discovery, Outcome, Reading, RecordPlace, RefersTo, UrlKind
from storage.warc.reader import CaptureRecord

URL = "https://gazette.example/a"
PLACE = RecordPlace(warc="a.warc.gz", offset=0, length=10)
CAPTURE = Capture(
    url=URL,
    record_id="urn:uuid:1",
    place=PLACE,
    kind="response",
    fetched_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    date="2026-03-01T12:00:00Z",
    status=200,
    mime="text/html",
    payload_digest="sha256:00",
    payload_size=5,
)
PAGE = Discovery(site="gazette", kind=UrlKind.ARTICLE)
BLOCK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhello"


class FakeOriginals(ArchivedOriginals):
    """An archive that holds one original, or none."""

    def __init__(self, block: bytes | None) -> None:
        self.block = block

    def find_place(self, refers_to: RefersTo) -> RecordPlace | None:
        return PLACE if self.block is not None else None

    def read_block(self, place: RecordPlace) -> bytes:
        assert self.block is not None
        return self.block


def record(discovery: Discovery = PAGE, **changes: object) -> CaptureRecord:
    return CaptureRecord(capture=replace(CAPTURE, **changes), discovery=discovery, block=BLOCK)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"status": 301, "redirect_url": "https://gazette.example/b"}, Outcome.REDIRECT),
        ({"status": 302}, Outcome.ERROR),
        ({"status": 304, "payload_size": 0}, Outcome.NOT_MODIFIED),
        ({"status": 404}, Outcome.GONE),
        ({"status": 410}, Outcome.GONE),
        ({"status": 500}, Outcome.ERROR),
        ({"status": 403, "payload_size": 0}, Outcome.ERROR),
        ({"status": None}, Outcome.ERROR),
        ({"truncated": "disconnect"}, Outcome.ERROR),
        ({"payload_size": 0}, Outcome.EMPTY),
    ],
)
def test_records_are_skipped_by_their_header(changes: dict[str, Any], outcome: Outcome) -> None:
    """Errors, redirects, empty and truncated responses have their own outcomes and are never articles."""
    reading = reading_from_headers(record(**changes))
    assert reading is not None
    assert reading.outcome is outcome
    assert reading.reason


def test_an_answer_that_may_be_a_challenge_is_read() -> None:
    """Responses 403, 429 and 503 with a body are read."""
    assert [reading_from_headers(record(status=status)) for status in (200, 403, 429, 503)] == [None] * 4


def test_an_empty_robots_txt_allows_all() -> None:
    """An empty robots.txt has the outcome ROBOTS, not EMPTY (RFC 9309 2.2)."""
    reading = reading_from_headers(record(Discovery(site="gazette", kind=UrlKind.ROBOTS), payload_size=0))
    assert reading is not None
    assert reading.outcome is Outcome.ROBOTS


def test_a_revisit_of_its_own_url_is_not_read_again() -> None:
    """The same payload at the same URL is not read again."""
    same = RefersTo(record_id="urn:uuid:0", url=URL, date="2026-02-01T12:00:00Z")
    reading = reading_from_headers(record(kind="revisit", profile="identical-payload-digest", refers_to=same))
    assert reading is not None
    assert reading.outcome is Outcome.NOT_MODIFIED


def test_a_revisit_of_another_url_is_read_from_its_original() -> None:
    """Links are relative to the URL, so the payload of another URL is read again."""
    other = RefersTo(record_id="urn:uuid:0", url="https://gazette.example/print/a", date="2026-02-01T12:00:00Z")
    revisit = record(kind="revisit", profile="identical-payload-digest", refers_to=other)
    assert reading_from_headers(revisit) is None
    task = build_task(revisit, PAGE, FakeOriginals(BLOCK))
    assert isinstance(task, ReadingTask)
    assert (task.url, task.block) == (URL, BLOCK)


def test_a_revisit_whose_original_is_not_held_says_so() -> None:
    """Revisits without their original are kept, with an outcome of their own."""
    other = RefersTo(record_id="urn:uuid:0", url="https://gazette.example/print/a", date="2026-02-01T12:00:00Z")
    reading = build_task(record(kind="revisit", refers_to=other), PAGE, FakeOriginals(None))
    assert isinstance(reading, Reading)
    assert reading.outcome is Outcome.UNREADABLE
    assert "original" in reading.reason
