"""A walk over every route, export and command, which greps for a blocked, a hidden and an embargoed article.

The routes are those of the application's own table: a new one is walked without being named here.
"""

import gzip
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import select

from newsarchive.access.access_rules import AccessRules
from newsarchive.archive import Archive
from newsarchive.cli.app import run
from newsarchive.export.formats import FORMATS
from newsarchive.maintenance.verify_chain import latest_links
from newsarchive.web.app import ROUTERS, create_app
from storage.index.conditions.visibility import select_withheld_captures
from storage.index.queries.articles import find_article_id, iter_captures
from storage.index.queries.timeline import find_nearest_capture
from storage.index.reader import ReadScope
from storage.index.schema.tables import ArticleRow, VersionRow
from storage.model import CrawlRun, Outcome
from storage.warc.record import HTTP_RESPONSE, WARC_FIELDS, build_member, new_record_id, sha256, warc_date

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)
EARLY, LATE = NOW - timedelta(days=6), NOW - timedelta(hours=20)
CONFIG = """
[serve]
blocked = ["https://news.example/private/", "bücher.example/größe", "wire.example/copy/"]
rate_burst = 100000
rate_limit = 100000

[[site]]
name = "news"
url = "https://news.example/"

[[site]]
name = "secret"
url = "https://secret.example/"
hidden = true

[[site]]
name = "held"
url = "https://held.example/"
embargo = "2d"

[[alert]]
name = "changes"
changes = true
webhook = "http://127.0.0.1:9/"

[[alert]]
name = "council"
query = "council"
webhook = "http://127.0.0.1:9/"
"""
WITHHELD = {
    "https://news.example/private/x": "Minister zanzibarically resigned on Monday",
    "https://secret.example/a": "Council quixotrously votes for the bridge",
    "https://held.example/new": "Harbour flumdiddled after the storm",
    "https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe": "Schloss wobbulisch verkauft gestern Abend",
    "https://wire.example/copy/1": "Ferry skedaddlish stops on Monday",
    "https://news.example/private/2026/03/minister-resigns-at-last.html": "Offices zanzibarically left by ministers",
}
"""URLs and headlines; the second word of each is in no other page, and the bodies have it too."""
TRACES = re.compile(
    r"zanzibar|quixot|flumdidd|news\.example(?:/|%2F)private|secret\.example|held\.example(?:/|%2F)new|example,secret"
    r"|/private/|wobbulisch|gr%C3%B6%C3%9Fe|größe|skedaddl|wire\.example(?:/|%2F)copy|razzmatazz|teaserly|smitherooned",
    re.IGNORECASE,
)
BLOCKED = ("https://news.example/private/x", "https://wire.example/copy/1")
PICTURES = "".join(
    f'<img src="https://news.example/img/{name}.jpg">'
    for name in ("razzmatazz", "razzmatazz-moved", "razzmatazz-inside", "razzmatazz-stream", "open")
)
"""Of blocked articles; the front page has the last one, too. Of the third no record says which page named it."""
HELD_PICTURES = [
    f"https://news.example/img/{name}.jpg"
    for name in ("razzmatazz", "razzmatazz-moved", "razzmatazz-new", "razzmatazz-inside", "razzmatazz-stream")
]
TEASER = "The minister left smitherooned after a long night of talks with the port in the capital."
"""The beginning of the blocked article's text."""
OWN = "That was all that the mayor of the city had to say about it on Monday."
FILLER = "The town council met on Tuesday evening and discussed the budget for the coming year at some length. "


def page(headline: str, text: str, url: str, **more: Any) -> bytes:
    data = json.dumps({"@type": "NewsArticle", "headline": headline, "datePublished": "2026-03-01T08:00:00Z", **more})
    return (
        f'<html lang="en"><head><title>{headline}</title><link rel="canonical" href="{url}">'
        f'<script type="application/ld+json">{data}</script></head><body><article><h1>{headline}</h1>'
        f"{text}</article></body></html>"
    ).encode()


def article(url: str, headline: str, extra: str = "") -> bytes:
    word = headline.split()[1]
    return page(headline, "".join(f"<p>{word} {n}. {FILLER * 2}</p>" for n in range(4)) + extra, url)


