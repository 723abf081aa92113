"""A reading as plain JSON: the fields of `newsarchive export`, without what only an archive knows."""

from datetime import datetime
from typing import Any

from storage.model import BODY_ROLES, Article, Dated, LinkGroup, Reading


def as_json(reading: Reading) -> dict[str, Any]:
    """Return a reading as dicts, lists and strings, its keys always in the same order."""
    line: dict[str, Any] = {"outcome": reading.outcome.value, "reason": reading.reason}
    if reading.article is not None:
        line |= _article(reading.article)
    else:
        line |= {"title": reading.title, "links": _groups(reading.link_groups)}
    if reading.entries:
        line["entries"] = [
            {
                "url": entry.url,
                "title": entry.title,
                "published": _iso(entry.published),
                "modified": _iso(entry.modified),
                "news": entry.news,
            }
            for entry in reading.entries
        ]
    if reading.sources:
        line["sources"] = [{"url": s.url, "kind": s.kind.value, "title": s.title} for s in reading.sources]
    return line


def _article(article: Article) -> dict[str, Any]:
    return {
        "url": article.url,
        "canonical_url": article.canonical_url,
        "headline": article.headline,
        "dek": article.dek,
        "authors": list(article.authors),
        "published": _moment(article.published),
        "published_source": article.published.source if article.published else None,
        "modified": _moment(article.modified),
        "language": article.language,
        "section": article.section,
        "tags": list(article.tags),
        "body": "\n\n".join(p.text for p in article.paragraphs if p.role in BODY_ROLES),
        "paragraphs": [{"role": p.role.value, "text": p.text} for p in article.paragraphs],
        "links": _groups(article.link_groups),
        "access": article.access.value if article.access else None,
        "image": article.image.url if article.image else None,
        "image_caption": article.image.caption if article.image else None,
        "live": article.live,
        "noarchive": article.noarchive,
    }


def _groups(groups: tuple[LinkGroup, ...]) -> list[dict[str, Any]]:
    return [
        {
            "kind": group.kind.value,
            "label": group.label,
            "links": [{"url": link.url, "anchor": link.anchor} for link in group.links],
        }
        for group in groups
    ]


def _moment(dated: Dated | None) -> str | None:
    return _iso(dated.at) if dated else None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
