"""The spider of all sites. What a URL is, and what follows from it, the frontier knows; here it becomes a request."""

from collections.abc import AsyncIterator
from typing import Any

import scrapy
from scrapy import Request
from scrapy.exceptions import UsageError

from newsarchive.crawl.run_context import ACCEPT_ENCODING, RunContext
from storage.model import Due, UrlKind

ACCEPT = {
    UrlKind.FEED: "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8",
    UrlKind.SITEMAP: "application/xml, text/xml;q=0.9, */*;q=0.8",
    UrlKind.ROBOTS: "text/plain, */*;q=0.8",
    UrlKind.ASSET: "*/*",
}
ACCEPT_PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class NewsSpider(scrapy.Spider):
    """Asks for what is due: front pages, sections, feeds, sitemaps and articles of all the sites of a run."""

    name = "news"

    def __init__(self, live: RunContext | None = None, **kwargs: Any) -> None:
        if live is None:
            raise UsageError("this spider keeps pages in an archive; start it with: newsarchive crawl")
        super().__init__(**kwargs)
        self.live = live

    async def start(self) -> AsyncIterator[Request]:
        """Nothing to begin with: the scheduler knows what is due."""
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    def request(self, due: Due) -> Request:
        """The request for a URL of the frontier; a conditional one where the last answer had validators (RFC 9110, 13).

        ValueError where there can be none. It has no callback: the page is kept, and what it brings to light comes back
        through the frontier.
        """
        headers = {
            "User-Agent": self.live.user_agent,
            "Accept": ACCEPT.get(due.discovery.kind, ACCEPT_PAGE),
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        if due.etag:
            headers["If-None-Match"] = due.etag
        if due.last_modified:
            headers["If-Modified-Since"] = due.last_modified
        request = Request(
            due.url,
            headers=headers,
            errback=self.failed,
            meta={"due": due},
            dont_filter=True,
        )
        if not request.url.isascii():
            raise ValueError(f"{due.url} names no host that there could be")
        return request

    def failed(self, failure: Any) -> None:
        """Nothing: the run is told by other ways what ends it."""
        self.logger.debug("%s", failure.value)