def page_with_media(headline: str, text: str) -> bytes:
    """Return a page whose captions, players and data name what is withheld."""
    private = "https://news.example/private/x"
    named = {"isBasedOn": private, "about": {"@type": "Thing", "name": WITHHELD[private]}}
    picture = f'<img src="/img/hall.jpg" alt="{WITHHELD[private]}"><figcaption>{WITHHELD[private]}</figcaption>'
    text += f'<figure>{picture}</figure><iframe src="{private}" title="Watch"></iframe><p>{OWN}</p>'
    return page(headline, text, "https://news.example/2026/03/story-0.html", **named)


def links(*, absolute: bool = True) -> str:
    inside = (
        f'<li><a href="{url}" title="{headline}"><b>{headline}</b></a></li>' for url, headline in WITHHELD.items()
    )
    more = (f'<li><a href="{url}?utm_source=x">{headline}</a></li>' for url, headline in WITHHELD.items())
    share = f'<a href="https://share.example/?u={quote("https://news.example/private/x", safe="")}">Share it</a>'
    relative = '<a href="/private/x" data-url="/private/x">More on how they zanzibarically resigned</a>'
    cards = "".join(
        f'<div class="card"><img src="/img/teaserly{n}.jpg" alt="Teaserly shown">'
        f'<h3><a href="{url}">{title}</a></h3><a href="/authors/{n}">Ann Smith</a> <a href="/topics/{n}">Town</a>'
        f"<p>Teaserly <b>told</b> {n}.</p></div>"
        for n, (url, title) in enumerate(WITHHELD.items())
    )
    return f"<ul>{''.join(inside)}{''.join(more)}</ul>{cards}{share}{'' if absolute else relative}"


def records() -> Iterator[tuple[str, datetime, bytes, str, str]]:
    """Yield URL, time, body, media type and status with further headers."""
    ok, html = "200 OK", "text/html"
    plain = "".join(f"<p>{headline}</p>" for headline in WITHHELD.values())
    front = (
        f"<html><title>News</title><body><h2>Latest</h2>{links(absolute=False)}{plain}<img src=/img/open.jpg>"
        f"<p>{TEASER}</p><p>{TEASER[:60]} ...</p>"
        + "".join(
            f'<li><a href="/2026/03/story-{n}.html">A story about number {n} of the town</a></li>' for n in range(12)
        )
    )
    yield "https://news.example/", EARLY, front.encode(), html, ok
    yield "https://news.example/", LATE, front.replace("Latest", "Newest").encode(), html, ok
    inline = (
        f"<p>{TEASER} {OWN} Of NUMBER.</p>"
        f'<p>As reported, <a href="/private/x">{WITHHELD["https://news.example/private/x"]}</a>. {OWN}</p>'
    )
    related = f"<aside><h3>Related articles</h3>{links()}</aside>"
    for n in range(3):
        url = f"https://news.example/2026/03/story-{n}.html"
        yield (
            url,
            EARLY + timedelta(hours=n),
            article(url, f"Open story{n} of the town", inline.replace("NUMBER", f"{n}") + related),
            html,
            ok,
        )
    edited = page_with_media("Open story0 of the whole town", inline + related)
    yield "https://news.example/2026/03/story-0.html", LATE, edited, html, ok
    # Link texts that are no headlines, which the next text of the page does not have; and pictures of its metadata.
    for n, said in enumerate(("The way they zanzibarically left office", "Her zanzibarically bitter end in office")):
        private = f'<a href="/private/2026/03/minister-resigns-at-last.html">{said}</a>'
        body = "".join(f"<p>Paragraph {k} of page {n}: a council met for {7 * k + n} hours.</p>" for k in range(5))
        url = f"https://news.example/2026/03/edited-{n}.html"
        for at, link in ((EARLY, private), (LATE, "Others")):
            # In the excerpt of the change the name is cut: at its end, and at its beginning.
            text = f"<p>Page {n} of the council. {FILLER if n else ''}{link} and {FILLER}</p>"
            text = text.replace("Tuesday", "Monday") if link == "Others" else text
            image = f"https://news.example/private/{at:%d}.jpg"
            # Not the copy: what a misspelt word may mean is a word of texts that are shown, tags too.
            tags = ", ".join(["council", *list(WITHHELD.values())[:4]] if at == EARLY or n else ["council"])
            yield url, at, page(f"A page {n} of the council", text + body, url, image=image, keywords=tags), html, ok
    for url, headline in WITHHELD.items():
        shown = article(url, headline, PICTURES if url in BLOCKED else "")
        yield url, LATE, shown.replace(b"</h1>", f"</h1><p>{TEASER}</p>".encode()), html, ok
    yield from picture_records()
    # The blocked article at an address that is not blocked; a short link to it; the embargoed site's older article.
    amp = article("https://news.example/private/x", WITHHELD["https://news.example/private/x"])
    yield "https://news.example/amp/x", LATE, amp, html, ok
    yield "https://news.example/s/1", LATE, b"", html, "301 Moved\r\nLocation: https://news.example/private/x"
    yield "https://held.example/old", EARLY, article("https://held.example/old", "An older story"), html, ok
    # A copy of an agency's text that is withheld, and one that is not.
    wire = "".join(f"<p>Agency {n}. {FILLER * 2}</p>" for n in range(4))
    by = {"author": "Razzmatazz Jones", "keywords": "razzmatazz, town"}
    yield "https://wire.example/copy/1", EARLY, page("Ferry skedaddlish stops on Monday", wire, "", **by), html, ok
    again = page("Ferry skedaddlish stops on Monday", f"{wire}<p>Skedaddlish, {FILLER}</p>", "", **by)
    yield "https://wire.example/copy/1", LATE, again, html, ok
    yield "https://wire.example/open/2", EARLY, page("Ferry halts in the port", wire, ""), html, ok
    items = "".join(f"<item><title>{title}</title><link>{url}</link></item>" for url, title in WITHHELD.items())
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{items}</channel></rss>'
    yield "https://news.example/feed.xml", EARLY, feed.encode(), "application/rss+xml", ok
    urls = "".join(f"<url><loc>{url}</loc></url>" for url in WITHHELD)
    sitemap = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    yield from sitemap_records(sitemap.encode())
    yield (
        "https://news.example/data.json",
        EARLY,
        json.dumps([*WITHHELD]).replace("/", r"\/").encode(),
        "text/plain",
        ok,
    )


