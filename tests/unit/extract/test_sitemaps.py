"""Sitemaps, news sitemaps, indexes, robots.txt."""

import gzip
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from newsarchive.extract import read
from newsarchive.extract.page_input import Asked
from newsarchive.extract.sitemaps import read_robots, read_sitemap
from storage.model import Discovery, Entry, Outcome, Source, UrlKind

URL = "https://news.example/sitemap.xml"
NEWS = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc> https://news.example/a/1 </loc><lastmod>2026-05-19</lastmod>
<image:image><image:loc>https://news.example/i.jpg</image:loc><image:title>A picture</image:title></image:image>
<news:news><news:publication><news:name>The Example</news:name><news:language>en</news:language></news:publication>
<news:publication_date>2026-05-19T08:30:00+02:00</news:publication_date>
<news:title>Rain &amp; wind</news:title></news:news></url>
<url><loc>/about</loc></url><url><loc>https://news.example/a/1</loc></url><url><loc></loc></url></urlset>"""
ENTRIES = (
    Entry(
        url="https://news.example/a/1",
        title="Rain & wind",
        published=datetime(2026, 5, 19, 6, 30, tzinfo=UTC),
        modified=datetime(2026, 5, 19, tzinfo=UTC),
        news=True,
    ),
    Entry(url="https://news.example/about"),
)
INDEX = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>https://news.example/sitemap-1.xml.gz</loc><lastmod>2026-05-19</lastmod></sitemap>
<sitemap><loc>/sitemap-2.xml</loc></sitemap></sitemapindex>"""


def test_news_sitemap() -> None:
    """A URL once, with the news extension's title and date; an image's own address and title are not the page's."""
    reading = read(NEWS.encode(), Asked(url=URL, headers=[("Content-Type", "text/html")]))
    assert (reading.outcome, reading.entries) == (Outcome.SITEMAP, ENTRIES)


def test_gzipped_sitemap() -> None:
    """A .xml.gz is undone, and a damaged one is read as far as it goes."""
    whole = gzip.compress(NEWS.encode())
    assert read(whole, Asked(url=URL + ".gz", headers=())).entries == ENTRIES
    assert read(whole[:-12], Asked(url=URL + ".gz", headers=())).outcome is Outcome.SITEMAP


def test_sitemap_index() -> None:
    """An index names sitemaps, says when they changed, and names no pages."""
    reading = read(INDEX.encode(), Asked(url=URL, headers=()))
    expected = ("https://news.example/sitemap-1.xml.gz", "https://news.example/sitemap-2.xml")
    changed = (datetime(2026, 5, 19, tzinfo=UTC), None)
    assert reading.sources == tuple(
        Source(url=url, kind=UrlKind.SITEMAP, modified=modified)
        for url, modified in zip(expected, changed, strict=True)
    )
    assert reading.entries == ()


def test_broken_sitemap_is_read_as_far_as_it_goes() -> None:
    """Bare ampersands, and an end that is missing."""
    text = "<urlset><url><loc>https://news.example/a?x=1&y=2</loc></url><url><loc>https://news.example/b</loc></url><url><lo"
    urls = [entry.url for entry in read_sitemap(text.encode(), URL)[0]]
    assert urls == ["https://news.example/a?x=1&y=2", "https://news.example/b"]


def test_a_sitemap_is_read_up_to_its_limit() -> None:
    """More URLs than a sitemap may have are not read."""
    text = "<urlset>" + "".join(f"<url><loc>https://news.example/{i}</loc></url>" for i in range(60_000)) + "</urlset>"
    assert len(read_sitemap(text.encode(), URL)[0]) == 50_000


def test_list_of_urls() -> None:
    """A sitemap may be plain text, one URL a line."""
    reading = read(
        b"https://news.example/a\nhttps://news.example/b\nnonsense:\n",
        Asked(
            url="https://news.example/urls.txt",
            headers=[("Content-Type", "text/plain")],
            discovery=Discovery(site="news.example", kind=UrlKind.SITEMAP),
        ),
    )
    assert [entry.url for entry in reading.entries] == ["https://news.example/a", "https://news.example/b"]


def test_robots_names_sitemaps() -> None:
    """Sitemap lines stand anywhere in robots.txt, in any case, each counted once."""
    text = b"User-agent: *\nDisallow: /x\nSITEMAP: https://news.example/s.xml\nsitemap:/n.xml # news\nSitemap: /n.xml\n"
    reading = read(text, Asked(url="https://news.example/robots.txt", headers=[("Content-Type", "text/plain")]))
    assert reading.outcome is Outcome.ROBOTS
    assert [source.url for source in reading.sources] == ["https://news.example/s.xml", "https://news.example/n.xml"]


@given(st.text(max_size=300))
def test_any_robots_txt_is_read(text: str) -> None:
    """Whatever stands in robots.txt, reading ends with sources or none."""
    assert isinstance(read_robots(text, "https://news.example/robots.txt"), tuple)
