"""Context of a running crawl: what Scrapy's scheduler, downloader and spider share.

    scheduler --next_url--> DueUrl --Scrapy--> fetch: sent, then recorded, then reported --> scheduler

Scrapy creates its components itself; they get this object through the spider's argument `context`.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from w3lib.url import safe_url_string

from newsarchive.config.schema import Config
from newsarchive.crawl.browser import BrowserResponse
from newsarchive.crawl.crawl_log import LOG
from newsarchive.crawl.download.client import RecordingClient
from newsarchive.crawl.frontier import FrontierWindow
from newsarchive.crawl.politeness import ResponseSummary
from newsarchive.crawl.recorder import OnCommit, Recorder, RunSpider
from newsarchive.crawl.render import PageRenderer
from newsarchive.crawl.robots import MAX_SIZE as MIN_ROBOTS_SIZE
from newsarchive.crawl.robots import RobotsResponse
from newsarchive.crawl.site_spider import CONDITIONAL_HEADERS, SpiderRun
from newsarchive.crawl.subresources import Admission, SubresourceRequest
from storage.errors import ArchiveBusy
from storage.model import Capture, DueUrl, Exchange, Reading, UrlKind
from storage.warc.payload import parse_http_headers
from storage.warc.record import header

ACCEPT_ENCODING = "gzip, deflate, br"
"""Codings that programs which replay WARC files can decode. Not zstd: `storage.warc.payload` reads it if a server sends
it anyway, but other programs would show an empty page.
"""
STOP_TIMEOUT = 3.0
"""Seconds for exchanges in progress to end, once a run is stopped."""
LATE_MARGIN = 0.05
"""Seconds after its deadline in which a subresource may still report that it was late."""
CLOSE_TIMEOUT = 5.0
"""Seconds for a browser to close a page."""


class _Sent(NamedTuple):
    """Result of one request: what the frontier is told, and what was recorded last."""

    summary: ResponseSummary
    capture: Capture | None = None
    exchange: Exchange | None = None


_NOTHING = _Sent(ResponseSummary(no_response=True))


@dataclass(slots=True, kw_only=True, eq=False)
class RunContext:
    """The components of a run, and how a URL passes through them."""

    client: RecordingClient
    recorder: Recorder
    spiders: SpiderRun
    frontier: FrontierWindow
    config: Config
    counters: Counter[str]
    renderer: PageRenderer | None = None
    """None if no site has `render`."""
    flush_soon: Callable[[], None] = field(default=lambda: None)
    """Commits soon what was recorded: nothing else is in progress."""
    wake: Callable[[], None] = field(default=lambda: None)
    """Makes Scrapy ask the scheduler for requests; set by the scheduler."""
    on_fetched: Callable[[DueUrl, Capture | None], None] = field(default=lambda *_: None)
    """Called with each URL that was requested, and the capture; None if there was no response to record."""
    on_read: Callable[[Reading], None] = field(default=lambda _: None)
    """Called with the reading of each URL, once it is in the index."""
    close_reason: str = "finished"
    """Why Scrapy closed the spider."""
    require_lease: Callable[[], None] = field(default=lambda: None)
    """Raises ArchiveBusy if another machine may have the sites by now: nothing may be requested any more."""
    is_stopped: bool = False
    """Somebody has stopped the run."""
    _subresources: "set[asyncio.Task[Exchange | None]]" = field(default_factory=set)

    def stop(self) -> None:
        """Send no more requests; those in progress are cut after STOP_TIMEOUT, and recorded as far as they came."""
        if not self.is_stopped:
            asyncio.get_running_loop().call_later(STOP_TIMEOUT, self.client.stop)
        self.is_stopped = True
        self.frontier.stop()
        self.wake()

    def abandon(self) -> None:
        """End at once: the disk or the index fails, or the lease on the sites is lost."""
        self.frontier.abandon()
        self.client.stop()
        self.wake()

    async def fetch(self, due: DueUrl, url: str, headers: Sequence[tuple[str, str]]) -> Exchange | None:
        """Fetch a URL and record the response before returning; None if there was no response to record."""
        sent, began = _NOTHING, time.monotonic()
        document: BrowserResponse | None = None
        renderer = self.renderer if self.renderer is not None and self.renderer.renders(due) else None
        if renderer is not None:
            # The rendered page may have changed even if its document has not.
            headers = [(name, value) for name, value in headers if name.lower() not in CONDITIONAL_HEADERS]

        async def record(exchange: Exchange) -> Capture:
            nonlocal document
            if renderer is not None and (document := renderer.get_document(exchange)) is not None:
                # What is read is the rendered page, of which this is a part.
                return await self._record(replace(exchange, discovery=replace(due.discovery, kind=UrlKind.PART)))
            on_commit = self._on_commit(due, len(exchange.response), began)
            capture = await self._record(exchange, on_commit, partial(self.spiders.read, due, exchange))
            self.spiders.finish(due)
            return capture

        try:
            sent = await self._send(due, url, headers, record)
        finally:
            self.frontier.record_response(due, sent.summary, rendering=bool(document and sent.capture))
            self.wake()
        self.on_fetched(due, sent.capture)
        if renderer is not None and document is not None:
            await self._render(renderer, due, document, began)
        return sent.exchange

    async def fetch_subresource(
        self, page: DueUrl, url: str, headers: Mapping[str, str], until: float
    ) -> Exchange | None:
        """Fetch a subresource of a page being rendered, in its host's turn.

        None if it did not arrive by `until`, by the loop's clock. If it was requested, it is recorded nevertheless.
        """
        loop = asyncio.get_running_loop()
        safe_url = safe_url_string(url)
        request = self.frontier.request_subresource(page, url) if safe_url.isascii() else None
        if request is None:
            return None
        self.wake()
        fields = {"user-agent": self.config.user_agent, "accept-encoding": ACCEPT_ENCODING, **headers}
        task = loop.create_task(self._fetch_when_admitted(request, safe_url, list(fields.items()), until - loop.time()))
        self._subresources.add(task)
        task.add_done_callback(self._subresources.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be waiting for it
        done, _ = await asyncio.wait({task}, timeout=max(until - loop.time(), 0.0) + LATE_MARGIN)
        queue = self.frontier.subresources
        if not queue.stopped.is_set() and (
            not done or request.decision is Admission.LATE or not queue.is_rendering(page)
        ):
            self.counters["late"] += 1
            LOG.warning("%s - late %s (subresource of %s)", page.discovery.site, url, page.url)
        return task.result() if done else None

    async def _fetch_when_admitted(
        self, request: SubresourceRequest, url: str, headers: Sequence[tuple[str, str]], seconds: float
    ) -> Exchange | None:
        sent = _NOTHING
        try:
            if await self.frontier.subresources.wait(request, seconds) is Admission.ADMITTED:
                sent = await self._send(request.due, url, headers, self._record)
        finally:
            if request.decision is Admission.ADMITTED:
                self.frontier.record_response(request.due, sent.summary)
                self.wake()
        return sent.exchange

    async def _send(
        self,
        due: DueUrl,
        url: str,
        headers: Sequence[tuple[str, str]],
        record: Callable[[Exchange], Awaitable[Capture]],
    ) -> _Sent:
        """Send a request and record what is received."""
        try:
            self.require_lease()
        except ArchiveBusy as lost:
            self.recorder.fail(lost)
            raise
        limit, sent = size_limit(self.config, due.discovery.kind), self.spiders.method_and_body(due)
        seconds = self.config.timeout.total_seconds()
        result = await self.client.fetch(url, headers, seconds=seconds, limit=limit, sent=sent)
        ended, capture, exchange = time.monotonic(), None, None
        summary = ResponseSummary(no_response=True, error=result.describe_error(), is_blocked=result.is_blocked)
        for attempt in result.attempts:
            exchange = attempt.exchange(due.url, due.discovery)
            capture = await record(exchange)
            summary = summarize_response(due, capture, exchange)
            summary = replace(summary, recording_time=time.monotonic() - ended, interrupted=result.interrupted)
        if capture is None and not result.interrupted:
            self.counters["no_response"] += 1
            LOG.warning("%s - no response %s (%s)", due.discovery.site, due.url, summary.error)
        return _Sent(summary, capture, exchange)

    async def _render(self, renderer: PageRenderer, due: DueUrl, document: BrowserResponse, began: float) -> None:
        """Render a page and record it. If the run stops meanwhile, it stays due: half a page is no version."""
        rendering = asyncio.ensure_future(renderer.render(due, document, self.fetch_subresource))
        stopped = asyncio.ensure_future(self.frontier.subresources.stopped.wait())
        page = None
        try:
            await asyncio.wait({rendering, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not stopped.done():
                page = rendering.result()
        finally:
            for each in (rendering, stopped):
                each.cancel()
            await asyncio.wait({rendering}, timeout=CLOSE_TIMEOUT)
            self.frontier.subresources.end_rendering(due)
            if page is None:
                self.frontier.record_failed_commit(due)
            self.wake()
        if page is not None:
            await self.recorder.record(page, self._on_commit(due, len(page.response), began))
            self.counters["rendered"] += 1

    async def _record(
        self, exchange: Exchange, on_commit: OnCommit = lambda _: None, read: RunSpider | None = None
    ) -> Capture:
        """Record an exchange; one for a browser without `on_commit`, as the frontier waits for the page's commit."""
        capture = await self.recorder.record(exchange, on_commit, read)
        self.counters["captures"] += 1
        self.counters["bytes"] += len(exchange.response)
        if capture.kind == "revisit":
            self.counters["revisits"] += 1
        elif capture.truncated:
            self.counters["truncated"] += 1
        return capture

    def _on_commit(self, due: DueUrl, size: int, began: float) -> Callable[[Reading], None]:
        def record_commit(reading: Reading) -> None:
            if LOG.isEnabledFor(logging.INFO):
                site, outcome = due.discovery.site, reading.outcome.value
                facts = {
                    "site": site, "url": due.url, "kind": due.discovery.kind.value, "outcome": outcome,
                    "reason": reading.reason, "bytes": size, "seconds": round(time.monotonic() - began, 3),
                }  # fmt: skip
                LOG.info("%s %d %s %s", site, size, outcome, due.url, extra={"facts": facts})
            self.counters[reading.outcome.value] += 1
            self.on_read(reading)
            self.frontier.record_commit(due.url_id)
            self.wake()

        return record_commit


def size_limit(config: Config, kind: UrlKind) -> int:
    """Return the most bytes of a response for a URL of a kind."""
    if kind is UrlKind.ROBOTS:
        return max(config.max_body_size, MIN_ROBOTS_SIZE)
    is_asset = kind in (UrlKind.ASSET, UrlKind.PART) and config.max_asset_size
    return min(config.max_body_size, config.max_asset_size) if is_asset else config.max_body_size


def summarize_response(due: DueUrl, capture: Capture, exchange: Exchange) -> ResponseSummary:
    """Return the summary of an exchange. Headers are parsed only if they matter for it."""
    retry_after = None
    if capture.status in (403, 429, 503):
        retry_after = header(parse_http_headers(exchange.response)[1], "Retry-After")
    robots = None
    if due.discovery.kind is UrlKind.ROBOTS:
        robots = RobotsResponse(
            status=capture.status,
            block=exchange.response,
            truncated=exchange.truncated,
            redirect_url=capture.redirect_url,
        )
    return ResponseSummary(status=capture.status, retry_after=retry_after, robots=robots, size=len(exchange.response))
