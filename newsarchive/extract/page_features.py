"""The features by which a page is classified: article, listing, placeholder or media page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block
from newsarchive.extract.dates import WEAK_SOURCES
from newsarchive.extract.page_input import PageParts
from newsarchive.extract.parse_date import CLOCK, LETTER
from newsarchive.extract.tree import Page
from newsarchive.extract.urls import split_url
from newsarchive.extract.word_tables import alternatives
from storage.model import Article

_MAX_SCRIPTS = 40
_LIVE_TITLE = re.compile(rf"^\W*(?:{alternatives('live_title_start')})\W|{alternatives('live_title')}", re.IGNORECASE)
"""Neither site names nor concerts match: "Ferry is back - Hull Live", "Live music returns"."""
_LIVE_PATH = re.compile(alternatives("live_path"), re.IGNORECASE)
_MAX_TIMESTAMP_LENGTH = 30  # longest line that can be the time of a post
_MIN_POSTS = 3
_WORD = re.compile(f"{LETTER}+")
_OUTSIDE_POSTS = zones.NON_ARTICLE | zones.ASIDE | zones.FOOTER


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFeatures(PageParts):
    """The article of a page, and the features by which it is classified."""

    article: Article
    """Without link groups."""
    headline_block: Block | None
    body: Sequence[Block]
    """Blocks of the body."""
    fits_layout: bool
    """The site layout finds both headline and body."""

    @property
    def title(self) -> str | None:
        """The <title> of the page, or its headline."""
        return self.head.title or self.article.headline or None

    @property
    def has_date(self) -> bool:
        """The page itself gives a publication date, near its headline or in its metadata."""
        published = self.article.published
        return published is not None and published.source not in WEAK_SOURCES

    @property
    def has_author(self) -> bool:
        """The metadata names an author, or a line near the headline does."""
        if not self.article.authors:
            return False
        if self.jsonld.article.get("author") or self.head.first("author", "article:author", "byl", "parsely-author"):
            return True
        at = self.headline_block.index if self.headline_block else 0
        return any(self.article.authors[0] in block.text for block in self.content.blocks[max(0, at - 8) : at + 12])

    @property
    def page_classes(self) -> frozenset[str]:
        """Classes of <html> and <body>, lower case: publishing systems name the type of a page there."""
        names = f"{self.page.root.get('class') or ''} {self.page.body.get('class') or ''}"
        return frozenset(names.lower().split())

    @property
    def enclosing_article(self) -> HtmlElement | None:
        """The <article> that contains the headline."""
        if self.headline_block is None:
            return None
        return next(self.headline_block.element.iterancestors("article"), None)

    @property
    def in_one_article(self) -> bool:
        """One <article> contains the headline and most of the body."""
        enclosing_article = self.enclosing_article
        if enclosing_article is None or not self.body:
            return False
        around = ((len(b.text), b.element.iterancestors("article")) for b in self.body)
        inside = sum(size for size, above in around if any(each is enclosing_article for each in above))
        return inside > 0.6 * sum(len(b.text) for b in self.body)

    @property
    def running_text_length(self) -> int:
        """Characters of running text in the body."""
        return sum(len(b.text) for b in self.body if len(b.text) > 80 and b.link_share < 0.5)


def list_loaded_scripts(page: Page) -> str:
    """Return the URLs of scripts and frames, and the beginnings of inline scripts: they identify challenges."""
    parts = []
    for element in page.root.iter("script", "iframe", "form"):
        parts.append(element.get("src") or element.get("action") or (element.text or "")[:300])
        if len(parts) > _MAX_SCRIPTS:
            break
    return " ".join(parts).lower()


def looks_live(title: str, url: str, blocks: Sequence[Block]) -> bool:
    """Return whether a page without live blog markup is a live blog: by title or URL, and posts with times."""
    if not (_LIVE_TITLE.search(title) or _LIVE_PATH.search(split_url(url).path)):
        return False
    return sum(1 for block in blocks if not block.zone & _OUTSIDE_POSTS and _is_timestamp(block.text)) >= _MIN_POSTS


def _is_timestamp(text: str) -> bool:
    """Return whether a line is a time of day, with at most a time zone, a day or a date beside it.

    >>> _is_timestamp("14.22 GMT"), _is_timestamp("i dag 14:22")
    (True, True)
    >>> _is_timestamp("Doors open at 19:30 on Fridays"), _is_timestamp("Oil 82.50 USD")
    (False, False)
    """
    clock = CLOCK.search(text) if len(text) <= _MAX_TIMESTAMP_LENGTH else None
    # 82.50 is a price.
    return clock is not None and int(clock[1]) < 24 and int(clock[2]) < 60 and len(_WORD.findall(text)) <= 3
