"""Feeds: Atom (RFC 4287) and JSON Feed 1.1. The ids of entries are permalinks, which a rebuild does not change."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from newsarchive.web.jinja_env import iso_time
from newsarchive.web.timestamps import format_timestamp
from newsarchive.web.wb_url import is_http_url, quote_url
from storage.page_date import PageDate

ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """One entry of a feed."""

    captured: datetime
    """Time of the capture that the permalink leads to."""
    page: str
    """Path of the entry's page in the archive."""
    url: str
    """The page that was archived."""
    title: str
    updated: datetime
    published: PageDate | None = None
    authors: Sequence[str]
    """At least one, which Atom requires."""
    section: str | None
    language: str | None
    summary: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A list of the archive as a feed."""

    title: str
    public_url: str
    """URL of the archive, without a trailing slash."""
    page_path: str
    """Path and query of the page that shows the same."""
    feed_path: str
    """Path and query of the feed."""
    entries: Sequence[FeedEntry]

    def permalink(self, entry: FeedEntry) -> str:
        """Return a URL that does not depend on the index."""
        return f"{self.public_url}/web/{format_timestamp(entry.captured)}/{quote_url(entry.url)}"

    @property
    def update_time(self) -> datetime:
        """Time of the newest entry; 1970 for a feed without entries, so that it is constant."""
        return max((entry.updated for entry in self.entries), default=datetime(1970, 1, 1, tzinfo=UTC))


def render_atom(feed: Feed) -> bytes:
    """Return the feed as Atom."""
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed")
    _add_text(root, "id", feed.public_url + feed.feed_path)
    _add_text(root, "title", feed.title)
    _add_text(root, "updated", iso_time(feed.update_time))
    _add_link(root, "self", feed.public_url + feed.feed_path, "application/atom+xml")
    _add_link(root, "alternate", feed.public_url + feed.page_path, "text/html")
    _add_text(root, "generator", "newsarchive")
    for entry in feed.entries:
        _add_entry(ET.SubElement(root, f"{{{ATOM}}}entry"), feed, entry)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + bytes(ET.tostring(root, encoding="utf-8"))


def _add_entry(element: ET.Element, feed: Feed, entry: FeedEntry) -> None:
    if entry.language:
        element.set("{http://www.w3.org/XML/1998/namespace}lang", _replace_invalid_xml(entry.language))
    _add_text(element, "id", feed.permalink(entry))
    _add_text(element, "title", entry.title or entry.url)
    _add_text(element, "updated", iso_time(entry.updated))
    if published := _rfc3339(entry.published):
        _add_text(element, "published", published)
    for name in entry.authors:
        _add_text(ET.SubElement(element, f"{{{ATOM}}}author"), "name", name)
    _add_link(element, "alternate", feed.public_url + entry.page, "text/html")
    if is_http_url(entry.url):
        _add_link(element, "via", entry.url, "text/html")
    if entry.section:
        ET.SubElement(element, f"{{{ATOM}}}category", term=_replace_invalid_xml(entry.section))
    if summary := entry.summary or entry.text:
        _add_text(element, "summary", summary)


def _rfc3339(date: PageDate | None) -> str | None:
    """Return a date with its offset; None without time or offset: both formats require them."""
    return date.isoformat() if date and not date.is_day and date.offset is not None else None


def _add_text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}{name}").text = _replace_invalid_xml(text)


def _add_link(parent: ET.Element, rel: str, href: str, media_type: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}link", rel=rel, href=_replace_invalid_xml(href), type=media_type)


def _replace_invalid_xml(text: str) -> str:
    """Return a text in which characters that XML does not allow are replaced."""
    return _NOT_XML.sub("\ufffd", text)


def render_json_feed(feed: Feed) -> bytes:
    """Return the feed as JSON Feed 1.1."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.public_url + feed.page_path,
        "feed_url": feed.public_url + feed.feed_path,
        "items": [_item(feed, entry) for entry in feed.entries],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _item(feed: Feed, entry: FeedEntry) -> dict[str, object]:
    item: dict[str, object] = {
        "id": feed.permalink(entry),
        "url": feed.public_url + entry.page,
        "external_url": entry.url if is_http_url(entry.url) else None,
        "title": entry.title or entry.url,
        "content_text": entry.text or entry.summary or entry.title or entry.url,
        "summary": entry.summary,
        "date_published": _rfc3339(entry.published),
        "date_modified": iso_time(entry.updated),
        "authors": [{"name": name} for name in entry.authors],
        "tags": [entry.section] if entry.section else None,
        "language": entry.language,
    }
    return {name: value for name, value in item.items() if value is not None}
