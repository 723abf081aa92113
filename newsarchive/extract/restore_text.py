"""Check what is left of a body against what was there, and find the text that should not have been cut.

Classes, labels and trafilatura's own rules are only evidence. A body that is implausibly short for what the page itself
claims (schema.org wordCount, articleBody), or beside the running text of one element, is read again without them.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block, is_prose
from newsarchive.extract.headline import text_key
from newsarchive.extract.jsonld import Node

_NEVER_BODY = zones.NAV | zones.MENU | zones.CONSENT | zones.COMMENTS | zones.FOOTER
_MIN_TEXT = 400
"""Characters of running text from which a second reading is an article."""
_MAX_EXCESS = 1.3
"""Largest ratio of the text of a page to what it claims: more belongs to other articles."""
_DIGITS = re.compile(r"\d{2,6}")
_LETTERS_A_WORD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyClaims:
    """Statements of a page about the length of its article."""

    article_body: str = ""
    """Key of schema.org articleBody, see headline.text_key."""
    length: int = 0
    """Characters, approximately; 0 if nothing is said."""

    @classmethod
    def read(cls, article: Node) -> Self:
        """Read the claims of a JSON-LD article."""
        text, count = article.get("articleBody"), article.get("wordCount")
        key = text_key(text) if isinstance(text, str) else ""
        words = _DIGITS.fullmatch(str(count).strip()) if isinstance(count, str | int) else None
        return cls(article_body=key, length=len(key) or (int(words[0]) * _LETTERS_A_WORD if words else 0))


NO_CLAIMS = BodyClaims()


def find_cut_text(blocks: list[Block], body: Collection[int], first: int, claims: BodyClaims) -> set[int]:
    """Return the running text that has to be read as body although it was cut; empty if the body is plausible.

    Args:
        blocks: All blocks of the page.
        body: The blocks of the body.
        first: The block from which the article can begin.
        claims: What the page says about its length.
    """
    length = sum(len(blocks[i].text) for i in body)
    if claims.length and 2 * length >= claims.length:
        return set()
    cut = [b for b in blocks[first:] if b.index not in body and is_prose(b)]
    claimed = claims.article_body
    cut = [b for b in cut if text_key(b.text) in claimed] if claimed else _densest(cut)
    found = sum(len(b.text) for b in cut)
    if found < _MIN_TEXT or (claims.length and length + found > _MAX_EXCESS * claims.length):
        return set()
    if found <= (length if claims.length else 2 * length):
        return set()
    if not claims.article_body:
        return {b.index for b in cut}
    # With the short lines between: headings, items of lists.
    between = blocks[cut[0].index : cut[-1].index + 1]
    return {b.index for b in between if b.index not in body and text_key(b.text) in claims.article_body}


def _densest(prose: list[Block]) -> list[Block]:
    """Return the paragraphs under the element with most running text."""
    under: dict[HtmlElement, list[Block]] = {}
    for block in prose:
        parent = block.element.getparent() if block.tag != "div" else block.element
        if parent is not None and not block.zone & _NEVER_BODY:
            under.setdefault(parent, []).append(block)
    return max(under.values(), key=lambda some: sum(len(b.text) for b in some), default=[])
