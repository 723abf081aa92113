"""Assign a role to each block of an article: body text, heading, quote ..., or one of the roles around a body.

A role follows from structure (tag, figure, list of links, surrounding elements), from neighbouring blocks, and from the
wording of short lines. No paragraph of running text is removed from the body because of a word in it.
"""

import re
from dataclasses import dataclass
from itertools import islice

from lxml.html import HtmlElement

from newsarchive.extract import phrases, zones
from newsarchive.extract.authors import BARE_LEADS, is_person_name
from newsarchive.extract.blocks import Block, ends_sentence, has_no_words
from newsarchive.extract.captions import split_credit
from newsarchive.extract.corrections import is_notice
from newsarchive.extract.headline import text_key, word_overlap
from newsarchive.extract.parse_date import LETTER, is_relative_date, parse_printed_date
from newsarchive.extract.tree import has_children, has_more_text
from newsarchive.extract.urls import host, site_label
from newsarchive.extract.word_tables import entries, words
from newsarchive.extract.zones import HEADINGS
from storage.model import Role

_WORD = re.compile(rf"{LETTER}+")
_PROMO_ZONES = zones.PROMO | zones.ASIDE
_BOX_ZONES = (
    zones.COMMENTS | zones.TAGS | zones.SHARE | zones.PROMO | zones.BIO | zones.RELATED | zones.LATEST | zones.PLAYER
)
"""Zones of boxes, from which the role of a block follows."""
_ROLE_ZONES = _BOX_ZONES | zones.FIGURE | zones.FIGCAPTION | zones.CAPTION
"""The same, and those of pictures."""
_PHRASES = (
    (Role.PROMO, phrases.ADVERTISEMENT),
    (Role.PROMO, phrases.NEWSLETTER),
    (Role.COMMENT, phrases.COMMENTS),
    (Role.DATELINE, phrases.READ_TIME),
)
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_DIGIT = re.compile(r"\d")
_MAX_DATE_WORDS = 9
_BARE_LABELS = BARE_LEADS.union(entries("bare_date"))  # of a name or a date in the next line
LONG_PARAGRAPH = 200
"""Characters from which a paragraph is text, whatever box it is in."""
_MAX_HEADLINE_RATIO = 3
"""A repeated headline is at most this many times as long as the headline: case folding and marks may lengthen it."""
_PREFIX = 24  # characters compared first with the headline; mostly they decide
_SHORT = 20  # characters of punctuation around a short headline
_MAX_PICTURE_NAME = 40  # longest caption, in characters, that may be all link; a longer one is a headline
_LINKED = 0.6  # share of a line inside links from which it leads to another page rather than to say something
_END_BLOCKS = 2  # blocks before the last sure body block from which the end of an article begins
_UNIT_END = re.compile(r"(?:\d\s?(?:min|hrs?|mins|[гr])|[ap]\.m)\.$", re.IGNORECASE)
_UNIT_LENGTH = len("5 mins.")
_MAX_LINE = 80  # longest relative date, in characters, that needs support by its position
_MAX_TIMESTAMP = 20  # longest relative date, in characters, that needs no support
_MAX_IMAGE_BOX = 30  # elements of a box of images and their caption, at most
_MAX_BOXES = 3  # boxes around a caption in which its picture is looked for
_IMAGE_BOXES = frozenset("div p span center font table tbody tr td".split())
_CELLS = frozenset({"td", "th", "caption"})
_MIN_STORY_CELL = 600  # characters of a table cell from which it is part of the layout, not of a table
_LABEL_TAGS = frozenset(words("label_tag"))
MAX_LABEL = 45
"""Longest label, in characters, that is neither a heading nor bold."""
_MAX_OFFER = 300  # longest description of a newsletter, in characters
_MAX_BUTTON = 60  # longest text of a button, in characters
_MAX_SHORT_LINK = 20  # characters of a linked line that may share a part of the text, or open something


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleContext:
    """The facts about a page from which roles are assigned."""

    headline: str
    headline_block: int
    """-1 if no block prints the headline."""
    dek_block: int
    authors: tuple[str, ...]
    site: str
    """The publisher's name in the host name, see urls.site_label."""
    body_start: int
    """First sure body block."""
    body_end: int
    """Last sure body block."""
    foreign_zones: int
    """Zones that do not contain most of the body."""
    parents: frozenset[HtmlElement | None]
    """Parents of the long paragraphs of the body."""


