"""Scrapy's scheduler, downloader and log formatter. Only these classes, and the spider, depend on Scrapy."""

import asyncio
import logging
from typing import Any, Self

from scrapy import Request, Spider, logformatter
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from twisted.internet.defer import Deferred

from newsarchive.crawl.run_context import RunContext

log = logging.getLogger(__name__)


def get_run_context(crawler: Crawler) -> RunContext:
    """Return the context of the run that a crawler is part of."""
    context = getattr(crawler.spider, "context", None)
    if not isinstance(context, RunContext):
        raise NotConfigured("there is no archive to record pages in; start the spider with: newsarchive crawl")
    return context


class FrontierScheduler(BaseScheduler):
    """Gives Scrapy a request when a host may be requested, and wakes it when that changes. Setting: SCHEDULER."""

    def __init__(self, context: RunContext, crawler: Crawler) -> None:
        self._context = context
        self._crawler = crawler
        self._spider: Any = None
        self._timer: asyncio.TimerHandle | None = None
        self._refill: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the scheduler. Called by Scrapy."""
        return cls(get_run_context(crawler), crawler)

    def open(self, spider: Spider) -> None:
        """Begin the crawl."""
        self._spider = spider
        self._context.wake = self._wake

    def close(self, reason: str) -> None:  # noqa: ARG002
        """End the crawl."""
        self._closed = True
        self._set_timer(None)

    def has_pending_requests(self) -> bool:
        """Return True while the run goes on. Scrapy ends it if this is False and no request is in progress."""
        return not self._context.frontier.idle

    def enqueue_request(self, request: Request) -> bool:  # noqa: ARG002
        """Refuse a request: all of them come from the frontier, so that none is lost with the process."""
        return False

    def next_request(self) -> Request | None:
        """Return a request that may be sent now, or None; then a timer or a response wakes Scrapy."""
        frontier = self._context.frontier
        while not self._context.recorder.is_full and (due := frontier.next_url()) is not None:
            try:
                request: Request = self._spider.request(due)
            except ValueError as problem:  # such as a host name that IDNA rejects
                log.info("%s cannot be requested: %s", due.url, problem)
                frontier.discard(due)
            else:
                return request
        self._schedule_wake()
        return None

    def _schedule_wake(self) -> None:
        """Start a refill if it is time, and set the timer for the next event."""
        frontier, loop = self._context.frontier, asyncio.get_running_loop()
        now = loop.time()
        if frontier.awaits_commits:
            self._context.recorder.flush_soon()
        refill_at = frontier.next_refill_at()
        if refill_at is not None and refill_at <= now:
            self._refill = loop.create_task(self._run_refill())
            refill_at = None
        # A full recorder wakes Scrapy by its commits, not by the clock.
        wake_at = None if self._context.recorder.is_full else frontier.next_wake_at()
        self._set_timer(min((at for at in (refill_at, wake_at) if at is not None), default=None))

    async def _run_refill(self) -> None:
        try:
            await self._context.frontier.refill()
        except Exception as failure:  # noqa: BLE001 - an index that fails ends the crawl
            self._context.recorder.fail(failure)
        self._wake()

    def _set_timer(self, at: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if at is not None and not self._closed:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(at, loop.time() + 0.001), self._wake)

    def _wake(self) -> None:
        """Make the engine ask for requests. It has no public name for that."""
        slot = self._crawler.engine._slot  # noqa: SLF001
        if slot is not None and not self._closed:
            slot.nextcall.schedule()


class CaptureDownloader:
    """Fetches for Scrapy and records the responses. Setting: DOWNLOADER.

    Scrapy's own downloader has a queue, slots, middlewares and handlers, which take five turns of the event loop for
    each request and decide nothing here. Nor does a spider read responses: they are recorded, and the URLs they link
    come back through the frontier. So Scrapy gets its own request as the result, like from a middleware that retries
    it, and the scheduler refuses that.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._context = get_run_context(crawler)
        self._concurrency = crawler.settings.getint("CONCURRENT_REQUESTS")
        self.active: set[Request] = set()
        """Requests in progress: Scrapy does not end while there is one."""

    def fetch(self, request: Request) -> Deferred[Request]:
        """Fetch a request's URL and record the response."""
        self.active.add(request)
        return Deferred.fromFuture(asyncio.ensure_future(self._fetch(request)))

    def needs_backout(self) -> bool:
        """Return True at the limit of concurrent requests. A page being rendered is none: it waits for others."""
        return len(self.active) - self._context.rendering >= self._concurrency

    def close(self) -> None:
        """Leave the client open: the run closes it."""

    async def _fetch(self, request: Request) -> Request:
        headers = [
            (name.decode("ascii"), value.decode("latin-1"))
            for name, values in request.headers.items()
            for value in values
        ]
        try:
            await self._context.fetch(request.meta["due"], request.url, headers)
        finally:
            self.active.remove(request)
        return request


class QuietFormatter(logformatter.LogFormatter):
    """Logs nothing for single pages, where Scrapy logs "Crawled (200)" for each. Setting: LOG_FORMATTER."""

    def crawled(self, *_: Any) -> None:  # type: ignore[override]
        """Log nothing: the crawl has a log of its own."""

    def scraped(self, *_: Any) -> None:  # type: ignore[override]
        """Log nothing: there are no items."""
