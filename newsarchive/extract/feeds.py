"""RSS, Atom and RDF through feedparser, and JSON Feed."""

import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from html import unescape
from time import struct_time
from typing import Any

import feedparser

from newsarchive.extract.parse_date import iso
from newsarchive.extract.sitemaps import without_entities
from newsarchive.extract.tree import absolute
from storage.model import Entry

MOST_BYTES = 10_000_000
MOST_ENTRIES = 5_000


def read_feed(payload: bytes, url: str) -> tuple[str | None, tuple[Entry, ...]]:
    """Return a feed's title and entries; what is broken is read as far as it goes."""
    # A stream, not bytes: feedparser takes a string for an address, and would fetch it. Sanitizing and resolving are
    # for entries' HTML, which is not used, and cost ten times the parsing.
    stream = io.BytesIO(without_entities(payload[:MOST_BYTES]))
    try:
        parsed: Any = feedparser.parse(stream, sanitize_html=False, resolve_relative_uris=False)
    except Exception:  # noqa: BLE001 - it promises not to raise, yet does on some broken markup; the bytes are kept
        return None, ()
    # RSS itself knows no update: what it dates with Dublin Core's dc:date, feedparser calls one.
    is_rss = str(parsed.get("version", "")).startswith("rss")
    entries = _each(_entry(item, url, is_rss=is_rss) for item in parsed.entries[:MOST_ENTRIES])
    return _plain(parsed.feed.get("title")), entries


def _each(found: Iterable[Entry | None]) -> tuple[Entry, ...]:
    """Return entries, the first of each URL."""
    entries: dict[str, Entry] = {}
    for entry in found:
        if entry is not None:
            entries.setdefault(entry.url, entry)
    return tuple(entries.values())


def _entry(item: Any, base: str, *, is_rss: bool) -> Entry | None:
    # FeedBurner keeps the publisher's own address apart.
    link = item.get("feedburner_origlink") or item.get("link")
    if not link and str(item.get("id", "")).startswith(("http://", "https://")):
        link = item["id"]
    url = absolute(base, str(link)) if link else None
    if url is None:
        return None
    published, updated = _moment(item, "published") or _moment(item, "created"), _moment(item, "updated")
    return Entry(
        url=url,
        title=_plain(item.get("title")),
        published=updated if is_rss and published is None else published,
        modified=None if is_rss and published is None else updated,
    )


def _moment(item: Any, name: str) -> datetime | None:
    # `in`, not get(): feedparser lends "updated" the value of "published", with a warning.
    parsed = dict.get(item, f"{name}_parsed")
    if isinstance(parsed, struct_time):
        try:
            return datetime(*parsed[:6], tzinfo=UTC)
        except ValueError:
            return None
    text = dict.get(item, name)
    return iso(text) if isinstance(text, str) else None


def _plain(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    return " ".join(unescape(text).split()) or None


def read_json_feed(text: str, url: str) -> tuple[str | None, tuple[Entry, ...]]:
    """Read a JSON Feed (jsonfeed.org, version 1.1)."""
    try:
        feed = json.loads(text[:MOST_BYTES])
    except (ValueError, RecursionError):
        return None, ()
    if not isinstance(feed, dict):
        return None, ()
    items = feed.get("items")
    found = (_json_entry(item, url) for item in (items if isinstance(items, list) else [])[:MOST_ENTRIES])
    return _plain(feed.get("title")), _each(found)


def _json_entry(item: object, base: str) -> Entry | None:
    if not isinstance(item, dict):
        return None
    link = item.get("url") or item.get("id")
    url = absolute(base, link) if isinstance(link, str) else None
    if url is None:
        return None
    dates = {key: iso(value) for key in ("date_published", "date_modified") if isinstance(value := item.get(key), str)}
    return Entry(
        url=url,
        title=_plain(item.get("title")),
        published=dates.get("date_published"),
        modified=dates.get("date_modified"),
    )
