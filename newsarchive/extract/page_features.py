"""What is known of a page when its kind is told."""

from collections.abc import Sequence
from dataclasses import dataclass

from lxml.etree import XPath
from lxml.html import HtmlElement

from newsarchive.extract.blocks import Block, Flow
from newsarchive.extract.html_head import Head
from newsarchive.extract.jsonld import Node
from newsarchive.extract.tree import Page
from storage.model import Access, Discovery

_MOST_MARKS = 40
_ARTICLE_ITEM = XPath(
    "boolean(descendant-or-self::*/@itemtype["
    "contains(., 'schema.org/') and (contains(., 'Article') or contains(., 'BlogPosting'))])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Impression:
    """What is known of a page when its kind is told."""

    url: str
    canonical_url: str
    head: Head
    node: Node | None
    found: Sequence[Node]
    flow: Flow
    headline: str
    headline_block: Block | None
    dek: str | None
    body: Sequence[Block]
    """Blocks of the body."""
    access: Access | None
    discovery: Discovery | None
    dated: bool
    """The page itself gives a publication date."""
    top: HtmlElement
    """The page's <body>."""
    signed: bool
    """The page names an author."""
    marks: str
    """Names of the scripts and frames that the page loads, lower case."""
    frame: frozenset[str]
    """Classes of <html> and <body>, lower case: there a publishing system writes what kind of page it made."""

    laid_out: bool = False
    """The site's layout finds both headline and body on the page."""

    @property
    def marked_up(self) -> bool:
        """Microdata calls something on the page an article."""
        return bool(_ARTICLE_ITEM(self.top))

    @property
    def around(self) -> HtmlElement | None:
        """The <article> that holds the headline."""
        if self.headline_block is None:
            return None
        return next(self.headline_block.element.iterancestors("article"), None)

    @property
    def in_one_article(self) -> bool:
        """One <article> holds the headline and most of the body."""
        around = self.around
        if around is None or not self.body:
            return False
        held = sum(len(b.text) for b in self.body if _within(b.element, around))
        return held > 0.6 * sum(len(b.text) for b in self.body)

    @property
    def own_text(self) -> int:
        """Characters of the body's running text."""
        return sum(len(b.text) for b in self.body if len(b.text) > 80 and b.link_share < 0.5)


def _within(element: HtmlElement, box: HtmlElement) -> bool:
    return any(above is box for above in element.iterancestors("article"))


def marks_of(page: Page) -> str:
    """Return the addresses of scripts and frames, and the start of inline scripts: what a challenge is known by."""
    parts = []
    for element in page.root.iter("script", "iframe", "form"):
        parts.append(element.get("src") or element.get("action") or (element.text or "")[:300])
        if len(parts) > _MOST_MARKS:
            break
    return " ".join(parts).lower()


def frame_of(page: Page) -> frozenset[str]:
    """Return the classes of <html> and <body>, lower case."""
    return frozenset(f"{page.root.get('class') or ''} {page.body.get('class') or ''}".lower().split())