def markup_role(block: Block) -> Role:
    """Return the role of a block by its markup alone."""
    if block.markup_role is None:
        block.markup_role = _read_markup(block)
    return block.markup_role


def _read_markup(block: Block) -> Role:
    if block.tag in HEADINGS or (block.tag == "summary"):
        return Role.HEADING
    if block.zone & zones.PRE and not (block.is_prose and ends_sentence(block.text, may_be_quoted=False)):
        return Role.CODE
    if block.zone & zones.LIST and block.tag != "blockquote" and not (block.tag == "dd" and block.is_prose):
        return Role.LIST
    if block.zone & zones.TABLE and block.tag in _CELLS and len(block.text) < 200 and not _is_layout_cell(block):
        return Role.TABLE
    return Role.QUOTE if block.zone & zones.QUOTE else Role.TEXT


def _is_layout_cell(block: Block) -> bool:
    """Return whether a table cell contains an article, or a line of one: old pages were laid out as tables."""
    row = block.element.getparent()
    rows = (row, row.getprevious(), row.getnext()) if row is not None and block.tag != "caption" else ()
    # A column of cells, each the only one of its row, is no table.
    own = [each for each in rows if each is not None]
    is_column = bool(rows) and all(has_children(each) and not has_children(each, 2) for each in own)
    return is_column or has_more_text(block.element, _MIN_STORY_CELL)


def assign_role(block: Block, context: RoleContext) -> tuple[Role | None, str]:
    """Return the role of a block and the rule that assigned it; None for a block without text of its own."""
    is_script = block.anchors != [] and all(each.href.lower().startswith("javascript:") for each in block.anchors)
    is_button = is_script and block.link_share >= _LINKED
    if is_button or has_no_words(block.text) or is_headline(block, context):
        return None, "a button" if is_button else "no words" if has_no_words(block.text) else "the headline"
    if block.index == context.dek_block:
        return Role.DEK, "the line under the headline"
    if block.zone & zones.QUOTE and not block.zone & (zones.COMMENTS | zones.PROMO):
        # A quoted post includes its date line, byline and links.
        return Role.QUOTE, "inside a quotation"
    if role := _role_by_zones(block, context):
        return role, "its surrounding elements"
    role = _role_by_text(block, context)
    if role is None and _is_bare_label(block, context):
        return None, "a label beside the name or the date"
    return (role, "its wording and position") if role else (markup_role(block), "its markup")


def assign_role_within(block: Block, context: RoleContext) -> tuple[Role | None, str]:
    """Return the role of a block far from both ends of a long text: the wording of short links alone is examined."""
    if block.anchors and len(block.text) <= _MAX_SHORT_LINK:
        return assign_role(block, context)
    if has_no_words(block.text):
        return None, "no words"
    if len(block.text) < _MAX_LINE and phrases.ADVERTISEMENT.match(block.text):
        return Role.PROMO, "its wording and position"
    is_linked = block.anchors != []
    if role := _role_by_zones(block, context) if is_linked or block.zone & _ROLE_ZONES else None:
        return role, "its surrounding elements"
    is_teaser = is_linked and _is_teaser(block, context)
    return Role.TEASER if is_teaser else markup_role(block), "its links and markup, within a long text"


def may_follow_body(block: Block, context: RoleContext) -> bool:
    """Return whether a block may belong to the end of an article: tags, a biography, a correction, a disclaimer.

    Most blocks after an article are none of them, and need no role.
    """
    text = block.text
    return (
        block.zone & (zones.TAGS | zones.BIO) != 0
        or phrases.TAGS.match(text)
        or (block.link_share < _LINKED and is_notice(text, at_edge=True))
        or phrases.DISCLAIMER.match(text)
        or phrases.SITE_DISCLAIMER.match(text)
        or _is_labelled_offer(text)
        or (len(text) < _MAX_LINE and (phrases.NEWSLETTER.match(text) or phrases.PLAYER.match(text)))
        or (
            block.zone & zones.PROMO != 0
            and block.index <= context.body_end + 3
            and (block.is_prose or ends_sentence(text))
        )
        or _is_bio(block, context)
    )


