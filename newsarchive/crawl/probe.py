"""Probe of a news site: the settings that `newsarchive add` writes into newsarchive.toml.

front page --links--> feeds, sections        robots.txt --lists--> sitemaps
     |  no feed linked: common paths              |  none listed: common paths
     +--------------------------> each is fetched once, for its size and the date of its newest entry

The crawl's own client is used, with the same guard; nothing is recorded.
"""

import re
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.resources import files
from urllib.parse import urlsplit

import lxml.etree
import lxml.html
from w3lib.url import safe_url_string

from newsarchive.config.schema import SiteConfig
from newsarchive.config.units import pluralize
from newsarchive.crawl import event_loop
from newsarchive.crawl.download.client import RecordingClient
from newsarchive.crawl.download.connect import GuardedEndpoints, resolve_addresses
from newsarchive.crawl.robots import RobotsResponse, RobotsRules, authority, parse_rules
from newsarchive.extract.page import read
from newsarchive.extract.page_input import PageInput
from newsarchive.extract.tree import resolve_link
from newsarchive.ingest.discovery import site_host
from newsarchive.urls.ssrf import AddressGuard, is_public, url_refusal_reason
from storage.callbacks import utc_now
from storage.errors import NotFound, PayloadError
from storage.model import Discovery, Outcome, UrlKind
from storage.warc.payload import decode_entity, parse_message
from storage.warc.reader import redirect_target
from storage.warc.record import Headers

PATHS: dict[str, list[str]] = tomllib.loads(files("newsarchive.crawl").joinpath("probe.toml").read_text("utf-8"))
"""Common paths of feeds and sitemaps, and words in paths of menu links that are not sections of news."""
MAX_FEEDS = 6
MAX_SITEMAPS = 6
MAX_SECTIONS = 12
MONTH = timedelta(days=28)
PAUSE = 0.5
"""Seconds between two requests to the site."""
TIMEOUT = 20.0
"""Seconds for one response; what was received until then is read."""
MAX_SIZE, MAX_DECODED_SIZE = 10_000_000, 50_000_000
MAX_REDIRECTS = 10

