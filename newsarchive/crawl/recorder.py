"""Kept first: an answer is in the WARC file before any code of ours, or Scrapy's, looks into it.

    wire --exchange--> keep() --thread--> WarcWriter.keep --> submit(Kept) --> ... committed
                          |                    |                                   |
                          the response waits --+ until here                        room for others again

One thread writes, in the order in which exchanges ended. What was fetched and is not yet in the index is counted, so
that nothing more is fetched than memory is meant to hold.
"""

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from storage.model import Capture, Drawn, Exchange, Reading
from storage.warc.provenance import as_written
from storage.warc.reader import Kept

MOST = 256
"""Exchanges on their way into the index, above which nothing more is asked for."""
MOST_BYTES = 64_000_000


class Writer(Protocol):
    """Where exchanges are kept (storage.warc.writer.WarcWriter)."""

    def keep(self, exchange: Exchange | Drawn) -> Capture:
        """Write one exchange."""
        ...


class Ingestor(Protocol):
    """The way into the index (newsarchive.ingest.pipeline.Ingestor)."""

    def submit(self, kept: Kept) -> Future[Reading]:
        """Take one capture; the future resolves once it is committed."""
        ...

    def hurry(self) -> None:
        """Commit as soon as what is on its way has been read."""
        ...


@dataclass(slots=True, eq=False)
class _Job:
    exchange: Exchange | Drawn | None
    """None once it is kept: its bytes are not held for longer than they are needed."""
    size: int
    kept: "asyncio.Future[Capture]"
    committed: Callable[[Reading], None]


class Keeper:
    """Keeps exchanges and hands them on. `keep` and all callbacks are the event loop's."""

    def __init__(self, writer: Writer, ingestor: Ingestor) -> None:
        self._writer = writer
        self._ingestor = ingestor
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._news: deque[Callable[[], None]] = deque()
        self._told = threading.Event()
        self.count = 0
        """Exchanges that are not yet in the index."""
        self.bytes = 0
        self.failure: BaseException | None = None
        """What stopped it: a disk that takes no more, an index that fails. Nothing is kept after it."""
        self.on_failure: Callable[[BaseException], None] = lambda _: None
        """Called once, when something fails."""
        self._complained = False
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """Whether to wait before fetching more."""
        return self.count >= MOST or self.bytes >= MOST_BYTES

    async def keep(self, exchange: Exchange | Drawn, committed: Callable[[Reading], None]) -> Capture:
        """Keep an exchange; `committed` is called once it is in the index. Raises what stopped the keeper."""
        if self.failure:
            raise self.failure
        self.count += 1
        self.bytes += len(exchange.response)
        job = _Job(exchange, len(exchange.response), self._loop.create_future(), committed)
        self._jobs.put(job)
        return await job.kept

    def fail(self, failure: BaseException) -> None:
        """Keep nothing more."""
        self.failure = self.failure or failure
        if not self._complained:
            self._complained = True
            self.on_failure(self.failure)

    def hurry(self) -> None:
        """Have what was kept committed soon: nothing else is under way."""
        self._ingestor.hurry()

    def close(self) -> None:
        """End the thread, once it has kept what it was given."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        """The thread."""
        while (job := self._jobs.get()) is not None:
            try:
                if self.failure:
                    raise self.failure
                capture, reading = self._hand_on(job)
            except BaseException as failure:  # noqa: BLE001 - whatever it is, it ends the crawl
                self.failure = failure
                self._tell(partial(self._failed, job, failure))
            else:
                self._tell(partial(_answer, job.kept, capture))
                reading.add_done_callback(partial(self._committed, job))
            del job

    def _hand_on(self, job: _Job) -> tuple[Capture, Future[Reading]]:
        exchange, job.exchange = job.exchange, None
        assert exchange is not None
        capture = self._writer.keep(exchange)
        # As a reader of the file will have it, so that a rebuild reads the same (law 1).
        discovery = exchange.discovery and as_written(exchange.discovery)
        kept = Kept(capture=capture, discovery=discovery, block=exchange.response)
        return capture, self._ingestor.submit(kept)

    def _committed(self, job: _Job, reading: Future[Reading]) -> None:
        """Called where the index was written."""
        self._tell(partial(self._settle, job, reading))

    def _tell(self, news: Callable[[], None]) -> None:
        """Have something done in the loop. It is woken once for all that has come until it hears of it."""
        self._news.append(news)
        if not self._told.is_set():
            self._told.set()
            self._loop.call_soon_threadsafe(self._hear)

    def _hear(self) -> None:
        self._told.clear()
        while self._news:
            self._news.popleft()()

    def _settle(self, job: _Job, reading: Future[Reading]) -> None:
        """It is in the index, or will never be."""
        failure = reading.exception()
        if failure is not None:
            self._failed(job, failure)
            return
        self._away(job)
        try:
            job.committed(reading.result())
        except Exception as problem:  # noqa: BLE001 - a run that waits for what never comes would never end
            self.fail(problem)

    def _failed(self, job: _Job, failure: BaseException) -> None:
        self._away(job)
        if not job.kept.done():
            job.kept.set_exception(failure)
            job.kept.exception()  # it may be that nobody waits any more
        self.fail(failure)

    def _away(self, job: _Job) -> None:
        self.count -= 1
        self.bytes -= job.size


def _answer(kept: "asyncio.Future[Capture]", capture: Capture) -> None:
    if not kept.done():
        kept.set_result(capture)
