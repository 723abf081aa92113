import asyncio
import threading
from collections import Counter
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from newsarchive.config.schema import Config
from newsarchive.crawl.download.client import RecordingClient
from newsarchive.crawl.frontier import FrontierWindow
from newsarchive.crawl.politeness import ResponseSummary
from newsarchive.crawl.recorder import MAX_UNCOMMITTED, Recorder
from newsarchive.crawl.run_context import RunContext
from newsarchive.crawl.site_spider import SpiderRun
from storage.errors import ArchiveBusy, DiskFull
from storage.model import Capture, Discovery, DueUrl, Exchange, Outcome, Reading, RecordPlace, RenderedPage, UrlKind
from storage.warc.reader import CaptureRecord

READING = Reading(outcome=Outcome.OTHER, reason="read")
DISCOVERY = Discovery(site="news", kind=UrlKind.ARTICLE)


def exchange(number: int, size: int = 10) -> Exchange:
    return Exchange(
        url=f"http://news.example/{number}",
        started_at=datetime(2026, 11, 25, tzinfo=UTC),
        request=b"GET / HTTP/1.1\r\n\r\n",
        response=b"x" * size,
        discovery=DISCOVERY,
    )


def capture(url: str) -> Capture:
    return Capture(
        url=url,
        record_id=f"urn:{url}",
        place=RecordPlace(warc="a.warc.gz", offset=0, length=1),
        kind="response",
        fetched_at=datetime(2026, 11, 25, tzinfo=UTC),
        date="2026-11-25T00:00:00Z",
        status=200,
        mime=None,
        payload_digest=None,
        payload_size=0,
    )


class Files:
    """A writer that holds `room` exchanges."""

    def __init__(self, room: int = 1000) -> None:
        self.room = room
        self.urls: list[str] = []
        self.threads: set[str] = set()

    def write(self, exchange: Exchange | RenderedPage) -> Capture:
        self.threads.add(threading.current_thread().name)
        if len(self.urls) >= self.room:
            raise DiskFull("no space is left")
        self.urls.append(exchange.url)
        return capture(exchange.url)


class Ingest:
    """An ingestor that commits on demand."""

    def __init__(self) -> None:
        self.records: list[CaptureRecord] = []
        self.futures: list[Future[Reading]] = []

    def submit(self, record: CaptureRecord) -> Future[Reading]:
        future: Future[Reading] = Future()
        self.records.append(record)
        self.futures.append(future)
        return future

    def commit(self) -> None:
        while self.futures:
            self.futures.pop(0).set_result(READING)


async def settle(recorder: Recorder) -> None:
    """Wait for the commits of other threads."""
    for _ in range(500):
        if not recorder.count:
            return
        await asyncio.sleep(0.005)


def test_an_exchange_is_written_before_it_is_submitted() -> None:
    """In order, by one thread: written, then submitted with its discovery and its bytes; then its caller continues."""

    async def main() -> None:
        files, ingest = Files(), Ingest()
        recorder = Recorder(files.write, ingest.submit)
        committed: list[int] = []

        def note(number: int, _: Reading) -> None:
            committed.append(number)

        captures = await asyncio.gather(
            *(recorder.record(exchange(number), partial(note, number)) for number in range(5))
        )
        urls = [exchange(number).url for number in range(5)]
        assert [each.url for each in captures] == files.urls == urls
        assert [(each.capture, each.discovery, each.block) for each in ingest.records] == [
            (each, DISCOVERY, b"x" * 10) for each in captures
        ]
        assert (files.threads, committed, recorder.count, recorder.bytes) == ({"recorder"}, [], 5, 50)
        ingest.commit()
        await settle(recorder)
        assert (committed, recorder.count, recorder.bytes) == ([0, 1, 2, 3, 4], 0, 0)
        recorder.close()

    asyncio.run(main())


