"""Recording of exchanges: a response is in the WARC file before anything else reads it.

    client --exchange--> record() --thread--> WarcWriter.write --> submit(CaptureRecord) --> ... committed
                           |                       |                                             |
                           the caller waits -------+ until here                   room for other exchanges again

One thread writes, in the order in which exchanges end. Exchanges that are not in the index yet are counted, so that
fetching pauses before they take too much memory.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from storage.model import Capture, Exchange, Reading, RenderedPage
from storage.warc.provenance import normalize_discovery
from storage.warc.reader import CaptureRecord
from storage.warc.spider_output import SpiderOutput

MAX_UNCOMMITTED = 256
"""Exchanges not in the index from which on nothing more is fetched."""
MAX_UNCOMMITTED_BYTES = 64_000_000

Write = Callable[[Exchange | RenderedPage], Capture]
"""Writes one exchange (storage.warc.writer.WarcWriter.write)."""
Submit = Callable[[CaptureRecord], Future[Reading]]
"""Has a capture read; the future resolves when it is in the index (newsarchive.ingest.pipeline.Ingestor.submit)."""
OnCommit = Callable[[Reading], None]
RunSpider = Callable[[Capture], SpiderOutput | None]
"""Has the site's own spider read a recorded response, and records its output."""


@dataclass(slots=True, eq=False)
class _Job:
    exchange: Exchange | RenderedPage | None
    """None once it is written, so that its bytes are freed."""
    size: int
    capture: "asyncio.Future[Capture]"
    on_commit: OnCommit
    read: RunSpider | None


class Recorder:
    """Writes exchanges and submits them to the index. `record` and all callbacks run in the event loop's thread."""

    def __init__(
        self, write: Write, submit: Submit, mask: Callable[[Exchange], Exchange] = lambda given: given
    ) -> None:
        """Build the recorder; `mask` replaces what is not recorded."""
        self._write_exchange = write
        self._mask = mask
        self._submit = submit
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.count = 0
        """Exchanges that are not in the index yet."""
        self.bytes = 0
        self.failure: BaseException | None = None
        """Error that stopped it, such as a full disk. Nothing is recorded after it."""
        self.on_failure: Callable[[BaseException], None] = lambda _: None
        """Called once, with the first error."""
        self._has_reported_failure = False
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def is_full(self) -> bool:
        """True if nothing more should be fetched for now."""
        return self.count >= MAX_UNCOMMITTED or self.bytes >= MAX_UNCOMMITTED_BYTES

    async def record(
        self, exchange: Exchange | RenderedPage, on_commit: OnCommit, read: RunSpider | None = None
    ) -> Capture:
        """Write an exchange and have it read; `on_commit` is called once it is in the index.

        Raises `failure`, once there is one.
        """
        if self.failure:
            raise self.failure
        self.count += 1
        self.bytes += len(exchange.response)
        job = _Job(exchange, len(exchange.response), self._loop.create_future(), on_commit, read)
        self._jobs.put(job)
        return await job.capture

    def fail(self, failure: BaseException) -> None:
        """Record nothing more."""
        self.failure = self.failure or failure
        if not self._has_reported_failure:
            self._has_reported_failure = True
            self.on_failure(self.failure)

    def close(self) -> None:
        """End the thread after the exchanges that it was given."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                if self.failure:
                    raise self.failure
                capture, reading = self._write(job)
            except BaseException as failure:  # noqa: BLE001 - any error ends the crawl
                self.failure = failure
                self._loop.call_soon_threadsafe(self._fail_job, job, failure)
            else:
                self._loop.call_soon_threadsafe(_set_capture, job.capture, capture)
                # Called in the thread that writes to the index.
                finish = partial(self._finish_job, job)
                reading.add_done_callback(partial(self._loop.call_soon_threadsafe, finish))
            del job

    def _write(self, job: _Job) -> tuple[Capture, Future[Reading]]:
        exchange, job.exchange = job.exchange, None
        assert exchange is not None
        if isinstance(exchange, Exchange):
            exchange = self._mask(exchange)
        capture = self._write_exchange(exchange)
        output = job.read(capture) if job.read is not None else None
        # As a reader of the file will have it, so that a rebuild reads the same (law 1).
        discovery = exchange.discovery and normalize_discovery(exchange.discovery)
        record = CaptureRecord(capture=capture, discovery=discovery, block=exchange.response, output=output)
        return capture, self._submit(record)

    def _finish_job(self, job: _Job, reading: Future[Reading]) -> None:
        """Complete a job whose capture is in the index, or will never be."""
        if (failure := reading.exception()) is not None:
            self._fail_job(job, failure)
            return
        self._uncount(job)
        try:
            job.on_commit(reading.result())
        except Exception as problem:  # noqa: BLE001 - the run would otherwise wait for ever
            self.fail(problem)

    def _fail_job(self, job: _Job, failure: BaseException) -> None:
        self._uncount(job)
        if not job.capture.done():
            job.capture.set_exception(failure)
            job.capture.exception()  # nobody may be waiting for it any more
        self.fail(failure)

    def _uncount(self, job: _Job) -> None:
        self.count -= 1
        self.bytes -= job.size


def _set_capture(future: "asyncio.Future[Capture]", capture: Capture) -> None:
    if not future.done():
        future.set_result(capture)
