"""Find the feeds of a page (<link rel=alternate>), and the next pages of a listing."""

import re
from itertools import islice

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import PageBlocks
from newsarchive.extract.html_head import Head
from newsarchive.extract.tree import Page, resolve_link
from newsarchive.extract.urls import split_url
from newsarchive.extract.word_tables import alternatives, words
from storage.model import UrlKind, UrlSource

_FEED_TYPES = frozenset(words("feed_type"))
_COMMENT_FEED = re.compile(r"comments?/feed|/feed/?\?|feed/comments|comments\.(?:xml|rss)|/comments/", re.IGNORECASE)
_NEXT_LABEL = re.compile(rf"^\W*(?:{alternatives('next_page')})\W*$", re.IGNORECASE)
_PAGINATION = re.compile(r"paginat|pager|page-?nav|page-?numbers|nav-?links|pages\b", re.IGNORECASE)


def find_feeds(page: Page, head: Head) -> tuple[UrlSource, ...]:
    """Return the feeds in <link rel=alternate>, each once; comment feeds are skipped."""
    found: dict[str, UrlSource] = {}
    for rel, attributes in head.links:
        if "alternate" not in rel.split() or attributes.get("type", "").strip().lower() not in _FEED_TYPES:
            continue
        url = resolve_link(page.base, attributes.get("href", ""))
        title = " ".join(attributes.get("title", "").split())
        if url and not _COMMENT_FEED.search(url) and "comment" not in title.lower():
            found.setdefault(url, UrlSource(url=url, kind=UrlKind.FEED, title=title))
    return tuple(found.values())


def find_next_pages(page: Page, head: Head, content: PageBlocks) -> tuple[UrlSource, ...]:
    """Return the following pages of a listing: rel=next, links labelled "next", or numbered pagination."""
    found: dict[str, UrlSource] = {}

    def add(href: str, title: str) -> None:
        url = resolve_link(page.base, href)
        if url and url != page.url and split_url(url).netloc == split_url(page.url).netloc:
            found.setdefault(url, UrlSource(url=url, kind=UrlKind.LISTING, title=title))

    if href := head.link("next"):
        add(href, "next")
    for anchor in content.anchors:
        rel = anchor.rel.lower().split()
        if (
            "next" in rel
            or (_NEXT_LABEL.match(anchor.text) and not anchor.zone & zones.ARTICLE)
            or (anchor.text.isdecimal() and len(anchor.text) <= 4 and _is_in_pagination(anchor.element))
        ):
            add(anchor.href, anchor.text)
    return tuple(found.values())[:20]


def _is_in_pagination(link: HtmlElement) -> bool:
    for element in islice(link.iterancestors(), 4):
        names = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('aria-label') or ''}"
        if _PAGINATION.search(names):
            return True
    return False
