"""Feeds of a search: Atom (RFC 4287) and JSON Feed 1.1. The id of an entry is the permalink of the first capture, which
a rebuild of the index does not change; its update time is that of the newest version.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from newsarchive.web.jinja_env import TEMPLATES, iso_time
from newsarchive.web.timestamps import format_timestamp
from newsarchive.web.wb_url import is_http_url, quote_url
from storage.index.views.articles import SearchHit

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

    @property
    def update_time(self) -> datetime:
        """Capture time of the newest entry; 1970 for a feed without entries, so that it is constant."""
        return max(map(version_time, self.hits), default=datetime(1970, 1, 1, tzinfo=UTC))

    def item(self, hit: SearchHit) -> dict[str, object]:
        """Return an entry under the names of JSON Feed; Atom has the same."""
        headline, snippet = ("".join(part.text for part in parts) for parts in (hit.headline, hit.snippet))
        # Both formats require time and offset of a date.
        dated = hit.published and not hit.published.is_day and hit.published.offset is not None
        return {
            "id": f"{self.public_url}/web/{format_timestamp(hit.first_seen)}/{quote_url(hit.url)}",
            "url": f"{self.public_url}/article/{hit.article_id}",
            "external_url": hit.url if is_http_url(hit.url) else None,
            "title": headline or hit.url,
            "content_text": snippet or hit.dek or headline or hit.url,
            "summary": hit.dek,
            "date_published": hit.published.isoformat() if hit.published and dated else None,
            "date_modified": iso_time(version_time(hit)),
            # Atom requires an author per entry or feed: without one it is the site.
            "authors": [{"name": name} for name in hit.authors or (hit.site,)],
            "tags": [hit.section] if hit.section else None,
            "language": hit.language,
        }


def version_time(hit: SearchHit) -> datetime:
    """Return the time of the first capture of the version that matches."""
    return hit.captured or hit.first_seen


def render_atom(feed: SearchFeed) -> bytes:
    """Return the feed as Atom, in which characters that XML does not allow are replaced."""
    return _NOT_XML.sub("\ufffd", TEMPLATES.get_template("atom.xml").render(feed=feed)).encode()


def render_json_feed(feed: SearchFeed) -> bytes:
    """Return the feed as JSON Feed 1.1."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.public_url + feed.search_path,
        "feed_url": feed.public_url + feed.feed_path,
        "items": [{name: value for name, value in feed.item(hit).items() if value is not None} for hit in feed.hits],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace")
