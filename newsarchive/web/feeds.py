"""Feeds: Atom (RFC 4287) and JSON Feed 1.1. The ids of entries are permalinks, which a rebuild does not change."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from newsarchive.web.jinja_env import TEMPLATES, iso_time
from newsarchive.web.timestamps import format_timestamp
from newsarchive.web.wb_url import is_http_url, quote_url
from storage.page_date import PageDate

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML does not allow."""


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

    def item(self, entry: FeedEntry) -> dict[str, object]:
        """Return an entry under the names of JSON Feed; Atom has the same."""
        # Both formats require time and offset of a date.
        dated = entry.published and not entry.published.is_day and entry.published.offset is not None
        return {
            "id": f"{self.public_url}/web/{format_timestamp(entry.captured)}/{quote_url(entry.url)}",
            "url": f"{self.public_url}{entry.page}",
            "external_url": entry.url if is_http_url(entry.url) else None,
            "title": entry.title or entry.url,
            "content_text": entry.text or entry.summary or entry.title or entry.url,
            "summary": entry.summary,
            "date_published": entry.published.isoformat() if entry.published and dated else None,
            "date_modified": iso_time(entry.updated),
            "authors": [{"name": name} for name in entry.authors],
            "tags": [entry.section] if entry.section else None,
            "language": entry.language,
        }


def render_atom(feed: Feed) -> bytes:
    """Return the feed as Atom, in which characters that XML does not allow are replaced."""
    return NOT_XML.sub("\ufffd", TEMPLATES.get_template("atom.xml").render(feed=feed)).encode()


def render_json_feed(feed: Feed) -> bytes:
    """Return the feed as JSON Feed 1.1."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.public_url + feed.page_path,
        "feed_url": feed.public_url + feed.feed_path,
        "items": [
            {name: value for name, value in feed.item(entry).items() if value is not None} for entry in feed.entries
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace")
