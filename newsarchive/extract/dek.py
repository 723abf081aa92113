"""Find the dek, the line under the headline, by its position and by how it differs from the first paragraph."""

import re
from itertools import chain

from lxml.html import HtmlElement

from newsarchive.extract import phrases, zones
from newsarchive.extract.blocks import Block
from newsarchive.extract.headline import Headline, text_key, word_overlap
from newsarchive.extract.parse_date import is_relative_date, parse_printed_date
from newsarchive.extract.roles import markup_role
from storage.model import Role

_PHOTO_CREDIT = re.compile(
    r"\((?:[^()]{1,40}/)?(?:AP|AFP|Reuters|Getty|EPA|dpa|EFE|ANSA)\b[^()]{0,60}\)\s*$|\b(?:photo|foto|bild|фото)s?\s*(?:by|:|/)",
    re.IGNORECASE,
)
"""A line with a photo credit is a caption."""
_MAX_DISTANCE = 40  # blocks under the headline, links among them, within which a heading may be the dek
_MIN_NAMED = 8  # characters of a line that its own class calls the dek
_MIN_PARAGRAPHS = 6  # paragraphs from which a text is too long for its first line to be half of it
_DATE_DISTANCE = 3  # blocks above a headline among which its date line is looked for
_MAX_DATE = 60  # longest date line, in characters
_MAX_SENTENCE = 220  # longest dek that is told apart by its position alone, in characters
_SENTENCE_END = re.compile(r"[.!?…]\s+\S|[。！？].")
_MIN_LENGTH = 45  # shortest heading, in characters, that can be a dek
_OTHER_LINES = zones.FIGCAPTION | zones.CAPTION | zones.NAV | zones.MENU | zones.HIDDEN | zones.BYLINE
_NOT_DEK = (
    zones.SHARE | zones.PROMO | zones.ASIDE | zones.COMMENTS | zones.CONSENT | zones.PLAYER | zones.AD | zones.TAGS
    | zones.BIO | zones.RELATED | zones.LATEST | zones.FORM | zones.BUTTON | zones.DISCLAIMER | zones.DATE
)  # fmt: skip
"""Zones of lines that are no dek, although they are alone under the headline."""
_BYLINE_WORDS = frozenset("by von par por di av af door".split())


def find_dek_block(
    blocks: list[Block], chosen: set[int], headline: Headline, descriptions: list[str], authors: tuple[str, ...]
) -> int:
    """Return the block of the line under the headline; -1 for none."""
    if headline.block is None:
        return -1
    later = [blocks[i] for i in sorted(chosen) if i > headline.block]
    texts = [b.index for b in later if markup_role(b) is Role.TEXT and b.letters > 60]
    keys = [text_key(d) for d in descriptions if len(d) > 15]
    near, end = blocks[headline.block + 1 : headline.block + 16], headline.block + _MAX_DISTANCE
    # Behind a long share bar only a heading is no text.
    for block in chain(near, (b for b in blocks[headline.block + 16 : end] if b.tag in ("h2", "h3"))):
        # Its own class says more than that of the box around it, in which the byline may stand, too.
        named = zones.zones_of_element(block.tag, block.element.items()) & (zones.DEK | zones.BYLINE) == zones.DEK
        if block.link_share > 0.5 or block.zone & (_OTHER_LINES & ~zones.BYLINE if named else _OTHER_LINES):
            continue
        if not (_MIN_NAMED if named else 20) < len(block.text) < 600 or _PHOTO_CREDIT.search(block.text):
            continue
        if 2 * sum(map(str.isdigit, block.text)) >= sum(map(str.isalpha, block.text)):
            # A date or the like: "Nov. 20, 2019 Updated: Nov. 20, 2019 1:35 a.m."
            continue
        own_key = text_key(block.text)
        if word_overlap(own_key, text_key(headline.text)) >= 0.8:
            # The headline again: in another size, or with its kicker.
            continue
        described = any(
            own_key == k or (len(own_key) > 40 and (k.startswith(own_key) or own_key.startswith(k[:-3]))) for k in keys
        )
        marked = block.zone & zones.DEK and not block.zone & (zones.PROMO | zones.ASIDE | zones.QUOTE)
        if block.element.getparent() is blocks[headline.block].element:
            marked = not _has_author_or_date(block, authors)
        # A short heading under the headline, or one in another box, is a subheading, or the heading of a box.
        ranked = block.tag in ("h2", "h3") or (block.tag == "h4" and block.index == headline.block + 1)
        beside = block.element.getparent() is blocks[headline.block].element.getparent()
        heading = ranked and beside and block.letters >= _MIN_LENGTH
        if (described or marked or heading) and _differs_from_text(block, blocks, texts, beside):
            return block.index
        is_plain = not block.anchors and not block.zone & _NOT_DEK and block.letters >= _MIN_LENGTH
        if is_plain and not _has_author_or_date(block, authors):
            above = blocks[headline.block]
            if _is_alone_with_headline(above, block, blocks, texts) or _is_dated_sentence(above, block, blocks, texts):
                return block.index
        if texts and block.index >= texts[min(1, len(texts) - 1)]:
            break
    return -1


