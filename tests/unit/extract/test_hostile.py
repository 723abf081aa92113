"""Hostile pages: whatever the bytes are, reading ends with an outcome."""

import gzip
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsarchive.extract import extract_page, read
from newsarchive.extract.blocks import collect_blocks
from newsarchive.extract.page_input import PageInput
from newsarchive.extract.related import find_link_groups
from newsarchive.extract.site_layout import Selector
from newsarchive.extract.tree import Page, parse_page
from storage.model import Discovery, Outcome, Reading, UrlKind

URL = "https://news.example/world/2024/05/rain-falls-on-the-hills-10234.html"
PAGES = sorted((Path(__file__).parents[2] / "pages").glob("*/page.html"))
TAGS = (
    "p div a ul li table tr td h1 h2 span article aside nav section figure figcaption blockquote time br"
    " script style form"
).split()


def seconds_for(payload: bytes) -> float:
    began = time.process_time()
    assert isinstance(extract_page(payload, URL), Reading)
    return time.process_time() - began


@given(st.binary(max_size=4000), st.sampled_from(UrlKind), st.sampled_from(["text/html", "text/xml", "image/png", ""]))
def test_any_bytes_are_read(payload: bytes, kind: UrlKind, mime: str) -> None:
    """Arbitrary bytes under any name give some outcome, never an exception."""
    discovery = Discovery(site="news.example", kind=kind)
    reading = read(payload, PageInput(url=URL, headers=[("Content-Type", mime)], discovery=discovery))
    assert reading.reason


@st.composite
def broken_html(draw: st.DrawFn) -> bytes:
    """Return one of our pages with pieces removed, doubled, and markup inserted."""
    page = draw(st.sampled_from(PAGES)).read_bytes()
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(page)))
        length = draw(st.integers(0, 400))
        insert = draw(
            st.one_of(
                st.binary(max_size=20),
                st.sampled_from(TAGS).map(lambda tag: f"<{tag}>".encode()),
                st.sampled_from(TAGS).map(lambda tag: f"</{tag}>".encode()),
                st.sampled_from(
                    [b"<!--", b"-->", b"\0", b"<![CDATA[", b'<a href="http://[">x</a>', b"&#0;&#xD800;", b'"']
                ),
            )
        )
        page = page[:at] + insert + page[at + length :] if draw(st.booleans()) else page[:at] + insert + page[at:]
    return page


@settings(max_examples=60)
@given(broken_html(), st.sampled_from([200, 403, 404, 503]))
def test_mutated_pages_are_read(payload: bytes, status: int) -> None:
    """Broken markup is read as far as possible."""
    assert read(
        payload, PageInput(url=URL, headers=(), fetched_at=datetime(2024, 5, 1, tzinfo=UTC), status=status)
    ).reason


def test_an_article_in_an_element_with_a_broken_name_is_read() -> None:
    """A name such as "p<" can be parsed, and not be set again."""
    text = "".join(
        f"<p>Rain fell on the harbour for {hours} hours, and the ferry stayed in port.</p>" for hours in range(12)
    )
    reading = extract_page(f'<h1>Rain falls</h1><p< class="promo">{text}</p<>'.encode(), URL)
    assert reading.article is not None
    assert len(reading.article.paragraphs) == 12