def sitemap_records(sitemap: bytes) -> Iterator[tuple[str, datetime, bytes, str, str]]:
    yield "https://news.example/sitemap.xml", EARLY, sitemap, "application/xml", "200 OK"
    for name, body in (("once", gzip.compress(sitemap)), ("twice", gzip.compress(gzip.compress(sitemap)))):
        yield f"https://news.example/{name}.xml.gz", EARLY, body, "application/gzip", "200 OK"


def picture_records() -> Iterator[tuple[str, datetime, bytes, str, str]]:
    for name in ("razzmatazz", "razzmatazz-new", "razzmatazz-inside", "open"):
        yield f"https://news.example/img/{name}.jpg", LATE, b"\xff\xd8\xff" + name.encode(), "image/jpeg", "200 OK"
    stream = "https://news.example/img/razzmatazz-stream.jpg"
    yield stream, LATE, b"#EXTM3U\n", "application/vnd.apple.mpegurl", "200 OK"
    moved = "302 Found\r\nLocation: https://news.example/img/razzmatazz-new.jpg"
    yield "https://news.example/img/razzmatazz-moved.jpg", LATE, b"", "image/jpeg", moved


def write_records(file: Path) -> None:
    with file.open("wb") as out:
        for url, at, body, mime, status in records():
            block = f"HTTP/1.1 {status}\r\nContent-Type: {mime}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
            fields = (
                ("WARC-Record-ID", f"<{new_record_id()}>"), ("WARC-Date", warc_date(at)), ("WARC-Target-URI", url),
                ("WARC-Block-Digest", sha256(block)), ("WARC-Payload-Digest", sha256(body)),
                ("Content-Type", HTTP_RESPONSE),
            )  # fmt: skip
            out.write(build_member("response", fields, block))
            if mime == "image/jpeg" and "inside" not in url:  # the page that named it first
                page, kind = ("", "listing") if "open" in url else ("private/x", "article")
                via = "img/razzmatazz-moved.jpg" if "-new" in url else page
                found = f"site: news\r\nkind: asset\r\nvia: https://news.example/{via}\r\nviaKind: {kind}\r\n".encode()
                named = ("WARC-Record-ID", f"<{new_record_id()}>"), ("WARC-Concurrent-To", fields[0][1]), fields[1]
                out.write(build_member("metadata", (*named, ("Content-Type", WARC_FIELDS)), found))