def _is_alone_with_headline(headline: Block, block: Block, blocks: list[Block], texts: list[int]) -> bool:
    """Return whether a box holds only the headline and this line, and the text is outside."""
    box, later = headline.element.getparent(), [i for i in texts if i > block.index][:3]
    if box is None or not later or block.element.getparent() is not box or block.index > headline.index + 1:
        return False
    if phrases.PROMO.match(block.text) or phrases.RELATED.match(block.text):
        return False
    return not any(box in blocks[i].element.iterancestors() for i in (block.index + 1, *later))


def _is_dated_sentence(headline: Block, block: Block, blocks: list[Block], texts: list[int]) -> bool:
    """Return whether this line is one sentence between a headline and its date, or right under a dated headline.

    A long text follows. Markup that names nothing has only this order. With the date or the byline between them, the
    first line would be the text, unless it is alone in a box and the text in another.
    """
    later = [blocks[i].element.getparent() for i in texts if i > block.index][:_MIN_PARAGRAPHS]
    is_followed = len(later) == _MIN_PARAGRAPHS and block.letters <= _MAX_SENTENCE
    if not is_followed or _SENTENCE_END.search(block.text):
        return False
    between = blocks[headline.index + 1 : block.index]
    if between:
        is_bold = block.strong and not any(blocks[i].strong for i in texts if i > block.index)
        is_apart = later.count(later[0]) == len(later) and (is_bold or block.element.getparent() is not later[0])
        return is_apart and len(between) <= _DATE_DISTANCE and all(_is_date(line.text) for line in between)
    beside = [*blocks[max(0, headline.index - _DATE_DISTANCE) : headline.index], blocks[block.index + 1]]
    return any(_is_date(line.text) for line in beside)


def _is_date(line: str) -> bool:
    return len(line) < _MAX_DATE and (parse_printed_date(line) is not None or is_relative_date(line))


def _has_author_or_date(block: Block, authors: tuple[str, ...]) -> bool:
    """Return whether a line names an author, or has a date."""
    # A long job title may prevent an author from being read: "By Jane Doe, Chief Correspondent for Politics".
    lead, *name = block.text.split(maxsplit=3)[:3]
    is_byline = lead.lower() in _BYLINE_WORDS and len(name) > 1 and all(part[0].isupper() for part in name)
    has_date = parse_printed_date(block.text) is not None or is_relative_date(block.text)
    return is_byline or has_date or any(name in block.text for name in authors)


def _differs_from_text(block: Block, blocks: list[Block], texts: list[int], beside: bool) -> bool:
    """Return whether a block differs from the paragraphs after it: by parent, tag or class.

    `beside`: it is a sibling of the headline.
    """
    later = [blocks[i] for i in texts if i > block.index][:3]
    if not later:
        return False
    parent, own_class = block.element.getparent(), block.element.get("class") or ""
    before = [blocks[i] for i in texts if i < block.index]
    if any(b.tag == block.tag and _same_classes(b.element, block.element) for b in before):
        return False
    # The first of several boxes alike is text, and the first item of a list one of the key points.
    has_class = own_class or (parent is not None and parent.get("class"))
    alike_after = [b for b in later if b.zone == block.zone and b.tag == block.tag]
    alike_after = [b for b in alike_after if has_class and _same_classes(b.element, block.element)]
    if block.tag == "li" or len(alike_after) > 1:
        return False
    siblings = (b for b in later if b.element.getparent() is parent and b.tag == block.tag)
    if any(len(block.text) > 200 or (b.element.get("class") or "") == own_class for b in siblings):
        return False
    if block.tag in ("h2", "h3"):
        # A first subheading is not a dek: others like it follow, with text below them.
        alike = (b for b in blocks[block.index + 1 : min(later[-1].index + 40, texts[-1])] if b.tag == block.tag)
        classes = (b.element.get("class") for b in alike if b.element.getparent() is parent or not beside)
        return block.element.get("class") not in classes
    is_named = block.zone & zones.DEK & ~later[0].zone != 0
    return is_named or parent is not later[0].element.getparent() or block.tag != later[0].tag


def _same_classes(one: HtmlElement, other: HtmlElement) -> bool:
    """Return whether two elements have the same class, and their parents too."""
    first, second = one.getparent(), other.getparent()
    if first is None or second is None or one.get("class") != other.get("class"):
        return False
    return first.tag == second.tag and first.get("class") == second.get("class")
