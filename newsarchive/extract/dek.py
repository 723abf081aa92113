"""Find the dek, the line under the headline, by its position and by how it differs from the first paragraph."""

import re
from itertools import chain, islice

from newsarchive.extract import phrases, zones
from newsarchive.extract.blocks import Block, ends_sentence
from newsarchive.extract.headline import Headline, text_key, word_overlap
from newsarchive.extract.parse_date import is_relative_date, parse_printed_date
from newsarchive.extract.roles import label_role, markup_role
from newsarchive.extract.tree import has_more_text
from storage.model import Role

_PHOTO_CREDIT = re.compile(
    r"\((?:[^()]{1,40}/)?(?:AP|AFP|Reuters|Getty|EPA|dpa|EFE|ANSA)\b[^()]{0,60}\)\s*$|\b(?:photo|foto|bild|image|фото)s?\s*(?:by|:|/)",
    re.IGNORECASE,
)
"""A line with a photo credit is a caption."""
_OF_TEXT = re.compile(r"[^.!?]{2,40}?\((?:\w+/)?\w{2,12}\)\s*[-–—]|[A-ZÀ-ÞА-Я' ]{3,40},[^.!?–—]{1,30}\s[-–—]")
"""The place and the agency with which the first paragraph of a text begins."""
_FIRST = re.compile(r"(?<![a-z])(?:first|drop|initial)", re.IGNORECASE)  # class of a first paragraph
_MAX_DISTANCE = 40  # blocks under the headline, links among them, within which a heading may be the dek
_MIN_NAMED = 8  # characters of a line that its own class calls the dek
_MIN_PARAGRAPHS = 6  # paragraphs from which a text is too long for its first line to be half of it
_DATE_DISTANCE = 3  # blocks above a headline among which its date line is looked for
_MAX_BYLINE = 100  # longest byline, in characters
_MAX_INNER = 12  # elements, from that of a line, of which one may put all of it in italics
_CAPTIONS = zones.FIGCAPTION | zones.CAPTION
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
    plain = -1  # nothing but its place says that it is the dek
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
        is_plain = is_plain and not _has_author_or_date(block, authors) and not _is_of_text_or_notice(block)
        if plain < 0 and is_plain and _is_dated_sentence(blocks[headline.block], block, blocks, texts, authors):
            plain = block.index
        if texts and block.index >= texts[min(1, len(texts) - 1)]:
            break
    return plain


def _is_of_text_or_notice(block: Block) -> bool:
    """Return whether a line begins like the first paragraph of a text, has the class of one, or is a notice."""
    is_first = _OF_TEXT.match(block.text) or any(_FIRST.search(str(name)) for name in _read_form(block))
    return bool(is_first) or any(p.match(block.text) for p in (phrases.PROMO, phrases.RELATED, phrases.DISCLAIMER))


def _is_dated_sentence(
    headline: Block, block: Block, blocks: list[Block], texts: list[int], authors: tuple[str, ...]
) -> bool:
    """Return whether this line is one sentence between a headline and its date or byline, or right under a dated one.

    A long text follows. Markup that names nothing has only this order. Otherwise the first line would be the text,
    unless its form or box is another than that of all paragraphs.
    """
    later = [blocks[i] for i in texts if i > block.index][:_MIN_PARAGRAPHS]
    sentences = len(_SENTENCE_END.findall(block.text)) + 1
    # Above the notice of a paywall, the only paragraph that can be read is the text.
    is_text = sum(line.letters for line in later) < block.letters
    if is_text or block.letters > _MAX_SENTENCE or sentences > 2 or block.text[-1] in "(,;":
        return False
    after, between = blocks[block.index + 1], blocks[headline.index + 1 : block.index]
    is_line = all(line.zone & _CAPTIONS or _is_byline_or_date(line, authors) for line in between)
    is_sentence = markup_role(block) is Role.TEXT or (block.tag in ("h2", "h3") and ends_sentence(block.text))
    if not is_line or block.zone & zones.FIGURE or not is_sentence:
        return False
    box, boxes = block.element.getparent(), {line.element.getparent() for line in later}
    is_outside = box not in boxes and box is headline.element.getparent()
    if is_outside or len(later) < _MIN_PARAGRAPHS:
        return is_outside and (not between or len(later) == _MIN_PARAGRAPHS)
    dated = blocks[max(0, headline.index - _DATE_DISTANCE) : headline.index] if sentences == 1 and not between else []
    if any(_is_byline_or_date(line, authors) for line in (after, *dated)):
        return True
    forms, form = {_read_form(line) for line in later}, _read_form(block)
    is_bold = all(form[-1] != each[-1] for each in forms)
    if box in boxes and boxes.isdisjoint(headline.element.iterancestors()):
        # In a box of text, its class alone may be that of the first paragraph.
        return sentences == 1 and is_bold
    is_apart = sentences == 1 and len(boxes) == 1 and box not in boxes and after is later[0]
    is_unlike = form not in {*forms, _read_form(after)} and (sentences == 1 or not is_bold)
    return len(forms) == 1 and (is_apart or is_unlike)