# Links to feeds, by their URL or their text.
_FEED_PATH = re.compile(r"(?:[./](?:rss|atom|rdf)|/feed|feed\.json|\.rss\.xml)(?:\.xml|2\.0)?/?$", re.IGNORECASE)
_FEED_TEXT = re.compile(r"^\W*(?:rss|atom|rss[- ]?feeds?|news ?feed|xml)\W*$", re.IGNORECASE)
_OTHER_PAGES = re.compile("|".join(PATHS["other_pages"]), re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSource:
    """A feed, sitemap or section of the site."""

    url: str
    kind: UrlKind
    title: str = ""
    entries: int = 0
    """Items of a feed, URLs of a sitemap, sitemaps of an index, links of a section."""
    newest: datetime | None = None
    """Its latest date; None if it has no dates."""
    daily: float | None = None
    """Entries per day, by their dates; None if fewer than three have one."""
    sitemaps: int = 0
    """Number of sitemaps that an index lists."""
    news: bool = False
    """True for a news sitemap: its entries are articles, by the publisher's word."""
    named: bool = True
    """True if the site links or lists it; False if it was found at a common path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Result of a probe."""

    url: str
    """Front page, after redirects."""
    name: str
    """Short name of the site: its host without "www."."""
    title: str
    """Of the front page; "" if it has none."""
    private: bool
    """The host has no public address, so `allow_private` is needed."""
    hosts: tuple[str, ...] = ()
    """Further hosts of the site: the given one, if it redirects to another."""
    feeds: tuple[SiteSource, ...] = ()
    sitemaps: tuple[SiteSource, ...] = ()
    sections: tuple[SiteSource, ...] = ()
    """Pages that the front page's menu links; they were not fetched."""
    robots: str = ""
    """Result of reading robots.txt, in a few words."""
    crawl_delay: float | None = None
    problems: tuple[str, ...] = ()
    """Lines for the owner."""

    def site(self, name: str | None = None) -> SiteConfig:
        """Return the site as a [[site]] of newsarchive.toml."""
        return SiteConfig(
            name=name or self.name,
            url=self.url,
            hosts=self.hosts,
            listings=tuple(each.url for each in self.sections),
            feeds=tuple(each.url for each in self.feeds),
            sitemaps=tuple(each.url for each in self.sitemaps),
            allow_private=self.private,
        )

    def notes(self) -> dict[str, str]:
        """Return a comment for each setting of the [[site]], by name."""
        notes = {"url": f"{self.title or 'no title'}; {self.robots}"}
        for setting, found in (("listings", self.sections), ("feeds", self.feeds), ("sitemaps", self.sitemaps)):
            if found:
                notes[setting] = "; ".join(describe_source(each) for each in found)
        if self.private:
            notes["allow_private"] = f"{urlsplit(self.url).hostname} is an address in your own network"
        return notes


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResponse:
    """A response, after redirects."""

    url: str
    status: int
    headers: Headers
    body: bytes
    """Decoded."""


def probe(url: str, *, user_agent: str, obey_robots: bool = True, pause: float = PAUSE) -> Probe:
    """Probe a site, at private addresses only if it has no other; NotFound if its front page cannot be fetched."""
    url = url if "://" in url else f"https://{url}"
    if reason := url_refusal_reason(url):
        raise NotFound(f"{url} cannot be requested: {reason}; nothing was added. Copy the URL from a browser")
    host = urlsplit(url).hostname or ""
    addresses = resolve_addresses(host)
    private = bool(addresses) and not any(is_public(address) for address in addresses)
    reactor = event_loop.reactor()
    endpoints = GuardedEndpoints(reactor, AddressGuard([host] if private else []))
    client = RecordingClient(reactor, endpoints, now=utc_now)
    try:
        return _Probing(client, user_agent, obey_robots, pause).run(url, private)
    finally:
        event_loop.run(client.close())


@dataclass(slots=True)
class _Probing:
    client: RecordingClient
    agent: str
    obey_robots: bool
    pause: float
    rules: dict[str, RobotsRules] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    request_count: int = 0

    def run(self, url: str, private: bool) -> Probe:
        rules, listed = self._fetch_robots(url)
        if not rules.allows(url):
            self.problems.append("robots.txt disallows the front page: a crawl would fetch nothing")
        front = self._fetch(url)
        if isinstance(front, str) or front.status >= 400:
            reason = front if isinstance(front, str) else f"it answers {front.status}"
            raise NotFound.create("front-page-not-fetched", url=url, reason=reason)
        if authority(front.url) != authority(url):
            rules, listed = self._fetch_robots(front.url)
        discovery = Discovery(site="", kind=UrlKind.LISTING)
        reading = read(front.body, PageInput(url=front.url, headers=front.headers, discovery=discovery))
        if reading.outcome is Outcome.CHALLENGE:
            self.problems.append("the front page shows a challenge for robots: a crawl may fetch nothing else")
        base, delay = authority(front.url), f", its Crawl-delay is {rules.delay:g} s" if rules.delay else ""
        feeds = [source.url for source in reading.sources if source.kind is UrlKind.FEED]
        links = ((link, text) for link, text in _links(front, "//a[@href]") if not url_refusal_reason(link))
        found = (link for link, text in links if _FEED_TEXT.match(text) or _FEED_PATH.search(urlsplit(link).path))
        feeds += list(dict.fromkeys(found))[:MAX_FEEDS]
        common_sitemaps = [base + path for path in PATHS["sitemaps"]]
        given_host = urlsplit(url).netloc.lower()
        return Probe(
            url=front.url,
            name=site_host(front.url).partition(":")[0],
            title=reading.title or "",
            private=private,
            hosts=() if given_host == urlsplit(front.url).netloc.lower() else (given_host,),
            feeds=self._fetch_sources(UrlKind.FEED, feeds, [base + path for path in PATHS["feeds"]], MAX_FEEDS),
            sitemaps=self._fetch_sources(UrlKind.SITEMAP, listed, common_sitemaps, MAX_SITEMAPS),
            sections=tuple(find_sections(front)),
            robots=rules.unreachable or ("robots.txt was read" + delay if rules.parser else "there is no robots.txt"),
            crawl_delay=rules.delay,
            problems=tuple(self.problems),
        )

    def _fetch(self, url: str) -> ProbeResponse | str:
        """Return the response for a URL, after redirects; or why there is none, in a few words."""
        if self.request_count:
            time.sleep(self.pause)
        self.request_count += 1
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send(url)
            target = None if isinstance(response, str) else redirect_target(url, response.status, response.headers)
            if target is None:
                return response
            if reason := url_refusal_reason(target):
                return f"it redirects to {target[:200]}: {reason}"
            url = target
        return "too many redirects"

    def _send(self, url: str) -> ProbeResponse | str:
        safe_url = safe_url_string(url)
        if not safe_url.isascii():
            return "not a URL"
        headers = (("User-Agent", self.agent), ("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate, br"))
        result = event_loop.run(self.client.fetch(safe_url, headers, seconds=TIMEOUT, limit=MAX_SIZE))
        if not result.attempts:
            return result.describe_error()
        received = parse_message(result.attempts[-1].exchange(url).response)
        if received.status is None:
            return "the response is not HTTP"
        try:
            body = decode_entity(received.body, received.headers, MAX_DECODED_SIZE)
        except PayloadError as problem:
            return str(problem)
        return ProbeResponse(url=url, status=received.status, headers=received.headers, body=body)

    def _fetch_robots(self, url: str) -> tuple[RobotsRules, list[str]]:
        """Return the rules for our user agent, and the sitemaps that robots.txt lists."""
        response = self._fetch(f"{authority(url)}/robots.txt")
        if isinstance(response, str):
            rules, listed = RobotsRules(unreachable=f"robots.txt cannot be fetched ({response})"), []
        else:
            block = b"HTTP/1.1 %d \r\n\r\n%b" % (response.status, response.body)
            rules = parse_rules(RobotsResponse(status=response.status, block=block), self.agent)
            sitemaps = rules.parser.sitemaps if rules.parser else ()
            listed = [found for each in sitemaps if (found := resolve_link(url, each)) is not None]
        self.rules[authority(url)] = rules
        return rules, listed

    def _fetch_sources(self, kind: UrlKind, named: list[str], common: list[str], limit: int) -> tuple[SiteSource, ...]:
        """Return the sources among the named URLs; if there are none, the first one among the common paths."""
        sources = [self._fetch_source(url, kind, named=True) for url in dict.fromkeys(named[: 2 * limit])]
        if not any(sources):
            sources = [next(filter(None, (self._fetch_source(url, kind, named=False) for url in common)), None)]
        return tuple(sorted(filter(None, sources), key=lambda source: not source.news)[:limit])

    def _fetch_source(self, url: str, kind: UrlKind, *, named: bool) -> SiteSource | None:
        if url_refusal_reason(url):
            return None
        rules = self.rules.get(authority(url))
        if self.obey_robots and rules and not rules.allows(url):
            if named:
                self.problems.append(
                    f"{url} is disallowed by the site's robots.txt, though the site lists it: left out"
                )
            return None
        response = self._fetch(url)
        if isinstance(response, str) or response.status != 200:
            return None
        discovery = Discovery(site="", kind=kind)
        reading = read(response.body, PageInput(url=response.url, headers=response.headers, discovery=discovery))
        if reading.outcome is not (Outcome.FEED if kind is UrlKind.FEED else Outcome.SITEMAP):
            return None
        published = [entry.published.at if entry.published else entry.modified for entry in reading.entries]
        dates = [date for date in (*published, *(entry.modified for entry in reading.entries)) if date]
        dates += [source.modified for source in reading.sources if source.modified]
        return SiteSource(
            url=response.url,
            kind=kind,
            title=reading.title or "",
            entries=len(reading.entries),
            newest=max(dates, default=None),
            daily=entries_per_day([date for date in published if date]),
            sitemaps=len(reading.sources) if kind is UrlKind.SITEMAP else 0,
            news=any(entry.news for entry in reading.entries),
            named=named,
        )


def entries_per_day(dates: Sequence[datetime]) -> float | None:
    """Return the number of entries per day, by their dates in the month before the newest one.

    >>> from datetime import UTC
    >>> entries_per_day([datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2, 3, 4, 5)])
    1.0
    """
    recent = sorted(date for date in dates if date > max(dates) - MONTH)
    if len(recent) < 3 or recent[0] == recent[-1]:
        return None
    return round((len(recent) - 1) / ((recent[-1] - recent[0]) / timedelta(days=1)), 1)


def _links(front: ProbeResponse, path: str) -> Iterator[tuple[str, str]]:
    """Yield URL and text of a page's links; none if it cannot be parsed."""
    try:
        tree = lxml.html.document_fromstring(front.body)
    except (lxml.etree.LxmlError, ValueError):
        return
    tree.make_links_absolute(front.url, handle_failures="ignore")
    for link in tree.xpath(path):
        yield link.get("href").partition("#")[0], " ".join(link.text_content().split())


def find_sections(front: ProbeResponse) -> Iterator[SiteSource]:
    """Yield the sections of a front page: links of its menus with short texts, to short paths on its own host."""
    seen = {front.url}
    for url, text in _links(front, "//nav//a[@href] | //header//a[@href] | //*[@role='navigation']//a[@href]"):
        if url_refusal_reason(url) or url in seen or authority(url) != authority(front.url):
            continue
        path, query = urlsplit(url)[2:4]
        is_short = 1 <= len([segment for segment in path.split("/") if segment]) <= 2 and 0 < len(text) <= 30
        is_other = query or _OTHER_PAGES.search(path) or _FEED_TEXT.match(text) or _FEED_PATH.search(path)
        if not is_short or is_other:
            continue
        seen.add(url)
        yield SiteSource(url=url, kind=UrlKind.LISTING, title=text)
        if len(seen) > MAX_SECTIONS:
            return


def describe_source(source: SiteSource) -> str:
    """Return the size of a source and the date of its newest entry, in a line."""
    if source.kind is UrlKind.LISTING:
        return source.title
    facts = (
        "news sitemap" if source.news else "",
        pluralize(source.sitemaps, "sitemap") if source.sitemaps else "",
        pluralize(source.entries, "entry", "entries") if source.entries or not source.sitemaps else "",
        f"newest {source.newest:%Y-%m-%d %H:%M} UTC" if source.newest else "",
        f"about {source.daily:g} a day" if source.daily else "",
        "" if source.named else "guessed",
    )
    return f"{source.title or urlsplit(source.url).path}: {', '.join(filter(None, facts))}"