@pytest.mark.parametrize("character", ["\0", "\x01", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_invalid_characters_are_removed(character: str) -> None:
    """libxml2 parses control characters, but refuses to write them when a box is removed."""
    story = f"<p>A story of rain{character} that falls on the hills.</p>" * 9
    page = f"<article><h1>Rain</h1>{story}<nav class='menu'><ul><li>Sport</li></ul></nav>{character} tail</article>"
    reading = read(page.encode(), PageInput(url=URL, headers=()))
    assert reading.reason
    assert character not in repr(reading)


@pytest.mark.parametrize("tag", ["div", "span", "ul", "blockquote", "table", "a", "b"])
def test_deep_nesting_is_read(tag: str) -> None:
    """Fifty thousand open elements neither overflow a stack nor take long."""
    payload = b"<html><body>" + f"<{tag} class='x'>".encode() * 50_000 + b"deep down" + f"</{tag}>".encode() * 50_000
    assert seconds_for(payload) < 5


@pytest.mark.parametrize("inner", ["<a href=/x>", "<i>", "<a href=/x>y</a><i>", "<span>\n"])
def test_deep_elements_without_text_are_read(inner: str) -> None:
    """Elements deeper than are walked may have no text at all, beside words of the same line."""
    page = f"<h1>Rain</h1><p>Rain fell on the hills.</p><p>It was <b>{'<i>x<b>' * 300}{inner * 200}"
    reading = extract_page(page.encode(), URL)
    assert reading.article is not None
    assert reading.article.paragraphs[0].text == "Rain fell on the hills."


def test_fifty_megabytes_are_too_large() -> None:
    """A page above the size limit is archived, with an outcome of its own."""
    reading = extract_page(b"<html><body><p>" + b"x" * 50_000_000 + b"</p></body></html>", URL)
    assert reading.outcome is Outcome.TOO_LARGE
    assert "50000" in reading.reason


def test_very_many_elements_are_too_large() -> None:
    """Two hundred thousand paragraphs would take trafilatura ten seconds."""
    reading = extract_page(b"<html><body>" + b"<p>one more</p>" * 200_000 + b"</body></html>", URL)
    assert reading.outcome is Outcome.TOO_LARGE


def test_a_small_page_has_fewer_elements_than_a_large_one() -> None:
    """Ten thousand of any length, or one for each 20 bytes: tens of thousands of 8 bytes took a third of a second."""
    cells = [extract_page(b"<h1>Rain</h1><table><tr>" + b"<td>rain" * count, URL) for count in (9_900, 16_000)]
    assert [each.outcome is Outcome.TOO_LARGE for each in cells] == [False, True]
    assert "16005 elements in 128024 bytes, up to 10000 are read" in cells[1].reason
    long = extract_page(b"<h1>Rain</h1><table><tr>" + b"<td>rain on the hills" * 16_000, URL)
    assert long.outcome is not Outcome.TOO_LARGE


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(
            b"<html><body><article><p>" + b"word " * 1_000_000 + b"</p></article></body></html>",
            id="a paragraph of 5 MB",
        ),
        pytest.param(
            b"<html><body><h1>" + b"a - b | c : " * 50_000 + b"</h1><p>text</p>", id="a headline of separators"
        ),
        pytest.param(b"<html><head><title>" + b" | " * 50_000 + b"</title></head><body><p>x</p>", id="a title of bars"),
        pytest.param(
            b'<html><head><script type="application/ld+json">{"@type":"NewsArticle","headline":"' + b'\\"' * 500_000,
            id="JSON-LD cut short",
        ),
        pytest.param(
            b'<html><head><script type="application/ld+json">' + b"[" * 200_000 + b"</script>", id="deep JSON-LD"
        ),
        pytest.param(b"<html><body><p>By " + b"Anna and " * 50_000 + b"</p></body></html>", id="a byline without end"),
        pytest.param(
            b"<html><body>" + b'<a href="/a-b-c-d-e-1">one two three four five</a> ' * 15_000, id="many links"
        ),
        pytest.param(b"<html><body><p>" + b"share facebook twitter " * 40_000 + b"!</p>", id="words of a share bar"),
        pytest.param(
            b"<html><body id=all>"
            + b"rain " * 60_000
            + b"<div aria-labelledby=all><p><a href=/a-b-c-d-e-1>one two three four five</a> "
            b"<a href=/a-b-c-d-e-2>one two three four five</a></p></div>" * 1_000,
            id="lists that are named by the whole page",
        ),
        pytest.param(b"<html><body><div class='" + b"related-news " * 50_000 + b"'>x</div>", id="a class of 600 kB"),
        pytest.param(b"<html><body>" + b"<p>12:34 / 56:78 " * 5_000, id="players"),
        pytest.param(b"<p>A story of rain.<p>" + b"<span class=date>a</span>" * 38_000, id="spans of one paragraph"),
        pytest.param(b"<article><p>A story of rain.<br>" + b"one line<br>" * 38_000, id="lines of one paragraph"),
        pytest.param(
            b"<h1>Rain</h1><table><td>" + (b"rain on the hills, " * 8 + b"<br><b>z</b>z<br>") * 1_500,
            id="some lines of one cell",
        ),
        pytest.param(
            b"<h1>Rain</h1><div><img src=a.jpg><p>" + (b"rain on the hills, " * 8 + b"<br><br>") * 5_500,
            id="lines beside a picture",
        ),
        pytest.param(
            b"<h1>Rain</h1><table><td>" + (b"rain on the hills, " * 8 + b"<br><b>z</b>z<br>") * 9_000,
            id="lines of one cell",
            marks=pytest.mark.slow,
        ),
        pytest.param(b"<article><p>A story.</p>" + b"<div></div>tail text " * 38_000, id="empty boxes between words"),
        pytest.param(b"<article><h1>Rain</h1>" + b"<ul class=breadcrumb>" * 30_000 + b"x" * 900_000, id="breadcrumbs"),
        pytest.param(b"<html " * 100_000, id="an open tag again and again"),
        pytest.param(b"<!doctype html " * 100_000, id="a doctype again and again"),
    ],
)
def test_slow_pages_end(payload: bytes) -> None:
    """Pages made to be slow to read take seconds, not minutes: no regular expression has exponential time."""
    assert seconds_for(payload) < 8


