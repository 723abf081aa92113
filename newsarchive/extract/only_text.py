"""Select the article where a page leaves no choice: the text in the only element with running text.

trafilatura takes a third of the time of a reading and has nothing to decide on such a page. Next to nothing outside of
the element, and of those alike near it, may belong to the article: each sentence is the dek, a caption or a notice, or
stands in a box beside it or behind the page's <article>. Where more may, trafilatura decides on the element and what
may belong to it.
"""

from collections import Counter
from functools import cache, reduce
from itertools import islice, takewhile
from operator import and_, attrgetter

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import (
    MAX_LINK_SHARE,
    Block,
    effective_length,
    ends_sentence,
    is_running_text,
    measure_text,
)
from newsarchive.extract.body import NOTICES, BodyContext, build_role_context
from newsarchive.extract.dek import find_dek_block
from newsarchive.extract.roles import LONG_PARAGRAPH, assign_role, is_same_site_link, label_role, markup_role
from newsarchive.extract.select_body import box_of_paragraph, find_densest
from newsarchive.extract.zones import HEADINGS
from storage.model import BODY_ROLES, Role

_MAX_BLOCKS = 2_000  # on a page
_MAX_LEVELS = 5  # elements around one of several elements with text among which is the one around all of them
_MIN_TEXT = 500  # shortest text, in characters
_MIN_SHARE = 0.6  # of the running text of the page, but for that in other articles' boxes, menus and the footer
_MAX_MISSED = 60  # characters that may be body text and are not selected, at most
_MAX_MISSED_SHARE = 0.1  # of the text, the same below its element: there, trafilatura errs more often than that
_MIN_SENTENCE = 20  # longest name or label that ends like a sentence, in letters
_MIN_LINKED = 0.8  # smallest share of links in a line that is nothing but links
_MIN_TEASER_SHARE = 0.3  # share of links in each item of a list behind an article from which it lists other pages
_MIN_BESIDE_LINKS = 30  # shortest text beside links, in characters, that is more than a name or a date
_MIN_CLAIMED = 0.9  # smallest share of the length that the page claims
_NEVER_ARTICLE = zones.NAV | zones.MENU | zones.FOOTER | zones.CONSENT | zones.FORM
_OF_OTHER_ARTICLES = zones.RELATED | zones.LATEST
_ARTICLE = zones.ARTICLE | zones.MAIN | zones.BODY
_MAX_SHARE_BEHIND = 0.2  # largest ratio to the text of lines behind its <article> that are none of it
_WHOLE_TAGS = frozenset({"ul", "ol", "dl", "blockquote", "table"})
_PART_TAGS = _WHOLE_TAGS | HEADINGS | {"li", "dd", "dt", "td", "th", "tr", "pre"}
_ZONES_BESIDE_WITHIN = zones.HIDDEN | zones.ASIDE | zones.BUTTON
_ZONES_BESIDE = _ZONES_BESIDE_WITHIN | _OF_OTHER_ARTICLES | zones.BIO
"""Zones of boxes outside of an element with running text in which nothing belongs to it, however long it is."""
_ZONES_OF_LINES = zones.BYLINE | zones.TAGS | zones.DATE | zones.SHARE | zones.FIGURE | zones.FIGCAPTION | zones.CAPTION
"""The same, but for long paragraphs: an article may have such a name, too ("entry-date", "topics")."""


