"""Feeds of a search: Atom (RFC 4287) and JSON Feed 1.1. An entry's id is the permalink of what was first captured,
which a rebuild of the index does not change; its date of change is that of the newest version.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from newsarchive.web.hrefs import is_web
from newsarchive.web.pages.jinja_env import iso
from newsarchive.web.timestamps import stamp
from newsarchive.web.wb_url import in_path
from storage.index.views.articles import Hit, Segment

ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A search as a feed."""

    title: str
    base_url: str
    """The archive's own address, without a slash at its end."""
    page: str
    """Path and query of the search."""
    path: str
    """Path and query of the feed."""
    hits: Sequence[Hit]

    def permalink(self, hit: Hit) -> str:
        """Address that stays, whatever becomes of the index."""
        return f"{self.base_url}/web/{stamp(hit.first_seen)}/{in_path(hit.url)}"

    def article(self, hit: Hit) -> str:
        """Address of the article's page."""
        return f"{self.base_url}/article/{hit.article_id}"

    @property
    def updated(self) -> datetime:
        """When the newest of what it shows was captured; 1970 for a feed without entries, whenever one asks."""
        return max(map(changed, self.hits), default=datetime(1970, 1, 1, tzinfo=UTC))


def changed(hit: Hit) -> datetime:
    """When the version that is shown was first captured."""
    return hit.captured or hit.first_seen


def plain(segments: Iterable[Segment]) -> str:
    """A marked text without its marks."""
    return "".join(segment.text for segment in segments)


def atom(feed: Feed) -> bytes:
    """The feed as Atom."""
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed")
    _text(root, "id", feed.base_url + feed.path)
    _text(root, "title", feed.title)
    _text(root, "updated", iso(feed.updated))
    _link(root, "self", feed.base_url + feed.path, "application/atom+xml")
    _link(root, "alternate", feed.base_url + feed.page, "text/html")
    _text(root, "generator", "newsarchive")
    for hit in feed.hits:
        _entry(ET.SubElement(root, f"{{{ATOM}}}entry"), feed, hit)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + bytes(ET.tostring(root, encoding="utf-8"))


def _entry(entry: ET.Element, feed: Feed, hit: Hit) -> None:
    if hit.language:
        entry.set("{http://www.w3.org/XML/1998/namespace}lang", _clean(hit.language))
    _text(entry, "id", feed.permalink(hit))
    _text(entry, "title", plain(hit.headline) or hit.url)
    _text(entry, "updated", iso(changed(hit)))
    if hit.published:
        _text(entry, "published", iso(hit.published))
    # An entry without author would need one of the whole feed: that is the site then.
    for name in hit.authors or (hit.site,):
        _text(ET.SubElement(entry, f"{{{ATOM}}}author"), "name", name)
    _link(entry, "alternate", feed.article(hit), "text/html")
    if is_web(hit.url):
        _link(entry, "via", hit.url, "text/html")
    if hit.section:
        ET.SubElement(entry, f"{{{ATOM}}}category", term=_clean(hit.section))
    if summary := hit.dek or plain(hit.snippet):
        _text(entry, "summary", summary)


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}{name}").text = _clean(text)


def _link(parent: ET.Element, rel: str, href: str, media_type: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}link", rel=rel, href=_clean(href), type=media_type)


def _clean(text: str) -> str:
    """Text without the characters that XML has no place for."""
    return _NOT_XML.sub("\ufffd", text)


def json_feed(feed: Feed) -> bytes:
    """The feed as JSON Feed 1.1."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.base_url + feed.page,
        "feed_url": feed.base_url + feed.path,
        "items": [_item(feed, hit) for hit in feed.hits],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _item(feed: Feed, hit: Hit) -> dict[str, object]:
    item: dict[str, object] = {
        "id": feed.permalink(hit),
        "url": feed.article(hit),
        "external_url": hit.url if is_web(hit.url) else None,
        "title": plain(hit.headline) or hit.url,
        "content_text": plain(hit.snippet) or hit.dek or plain(hit.headline) or hit.url,
        "summary": hit.dek,
        "date_published": iso(hit.published) if hit.published else None,
        "date_modified": iso(changed(hit)),
        "authors": [{"name": name} for name in hit.authors or (hit.site,)],
        "tags": [hit.section] if hit.section else None,
        "language": hit.language,
    }
    return {name: value for name, value in item.items() if value is not None}
