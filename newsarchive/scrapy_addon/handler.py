"""A download handler that records: Scrapy's own, whose connections keep the bytes that they send and receive."""

# ruff: noqa: N802, D102, SLF001 - names of Twisted
# mypy: disallow-untyped-calls=False

import inspect
import re
import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _LenientHTTP11ClientProtocol
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, StopDownload
from scrapy.http import HtmlResponse, Response
from scrapy.utils.defer import ensure_awaitable
from scrapy.utils.misc import build_from_crawler, load_object
from twisted.web.client import HTTPConnectionPool
from twisted.web.http_headers import InvalidHeaderName

from newsarchive.crawl.download import client
from storage.callbacks import utc_now
from storage.model import RenderedPage, UrlKind

_REASONS = {DownloadTimeoutError: "time", DownloadCancelledError: "length", StopDownload: client.INTERRUPTED}
"""WARC-Truncated by the error that ends a download; after others the connection knows the reason."""


class SpiderParser(client.LenientParser):
    """Keeps all header fields, for the spider."""

    fields = re.compile(rb"^([^:]+):(.*)\r$", re.MULTILINE)

    def headerReceived(self, name: bytes, value: bytes) -> None:
        super().headerReceived(name, value)
        if not self.isConnectionControlHeader(name.rstrip(b" \t").lower()):
            with suppress(InvalidHeaderName):
                self.headers.addRawHeader(name.rstrip(b" \t"), value)


class SpiderProtocol(client.RecordingProtocol, _LenientHTTP11ClientProtocol):
    """Scrapy's connection, recorded."""

    parser = SpiderParser


class _SpiderPool(HTTPConnectionPool):
    recording: client.Recording
    """Of the request that asks for a connection: it does so before its handler first waits."""

    def getConnection(self, key: Any, endpoint: Any) -> Any:
        connected: Any = super().getConnection(key, endpoint)
        recording = self.recording
        return connected.addCallback(lambda found: SimpleNamespace(request=partial(_send, found, recording)))


def _send(connection: Any, recording: client.Recording, request: Any) -> Any:
    """Send a request whose headers carry the recording to the connection."""
    request.headers = client.RecordedHeaders(dict(request.headers.getAllRawHeaders()))
    request.headers.recording = recording
    recording.response = connection.request(request)
    return recording.response


class RecordingHandler(HTTP11DownloadHandler):
    """Fetches http or https URLs. Setting: DOWNLOAD_HANDLERS, set by the add-on."""

    addon: Any
    """The add-on, which sets both in a subclass."""
    own: Any
    """The project's own handler, or None."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        pool = self._recorded_pool = cast("Any", self._pool)
        pool.__class__ = _SpiderPool
        pool._factory = type("Connections", (client.ConnectionFactory,), {"connection_class": SpiderProtocol})
        self._own: Any = self.own and build_from_crawler(load_object(self.own), crawler)

    async def download_request(self, request: Request) -> Response:
        """Return the response to a request once it is recorded. Called by Scrapy."""
        # scrapy-playwright passes what is not for its browser to Scrapy's own handler.
        if self.own and ("scrapy_playwright." not in str(self.own) or request.meta.get("playwright")):
            return await self._fetch_by_own(request)
        self._recorded_pool.recording = recording = client.Recording(sys.maxsize, utc_now)
        try:
            response: Response = await super().download_request(request)
        except Exception as problem:
            await self._record(request, recording, _REASONS.get(type(problem)))
            raise
        await self._record(request, recording, client.INTERRUPTED if "download_stopped" in response.flags else None)
        return response

    async def close(self) -> None:
        """Close the connections. Called by Scrapy."""
        await super().close()
        if hasattr(self._own, "close"):
            await ensure_awaitable(self._own.close())

    async def _record(self, request: Request, recording: client.Recording, reason: str | None) -> None:
        """Record what was received; `reason` is why the client has cut it, None if it has not."""
        recording.stopped, url = reason or client.INTERRUPTED, request.url.partition("#")[0]
        # The answer to a POST or HEAD is no page of its URL.
        part = None if request.method == "GET" else self.addon.warcs.get_discovery(url, UrlKind.PART)
        for attempt in recording.attempts:
            if reason and not attempt.whole:
                attempt.truncated = reason
            exchange = attempt.exchange(url, part)
            if attempt.received:
                await self.addon.record(replace(exchange, peer=None) if request.meta.get("proxy") else exchange)

    async def _fetch_by_own(self, request: Request) -> Response:
        """Fetch by the project's own handler; record a page as a resource, since no bytes of HTTP are known."""
        began, download = utc_now(), self._own.download_request
        spider = () if inspect.iscoroutinefunction(download) else (self._crawler.spider,)  # of an older interface
        response: Response = await ensure_awaitable(download(request, *spider))
        if isinstance(response, HtmlResponse) and b"Content-Encoding" not in response.headers:
            url, markup = response.url.partition("#")[0], b"\xef\xbb\xbf" + response.text.encode("utf-8", "replace")
            found = self.addon.warcs.get_discovery(url, UrlKind.ARTICLE)
            page = RenderedPage(url=url, started_at=began, response=markup, browser=str(self.own), discovery=found)
            await self.addon.record(page)
        else:
            self._crawler.stats.inc_value("newsarchive/not_recorded")
        return response