def is_headline(block: Block, context: RoleContext) -> bool:
    """Return whether a block prints the headline, possibly again."""
    if block.index == context.headline_block:
        return True
    if len(block.text) > _MAX_HEADLINE_RATIO * (len(context.headline) + _SHORT):
        return False
    head = text_key(context.headline)
    if block.tag not in HEADINGS and not head.startswith(text_key(block.text[:_PREFIX])):
        return False
    own_key = text_key(block.text)
    # Within the text, a heading in similar words is the heading of a part.
    may_differ = block.tag in HEADINGS and len(own_key) > 20 and block.index < context.body_start
    return bool(own_key) and (own_key == head or (may_differ and word_overlap(own_key, head) > 0.8))


def _is_bare_label(block: Block, context: RoleContext) -> bool:
    """Return whether a line before or after the text is a label alone: "By", "Date"."""
    may_be = len(block.text) < _MAX_TIMESTAMP and markup_role(block) is Role.TEXT
    is_within = context.body_start <= block.index <= context.body_end - _END_BLOCKS
    return may_be and not is_within and block.text.strip(" :：").casefold() in _BARE_LABELS


def _role_by_zones(block: Block, context: RoleContext) -> Role | None:
    zone, length = block.zone, len(block.text)
    foreign = zone & context.foreign_zones
    linked = block.link_share > 0.5
    if zone & zones.FIGCAPTION or _is_caption(block) or _shares_element_with_image(block, context):
        # The pictures of a list of related articles are not this article's.
        is_linked = block.link_share > 0.9 and not (
            zone & (zones.FIGURE | zones.FIGCAPTION)
            and (block.letters <= _MAX_PICTURE_NAME or not split_credit(block.text)[1])
        )
        is_list = foreign & (zones.RELATED | zones.LATEST) or is_linked
        is_advertisement = phrases.ADVERTISEMENT.match(block.text)
        return Role.PROMO if is_advertisement else Role.TEASER if is_list else Role.CAPTION
    if not zone & _BOX_ZONES:
        return None
    is_beside_text = block.element.getparent() not in context.parents
    tests = (
        (Role.COMMENT, zone & zones.COMMENTS and not zone & zones.BODY),
        (Role.TAGS, zone & zones.TAGS and linked and length < 300),
        (Role.SHARE, zone & zones.SHARE and length < 80 and (linked or phrases.SHARE_WORD.search(block.text))),
        (Role.PROMO, zone & zones.PROMO and zone & (zones.FORM | zones.BUTTON | zones.ASIDE) and length < 400),
        (Role.PLAYER, foreign & zones.PLAYER and block.tag in HEADINGS),
        (Role.BIO, zone & zones.BIO and length < 800),
        (Role.TEASER, foreign & (zones.RELATED | zones.LATEST) and length < 500 and not zone & zones.TABLE),
        # Longer ones were measured to be text, in a box that was never closed.
        (Role.PROMO, is_beside_text and foreign & zones.PROMO and length < LONG_PARAGRAPH and not zone & zones.TABLE),
    )
    return next((role for role, holds in tests if holds), None)


def _is_caption(block: Block) -> bool:
    """Return whether a block has a caption class, and is not a date line in a class such as "credits"."""
    is_offer = block.zone & zones.PROMO and not block.zone & zones.FIGURE
    if not block.zone & zones.CAPTION or is_offer or len(block.text) >= 500:
        return False
    return block.zone & zones.FIGURE != 0 or len(block.text) > 80 or parse_printed_date(block.text) is None


def _shares_element_with_image(block: Block, context: RoleContext) -> bool:
    if len(block.text) >= 160 or block.tag in HEADINGS or block.link_share >= 0.5:
        return False
    if block.zone & (zones.BYLINE | zones.SHARE) and not block.zone & zones.FIGURE:
        return False  # beside a portrait, or the sign of a network
    # A line that ends with a colon introduces the pictures: it is text. So are several lines, such as a record.
    if block.text[-1] in ":：" or len(block.lines) > 1:
        return False
    # First, because thousands of lines may be of one element, whose images would be searched for each.
    if has_more_text(block.element, 400):
        return False
    has_image = next(block.element.iter("img", "picture"), None) is not None
    if ends_sentence(block.text) if has_image else block.index >= context.body_end or not _is_alone_with_image(block):
        return False
    return parse_printed_date(block.text) is None and len(block.element.text_content()) < 400


