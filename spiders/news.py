"""The spider of all sites: turns URLs of the frontier into requests."""

from collections.abc import AsyncIterator
from typing import Any

import scrapy
from scrapy import Request
from scrapy.exceptions import UsageError

from newsarchive.crawl.run_context import ACCEPT_ENCODING, RunContext
from storage.model import DueUrl, UrlKind

ACCEPT = {
    UrlKind.FEED: "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8",
    UrlKind.SITEMAP: "application/xml, text/xml;q=0.9, */*;q=0.8",
    UrlKind.ROBOTS: "text/plain, */*;q=0.8",
    UrlKind.ASSET: "*/*",
}
ACCEPT_PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class NewsSpider(scrapy.Spider):
    """Requests the due URLs of a run's sites: front pages, sections, feeds, sitemaps and articles."""

    name = "news"

    def __init__(self, context: RunContext | None = None, **kwargs: Any) -> None:
        if context is None:
            raise UsageError("this spider records pages in an archive; start it with: newsarchive crawl")
        super().__init__(**kwargs)
        self.context = context

    async def start(self) -> AsyncIterator[Request]:
        """Yield nothing: the scheduler knows the due URLs."""
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    def request(self, due: DueUrl) -> Request:
        """Return the request for a URL; conditional if the last response had validators (RFC 9110, 13).

        ValueError if no request can be made. It has no callback: the response is recorded, and the URLs that it links
        come back through the frontier.
        """
        headers = {
            "User-Agent": self.context.user_agent,
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
            errback=self.log_failure,
            meta={"due": due},
            dont_filter=True,
        )
        if not request.url.isascii():
            raise ValueError(f"{due.url} has no valid host name")
        return request

    def log_failure(self, failure: Any) -> None:
        """Log a failure for debugging: what ends a run is reported elsewhere."""
        self.logger.debug("%s", failure.value)
