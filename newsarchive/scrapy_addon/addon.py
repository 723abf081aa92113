"""The add-on: what it sets in a project. Recording begins with spider_opened and ends with engine_stopped."""

import asyncio
import logging
from typing import Any, Self

from scrapy import signals
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.settings import BaseSettings
from scrapy.utils.misc import load_object

from newsarchive.crawl.credentials import CredentialMask
from newsarchive.crawl.recorder import Recorder
from newsarchive.scrapy_addon.handler import RecordingHandler
from newsarchive.scrapy_addon.spider_warcs import SpiderWarcs
from storage.errors import ArchiveError, ConfigError
from storage.model import Exchange, RenderedPage

log = logging.getLogger(__name__)
FAILED = "newsarchive_failed"
"""Reason for which a spider is closed that cannot be recorded."""
NOT_EXACT = (
    "%s shows no bytes of HTTP: of what it fetches, HTML pages are recorded as it returns them (resource records), and "
    "all else is NOT recorded (newsarchive/not_recorded in the stats). To record it, remove it from DOWNLOAD_HANDLERS"
)


class WarcAddon:
    """Records every exchange of a spider. Setting: ADDONS."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler: Any = crawler
        crawler.signals.connect(self._open, signals.spider_opened)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the add-on. Called by Scrapy."""
        return cls(crawler)

    def update_settings(self, settings: BaseSettings) -> None:
        """Put the recording handlers before Scrapy's or the project's own. Called by Scrapy."""
        if not settings.getbool("TWISTED_REACTOR_ENABLED") or "asyncio" not in str(settings["TWISTED_REACTOR"]):
            raise ConfigError.create("wrong-reactor")
        handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
        for scheme in ("http", "https"):
            own = None if load_object(handlers[scheme]) is HTTP11DownloadHandler else handlers[scheme]
            recorded = type("Recorded", (RecordingHandler,), {"addon": self, "own": own})
            settings["DOWNLOAD_HANDLERS"].set(scheme, recorded, "cmdline")
            if own and own != handlers.get("http" if scheme == "https" else ""):
                log.warning(NOT_EXACT, own)

    async def record(self, exchange: Exchange | RenderedPage) -> None:
        """Write an exchange; StorageError if it cannot be written, which closes the spider."""
        capture = await self._recorder.record(exchange, lambda _: None)
        counts = {"records": 1, "bytes": len(exchange.response), "revisits": int(capture.kind == "revisit")}
        for name, count in counts.items():
            self._crawler.stats.inc_value(f"newsarchive/{name}", count)

    async def _open(self) -> None:
        settings = self._crawler.settings
        self.warcs = SpiderWarcs(settings, self._crawler.spidercls.name)
        hides = settings.getbool("NEWSARCHIVE_HIDE_CREDENTIALS", self.warcs.has_archive)
        sites = None if settings.getbool("COOKIES_ENABLED") else ()  # what is set will be sent
        mask = [CredentialMask(self.warcs.folder, sites).apply] if hides else []
        try:
            await asyncio.to_thread(self.warcs.open)
        except Exception as problem:
            log.critical("%s. The spider is closed: it cannot be recorded", problem)
            raise CloseSpider(FAILED) from problem
        self._recorder = Recorder(self.warcs.writer.write, self.warcs.submit, *mask)
        self._recorder.on_failure = self._fail
        self._crawler.signals.connect(self._close, signals.engine_stopped)

    def _fail(self, failure: BaseException) -> None:
        log.critical("%s. The spider is closed: what it fetches cannot be recorded any more", failure)
        self._stopping = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=FAILED))

    async def _close(self) -> None:
        await asyncio.to_thread(self._recorder.close)
        stats = self._crawler.stats.get_stats()
        reason = FAILED if self._recorder.failure else stats.get("finish_reason", "stopped")
        try:
            await asyncio.to_thread(self.warcs.close, reason, stats.get("newsarchive/records", 0))
        except ArchiveError as problem:
            log.critical("%s. What was recorded before is kept; the next run repairs the file", problem)
