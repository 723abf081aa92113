"""Look at a news site before it is archived: what `newsarchive add` writes into newsarchive.toml, and why.

front page --names--> feeds, sections        robots.txt --names--> sitemaps
     |  no feed named: the usual places           |  none named: the usual places
     +--------------------------> each is fetched once: does it answer, how much is in it, how new is it?
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import lxml.etree
import lxml.html

from newsarchive.config.schema import SiteConfig
from newsarchive.crawl.download.probe_client import Answer, Opener, addresses
from newsarchive.crawl.download.ssrf import Guard, is_public, refusal
from newsarchive.crawl.robots import RobotsAnswer, Rules, authority, read_rules
from newsarchive.extract.page import read
from newsarchive.extract.page_input import Asked
from newsarchive.extract.tree import absolute
from newsarchive.ingest.discovery import site_host
from storage.errors import NotFound
from storage.model import Discovery, Outcome, Reading, UrlKind

FEED_PLACES = (
    "/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/feeds/all.rss.xml", "/feed.json",
    "/rss/news", "/index.rdf",
)  # fmt: skip
SITEMAP_PLACES = (
    "/sitemap.xml", "/sitemap_index.xml", "/sitemap-index.xml", "/news-sitemap.xml", "/sitemap-news.xml",
    "/news_sitemap.xml", "/sitemap_news.xml", "/wp-sitemap.xml", "/sitemap.xml.gz",
)  # fmt: skip
MOST_FEEDS = 6
MOST_SITEMAPS = 6
MOST_SECTIONS = 12
MONTH = timedelta(days=28)
PAUSE = 0.5
"""Seconds between two requests to the site."""

# Links that lead to a feed by what they say or where they point to.
_FEED_ADDRESS = re.compile(r"(?:[./](?:rss|atom|rdf)|/feed|feed\.json|\.rss\.xml)(?:\.xml|2\.0)?/?$", re.IGNORECASE)
_FEED_WORD = re.compile(r"^\W*(?:rss|atom|rss[- ]?feeds?|news ?feed|xml)\W*$", re.IGNORECASE)

# Links of a menu that lead to no news.
_OTHER_PAGES = re.compile(
    r"about|account|advert|agb|app|careers?|contact|cookie|datenschutz|donate|faq|help|impressum|jobs|legal|login|"
    r"members?|newsletters?|policy|privacy|profile|register|search|shop|sign|subscri|support|terms|user|kontakt|abo",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A feed, sitemap or section that the site has."""

    url: str
    kind: UrlKind
    title: str = ""
    entries: int = 0
    """Items of a feed, URLs of a sitemap, sitemaps of an index, links of a section."""
    newest: datetime | None = None
    """The latest date in it; None where it has none."""
    daily: float | None = None
    """Entries a day, by their dates; None where fewer than three have one."""
    sitemaps: int = 0
    """Sitemaps that it names, where it is an index."""
    news: bool = False
    """A news sitemap: what it names are articles, by their publisher's word."""
    named: bool = True
    """The site names it; False where it was found at a usual place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a look at a site found."""

    url: str
    """Front page, where redirects led."""
    name: str
    """A short name for the site: its host without "www."."""
    title: str
    """What the front page calls itself; "" where it does not."""
    private: bool
    """The host leads to loopback or private addresses only: `allow_private` is wanted."""
    hosts: tuple[str, ...] = ()
    """Further hosts of the site: the one asked for, where it redirects to another."""
    feeds: tuple[Source, ...] = ()
    sitemaps: tuple[Source, ...] = ()
    sections: tuple[Source, ...] = ()
    """Pages that the front page's menu leads to; they were not fetched."""
    robots: str = ""
    """What robots.txt says to us, in a few words."""
    crawl_delay: float | None = None
    problems: tuple[str, ...] = ()
    """What the owner should know of, a line each."""

    def site(self, name: str | None = None) -> SiteConfig:
        """The site as a [[site]] of newsarchive.toml."""
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
        """A comment for each setting of the [[site]], by name."""
        notes = {"url": f"{self.title or 'no title'}; {self.robots}"}
        for setting, found in (("listings", self.sections), ("feeds", self.feeds), ("sitemaps", self.sitemaps)):
            if found:
                notes[setting] = "; ".join(told(each) for each in found)
        if self.private:
            notes["allow_private"] = f"{urlsplit(self.url).hostname} is an address of your own network"
        return notes


