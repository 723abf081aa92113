"""Read sitemaps (sitemaps.org, and Google's news extension) and the Sitemap lines of robots.txt.

Sitemaps are parsed with error recovery; entities are not resolved and nothing is fetched. At most 50,000 URLs and 50 MB
are read, the limits of the protocol.
"""

import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from html import unescape
from itertools import islice
from time import struct_time
from typing import Any, TypeVar

import feedparser
from lxml.etree import LxmlError, XMLPullParser, _Element

from newsarchive.extract import zones
from newsarchive.extract.blocks import PageBlocks
from newsarchive.extract.jsonld import Head
from newsarchive.extract.parse_date import parse_iso_date
from newsarchive.extract.tree import Page, resolve_link
from newsarchive.extract.urls import split_url
from newsarchive.extract.word_tables import alternatives, words
from storage.model import FeedEntry, UrlKind, UrlSource
from storage.page_date import PageDate

T = TypeVar("T", FeedEntry, UrlSource)
MAX_URLS = 50_000
MAX_BYTES = 52_428_800
_CHUNK = 1 << 16
_UNESCAPED_AMPERSAND = re.compile(rb"&(?!#?\w{1,10};)")
_ENTITY = re.compile(rb"<!ENTITY[^>]{0,10000}>", re.IGNORECASE)


def decompress_gzip(payload: bytes) -> bytes:
    """Decompress gzip that is part of the resource (.xml.gz), up to the size limit, and as far as it is intact."""
    if not payload.startswith(b"\x1f\x8b"):
        return payload
    try:
        return zlib.decompressobj(wbits=31).decompress(payload, MAX_BYTES)
    except zlib.error:
        return b""


def remove_entities(payload: bytes) -> bytes:
    """Remove entity declarations, so that none is ever expanded."""
    return _ENTITY.sub(b"", payload) if b"<!ENTITY" in payload[:65536].upper() else payload


def read_sitemap(payload: bytes, url: str) -> tuple[tuple[FeedEntry, ...], tuple[UrlSource, ...]]:
    """Return the pages listed in a sitemap, or the sitemaps listed in a sitemap index."""
    entries: dict[str, FeedEntry] = {}
    sources: dict[str, UrlSource] = {}
    payload = remove_entities(payload[:MAX_BYTES])
    if b"<![CDATA[" not in payload:
        # Of bare ampersands in URLs, error recovery would drop the parameter name that follows.
        payload = _UNESCAPED_AMPERSAND.sub(b"&amp;", payload)
    for kind, fields in _items(payload):
        target = resolve_link(url, fields.get("loc", ""))
        if target is None:
            continue
        modified = _parse_time(fields.get("lastmod", ""))
        if kind == "sitemap":
            sources.setdefault(target, UrlSource(url=target, kind=UrlKind.SITEMAP, modified=modified))
        else:
            title, published = fields.get("title"), parse_iso_date(fields.get("publication_date", ""))
            entry = FeedEntry(url=target, title=title, published=published, modified=modified, news="news" in fields)
            entries.setdefault(target, entry)
        if len(entries) + len(sources) >= MAX_URLS:
            break
    return tuple(entries.values()), tuple(sources.values())


