"""Metadata of an article page: JSON-LD and OpenGraph."""

import json
from datetime import datetime, timedelta, timezone
from html import escape
from itertools import pairwise

from storage.model import Role
from tests.newsroom import newspaper
from tests.newsroom.article import amp_path
from tests.newsroom.site_view import PageContent, SiteView

_SUMMER_TIME = timezone(timedelta(hours=1))
"""Time zone of the metadata: local time with an offset, as many sites have it."""


def caption(picture: int) -> str:
    """Return the caption of a lead picture."""
    return f"A view of Alder Bay from the north. Picture {picture + 1} of our readers' competition"


def linked_data(content: PageContent, view: SiteView) -> dict[str, object]:
    """Return the article as JSON-LD (schema.org)."""
    state, history = content.state, content.history
    special = history.summary.special
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting" if special.live else "NewsArticle",
        "mainEntityOfPage": view.url(content.path),
        "headline": state.headline,
        "image": [view.url(f"/media/{history.picture}.png")],
        "datePublished": _local(history.summary.published),
        "dateModified": _local(state.modified or history.summary.published),
        "author": [{"@type": "Person", "name": author} for author in history.authors],
        "publisher": {"@type": "Organization", "name": newspaper.NAME, "url": view.url("/")},
        "articleSection": history.summary.section.title,
        "keywords": list(history.tags),
        "inLanguage": history.summary.language,
        "isAccessibleForFree": not special.paywalled,
    }
    if state.dek:
        data["description"] = state.dek
    if special.paywalled:
        data["hasPart"] = {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".paid"}
    if special.live:
        data |= _live(content)
    return data


def head(content: PageContent, view: SiteView) -> str:
    """Return canonical link, OpenGraph and JSON-LD as markup for a page's head."""
    state, history = content.state, content.history
    url = view.url(content.path)
    data = json.dumps(linked_data(content, view), ensure_ascii=False, indent=1).replace("</", "<\\/")
    properties = {
        "og:type": "article",
        "og:site_name": newspaper.NAME,
        "og:title": state.headline,
        "og:url": url,
        "og:image": view.url(f"/media/{history.picture}.png"),
        "article:published_time": history.summary.published.isoformat(),
        "article:section": history.summary.section.title,
    }
    if state.dek:
        properties["og:description"] = state.dek
    metas = "".join(f'<meta property="{key}" content="{escape(value)}">\n' for key, value in properties.items())
    amp = (
        f'<link rel="amphtml" href="{view.url(amp_path(content.path))}">\n' if history.summary.special.variants else ""
    )
    return f'<link rel="canonical" href="{url}">\n{amp}{metas}<script type="application/ld+json">\n{data}\n</script>\n'


def _local(moment: datetime) -> str:
    return moment.astimezone(_SUMMER_TIME).isoformat()


def _live(content: PageContent) -> dict[str, object]:
    blocks = content.state.blocks
    updates = [
        {"@type": "BlogPosting", "headline": head.text, "articleBody": text.text}
        for head, text in pairwise(blocks)
        if head.role is Role.HEADING and head.text.endswith("from the terminal")
    ]
    return {"coverageStartTime": _local(content.history.summary.published), "liveBlogUpdate": updates}
