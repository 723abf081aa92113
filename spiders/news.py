"""The spider of all sites: turns URLs of the frontier into requests."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Self

import scrapy
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, Response

from newsarchive.crawl.article_response import ArticleResponse
from newsarchive.crawl.run import prepare_crawl
from newsarchive.crawl.run_context import ACCEPT_ENCODING, RunContext
from newsarchive.crawl.scrapy_host import ScrapyHost
from storage.article_fields import article_to_json, from_article
from storage.errors import ArchiveError
from storage.model import DueUrl, UrlKind

ACCEPT = {
    UrlKind.FEED: "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8",
    UrlKind.SITEMAP: "application/xml, text/xml;q=0.9, */*;q=0.8",
    UrlKind.ROBOTS: "text/plain, */*;q=0.8",
    UrlKind.ASSET: "*/*",
}
FAILED = "newsarchive_failed"
"""Reason for which a spider is closed that cannot crawl."""
ACCEPT_PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class NewsSpider(scrapy.Spider):
    """Requests the due URLs of a run's sites: front pages, sections, feeds, sitemaps and articles."""

    name = "news"
    context: RunContext | None = None
    """The run, once it has begun."""
    host: ScrapyHost[Any] | None = None
    """The crawl, if Scrapy's own command has started the spider."""
    refusal = "nothing was fetched: no archive is named to record pages in: scrapy crawl news -a archive=FOLDER"
    """Why nothing is fetched without a context."""

    @classmethod
    def from_crawler(
        cls, crawler: Crawler, *args: Any, archive: str | None = None, site: str | None = None, **kwargs: Any
    ) -> Self:
        """Create the spider, for a crawl with `-a archive=... -a site=...`, or for another command of Scrapy's."""
        archive = archive or crawler.settings.get("NEWSARCHIVE_ARCHIVE")
        # `scrapy parse`, `fetch`, `view` and `check` replace `start`; `shell` has frozen the settings.
        is_crawl = not (cls.start.__module__.startswith("scrapy.commands.") or crawler.settings.frozen)
        host, refusal, unknown = None, cls.refusal, ", ".join(kwargs.keys() - {"context"})
        if unknown:
            refusal = f"nothing was fetched: the spider has no argument {unknown}. It has archive and site"
        elif archive and is_crawl and kwargs.get("context") is None:
            try:
                host = prepare_crawl(crawler.settings, Path(archive), sites=[site] if site else [])
            except ArchiveError as problem:
                refusal = str(problem)
        if host is None and is_crawl:
            # Feeds would be empty files, and the console a port that is open for a moment.
            crawler.settings.setdict({"FEEDS": {}, "TELNETCONSOLE_ENABLED": False}, "cmdline")
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.host, spider.refusal = host, refusal
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Yield nothing: the scheduler knows the due URLs."""
        if self.context is None:
            self.logger.error("%s", self.refusal)
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=FAILED))
        for request in tuple[Request]():
            yield request

    def closed(self, reason: str) -> None:
        """Make Scrapy's command exit with 1, as for a spider that it could not create, if nothing was fetched."""
        if reason == FAILED:
            self.crawler.spider = None

    def parse(self, response: Response, **_: Any) -> Iterator[Any]:
        """Yield the article on a page and requests of its links, for `scrapy parse`. A crawl reads records."""
        if self.context is None and isinstance(response, HtmlResponse):
            page = response.replace(cls=ArticleResponse)
            if page.article is not None:
                yield article_to_json(from_article(page.article))
            yield from (Request(link.url) for group in page.links for link in group.links)

    def request(self, due: DueUrl) -> Request:
        """Return the request for a URL; conditional if the last response had validators (RFC 9110, 13).

        ValueError if none can be made. It has no callback: what the response links comes back through the frontier.
        """
        assert self.context is not None
        headers = {
            "User-Agent": self.context.config.user_agent,
            "Accept": ACCEPT.get(due.discovery.kind, ACCEPT_PAGE),
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        if due.etag:
            headers["If-None-Match"] = due.etag
        if due.last_modified:
            headers["If-Modified-Since"] = due.last_modified
        request = Request(due.url, headers=headers, meta={"due": due}, dont_filter=True)
        # What ends a run is reported elsewhere.
        request.errback = lambda failure: self.logger.debug("%s", failure.value)
        self.context.spiders.prepare(due, request)
        if not request.url.isascii():
            raise ValueError(f"{due.url} has no valid host name")
        return request
