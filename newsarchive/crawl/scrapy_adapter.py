"""Scrapy's scheduler, downloader and log formatter. Only these classes, and the spider, depend on Scrapy."""

import asyncio
import logging
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider, logformatter
from scrapy.core.downloader.middleware import DownloaderMiddlewareManager
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Response
from scrapy.signals import request_reached_downloader, response_downloaded
from scrapy.utils.misc import build_from_crawler
from twisted.internet.defer import Deferred

from newsarchive.crawl.article_response import to_response
from newsarchive.crawl.run_context import RunContext
from newsarchive.crawl.scrapy_host import ScrapyHost
from storage.errors import ArchiveError
from storage.model import DueUrl, Exchange, UrlKind

log = logging.getLogger(__name__)


def get_run_context(crawler: Crawler) -> RunContext:
    """Return the context of the run that a crawler is part of."""
    context = getattr(crawler.spider, "context", None)
    if not isinstance(context, RunContext):
        raise NotConfigured("there is no archive to record pages in; name it: scrapy crawl news -a archive=FOLDER")
    return context


class FrontierScheduler(BaseScheduler):
    """Gives Scrapy a request when a host may be requested, and wakes it when that changes. Setting: SCHEDULER."""

    _context: RunContext

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._spider: Any = None
        self._timer: asyncio.TimerHandle | None = None
        self._refill: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the scheduler. Called by Scrapy."""
        return cls(crawler)

    def open(self, spider: Spider) -> Deferred[None] | None:
        """Begin the crawl."""
        self._spider = spider
        if self._host is None:
            self._context = get_run_context(self._crawler)
            self._context.wake = self._wake
            return None
        return Deferred.fromFuture(asyncio.ensure_future(self._open_host(self._host)))

    def close(self, reason: str) -> Deferred[None] | None:
        """End the crawl."""
        self._closed = True
        self._set_timer(None)
        if self._spider.context is not None:
            self._context.close_reason = reason
        return None if self._host is None else Deferred.fromFuture(asyncio.ensure_future(self._close_host(self._host)))

    @property
    def _host(self) -> ScrapyHost[Any] | None:
        """The crawl's host if Scrapy's own command has started the spider."""
        return getattr(self._spider, "host", None)

    async def _open_host(self, host: ScrapyHost[Any]) -> None:
        try:
            self._context = self._spider.context = await host.open()
        except ArchiveError as problem:
            self._spider.refusal = str(problem)  # the spider's `start` logs it, and closes the spider
        else:
            self._context.wake = self._wake

    async def _close_host(self, host: ScrapyHost[Any]) -> None:
        if self._spider.context is None:
            return  # it never began
        try:
            report = await host.close()
        except ArchiveError as problem:
            log.error("%s", problem)  # noqa: TRY400 - a message for the owner
            return
        for name, count in report.run.counters.items():
            self._crawler.stats.set_value(f"newsarchive/{name}", count)
        for line in (*report.problems, *report.notes):
            log.warning("%s", line)

    def has_pending_requests(self) -> bool:
        """Return True while the run goes on. Scrapy ends it if this is False and no request is in progress."""
        return self._spider.context is not None and not self._context.frontier.idle

    def enqueue_request(self, request: Request) -> bool:  # noqa: ARG002
        """Refuse a request: all of them come from the frontier, so that none is lost with the process."""
        return False

    def next_request(self) -> Request | None:
        """Return a request that may be sent now, or None; then a refill, a timer or a response wakes Scrapy."""
        if self._spider.context is None:
            return None
        frontier = self._context.frontier
        while not self._context.recorder.is_full and (due := frontier.next_url()) is not None:
            try:
                request: Request = self._spider.request(due)
            except ValueError as problem:  # such as a host name that IDNA rejects
                log.info("%s cannot be requested: %s", due.url, problem)
                frontier.discard(due)
            else:
                return request
        if frontier.awaits_commits:
            self._context.flush_soon()
        loop, refill_at = asyncio.get_running_loop(), frontier.next_refill_at()
        if refill_at is not None and refill_at <= loop.time():
            self._refill = loop.create_task(self._run_refill())
            refill_at = None
        # A full recorder wakes Scrapy by its commits, not by the clock.
        wake_at = None if self._context.recorder.is_full else frontier.next_wake_at()
        self._set_timer(min((at for at in (refill_at, wake_at) if at is not None), default=None))
        return None

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

    Scrapy's own downloader has a queue, slots and handlers, which take turns of the event loop for each request and
    decide nothing here. Where nothing listens (`newsarchive crawl` without a [scrapy] table), neither responses nor
    middlewares are needed: responses are recorded, and the URLs they link come back through the frontier. Then Scrapy
    gets its own request as the result, like from a middleware that retries it, and the scheduler refuses that.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._concurrency = crawler.settings.getint("CONCURRENT_REQUESTS")
        has_listeners = bool(crawler.settings.getdict("EXTENSIONS_BASE"))
        self._middlewares = build_from_crawler(DownloaderMiddlewareManager, crawler) if has_listeners else None
        self.active: set[Request] = set()
        """Requests in progress: Scrapy does not end while there is one."""
        self._named_causes: set[str] = set()

    def fetch(self, request: Request) -> Deferred[Request | Response]:
        """Fetch a request's URL and record the response."""
        self.active.add(request)
        return Deferred.fromFuture(asyncio.ensure_future(self._fetch(request)))

    def needs_backout(self) -> bool:
        """Return True at the limit of concurrent requests. A page being rendered is none: it waits for others."""
        rendering = get_run_context(self._crawler).frontier.subresources.rendering if self.active else 0
        return bool(self.active) and len(self.active) - rendering >= self._concurrency

    def close(self) -> None:
        """Leave the client open: the run closes it."""

    async def _fetch(self, request: Request) -> Request | Response:
        try:
            if self._middlewares is None:
                await self._record(request, request.meta["due"])
                return request
            return await self._fetch_through(self._middlewares, request)
        finally:
            self.active.remove(request)

    async def _fetch_through(self, middlewares: DownloaderMiddlewareManager, request: Request) -> Request | Response:
        """Fetch a request that middlewares may change, and pass the response on."""
        # A middleware may change the meta of the request.
        due, is_sent = request.meta["due"], False

        async def send(changed: Request) -> Response:
            nonlocal is_sent
            if proxy := changed.meta.get("proxy"):
                raise ArchiveError(f"has set a proxy for a request: {urlsplit(proxy).hostname}")
            if changed.url != request.url or changed.method != "GET":
                raise ArchiveError("has changed the method or URL of a request")
            is_sent = True
            signals, spider = self._crawler.signals, self._crawler.spider
            signals.send_catch_log(request_reached_downloader, request=changed, spider=spider)
            exchange = await self._record(changed, due)
            response = None if exchange is None else to_response(changed, exchange)
            if response is None:
                raise IgnoreRequest("there is no response; the crawl log has the reason")
            signals.send_catch_log(response_downloaded, response=response, request=changed, spider=spider)
            return response

        try:
            response = await middlewares.download_async(send, request)
            if not is_sent:
                raise ArchiveError("has answered or replaced a request")
        except BaseException as failure:
            if not is_sent:
                self._refuse(due, failure)
            raise
        return response

    def _refuse(self, due: DueUrl, failure: BaseException) -> None:
        """Put off a URL whose request a middleware did not pass on as it was; name each cause once in the report."""
        frontier = get_run_context(self._crawler).frontier
        what = str(failure) if isinstance(failure, ArchiveError) else f"has raised {type(failure).__name__}: {failure}"
        frontier.discard(due, f"a downloader middleware {what}")
        cause = what.partition(":")[0]
        # By IgnoreRequest a middleware refuses what it is meant to refuse, but a robots.txt stands for its whole site.
        is_meant = isinstance(failure, IgnoreRequest) and due.discovery.kind is not UrlKind.ROBOTS
        if cause not in self._named_causes and not is_meant:
            self._named_causes.add(cause)
            frontier.problems.append(
                f"a downloader middleware {what}, as for {due.url}; nothing was fetched for it. A crawl sends "
                "what is due, with the header fields that DOWNLOADER_MIDDLEWARES set: newsarchive help spiders"
            )

    async def _record(self, request: Request, due: DueUrl) -> Exchange | None:
        fields = request.headers.items()
        headers = [(name.decode("ascii"), value.decode("latin-1")) for name, values in fields for value in values]
        return await get_run_context(self._crawler).fetch(due, request.url, headers)


class QuietFormatter(logformatter.LogFormatter):
    """Logs nothing for single pages, where Scrapy logs "Crawled (200)" for each. Setting: LOG_FORMATTER."""

    def crawled(self, *_: Any) -> None:  # type: ignore[override]
        """Log nothing: the crawl has a log of its own."""
