"""Read captures and commit them to the index: the one path of crawl, recovery, import and rebuild (law 1).

    submit --> worker process reads --> in order of submission --> sync WARC --> one SQL transaction --> future resolves

Captures are submitted in the order of the WARC files, so the index has no gaps within a file, and recovery resumes
after the last indexed record. One thread writes to the index.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import Protocol

from newsarchive.ingest.article_urls import ARTICLES, ArticleUrlPatterns
from newsarchive.ingest.discovery import discover_urls, spider_urls
from newsarchive.ingest.originals import ArchivedOriginals
from newsarchive.ingest.site_layouts import SiteLayouts
from newsarchive.ingest.site_lookup import SiteLookup
from newsarchive.ingest.tasks import CaptureReading, ReadingTask, build_task, reading_from_headers
from storage.errors import ArchiveError
from storage.index import Index
from storage.index.queries.articles import list_page_outcomes
from storage.model import Capture, CrawlRun, Ingest, NextVisit, Outcome, Reading, VisitResult
from storage.warc.reader import CaptureRecord
from storage.warc.tombstones import digest_url


class PageReader(Protocol):
    """Reads pages, as the processes of newsarchive.reader_pool.pool do."""

    def submit(self, task: ReadingTask) -> Future[Reading]:
        """Start reading one payload; the future never fails because of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """Limits of a transaction and of the queue before it."""

    max_captures: int = 50
    """Captures in a transaction."""
    max_delay: float = 1.0
    """Seconds that a capture waits for others to share its transaction."""
    idle_delay: float = 0.2
    """Seconds that it waits while no other capture is in flight: its links become due only with the commit."""
    max_listed_urls: int = 5_000
    """URLs listed by the feeds and sitemaps of a transaction; one that lists more gets a transaction of its own."""
    max_in_flight: int = 256
    """Captures submitted and not yet committed, above which `wait_for_room` waits."""
    max_unread_bytes: int = 64_000_000
    """Bytes of captures submitted and not read, above which it waits too: a file may be full of videos."""


@dataclass(slots=True)
class _Item:
    """A capture in flight, or an action to run after the commit of all captures before it."""

    done: Future[Reading]
    record: CaptureRecord | None = None
    reading: Future[Reading] | None = None
    action: Callable[[], None] | None = None
    since: float = field(default_factory=time.monotonic)
    """When it was read."""