def test_an_error_of_a_commit_callback_ends_the_run() -> None:
    """It is the recorder's failure, reported once: the run would otherwise wait for ever."""

    async def main() -> None:
        ingest = Ingest()
        recorder = Recorder(Files().write, ingest.submit)
        reported: list[BaseException] = []
        recorder.on_failure = reported.append

        def broken(_: Reading) -> None:
            raise NameError("a mistake of ours")

        await recorder.record(exchange(0), broken)
        ingest.commit()
        await settle(recorder)
        assert [type(each) for each in reported] == [NameError]
        assert recorder.count == 0
        recorder.close()

    asyncio.run(main())


def test_a_recorder_is_full_at_its_limits() -> None:
    """With too many exchanges, or bytes, that are not in the index yet, nothing more should be fetched."""

    async def main() -> None:
        ingest = Ingest()
        recorder = Recorder(Files().write, ingest.submit)
        await recorder.record(exchange(0, 64_000_000), lambda _: None)
        assert recorder.is_full
        ingest.commit()
        await settle(recorder)
        assert not recorder.is_full
        for number in range(MAX_UNCOMMITTED):
            await recorder.record(exchange(number), lambda _: None)
        assert recorder.is_full
        ingest.commit()
        await settle(recorder)
        assert not recorder.is_full
        recorder.close()

    asyncio.run(main())


def test_a_full_disk_is_reported_once_and_ends_it() -> None:
    """All callers get the error, the run's callback gets it once, and nothing is recorded after it."""

    async def main() -> None:
        files = Files(room=2)
        reported: list[BaseException] = []
        recorder = Recorder(files.write, Ingest().submit)
        recorder.on_failure = reported.append
        results = await asyncio.gather(
            *(recorder.record(exchange(number), lambda _: None) for number in range(5)), return_exceptions=True
        )
        assert [type(each) for each in results] == [Capture, Capture, DiskFull, DiskFull, DiskFull]
        assert (len(reported), recorder.failure, files.urls) == (1, reported[0], [exchange(0).url, exchange(1).url])
        with pytest.raises(DiskFull):
            await recorder.record(exchange(6), lambda _: None)
        recorder.close()

    asyncio.run(main())


def test_a_failing_index_ends_it_too() -> None:
    """A failing commit stops the run like a full disk."""

    async def main() -> None:
        ingest = Ingest()
        reported: list[BaseException] = []
        recorder = Recorder(Files().write, ingest.submit)
        recorder.on_failure = reported.append
        await recorder.record(exchange(0), lambda _: None)
        ingest.futures.pop().set_exception(DiskFull("the index's disk"))
        await settle(recorder)
        assert (len(reported), recorder.count) == (1, 0)
        recorder.close()

    asyncio.run(main())


def test_a_run_without_its_lease_ends() -> None:
    """It sends no request, and does not wait for a response either."""
    answered: list[ResponseSummary] = []
    frontier = SimpleNamespace(record_response=lambda _, answer, *, rendering: answered.append(answer))

    def lost() -> None:
        raise ArchiveBusy("the sites may be another machine's")

    async def go() -> Recorder:
        recorder = Recorder(Files().write, Ingest().submit)
        context = RunContext(
            client=cast("RecordingClient", None), recorder=recorder, frontier=cast("FrontierWindow", frontier),
            config=Config(folder=Path()), counters=Counter(), require_lease=lost,
            spiders=SpiderRun(Path(), [], Counter()),
        )  # fmt: skip
        due = DueUrl(
            url_id=1, url="http://news.example/", discovery=DISCOVERY, due_at=datetime(2026, 11, 25, tzinfo=UTC),
            priority=0, failure_count=0,
        )  # fmt: skip
        with pytest.raises(ArchiveBusy):
            await context.fetch(due, due.url, [])
        recorder.close()
        return recorder

    assert isinstance(asyncio.run(go()).failure, ArchiveBusy)
    assert answered == [ResponseSummary(no_response=True)]
