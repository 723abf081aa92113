"""What each block of an article is: body text, heading, quote ... or one of the roles that stand around a body.

A role is decided by structure (tag, figure, list of links, what contains it), by its neighbours, and by what a short
line says; no paragraph of running text is taken out of the body for a word in it.
"""

import re
from dataclasses import dataclass

from lxml.html import HtmlElement

from newsarchive.extract import phrases, zones
from newsarchive.extract.blocks import Block, weight
from newsarchive.extract.headline import alike, key
from newsarchive.extract.parse_date import LETTER, printed
from newsarchive.extract.relative_dates import tells_ago
from newsarchive.extract.urls import host, site_of
from storage.model import Role

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_DATE_REST = re.compile(rf"{LETTER}+")
_OF_FORMS = zones.FORM | zones.BUTTON | zones.ASIDE
_OF_PROMOS = zones.PROMO | zones.ASIDE
_OF_BOXES = zones.COMMENTS | zones.TAGS | zones.SHARE | zones.PROMO | zones.BIO | zones.RELATED | zones.LATEST
"""What a box around a block tells of it."""
_PHRASES = ((Role.PROMO, phrases.NEWSLETTER), (Role.COMMENT, phrases.COMMENTS), (Role.DATELINE, phrases.READ_TIME))
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_DIGIT = re.compile(r"\d")
_DATE_WORDS = 9
LONG = 200
"""Characters of a paragraph that is text whatever box it stands in."""
_LONGER = 3
"""How many times longer than the headline a print of it is at most: letter case and marks may lengthen it."""
_GLANCE = 24
"""Characters by which a line is told from the headline, mostly."""
_MARKS = 20
"""Characters of marks around a short headline."""
_FOOT = 2
"""Blocks before the last sure one from which on an article's foot begins."""
_SENTENCE_ENDS = frozenset('.!?…。！？؟।"”’»)')
_UNIT_END = re.compile(r"(?:\d\s?(?:min|hrs?|mins)|[ap]\.m)\.$", re.IGNORECASE)
_UNIT = len("5 mins.")
_LINE = 80
"""Characters of a line that is a time past and little else, where its place bears that out."""
_STAMP = 20
"""Characters of one that needs nothing to bear it out."""
_IMAGE_AND_LINES = 4
"""Elements in a box of images and their line."""
_CELLS = frozenset({"td", "th", "caption"})
_STORY = 600
"""Characters of a table's cell that holds no figure or name, but a story."""
_NO_WORDS = re.compile(r"^[\W_]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is known of the page when roles are told."""

    headline: str
    headline_at: int
    """Block of the headline; -1 where no block prints it."""
    dek_at: int
    authors: tuple[str, ...]
    home: str
    """The site's name, as addresses.site_of gives it."""
    body_from: int
    """First block that is surely body."""
    body_to: int
    """Last block that is surely body."""
    foreign: int
    """The zones in which most of the body does not stand."""
    homes: frozenset[HtmlElement | None]
    """What holds its long paragraphs."""


def ends_sentence(text: str) -> bool:
    """Say whether a line ends as a sentence does."""
    return text.rstrip()[-1:] in _SENTENCE_ENDS


def form(block: Block) -> Role:
    """Return the role that a block has by its markup alone."""
    if block.tag in HEADINGS or (block.tag == "summary"):
        return Role.HEADING
    if block.zone & zones.PRE or block.tag == "pre":
        return Role.CODE
    if block.zone & zones.LIST and block.tag != "blockquote":
        return Role.LIST
    if block.zone & zones.TABLE and block.tag in _CELLS and len(block.text) < 200 and not _lays_out(block):
        return Role.TABLE
    if block.zone & zones.QUOTE:
        return Role.QUOTE
    return Role.TEXT


def _lays_out(block: Block) -> bool:
    """Say whether a table's cell holds a story: tables once were what pages were built of."""
    return _is_longer(block.element, _STORY)


def _is_longer(element: HtmlElement, most: int) -> bool:
    """Say whether an element has more text than that, without a look at all of it: many lines may share one element."""
    length = 0
    for text in element.itertext():
        length += len(text.strip())
        if length > most:
            return True
    return False


def role(block: Block, setting: Setting) -> tuple[Role | None, str]:
    """Return a block's role and the rule that gave it; None for what is no text of its own (the headline again)."""
    if _NO_WORDS.match(block.text):
        return None, "no words"
    if is_headline(block, setting):
        return None, "the headline"
    if block.index == setting.dek_at:
        return Role.DEK, "the line under the headline"
    if block.zone & zones.QUOTE and not block.zone & (zones.COMMENTS | zones.PROMO):
        # A quoted post has a date line, a byline, links: all of it is the quotation.
        return Role.QUOTE, "inside a quotation"
    if what := _by_place(block, setting):
        return what, "what stands around it"
    what = _by_words(block, setting)
    return (what, "what it says, and where") if what else (form(block), "its markup")


def may_end(block: Block, setting: Setting) -> bool:
    """Say whether a block may be what ends an article: tags, a biography, a correction, a disclaimer.

    Most of what comes after an article is none of them, and needs no role.
    """
    text = block.text
    return (
        block.zone & (zones.TAGS | zones.BIO) != 0
        or phrases.TAGS.match(text)
        or phrases.CORRECTION.match(text)
        or phrases.DISCLAIMER.match(text)
        or _is_bio(block, setting)
    )


def is_headline(block: Block, setting: Setting) -> bool:
    """Say whether a block prints the headline (again)."""
    if block.index == setting.headline_at:
        return True
    if len(block.text) > _LONGER * (len(setting.headline) + _MARKS):
        return False
    head = key(setting.headline)
    if block.tag not in HEADINGS and not head.startswith(key(block.text[:_GLANCE])):
        return False
    own = key(block.text)
    return bool(own) and (own == head or (block.tag in HEADINGS and len(own) > 20 and alike(own, head) > 0.8))


def _by_place(block: Block, setting: Setting) -> Role | None:
    """Tell a role from what contains the block."""
    zone, length = block.zone, len(block.text)
    foreign = zone & setting.foreign
    linked = block.link_share > 0.5
    if zone & zones.FIGCAPTION or _is_caption(block) or _under_image(block, setting):
        return Role.CAPTION
    if not zone & _OF_BOXES:
        return None
    tests = (
        (Role.COMMENT, zone & zones.COMMENTS and not zone & zones.BODY),
        (Role.TAGS, zone & zones.TAGS and linked and length < 300),
        (Role.SHARE, zone & zones.SHARE and length < 80 and (linked or phrases.SHARE_WORD.search(block.text))),
        (Role.PROMO, zone & zones.PROMO and zone & _OF_FORMS and length < 400),
        (Role.BIO, zone & zones.BIO and length < 800),
        (Role.TEASER, foreign & (zones.RELATED | zones.LATEST) and length < 500 and not zone & zones.TABLE),
        # Longer ones were measured to be text, in a box that was never closed.
        (
            Role.PROMO,
            foreign & zones.PROMO and length < LONG and not zone & zones.TABLE and not _at_home(block, setting),
        ),
    )
    return next((what for what, holds in tests if holds), None)


def _at_home(block: Block, setting: Setting) -> bool:
    """Say whether a block stands beside long paragraphs of the body."""
    return block.element.getparent() in setting.homes


def _is_caption(block: Block) -> bool:
    """Say whether a block's classes call it a caption, and it is not the date line that some call "credits"."""
    return (
        block.zone & zones.CAPTION != 0
        and len(block.text) < 500
        and (block.zone & zones.FIGURE != 0 or len(block.text) > 80 or printed(block.text) is None)
    )


def _under_image(block: Block, setting: Setting) -> bool:
    """Say whether a short line shares its element with an image."""
    if len(block.text) >= 160 or block.tag in HEADINGS or block.link_share >= 0.5 or ends_sentence(block.text):
        return False
    shown = next(block.element.iter("img", "picture"), None) is not None
    # A line that ends with a colon speaks of what the pictures show: it is the text's.
    within = len(block.text) > _MARKS and block.index < setting.body_to and block.text[-1] not in ":："
    if not shown and not (within and _beside_image(block)):
        return False
    return printed(block.text) is None and len(block.element.text_content()) < 400


def _beside_image(block: Block) -> bool:
    """Say whether a line and images are all that a box holds."""
    box = block.element.getparent()
    if box is None or box.tag not in ("div", "p", "span") or not 1 < len(box) <= _IMAGE_AND_LINES:
        return False
    if _is_longer(box, len(block.text)):
        return False
    return next(box.iter("img", "picture"), None) is not None and " ".join(box.text_content().split()) == block.text


def _by_words(block: Block, setting: Setting) -> Role | None:
    """Tell a role from what a short line says, where markup or place bears it out."""
    text, length = block.text, len(block.text)
    if length < 80 and (what := _by_phrase(block)):
        return what
    if length < 200 and _is_dateline(text, block):
        return Role.DATELINE
    if what := _by_line(block, setting):
        return what
    if _is_bio(block, setting):
        return Role.BIO
    if length < 1200 and (what := _by_opening(block, setting)):
        return what
    return Role.TEASER if _is_teaser(block, setting) else None


def _by_phrase(block: Block) -> Role | None:
    """Tell the role of a line that is one phrase of the trade and nothing else."""
    text = block.text
    if phrases.PLAYER.match(text):
        return Role.DATELINE if block.zone & zones.DATE else Role.PLAYER
    if phrases.SHARE_WORD.search(text) and phrases.SHARE.match(text):
        return Role.SHARE
    for what, phrase in _PHRASES:
        if phrase.match(text):
            return what
    return None


def _by_opening(block: Block, setting: Setting) -> Role | None:
    """Tell the role of a paragraph by how it begins."""
    text, length = block.text, len(block.text)
    if length < 400 and phrases.TAGS.match(text) and (block.link_share > 0.3 or length < 60):
        return Role.TAGS
    if phrases.CORRECTION.match(text):
        return Role.CORRECTION
    if phrases.DISCLAIMER.match(text):
        return Role.DISCLAIMER
    borne_out = block.anchors or block.strong or block.zone & _OF_PROMOS or block.index >= setting.body_to
    if length < 200 and phrases.FOR_SUBSCRIBERS.match(text):
        return Role.PROMO
    return Role.PROMO if length < 400 and borne_out and phrases.PROMO.match(text) else None


def _by_line(block: Block, setting: Setting) -> Role | None:
    """Tell who wrote it, or how long ago."""
    if _is_byline(block, setting):
        return Role.BYLINE
    return Role.DATELINE if _is_ago(block.text, block, setting) else None


def _is_dateline(text: str, block: Block) -> bool:
    """Say whether a line is a date and little else."""
    named = block.zone & zones.DATE != 0
    if not _DIGIT.search(text) or not (named or not ends_sentence(text.rstrip(")]")) or _ends_unit(text)):
        return False
    if printed(text) is None:
        return False
    rest = len(_DATE_REST.findall(text))
    # "Published ..., updated ...": a line of two dates has twice the words.
    dates = max(1, len(_YEAR.findall(text)))
    return rest <= dates * (_DATE_WORDS if named else 6 if dates == 1 else 7)


def _ends_unit(text: str) -> bool:
    """Say whether a line ends with an abbreviation of time, not of a sentence."""
    return _UNIT_END.search(text, len(text) - _UNIT) is not None


def _is_ago(text: str, block: Block, setting: Setting) -> bool:
    """Say whether a line is a time such as "3 hours ago" and little else: before the text, or of a post within it."""
    # "10 days ago" over a paragraph says when that was.
    if len(text) > _LINE or block.tag in HEADINGS:
        return False
    if len(text) <= _STAMP and _DIGIT.search(text) and tells_ago(text):
        return True
    if not (block.zone & zones.DATE or block.index <= setting.body_from):
        return False
    return len(_DATE_REST.findall(text)) <= _DATE_WORDS and not ends_sentence(text) and tells_ago(text)


def _is_byline(block: Block, setting: Setting) -> bool:
    """Say whether a line names who wrote or helped: a credit, a byline, an author's name near head or foot."""
    text, length = block.text, len(block.text)
    if length < 300 and phrases.CREDIT.match(text):
        return True
    if length < 250 and block.index > setting.body_to - 3 and phrases.CONTRIBUTED.search(text):
        return True
    if block.zone & zones.BYLINE and not block.zone & zones.BODY and length < 100:
        return True
    if length > 150 or setting.body_from < block.index < setting.body_to - 1 or ends_sentence(text.rstrip(")")):
        return False
    own = key(text)
    dated = block.index < setting.body_from and printed(text) is not None
    return any(name in own and (dated or len(own) - len(name) < 30) for name in map(key, setting.authors) if name)


def _is_bio(block: Block, setting: Setting) -> bool:
    """Say whether a paragraph at the article's foot tells who its author is, or where to reach them."""
    text, length = block.text, len(block.text)
    if block.index < setting.body_to - _FOOT or length > 600 or block.index == setting.body_from:
        return False
    if phrases.CONTACT.match(text) or phrases.FOLLOWED.search(text):
        return True
    for name in setting.authors:
        start = text.find(name, 0, len(name) + 3)
        if start >= 0 and " " in name and phrases.INTRODUCES.match(text[start + len(name) :].lstrip()):
            return length > 40
    return False


def _is_teaser(block: Block, setting: Setting) -> bool:
    """Say whether a line only points to another article of the site."""
    text, length = block.text, len(block.text)
    if text.startswith(("http://", "https://", "www.")) or not any(
        leads_home(a.href, setting.home) for a in block.anchors
    ):
        return False
    if form(block) is Role.LIST and block.zone & zones.BODY and not block.zone & (zones.RELATED | zones.LATEST):
        return block.link_share > 0.95 and _of_links_only(block)
    if block.link_share >= (0.7 if len(block.anchors) > 1 else 0.85) and weight(text) > 20:
        return True
    return length < 250 and length - block.linked < 45 and block.linked > 15 and phrases.RELATED.match(text)


def _of_links_only(block: Block) -> bool:
    """Say whether a block is one of several items of a list in which everything is a link of some words."""
    box = next(block.element.iterancestors("ul", "ol"), None)
    if box is None:
        return False
    texts = [" ".join(link.text_content().split()) for link in box.iter("a")]
    whole = len(" ".join(box.text_content().split()))
    return 2 <= len(texts) <= 12 and all(len(text) > 20 for text in texts) and sum(map(len, texts)) > 0.9 * whole


def leads_home(href: str, home: str) -> bool:
    """Say whether a link stays on the publisher's site."""
    if href.startswith("//") or "://" in href[:10]:
        return site_of(host(href if "://" in href[:10] else f"http:{href}")) == home
    return not href.startswith(("mailto:", "tel:", "#", "javascript:"))


def is_label(block: Block) -> Role | None:
    """Return the role of what a short heading announces: teasers, a disclaimer, a newsletter; else None."""
    text = block.text
    if len(text) > 70 or not (
        block.tag in HEADINGS or block.strong or (block.tag in ("div", "span", "p", "li", "strong") and len(text) < 45)
    ):
        return None
    if phrases.DISCLAIMER.match(text) and len(key(text).split()) <= 4:
        return Role.DISCLAIMER
    if phrases.NEWSLETTER.match(text) or (block.tag in HEADINGS and phrases.PROMO.match(text)):
        return Role.PROMO
    if phrases.COMMENTS.match(text):
        return Role.COMMENT
    if (
        (phrases.RELATED.match(text) or phrases.LATEST.match(text))
        and len(key(text).split()) <= 5
        and not ends_sentence(text)
    ):
        return Role.TEASER
    return None
