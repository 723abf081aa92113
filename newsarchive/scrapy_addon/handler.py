"""Download handlers that record: Scrapy's own, whose connections keep every byte that they send and receive.

    Scrapy's agent --> pool --> SpiderProtocol --> socket
                                     | Attempt --> WARC record, before the spider has the response

Timeouts, limits, proxies, TLS and signals stay Scrapy's. tests/integration/scrapy_addon tests the use of private names.
"""

# Twisted and Scrapy are typed in parts only, and have names like headerReceived.
# ruff: noqa: N802, D102, SLF001
# mypy: disallow-untyped-calls=False

import inspect
import logging
import re
import sys
from contextlib import suppress
from dataclasses import replace
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _LenientHTTP11ClientProtocol, _ScrapyAgent
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, IgnoreRequest, StopDownload
from scrapy.http import HtmlResponse, Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import ensure_awaitable, maybe_deferred_to_future
from scrapy.utils.misc import build_from_crawler, load_object
from scrapy.utils.python import global_object_name
from twisted.web.http_headers import InvalidHeaderName

from newsarchive.crawl.download.client import (
    INTERRUPTED,
    ConnectionFactory,
    LenientParser,
    RecordedHeaders,
    Recording,
    RecordingProtocol,
)
from newsarchive.scrapy_addon.addon import OWN_HANDLERS, WarcAddon
from storage.callbacks import utc_now
from storage.model import Discovery, RenderedPage, UrlKind

log = logging.getLogger(__name__)
_REASONS = {DownloadTimeoutError: "time", DownloadCancelledError: "length", StopDownload: INTERRUPTED}
"""WARC-Truncated by the error that ends a download; after others the connection knows the reason."""


class SpiderParser(LenientParser):
    """Keeps all header fields, for the spider."""

    fields = re.compile(rb"^([^:]+):(.*)\r$", re.MULTILINE)

    def headerReceived(self, name: bytes, value: bytes) -> None:
        super().headerReceived(name, value)
        name = name.rstrip(b" \t").lower()
        if not self.isConnectionControlHeader(name):
            with suppress(InvalidHeaderName):
                self.headers.addRawHeader(name, value)


class SpiderProtocol(RecordingProtocol, _LenientHTTP11ClientProtocol):
    """Scrapy's connection, recorded."""

    parser = SpiderParser


class _SpiderConnections(ConnectionFactory):
    protocol = SpiderProtocol


class _RecordedAgent(_ScrapyAgent):
    """Downloads for one request, whose headers carry the recording to the connection."""

    recording: Recording

    def _get_agent(self, request: Request, timeout: float) -> Any:
        agent: Any = super()._get_agent(request, timeout)
        send, recording = agent.request, self.recording

        def send_recorded(method: bytes, url: bytes, headers: Any, body: Any) -> Any:
            recorded = RecordedHeaders(dict(headers.getAllRawHeaders()))
            recorded.recording = recording
            recording.response = send(method, url, recorded, body)
            return recording.response

        agent.request = send_recorded
        return agent


class HttpRecordingHandler(HTTP11DownloadHandler):
    """Fetches http URLs. Setting: DOWNLOAD_HANDLERS, set by the add-on."""

    scheme = "http"

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        pool: Any = self._pool
        pool._factory = _SpiderConnections
        self._addon: Any = crawler.get_addon(WarcAddon)
        own = crawler.settings.getdict(OWN_HANDLERS).get(self.scheme)
        self._own: Any = build_from_crawler(load_object(own), crawler) if own else None
        self._own_name = global_object_name(type(self._own))
        self._has_warned = False

    async def download_request(self, request: Request) -> Response:
        """Return the response to a request once it is recorded. Called by Scrapy."""
        if not self._addon.is_open:
            raise IgnoreRequest(f"{request} is not sent: the recording of the spider has ended")
        # scrapy-playwright passes what is not for its browser to Scrapy's own handler.
        if self._own and not ("scrapy_playwright" in self._own_name and not request.meta.get("playwright")):
            return await self._fetch_by_own(request)
        agent = _RecordedAgent(
            contextFactory=self._contextFactory, bindAddress=self._bind_address, pool=self._pool,
            maxsize=self._default_maxsize, warnsize=self._default_warnsize, fail_on_dataloss=self._fail_on_dataloss,
            crawler=self._crawler, tls_verbose_logging=self._tls_verbose_logging,
        )  # fmt: skip
        agent.recording = Recording(sys.maxsize, utc_now)
        try:
            with wrap_twisted_exceptions():
                response: Response = await maybe_deferred_to_future(agent.download_request(request))
        except Exception as problem:
            await self._record(request, agent.recording, _REASONS.get(type(problem)))
            raise
        reason = INTERRUPTED if "download_stopped" in response.flags else None
        await self._record(request, agent.recording, reason)
        return response

    async def close(self) -> None:
        """Close the connections. Called by Scrapy."""
        await super().close()
        if hasattr(self._own, "close"):
            await ensure_awaitable(self._own.close())

    async def _record(self, request: Request, recording: Recording, reason: str | None) -> None:
        """Record what was received; `reason` is why the client has cut it, None if it has not."""
        recording.stopped, url = reason or INTERRUPTED, request.url.partition("#")[0]
        # The answer to a POST or HEAD is no page of its URL.
        part = None if request.method == "GET" else Discovery(site=self._site(url), kind=UrlKind.PART)
        for attempt in recording.attempts:
            if reason and not attempt.whole:
                attempt.truncated = reason
            exchange = attempt.exchange(url, part)
            if attempt.received:
                await self._addon.record(replace(exchange, peer=None) if request.meta.get("proxy") else exchange)

    async def _fetch_by_own(self, request: Request) -> Response:
        """Fetch by the project's own handler; record a page as a resource, since no bytes of HTTP are known."""
        began, download = utc_now(), self._own.download_request
        spider = () if inspect.iscoroutinefunction(download) else (self._crawler.spider,)  # of an older interface
        response: Response = await ensure_awaitable(download(request, *spider))
        if isinstance(response, HtmlResponse) and b"Content-Encoding" not in response.headers:
            url, markup = response.url.partition("#")[0], b"\xef\xbb\xbf" + response.text.encode("utf-8", "replace")
            found = Discovery(site=self._site(url), kind=UrlKind.ARTICLE)
            page = RenderedPage(url=url, started_at=began, response=markup, browser=self._own_name, discovery=found)
            await self._addon.record(page)
        else:
            self._addon.count(not_recorded=1)
        if not self._has_warned:
            self._has_warned = True
            log.warning(
                "%s shows no bytes of HTTP: of what it fetches, HTML pages are recorded as it returns them (resource "
                "records), and everything else is NOT recorded (newsarchive/not_recorded in the stats). To record all "
                "byte for byte, remove it from DOWNLOAD_HANDLERS", self._own_name,
            )  # fmt: skip
        return response

    def _site(self, url: str) -> str:
        return str(self._addon.warcs.get_site_name(url))


class HttpsRecordingHandler(HttpRecordingHandler):
    """Fetches https URLs."""

    scheme = "https"