def _is_alone_with_image(block: Block) -> bool:
    """Return whether a line is alone in a box with a picture; a short one or a sentence, beside a paragraph."""
    is_plain = len(block.text) > _SHORT and not ends_sentence(block.text)
    for box in islice(block.element.iterancestors(), _MAX_BOXES):
        is_small = next(islice(box.iter(), _MAX_IMAGE_BOX, None), None) is None
        if box.tag not in _IMAGE_BOXES or not is_small or has_more_text(box, len(block.text)):
            return False
        if next(box.iter("img", "picture"), None) is not None:
            is_between = all(each is not None and each.tag == "p" for each in (box.getprevious(), box.getnext()))
            is_sure = is_between or (is_plain and box.tag in ("div", "p", "span"))
            return is_sure and " ".join(box.text_content().split()) == block.text
    return False


def _role_by_text(block: Block, context: RoleContext) -> Role | None:
    """Return the role that follows from the wording of a short line, supported by markup or position."""
    text, length = block.text, len(block.text)
    is_cell = block.index > context.body_start and markup_role(block) is Role.TABLE  # such as a day of a schedule
    if (length < 80 or block.lines) and (role := _role_by_phrase(block)) and not (is_cell and role is Role.DATELINE):
        return role
    if length < 200 and _is_dateline(text, block) and not is_cell:
        return Role.DATELINE
    if _is_byline(block, context):
        return Role.BYLINE
    if _is_relative_date_line(block, context):
        return Role.DATELINE
    if _is_bio(block, context):
        return Role.BIO
    opening = _role_by_opening(block, context) if length < 1200 else None
    return opening or (Role.TEASER if _is_teaser(block, context) else None)


def _role_by_phrase(block: Block) -> Role | None:
    text = block.text
    if block.lines and len(block.lines[0]) < _MAX_LINE and phrases.NEWSLETTER.match(block.lines[0]):
        return Role.PROMO
    if phrases.PLAYER.match(text):
        return Role.DATELINE if block.zone & zones.DATE else Role.PLAYER
    if phrases.SHARE_WORD.search(text) and phrases.SHARE.match(text):
        return Role.SHARE
    return next((role for role, phrase in _PHRASES if phrase.match(text)), None)


def _role_by_opening(block: Block, context: RoleContext) -> Role | None:
    text, length = block.text, len(block.text)
    if length < 400 and phrases.TAGS.match(text) and (block.link_share > 0.3 or length < 60):
        return Role.TAGS
    at_edge = block.index < context.body_start or block.index > context.body_end - _END_BLOCKS
    if block.link_share < _LINKED and is_notice(text, at_edge=at_edge):
        return Role.CORRECTION
    if phrases.DISCLAIMER.match(text) or (at_edge and phrases.SITE_DISCLAIMER.match(text)):
        return Role.DISCLAIMER
    if _is_labelled_offer(text):
        return Role.PROMO
    supported = block.anchors or block.strong or block.zone & _PROMO_ZONES or block.index >= context.body_end
    if length < 200 and phrases.FOR_SUBSCRIBERS.match(text):
        return Role.PROMO
    # A short line that ends like no sentence is a label or a button.
    is_label = length < _MAX_BUTTON and not ends_sentence(text)
    is_offer = is_label and at_edge and any("newsletter" in each.href.lower() for each in block.anchors)
    return Role.PROMO if is_offer or (length < 400 and (supported or is_label) and phrases.PROMO.match(text)) else None


def _is_labelled_offer(text: str) -> bool:
    """Return whether a text begins with the label of a newsletter and describes it."""
    label, colon, offer = text[:_MAX_OFFER].replace("：", ":", 1).partition(":")
    return bool(colon) and len(label) < MAX_LABEL and phrases.NEWSLETTER.match(label) and phrases.OFFER.search(offer)


def _is_dateline(text: str, block: Block) -> bool:
    named = block.zone & zones.DATE != 0
    if not _DIGIT.search(text) or not (
        # An abbreviation of a time unit ends no sentence.
        named or not ends_sentence(text.rstrip(")]")) or _UNIT_END.search(text, len(text) - _UNIT_LENGTH)
    ):
        return False
    rest = len(_WORD.findall(text))
    # "Published ..., updated ...": a line of two dates has twice the words.
    dates = max(1, len(_YEAR.findall(text)))
    is_short = rest <= dates * (_MAX_DATE_WORDS if named else 6 if dates == 1 else 7)
    return is_short and parse_printed_date(text) is not None


