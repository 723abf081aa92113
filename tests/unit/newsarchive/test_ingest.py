"""The one path into the index."""

import gc
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

import pytest

from newsarchive.ingest.pipeline import Batching, Ingestor
from newsarchive.ingest.tasks import Task
from storage.errors import DiskFull
from storage.index.views.articles import Committed
from storage.model import (
    Capture,
    Discovery,
    Entry,
    Ingest,
    NextLook,
    Outcome,
    Reading,
    RecordPlace,
    RefersTo,
    Seen,
    Site,
    UrlKind,
)
from storage.warc.reader import Kept

PAGE = Discovery(site="gazette", kind=UrlKind.ARTICLE)
BLOCK = b"HTTP/1.1 200 OK\r\n\r\nhello"
READ = Reading(outcome=Outcome.OTHER, reason="read")


class Log:
    """Everything that happens, in order: an index, a disk and readers in one."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.done: list[str] = []
        self.asked: list[tuple[str, Future[Reading]]] = []
        self.fails = fails

    def sync(self) -> None:
        self.done.append("sync")

    def commit(self, batch: Sequence[Ingest], plan: Callable[[Seen], NextLook]) -> Committed:
        if self.fails:
            raise self.fails
        self.done.append("commit " + " ".join(one.capture.url[-1] for one in batch))
        return Committed(captures=len(batch), versions=1)

    def sites(self) -> tuple[Site, ...]:
        return (Site(name="gazette", url="https://gazette.example/"),)

    def site_for(self, url: str) -> Site | None:
        return None

    def addresses_read(self, site: str) -> list[tuple[str, Outcome]]:
        return []

    def is_captured(self, url: str) -> bool:
        return False

    def submit(self, task: Task) -> Future[Reading]:
        future: Future[Reading] = Future()
        self.asked.append((task.url[-1], future))
        return future

    def place_of(self, refers_to: RefersTo) -> RecordPlace | None:
        return None

    def block_at(self, place: RecordPlace) -> bytes:
        return b""


def kept(name: str) -> Kept:
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
    return Kept(capture=capture, discovery=PAGE, block=BLOCK)


def ingestor(log: Any, **batching: Any) -> Ingestor:
    return Ingestor(
        log,
        log,
        plan=lambda seen: NextLook(due_at=None, failures=0, unchanged=0),
        originals=log,
        sync=log.sync,
        batching=Batching(**batching),
    )


def test_captures_are_committed_in_the_order_of_their_files_and_synced_before() -> None:
    """Law 3: whatever order pages are read in, the index has no holes, and no row is there before its record."""
    log = Log()
    one = ingestor(log, every=2, seconds=0.01, lull=0.01)
    answers = [one.submit(kept(name)) for name in "abc"]
    for _, future in reversed(log.asked):
        future.set_result(READ)
    one.wait_idle()
    one.close()
    assert [word for word in log.done if word != "sync"] == ["commit a b", "commit c"]
    assert log.done[::2] == ["sync", "sync"]
    assert [answer.result() for answer in answers] == [READ] * 3
    assert (one.in_flight, one.articles, one.failure) == (0, 2, None)


def test_what_somebody_waits_for_is_committed_at_once() -> None:
    """Where nothing else is under way, a capture waits for no company."""
    log = Log()
    one = ingestor(log, seconds=600, lull=600)
    answer = one.submit(kept("a"))
    one.hurry()
    log.asked[0][1].set_result(READ)
    assert answer.result(timeout=20) == READ
    one.close()


def test_what_is_committed_is_let_go_at_once() -> None:
    """Memory stays bounded however long a run is: nothing that was read waits for the collector of cycles."""
    log = Log()
    one = ingestor(log, every=1)
    gc.disable()
    try:
        answer = one.submit(kept("a"))
        reading = log.asked.pop()[1]
        alive = weakref.ref(reading)
        reading.set_result(READ)
        del reading
        assert answer.result(timeout=20) == READ
        one.close()
        assert alive() is None
    finally:
        gc.enable()


def test_room_is_a_matter_of_bytes_too() -> None:
    """Memory stays bounded whatever a file holds: what is not yet read counts by its size, and is let go when it is."""
    log = Log()
    one = ingestor(log, unread=40, every=1)
    for name in "ab":
        one.submit(kept(name))
    waiting = threading.Thread(target=one.wait_room)
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    log.asked[1][1].set_result(READ)
    waiting.join(10)
    assert not waiting.is_alive()
    log.asked[0][1].set_result(READ)
    one.close()
    assert one.in_flight == 0


def test_large_sitemaps_share_no_transaction() -> None:
    """Memory stays bounded whatever a site names at once: each URL is several rows while it is committed."""
    log = Log()
    one = ingestor(log, named=5, seconds=600, lull=600)
    answers = [one.submit(kept(name)) for name in "abcdef"]
    for (_, future), named in reversed(list(zip(log.asked, (2, 3, 1, 9, 0, 5), strict=True))):
        entries = tuple(Entry(url=f"https://gazette.example/{number}") for number in range(named))
        future.set_result(Reading(outcome=Outcome.SITEMAP, reason="read", entries=entries))
    one.wait_idle()
    one.close()
    assert [word for word in log.done if word != "sync"] == ["commit a b", "commit c", "commit d", "commit e f"]
    assert [len(answer.result().entries) for answer in answers] == [2, 3, 1, 9, 0, 5]


def test_a_note_is_made_behind_all_that_came_before() -> None:
    """A file counts as closed only once its captures are in."""
    log = Log()
    one = ingestor(log)
    one.submit(kept("a"))
    one.note(lambda: log.done.append("closed"))
    one.submit(kept("b"))
    for _, future in log.asked:
        future.set_result(READ)
    one.close()
    assert [word for word in log.done if word != "sync"] == ["commit a", "closed", "commit b"]


def test_a_failing_index_stops_everything_and_everyone_is_told() -> None:
    """Nothing is committed behind a failure, and nobody waits for ever."""
    log = Log(fails=DiskFull("no space is left"))
    one = ingestor(log, seconds=0.01, lull=0.01)
    answers = [one.submit(kept(name)) for name in "ab"]
    for _, future in log.asked:
        future.set_result(READ)
    with pytest.raises(DiskFull):
        one.wait_idle()
    for answer in answers:
        with pytest.raises(DiskFull):
            answer.result(timeout=5)
    with pytest.raises(DiskFull):
        one.submit(kept("c"))
    with pytest.raises(DiskFull):
        one.wait_room()
    one.close()
    assert isinstance(one.failure, DiskFull)


class ReadBetween(Future[Reading]):
    """A reading that is made just after it was first asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def done(self) -> bool:
        self.asked += 1
        if self.asked == 1:
            super().set_result(READ)
            return False
        return super().done()


def test_a_page_may_be_read_while_it_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers do not wait for the writer: that one ends between two looks of it is nothing that ends a crawl."""
    log = Log()
    monkeypatch.setattr(log, "submit", lambda _: ReadBetween())
    one = ingestor(log, seconds=600, lull=0.01)
    assert one.submit(kept("a")).result(timeout=20) == READ
    one.close()
    assert one.failure is None
