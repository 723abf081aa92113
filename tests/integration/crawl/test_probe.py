import gzip
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsarchive.config.schema import SiteConfig
from newsarchive.crawl import probe as probe_module
from newsarchive.crawl.probe import SiteSource, describe_source, probe
from newsarchive.urls.ssrf import AddressGuard
from storage.errors import NotFound
from storage.model import UrlKind
from tests.in_process import run_in_process
from tests.newsroom import OPENS, Clock, Newsroom, serve

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


def run_probe(server: Any, path: str = "/") -> Any:
    return probe(server.base + path, user_agent="newsarchive/1", pause=0)


def test_a_probe_finds_the_sources_of_a_site(either: Any) -> None:
    """Title, feeds with their newest entry, sections of the menu, sitemaps of robots.txt; and a [[site]] of them."""
    either.say("/", html(FRONT))
    either.say("/feed", message(200, "application/rss+xml", FEED))
    either.say("/map", message(200, "application/xml", SITEMAP))
    robots = (
        f"User-agent: *\nCrawl-delay: 3\nDisallow: /no\nSitemap: {either.base}/map\nSitemap: {either.base}/no/map\n"
        "Sitemap: http://[x/map\nSitemap: //[x/map\n"
    )
    either.say("/robots.txt", message(200, "text/plain", robots.encode()))
    found = run_probe(either)
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
        robots="robots.txt was read, its Crawl-delay is 3 s",
        crawl_delay=3.0,
        problems=(),
    )
    assert found.problems == (
        f"{either.base}/no/map is disallowed by the site's robots.txt, though the site lists it: left out",
    )
    assert found.site("example") == SiteConfig(
        name="example",
        url=f"{either.base}/",
        listings=(f"{either.base}/world",),
        feeds=(f"{either.base}/feed",),
        sitemaps=(f"{either.base}/map",),
        allow_private=True,
    )


def test_common_paths_are_tried(server: Any) -> None:
    """If the site links no feed and lists no sitemap, those at common paths are found, and marked as guessed."""
    server.say("/", html(b"<title>T</title><p>x"))
    server.say("/rss.xml", message(200, "text/xml", FEED))
    server.say("/sitemap.xml", message(200, "text/xml", SITEMAP))
    found = run_probe(server)
    assert [(each.url, each.named) for each in (*found.feeds, *found.sitemaps)] == [
        (f"{server.base}/rss.xml", False),
        (f"{server.base}/sitemap.xml", False),
    ]
    assert found.robots == "there is no robots.txt"


def test_sources_are_described_with_size_and_newest_entry(server: Any) -> None:
    """Feeds among the links of the page; entries per day by their dates; sitemaps of an index."""
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
    found = run_probe(server)
    assert [describe_source(each) for each in (*found.feeds, *found.sitemaps)] == [
        "/service/all.rss: 12 entries, newest 2026-11-25 12:00 UTC, about 24 a day",
        "/sitemap.xml: 3 sitemaps, newest 2026-11-03 00:00 UTC, guessed",
    ]


def test_a_redirected_front_page_is_found(server: Any) -> None:
    """The front page is the target of the redirect; a page that is linked as a feed and is none is left out."""
    server.say("/start", message(301, "text/html", b"", "Location: /home\r\n"))
    server.say("/home", html(FRONT))
    server.say("/feed", html(b"<p>gone"))
    found = run_probe(server, "/start")
    assert (found.url, found.feeds) == (f"{server.base}/home", ())


@pytest.mark.parametrize(
    ("status", "why"), [(404, "it answers 404"), (503, "it answers 503"), (0, "the server closed the connection")]
)
def test_a_site_that_cannot_be_fetched_is_an_error(server: Any, status: int, why: str) -> None:
    """Without a front page there is nothing to add; the error has the reason."""
    server.say("/", message(status, "text/html", b"no") if status else b"", "keep" if status else "close")
    with pytest.raises(NotFound, match=why):
        run_probe(server)


def test_a_slow_site_is_an_error(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how long the probe waited."""
    monkeypatch.setattr(probe_module, "TIMEOUT", 0.5)
    server.say("/robots.txt", message(404, "text/plain", b""))
    server.say("/", b"", "hang")
    with pytest.raises(NotFound, match=r"no response within 0\.5 s"):
        run_probe(server)


def test_a_large_front_page_is_read_in_part(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is within the limit is read, and the rest is not received."""
    monkeypatch.setattr(probe_module, "MAX_SIZE", 20_000)
    server.say("/", message(200, "text/html", b"<title>Large</title>" + b"<p>text</p>" * 100_000))
    assert run_probe(server).title == "Large"


def test_a_redirect_to_a_private_address_is_refused(server: Any) -> None:
    """A site on a private address may redirect to itself alone: another name of this machine is not connected to."""
    target = f"http://localhost:{server.port}/secret"
    server.say("/", message(302, "text/html", b"", f"Location: {target}\r\n"))
    with pytest.raises(NotFound, match="localhost is not a public host: loopback address"):
        run_probe(server)
    assert "/secret" not in [each.path for each in server.log]


@pytest.mark.parametrize(("target", "why"), [("ftp://x.example/", "not http or https"), ("http://[x/", "not a URL")])
def test_a_redirect_to_a_refused_url_is_an_error(server: Any, target: str, why: str) -> None:
    """The error names the target and the reason."""
    server.say("/", message(302, "text/html", b"", f"Location: {target}\r\n"))
    if target.startswith("http://["):  # not a redirect that could be followed
        assert run_probe(server).title == ""
    else:
        with pytest.raises(NotFound, match=f"it redirects to {target}: {why}"):
            run_probe(server)


def test_redirects_are_followed_ten_times(server: Any) -> None:
    """A loop is an error."""
    server.say("/", message(302, "text/html", b"", "Location: /\r\n"))
    with pytest.raises(NotFound, match="too many redirects"):
        run_probe(server)
    assert len(server.of("/")) == 11


@pytest.mark.parametrize("either", ["https"], indirect=True)
def test_an_untrusted_certificate_is_an_error(either: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says so. (Private hosts are not verified, so that the guard is opened here.)"""
    monkeypatch.setattr(probe_module, "is_public", lambda _: True)
    monkeypatch.setattr(AddressGuard, "refusal_reason", lambda *_: None)
    with pytest.raises(NotFound, match=r"its certificate is not trusted: .*certificate verify failed"):
        run_probe(either)
    assert either.log == []


def test_an_unknown_host_is_an_error() -> None:
    """The error says that it does not exist."""
    with pytest.raises(NotFound, match="no such host"):
        probe("no-such-host.invalid", user_agent="newsarchive/1")


def test_an_invalid_url_is_an_error() -> None:
    """The error says so, and what to do."""
    with pytest.raises(NotFound, match="not a URL"):
        probe("http://[news.example/", user_agent="tests/1")


def test_all_sources_of_the_demo_newsroom_are_found() -> None:
    """Its feeds, sitemaps and sections."""
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


def test_add_says_what_is_next(server: Any, tmp_path: Path) -> None:
    """Name the file with the site, and the command that crawls it."""
    server.say("/", html(FRONT))
    assert run_in_process("init", ".", "--contact", "tests@localhost", at=tmp_path).returncode == 0
    added = run_in_process("add", f"{server.base}/", "--name", "paper", "--delay", "0s", at=tmp_path)
    assert added.stdout.splitlines()[0] == f"paper: The Example, {server.base}/"
    assert added.stdout.splitlines()[-1] == "Added to newsarchive.toml. Next: newsarchive crawl"
    assert 'name = "paper"' in (tmp_path / "newsarchive.toml").read_text()
