import gzip
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from newsarchive.config.schema import SiteConfig
from newsarchive.crawl.probe import SiteSource, describe_source, probe
from newsarchive.demo import OPENS, Clock, Newsroom, serve
from storage.errors import NotFound
from storage.model import UrlKind

FRONT = b"""<html><head><title>The Example</title><link rel="alternate" type="application/rss+xml" href="/feed">
<link rel="alternate" type="application/rss+xml" href="http://[x/feed"></head>
<body><header><nav><a href="/world">World</a> <a href="/about-us">About</a> <a href="/world#top">World</a>
<a href="https://elsewhere.example/sport">Sport</a> <a href="/a/b/c">Deep</a> <a href="http://[x/">None</a></nav></header>
<p><a href="/story">A story</a></p></body></html>"""
FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>All news</title>
<item><title>One</title><link>/one</link><pubDate>Wed, 25 Nov 2026 01:02:03 GMT</pubDate></item>
<item><title>Two</title><link>/two</link><pubDate>Tue, 24 Nov 2026 01:02:03 GMT</pubDate></item></channel></rss>"""
SITEMAP = b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc>https://x.example/one</loc></url></urlset>"""


def html(body: bytes) -> bytes:
    return message(200, "text/html; charset=utf-8", gzip.compress(body, mtime=0), "Content-Encoding: gzip\r\n")


def message(status: int, mime: str, body: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {mime}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def look(server: Any, path: str = "/") -> Any:
    return probe(server.base + path, user_agent="newsarchive/1", pause=0)


def test_a_site_tells_what_it_has(either: Any) -> None:
    """Title, feeds with their freshness, sections of the menu, sitemaps of robots.txt: as a [[site]] to be written."""
    either.say("/", html(FRONT))
    either.say("/feed", message(200, "application/rss+xml", FEED))
    either.say("/map", message(200, "application/xml", SITEMAP))
    robots = (
        f"User-agent: *\nCrawl-delay: 3\nDisallow: /no\nSitemap: {either.base}/map\nSitemap: {either.base}/no/map\n"
        "Sitemap: http://[x/map\nSitemap: //[x/map\n"
    )
    either.say("/robots.txt", message(200, "text/plain", robots.encode()))
    found = look(either)
    assert replace(found, problems=()) == replace(
        found,
        url=f"{either.base}/",
        title="The Example",
        private=True,
        hosts=(),
        feeds=(
            SiteSource(
                url=f"{either.base}/feed",
                kind=UrlKind.FEED,
                title="All news",
                entries=2,
                newest=datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC),
            ),
        ),
        sitemaps=(SiteSource(url=f"{either.base}/map", kind=UrlKind.SITEMAP, entries=1),),
        sections=(SiteSource(url=f"{either.base}/world", kind=UrlKind.LISTING, title="World"),),
        robots="robots.txt was read, it asks for 3 s between requests",
        crawl_delay=3.0,
        problems=(),
    )
    assert found.problems == (f"{either.base}/no/map is named by the site, and disallowed by its robots.txt: left out",)
    assert found.site("example") == SiteConfig(
        name="example",
        url=f"{either.base}/",
        listings=(f"{either.base}/world",),
        feeds=(f"{either.base}/feed",),
        sitemaps=(f"{either.base}/map",),
        allow_private=True,
    )


def test_the_usual_places_are_looked_at(server: Any) -> None:
    """Where the site names no feed and no sitemap, those at the usual places are found, and marked as guessed."""
    server.say("/", html(b"<title>T</title><p>x"))
    server.say("/rss.xml", message(200, "text/xml", FEED))
    server.say("/sitemap.xml", message(200, "text/xml", SITEMAP))
    found = look(server)
    assert [(each.url, each.named) for each in (*found.feeds, *found.sitemaps)] == [
        (f"{server.base}/rss.xml", False),
        (f"{server.base}/sitemap.xml", False),
    ]
    assert found.robots == "there is no robots.txt"


def test_it_is_told_how_fresh_and_how_busy_sources_are(server: Any) -> None:
    """Feeds that the page links to as to other pages; entries a day by their dates; sitemaps of an index."""
    items = "".join(
        f"<item><title>{n}</title><link>/{n}</link><pubDate>Wed, 25 Nov 2026 {n:02}:00:00 GMT</pubDate></item>"
        for n in range(1, 13)
    )
    server.say("/", html(b'<title>T</title><p>x <a href="/service/all.rss">All news</a> <a href="/abc">RSS</a>'))
    server.say("/service/all.rss", message(200, "text/xml", f"<rss><channel>{items}</channel></rss>".encode()))
    server.say("/abc", html(b"<p>What is RSS?"))
    index = "".join(f"<sitemap><loc>/map-{n}.xml</loc><lastmod>2026-11-{n:02}</lastmod></sitemap>" for n in range(1, 4))
    whole = f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{index}</sitemapindex>'
    server.say("/sitemap.xml", message(200, "text/xml", whole.encode()))
    found = look(server)
    assert [describe_source(each) for each in (*found.feeds, *found.sitemaps)] == [
        "/service/all.rss: 12 entries, newest 2026-11-25 12:00 UTC, about 24 a day",
        "/sitemap.xml: 3 sitemaps, newest 2026-11-03 00:00 UTC, guessed",
    ]


def test_a_redirected_front_page_is_found(server: Any) -> None:
    """The site is where its front page is; a page that says it is a feed and is none is left out."""
    server.say("/start", message(301, "text/html", b"", "Location: /home\r\n"))
    server.say("/home", html(FRONT))
    server.say("/feed", html(b"<p>gone"))
    found = look(server, "/start")
    assert (found.url, found.feeds) == (f"{server.base}/home", ())


@pytest.mark.parametrize(
    ("status", "why"), [(404, "it answers 404"), (503, "it answers 503"), (0, "closed connection")]
)
def test_a_site_that_cannot_be_had_is_an_error(server: Any, status: int, why: str) -> None:
    """No front page, nothing to add: the error says why."""
    server.say("/", message(status, "text/html", b"no") if status else b"", "keep" if status else "close")
    with pytest.raises(NotFound, match=why):
        look(server)


def test_names_that_lead_nowhere_are_an_error() -> None:
    """A host that does not exist is named as such."""
    with pytest.raises(NotFound, match="no such host"):
        probe("no-such-host.invalid", user_agent="newsarchive/1")


def test_what_is_no_address_is_an_error() -> None:
    """Whoever types a slip is told so, and what to do."""
    with pytest.raises(NotFound, match="not a URL"):
        probe("http://[news.example/", user_agent="tests/1")


def test_the_newsroom_is_found_whole() -> None:
    """The demo newsroom's feeds, sitemaps and sections are found."""
    with serve(Newsroom(), clock=Clock(OPENS)) as newsroom:
        found = probe(newsroom.url, user_agent="newsarchive/1", pause=0)
    paths = [each.url.removeprefix(found.url) for each in (*found.feeds, *found.sitemaps, *found.sections)]
    assert paths == [
        "feed.xml",
        "atom.xml",
        "sitemap.xml",
        "town/",
        "business/",
        "sport/",
        "culture/",
        "long-reads/",
        "languages/",
    ]