def find_only_text(blocks: list[Block], context: BodyContext) -> tuple[set[int], set[int]]:
    """Return the blocks of an article in the only element with running text, and all blocks that may belong to it.

    Both are empty without such an element. The second is empty, too, if nothing else may belong to the article.
    """
    running = [b for b in blocks if is_running_text(b)]
    text = find_densest(running, zones.NOT_BODY)
    if len(blocks) > _MAX_BLOCKS or measure_text(text) < _MIN_TEXT:
        return set(), set()
    box = box_of_paragraph(text[0])
    # Beside paragraphs that are each a <div>, other <div> elements leave a choice.
    if box is None or box.tag in _WHOLE_TAGS or (text[0].tag == "div" and box is not text[0].element):
        return set(), set()
    own = reduce(and_, (b.zone for b in text))
    above = -1 if context.headline.block is None else context.headline.block
    alike = [b for b in running if b.index > above and (b.tag, b.zone) == (text[0].tag, own) and ends_sentence(b.text)]
    chosen: set[int] = set()
    children: list[tuple[Block, HtmlElement]] = []
    for element, paragraphs in _group_like_boxes(box, text, alike).items():
        within = _find_children(element, blocks, paragraphs[0].index)
        selected = _select_in_box(element, within, paragraphs, own, context.site)
        if not selected:
            return set(), set()
        chosen |= selected
        children += within
    inside = range(children[0][0].index, children[-1][0].index + 1)
    # A line above the byline is a dek.
    early = takewhile(lambda b: not b.zone & ~own & (zones.BYLINE | zones.DATE), reversed(blocks[: inside.start]))
    chosen.update({b.index for b in early} & {b.index for b in alike})
    whole = measure_text(b for b in running if not (b.zone & ~own & _ZONES_BESIDE or _is_never_body(b)))
    length = measure_text(blocks[i] for i in chosen)
    if length < max(_MIN_TEXT, _MIN_SHARE * whole, _MIN_CLAIMED * context.claims.length):
        return set(), set()
    unsure = [b for b in blocks[above + 1 :] if b.index not in chosen and _may_be_text(b, inside, own)]
    if text[0].tag == "p":
        # Outside of its element, a <div> is no text.
        unsure = [b for b in unsure if b.index in inside or b.tag not in ("div", "span")]
    near = [b for b in unsure if b.index < inside.stop or not own & _ARTICLE & ~b.zone]
    if measure_text(unsure) - measure_text(near) <= _MAX_SHARE_BEHIND * length:
        unsure = near

    def may_be_missed(lines: list[Block]) -> bool:
        # The beginning of an article may stand above the element, and parts of it in boxes of the element.
        before = measure_text(b for b in lines if b.index < inside.stop)
        return before <= _MAX_MISSED and measure_text(lines) <= max(_MAX_MISSED, _MAX_MISSED_SHARE * length)

    # The roles of the lines take time, and few lines matter little.
    if may_be_missed(unsure) or may_be_missed(_list_body_text(unsure, blocks, chosen, context)):
        return chosen, set()
    lines = (b.index for b in blocks[above + 1 :] if not (_is_never_body(b) or _is_link_within_site(b, context.site)))
    return chosen, {*inside, *lines, *(b.index for b in unsure)}