def found_by_class(page: Page) -> int:
    return len(Selector(".title").elements(page.root))


def found_as_links(page: Page) -> int:
    return len(find_link_groups(page, collect_blocks(page.body), frozenset(), URL, listing=True))


@pytest.mark.parametrize(
    ("found_on", "html"),
    [
        (found_by_class, "<h1 class='{}title'>Rain</h1>"),
        (found_as_links, "<a href='/world/2024/05/rain-falls-on-the-moors-10235.html'>{}</a>"),
    ],
)
def test_caches_are_bounded(found_on: Callable[[Page], int], html: str) -> None:
    """Caches between pages are bounded, however long the values of a page are."""
    left = []
    tracemalloc.start()
    try:
        for word in "abcdefgh":
            page = parse_page(html.format(f"{word} " * 100_000).encode(), URL)
            assert isinstance(page, Page)
            assert found_on(page) == 1
            left.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert left[-1] - left[0] < 100_000


BOMB = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">' + b"".join(
    f'<!ENTITY lol{i} "{f"&lol{i - 1 or chr(0)};".replace(chr(0), "") * 10}">'.encode() for i in range(1, 10)
)


@pytest.mark.parametrize("root", ["rss", "feed", "urlset", "sitemapindex"])
def test_entities_are_not_expanded(root: str) -> None:
    """A billion laughs stay a few hundred bytes, and no file is read for an entity."""
    item = "<item><title>&lol9;&file;</title><link>https://news.example/a</link><loc>&file;</loc></item>"
    payload = BOMB + f'<!ENTITY file SYSTEM "file:///etc/passwd">]><{root}><channel>{item}</channel></{root}>'.encode()
    began = time.process_time()
    reading = read(payload, PageInput(url="https://news.example/feed.xml", headers=[("Content-Type", "text/xml")]))
    assert reading.outcome in (Outcome.FEED, Outcome.SITEMAP)
    assert time.process_time() - began < 3
    text = repr(reading)
    assert "lollol" not in text
    assert "root:" not in text


def test_a_gzip_bomb_stops_at_the_sitemap_limit() -> None:
    """Of a decompressed .gz up to 50 MB are read."""
    payload = gzip.compress(b"<urlset>" + b" " * 200_000_000, compresslevel=1)
    reading = read(payload, PageInput(url="https://news.example/sitemap.xml.gz", headers=()))
    assert reading.outcome is Outcome.SITEMAP
    assert reading.entries == ()