def probe(
    url: str,
    *,
    user_agent: str,
    obey_robots: bool = True,
    pause: float = PAUSE,
    sleep: Callable[[float], None] = time.sleep,
) -> Probe:
    """Look at a site; NotFound where its front page cannot be had.

    Private addresses are connected to only where the host that the owner names leads to nothing else.
    """
    url = url if "://" in url else f"https://{url}"
    if why := refusal(url):
        raise NotFound(f"{url} cannot be asked for: {why}. Nothing was added. Write it as in a browser's address bar")
    host = urlsplit(url).hostname or ""
    found = addresses(host)
    private = bool(found) and not any(is_public(address) for address in found)
    look = _Look(Opener(user_agent, Guard([host] if private else [])), user_agent, obey_robots, pause, sleep)
    return look.at(url, private)


@dataclass(slots=True)
class _Look:
    opener: Opener
    agent: str
    obey: bool
    pause: float
    sleep: Callable[[float], None]
    rules: dict[str, Rules] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    asked: int = 0

    def at(self, url: str, private: bool) -> Probe:
        rules, named = self._robots(url)
        if not rules.allows(url):
            self.problems.append("robots.txt lets us fetch nothing of it: a crawl would bring nothing")
        front = self._front(url)
        if authority(front.url) != authority(url):
            rules, named = self._robots(front.url)
        reading = read(front.body, Asked(url=front.url, headers=front.headers, discovery=_how(UrlKind.LISTING)))
        if reading.outcome is Outcome.CHALLENGE:
            self.problems.append("the front page asks robots to prove that they are human: a crawl may bring nothing")
        base = authority(front.url)
        feeds = [source.url for source in reading.sources if source.kind is UrlKind.FEED]
        feeds += linked_feeds(front)
        asked_host = urlsplit(url).netloc.lower()
        return Probe(
            url=front.url,
            name=site_host(front.url).partition(":")[0],
            title=reading.title or "",
            private=private,
            hosts=() if asked_host == urlsplit(front.url).netloc.lower() else (asked_host,),
            feeds=self._sources(UrlKind.FEED, feeds, [base + place for place in FEED_PLACES], MOST_FEEDS),
            sitemaps=self._sources(UrlKind.SITEMAP, named, [base + each for each in SITEMAP_PLACES], MOST_SITEMAPS),
            sections=tuple(sections(front)),
            robots=self._said(rules),
            crawl_delay=rules.delay,
            problems=tuple(self.problems),
        )

    def _fetch(self, url: str) -> Answer | str:
        if self.asked:
            self.sleep(self.pause)
        self.asked += 1
        return self.opener.fetch(url)

    def _front(self, url: str) -> Answer:
        answer = self._fetch(url)
        if isinstance(answer, str) or answer.status >= 400:
            why = answer if isinstance(answer, str) else f"it answers {answer.status}"
            raise NotFound(
                f"{url} cannot be looked at: {why}. Nothing was added. Check the address in a browser, or write the "
                "[[site]] into newsarchive.toml yourself"
            )
        return answer

    def _robots(self, url: str) -> tuple[Rules, list[str]]:
        """The rules for us, and the sitemaps that robots.txt names."""
        answer = self._fetch(f"{authority(url)}/robots.txt")
        if isinstance(answer, str):
            rules, named = Rules(closed=f"robots.txt gives no answer ({answer})"), []
        else:
            block = b"HTTP/1.1 %d \r\n\r\n%b" % (answer.status, answer.body)
            rules = read_rules(RobotsAnswer(status=answer.status, block=block), self.agent)
            sitemaps = rules.text.sitemaps if rules.text else ()
            named = [found for each in sitemaps if (found := absolute(url, each)) is not None]
        self.rules[authority(url)] = rules
        return rules, named

    def _said(self, rules: Rules) -> str:
        if rules.closed:
            return rules.closed
        if rules.text is None:
            return "there is no robots.txt"
        return "robots.txt was read" + (f", it asks for {rules.delay:g} s between requests" if rules.delay else "")

    def _sources(self, kind: UrlKind, named: list[str], places: list[str], most: int) -> tuple[Source, ...]:
        """Those of the named that answer as they should; where there is none, those of the usual places."""
        found = [source for url in dict.fromkeys(named[: 2 * most]) if (source := self._source(url, kind, named=True))]
        for url in () if found else places:
            if source := self._source(url, kind, named=False):
                found.append(source)
                break
        found.sort(key=lambda source: not source.news)
        return tuple(found[:most])

    def _source(self, url: str, kind: UrlKind, *, named: bool) -> Source | None:
        if refusal(url):
            return None
        rules = self.rules.get(authority(url))
        if self.obey and rules and not rules.allows(url):
            if named:
                self.problems.append(f"{url} is named by the site, and disallowed by its robots.txt: left out")
            return None
        answer = self._fetch(url)
        if isinstance(answer, str) or answer.status != 200:
            return None
        reading = read(answer.body, Asked(url=answer.url, headers=answer.headers, discovery=_how(kind)))
        if reading.outcome is not (Outcome.FEED if kind is UrlKind.FEED else Outcome.SITEMAP):
            return None
        return _source_of(answer.url, kind, reading, named)


