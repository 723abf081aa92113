"""An article is discovered by any kind of source or link, once, however broken these are."""

import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.cli.app import run
from newsarchive.crawl.run import crawl
from storage.callbacks import utc_now
from storage.index.queries.export import iter_export_lines
from tests.newsroom import Newsroom, NewsroomServer, serve
from tests.newsroom.exchange_log import read_log
from tests.newsroom.http_messages import Request, Response

NOW = utc_now().replace(microsecond=0)
RFC_822 = NOW.strftime("%a, %d %b %Y %H:%M:%S GMT")
ISO = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
SETTINGS = """
contact = "tests@localhost"
delay = "0s"
reader_processes = 1
commit_seconds = 0.1
requisites = false
[[site]]
name = "ways"
url = "{url}"
allow_private = true
"""
TITLE = "The harbour office reports on the grey heron"
Page = tuple[str, bytes]
"""Media type and body."""


def story(origin: str, path: str, *head: str, canonical: str | None = None) -> Page:
    """An article; `canonical` is the address that it gives as its own."""
    text = "".join(
        f"<p>The grey heron was seen for the {n}. time at the north quay, where the harbour master noted wind, tide, "
        f"the names of {n + 2} boats in her book, as she has done every morning for thirty years.</p>"
        for n in range(8)
    )
    own = f'<link rel="canonical" href="{origin}{canonical or path}">'
    data = (
        f'{{"@type": "NewsArticle", "@context": "https://schema.org", "headline": "{TITLE}", "datePublished": "{ISO}"}}'
    )
    page = (
        f"<!DOCTYPE html><html><head><title>{TITLE}</title>{own}{''.join(head)}"
        f'<script type="application/ld+json">{data}</script></head>'
        f"<body><article><h1>{TITLE}</h1>{text}</article></body></html>"
    )
    return "text/html; charset=utf-8", page.encode()


def front(*cards: str, head: str = "") -> Page:
    links = "".join(f'<div class="card"><h3>{card}</h3></div>' for card in cards)
    page = f"<!DOCTYPE html><html><head><title>Ways</title>{head}</head><body><h1>Latest</h1>{links}</body></html>"
    return "text/html; charset=utf-8", page.encode()


def link(href: str) -> str:
    return f'<a href="{href}">{TITLE}</a>'


def alternate(mime: str, href: str) -> str:
    return f'<link rel="alternate" type="{mime}" href="{href}">'


def rss(href: str) -> str:
    return (
        '<?xml version="1.0"?><rss version="2.0"><channel><title>Ways</title><item>'
        f"<title>{TITLE}</title><link>{href}</link><pubDate>{RFC_822}</pubDate></item></channel></rss>"
    )


def sitemap(href: str, more: str = "") -> str:
    return (
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
        f"<url><loc>{href}</loc>{more}</url></urlset>"
    )


NEWS = (
    "<news:news><news:publication><news:name>Ways</news:name><news:language>en</news:language></news:publication>"
    f"<news:publication_date>{ISO}</news:publication_date><news:title>{TITLE}</news:title></news:news>"
)
Site = Callable[[str], dict[str, Page]]
"""From the origin to what stands at each path; "/robots.txt" where there is one."""


def _rss(origin: str) -> dict[str, Page]:
    return {
        "/": front(head=alternate("application/rss+xml", "/feed")),
        "/feed": ("application/rss+xml", rss(f"{origin}/story").encode()),
    }


def _linked_feed(origin: str) -> dict[str, Page]:
    """A feed that only an icon in the foot leads to."""
    return {"/": front('<a href="/by-hand.xml">RSS</a>'), "/by-hand.xml": ("text/xml", rss(f"{origin}/story").encode())}


def _usual_place(origin: str) -> dict[str, Page]:
    """A feed that nothing leads to, where most systems have theirs."""
    return {"/": front(), "/feed": ("application/rss+xml", rss(f"{origin}/story").encode())}


def _atom(origin: str) -> dict[str, Page]:
    entry = (
        f'<entry><title>{TITLE}</title><link href="{origin}/story"/><id>tag:1</id><published>{ISO}</published></entry>'
    )
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Ways</title>{entry}</feed>'
    return {"/": front(head=alternate("application/atom+xml", "/atom")), "/atom": ("text/xml", feed.encode())}


