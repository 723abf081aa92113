"""Feeds: Atom (RFC 4287) and JSON Feed 1.1. The ids of entries are permalinks, which a rebuild does not change."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Response

from newsarchive.config.units import iso_time
from newsarchive.urls.wb_url import format_timestamp, is_http_url, quote_url
from newsarchive.web.context import RequestContext
from newsarchive.web.jinja_env import TEMPLATES
from newsarchive.web.snapshot.url_slots import xml_text
from storage.page_date import PageDate


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

    def to_item(self, public_url: str) -> dict[str, object]:
        """Return the entry under the names of JSON Feed; Atom has the same."""
        # Both formats require time and offset of a date.
        dated = self.published and not self.published.is_day and self.published.offset is not None
        return {
            "id": f"{public_url}/web/{format_timestamp(self.captured)}/{quote_url(self.url)}",
            "url": f"{public_url}{self.page}",
            "external_url": self.url if is_http_url(self.url) else None,
            "title": self.title or self.url,
            "content_text": self.text or self.summary or self.title or self.url,
            "summary": self.summary,
            "date_published": self.published.isoformat() if self.published and dated else None,
            "date_modified": iso_time(self.updated),
            "authors": [{"name": name} for name in self.authors],
            "tags": [self.section] if self.section else None,
            "language": self.language,
        }


def render_feed(
    context: RequestContext, title: str, page: str, entries: Sequence[FeedEntry], query: str = ""
) -> Response:
    """Return a feed in the format of the URL's suffix; `page` and the feed have the same query."""
    path, public_url = context.request.url.path, context.public_url
    items = [entry.to_item(public_url) for entry in entries]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{title} – {context.name}",
        "home_page_url": f"{public_url}{page}{query}",
        "feed_url": f"{public_url}{path}{query}",
        "items": [{name: value for name, value in item.items() if value is not None} for item in items],
    }
    if path.endswith(".json"):
        text, media_type = json.dumps(feed, ensure_ascii=False, indent=1), "application/feed+json"
    else:
        text = render_xml("atom.xml", feed=feed, entries=entries, items=items)
        media_type = "application/atom+xml; charset=utf-8"
    return context.add_etag(Response(text.encode("utf-8", "replace"), media_type=media_type))


def render_xml(template: str, **values: Any) -> str:
    """Render a template as XML, in which characters that it does not allow are replaced."""
    return xml_text(TEMPLATES.get_template(template).render(values), "\ufffd")
