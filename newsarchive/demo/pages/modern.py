"""The modern template: JSON-LD, OpenGraph, figures, subheadings, a read-also card, a most-read box."""

import json
from datetime import timedelta, timezone
from html import escape

from newsarchive.demo import paper
from newsarchive.demo.edition import Box, Edition, Line, Sheet
from newsarchive.demo.pages import blocks, frame

_SUMMER_TIME = timezone(timedelta(hours=1))
"""The site's own clock: its metadata is in local time with an offset, as sites do."""


def page(sheet: Sheet, edition: Edition) -> str:
    """Return the article's page."""
    draft, item = sheet.draft, sheet.item
    dek = f'<p class="standfirst">{escape(draft.dek, quote=False)}</p>\n' if draft.dek else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{item.language}" prefix="og: https://ogp.me/ns#">\n'
        f"{frame.head(f'{draft.headline} | {paper.NAME}', extra=_metadata(sheet, edition) + frame.feeds(edition))}"
        f'<body class="modern">\n{frame.masthead()}<main><article>\n'
        f'<a class="kicker" href="/{item.brief.section.name}/">{item.brief.section.title}</a>\n'
        f"<h1>{escape(draft.headline, quote=False)}</h1>\n{dek}{_byline(sheet)}{_figure(sheet)}"
        f'<div class="body">\n{_story(sheet, edition)}</div>\n{_tags(sheet)}'
        f'<div class="disclaimer"><p>{paper.AI_DISCLAIMER}</p></div>\n</article>\n{_related(sheet.related)}'
        f"{_most_read(sheet.latest)}{_newsletter()}</main>\n{frame.footer()}</body>\n</html>\n"
    )


def linked_data(sheet: Sheet, edition: Edition) -> dict[str, object]:
    """Return the article as schema.org says it."""
    draft, item = sheet.draft, sheet.item
    published = item.brief.published.astimezone(_SUMMER_TIME)
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": edition.url(item.brief.path),
        "headline": draft.headline,
        "image": [edition.url(f"/media/{item.picture}.png")],
        "datePublished": published.isoformat(),
        "dateModified": (draft.modified or item.brief.published).astimezone(_SUMMER_TIME).isoformat(),
        "author": [{"@type": "Person", "name": author} for author in item.authors],
        "publisher": {"@type": "Organization", "name": paper.NAME, "url": edition.url("/")},
        "articleSection": item.brief.section.title,
        "keywords": list(item.tags),
        "inLanguage": item.language,
        "isAccessibleForFree": True,
    }
    if draft.dek:
        data["description"] = draft.dek
    return data


def _metadata(sheet: Sheet, edition: Edition) -> str:
    draft, item = sheet.draft, sheet.item
    data = json.dumps(linked_data(sheet, edition), ensure_ascii=False, indent=1).replace("</", "<\\/")
    properties = {
        "og:type": "article",
        "og:site_name": paper.NAME,
        "og:title": draft.headline,
        "og:description": draft.dek or "",
        "og:url": edition.url(item.brief.path),
        "og:image": edition.url(f"/media/{item.picture}.png"),
        "article:published_time": item.brief.published.isoformat(),
        "article:section": item.brief.section.title,
    }
    metas = "".join(f'<meta property="{key}" content="{escape(value)}">\n' for key, value in properties.items())
    return (
        f'<link rel="canonical" href="{edition.url(item.brief.path)}">\n{metas}'
        f'<script type="application/ld+json">\n{data}\n</script>\n'
    )


def _byline(sheet: Sheet) -> str:
    published = sheet.item.brief.published
    names = " and ".join(f'<span class="author">{escape(author)}</span>' for author in sheet.item.authors)
    return (
        f'<div class="byline">By {names} · <time datetime="{published.isoformat()}">'
        f"{frame.short_day(published)}, {published:%H:%M} UTC</time></div>\n"
    )


def caption(sheet: Sheet) -> str:
    """Return the words under the lead picture."""
    return f"A view of Alder Bay from the north. Picture {sheet.item.picture + 1} of our readers' competition"


def _figure(sheet: Sheet) -> str:
    return (
        f'<figure><img src="/media/{sheet.item.picture}.png" alt="The bay at {sheet.item.picture % 12 + 1} hours" '
        f'width="640" height="360"><figcaption>{caption(sheet)}</figcaption></figure>\n'
    )


def _story(sheet: Sheet, edition: Edition) -> str:
    parts = [blocks.html(block, edition) for block in sheet.draft.blocks]
    if sheet.read_also and len(parts) > 4:
        parts.insert(4, _card(sheet.read_also))
    if len(parts) > 10:
        first = sheet.draft.blocks[0].text
        parts.insert(9, f'<aside class="pull"><p>{escape(first, quote=False)}</p></aside>\n')
    return "".join(parts)


def _card(line: Line) -> str:
    link = f'<a href="{line.path}">{escape(line.text, quote=False)}</a>'
    return f'<div class="read-also"><span>Read also</span> {link}</div>\n'


def _tags(sheet: Sheet) -> str:
    links = " ".join(f'<a rel="tag" href="/tag/{tag.lower()}">{tag}</a>' for tag in sheet.item.tags)
    return f'<div class="tags">{links}</div>\n'


def _related(box: Box) -> str:
    cards = "".join(
        f'<li><a href="{line.path}"><h3>{escape(line.text, quote=False)}</h3></a></li>\n' for line in box.lines
    )
    return f'<section class="more"><h2>{box.label}</h2>\n<ul>\n{cards}</ul></section>\n'


def _most_read(box: Box | None) -> str:
    if box is None:
        return ""
    items = "".join(f'<li><a href="{line.path}">{escape(line.text, quote=False)}</a></li>\n' for line in box.lines)
    return f'<aside class="most-read"><h2>{box.label}</h2>\n<ol>\n{items}</ol></aside>\n'


def _newsletter() -> str:
    return (
        f'<section class="newsletter"><h2>{paper.NEWSLETTER_HEAD}</h2><p>{paper.NEWSLETTER_TEXT}</p>'
        '<form action="/newsletter" method="post"><input name="email"><button>Sign up</button></form></section>\n'
    )
