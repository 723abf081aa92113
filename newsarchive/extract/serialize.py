"""Convert a reading to JSON values: the fields of `newsarchive export` that need no archive."""

from typing import Any

from storage.article_fields import article_to_json, format_time, from_article, links_to_json
from storage.model import Outcome, Reading


def reading_to_json(reading: Reading) -> dict[str, Any]:
    """Return a reading as dicts, lists and strings; keys are always in the same order."""
    line: dict[str, Any] = {"outcome": reading.outcome.value, "reason": reading.reason}
    if reading.article is not None:
        line |= article_to_json(from_article(reading.article))
    if reading.outcome not in (Outcome.ARTICLE, Outcome.PAYWALL_STUB):
        line |= {"title": reading.title, "links": links_to_json(reading.link_groups)}
    if reading.entries:
        line["entries"] = [
            {
                "url": entry.url,
                "title": entry.title,
                "published": entry.published.isoformat() if entry.published else None,
                "modified": format_time(entry.modified) if entry.modified else None,
                "news": entry.news,
            }
            for entry in reading.entries
        ]
    if reading.sources:
        line["sources"] = [{"url": s.url, "kind": s.kind.value, "title": s.title} for s in reading.sources]
    return line