class Ingestor:
    """Commits captures to the index in the order of submission; one thread writes them in batches."""

    def __init__(  # noqa: PLR0913 - built in one place, by Archive
        self, index: Index, readers: PageReader, *, plan: Callable[[VisitResult], NextVisit],
        originals: ArchivedOriginals, sync: Callable[[], None] = lambda: None, batching: Batching | None = None,
        layouts: SiteLayouts | None = None, former_names: Mapping[str, str] = MappingProxyType({}),
        taken_down: frozenset[str] = frozenset(), unwatched: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.taken_down = taken_down
        """Digests of URLs whose captures were removed for good."""
        self.unwatched = unwatched
        """URLs whose visits a person has ended."""
        self.index = index
        self.readers = readers
        self._plan, self._originals, self._sync = plan, originals, sync
        self._batching = batching or Batching()
        self._sites = SiteLookup(index, former_names)
        self._article_urls = ArticleUrlPatterns(lambda site: index.read(list_page_outcomes, site))
        self._layouts = layouts or SiteLayouts()
        self._queue: deque[_Item] = deque()
        self._ready_count = 0
        """Items at the head of the queue that are read and fit into one transaction."""
        self._listed_urls = 0
        """URLs that the feeds and sitemaps among them list."""
        self._is_full = False
        """True if the next item does not fit into the transaction."""
        self._unread_bytes = 0
        self._being_read = 0
        """Captures that are being read."""
        lock = threading.RLock()
        self._changed = threading.Condition(lock)
        """Wakes the writer when a batch may be ready, not at every capture."""
        self._room = threading.Condition(lock)
        """Wakes those who wait for room, when a capture is read or a batch committed."""
        self._closing = self._drain = self._flush_soon = False
        self.failure: BaseException | None = None
        """The error that stopped the writer, or None. Nothing is committed after it."""
        self.new_versions = 0
        """New article versions committed."""
        self.known_captures = 0
        """Captures that the index had before they were submitted."""
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self._thread.start()

    def register_run(self, run: CrawlRun) -> CrawlRun:
        """Register a run's sites: the URLs found in its captures are assigned by their configuration then (law 1).

        Returns the run with the present names of its sites.
        """
        return self._sites.register_run(run)

    def is_taken_down(self, capture: Capture) -> bool:
        """Return True if a capture, or all of its URL, were removed for good: no copy in an old file is indexed."""
        gone = self.taken_down
        return bool(gone) and (capture.record_id in gone or digest_url(capture.url) in gone)

    def accepts_reading(self, read: CaptureReading) -> bool:
        """Return True if a reading made elsewhere is equal to one made here (law 1)."""
        return read.reading is None or self._sites.get_discovery(read.record) == read.discovery

    def submit(self, record: CaptureRecord, reading: Reading | None = None) -> Future[Reading]:
        """Submit a capture, with its reading if it was read elsewhere. The future resolves when it is committed.

        Never waits. Raises the writer's error if the writer has stopped.
        """
        if self.failure:
            raise self.failure
        # Without its bytes: the reader keeps them until it is done.
        item = _Item(done=Future(), record=replace(record, block=b""))
        item.reading, size = self.start_reading(record, reading)
        with self._changed:
            self._unread_bytes += size
            self._being_read += 1
        item.reading.add_done_callback(lambda _: self._mark_read(item, size))
        return self._put(item)

    def run_after_commit(self, action: Callable[[], None]) -> Future[Reading]:
        """Run an action in the writer's thread after the commit of everything submitted before."""
        return self._put(_Item(done=Future(), action=action))

    def wait_for_room(self) -> None:
        """Wait until there is room for another capture; raises the writer's error."""
        most, most_bytes = self._batching.max_in_flight, self._batching.max_unread_bytes
        with self._room:
            self._room.wait_for(lambda: (len(self._queue) < most and self._unread_bytes < most_bytes) or self.failure)
        if self.failure:
            raise self.failure

    def wait_until_idle(self) -> None:
        """Wait until everything submitted is committed; raises the writer's error."""
        with self._changed:
            self._drain = True
            self._changed.notify()
            self._room.wait_for(lambda: not self._queue or self.failure)
            self._drain = False
        if self.failure:
            raise self.failure

    def flush_soon(self) -> None:
        """Commit as soon as the captures in flight are read: the crawl waits for the URLs that they list."""
        with self._changed:
            self._flush_soon = True
            self._changed.notify()

    def close(self) -> None:
        """Commit everything submitted and end the thread. Never raises: see `failure`."""
        with self._changed:
            self._closing = self._drain = True
            self._changed.notify()
        self._thread.join()

    def _mark_read(self, item: _Item, size: int) -> None:
        """Record that an item has been read. Called in the reader's thread."""
        item.since = time.monotonic()
        with self._changed:
            self._unread_bytes -= size
            self._being_read -= 1
            if not self._being_read or len(self._queue) - self._being_read >= self._batching.max_captures:
                self._changed.notify()
            self._room.notify_all()

    def _put(self, item: _Item) -> Future[Reading]:
        with self._changed:
            if self.failure:  # since the caller's check: the writer has ended
                item.done.set_exception(self.failure)
            else:
                if not self._queue or not self._being_read or item.action is not None:
                    self._changed.notify()
                self._queue.append(item)
        return item.done

    def start_reading(self, record: CaptureRecord, reading: Reading | None = None) -> tuple[Future[Reading], int]:
        """Start reading a capture without submitting it; returns the future reading and the bytes held until then."""
        task: ReadingTask | Reading | None = reading or reading_from_headers(record)
        if task is None:
            discovery = self._sites.get_discovery(record)
            task = build_task(record, discovery, self._originals, self._layouts.get(discovery.site))
        if isinstance(task, Reading):
            known: Future[Reading] = Future()
            known.set_result(task)
            return known, 0
        return self.readers.submit(task), len(task.block)

    def _run(self) -> None:
        try:
            while (batch := self._next_batch()) is not None:
                self._write(batch)
        except BaseException as problem:  # noqa: BLE001 - whatever it is, the waiting futures get it
            if not isinstance(problem, ArchiveError):
                problem.add_note("while writing to the index; the WARC files hold all that was fetched")
            with self._changed:
                self.failure = problem
                waiting, self._queue, self._ready_count = list(self._queue), deque(), 0
                self._room.notify_all()
            for item in waiting:
                if not item.done.done():
                    item.done.set_exception(problem)

    def _next_batch(self) -> list[_Item] | None:
        """Wait for a batch that is full, old enough or flushed; None when everything is done."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closing)
                if not self._queue:
                    return None
                first = self._queue[0]
                ready, most = self._list_ready(), self._batching.max_captures
                is_late = self._time_left(first) <= 0.001
                # The first item's state is not checked again: it may have been read since `_list_ready`.
                if not ready and first.reading is not None:
                    waiting_for = first.reading
                elif is_late or self._is_full or first.action or ready[-1].action or len(ready) >= most:
                    return ready
                elif (self._flush_soon or self._drain) and len(ready) == len(self._queue):
                    # Only when nothing is being read any more: else each page would have its own commit.
                    self._flush_soon = False
                    return ready
                else:
                    alone = len(ready) == len(self._queue)
                    self._changed.wait(self._batching.idle_delay if alone else self._time_left(first))
                    if alone and len(ready) == len(self._queue):
                        return ready
                    continue
            with suppress(CancelledError):
                waiting_for.exception()

    def _list_ready(self) -> list[_Item]:
        """Return the items at the head of the queue that have been read, up to an action or a large sitemap."""
        # Called for every reading that ends: continues from the last count.
        most = min(self._batching.max_captures, len(self._queue))
        while self._ready_count < most and not (self._ready_count and self._queue[self._ready_count - 1].action):
            reading = self._queue[self._ready_count].reading
            if reading is not None and not reading.done():
                break
            # Each URL that a feed or sitemap lists becomes several rows.
            is_read = reading is not None and not reading.cancelled() and reading.exception() is None
            listed = len(reading.result().entries) if reading is not None and is_read else 0
            self._is_full = self._ready_count > 0 and self._listed_urls + listed > self._batching.max_listed_urls
            if self._is_full:
                break
            self._listed_urls += listed
            self._ready_count += 1
        return list(islice(self._queue, self._ready_count))

    def _time_left(self, item: _Item) -> float:
        """Seconds that an item may still wait for others."""
        return max(self._batching.max_delay - (time.monotonic() - item.since), 0.001)

    def _write(self, batch: list[_Item]) -> None:
        rows = [self.build_ingest(item.record, item.reading.result()) for item in batch if item.record and item.reading]
        if rows:
            self._sync()
            committed = self.index.commit(rows, self._plan)
            self.new_versions += committed.versions
            self.known_captures += committed.known
        for item in batch:
            if item.action:
                item.action()
        with self._changed:
            for _ in batch:
                self._queue.popleft()
            self._ready_count, self._listed_urls, self._is_full = 0, 0, False
            self._room.notify_all()
        for item in batch:
            # The reading's callback refers to the item: the reference cycle would keep the page in memory for long.
            reading, item.reading = item.reading, None
            if item.done.set_running_or_notify_cancel():
                item.done.set_result(reading.result() if reading else Reading(outcome=Outcome.OTHER, reason="noted"))

    def build_ingest(self, record: CaptureRecord, reading: Reading) -> Ingest:
        """Collect everything that a capture writes into the index."""
        discovery = self._sites.get_discovery(record)
        site = self._sites.requesting_site(discovery.site, record.capture)
        likes = partial(self._article_urls.predicts_article, site.name)
        is_like = bool(likes(record.capture.url))
        # In an outage known articles are other pages, which says nothing of their URLs.
        if reading.outcome in ARTICLES or not self.index.is_captured(record.capture.url):
            self._article_urls.add(site.name, record.capture.url, reading.outcome)
        found = discover_urls(record.capture, discovery, reading, site, likes, self.index.is_captured)
        if record.output is not None:
            found = tuple(spider_urls(record.capture, reading, record.output, site))
        if self.taken_down:
            found = tuple(each for each in found if digest_url(each.url) not in self.taken_down)
        if reading.article and record.capture.noarchive:
            reading = replace(reading, article=replace(reading.article, noarchive=True))
        if reading.extractor and (extractor := self._layouts.extractor_version(discovery.site)):
            reading = replace(reading, extractor=extractor)
        return Ingest(
            capture=record.capture, discovery=discovery, reading=reading, discovered_urls=found, has_article_url=is_like
        )