def _source_of(url: str, kind: UrlKind, reading: Reading, named: bool) -> Source:
    dates = [date for entry in reading.entries for date in (entry.published, entry.modified) if date]
    dates += [source.modified for source in reading.sources if source.modified]
    return Source(
        url=url,
        kind=kind,
        title=reading.title or "",
        entries=len(reading.entries),
        newest=max(dates, default=None),
        daily=daily([date for entry in reading.entries if (date := entry.published or entry.modified)]),
        sitemaps=len(reading.sources) if kind is UrlKind.SITEMAP else 0,
        news=any(entry.news for entry in reading.entries),
        named=named,
    )


def daily(dates: Sequence[datetime]) -> float | None:
    """Return how many entries a day their dates tell of, over the month before the newest of them.

    >>> from datetime import UTC
    >>> daily([datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2, 3, 4, 5)])
    1.0
    """
    young = sorted(date for date in dates if date > max(dates) - MONTH)
    if len(young) < 3 or young[0] == young[-1]:
        return None
    return round((len(young) - 1) / ((young[-1] - young[0]) / timedelta(days=1)), 1)


def linked_feeds(front: Answer) -> list[str]:
    """Return the feeds that a page links to as it links to other pages, in its order."""
    found: dict[str, None] = {}
    for url, text in _links(front, "//a[@href]"):
        if not refusal(url) and (_FEED_WORD.match(text) or _FEED_ADDRESS.search(urlsplit(url).path)):
            found[url] = None
    return list(found)[:MOST_FEEDS]


def _links(front: Answer, path: str) -> Iterator[tuple[str, str]]:
    """Yield addresses and words of a page's links; none where it cannot be read."""
    try:
        tree = lxml.html.document_fromstring(front.body)
    except (lxml.etree.LxmlError, ValueError):
        return
    tree.make_links_absolute(front.url, handle_failures="ignore")
    for link in tree.xpath(path):
        yield link.get("href").partition("#")[0], " ".join(link.text_content().split())


def sections(front: Answer) -> Iterator[Source]:
    """The sections of a front page: short links of its menus, to short paths of its own host."""
    seen = {front.url}
    for url, text in _links(front, "//nav//a[@href] | //header//a[@href] | //*[@role='navigation']//a[@href]"):
        if refusal(url):
            continue
        parts = urlsplit(url)
        segments = [segment for segment in parts.path.split("/") if segment]
        if authority(url) != authority(front.url) or url in seen or parts.query:
            continue
        if not 1 <= len(segments) <= 2 or not 0 < len(text) <= 30 or _OTHER_PAGES.search(parts.path):
            continue
        if _FEED_WORD.match(text) or _FEED_ADDRESS.search(parts.path):
            continue
        seen.add(url)
        yield Source(url=url, kind=UrlKind.LISTING, title=text)
        if len(seen) > MOST_SECTIONS:
            return


def _how(kind: UrlKind) -> Discovery:
    return Discovery(site="", kind=kind)


def told(source: Source) -> str:
    """Return what a source holds and how fresh it is, in a line."""
    if source.kind is UrlKind.LISTING:
        return source.title
    words = [source.title or urlsplit(source.url).path]
    if source.news:
        words.append("news sitemap")
    if source.sitemaps:
        words.append(f"{source.sitemaps:,} sitemap{'s' * (source.sitemaps != 1)}")
    if source.entries or not source.sitemaps:
        words.append(f"{source.entries:,} {'entries' if source.entries != 1 else 'entry'}")
    if source.newest:
        words.append(f"newest {source.newest:%Y-%m-%d %H:%M} UTC")
    if source.daily:
        words.append(f"about {source.daily:g} a day")
    if not source.named:
        words.append("guessed")
    return f"{words[0]}: {', '.join(words[1:])}"
