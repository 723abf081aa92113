"""Scrapy's door to the frontier, and its door to the wire. Only these two classes, and the spider, know Scrapy."""

import asyncio
import logging
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from twisted.internet.defer import Deferred

from newsarchive.crawl.run_context import RunContext

log = logging.getLogger(__name__)


def live_of(crawler: Crawler) -> RunContext:
    """The run that a crawler is part of."""
    live = getattr(crawler.spider, "live", None)
    if not isinstance(live, RunContext):
        raise NotConfigured("there is no archive to keep pages in; start it with: newsarchive crawl")
    return live


class FrontierScheduler(BaseScheduler):
    """Gives Scrapy a request when a host may be asked, and wakes it when that changes. Setting: SCHEDULER."""

    def __init__(self, live: RunContext, crawler: Crawler) -> None:
        self._live = live
        self._crawler = crawler
        self._spider: Any = None
        self._timer: asyncio.TimerHandle | None = None
        self._refill: asyncio.Task[None] | None = None
        self._over = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        return cls(live_of(crawler), crawler)

    def open(self, spider: Spider) -> None:
        """Scrapy begins."""
        self._spider = spider
        self._live.wake = self._wake

    def close(self, reason: str) -> None:  # noqa: ARG002
        """Scrapy ends."""
        self._over = True
        self._set_timer(None)

    def has_pending_requests(self) -> bool:
        """Whether the run goes on. Scrapy ends it where this is False and nothing is under way."""
        return not self._live.frontier.idle

    def enqueue_request(self, request: Request) -> bool:  # noqa: ARG002
        """Refused: what is to be asked for comes from the frontier alone, so that nothing is lost with the process."""
        return False

    def next_request(self) -> Request | None:
        """A request that may be sent now, or None; then a timer or an answer asks again."""
        frontier = self._live.frontier
        while not self._live.keeper.full and (due := frontier.next()) is not None:
            try:
                request: Request = self._spider.request(due)
            except ValueError as problem:  # a host that IDNA does not know, or the like
                log.info("%s cannot be asked for: %s", due.url, problem)
                frontier.impossible(due)
            else:
                return request
        self._look_ahead()
        return None

    def _look_ahead(self) -> None:
        """Refill where it is time, and set the clock for whatever comes first."""
        frontier, loop = self._live.frontier, asyncio.get_running_loop()
        now = loop.time()
        if frontier.hungry:
            self._live.keeper.hurry()
        refill = frontier.refill_at()
        if refill is not None and refill <= now:
            self._refill = loop.create_task(self._refilled())
            refill = None
        # A full keeper is waited for through its answers, not by the clock.
        wake = None if self._live.keeper.full else frontier.wake_at()
        self._set_timer(min((at for at in (refill, wake) if at is not None), default=None))

    async def _refilled(self) -> None:
        try:
            await self._live.frontier.refill()
        except Exception as failure:  # noqa: BLE001 - an index that fails ends the crawl
            self._live.keeper.fail(failure)
        self._wake()

    def _set_timer(self, at: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if at is not None and not self._over:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(at, loop.time() + 0.001), self._wake)

    def _wake(self) -> None:
        """Make the engine ask again. It has no public name for that."""
        slot = self._crawler.engine._slot  # noqa: SLF001
        if slot is not None and not self._over:
            slot.nextcall.schedule()


class CaptureDownloader:
    """Fetches for Scrapy, and keeps what came. Setting: DOWNLOADER.

    Scrapy's own has a queue, a slot, middlewares and handlers: for each request five turns of the event loop in which
    nothing is decided. And what it would hand to the spider nobody reads: the page is kept, and what it brings to light
    comes back through the frontier. So Scrapy gets its own request for an answer, as from a middleware that wants it
    asked again, and the scheduler, which takes nothing, lets it go.
    """

    def __init__(self, crawler: Crawler) -> None:
        """Made by Scrapy."""
        self._live = live_of(crawler)
        self._most = crawler.settings.getint("CONCURRENT_REQUESTS")
        self.active: set[Request] = set()
        """Requests under way: Scrapy does not end while there is one."""

    def fetch(self, request: Request) -> Deferred[Request]:
        """Fetch and keep what a request asks for."""
        self.active.add(request)
        return Deferred.fromFuture(asyncio.ensure_future(self._fetched(request)))

    def needs_backout(self) -> bool:
        """Whether as many requests are under way as may be. A page that is drawn waits for others, and is none."""
        return len(self.active) - self._live.drawing >= self._most

    def close(self) -> None:
        """The wire is closed by who opened it."""

    async def _fetched(self, request: Request) -> Request:
        headers = [
            (name.decode("ascii"), value.decode("latin-1"))
            for name, values in request.headers.items()
            for value in values
        ]
        try:
            await self._live.fetch(request.meta["due"], request.url, headers)
        finally:
            self.active.remove(request)
        return request
