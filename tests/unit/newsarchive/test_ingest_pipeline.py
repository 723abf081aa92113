"""The ingest pipeline: order, batching, memory and errors."""

import gc
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

import pytest

from newsarchive.ingest.pipeline import Batching, Ingestor
from newsarchive.ingest.tasks import ReadingTask
from storage.errors import DiskFull
from storage.index.views.articles import CommitResult
from storage.model import (
    Capture,
    Discovery,
    FeedEntry,
    Ingest,
    NextVisit,
    Outcome,
    Reading,
    RecordPlace,
    RefersTo,
    Site,
    UrlKind,
    VisitResult,
)
from storage.warc.reader import CaptureRecord

PAGE = Discovery(site="gazette", kind=UrlKind.ARTICLE)
BLOCK = b"HTTP/1.1 200 OK\r\n\r\nhello"
READ = Reading(outcome=Outcome.OTHER, reason="read")


class FakeArchive:
    """An index, a disk and readers in one; records events in their order."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.done: list[str] = []
        self.submitted: list[tuple[str, Future[Reading]]] = []
        self.fails = fails

    def sync(self) -> None:
        self.done.append("sync")

    def commit(self, batch: Sequence[Ingest], plan: Callable[[VisitResult], NextVisit]) -> CommitResult:
        if self.fails:
            raise self.fails
        self.done.append("commit " + " ".join(one.capture.url[-1] for one in batch))
        return CommitResult(versions=1)

    def sites(self) -> tuple[Site, ...]:
        return (Site(name="gazette", url="https://gazette.example/"),)

    def find_site(self, url: str) -> Site | None:
        return None

    def read(self, query: object, *words: object) -> list[tuple[str, Outcome]]:
        return []

    def is_captured(self, url: str) -> bool:
        return False

    def submit(self, task: ReadingTask) -> Future[Reading]:
        future: Future[Reading] = Future()
        self.submitted.append((task.url[-1], future))
        return future

    def find_place(self, refers_to: RefersTo) -> RecordPlace | None:
        return None

    def read_block(self, place: RecordPlace) -> bytes:
        return b""


def record(name: str) -> CaptureRecord:
    capture = Capture(
        url=f"https://gazette.example/{name}",
        record_id=f"urn:uuid:{name}",
        place=RecordPlace(warc="a.warc.gz", offset=0, length=10),
        kind="response",
        fetched_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        date="2026-03-01T12:00:00Z",
        status=200,
        mime="text/html",
        payload_digest=None,
        payload_size=5,
    )
    return CaptureRecord(capture=capture, discovery=PAGE, block=BLOCK)


def ingestor(log: Any, **batching: Any) -> Ingestor:
    return Ingestor(
        log,
        log,
        plan=lambda seen: NextVisit(due_at=None, failure_count=0, unchanged_count=0),
        originals=log,
        sync=log.sync,
        batching=Batching(**batching),
    )


def test_captures_are_committed_in_order_after_a_sync() -> None:
    """Law 3: whatever order pages are read in, the index has no gaps, and no row precedes its record on disk."""
    log = FakeArchive()
    one = ingestor(log, max_captures=2, max_delay=0.01, idle_delay=0.01)
    answers = [one.submit(record(name)) for name in "abc"]
    for _, future in reversed(log.submitted):
        future.set_result(READ)
    one.wait_until_idle()
    one.close()
    assert [word for word in log.done if word != "sync"] == ["commit a b", "commit c"]
    assert log.done[::2] == ["sync", "sync"]
    assert [answer.result() for answer in answers] == [READ] * 3
    assert (len(one._queue), one.new_versions, one.failure) == (0, 2, None)


def test_a_flush_commits_at_once() -> None:
    """If nothing else is in flight, a capture is committed at once."""
    log = FakeArchive()
    one = ingestor(log, max_delay=600, idle_delay=600)
    answer = one.submit(record("a"))
    one.flush_soon()
    log.submitted[0][1].set_result(READ)
    assert answer.result(timeout=20) == READ
    one.close()


def test_committed_captures_are_freed_at_once() -> None:
    """Memory stays bounded in long runs: readings are freed without the garbage collector."""
    log = FakeArchive()
    one = ingestor(log, max_captures=1)
    gc.disable()
    try:
        answer = one.submit(record("a"))
        reading = log.submitted.pop()[1]
        alive = weakref.ref(reading)
        reading.set_result(READ)
        del reading
        assert answer.result(timeout=20) == READ
        one.close()
        assert alive() is None
    finally:
        gc.enable()


def test_unread_bytes_are_limited() -> None:
    """Memory stays bounded for large captures: unread bytes are limited, and freed when they are read."""
    log = FakeArchive()
    one = ingestor(log, max_unread_bytes=40, max_captures=1)
    for name in "ab":
        one.submit(record(name))
    waiting = threading.Thread(target=one.wait_for_room)
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    log.submitted[1][1].set_result(READ)
    waiting.join(10)
    assert not waiting.is_alive()
    log.submitted[0][1].set_result(READ)
    one.close()
    assert len(one._queue) == 0


def test_large_sitemaps_share_no_transaction() -> None:
    """Memory stays bounded for large sitemaps: the URLs per transaction are limited."""
    log = FakeArchive()
    one = ingestor(log, max_listed_urls=5, max_delay=600, idle_delay=600)
    answers = [one.submit(record(name)) for name in "abcdef"]
    for (_, future), named in reversed(list(zip(log.submitted, (2, 3, 1, 9, 0, 5), strict=True))):
        entries = tuple(FeedEntry(url=f"https://gazette.example/{number}") for number in range(named))
        future.set_result(Reading(outcome=Outcome.SITEMAP, reason="read", entries=entries))
    one.wait_until_idle()
    one.close()
    assert [word for word in log.done if word != "sync"] == ["commit a b", "commit c", "commit d", "commit e f"]
    assert [len(answer.result().entries) for answer in answers] == [2, 3, 1, 9, 0, 5]


def test_an_action_runs_after_everything_before_it() -> None:
    """A file is marked as closed only after the commit of its captures."""
    log = FakeArchive()
    one = ingestor(log)
    one.submit(record("a"))
    one.run_after_commit(lambda: log.done.append("closed"))
    one.submit(record("b"))
    for _, future in log.submitted:
        future.set_result(READ)
    one.close()
    assert [word for word in log.done if word != "sync"] == ["commit a", "closed", "commit b"]


def test_a_failing_index_stops_the_writer_and_fails_all_futures() -> None:
    """Nothing is committed after a failure, and every waiting future gets it."""
    log = FakeArchive(fails=DiskFull("no space is left"))
    one = ingestor(log, max_delay=0.01, idle_delay=0.01)
    answers = [one.submit(record(name)) for name in "ab"]
    for _, future in log.submitted:
        future.set_result(READ)
    with pytest.raises(DiskFull):
        one.wait_until_idle()
    for answer in answers:
        with pytest.raises(DiskFull):
            answer.result(timeout=5)
    with pytest.raises(DiskFull):
        one.submit(record("c"))
    with pytest.raises(DiskFull):
        one.wait_for_room()
    one.close()
    assert isinstance(one.failure, DiskFull)


class ReadBetween(Future[Reading]):
    """A reading that completes just after the first check."""

    def __init__(self) -> None:
        super().__init__()
        self.submitted = 0

    def done(self) -> bool:
        self.submitted += 1
        if self.submitted == 1:
            super().set_result(READ)
            return False
        return super().done()


def test_a_page_may_be_read_between_two_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading that completes between two checks of the writer is no error."""
    log = FakeArchive()
    monkeypatch.setattr(log, "submit", lambda _: ReadBetween())
    one = ingestor(log, max_delay=600, idle_delay=0.01)
    assert one.submit(record("a")).result(timeout=20) == READ
    one.close()
    assert one.failure is None