def _items(payload: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield ("url" or "sitemap", its fields by local name) one by one, in constant memory."""
    parser = XMLPullParser(
        events=("end",), recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    for start in range(0, len(payload) + _CHUNK, _CHUNK):
        try:
            # At the end, close() returns what error recovery has held back.
            parser.feed(payload[start : start + _CHUNK]) if start < len(payload) else parser.close()
        except LxmlError:
            return
        for _event, element in parser.read_events():
            if not isinstance(element, _Element) or not isinstance(element.tag, str):
                continue
            name = _local_name(element)
            if name in ("url", "sitemap"):
                yield name, _fields(element)
                element.clear()
                while (before := element.getprevious()) is not None and (parent := element.getparent()) is not None:
                    parent.remove(before)


def _local_name(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()


def _fields(element: _Element) -> dict[str, str]:
    fields: dict[str, str] = {}
    for child in element.iterdescendants("*"):
        # <loc> and <title> of an image or video are not those of the page.
        holder = child.getparent()
        if holder is not None and _local_name(holder) in ("image", "video"):
            continue
        name, text = _local_name(child), " ".join((child.text or "").split())
        if name == "news":
            fields["news"] = "yes"
        elif text:
            fields.setdefault(name, text)
    return fields


def _parse_time(text: str) -> datetime | None:
    date = parse_iso_date(text)
    return date.at if date else None


def read_url_list(text: str, url: str) -> tuple[FeedEntry, ...]:
    """Read a sitemap in plain text: one URL per line."""
    found = (resolve_link(url, line) for line in text.splitlines()[:MAX_URLS] if line.strip())
    return _unique_by_url(FeedEntry(url=target) for target in found if target)


def read_robots(text: str, url: str) -> tuple[UrlSource, ...]:
    """Return the sitemaps named in robots.txt (sitemaps.org, "Specifying the Sitemap location").

    >>> [s.url for s in read_robots("Sitemap: /map.xml # all", "https://a.example/robots.txt")]
    ['https://a.example/map.xml']
    """
    lines = (line.partition(":") for line in text.splitlines()[:100_000])
    named = (value.partition(" #")[0] for name, _, value in lines if name.strip().lower() == "sitemap")
    targets = filter(None, (resolve_link(url, value) for value in named))
    return _unique_by_url(UrlSource(url=target, kind=UrlKind.SITEMAP) for target in targets)


# Read feeds: RSS, Atom and RDF with feedparser, and JSON Feed.

MAX_FEED_BYTES = 10_000_000
MAX_ENTRIES = 5_000


def read_feed(payload: bytes, url: str) -> tuple[str | None, tuple[FeedEntry, ...]]:
    """Return the title and entries of a feed; a broken feed is read as far as possible."""
    # A stream, not bytes: feedparser takes a string for a URL, and would fetch it. Sanitizing and URL resolution are
    # for the HTML of entries, which is not used, and cost ten times as much as parsing.
    stream = io.BytesIO(remove_entities(payload[:MAX_FEED_BYTES]))
    try:
        parsed: Any = feedparser.parse(stream, sanitize_html=False, resolve_relative_uris=False)
    except Exception:  # noqa: BLE001 - it promises not to raise, yet does on some broken markup; the bytes are kept
        return None, ()
    # RSS itself has no update date: feedparser reports Dublin Core's dc:date as one.
    is_rss = str(parsed.get("version", "")).startswith("rss")
    entries = (_feed_entry(item, url, is_rss=is_rss) for item in parsed.entries[:MAX_ENTRIES])
    return _plain_text(parsed.feed.get("title")), _unique_by_url(entries)


def _unique_by_url(found: Iterable[T | None]) -> tuple[T, ...]:
    """Return entries or sources, the first of each URL."""
    unique: dict[str, T] = {}
    for each in found:
        if each is not None:
            unique.setdefault(each.url, each)
    return tuple(unique.values())


def _feed_entry(item: Any, base: str, *, is_rss: bool) -> FeedEntry | None:
    # FeedBurner keeps the publisher's own URL in an element of its own.
    link = item.get("feedburner_origlink") or item.get("link")
    if not link and str(item.get("id", "")).startswith(("http://", "https://")):
        link = item["id"]
    url = resolve_link(base, str(link)) if link else None
    if url is None:
        return None
    published, updated = _item_date(item, "published") or _item_date(item, "created"), _item_date(item, "updated")
    return FeedEntry(
        url=url,
        title=_plain_text(item.get("title")),
        published=updated if is_rss and published is None else published,
        modified=None if updated is None or (is_rss and published is None) else updated.at,
    )


def _item_date(item: Any, name: str) -> PageDate | None:
    # `in`, not get(): feedparser returns "published" for a missing "updated", with a warning.
    parsed, text = dict.get(item, f"{name}_parsed"), dict.get(item, name)
    stated = parse_iso_date(text) if isinstance(text, str) else None
    if not isinstance(parsed, struct_time):
        return stated
    try:
        time = datetime(*parsed[:6], tzinfo=UTC)
    except ValueError:
        return None
    # feedparser knows more formats, but converts all to UTC.
    return stated if stated is not None and stated.at == time else PageDate.from_time(time)


def _plain_text(text: object) -> str | None:
    return " ".join(unescape(text).split()) or None if isinstance(text, str) else None


def read_json_feed(text: str, url: str) -> tuple[str | None, tuple[FeedEntry, ...]]:
    """Read a JSON Feed (jsonfeed.org, version 1.1)."""
    try:
        feed = json.loads(text[:MAX_FEED_BYTES])
    except (ValueError, RecursionError):
        return None, ()
    if not isinstance(feed, dict):
        return None, ()
    items = feed.get("items")
    found = (_json_entry(item, url) for item in (items if isinstance(items, list) else [])[:MAX_ENTRIES])
    return _plain_text(feed.get("title")), _unique_by_url(found)


def _json_entry(item: object, base: str) -> FeedEntry | None:
    if not isinstance(item, dict):
        return None
    link = item.get("url") or item.get("id")
    url = resolve_link(base, link) if isinstance(link, str) else None
    if url is None:
        return None
    stated = (item.get(key) for key in ("date_published", "date_modified"))
    published, modified = (value if isinstance(value, str) else "" for value in stated)
    title = _plain_text(item.get("title"))
    return FeedEntry(url=url, title=title, published=parse_iso_date(published), modified=_parse_time(modified))


# Find the feeds of a page (<link rel=alternate>), and the next pages of a listing.

_FEED_TYPES = frozenset(words("feed_type"))
_COMMENT_FEED = re.compile(r"comments?/feed|/feed/?\?|feed/comments|comments\.(?:xml|rss)|/comments/", re.IGNORECASE)
_NEXT_LABEL = re.compile(rf"^\W*(?:{alternatives('next_page')})\W*$", re.IGNORECASE)
_PAGINATION = re.compile(r"paginat|pager|page-?nav|page-?numbers|nav-?links|pages\b", re.IGNORECASE)


def find_feeds(page: Page, head: Head) -> tuple[UrlSource, ...]:
    """Return the feeds in <link rel=alternate>, each once; comment feeds are skipped."""
    found: list[UrlSource] = []
    for rel, attributes in head.links:
        if "alternate" not in rel.split() or attributes.get("type", "").strip().lower() not in _FEED_TYPES:
            continue
        url = resolve_link(page.base, attributes.get("href", ""))
        title = " ".join(attributes.get("title", "").split())
        if url and not _COMMENT_FEED.search(url) and "comment" not in title.lower():
            found.append(UrlSource(url=url, kind=UrlKind.FEED, title=title))
    return _unique_by_url(found)


def find_next_pages(page: Page, head: Head, content: PageBlocks) -> tuple[UrlSource, ...]:
    """Return the following pages of a listing: rel=next, links labelled "next", or numbered pagination."""
    found: dict[str, UrlSource] = {}

    def add(href: str, title: str) -> None:
        url = resolve_link(page.base, href)
        if url and url != page.url and split_url(url).netloc == split_url(page.url).netloc:
            found.setdefault(url, UrlSource(url=url, kind=UrlKind.LISTING, title=title))

    if href := head.link("next"):
        add(href, "next")
    for anchor in content.anchors:
        rel = anchor.rel.lower().split()
        is_labelled = _NEXT_LABEL.match(anchor.text) and not anchor.zone & zones.ARTICLE
        is_number = anchor.text.isdecimal() and len(anchor.text) <= 4
        around = islice(anchor.element.iterancestors(), 4 * is_number)
        named = (element.get(name) or "" for element in around for name in ("class", "id", "aria-label"))
        if "next" in rel or is_labelled or any(map(_PAGINATION.search, named)):
            add(anchor.href, anchor.text)
    return tuple(found.values())[:20]
