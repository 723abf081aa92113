"""capture -> reading -> rows. The one path (law 1): live crawl, recovery, import and rebuild all come through here.

    submit --> (worker process reads) --> in the order of submission --> sync WARC --> one SQL transaction --> answer

The order of submission is the order of the WARC files, so what the index holds of a file has no holes: recovery goes on
from the last indexed record. One thread writes to the index.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol

from newsarchive.ingest.article_urls import Likely
from newsarchive.ingest.discovery import found_in
from newsarchive.ingest.site_layouts import SiteLayouts
from newsarchive.ingest.site_lookup import Sites
from newsarchive.ingest.tasks import KeptRead, OriginalRecords, Task, at_once, task_for
from storage.errors import ArchiveError
from storage.index import Index
from storage.model import CrawlRun, Ingest, NextLook, Outcome, Reading, Seen
from storage.warc.reader import Kept


class Readers(Protocol):
    """Worker processes that read pages (newsarchive.reader_pool.pool)."""

    def submit(self, task: Task) -> Future[Reading]:
        """Read one payload; the future never fails because of the page."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """How captures share transactions."""

    every: int = 50
    """Captures in a transaction at most."""
    seconds: float = 1.0
    """How long a capture waits for company at most."""
    lull: float = 0.2
    """How long it waits while nothing else is on its way: what a page brings to light is due only once committed."""
    named: int = 5_000
    """URLs that feeds and sitemaps of a transaction name at most; one that names more has a transaction of its own."""
    in_flight: int = 256
    """Captures submitted and not yet committed, above which `wait_room` waits."""
    unread: int = 64_000_000
    """Bytes of captures submitted and not yet read, above which it waits too: a file may be full of films."""


@dataclass(slots=True)
class _Item:
    """A capture on its way, or a note that is to be made after all captures before it are in."""

    answer: Future[Reading]
    kept: Kept | None = None
    reading: Future[Reading] | None = None
    note: Callable[[], None] | None = None
    since: float = field(default_factory=time.monotonic)
    """When it was read: from then on it waits for company only."""


class Ingestor:
    """Takes captures in the order of their files; one thread writes them to the index in batches."""

    def __init__(  # noqa: PLR0913 - the archive puts it together in one place
        self,
        index: Index,
        readers: Readers,
        *,
        plan: Callable[[Seen], NextLook],
        originals: OriginalRecords,
        sync: Callable[[], None] = lambda: None,
        batching: Batching | None = None,
        layouts: SiteLayouts | None = None,
    ) -> None:
        self._index = index
        self._readers = readers
        self._plan = plan
        self._originals = originals
        self._sync = sync
        self._batching = batching or Batching()
        self._sites = Sites(index)
        self._likely = Likely(index.addresses_read)
        self._layouts = layouts or SiteLayouts()
        self._queue: deque[_Item] = deque()
        self._ahead = 0
        """Items at the head of the queue that are known to be ready, and to have room in one transaction."""
        self._named = 0
        """URLs that they name."""
        self._heavy = False
        """The next one would be too many."""
        self._unread = 0
        self._with_readers = 0
        """Captures that are being read."""
        lock = threading.RLock()
        self._changed = threading.Condition(lock)
        """For the writer. It is woken where there is something to decide, and not at every capture of a batch."""
        self._room = threading.Condition(lock)
        """For those who wait for room: a capture is read, or all of a batch is committed."""
        self._closing = False
        self._hurry = False
        self._awaited = False
        self.failure: BaseException | None = None
        """What stopped the writer; None while all is well. Nothing is committed after it."""
        self.articles = 0
        """New article versions committed."""
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self._thread.start()

    @property
    def in_flight(self) -> int:
        """Captures submitted and not yet committed."""
        return len(self._queue)

    def begin(self, run: CrawlRun) -> None:
        """Learn of a run's sites: what its captures bring to light is judged by them as they were then (law 1)."""
        self._sites.of_run(run)

    def takes(self, read: KeptRead) -> bool:
        """Tell whether a reading that was made elsewhere is the one that would be made here (law 1)."""
        return read.reading is None or self._sites.discovery(read.kept) == read.discovery

    def submit(self, kept: Kept, reading: Reading | None = None) -> Future[Reading]:
        """Take one capture, with its reading where it was read elsewhere. Never waits; the future resolves once the
        capture is committed.

        Raises what stopped the writer, once something has.
        """
        if self.failure:
            raise self.failure
        # Its bytes are the reader's from here on, and gone when it is read.
        item = _Item(answer=Future(), kept=replace(kept, block=b""))
        item.reading, size = self.read(kept, reading)
        with self._changed:
            self._unread += size
            self._with_readers += 1
        item.reading.add_done_callback(lambda _: self._read(item, size))
        self._put(item)
        return item.answer

    def note(self, action: Callable[[], None]) -> Future[Reading]:
        """Run `action` in the writer's thread once all that was submitted before is committed."""
        item = _Item(answer=Future(), note=action)
        self._put(item)
        return item.answer

    def wait_room(self) -> None:
        """Wait until there is room for another capture; raises what stopped the writer."""
        with self._room:
            self._room.wait_for(lambda: self._has_room() or self.failure)
        if self.failure:
            raise self.failure

    def wait_idle(self) -> None:
        """Wait until all that was submitted is committed; raises what stopped the writer."""
        with self._changed:
            self._hurry = True
            self._changed.notify()
            self._room.wait_for(lambda: not self._queue or self.failure)
            self._hurry = False
        if self.failure:
            raise self.failure

    def hurry(self) -> None:
        """Commit as soon as what is on its way has been read: somebody waits for what it brings to light."""
        with self._changed:
            self._awaited = True
            self._changed.notify()

    def close(self) -> None:
        """Commit what is there and end the thread. Raises nothing: see `failure`."""
        with self._changed:
            self._closing = self._hurry = True
            self._changed.notify()
        self._thread.join()

    def _has_room(self) -> bool:
        return len(self._queue) < self._batching.in_flight and self._unread < self._batching.unread

    def _read(self, item: _Item, size: int) -> None:
        """Note that it is read now. Called where that happens."""
        item.since = time.monotonic()
        with self._changed:
            self._unread -= size
            self._with_readers -= 1
            if not self._with_readers or len(self._queue) - self._with_readers >= self._batching.every:
                self._changed.notify()
            self._room.notify_all()

    def _put(self, item: _Item) -> None:
        with self._changed:
            if self.failure:  # between the caller's look and now: nobody is there any more to answer it
                item.answer.set_exception(self.failure)
                return
            if not self._queue or not self._with_readers or item.note is not None:
                self._changed.notify()
            self._queue.append(item)

    def read(self, kept: Kept, reading: Reading | None = None) -> tuple[Future[Reading], int]:
        """Have a capture read, unless it is, and no more; returns the reading to come, and bytes held until then."""
        task = reading or at_once(kept) or self._task(kept)
        if isinstance(task, Reading):
            return _done(task), 0
        return self._readers.submit(task), len(task.block)

    def _task(self, kept: Kept) -> Task | Reading:
        discovery = self._sites.discovery(kept)
        return task_for(kept, discovery, self._originals, self._layouts.get(discovery.site))

    def _run(self) -> None:
        try:
            while (batch := self._next_batch()) is not None:
                self._write(batch)
        except BaseException as problem:  # noqa: BLE001 - whatever it is, those who wait are told
            self._fail(problem)

    def _next_batch(self) -> list[_Item] | None:
        """Wait for a batch that is full, old enough or hurried; None when all is done."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closing)
                if not self._queue:
                    return None
                first = self._queue[0]
                ready = self._ready()
                # Not asked again whether it is read: it may have been in the moment since.
                if not ready and first.reading is not None:
                    waiting_for = first.reading
                elif len(ready) >= self._batching.every or self._heavy or self._stale(first) or ready[-1].note:
                    return ready
                elif (self._awaited or self._hurry) and len(ready) == len(self._queue):
                    # Hurried is not piecemeal: what is still being read comes along, or each page has its own commit.
                    self._awaited = False
                    return ready
                else:
                    alone = len(ready) == len(self._queue)
                    self._changed.wait(self._batching.lull if alone else self._patience(first))
                    if alone and len(ready) == len(self._queue):
                        return ready
                    continue
            _wait(waiting_for)

    def _ready(self) -> list[_Item]:
        """The head of the queue as far as it has been read; a note ends the batch, and so does a large sitemap."""
        # Asked at each reading that ends, so that it goes on from where it stood.
        most = min(self._batching.every, len(self._queue))
        while self._ahead < most and not (self._ahead and self._queue[self._ahead - 1].note):
            reading = self._queue[self._ahead].reading
            if reading is not None and not reading.done():
                break
            named = _named(reading)
            self._heavy = self._ahead > 0 and self._named + named > self._batching.named
            if self._heavy:
                break
            self._named += named
            self._ahead += 1
        return list(islice(self._queue, self._ahead))

    def _stale(self, item: _Item) -> bool:
        return item.note is not None or self._patience(item) <= 0.001

    def _patience(self, item: _Item) -> float:
        """Seconds for which an item may still wait for company."""
        return max(self._batching.seconds - (time.monotonic() - item.since), 0.001)

    def _write(self, batch: list[_Item]) -> None:
        rows = [self.as_ingest(item.kept, item.reading.result()) for item in batch if item.kept and item.reading]
        if rows:
            self._sync()
            self.articles += self._index.commit(rows, self._plan).versions
        for item in batch:
            if item.note:
                item.note()
        with self._changed:
            for _ in batch:
                self._queue.popleft()
            self._ahead, self._named, self._heavy = 0, 0, False
            self._room.notify_all()
        for item in batch:
            # A future keeps its callbacks, and one of the reading's leads here: a page in such a ring would stay in
            # memory until the collector of rings comes by.
            reading, item.reading = item.reading, None
            _answer(item.answer, reading.result() if reading else Reading(outcome=Outcome.OTHER, reason="noted"))

    def as_ingest(self, kept: Kept, reading: Reading) -> Ingest:
        """Put together all that a capture writes into the index."""
        discovery = self._sites.discovery(kept)
        site = self._sites.asking(discovery.site, kept.capture)
        self._likely.note(site.name, kept.capture.url, reading.outcome)
        likes = self._likely.of(site.name).likes
        found = found_in(kept.capture, discovery, reading, site, likes, self._index.is_captured)
        if reading.extractor and (extractor := self._layouts.extractor(discovery.site)):
            reading = replace(reading, extractor=extractor)
        return Ingest(capture=kept.capture, discovery=discovery, reading=reading, found=found)

    def _fail(self, problem: BaseException) -> None:
        if not isinstance(problem, ArchiveError):
            problem.add_note("while writing to the index; the WARC files hold all that was fetched")
        with self._changed:
            self.failure = problem
            waiting, self._queue, self._ahead = list(self._queue), deque(), 0
            self._room.notify_all()
        for item in waiting:
            if not item.answer.done():
                item.answer.set_exception(problem)


def _done(reading: Reading) -> Future[Reading]:
    done: Future[Reading] = Future()
    done.set_result(reading)
    return done


def _named(reading: Future[Reading] | None) -> int:
    """URLs that a feed or sitemap names: each is several rows, and objects while they are made."""
    if reading is None or reading.cancelled() or reading.exception() is not None:
        return 0
    return len(reading.result().entries)


def _wait(reading: Future[Reading]) -> None:
    try:
        reading.exception()
    except CancelledError:
        return


def _answer(answer: Future[Reading], reading: Reading) -> None:
    if answer.set_running_or_notify_cancel():
        answer.set_result(reading)