def _rdf(origin: str) -> dict[str, Page]:
    feed = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Ways</title></channel>'
        f"<item><title>{TITLE}</title><link>{origin}/story</link><dc:date>{ISO}</dc:date></item></rdf:RDF>"
    )
    return {"/": front(head=alternate("application/rss+xml", "/rdf")), "/rdf": ("application/rdf+xml", feed.encode())}


def _json_feed(origin: str) -> dict[str, Page]:
    item = f'{{"id": "1", "url": "{origin}/story", "title": "{TITLE}", "date_published": "{ISO}"}}'
    feed = f'{{"version": "https://jsonfeed.org/version/1.1", "title": "Ways", "items": [{item}]}}'
    return {
        "/": front(head=alternate("application/feed+json", "/f.json")),
        "/f.json": ("application/json", feed.encode()),
    }


def _broken_feed(origin: str) -> dict[str, Page]:
    """Bare ampersands, an unknown entity, no end, and called text/html."""
    feed = (
        f"<rss><channel><title>Ways &amp; more & others &eacute;</title><item><title>{TITLE}</title>"
        f"<link>{origin}/story?a=1&b=2</link><pubDate>{RFC_822}</pubDate></item><item><title>half"
    )
    return {
        "/": front(head=alternate("application/rss+xml", "/feed")),
        "/feed": ("text/html", feed.encode()),
        "/story?a=1&b=2": story(origin, "/story"),
    }


def _sitemap(origin: str) -> dict[str, Page]:
    """An index that robots.txt names, a file packed with gzip, and a namespace that nobody asked for."""
    index = (
        '<?xml version="1.0"?><x:sitemapindex xmlns:x="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"<x:sitemap><x:loc>{origin}/maps/1.xml.gz</x:loc></x:sitemap></x:sitemapindex>"
    )
    packed = gzip.compress(sitemap(f"{origin}/story", f"<lastmod>{ISO}</lastmod>").encode(), mtime=0)
    return {
        "/": front(),
        "/robots.txt": ("text/plain", f"User-agent: *\nDisallow: /x\nsitemap : {origin}/maps/all.xml\n".encode()),
        "/maps/all.xml": ("application/xml", index.encode()),
        "/maps/1.xml.gz": ("application/x-gzip", packed),
    }


def _news_sitemap(origin: str) -> dict[str, Page]:
    return {
        "/": front(),
        "/robots.txt": ("text/plain", f"Sitemap: {origin}/news.xml\n".encode()),
        "/news.xml": ("text/xml", sitemap(f"{origin}/story", NEWS).encode()),
    }


def _pagination(origin: str) -> dict[str, Page]:
    del origin
    nav = '<nav class="pagination"><a rel="next" href="/?page=2">Next</a></nav>'
    mime, first = front(link("/other"))
    return {"/": (mime, first.replace(b"</body>", nav.encode() + b"</body>")), "/?page=2": front(link("/story"))}


def _related(origin: str) -> dict[str, Page]:
    own, first = "/news/grey-heron-at-the-north-quay-4711", "/news/black-swan-at-the-south-quay-4712"
    others = (f"/news/{what}-opens-again-after-the-storm-{n}" for n, what in enumerate(("ferry", "school", "market")))
    cards = [link(own), *(f'<a href="{other}">It opens again after the storm {other[-1]}</a>' for other in others)]
    items = "".join(f'<div class="card"><h3>{each}</h3></div>' for each in cards)
    mime, page = story(origin, first)
    swan = page.replace(b"grey heron", b"black swan")
    more = f"<section><h2>Related Articles</h2>{items}</section></body>".encode()
    return {"/": front(link(first)), first: (mime, swan.replace(b"</body>", more)), own: story(origin, own)}


WAYS: dict[str, Site] = {
    "a feed that the page names": _rss,
    "atom": _atom,
    "rdf": _rdf,
    "json feed": _json_feed,
    "a broken feed": _broken_feed,
    "a packed sitemap of an index": _sitemap,
    "a news sitemap": _news_sitemap,
    "pagination": _pagination,
    "related articles": _related,
}
HANDED_ON = frozenset({"a feed that the page names", "atom", "rdf", "json feed", "a broken feed", "a news sitemap"})
"""Ways that say title and date of what they name."""


