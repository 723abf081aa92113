"""Sitemaps, news sitemaps, sitemap indexes, robots.txt."""

import gzip
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from newsarchive.extract import read
from newsarchive.extract.page_input import PageInput
from newsarchive.extract.sources import read_robots, read_sitemap
from storage.model import Discovery, FeedEntry, Outcome, UrlKind, UrlSource
from storage.page_date import PageDate

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
    FeedEntry(
        url="https://news.example/a/1",
        title="Rain & wind",
        published=PageDate.parse("2026-05-19T08:30:00+02:00"),
        modified=datetime(2026, 5, 19, tzinfo=UTC),
        news=True,
    ),
    FeedEntry(url="https://news.example/about"),
)
INDEX = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>https://news.example/sitemap-1.xml.gz</loc><lastmod>2026-05-19</lastmod></sitemap>
<sitemap><loc>/sitemap-2.xml</loc></sitemap></sitemapindex>"""


def test_news_sitemap() -> None:
    """Each URL once, with the title and date of the news extension; URLs and titles of images are ignored."""
    reading = read(NEWS.encode(), PageInput(url=URL, headers=[("Content-Type", "text/html")]))
    assert (reading.outcome, reading.entries) == (Outcome.SITEMAP, ENTRIES)


def test_gzipped_sitemap() -> None:
    """A .xml.gz is decompressed, and a truncated one is read as far as possible."""
    whole = gzip.compress(NEWS.encode())
    assert read(whole, PageInput(url=URL + ".gz", headers=())).entries == ENTRIES
    assert read(whole[:-12], PageInput(url=URL + ".gz", headers=())).outcome is Outcome.SITEMAP


def test_sitemap_index() -> None:
    """An index lists sitemaps and their modification dates, and no pages."""
    reading = read(INDEX.encode(), PageInput(url=URL, headers=()))
    expected = ("https://news.example/sitemap-1.xml.gz", "https://news.example/sitemap-2.xml")
    changed = (datetime(2026, 5, 19, tzinfo=UTC), None)
    assert reading.sources == tuple(
        UrlSource(url=url, kind=UrlKind.SITEMAP, modified=modified)
        for url, modified in zip(expected, changed, strict=True)
    )
    assert reading.entries == ()


def test_broken_sitemap_is_read_as_far_as_possible() -> None:
    """Bare ampersands, and a missing end."""
    text = "<urlset><url><loc>https://news.example/a?x=1&y=2</loc></url><url><loc>https://news.example/b</loc></url><url><lo"
    urls = [entry.url for entry in read_sitemap(text.encode(), URL)[0]]
    assert urls == ["https://news.example/a?x=1&y=2", "https://news.example/b"]


def test_a_sitemap_is_read_up_to_its_limit() -> None:
    """URLs above the limit are not read."""
    text = "<urlset>" + "".join(f"<url><loc>https://news.example/{i}</loc></url>" for i in range(60_000)) + "</urlset>"
    assert len(read_sitemap(text.encode(), URL)[0]) == 50_000


def test_list_of_urls() -> None:
    """A sitemap may be plain text, one URL per line."""
    reading = read(
        b"https://news.example/a\nhttps://news.example/b\nnonsense:\n",
        PageInput(
            url="https://news.example/urls.txt",
            headers=[("Content-Type", "text/plain")],
            discovery=Discovery(site="news.example", kind=UrlKind.SITEMAP),
        ),
    )
    assert [entry.url for entry in reading.entries] == ["https://news.example/a", "https://news.example/b"]


def test_robots_names_sitemaps() -> None:
    """Sitemap lines may be anywhere in robots.txt, in any case; each URL counts once."""
    text = b"User-agent: *\nDisallow: /x\nSITEMAP: https://news.example/s.xml\nsitemap:/n.xml # news\nSitemap: /n.xml\n"
    reading = read(text, PageInput(url="https://news.example/robots.txt", headers=[("Content-Type", "text/plain")]))
    assert reading.outcome is Outcome.ROBOTS
    assert [source.url for source in reading.sources] == ["https://news.example/s.xml", "https://news.example/n.xml"]


@given(st.text(max_size=300))
def test_any_robots_txt_is_read(text: str) -> None:
    """Any robots.txt gives sources, or none."""
    assert isinstance(read_robots(text, "https://news.example/robots.txt"), tuple)
