"""Pages and feeds that are not as they should be cost themselves at most: kept to the byte, named, the rest read."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from storage.warc.payload import parse_message
from storage.warc.reader import read_records

PARAGRAPH = b"<p>The harbour master noted wind, tide and the names of boats in her book, as on every morning.</p>\n"


def article(title: bytes, body: bytes) -> bytes:
    """An article's HTML, in UTF-8 as it says or not."""
    return (
        b'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>%b</title>'
        b'<meta property="og:type" content="article">'
        b'<meta property="article:published_time" content="2026-05-04T06:00:00Z"></head>'
        b"<body><article><h1>%b</h1>\n%b</article></body></html>\n" % (title, title, body)
    )


HUGE = article(b"A page of fifty megabytes", PARAGRAPH * (50_000_000 // len(PARAGRAPH) + 1))
HANGS = article(b"A page that hangs its reader", b"<p>A short one.</p>" * 3_000 + PARAGRAPH * 3)
SELECTS = """
[[site.layout]]
section = "//h1[count(//p[count(//p[count(//p) > 0]) > 0]) < 0]"
"""
"""What an owner may write who means well: of no weight on a page of ten paragraphs, and hours of work on that one."""
NOT_UTF8 = article(
    b"Caf\xe9 at the harbour \xff opens", b"<p>The caf\xe9 \xc3\x28 opens \xf0\x9f\x98 today.</p>" + PARAGRAPH * 12
)
BROKEN_FEED = (
    b'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Latest &bad; \xff</title>'
    b"<item><title>Told by the feed</title><link>%b</link></item><item><title>Cut <b>off</title><link>/cu"
)


def readings(rig: Any) -> Mapping[str, tuple[str, str]]:
    """Outcome and reason by path, as the index has them."""
    index = sqlite3.connect(rig.folder / "index.sqlite3")
    rows = index.execute("SELECT url, outcome, reason FROM captures JOIN urls ON urls.id = captures.url_id").fetchall()
    index.close()
    return {urlsplit(url).path: (outcome, reason) for url, outcome, reason in rows}


def kept(rig: Any, path: str) -> bytes:
    """The body that the WARC files hold of a path."""
    bodies = [
        parse_message(record.block).body
        for file in sorted((rig.folder / "warc").glob("*.warc.gz"))
        for record in read_records(file)
        if record.type == "response" and urlsplit(record.uri or "").path == path
    ]
    assert len(bodies) == 1
    return bodies[0]


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        pytest.param(
            "/huge", HUGE, f"the body has {len(HUGE)} bytes, more than the limit of 10000000",
            id="50-megabytes", marks=pytest.mark.slow,
        ),
        pytest.param("/hangs", HANGS, "reading took longer than 1 s", id="hangs", marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_a_page_that_cannot_be_read_is_kept_and_named(
    rig: Any, site: Callable[..., Any], sent: Callable[..., Any], path: str, body: bytes, reason: str
) -> None:
    """Kept to the byte; its outcome and why are in the index; `status` counts it; the article beside it is read."""
    rig.configure(site({path: sent(body=body)}).url, read_timeout='"1s"', reader_processes="2")
    with (rig.folder / "newsarchive.toml").open("a") as settings:
        settings.write(SELECTS)
    ended = rig.crawl()
    assert (ended.code, ended.err) == (0, "")
    outcome = "too_large" if path == "/huge" else "unreadable"
    found = readings(rig)
    assert found[path] == (outcome, reason)
    assert found["/good"][0] == "article"
    assert f"1 {outcome}" in rig.run("status").out
    assert kept(rig, path) == body
    assert len(rig.export()) == 1
    rig.assert_whole()


def test_invalid_utf8_is_decoded_with_replacement(rig: Any, site: Callable[..., Any], sent: Callable[..., Any]) -> None:
    """Invalid UTF-8 costs the letters that it spoils; the bytes are kept, and all that is printed is valid UTF-8."""
    rig.configure(site({"/spoilt": sent(body=NOT_UTF8)}).url)
    ended = rig.crawl()
    assert (ended.code, ended.err) == (0, "")
    assert readings(rig)["/spoilt"][0] == "article"
    assert kept(rig, "/spoilt") == NOT_UTF8
    (line,) = [line for line in rig.export() if "/spoilt" in line]
    assert "at the harbour" in line
    assert "as on every morning" in line
    rig.assert_whole()


def test_a_broken_feed_gives_what_it_still_says(rig: Any, site: Callable[..., Any], sent: Callable[..., Any]) -> None:
    """An item before the break is followed; one that is cut off is not; the crawl ends well."""
    server = site({})
    pages = server.newsroom.pages
    pages["/told"] = sent(body=article(b"Told by the feed", PARAGRAPH * 6), linked=False)
    pages["/broken.xml"] = sent(body=BROKEN_FEED % b"/told", mime="application/rss+xml", linked=False)
    pages["/noise.xml"] = sent(body=bytes(range(256)) * 40, mime="application/rss+xml", linked=False)
    rig.configure(server.url)
    settings = rig.folder / "newsarchive.toml"
    settings.write_text(f'{settings.read_text()}feeds = ["{server.url}broken.xml", "{server.url}noise.xml"]\n')
    ended = rig.crawl()
    assert (ended.code, ended.err) == (0, "")
    found = readings(rig)
    assert found["/broken.xml"] == ("feed", "entries: 1")
    assert found["/noise.xml"][0] != "article"
    assert Counter(outcome for outcome, _ in found.values())["article"] == 2
    assert found["/told"][0] == "article"
    rig.assert_whole()
