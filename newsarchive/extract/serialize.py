"""A reading as plain JSON: the fields of `newsarchive export`, without what only an archive knows."""

from datetime import datetime
from typing import Any

from storage.article_fields import article_to_json, format_time, from_article, links_to_json
from storage.model import Reading


def as_json(reading: Reading) -> dict[str, Any]:
    """Return a reading as dicts, lists and strings, its keys always in the same order."""
    line: dict[str, Any] = {"outcome": reading.outcome.value, "reason": reading.reason}
    if reading.article is not None:
        line |= article_to_json(from_article(reading.article))
    else:
        line |= {"title": reading.title, "links": links_to_json(reading.link_groups)}
    if reading.entries:
        line["entries"] = [
            {
                "url": entry.url,
                "title": entry.title,
                "published": _format_time(entry.published),
                "modified": _format_time(entry.modified),
                "news": entry.news,
            }
            for entry in reading.entries
        ]
    if reading.sources:
        line["sources"] = [{"url": s.url, "kind": s.kind.value, "title": s.title} for s in reading.sources]
    return line


def _format_time(moment: datetime | None) -> str | None:
    return format_time(moment) if moment else None