@dataclass
class Ways(Newsroom):
    """A newsroom of these pages alone."""

    site: Site
    pages: dict[str, Page | str] = field(default_factory=dict)
    """What stands there instead; "-> target" for a redirect, "410" for what is gone."""

    def get_response(self, origin: str, request: Request, at: datetime) -> Response:
        """Return one of them, or 404."""
        del at
        found = self.pages.get(request.target) or {"/story": story(origin, "/story"), **self.site(origin)}.get(
            request.target
        )
        if isinstance(found, str) and found.startswith("-> "):
            return Response(data=f"HTTP/1.1 301 Moved\r\nLocation: {found[3:]}\r\nContent-Length: 0\r\n\r\n".encode())
        if found is None or isinstance(found, str):
            status = found or "404"
            return Response(data=f"HTTP/1.1 {status} Not here\r\nContent-Length: 0\r\n\r\n".encode())
        mime, body = found
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\nContent-Length: {len(body)}\r\n\r\n"
        return Response(data=head.encode() + body)


@dataclass
class Rig:
    """An archive of one."""

    archive: Archive
    server: NewsroomServer
    log: Path
    newsroom: Ways

    def crawl(self, after: timedelta = timedelta(), **limits: Any) -> Any:
        return crawl(self.archive, now=lambda: NOW + after, **limits)

    def asked(self) -> list[str]:
        return [entry.url.removeprefix(self.server.url.rstrip("/")) for entry in read_log(self.log)]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[[Site], Rig]]:
    """Makes an archive of a newsroom of these pages."""
    with ExitStack() as stack:

        def make(site: Site) -> Rig:
            log = tmp_path / "log.jsonl"
            newsroom = Ways(site)
            server = stack.enter_context(serve(newsroom, log=log))
            (tmp_path / "newsarchive.toml").write_text(SETTINGS.format(url=server.url))
            return Rig(stack.enter_context(Archive.open(tmp_path)), server, log, newsroom)

        yield make


@pytest.mark.parametrize("way", WAYS)
def test_an_article_is_discovered_by_every_kind_of_source(way: str, build: Callable[[Site], Rig]) -> None:
    """One article, once; its title and date of the source are recorded with the discovery."""
    rig = build(WAYS[way])
    assert rig.crawl().run.outcome == "finished"
    (line,) = [line for line in rig.archive.index.stream(iter_export_lines) if line["headline"] == TITLE]
    assert line["versions"] == 1
    whole = b"".join(gzip.decompress(path.read_bytes()) for path in rig.archive.config.warc_folder.glob("*.warc.gz"))
    if way in HANDED_ON:
        assert f"title: {TITLE}\r\npublished: {NOW:%Y-%m-%dT%H:%M:%SZ}".encode() in whole


@pytest.mark.parametrize("site", [_linked_feed, _usual_place, _rss, _news_sitemap])
def test_the_sources_found_by_add_are_described_and_crawled(
    site: Site, build: Callable[[Site], Rig], capsys: pytest.CaptureFixture[str]
) -> None:
    """`newsarchive add` prints the entries of each source and the newest date; the crawl fetches them."""
    rig = build(site)
    folder = rig.archive.folder
    rig.archive.close()
    (folder / "newsarchive.toml").write_text('contact = "tests@localhost"\ndelay = "0s"\nreader_processes = 1\n')
    assert run(["add", rig.server.url, "--name", "ways", "--delay", "0s", "--archive", str(folder)]) == 0
    told = capsys.readouterr().out
    assert re.search(rf"(feed|sitemap) http\S+: .*1 entry, newest {NOW:%Y-%m-%d %H:%M} UTC", told)
    with Archive.open(folder) as archive:
        crawl(archive, now=lambda: NOW)
        assert [line["headline"] for line in archive.index.stream(iter_export_lines)] == [TITLE]


