"""What an article says of itself to machines: JSON-LD and OpenGraph."""

import json
from datetime import datetime, timedelta, timezone
from html import escape
from itertools import pairwise

from newsarchive.demo import paper
from newsarchive.demo.article import amp_path
from newsarchive.demo.edition import Edition, Sheet
from storage.model import Role

_SUMMER_TIME = timezone(timedelta(hours=1))
"""The site's own clock: its metadata is in local time with an offset, as sites do."""


def caption(picture: int) -> str:
    """Return the words under a lead picture."""
    return f"A view of Alder Bay from the north. Picture {picture + 1} of our readers' competition"


def linked_data(sheet: Sheet, edition: Edition) -> dict[str, object]:
    """Return the article as schema.org says it."""
    draft, item = sheet.draft, sheet.item
    special = item.brief.special
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting" if special.live else "NewsArticle",
        "mainEntityOfPage": edition.url(sheet.path),
        "headline": draft.headline,
        "image": [edition.url(f"/media/{item.picture}.png")],
        "datePublished": _local(item.brief.published),
        "dateModified": _local(draft.modified or item.brief.published),
        "author": [{"@type": "Person", "name": author} for author in item.authors],
        "publisher": {"@type": "Organization", "name": paper.NAME, "url": edition.url("/")},
        "articleSection": item.brief.section.title,
        "keywords": list(item.tags),
        "inLanguage": item.brief.language,
        "isAccessibleForFree": not special.paywalled,
    }
    if draft.dek:
        data["description"] = draft.dek
    if special.paywalled:
        data["hasPart"] = {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".paid"}
    if special.live:
        data |= _live(sheet)
    return data


def head(sheet: Sheet, edition: Edition) -> str:
    """Return canonical link, OpenGraph and JSON-LD as markup for a page's head."""
    draft, item = sheet.draft, sheet.item
    url = edition.url(sheet.path)
    data = json.dumps(linked_data(sheet, edition), ensure_ascii=False, indent=1).replace("</", "<\\/")
    properties = {
        "og:type": "article",
        "og:site_name": paper.NAME,
        "og:title": draft.headline,
        "og:url": url,
        "og:image": edition.url(f"/media/{item.picture}.png"),
        "article:published_time": item.brief.published.isoformat(),
        "article:section": item.brief.section.title,
    }
    if draft.dek:
        properties["og:description"] = draft.dek
    metas = "".join(f'<meta property="{key}" content="{escape(value)}">\n' for key, value in properties.items())
    amp = f'<link rel="amphtml" href="{edition.url(amp_path(sheet.path))}">\n' if item.brief.special.variants else ""
    return f'<link rel="canonical" href="{url}">\n{amp}{metas}<script type="application/ld+json">\n{data}\n</script>\n'


def _local(moment: datetime) -> str:
    return moment.astimezone(_SUMMER_TIME).isoformat()


def _live(sheet: Sheet) -> dict[str, object]:
    blocks = sheet.draft.blocks
    updates = [
        {"@type": "BlogPosting", "headline": head.text, "articleBody": text.text}
        for head, text in pairwise(blocks)
        if head.role is Role.HEADING and head.text.endswith("from the terminal")
    ]
    return {"coverageStartTime": _local(sheet.item.brief.published), "liveBlogUpdate": updates}
