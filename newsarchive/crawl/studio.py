"""How a page is drawn within a run: its document, then all that the browser asks for, each kept; then what it made."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.util import find_spec

from newsarchive.config import Config, SiteConfig
from newsarchive.crawl.courtesy import Manners
from newsarchive.crawl.draw import Browser, Chromium, Part
from newsarchive.crawl.guard import refusal
from newsarchive.crawl.hosts import hostname_of
from newsarchive.crawl.robots import EVERYTHING, HOPS, Robots, RobotsAnswer, Rules, robots_discovery
from newsarchive.crawl.turns import Turns
from newsarchive.crawl.wire import Wire
from storage.errors import ConfigError, PayloadError
from storage.model import Discovery, Drawn, Due, Exchange, UrlKind
from storage.warc.payload import decode_entity, entity_of, header, http_headers
from storage.warc.reader import redirect_of

PAGES = (UrlKind.ARTICLE, UrlKind.LISTING)
INFLATED = 64_000_000
_HTML = ("text/html", "application/xhtml+xml")

Keep = Callable[[Exchange], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What a site is owed while its pages are drawn."""

    pause: float
    """Seconds between two requests to one host."""
    obey_robots: bool = True
    max_crawl_delay: float = 300.0


@dataclass(slots=True, kw_only=True, eq=False)
class Studio:
    """Draws the pages of the sites that ask for it."""

    sites: Mapping[str, Owed]
    """Those sites, by name."""
    browser: Browser
    wire: Wire
    robots: Robots
    user_agent: str
    seconds: float
    """For one part."""
    limit: int
    """Bytes of one part."""
    now: Callable[[], datetime]
    turns: Turns = field(default_factory=Turns)

    def wants(self, due: Due) -> bool:
        """Whether what a URL shows is to be drawn."""
        return due.discovery.site in self.sites and due.discovery.kind in PAGES

    def is_page(self, exchange: Exchange) -> bool:
        """Whether an answer is a document that can be drawn."""
        status, headers = http_headers(exchange.response)
        mime = (header(headers, "Content-Type") or "").partition(";")[0].strip().lower()
        return status == 200 and mime in _HTML and not exchange.truncated

    def as_part(self, exchange: Exchange) -> Exchange:
        """The document as it is kept: a part of the page, which is read when it is drawn."""
        assert exchange.discovery is not None
        return replace(exchange, discovery=replace(exchange.discovery, kind=UrlKind.PART))

    async def draw(self, due: Due, exchange: Exchange, keep: Keep) -> Drawn | None:
        """Draw a page from its document; None where the document cannot be decoded."""
        document = part_of(exchange)
        if document is None:
            return None
        site = due.discovery.site
        self.turns.owed(hostname_of(due.url), self._pause(site, self.robots.rules(due.url)))

        async def fetch(url: str, headers: dict[str, str]) -> Part | None:
            return await self._fetch(url, headers, due, keep)

        markup, by = await self.browser.draw(due.url, document, fetch)
        return Drawn(url=due.url, started_at=self.now(), response=markup, by=by, discovery=due.discovery)

    async def close(self) -> None:
        """End the browser."""
        await self.browser.close()

    async def _fetch(self, url: str, headers: dict[str, str], due: Due, keep: Keep) -> Part | None:
        """A part of a page, wherever it has moved to."""
        for _ in range(HOPS):
            if refusal(url) is not None:
                return None
            rules = await self._rules(url, due, keep)
            if rules is None or not rules.allows(url):
                return None
            how = Discovery(site=due.discovery.site, kind=UrlKind.PART, via=due.url, via_kind=due.discovery.kind)
            part = await self._ask(url, headers, how, rules, keep)
            onward = redirect_of(url, part.status, part.headers) if part else None
            if onward is None:
                return part
            url = onward
        return None

    async def _rules(self, url: str, due: Due, keep: Keep) -> Rules | None:
        """What robots.txt says of a URL; asked for where it is not known."""
        site = due.discovery.site
        if not self.sites[site].obey_robots:
            return EVERYTHING
        for _ in range(HOPS + 1):
            if (rules := self.robots.rules(url)) is not None:
                return rules
            asked = self.robots.wanted(url)
            answers: list[RobotsAnswer] = []
            await self._ask(asked, {}, robots_discovery(site), EVERYTHING, keep, answers)
            self.robots.learn(url, answers[0] if answers else RobotsAnswer(status=None))
        return self.robots.rules(url)

    async def _ask(
        self,
        url: str,
        headers: dict[str, str],
        how: Discovery,
        rules: Rules,
        keep: Keep,
        answers: list[RobotsAnswer] | None = None,
    ) -> Part | None:
        """Ask for one URL when it is its host's turn, and keep what comes."""

        async def ask() -> Part | None:
            sent = {"user-agent": self.user_agent, "accept-encoding": "gzip, deflate, br, zstd", **headers}
            fetched = await self.wire.fetch(url, list(sent.items()), seconds=self.seconds, limit=self.limit)
            part = None
            for attempt in fetched.attempts:
                exchange = attempt.exchange(url, how)
                await keep(exchange)
                part = part_of(exchange)
                if answers is not None:
                    answers.append(_as_robots(exchange))
            return part

        return await self.turns.take(hostname_of(url), self._pause(how.site, rules), ask)

    def _pause(self, site: str, rules: Rules | None) -> float:
        owed = self.sites[site]
        return max(owed.pause, min((rules.delay if rules else None) or 0.0, owed.max_crawl_delay))


def demand_browser(sites: Sequence[SiteConfig]) -> None:
    """ConfigError where pages are to be drawn, and nothing is there that could."""
    drawn = [site.name for site in sites if site.render]
    if drawn and find_spec("playwright") is None:
        raise ConfigError(
            f"{drawn[0]} has render = true, and Playwright is not installed; nothing was fetched. Install it with: "
            'pip install "newsarchive[render]" && playwright install chromium'
        )


def studio_of(
    config: Config,
    sites: Sequence[SiteConfig],
    treated: Mapping[str, Manners],
    wire: Wire,
    robots: Robots,
    now: Callable[[], datetime],
) -> Studio | None:
    """What draws the pages of sites with `render`; None where there are none."""
    drawn = {site.name: treated[site.name] for site in sites if site.render}
    owed = {
        name: Owed(pause=each.delay, obey_robots=each.obey_robots, max_crawl_delay=each.max_crawl_delay)
        for name, each in drawn.items()
    }
    if not owed:
        return None
    browser = Chromium(
        executable=config.browser,
        user_agent=config.user_agent,
        seconds=config.render_time.total_seconds(),
        # Chromium's own sandbox refuses to work for root.
        sandbox=os.geteuid() != 0,
    )
    return Studio(
        sites=owed,
        browser=browser,
        wire=wire,
        robots=robots,
        user_agent=config.user_agent,
        seconds=config.timeout.total_seconds(),
        limit=config.max_asset,
        now=now,
    )


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


def _as_robots(exchange: Exchange) -> RobotsAnswer:
    status, headers = http_headers(exchange.response)
    onward = redirect_of(exchange.url, status, headers)
    return RobotsAnswer(status=status, block=exchange.response, truncated=exchange.truncated, redirect_url=onward)