def test_amp_canonical_and_redirects_are_one_article(build: Callable[[Site], Rig]) -> None:
    """The page, its AMP page, a campaign URL, a print page and a redirect: one article, one version."""

    def site(origin: str) -> dict[str, Page]:
        amp = '<link rel="amphtml" href="/amp/story">'
        return {
            "/": front(*map(link, ("/amp/story", "/story?utm_source=mail", "/print/story", "/old/story"))),
            "/story": story(origin, "/story", amp),
            "/amp/story": story(origin, "/amp/story", canonical="/story"),
            "/story?utm_source=mail": story(origin, "/story", amp),
            "/print/story": story(origin, "/print/story", canonical="/story"),
        }

    rig = build(site)
    rig.newsroom.pages["/old/story"] = "-> /story"
    rig.crawl()
    (line,) = rig.archive.index.stream(iter_export_lines)
    assert (line["canonical_url"], line["versions"]) == (f"{rig.server.url}story", 1)
    rig.crawl(timedelta(hours=2))
    (line,) = rig.archive.index.stream(iter_export_lines)
    assert line["versions"] == 1
    elsewhere = ("/amp/story", "/print/story", "/old/story")
    before = [rig.asked().count(path) for path in elsewhere]
    own = rig.asked().count("/story")
    rig.crawl(timedelta(days=1, hours=6))
    after = [rig.asked().count(path) for path in elsewhere]
    assert after[:2] == before[:2], "the article is checked at its own address"
    assert after[2] <= before[2] + 1, "a redirect that a listing names is checked again after a day: it may end"
    assert rig.asked().count("/story") == own + 1


@pytest.mark.slow
def test_2162_urls_of_one_article_take_a_few_requests(build: Callable[[Site], Rig]) -> None:
    """The server uses the number alone; a listing links 2,162 slugs. It is one article, and the pattern is parked."""

    def site(origin: str) -> dict[str, Page]:
        words = [f"/4711/word-{n}-of-the-title" for n in range(2162)]
        return {"/": front(*map(link, words)), **{word: story(origin, "/4711") for word in (*words, "/4711")}}

    rig = build(site)
    report = rig.crawl()
    assert len(list(rig.archive.index.stream(iter_export_lines))) == 1
    asked = sum(path.startswith("/4711") for path in rig.asked())
    assert 50 <= asked <= 400
    assert any("is parked" in note for note in report.notes)


def test_a_feed_with_too_few_items_is_reported(
    build: Callable[[Site], Rig], capsys: pytest.CaptureFixture[str]
) -> None:
    """All of its ten items are replaced between two fetches: status names the feed and what to do."""

    def feed(first: int) -> Page:
        items = "".join(
            f"<item><title>Story {n}</title><link>/story-{n}</link><pubDate>{RFC_822}</pubDate></item>"
            for n in range(first, first + 10)
        )
        return "application/rss+xml", f"<rss version='2.0'><channel><title>F</title>{items}</channel></rss>".encode()

    rig = build(lambda _: {"/": front(head=alternate("application/rss+xml", "/feed"))})
    folder = str(rig.archive.folder)
    rig.newsroom.pages["/feed"] = feed(0)
    rig.crawl()
    assert run(["status", "--check", "--archive", folder]) == 0
    rig.newsroom.pages["/feed"] = feed(40)
    rig.crawl(timedelta(hours=13))
    capsys.readouterr()
    assert run(["status", "--check", "--archive", folder]) == 1
    said = capsys.readouterr().err
    assert f"ways: feed {rig.server.url}feed: Items appeared and disappeared between two fetches" in said


@pytest.mark.slow
def test_an_article_is_checked_by_its_age_and_by_lastmod(build: Callable[[Site], Rig]) -> None:
    """1 h, 6 h, 1 d, 7 d, 30 d, then monthly while the front page names it; a later lastmod makes it due at once."""
    rig = build(lambda _: {"/": front(link("/story"))})
    for hours in (0, 0.5, 1.1, 3, 6.2, 15, 26, 35):
        rig.crawl(timedelta(hours=hours))
    assert rig.asked().count("/story") == 4, "new, 1 h, 6 h, 1 d"
    for day in (5, 8, 20, 32, 60, 90):
        rig.crawl(timedelta(days=day))
    assert rig.asked().count("/story") == 7, "7 d, 30 d, a month later"
    origin = rig.server.url.rstrip("/")
    told = (NOW + timedelta(days=90, hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    rig.newsroom.pages["/robots.txt"] = ("text/plain", f"Sitemap: {origin}/map.xml\n".encode())
    rig.newsroom.pages["/map.xml"] = ("text/xml", sitemap(f"{origin}/story", f"<lastmod>{told}</lastmod>").encode())
    rig.crawl(timedelta(days=91, hours=2))
    assert rig.asked().count("/story") == 8
