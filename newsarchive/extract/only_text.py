"""Select the article where a page leaves no choice: the text in the only element with running text.

trafilatura takes a third of the time of a reading and has nothing to decide on such a page. No sentence outside of the
element may belong to the article: each is the dek, a caption or a notice, or stands behind links to other pages.
"""

import re
from collections import Counter
from functools import reduce
from itertools import chain, takewhile
from operator import and_

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block, effective_length, ends_sentence
from newsarchive.extract.body import BodyContext, build_role_context
from newsarchive.extract.dek import find_dek_block
from newsarchive.extract.roles import LONG_PARAGRAPH, assign_role, is_same_site_link, label_role
from newsarchive.extract.select_body import (
    MAX_LINK_SHARE,
    NOT_BODY,
    NOT_TEXT,
    find_densest,
    is_running_text,
    measure_text,
)
from newsarchive.extract.zones import HEADINGS
from storage.model import BODY_ROLES, Role

_MAX_BLOCKS = 2_000  # on a page
_MIN_TEXT = 500  # shortest text, in characters
_MIN_SHARE = 0.6  # of the running text of the page, but for that in other articles' boxes, menus and the footer
_MAX_MISSED = 60  # characters in sentences that may be body and are not selected
_MIN_SENTENCE = 20  # longest name or label that ends like a sentence, in letters
_WITHOUT_FULL_STOPS = re.compile("[\u0e00-\u0eff\u1780-\u17ff]")  # Thai, Lao and Khmer letters
_MIN_CLAIMED = 0.9  # smallest share of the length that the page claims
_MIN_PARTS = 3  # headings in boxes of the element from which they may begin parts of the article
_MIN_LINKS = 5  # linked lines behind the article from which other pages are listed
_MAX_SHARE_BEHIND = 0.2  # largest ratio to the article of sentences behind links that are none of its
_NEVER_ARTICLE = zones.NAV | zones.MENU | zones.FOOTER | zones.CONSENT | zones.FORM
_OF_PERSONS = zones.COMMENTS | zones.BIO
_LINES_BESIDE = _NEVER_ARTICLE | _OF_PERSONS | zones.HIDDEN | zones.SHARE | zones.TAGS | zones.CAPTION | zones.PLAYER
_OF_OTHER_ARTICLES = zones.RELATED | zones.LATEST
_WHOLE_TAGS = frozenset({"ul", "ol", "dl", "blockquote", "table"})
_PART_TAGS = _WHOLE_TAGS | HEADINGS | {"li", "dd", "dt", "td", "th", "tr", "pre"}
_NOTICES = frozenset({Role.DISCLAIMER, Role.PROMO})  # parts of an article that are announced by a label


def find_only_text(blocks: list[Block], context: BodyContext) -> set[int]:
    """Return the blocks of an article in the only element with running text; empty if there may be others."""
    running = [b for b in blocks if is_running_text(b)]
    text = find_densest(running, NOT_BODY)
    if len(blocks) > _MAX_BLOCKS or measure_text(text) < _MIN_TEXT:
        return set()
    box = text[0].element if text[0].tag == "div" else text[0].element.getparent()
    children = _find_children(box, blocks, text[0].index)
    beside = NOT_TEXT & ~reduce(and_, (b.zone for b in text))
    chosen = _select_in_box(box, children, text, beside, context.site)
    whole = measure_text(b for b in running if not (b.zone & _OF_OTHER_ARTICLES or _is_never_body(b)))
    if measure_text(blocks[i] for i in chosen) < max(
        _MIN_TEXT, _MIN_SHARE * whole, _MIN_CLAIMED * context.claims.length
    ):
        return set()
    others = (b for b in blocks[(context.headline.block or 0) + 1 :] if b.index not in chosen and b.link_share < 0.4)
    excluded = beside & ~zones.HIDDEN
    left = [b for b in others if not (_is_never_body(b) if len(b.text) > LONG_PARAGRAPH else b.zone & excluded)]
    end = children[-1][0].index
    if sum(b.tag in HEADINGS and b.index <= end for b in left) >= _MIN_PARTS:
        return set()
    sentences = [b for b in left if effective_length(b.text) > _MIN_SENTENCE and _may_be_sentence(b.text)]
    if measure_text(sentences) > _MAX_MISSED:
        sentences = _list_body_sentences(sentences, blocks, chosen, end, context)
    return chosen if measure_text(sentences) <= _MAX_MISSED else set()