def _group_like_boxes(box: HtmlElement, text: list[Block], alike: list[Block]) -> dict[HtmlElement, list[Block]]:
    """Return a box with text, and those of the same name near it that paragraphs alike stand in, in page order."""
    name, outer = (box.tag, box.get("class")), next(islice(box.iterancestors(), 1, None), None)
    found: dict[HtmlElement, list[Block]] = {}
    for block in sorted({b.index: b for b in (*text, *alike)}.values(), key=attrgetter("index")):
        parent = box_of_paragraph(block)
        if parent is not None and (parent.tag, parent.get("class")) == name:
            found.setdefault(parent, []).append(block)
    # Those without a class are boxes of all kinds: only what is long is a part of the text.
    some = [each for each, lines in found.items() if name[1] or measure_text(lines) > _MIN_TEXT // 2]
    around = {each: [*islice(each.iterancestors(), _MAX_LEVELS)] for each in some}
    near = {each: found[each] for each in some if outer in around[each] and found.keys().isdisjoint(around[each])}
    return near if box in near else {box: text}


def _is_link_within_site(block: Block, site: str) -> bool:
    """Return whether a block is hardly more than links to other pages of its site, and is not quoted."""
    if len(block.text) - block.linked >= _MIN_BESIDE_LINKS or block.link_share <= _MIN_LINKED:
        return False
    leads_away = any(anchor.href.startswith("#") or _leads_elsewhere(anchor.href, site) for anchor in block.anchors)
    return not (leads_away or block.zone & zones.QUOTE)


def find_missed_parts(blocks: list[Block], text: set[int], chosen: set[int]) -> set[int]:
    """Return the blocks of an element with running text that trafilatura dropped, if it took most of the element."""
    taken = measure_text(blocks[i] for i in text & chosen)
    return text - chosen if 2 * taken > measure_text(blocks[i] for i in text) else set()


def _may_be_text(block: Block, inside: range, own: int) -> bool:
    """Return whether a block that was not selected may be text: any in the element, sentences elsewhere.

    Above the element, running text without an end, and key points, too.
    """
    outside = _ZONES_BESIDE | _ZONES_OF_LINES * (len(block.text) <= LONG_PARAGRAPH)
    apart = _ZONES_BESIDE_WITHIN if block.index in inside else outside
    if block.link_share >= 0.4 or block.zone & apart & ~own:
        return False
    # Names and labels that end like sentences are shorter.
    is_long = effective_length(block.text) > _MIN_SENTENCE
    is_line = block.index in inside or (is_long and (len(block.text) > LONG_PARAGRAPH or ends_sentence(block.text)))
    if block.index < inside.start and not block.zone & zones.HEADER & ~own:
        is_line = is_line or is_running_text(block) or markup_role(block) is Role.LIST
    is_boxed = len(block.text) <= LONG_PARAGRAPH and block.zone & zones.NOT_TEXT & ~(own | zones.AD | zones.PLAYER)
    return is_line and not (is_boxed or _is_never_body(block))


def _find_children(box: HtmlElement, blocks: list[Block], first: int) -> list[tuple[Block, HtmlElement]]:
    """Return the blocks in a box around a block, each with the child of the box that it is or is in.

    A text directly in the box has the box itself.
    """

    @cache  # many lines may share the elements around them
    def find_around(element: HtmlElement) -> HtmlElement | None:
        outer = element if element is box else element.getparent()
        return element if outer is box else None if outer is None else find_around(outer)

    def find_child(block: Block) -> tuple[Block, HtmlElement] | None:
        child = find_around(block.element)
        return None if child is None else (block, child)

    above = [*takewhile(bool, map(find_child, reversed(blocks[:first])))]
    return [each for each in (*reversed(above), *takewhile(bool, map(find_child, blocks[first:]))) if each]


def _is_never_body(block: Block) -> bool:
    """Return whether a paragraph is in a box that is no article's; one that is named for comments and body may be."""
    is_beside = block.zone & (zones.COMMENTS | zones.BIO) != 0 and not block.zone & zones.BODY
    return is_beside or block.zone & _NEVER_ARTICLE != 0


def _list_body_text(unsure: list[Block], blocks: list[Block], chosen: set[int], context: BodyContext) -> list[Block]:
    """Return the blocks that would be body text if they were selected."""
    dek = find_dek_block(blocks, chosen, context.headline, context.descriptions, context.authors)
    facts = build_role_context(blocks, chosen, context, dek)
    return [b for b in unsure if b.index > facts.body_end or assign_role(b, facts)[0] in BODY_ROLES]


def _select_in_box(
    box: HtmlElement, children: list[tuple[Block, HtmlElement]], text: list[Block], own: int, site: str
) -> set[int]:
    """Return the blocks in an element with running text that belong to it: its own lines, and lists and tables.

    Empty if a list of links to other sites, which may be references or offers, or a column of a table leaves a choice.
    """
    beside = zones.NOT_TEXT & ~own
    between, tags = range(text[0].index + 1, text[-1].index), {b.tag for b in text}
    lines = {b.element for b, _ in children}
    # "Back to top" after each section.
    repeated = Counter(b.text for b, _ in children if b.link_share > MAX_LINK_SHARE)
    chosen: set[int] = set()
    nested: dict[HtmlElement, list[Block]] = {}
    torn: set[HtmlElement] = set()
    for block, child in children:
        parent, is_paragraph = block.element.getparent(), block.tag == "p"
        if block.zone & beside:
            if child.tag == "table" and not block.zone & beside & ~_OF_OTHER_ARTICLES:
                torn.add(child)  # the class of a cell may name its column: "ticker"
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
        is_beside = parts[0].index in between or parts[-1].tag not in HEADINGS
        is_list = is_beside and all(b.tag in _PART_TAGS for b in parts)
        is_behind = parts[0].index > text[-1].index
        is_linked = sum(b.linked for b in parts) > MAX_LINK_SHARE * measure_text(parts)
        is_linked = is_linked or (is_behind and all(b.link_share > _MIN_TEASER_SHARE for b in parts))
        hrefs = (anchor.href for b in parts for anchor in b.anchors) if is_linked and child.tag in ("ul", "ol") else ()
        if child in torn or any(_leads_elsewhere(href, site) for href in hrefs):
            return set()
        is_text = (
            parts[-1].index in between
            and all(b.tag in tags | _PART_TAGS and not b.zone & ~own & ~zones.LIST for b in parts)
            and child not in lines
            and any(b.tag in tags and ends_sentence(b.text) for b in parts)
        )
        is_text = is_text or is_list or all(b.zone & zones.QUOTE for b in parts) or label_role(parts[0]) in NOTICES
        if not is_linked and (is_text or child.tag in _WHOLE_TAGS):
            chosen.update(b.index for b in parts)
    return chosen


def _leads_elsewhere(href: str, site: str) -> bool:
    """Return whether a link names another site; one within the page does not."""
    return "//" in href[:10] and not is_same_site_link(href, site)
