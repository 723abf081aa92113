"""Feeds of a search: Atom (RFC 4287) and JSON Feed 1.1. The id of an entry is the permalink of the first capture, which
a rebuild of the index does not change; its update time is that of the newest version.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from newsarchive.web.jinja_env import iso_time
from newsarchive.web.timestamps import format_timestamp
from newsarchive.web.wb_url import is_http_url, quote_url
from storage.index.views.articles import SearchHit, TextSegment
from storage.page_date import PageDate

ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFeed:
    """A search as a feed."""

    title: str
    public_url: str
    """URL of the archive, without a trailing slash."""
    search_path: str
    """Path and query of the search."""
    feed_path: str
    """Path and query of the feed."""
    hits: Sequence[SearchHit]

    def permalink(self, hit: SearchHit) -> str:
        """Return a URL that does not depend on the index."""
        return f"{self.public_url}/web/{format_timestamp(hit.first_seen)}/{quote_url(hit.url)}"

    def article(self, hit: SearchHit) -> str:
        """Return the URL of the article's page."""
        return f"{self.public_url}/article/{hit.article_id}"

    @property
    def update_time(self) -> datetime:
        """Capture time of the newest entry; 1970 for a feed without entries, so that it is constant."""
        return max(map(version_time, self.hits), default=datetime(1970, 1, 1, tzinfo=UTC))


def version_time(hit: SearchHit) -> datetime:
    """Return the time of the first capture of the version that matches."""
    return hit.captured or hit.first_seen


def plain_text(segments: Iterable[TextSegment]) -> str:
    """Return a text without its match markup."""
    return "".join(segment.text for segment in segments)


def render_atom(feed: SearchFeed) -> bytes:
    """Return the feed as Atom."""
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed")
    _add_text(root, "id", feed.public_url + feed.feed_path)
    _add_text(root, "title", feed.title)
    _add_text(root, "updated", iso_time(feed.update_time))
    _add_link(root, "self", feed.public_url + feed.feed_path, "application/atom+xml")
    _add_link(root, "alternate", feed.public_url + feed.search_path, "text/html")
    _add_text(root, "generator", "newsarchive")
    for hit in feed.hits:
        _add_entry(ET.SubElement(root, f"{{{ATOM}}}entry"), feed, hit)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + bytes(ET.tostring(root, encoding="utf-8"))


def _add_entry(entry: ET.Element, feed: SearchFeed, hit: SearchHit) -> None:
    if hit.language:
        entry.set("{http://www.w3.org/XML/1998/namespace}lang", _replace_invalid_xml(hit.language))
    _add_text(entry, "id", feed.permalink(hit))
    _add_text(entry, "title", plain_text(hit.headline) or hit.url)
    _add_text(entry, "updated", iso_time(version_time(hit)))
    if published := _rfc3339(hit.published):
        _add_text(entry, "published", published)
    # Atom requires an author per entry or feed: without one it is the site.
    for name in hit.authors or (hit.site,):
        _add_text(ET.SubElement(entry, f"{{{ATOM}}}author"), "name", name)
    _add_link(entry, "alternate", feed.article(hit), "text/html")
    if is_http_url(hit.url):
        _add_link(entry, "via", hit.url, "text/html")
    if hit.section:
        ET.SubElement(entry, f"{{{ATOM}}}category", term=_replace_invalid_xml(hit.section))
    if summary := hit.dek or plain_text(hit.snippet):
        _add_text(entry, "summary", summary)


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


def render_json_feed(feed: SearchFeed) -> bytes:
    """Return the feed as JSON Feed 1.1."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.public_url + feed.search_path,
        "feed_url": feed.public_url + feed.feed_path,
        "items": [_item(feed, hit) for hit in feed.hits],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _item(feed: SearchFeed, hit: SearchHit) -> dict[str, object]:
    item: dict[str, object] = {
        "id": feed.permalink(hit),
        "url": feed.article(hit),
        "external_url": hit.url if is_http_url(hit.url) else None,
        "title": plain_text(hit.headline) or hit.url,
        "content_text": plain_text(hit.snippet) or hit.dek or plain_text(hit.headline) or hit.url,
        "summary": hit.dek,
        "date_published": _rfc3339(hit.published),
        "date_modified": iso_time(version_time(hit)),
        "authors": [{"name": name} for name in hit.authors or (hit.site,)],
        "tags": [hit.section] if hit.section else None,
        "language": hit.language,
    }
    return {name: value for name, value in item.items() if value is not None}