def make_archive(folder: Path, index: str = "") -> Archive:
    write_records(folder / "others.warc.gz")
    Archive.init(folder / "morgue").close()
    toml = folder / "morgue" / "newsarchive.toml"
    toml.write_text(f'index = "{index}"\n{toml.read_text()}{CONFIG}' if index else toml.read_text() + CONFIG)
    archive = Archive.open(folder / "morgue", now=lambda: NOW)
    sites = tuple(site.to_site() for site in archive.config.sites)
    archive.index.begin_crawl(CrawlRun(id="20260309T060000Z-0001", sites=sites, started_at=EARLY))
    archive.import_files([folder / "others.warc.gz"])
    return archive


@pytest.fixture(scope="module")
def withholding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive on SQLite."""
    with make_archive(tmp_path_factory.mktemp("withheld")) as archive:
        yield archive


def fill_parameters(archive: Archive, *, withheld: bool) -> dict[str, list[str]]:
    """Return values of the parameters of routes: each URL (`withheld`: that is, or names such), each id, and names."""
    captures = list(archive.index.stream(iter_captures))
    articles, versions = archive.index.ask(
        lambda scope: [[*map(str, scope.connection.scalars(select(row.id)))] for row in (ArticleRow, VersionRow)]
    )
    urls = sorted({each.url for each in captures if "story-1" not in each.url and "story-2" not in each.url})
    if withheld:
        urls = [url for url in urls if url in (*WITHHELD, *HELD_PICTURES, "https://news.example/")]
    return {
        "url": urls, "rest": [url.removeprefix("http") for url in urls], "digits": ["20260309100000"],
        "requested": ["2026"], "token": ["seal"], "article_id": articles,
        "capture_id": [str(each.id) for each in captures], "version_id": versions,
        "name": ["news", "secret", "held", *sorted({each.place.warc for each in captures})], "site": ["news", "secret"],
        "number": ["1"], "form": ["link", "json"], "run": ["20260309T060000Z-0001"], "job_id": ["none"],
        "key": [each.key for each in archive.config.alerts], "year": ["2026"], "month": ["3"],
        "day": [str(day) for day in range(1, 32)],
    }  # fmt: skip


QUERIES = (
    "",
    "?q=zanzibarically",
    "?q=skedadlish",
    "?q=agency",
    "?q=town",
    "?site=secret",
    "?site=news&q=resigned",
    "?q=story&sort=rank",
)
OF_URLS = ("?url={}", "?url={}&matchType=prefix", "?url={}&matchType=domain&output=json", "?url={}&showNumPages=true")


def iter_addresses(archive: Archive, *, withheld: bool) -> Iterator[str]:
    """Yield addresses of every GET route with every value; of URLs, with `withheld`, those in question."""
    values = fill_parameters(archive, withheld=withheld)
    for route in (each for router in ROUTERS for each in router.routes):
        assert isinstance(route, APIRoute)
        if "GET" not in (route.methods or ()):
            continue
        names = re.findall(r"\{(\w+)", route.path)
        pattern = re.sub(r"\{(\w+)(?::\w+)?\}", r"{\1}", route.path)
        for chosen in product(*(values[name] for name in names)):
            yield pattern.format(**dict(zip(names, chosen, strict=True)))
        if not names:
            yield from (route.path + each for each in QUERIES[1:])
            if route.path in {
                "/listing",
                "/calendar",
                "/cdx",
                "/cdx/search/cdx",
                "/api/v1/captures",
                "/api/v1/placements",
                "/api/v1/listings",
            }:
                yield from (route.path + form.format(quote(url)) for url in values["url"] for form in OF_URLS)
            if route.path in {"/api/v1/placements", "/api/v1/changes"}:
                yield from (f"{route.path}?article={number}" for number in values["article_id"])


def find_traces(text: str, asked: str) -> list[str]:
    """Return what a response discloses beyond the words that the request has."""
    for form in {asked, quote(asked, safe=""), quote(asked), asked.lower()}:
        text = text.replace(form, "")
    return [text[max(0, found.start() - 60) : found.end() + 60] for found in TRACES.finditer(text)]


def walk(archive: Archive, *, withheld: bool = False) -> tuple[int, list[tuple[str, list[str]]]]:
    """Return the number of addresses, and those with traces."""
    app = create_app(archive)
    disclosed, count = [], 0
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
        for address in iter_addresses(archive, withheld=withheld):
            answer = client.get(address)
            assert answer.status_code < 500, (address, answer.text[:300])
            count += 1
            words = re.sub(r"\?.*", "", address.partition("url=")[2] or address)
            asked = [url for url in (*WITHHELD, *HELD_PICTURES) if url in address or quote(url) in address]
            body = answer.content
            while body[:2] == b"\x1f\x8b":
                body = gzip.decompress(body)
            text = body.decode("utf-8", "replace") if body != answer.content else answer.text
            text += " ".join(f"{name}: {value}" for name, value in answer.headers.items())
            for url in asked:
                text = re.sub(re.escape(url.partition("//")[2]) + r"|" + re.escape(quote(url, safe="")), "", text)
                text = text.replace(url.removeprefix("https://"), "").replace(quote(url), "")
            text = re.sub(r"(?i)zanzibarically", "", text) if "zanzibar" in address else text
            text = re.sub(r"secret(?!\.)", "", text).replace("skedadlish", "")
            if traces := find_traces(text, words):
                disclosed.append((address, traces[:3]))
        for place in {
            (each.place.warc, each.place.offset, each.place.length) for each in archive.index.stream(iter_captures)
        }:
            ranged = {"range": f"bytes={place[1]}-{place[1] + place[2] - 1}"}
            answer = client.get(f"/warcs/{place[0]}", headers=ranged)
            if answer.status_code == 206 and find_traces(gzip.decompress(answer.content).decode("latin-1"), "-"):
                disclosed.append((f"/warcs/{place}", []))
    return count, disclosed


@pytest.mark.slow
def test_no_route_discloses_what_is_withheld(withholding: Archive) -> None:
    """Headline, URL and words of the body, on every route with every id and URL."""
    count, disclosed = walk(withholding)
    assert count > 500
    assert disclosed == []


@pytest.mark.slow
def test_no_route_discloses_what_is_withheld_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    """The same walk on the other database, whose queries are others: every route, with the URLs that are withheld."""
    with make_archive(tmp_path, postgres_url) as archive:
        assert walk(archive, withheld=True)[1] == []


def test_what_is_withheld_is_in_the_archive(withholding: Archive) -> None:
    """The walk would find the articles if no rule withheld them."""
    assert all(withholding.index.ask(find_article_id, url) for url in WITHHELD)
    read = {each.url: each.outcome for each in withholding.index.stream(iter_captures)}
    assert read["https://news.example/"] is Outcome.LISTING
    assert read["https://news.example/2026/03/story-0.html"] is Outcome.ARTICLE
    with TestClient(create_app(withholding), base_url="http://127.0.0.1:8000") as client:
        shown = client.get("/web/20260304060000mp_/https://news.example/").text
        assert "A story about number 3" in shown
        assert "[withheld]" in shown
        story = client.get("/web/20260304060000mp_/https://news.example/2026/03/story-0.html").text
        assert all(text in story for text in ("As reported,", OWN))
        assert story.count(OWN) == 2


CARDS = {
    "box": "<div><img src=/p.jpg alt='A teaser'>{}<p>A teaser of <i>it</i></p><a href=/by/ann>By Teaser</a></div>",
    "table": "<table><tr><td>{}</td><td>A teaser</td></tr><tr><td><a href=/2026/03/b-story-of-the-town>B</a></table>",
    "definition": "<dl><dt>{}</dt><dd>A teaser</dd><dt><a href=/2026/03/b-story-of-the-town>B</a></dt></dl>",
    "flat": "<img src=/p.jpg alt=teaser>{} \u2013 a teaser<p>Its teaser</p><h2>Sport</h2>",
    "background": "<li style='background:url(/teaser.jpg)' title='A teaser' class=teaser>{}</li>",
    "whole": "<a href=https://news.example/private/x><h3>Its name</h3><p>A teaser</p></a>",
}
"""Teasers, each with the word in text or attribute."""


@pytest.mark.parametrize("card", [*CARDS])
def test_a_teaser_is_withheld_with_its_link(archive_of: Callable[..., Archive], card: str) -> None:
    """Whatever the markup; the other stories of the page keep their own."""
    named = '<h3><a href="/private/x">The name of the story</a></h3>'
    stories = "".join(
        f"<div><h3><a href=/2026/03/story-{n}-of-town>A story of number {n} in town</a></h3><p>Its summary</p></div>"
        for n in range(8)
    )
    front = f"<html><title>News</title><body><main>{stories}{CARDS[card].format(named)}{stories}</main></body></html>"
    archive = archive_of(
        {"url": "https://news.example/", "body": front.encode()},
        {"url": "https://news.example/private/x", "body": article("https://news.example/private/x", "The name here")},
        config='[serve]\nblocked = ["https://news.example/private/"]',
    )
    with TestClient(create_app(archive), base_url="http://127.0.0.1:8000", follow_redirects=True) as client:
        shown = client.get("/web/2026mp_/https://news.example/").text
        assert "teaser" not in shown.lower()
        assert "[withheld]" in shown
        assert shown.count("Its summary") == 16
        assert shown.count("story of number 7") == 2
        assert ("Sport" in shown) == ("Sport" in CARDS[card])
        assert "p.jpg" not in client.get("/web/2026/https://news.example/").text
        assert client.get("/web/2026id_/https://news.example/").status_code == 403


def test_a_feed_that_was_sent_as_a_page_is_withheld_as_one(archive_of: Callable[..., Archive]) -> None:
    """Its markup has no links, so that nothing tells which text is of which."""
    item = "<title>The name of it</title><link>https://news.example/private/x</link><description>A teaser</description>"
    channel = f"<channel><title>News</title><item>{item}</item></channel>"
    feed = f'<?xml version="1.0"?><rss version="2.0">{channel}</rss>'
    archive = archive_of(
        {"url": "https://news.example/feed", "body": feed.encode(), "mime": "text/html"},
        {"url": "https://news.example/private/x", "body": article("https://news.example/private/x", "The name here")},
        config='[serve]\nblocked = ["https://news.example/private/"]',
    )
    with TestClient(create_app(archive), base_url="http://127.0.0.1:8000", follow_redirects=True) as client:
        assert "teaser" not in client.get("/web/2026/https://news.example/feed").text
        assert client.get("/web/2026mp_/https://news.example/feed").status_code == 404


def compress_again(body: bytes, times: int) -> bytes:
    for _ in range(times):
        body = gzip.compress(body, mtime=0)
    return body


@pytest.mark.parametrize(
    ("body", "is_held"),
    [
        (compress_again(b"<p>A text.", 2), False),
        (compress_again(b"https://news.example/private/x", 2), True),
        (compress_again(b"https://news.example/private/x", 6), True),
        (b"\x1f\x8bjunk", True),
        (b"\x1f\x8b\x08\x08\0\0\0\0\0\x03https://news.example/private/x", True),
        (compress_again(b"\x1f\x8bjunk", 1), True),
    ],
    ids=["open", "twice", "six times", "junk", "file name", "junk inside"],
)
def test_a_gzip_file_that_cannot_be_searched_is_not_handed_out(
    archive_of: Callable[..., Archive], body: bytes, is_held: bool
) -> None:
    """Compressed more often than it is decoded, or with nothing that can be decoded."""
    archive = archive_of(
        {"url": "https://news.example/file.gz", "body": body, "mime": "application/gzip"},
        {"url": "https://news.example/private/x", "body": b"<p>A text."},
        config='[serve]\nblocked = ["https://news.example/private/"]',
    )
    with TestClient(create_app(archive), base_url="http://127.0.0.1:8000", follow_redirects=True) as client:
        answer = client.get("/web/2026id_/https://news.example/file.gz")
        assert answer.status_code == (403 if is_held else 200)


@pytest.mark.parametrize("is_blocked", [True, False])
def test_a_picture_is_withheld_with_the_article_that_named_it(withholding: Archive, is_blocked: bool) -> None:
    """At its own address, with the target of its redirect; but not one that the front page named first."""
    rules = AccessRules.from_config(withholding.config) if is_blocked else AccessRules()
    reader = withholding.index.excluding(rules.exclusions(NOW))
    addresses = (*HELD_PICTURES, "https://news.example/img/open.jpg")
    found = [reader.ask(find_nearest_capture, address, LATE) for address in addresses]
    assert [each is not None for each in found] == [not is_blocked] * 5 + [True]
    # The selection by which they are subtracted from counts agrees with the condition by which they are left out.
    exclude = AccessRules.from_config(withholding.config).exclusions(NOW)
    with withholding.index._database.read_transaction() as connection:
        held = set(connection.scalars(select_withheld_captures(ReadScope(connection, exclude))))
    pictures = {each.id for each in withholding.index.stream(iter_captures) if "/img/" in each.url}
    assert len(held & pictures) == 5


def test_no_change_names_what_only_its_older_text_linked(withholding: Archive) -> None:
    """In lists and feeds of changes, a name that the excerpt cuts included; nor a picture that is blocked."""
    with TestClient(create_app(withholding), base_url="http://127.0.0.1:8000") as client:
        alert = next(each.key for each in withholding.config.alerts if each.changes)
        for address in ("/changes", "/changes.jsonl", "/changes.json", f"/alerts/{alert}.json"):
            text = client.get(address).text
            assert text.count("[withheld]") >= 2, address
            assert find_traces(text, "-") == [], address
        assert find_traces(client.get("/search.jsonl?q=council").text, "-") == []


def export_text(content: bytes, form: str, folder: Path) -> str:
    if form == "wacz":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = [packed.read(name) for name in packed.namelist()]
        return "".join((gzip.decompress(each) if each[:2] == b"\x1f\x8b" else each).decode("latin-1") for each in parts)
    if form == "warc":
        return gzip.decompress(content).decode("latin-1")
    if form == "sqlite":
        (folder / "copy.sqlite").write_bytes(content)
        with closing(sqlite3.connect(folder / "copy.sqlite")) as copy:
            return "\n".join(copy.iterdump())
    if form == "parquet":  # compressed
        parquet = pytest.importorskip("pyarrow.parquet")
        return str(parquet.read_table(io.BytesIO(content)).to_pylist())
    return content.decode("utf-8", "replace")


@pytest.mark.parametrize("form", list(FORMATS))
def test_no_export_discloses_what_is_withheld(withholding: Archive, tmp_path: Path, form: str) -> None:
    """In the file of every format, all versions included."""
    app = create_app(withholding)
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
        assert client.post("/exports", data={"format": form, "all_versions": "1"}).status_code == 303
        app.state.exports.wait()
        job = app.state.exports.list_jobs()[0]
        listing = client.get("/exports").text
        names = re.findall(rf'href="(/exports/{job.id}/[^"]+)"', listing)
        content = client.get(names[0]).content
        app.state.exports.remove(job.id)
    text = export_text(content, form, tmp_path)
    # Records whose bytes name a withheld page are left out: of the other site there are such only.
    assert ("held.example/old" if form in ("warc", "wacz") else "news.example") in text
    assert find_traces(text, "-") == []


def make_export(client: TestClient) -> str:
    """Return the address of the file of an export that is made now."""
    client.post("/exports", data={"format": "jsonl"})
    jobs = client.app.state.exports  # type: ignore[attr-defined]
    jobs.wait()
    job = jobs.list_jobs()[0]
    return f"/exports/{job.id}/newsarchive-{job.requested_at:%Y%m%d-%H%M%S}.jsonl"


def import_page(archive: Archive, folder: Path, url: str, at: datetime, body: bytes) -> None:
    """Import one page as captured at a time."""
    block = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    fields = (
        ("WARC-Record-ID", f"<{new_record_id()}>"), ("WARC-Date", warc_date(at)), ("WARC-Target-URI", url),
        ("WARC-Block-Digest", sha256(block)), ("WARC-Payload-Digest", sha256(body)), ("Content-Type", HTTP_RESPONSE),
    )  # fmt: skip
    file = folder / f"{new_record_id()[-12:]}.warc.gz"
    file.write_bytes(build_member("response", fields, block))
    archive.import_files([file])


@pytest.mark.parametrize("cause", ["noarchive", "blocked"])
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_an_export_of_before_is_not_served_once_something_in_it_is_withheld(
    tmp_path: Path, request: pytest.FixtureRequest, database: str, cause: str
) -> None:
    """An article that asks for noarchive later, or is captured at a blocked address; others change nothing."""
    index = request.getfixturevalue("postgres_url") if database == "postgresql" else ""
    url, clock = "https://news.example/2026/03/later.html", [NOW]
    Archive.init(tmp_path / "morgue").close()
    toml = tmp_path / "morgue" / "newsarchive.toml"
    line = f'index = "{index}"\n' if index else ""
    site = '[[site]]\nname = "news"\nurl = "https://news.example/"\nnoarchive = "obey"\n'
    toml.write_text(f'{line}{toml.read_text()}{site}[serve]\nblocked = ["news.example/private/"]')
    body = article(url, "A flumdiddled story of the town")
    asking = article(url, "A flumdiddled story of the city")
    asking = asking.replace(b"<head>", b'<head><meta name="robots" content="noarchive">')
    with Archive.open(tmp_path / "morgue", now=lambda: clock[0]) as archive:
        sites = tuple(site.to_site() for site in archive.config.sites)
        archive.index.begin_crawl(CrawlRun(id="20260309T060000Z-0001", sites=sites, started_at=EARLY))
        import_page(archive, tmp_path, url, EARLY, body)
        with TestClient(create_app(archive), base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
            address = make_export(client)
            clock[0] += timedelta(hours=1)
            # One that asks from the beginning, and was not in the export.
            other = "https://news.example/2026/03/other.html"
            import_page(archive, tmp_path, other, clock[0], asking.replace(url.encode(), other.encode()))
            assert "flumdiddled" in client.get(address).text
            assert address in client.get("/exports").text
            clock[0] += timedelta(hours=1)
            if cause == "noarchive":
                import_page(archive, tmp_path, url, clock[0], asking)
            else:
                import_page(archive, tmp_path, "https://news.example/private/later.html", clock[0], body)
            answer = client.get(address)
            assert (answer.status_code, "flumdiddled" in answer.text) == (404, False)
            assert address not in client.get("/exports").text
            assert "made before something was withheld" in client.get("/exports").text


@pytest.mark.slow
def test_the_digest_of_rules_is_the_same_in_every_process() -> None:
    """A server that was started again sends the exports of the one before."""
    code = (
        "from newsarchive.access.access_rules import AccessRules\n"
        "names = frozenset('news secret held weekly daily'.split())\n"
        "print(AccessRules(hidden=names, noarchive=names).digest)"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in "123"
    }
    assert len(digests) == 1


def test_an_export_of_a_withheld_article_says_so(
    archive_of: Callable[..., Archive], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And an export of nothing is no copy of it."""
    pages = [f"https://news.example/{name}" for name in ("private/x", "open")]
    archive = archive_of(
        *({"url": url, "body": article(url, f"The name of {n}")} for n, url in enumerate(pages)),
        config='[serve]\nblocked = ["https://news.example/private/"]',
    )
    words = ["export", "-A", str(archive.folder), "-o", str(tmp_path / "all.csv")]
    assert run([*words, "--article", pages[0]]) == 77
    assert "1 of its articles or captures cannot be given out: withheld" in capsys.readouterr().err
    assert not (tmp_path / "all.csv").exists()
    assert run([*words, "--article", pages[0], "--partial"]) == 0
    assert run(words) == 0
    with TestClient(create_app(archive), base_url="http://127.0.0.1:8000") as client:
        make_export(client)
    made = [archive.takedown([url], "court", dry_run=True)[0].plan.given_out for url in pages]
    assert [len(each) for each in made] == [2, 2]
    assert run([*words, "--withheld", "--article", pages[0]]) == 0
    assert len(archive.takedown([pages[0]], "court", dry_run=True)[0].plan.given_out) == 3


