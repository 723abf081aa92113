"""Feeds in four formats, and broken ones."""

import json
from datetime import UTC, datetime

import pytest

from newsarchive.extract import read
from newsarchive.extract.page_input import PageInput
from storage.model import FeedEntry, Outcome, Reading
from storage.page_date import PageDate

URL = "https://news.example/feed"
FIRST = FeedEntry(
    url="https://news.example/a/1",
    title="Rain & wind",
    published=PageDate.parse("2026-05-19T08:30:00+02:00"),
    modified=None,
)
SECOND = FeedEntry(url="https://news.example/a/2", title="Sun", published=None, modified=None)

RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>The Example</title>
<link>https://news.example/</link>
<item><title>Rain &amp;amp; wind</title><link>/a/1#top</link><pubDate>Tue, 19 May 2026 08:30:00 +0200</pubDate></item>
<item><title>Rain again</title><link>https://news.example/a/1</link></item>
<item><title>Sun</title><guid>https://news.example/a/2</guid></item>
<item><title>Nowhere</title></item></channel></rss>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>The Example</title>
<entry><title>Rain &amp; wind</title><link rel="alternate" href="https://news.example/a/1"/>
<published>2026-05-19T08:30:00+02:00</published></entry>
<entry><title>Sun</title><link href="https://news.example/a/2"/></entry></feed>"""
RDF = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/"><channel><title>The Example</title></channel>
<item rdf:about="https://news.example/a/1"><title>Rain &amp; wind</title><link>https://news.example/a/1</link>
</item><item><title>Sun</title><link>https://news.example/a/2</link></item></rdf:RDF>"""
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "The Example",
        "items": [
            {"id": "1", "url": "/a/1", "title": "Rain &amp; wind", "date_published": "2026-05-19T08:30:00+02:00"},
            {"id": "https://news.example/a/2", "title": "Sun"},
            {"id": 7},
            "no object",
        ],
    }
)


def feed(text: str, mime: str = "text/xml") -> Reading:
    return read(text.encode(), PageInput(url=URL, headers=[("Content-Type", mime)]))


@pytest.mark.parametrize(("text", "mime"), [(RSS, "text/html"), (ATOM, ""), (JSON_FEED, "application/feed+json")])
def test_feed_formats(text: str, mime: str) -> None:
    """RSS, Atom and JSON Feed: absolute URLs, each once, plain titles, dates as stated, whatever the media type."""
    reading = feed(text, mime)
    assert (reading.outcome, reading.title, reading.entries) == (Outcome.FEED, "The Example", (FIRST, SECOND))


def test_rdf_is_a_feed() -> None:
    """RSS 1.0 is read as well."""
    assert [entry.url for entry in feed(RDF).entries] == [FIRST.url, SECOND.url]


def test_dublin_core_dates_in_rss() -> None:
    """RSS 1.0 has no other date, and RSS 2.0 often uses this one."""
    rdf = RDF.replace(
        'xmlns="http://purl.org/rss/1.0/"',
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"',
    ).replace("</link>\n</item>", "</link>\n<dc:date>2026-05-19T08:30:00+02:00</dc:date></item>", 1)
    assert feed(rdf).entries[0] == FIRST


def test_an_update_date_is_no_publication_date() -> None:
    """An entry with only an update date has no publication date."""
    atom = ATOM.replace("published>", "updated>")
    assert feed(atom).entries[0] == FeedEntry(
        url=FIRST.url, title=FIRST.title, modified=datetime(2026, 5, 19, 6, 30, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    "text",
    [
        RSS.replace("&amp;amp;", "&"),
        RSS.replace("</rss>", "").replace("</channel>", ""),
        RSS.replace("<title>Sun</title>", "<title>Sun &nbsp;</title>"),
        RSS[:-60],
    ],
    ids=["bare ampersand", "cut short", "HTML entity", "torn item"],
)
def test_broken_feeds_are_read_as_far_as_possible(text: str) -> None:
    """The valid part of a broken feed is kept."""
    reading = feed(text)
    assert reading.outcome is Outcome.FEED
    assert reading.entries[0].url == FIRST.url


@pytest.mark.parametrize(
    "text", ["<rss/>", "<feed><entry/></feed>", '{"version": "https://jsonfeed.org/version/1", "items": 3}']
)
def test_empty_feeds_are_feeds(text: str) -> None:
    """A feed without entries is still a feed."""
    assert (feed(text).outcome, feed(text).reason) == (Outcome.FEED, "entries: 0")
