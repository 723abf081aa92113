"""Read feeds: RSS, Atom and RDF with feedparser, and JSON Feed."""

import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from html import unescape
from time import struct_time
from typing import Any

import feedparser

from newsarchive.extract.parse_date import parse_iso_date
from newsarchive.extract.sitemaps import remove_entities
from newsarchive.extract.tree import resolve_link
from storage.model import FeedEntry
from storage.page_date import PageDate

MAX_BYTES = 10_000_000
MAX_ENTRIES = 5_000


def read_feed(payload: bytes, url: str) -> tuple[str | None, tuple[FeedEntry, ...]]:
    """Return the title and entries of a feed; a broken feed is read as far as possible."""
    # A stream, not bytes: feedparser takes a string for a URL, and would fetch it. Sanitizing and URL resolution
    # concern the
    # HTML of entries, which is not used, and cost ten times as much as parsing.
    stream = io.BytesIO(remove_entities(payload[:MAX_BYTES]))
    try:
        parsed: Any = feedparser.parse(stream, sanitize_html=False, resolve_relative_uris=False)
    except Exception:  # noqa: BLE001 - it promises not to raise, yet does on some broken markup; the bytes are kept
        return None, ()
    # RSS itself has no update date: feedparser reports Dublin Core's dc:date as one.
    is_rss = str(parsed.get("version", "")).startswith("rss")
    entries = _unique_entries(_entry(item, url, is_rss=is_rss) for item in parsed.entries[:MAX_ENTRIES])
    return _plain_text(parsed.feed.get("title")), entries


def _unique_entries(found: Iterable[FeedEntry | None]) -> tuple[FeedEntry, ...]:
    """Return the entries, the first of each URL."""
    entries: dict[str, FeedEntry] = {}
    for entry in found:
        if entry is not None:
            entries.setdefault(entry.url, entry)
    return tuple(entries.values())


def _entry(item: Any, base: str, *, is_rss: bool) -> FeedEntry | None:
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
    if not isinstance(text, str):
        return None
    return " ".join(unescape(text).split()) or None


def read_json_feed(text: str, url: str) -> tuple[str | None, tuple[FeedEntry, ...]]:
    """Read a JSON Feed (jsonfeed.org, version 1.1)."""
    try:
        feed = json.loads(text[:MAX_BYTES])
    except (ValueError, RecursionError):
        return None, ()
    if not isinstance(feed, dict):
        return None, ()
    items = feed.get("items")
    found = (_json_entry(item, url) for item in (items if isinstance(items, list) else [])[:MAX_ENTRIES])
    return _plain_text(feed.get("title")), _unique_entries(found)


def _json_entry(item: object, base: str) -> FeedEntry | None:
    if not isinstance(item, dict):
        return None
    link = item.get("url") or item.get("id")
    url = resolve_link(base, link) if isinstance(link, str) else None
    if url is None:
        return None
    dates = {
        key: parse_iso_date(value)
        for key in ("date_published", "date_modified")
        if isinstance(value := item.get(key), str)
    }
    return FeedEntry(
        url=url,
        title=_plain_text(item.get("title")),
        published=dates.get("date_published"),
        modified=modified.at if (modified := dates.get("date_modified")) else None,
    )
