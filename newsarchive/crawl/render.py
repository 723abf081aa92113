"""How a page is drawn within a run: its document, then all that the browser asks for, each kept; then what it made."""

import os
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.util import find_spec

from newsarchive.config.schema import Config, SiteConfig
from newsarchive.crawl.browser import Browser, Chromium, Part
from newsarchive.crawl.download.ssrf import refusal
from newsarchive.crawl.robots import HOPS
from storage.errors import ConfigError, PayloadError
from storage.model import Drawn, Due, Exchange, UrlKind
from storage.warc.payload import decode_entity, entity_of, header, http_headers
from storage.warc.reader import redirect_of

PAGES = (UrlKind.ARTICLE, UrlKind.LISTING)
INFLATED = 64_000_000
_HTML = ("text/html", "application/xhtml+xml")

Ask = Callable[[Due, str, Mapping[str, str], float], Awaitable[Exchange | None]]
"""Asks for a part of a page: the page, the part's URL, header fields, and until when, by the event loop's clock."""


@dataclass(slots=True, kw_only=True, eq=False)
class Studio:
    """Draws the pages of the sites that ask for it."""

    sites: Collection[str]
    """Names of those sites."""
    browser: Browser
    now: Callable[[], datetime]

    def wants(self, due: Due) -> bool:
        """Whether what a URL shows is to be drawn."""
        return due.discovery.site in self.sites and due.discovery.kind in PAGES

    def document_of(self, exchange: Exchange) -> Part | None:
        """The document that an answer is; None where it is none that could be drawn."""
        status, headers = http_headers(exchange.response)
        mime = (header(headers, "Content-Type") or "").partition(";")[0].strip().lower()
        return part_of(exchange) if status == 200 and mime in _HTML and not exchange.truncated else None

    def as_part(self, exchange: Exchange) -> Exchange:
        """The document as it is kept: a part of the page, which is read when it is drawn."""
        assert exchange.discovery is not None
        return replace(exchange, discovery=replace(exchange.discovery, kind=UrlKind.PART))

    async def draw(self, due: Due, document: Part, ask: Ask) -> Drawn:
        """Draw a page from its document."""

        async def fetch(url: str, headers: dict[str, str], until: float) -> Part | None:
            return await self._fetch(url, headers, until, due, ask)

        markup, by = await self.browser.draw(due.url, document, fetch)
        return Drawn(url=due.url, started_at=self.now(), response=markup, by=by, discovery=due.discovery)

    async def close(self) -> None:
        """End the browser."""
        await self.browser.close()

    async def _fetch(self, url: str, headers: dict[str, str], until: float, due: Due, ask: Ask) -> Part | None:
        """A part of a page, wherever it has moved to."""
        for _ in range(HOPS):
            exchange = None if refusal(url) else await ask(due, url, headers, until)
            part = part_of(exchange) if exchange is not None else None
            onward = redirect_of(url, part.status, part.headers) if part else None
            if onward is None:
                return part
            url = onward
        return None


def demand_browser(sites: Sequence[SiteConfig]) -> None:
    """ConfigError where pages are to be drawn, and nothing is there that could."""
    drawn = [site.name for site in sites if site.render]
    if drawn and find_spec("playwright") is None:
        raise ConfigError(
            f"{drawn[0]} has render = true, and Playwright is not installed; nothing was fetched. Install it with: "
            'pip install "newsarchive[render]" && playwright install chromium'
        )


def studio_of(config: Config, sites: Sequence[SiteConfig], now: Callable[[], datetime]) -> Studio | None:
    """What draws the pages of sites with `render`; None where there are none."""
    drawn = frozenset(site.name for site in sites if site.render)
    if not drawn:
        return None
    browser = Chromium(
        executable=config.browser,
        user_agent=config.user_agent,
        seconds=config.render_time.total_seconds(),
        # Chromium's own sandbox refuses to work for root.
        sandbox=os.geteuid() != 0,
    )
    return Studio(sites=drawn, browser=browser, now=now)


def part_of(exchange: Exchange) -> Part | None:
    """An answer as a browser takes it; None where it is no HTTP, or cannot be decoded."""
    status, headers = http_headers(exchange.response)
    if status is None:
        return None
    try:
        body = decode_entity(entity_of(exchange.response, headers), headers, INFLATED)
    except PayloadError:
        return None
    return Part(status=status, headers=tuple(headers), body=body)
