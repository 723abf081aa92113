"""The add-on: what it sets in a project, and when the recording of a spider begins and ends.

spider_opened     folder or archive is opened; a spider that cannot be recorded is closed
each exchange     handler.py --> WarcAddon.record --> the writer's thread
engine_stopped    the WARC file is closed, and indexed by the archive
"""

import asyncio
import logging
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.settings import BaseSettings
from scrapy.utils.misc import load_object
from scrapy.utils.python import global_object_name

from newsarchive.crawl.credentials import CredentialMask
from newsarchive.crawl.recorder import Recorder
from newsarchive.scrapy_addon.spider_warcs import SpiderWarcs
from storage.errors import ArchiveError, ConfigError
from storage.model import Exchange, RenderedPage

log = logging.getLogger(__name__)
OWN_HANDLERS = "NEWSARCHIVE_OWN_HANDLERS"
"""Setting of the add-on: the project's own download handlers, by scheme."""
FAILED = "newsarchive_failed"
"""Reason for which a spider is closed that cannot be recorded."""


class WarcAddon:
    """Records every exchange of a spider. Setting: ADDONS."""

    warcs: SpiderWarcs
    """Set when the spider is opened."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._recorder: Recorder | None = None
        self._stopping: asyncio.Future[None] | None = None
        crawler.signals.connect(self._open, signals.spider_opened)
        crawler.signals.connect(self._close, signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the add-on. Called by Scrapy."""
        return cls(crawler)

    def update_settings(self, settings: BaseSettings) -> None:
        """Put the recording handlers before Scrapy's or the project's own. Called by Scrapy."""
        if not settings.getbool("TWISTED_REACTOR_ENABLED") or "asyncio" not in str(settings["TWISTED_REACTOR"]):
            raise ConfigError(
                "newsarchive's add-on needs Scrapy's default reactor, which this project replaces; nothing was "
                "fetched. Remove TWISTED_REACTOR and TWISTED_REACTOR_ENABLED from its settings"
            )
        handlers, own = settings.getwithbase("DOWNLOAD_HANDLERS"), {}
        for scheme in ("http", "https"):
            if "scrapy.core.downloader.handlers.http11" not in global_object_name(load_object(handlers[scheme])):
                own[scheme] = handlers[scheme]
            name = f"newsarchive.scrapy_addon.handler.{scheme.title()}RecordingHandler"
            settings["DOWNLOAD_HANDLERS"].set(scheme, name, "cmdline")
        settings.set(OWN_HANDLERS, own, "cmdline")

    @property
    def is_open(self) -> bool:
        """True while exchanges can be recorded."""
        return self._recorder is not None

    async def record(self, exchange: Exchange | RenderedPage) -> None:
        """Write an exchange; StorageError if it cannot be written, which closes the spider."""
        assert self._recorder is not None
        capture = await self._recorder.record(exchange, lambda _: None)
        self.count(records=1, bytes=len(exchange.response), **({capture.kind: 1} if capture.kind != "response" else {}))

    def count(self, **counts: int) -> None:
        """Add to Scrapy's stats."""
        for name, count in counts.items():
            self._crawler.stats.inc_value(f"newsarchive/{name}", count)

    async def _open(self) -> None:
        settings = self._crawler.settings
        self.warcs = SpiderWarcs(settings, self._crawler.spidercls.name)
        try:
            await asyncio.to_thread(self.warcs.open)
        except (ArchiveError, OSError) as problem:
            log.critical("%s. The spider is closed: it cannot be recorded", problem)
            raise CloseSpider(FAILED) from problem
        hides = settings.getbool("NEWSARCHIVE_HIDE_CREDENTIALS", self.warcs.archive is not None)
        mask = {"mask": CredentialMask(self.warcs.folder).apply} if hides else {}
        self._recorder = Recorder(self.warcs, self.warcs, **mask)
        self._recorder.on_failure = self._fail

    def _fail(self, failure: BaseException) -> None:
        log.critical("%s. The spider is closed: what it fetches cannot be recorded any more", failure)
        engine: Any = self._crawler.engine
        self._stopping = asyncio.ensure_future(engine.close_spider_async(reason=FAILED))

    async def _close(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            await asyncio.to_thread(recorder.close)
            reason = self._crawler.stats.get_value("finish_reason", "stopped")
            try:
                await asyncio.to_thread(self.warcs.close, FAILED if recorder.failure else reason)
            except (ArchiveError, OSError) as problem:
                log.error("%s", problem)  # noqa: TRY400 - a message for the owner