def _is_relative_date_line(block: Block, context: RoleContext) -> bool:
    """Return whether a line is a time such as "3 hours ago" and little else: before the text, or of a post in it."""
    text = block.text
    # A heading such as "10 days ago" belongs to the text.
    if len(text) > _MAX_LINE or block.tag in HEADINGS:
        return False
    if len(text) <= _MAX_TIMESTAMP and _DIGIT.search(text) and is_relative_date(text):
        return True
    if not (block.zone & zones.DATE or block.index <= context.body_start):
        return False
    return len(_WORD.findall(text)) <= _MAX_DATE_WORDS and not ends_sentence(text) and is_relative_date(text)


def _is_byline(block: Block, context: RoleContext) -> bool:
    """Return whether a line names authors or contributors: a credit, a byline, or a name near the start or end."""
    text, length = block.text, len(block.text)
    is_marked = block.zone & zones.BYLINE and not block.zone & zones.BODY and length < 100
    if is_marked or (length < 300 and phrases.CREDIT.match(text)):
        return True
    if length < 250 and block.index > context.body_end - 3 and phrases.CONTRIBUTED.search(text):
        return True
    if length > 150 or context.body_start < block.index < context.body_end - 1 or ends_sentence(text.rstrip(")")):
        return False
    is_plain = block.tag not in HEADINGS and not block.strong and not phrases.SHARE_WORD.search(text)
    if block.index < context.body_start and is_plain and is_person_name(text):
        return True
    own_key = text_key(text)
    names = [name for name in map(text_key, context.authors) if name and name in own_key]
    is_dated = bool(names) and block.index < context.body_start and parse_printed_date(text) is not None
    return is_dated or any(len(own_key) - len(name) < 30 for name in names)


def _is_bio(block: Block, context: RoleContext) -> bool:
    """Return whether a paragraph at the end of an article introduces its author or gives their contact."""
    text, length = block.text, len(block.text)
    if block.index < context.body_end - _END_BLOCKS or length > 600 or block.index == context.body_start:
        return False
    if phrases.CONTACT.match(text) or phrases.FOLLOWED.search(text):
        return True
    for name in context.authors:
        start = text.find(name, 0, len(name) + 3)
        if start >= 0 and " " in name and phrases.INTRODUCES.match(text[start + len(name) :].lstrip()):
            return length > 40
    return False


def _is_teaser(block: Block, context: RoleContext) -> bool:
    text, length = block.text, len(block.text)
    has_own_link = any(is_same_site_link(anchor.href, context.site) for anchor in block.anchors)
    if text.startswith(("http://", "https://", "www.")) or not has_own_link:
        return False
    if text[0].islower() and block.index < context.body_end:  # begins no headline
        return False
    in_list = markup_role(block) is Role.LIST and block.index < context.body_end
    if in_list and block.zone & zones.BODY and not block.zone & (zones.RELATED | zones.LATEST):
        return False
    if block.link_share >= (0.7 if len(block.anchors) > 1 else 0.85) and block.letters > 20:
        return True
    is_label_and_link = length - block.linked < 45 and block.linked > 15
    return length < 250 and (block.strong or is_label_and_link) and phrases.RELATED.match(text)


def is_same_site_link(href: str, site: str) -> bool:
    """Return whether a link stays on the publisher's site."""
    if href.startswith("//") or "://" in href[:10]:
        return site_label(host(href if "://" in href[:10] else f"http:{href}")) == site
    return not href.startswith(("mailto:", "tel:", "#", "javascript:"))


def label_role(block: Block) -> Role | None:
    """Return the role that a short heading announces: teasers, a disclaimer, a newsletter; None for other headings."""
    text = block.text
    is_short_line = block.tag in _LABEL_TAGS and len(text) < MAX_LABEL
    if len(text) > 70 or not (block.tag in HEADINGS or block.strong or is_short_line):
        return None
    notice = phrases.DISCLAIMER.find(text) or ""
    # Behind the words of a notice of copyright stands its owner: only a label without other words may be long.
    is_label = notice and (len(text_key(text).split()) <= 4 or len(notice) == len(text.rstrip(" :：")))
    if is_label and not ends_sentence(text):
        return Role.DISCLAIMER
    if phrases.NEWSLETTER.match(text) or (block.tag in HEADINGS and phrases.PROMO.match(text)):
        return Role.PROMO
    if phrases.COMMENTS.match(text):
        return Role.COMMENT
    if block.tag in HEADINGS and phrases.CONTACT.match(text):
        return Role.BIO
    announces_links = phrases.RELATED.match(text) or phrases.LATEST.match(text)
    return Role.TEASER if announces_links and len(text_key(text).split()) <= 5 and not ends_sentence(text) else None
