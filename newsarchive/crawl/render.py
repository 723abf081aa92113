"""Rendering of pages in a run: the document and the browser's requests are recorded, then the rendered page."""

import os
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec

from newsarchive.config.schema import Config, SiteConfig
from newsarchive.crawl.browser import BrowserResponse, Chromium
from newsarchive.crawl.robots import MAX_REDIRECTS
from newsarchive.urls.ssrf import url_refusal_reason
from storage.errors import ConfigError, PayloadError
from storage.extras import install_command
from storage.model import DueUrl, Exchange, RenderedPage, UrlKind
from storage.warc.payload import decode_entity, parse_http_headers, parse_message
from storage.warc.reader import redirect_target
from storage.warc.record import header

RENDERED_KINDS = (UrlKind.ARTICLE, UrlKind.LISTING)
MAX_DECODED_SIZE = 64_000_000
_HTML = ("text/html", "application/xhtml+xml")

FetchSubresource = Callable[[DueUrl, str, Mapping[str, str], float], Awaitable[Exchange | None]]
"""Fetches a subresource. Arguments: the page, the URL, header fields, and the deadline by the event loop's clock."""


@dataclass(slots=True, kw_only=True, eq=False)
class PageRenderer:
    """Renders the pages of the sites with `render`."""

    sites: Collection[str]
    """Names of those sites."""
    browser: Chromium
    now: Callable[[], datetime]

    def renders(self, due: DueUrl) -> bool:
        """Return True if the page at a URL is to be rendered."""
        return due.discovery.site in self.sites and due.discovery.kind in RENDERED_KINDS

    def get_document(self, exchange: Exchange) -> BrowserResponse | None:
        """Return the document in a response; None if it cannot be rendered."""
        status, headers = parse_http_headers(exchange.response)
        mime = (header(headers, "Content-Type") or "").partition(";")[0].strip().lower()
        return browser_response(exchange) if status == 200 and mime in _HTML and not exchange.truncated else None

    async def render(self, due: DueUrl, document: BrowserResponse, fetch: FetchSubresource) -> RenderedPage:
        """Render a page from its document."""

        async def fetch_for_browser(url: str, headers: dict[str, str], until: float) -> BrowserResponse | None:
            """Fetch a subresource, following redirects."""
            for _ in range(MAX_REDIRECTS):
                exchange = None if url_refusal_reason(url) else await fetch(due, url, headers, until)
                response = browser_response(exchange) if exchange is not None else None
                target = redirect_target(url, response.status, response.headers) if response else None
                if target is None:
                    return response
                url = target
            return None

        markup, browser = await self.browser.render(due.url, document, fetch_for_browser)
        return RenderedPage(
            url=due.url, started_at=self.now(), response=markup, browser=browser, discovery=due.discovery
        )


def require_browser(sites: Sequence[SiteConfig]) -> None:
    """Raise ConfigError if pages are to be rendered and Playwright is not installed."""
    rendered = [site.name for site in sites if site.render]
    if rendered and find_spec("playwright") is None:
        raise ConfigError.create("playwright-missing", site=rendered[0], command=install_command("render"))


def create_renderer(config: Config, sites: Sequence[SiteConfig], now: Callable[[], datetime]) -> PageRenderer | None:
    """Return a renderer for the sites with `render`; None if there are none."""
    rendered = frozenset(site.name for site in sites if site.render and not site.spider)
    if not rendered:
        return None
    browser = Chromium(
        executable=config.browser,
        user_agent=config.user_agent,
        seconds=config.render_time.total_seconds(),
        # Chromium's own sandbox does not work for root.
        sandbox=os.geteuid() != 0,
    )
    return PageRenderer(sites=rendered, browser=browser, now=now)


def browser_response(exchange: Exchange) -> BrowserResponse | None:
    """Return a response for a browser; None if it is not HTTP or cannot be decoded."""
    received = parse_message(exchange.response)
    if received.status is None:
        return None
    try:
        body = decode_entity(received.body, received.headers, MAX_DECODED_SIZE)
    except PayloadError:
        return None
    return BrowserResponse(status=received.status, headers=received.headers, body=body)