def test_no_receipt_discloses_what_is_withheld(
    withholding: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of a withheld article, nor of one whose record names it; nor by a whole file without digests."""
    file, named = tmp_path / "proof.zip", "https://news.example/private/x"
    words = ["proof", "-o", str(file), "-A", str(withholding.folder)]
    for url in (named, "https://news.example/2026/03/story-0.html", "https://secret.example/a"):
        assert run([*words, url]) == 77
        assert not file.exists()
        assert "newsarchive proof --withheld" in capsys.readouterr().err
    assert run([*words, "https://held.example/old"]) == 0
    with zipfile.ZipFile(file) as receipt:
        texts = [receipt.read(name) for name in receipt.namelist()]
    plain = "".join((gzip.decompress(each) if each[:2] == b"\x1f\x8b" else each).decode("latin-1") for each in texts)
    assert "held.example/old" in plain
    assert find_traces(plain, "-") == []
    assert run([*words, named, "--withheld"]) == 0
    links = {name: (replace(chain, links=[replace(each, records="") for each in chain.links]), place)
             for name, (chain, place) in latest_links(withholding.places.load_chains()).items()}  # fmt: skip
    monkeypatch.setattr("newsarchive.export.receipt.latest_links", lambda _: links)
    file.unlink()
    assert run([*words, "https://held.example/old"]) == 4
    assert not file.exists()
    assert "the whole file" in capsys.readouterr().err
