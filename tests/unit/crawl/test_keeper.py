import asyncio
import threading
from collections import Counter
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import cast

import pytest

from newsarchive.crawl.download.client import Wire
from newsarchive.crawl.frontier import Frontier
from newsarchive.crawl.politeness import Answer
from newsarchive.crawl.recorder import MOST, Keeper
from newsarchive.crawl.run_context import Limits, RunContext
from storage.errors import ArchiveBusy, DiskFull
from storage.model import Capture, Discovery, Drawn, Due, Exchange, Outcome, Reading, RecordPlace, UrlKind
from storage.warc.reader import Kept

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

    def keep(self, exchange: Exchange | Drawn) -> Capture:
        self.threads.add(threading.current_thread().name)
        if len(self.urls) >= self.room:
            raise DiskFull("no space is left")
        self.urls.append(exchange.url)
        return capture(exchange.url)


class Ingest:
    """An ingestor that commits when it is told to."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []
        self.futures: list[Future[Reading]] = []

    def submit(self, kept: Kept) -> Future[Reading]:
        future: Future[Reading] = Future()
        self.kept.append(kept)
        self.futures.append(future)
        return future

    def hurry(self) -> None:
        self.hurried = True

    def commit(self) -> None:
        while self.futures:
            self.futures.pop(0).set_result(READING)


async def settle(keeper: Keeper) -> None:
    """Let the commits of other threads arrive."""
    for _ in range(500):
        if not keeper.count:
            return
        await asyncio.sleep(0.005)


def test_an_exchange_is_written_before_it_is_given_on() -> None:
    """In order, by one thread: kept, then submitted with its discovery and its bytes; then its sender goes on."""

    async def main() -> None:
        files, ingest = Files(), Ingest()
        keeper = Keeper(files, ingest)
        committed: list[int] = []

        def note(number: int, _: Reading) -> None:
            committed.append(number)

        captures = await asyncio.gather(*(keeper.keep(exchange(number), partial(note, number)) for number in range(5)))
        urls = [exchange(number).url for number in range(5)]
        assert [each.url for each in captures] == files.urls == urls
        assert [(each.capture, each.discovery, each.block) for each in ingest.kept] == [
            (each, DISCOVERY, b"x" * 10) for each in captures
        ]
        assert (files.threads, committed, keeper.count, keeper.bytes) == ({"keeper"}, [], 5, 50)
        ingest.commit()
        await settle(keeper)
        assert (committed, keeper.count, keeper.bytes) == ([0, 1, 2, 3, 4], 0, 0)
        keeper.close()

    asyncio.run(main())


def test_a_mistake_of_who_is_told_ends_the_run() -> None:
    """It is the keeper's failure, told once: a run that waited for what never comes would never end."""

    async def main() -> None:
        ingest = Ingest()
        keeper = Keeper(Files(), ingest)
        told: list[BaseException] = []
        keeper.on_failure = told.append

        def mistaken(_: Reading) -> None:
            raise NameError("a mistake of ours")

        await keeper.keep(exchange(0), mistaken)
        ingest.commit()
        await settle(keeper)
        assert [type(each) for each in told] == [NameError]
        assert keeper.count == 0
        keeper.close()

    asyncio.run(main())


def test_a_keeper_says_when_it_is_full() -> None:
    """Too many exchanges, or too many bytes, that are not in the index yet: nothing more is to be asked for."""

    async def main() -> None:
        ingest = Ingest()
        keeper = Keeper(Files(), ingest)
        await keeper.keep(exchange(0, 64_000_000), lambda _: None)
        assert keeper.full
        ingest.commit()
        await settle(keeper)
        assert not keeper.full
        for number in range(MOST):
            await keeper.keep(exchange(number), lambda _: None)
        assert keeper.full
        ingest.commit()
        await settle(keeper)
        assert not keeper.full
        keeper.close()

    asyncio.run(main())


def test_a_full_disk_is_told_once_and_ends_it() -> None:
    """What stopped it comes to everyone who waits and to whoever stops the run, once; nothing is kept after it."""

    async def main() -> None:
        files = Files(room=2)
        told: list[BaseException] = []
        keeper = Keeper(files, Ingest())
        keeper.on_failure = told.append
        results = await asyncio.gather(
            *(keeper.keep(exchange(number), lambda _: None) for number in range(5)), return_exceptions=True
        )
        assert [type(each) for each in results] == [Capture, Capture, DiskFull, DiskFull, DiskFull]
        assert (len(told), keeper.failure, files.urls) == (1, told[0], [exchange(0).url, exchange(1).url])
        with pytest.raises(DiskFull):
            await keeper.keep(exchange(6), lambda _: None)
        keeper.close()

    asyncio.run(main())


def test_an_index_that_fails_ends_it_too() -> None:
    """A commit that fails stops the run as a full disk does."""

    async def main() -> None:
        ingest = Ingest()
        told: list[BaseException] = []
        keeper = Keeper(Files(), ingest)
        keeper.on_failure = told.append
        await keeper.keep(exchange(0), lambda _: None)
        ingest.futures.pop().set_exception(DiskFull("the index's disk"))
        await settle(keeper)
        assert (len(told), keeper.count) == (1, 0)
        keeper.close()

    asyncio.run(main())


def test_a_run_that_may_ask_no_more_ends() -> None:
    """Whose sites may be another machine's asks for nothing, and does not wait for an answer that never comes."""
    answered: list[Answer] = []
    frontier = SimpleNamespace(answered=lambda _, answer, *, drawn: answered.append(answer))

    def lost() -> None:
        raise ArchiveBusy("the sites may be another machine's")

    async def go() -> Keeper:
        keeper = Keeper(Files(), Ingest())
        live = RunContext(
            wire=cast("Wire", None), keeper=keeper, frontier=cast("Frontier", frontier),
            limits=Limits(seconds=1, size=1), counters=Counter(), user_agent="a", permitted=lost,
        )  # fmt: skip
        due = Due(
            url_id=1, url="http://news.example/", discovery=DISCOVERY, due_at=datetime(2026, 11, 25, tzinfo=UTC),
            priority=0, failures=0,
        )  # fmt: skip
        with pytest.raises(ArchiveBusy):
            await live.fetch(due, due.url, [])
        keeper.close()
        return keeper

    assert isinstance(asyncio.run(go()).failure, ArchiveBusy)
    assert answered == [Answer(silent=True)]