def _read_form(block: Block) -> tuple[object, ...]:
    """Return the names of the box of a line and of its element, and whether all its text is bold or italic."""
    element, parent = block.element, block.element.getparent()
    box = (parent.tag, parent.get("class")) if parent is not None else ()
    inner = islice(element.iter(), 1, _MAX_INNER)
    is_italic = any(each.tag in ("em", "i") and has_more_text(each, len(block.text) - 1) for each in inner)
    return (*box, element.tag, element.get("class"), block.strong or is_italic)


def _is_byline_or_date(line: Block, authors: tuple[str, ...]) -> bool:
    """Return whether a line names the author or the date, or is the share bar or the reading time beside them."""
    if line.zone & _CAPTIONS or len(line.text) > _MAX_BYLINE or ends_sentence(line.text, may_be_quoted=False):
        return False
    is_named = line.zone & (zones.BYLINE | zones.DATE | zones.SHARE | zones.BUTTON) or phrases.SHARE.match(line.text)
    return bool(is_named) or phrases.READ_TIME.match(line.text) or _has_author_or_date(line, authors)


def _has_author_or_date(block: Block, authors: tuple[str, ...]) -> bool:
    """Return whether a line names an author, or has a date."""
    # A long job title may prevent an author from being read: "By Jane Doe, Chief Correspondent for Politics".
    lead, *name = block.text.split(maxsplit=3)[:3]
    is_byline = lead.lower() in _BYLINE_WORDS and len(name) > 1 and all(part[0].isupper() for part in name)
    has_date = parse_printed_date(block.text) is not None
    has_date = has_date or (is_relative_date(block.text) and not ends_sentence(block.text))
    return is_byline or has_date or any(name in block.text for name in authors)


def _differs_from_text(block: Block, blocks: list[Block], texts: list[int], beside: bool) -> bool:
    """Return whether a block differs from the paragraphs after it: by parent, tag or class.

    `beside`: it is a sibling of the headline.
    """
    later = [blocks[i] for i in texts if i > block.index][:3]
    if not later:
        return False
    parent, own_class = block.element.getparent(), block.element.get("class") or ""
    form = _read_form(block)[:-1]
    if any(_read_form(blocks[i])[:-1] == form for i in texts if i < block.index):
        return False
    # The first of several boxes alike is text, and the first item of a list one of the key points.
    may_be_alike = not beside or own_class or (parent is not None and parent.get("class"))
    alike_after = [b for b in later if may_be_alike and b.zone == block.zone and _read_form(b)[:-1] == form]
    if block.tag == "li" or len(alike_after) > 1:
        return False
    siblings = (b for b in later if b.element.getparent() is parent and b.tag == block.tag)
    if any(len(block.text) > 200 or (b.element.get("class") or "") == own_class for b in siblings):
        return False
    if block.tag in ("h2", "h3"):
        # A first subheading is not a dek: others like it follow, with text below them.
        alike = (b for b in blocks[block.index + 1 : min(later[-1].index + 40, texts[-1])] if b.tag == block.tag)
        alike = (b for b in alike if label_role(b) is None)
        classes = (b.element.get("class") for b in alike if b.element.getparent() is parent or not beside)
        return block.element.get("class") not in classes
    is_named = block.zone & zones.DEK & ~later[0].zone != 0
    return is_named or parent is not later[0].element.getparent() or block.tag != later[0].tag