def _find_children(box: HtmlElement | None, blocks: list[Block], first: int) -> list[tuple[Block, HtmlElement]]:
    """Return the blocks in a box around a block, each with the child of the box that it is or is in.

    A text directly in the box has the box itself.
    """

    def find_child(block: Block) -> tuple[Block, HtmlElement] | None:
        child = block.element
        for outer in chain((child,), child.iterancestors()):
            if outer is box:
                return block, child
            child = outer
        return None

    above = list(takewhile(bool, map(find_child, reversed(blocks[:first]))))
    return [each for each in (*reversed(above), *takewhile(bool, map(find_child, blocks[first:]))) if each]


def _is_never_body(block: Block) -> bool:
    """Return whether a paragraph is in a box that is no article's; one that is named for comments and body may be."""
    zone = block.zone
    return bool(zone & _NEVER_ARTICLE or (zone & _OF_PERSONS and not zone & zones.BODY))


def _may_be_sentence(text: str) -> bool:
    return len(text) > LONG_PARAGRAPH or ends_sentence(text) or _WITHOUT_FULL_STOPS.search(text) is not None


def _list_body_sentences(
    sentences: list[Block], blocks: list[Block], chosen: set[int], box_end: int, context: BodyContext
) -> list[Block]:
    """Return the sentences that would be body text if they were selected; `box_end`: the last block in the element."""
    dek = find_dek_block(blocks, chosen, context.headline, context.descriptions, context.authors)
    facts = build_role_context(blocks, chosen, context, dek)
    # Its tags and the buttons to share it are followed by notices of the article.
    after = (b for b in blocks[max(chosen) + 1 :] if not b.zone & (zones.TAGS | zones.SHARE))
    links = [b.index for b in after if b.link_share > MAX_LINK_SHARE]
    behind = links[_MIN_LINKS - 1] if len(links) >= _MIN_LINKS else len(blocks)
    titles = (i for i in links if i >= box_end and effective_length(blocks[i].text) > _MIN_SENTENCE)
    summaries = {index + 1 for index in titles}
    of_others = {b.index for b in sentences if b.index > behind or b.index in summaries}
    if measure_text(blocks[i] for i in of_others) > _MAX_SHARE_BEHIND * measure_text(blocks[i] for i in chosen):
        return sentences
    near = (b for b in sentences if b.index not in of_others)
    return [b for b in near if b.index > facts.body_end or assign_role(b, facts)[0] in BODY_ROLES]


def _select_in_box(
    box: HtmlElement | None, children: list[tuple[Block, HtmlElement]], text: list[Block], beside: int, site: str
) -> set[int]:
    """Return the blocks in an element with running text that belong to it: its own lines, and lists and tables."""
    between, tags = range(text[0].index + 1, text[-1].index), {b.tag for b in text}
    # "Back to top" after each section.
    repeated = Counter(b.text for b, _ in children if b.link_share > MAX_LINK_SHARE)
    chosen: set[int] = set()
    nested: dict[HtmlElement, list[Block]] = {}
    for block, child in children:
        parent, is_paragraph = block.element.getparent(), block.tag == "p"
        is_own = (is_paragraph and parent is box) or child.tag == "table"
        if block.zone & (_LINES_BESIDE if is_own else beside):
            continue
        may_be_linked = is_paragraph or child is box or (block.tag in HEADINGS and block.index in between)
        if child is not block.element and (child is not parent or not is_paragraph or child.get("class")):
            nested.setdefault(child, []).append(block)
        elif (
            repeated[block.text] < 2
            and (may_be_linked or block.link_share < MAX_LINK_SHARE)
            and (block.tag in tags | _PART_TAGS or (block.index in between and block.link_share < 0.3))
        ):
            chosen.add(block.index)
    for child, parts in nested.items():
        is_list = all(b.tag in _PART_TAGS for b in parts) and (
            parts[0].index in between or parts[-1].tag not in HEADINGS
        )
        linked = parts
        if child.tag in ("ul", "ol"):
            # References lead elsewhere; teasers, and the contents of the page, to the site itself.
            linked = [b for b in parts if not all(_leads_elsewhere(anchor.href, site) for anchor in b.anchors)]
        is_linked = sum(b.linked for b in linked) > MAX_LINK_SHARE * measure_text(parts)
        if not is_linked and (is_list or child.tag in _WHOLE_TAGS or label_role(parts[0]) in _NOTICES):
            chosen.update(b.index for b in parts)
    return chosen


def _leads_elsewhere(href: str, site: str) -> bool:
    return "//" in href[:10] and not is_same_site_link(href, site)
