"""Select the blocks of the article with trafilatura.

trafilatura returns text without its position. Its lines are located among the blocks of the page, so that the elements
around a paragraph (a figure, a share bar, a list of links) can be taken into account.
"""

import logging
import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice, takewhile
from typing import Self

from lxml.etree import XPath, _Element, strip_attributes, strip_elements, strip_tags
from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.settings import MANUALLY_STRIPPED, Document, Extractor

from newsarchive.extract import zones
from newsarchive.extract.blocks import (
    MAX_BLOCKS,
    MAX_LINK_SHARE,
    Block,
    PageBlocks,
    ends_sentence,
    measure_text,
    normalize_space,
)
from newsarchive.extract.headline import Headline, text_key
from newsarchive.extract.jsonld import Node
from newsarchive.extract.page_input import NO_EVIDENCE, Evidence
from newsarchive.extract.roles import markup_role
from newsarchive.extract.tree import COUNT_ELEMENTS, INVALID_CHARACTERS, Page, has_children
from newsarchive.extract.word_tables import alternatives, words
from storage.model import Role

# It logs a warning for each page that is not an article. Here that is a normal result.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

_MAX_SIZE = 4_000  # elements without menus, or blocks, of a page that trafilatura is run on; real ones have 3,658
_MAX_BOXES = 1_200  # boxes and paragraphs among these, which take it more time than others; real pages have 1,011
_COUNT_BOXES = XPath(
    "count(//div | //p | //section | //article | //details | //figure | //table | //header | //blockquote)"
)
_MAX_TEXTS = 6_000  # pieces of text, which are joined wherever one is read; real pages have 5,126
_MANY_TEXTS = 2_000  # pieces from which those beside each other are joined once, before that
_COUNT_TEXTS = XPath("count(//text())")
_NESTED_TABLES = XPath("boolean(//table[count(ancestor::table) > 20])")  # it looks at the rows of each, and all in them
_MANY_CHILDREN = XPath("//*[count(*[not(self::br)]) > 50]")
_MAX_COPIED = 20_000_000  # characters: it copies the text of an element for each child that it removes; real: 7 million
_MAX_LINES = 5_000  # of the element with most text, where trafilatura is not run; real pages have 3,054
_MAX_LEVELS_SUM = 130_000  # levels of all these elements together; real pages have 87,000
_WINDOW = 60  # distance in blocks within which a line is looked for that equals no block
_MAX_GAP = 2_000  # most characters between two pieces of a paragraph
_NEAR = 3  # blocks after a line among which the one is looked for that it is a part of
_IGNORED_TAGS = words("ignored_tag")
"""Elements that trafilatura drops anyway. Removing them first spares its searches a third of the elements."""
_IGNORED_ATTRIBUTES = ("href", "rel", "target", "title", "onclick", "aria-label")
"""Attributes that trafilatura, which copies each several times, reads for its options of links and metadata only."""
_SELECTING = re.compile(alternatives("selecting_value"), re.IGNORECASE)
_TAG = re.compile(r"[^&<>/\"'\s]+")
# Parts of tables and lists, which stay whole.
_PARTS = frozenset({"tbody", "thead", "tfoot", "tr", "td", "th", "li", "dd", "dt"})
_MAX_VALUES = 300  # characters of the attributes of an element that are looked at
_PLAIN_TAG = "newsarchive-plain"  # tag of the spans to remove from the copy, without their text
_REMOVED_TAG = "newsarchive-beside"  # tag of the elements to remove from the copy
_MIN_RESCUED = 400  # shortest text, in letters, that is taken for an article against trafilatura's judgement
_OPTIONS = Extractor(fast=True, comments=False, output_format="xml")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_ENDS_LINE = frozenset({"lb", "item", "row", "p", "head", "quote", "cell", "list", "table", "code"})
_LINE_END = "\x1f"  # no page prints this character


@dataclass(slots=True)
class SelectedBody:
    """The text selected as body."""

    chosen: set[int] = field(default_factory=set)
    """Indexes of blocks."""
    unplaced: list[tuple[int, str]] = field(default_factory=list)
    """Lines without a block: (the block they follow, -1 for none; text)."""

    def add(self, missed: Collection[int], blocks: list[Block]) -> None:
        """Add blocks, and remove the lines that are parts of them: trafilatura drops elements in a paragraph."""
        self.chosen.update(missed)
        ends: dict[int, int] = {}  # of the last piece found in a block: pieces stand in order
        kept: list[tuple[int, str]] = []
        for index, line in self.unplaced:
            near = (i for i in range(index + 1, index + 1 + _NEAR) if i in missed)
            found = ((i, _find_end(line, blocks[i].text, ends.get(i, 0))) for i in near)
            place = next(((i, end) for i, end in found if end), None)
            if place is None:
                kept.append((index, line))
            else:
                ends[place[0]] = place[1]
        self.unplaced = kept


def _find_end(line: str, text: str, start: int) -> int:
    """Return the end of a line that is a piece of a text, or most of it without the pieces between; 0 for others."""
    # A long paragraph may have thousands of pieces: none is looked for in all of it.
    at = text.find(line, start, start + len(line) + _MAX_GAP)
    if at >= 0:
        return at + len(line)
    characters = iter(_remove_space(text) if 2 * len(line) > len(text) else "")
    return len(text) if all(character in characters for character in _remove_space(line)) else 0


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


def select_body(
    page: Page, content: PageBlocks, candidates: Collection[int] = (), evidence: Evidence = NO_EVIDENCE
) -> SelectedBody:
    """Select the body: the lines that trafilatura returns are located among the blocks.

    `candidates`: the only blocks that may be text, of which trafilatura sees no others; empty if all may be.
    """
    blocks = content.blocks
    tree = _copy_without_non_article(page, content, candidates)
    found = SelectedBody()
    is_flat = content.levels <= _MAX_LEVELS_SUM  # with its menus; most pages are
    size = COUNT_ELEMENTS(tree)
    is_small = len(blocks) <= _MAX_SIZE and _is_small(tree, size)
    running = [block for block in blocks if block.is_prose and block.letters > 80]
    if not is_small:
        # Such as a live blog of hundreds of posts: trafilatura would take too long.
        lines = _list_lines_of_text(blocks, candidates)
        found.chosen.update(block.index for block in lines)
        what = "all running text" if all(block.is_prose for block in lines) else "the element with most text"
        evidence.add_claim("selection", what, f"elements: {size:.0f}", taken=True)
    elif is_flat or _sum_levels(tree) <= _MAX_LEVELS_SUM:
        # A copy for each page: trafilatura modifies it.
        options = copy(_OPTIONS)
        options.url = options.source = page.url
        with suppress(RecursionError):
            document = bare_extraction(tree, options=options)
            if isinstance(document, Document):
                found = _locate_lines(filter(None, _lines(document.body)), blocks)
    # For unusual markup.
    dense = find_densest(running, zones.NOT_BODY)
    # Outside of links: a list of headlines is no running text.
    taken = sum(len(blocks[i].text) - blocks[i].linked for i in found.chosen)
    taken += sum(len(text) for _, text in found.unplaced)
    length = measure_text(dense)
    if sum(block.letters for block in dense) <= _MIN_RESCUED or length <= 2 * taken:
        return found
    evidence.add_claim("selection", "densest text", f"{length} characters, not {taken} outside of links", taken=True)
    return SelectedBody(chosen={b.index for b in dense})


def _is_small(tree: HtmlElement, elements: float) -> bool:
    """Return whether trafilatura reads a tree in the time that it takes for real pages."""
    if elements > _MAX_SIZE or (elements > _MAX_BOXES and _COUNT_BOXES(tree) > _MAX_BOXES):
        return False
    is_copied_often = any(len(each) * _measure_own_text(each) > _MAX_COPIED for each in _MANY_CHILDREN(tree))
    return _COUNT_TEXTS(tree) <= _MAX_TEXTS and not is_copied_often and not _NESTED_TABLES(tree)


def _measure_own_text(element: HtmlElement) -> int:
    return len(element.text or "") + sum(len(child.tail or "") for child in element)


def _list_lines_of_text(blocks: list[Block], candidates: Collection[int]) -> list[Block]:
    """Return all running text; with the short lines of the element with most text, if that has more than all of it."""
    may_be_text = (block for block in blocks if block.link_share <= MAX_LINK_SHARE and not block.zone & zones.NOT_BODY)
    lines = [block for block in may_be_text if not candidates or block.index in candidates]
    running = [block for block in lines if block.is_prose and block.letters > 80]
    dense = find_densest(lines, 0)
    if len(dense) > _MAX_LINES or measure_text(dense) <= measure_text(running):
        return running
    # Such as a transcript.
    return [*{block.index: block for block in (*running, *dense)}.values()]


def _list_boxes_beside(blocks: list[Block], candidates: Collection[int]) -> list[HtmlElement]:
    """Return the outermost elements that contain none of some blocks, and have none of them as a sibling."""
    elements = [blocks[index].element for index in candidates]
    parents = {element.getparent() for element in elements}
    kept: set[HtmlElement] = set()
    for element in elements:
        # Up to the first that is there: with it, all that are around it are.
        kept.update(takewhile(lambda each: each not in kept, chain((element,), element.iterancestors())))
    found: list[HtmlElement] = []
    passed: set[HtmlElement] = set()
    for block in blocks:
        box, outer = block.element, block.element.getparent()
        if block.index in candidates or box in kept or outer in parents:
            continue
        while outer is not None and outer not in kept and box not in passed:
            passed.add(box)
            box, outer = outer, outer.getparent()
        if box not in passed and box.tag not in _PARTS:
            passed.add(box)
            found.append(box)
    return found


def _copy_without_non_article(page: Page, content: PageBlocks, candidates: Collection[int]) -> HtmlElement:
    """Return a copy of the page without its non-article containers: half of what trafilatura would search."""
    beside = _list_boxes_beside(content.blocks, candidates) if candidates else ()
    # A name that is broken, such as "p<", could not be set again.
    removed = [box for box in dict.fromkeys((*content.non_article, *beside)) if _TAG.fullmatch(str(box.tag))]
    # The elements inside a container are not copied only to be removed.
    emptied = [(box, box.tag, list(box)) for box in removed]
    kept = (box for box in content.article_boxes.difference(removed) if _TAG.fullmatch(str(box.tag)))
    boxes = [(box, box.tag, dict(box.attrib)) for box in kept]
    for box, _, _ in emptied:
        box.tag = _REMOVED_TAG
        del box[:]
    for box, _, _ in boxes:
        # trafilatura drops boxes by tag, class and style as well.
        if box.tag not in ("ul", "ol", "dl", "blockquote"):
            box.tag = "div"
        box.attrib.clear()
    tree = copy(page.root)
    for box, tag, children in emptied:
        box.tag = tag
        box[:] = children
    for box, tag, attributes in boxes:
        box.tag = tag
        box.attrib.update(attributes)
    for figure in tree.iter("figure"):
        if next(figure.iter("table", "p"), None) is None:
            figure.tag = _REMOVED_TAG
    strip_elements(tree, _REMOVED_TAG, *_IGNORED_TAGS, with_tail=False)
    strip_attributes(tree, *_IGNORED_ATTRIBUTES)
    _remove_unread_attributes(tree)
    if _COUNT_TEXTS(tree) > _MANY_TEXTS:
        for element in tree.iter("*"):
            element.text, element.tail = map(_join_text, (element.text, element.tail))
    return tree


def _join_text(text: str | None) -> str | None:
    """Return a text as it can be set: as one piece in place of those that removed elements have left."""
    return text and INVALID_CHARACTERS.sub("", text)


def _remove_unread_attributes(tree: HtmlElement) -> None:
    """Remove attributes by which trafilatura selects nothing, and the spans that have no others.

    It tests each attribute of each element by several regular expressions.
    """
    for element in tree.iter("span", "div", "p", "li", "ul", "section", "a"):
        attributes = element.attrib
        values = " ".join(attributes.values())
        # Longer ones would fill the cache of a process.
        if len(values) <= _MAX_VALUES and not _is_selected_by(values):
            attributes.clear()
        if not attributes and element.tag == "span":
            element.tag = _PLAIN_TAG
    strip_tags(tree, _PLAIN_TAG, *MANUALLY_STRIPPED)


@lru_cache(maxsize=5_000)  # a page repeats few of them
def _is_selected_by(values: str) -> bool:
    return _SELECTING.search(values) is not None


def _sum_levels(tree: HtmlElement) -> int:
    levels: dict[HtmlElement | None, int] = {}
    for element in tree.iter():
        levels[element] = levels.get(element.getparent(), 0) + 1
    return sum(levels.values())


def box_of_paragraph(block: Block) -> HtmlElement | None:
    """Return the element that holds a paragraph: its parent, or the <div> that it is a part of."""
    return block.element if block.tag == "div" and has_children(block.element) else block.element.getparent()


def find_densest(prose: Iterable[Block], excluded: int) -> list[Block]:
    """Return the paragraphs under the element with most running text, without those in some zones."""
    under: dict[HtmlElement, list[Block]] = {}
    for block in prose:
        if not block.zone & excluded and (parent := box_of_paragraph(block)) is not None:
            under.setdefault(parent, []).append(block)
    return max(under.values(), key=measure_text, default=[])


def _lines(body: _Element) -> Iterator[str]:
    """Yield each line that trafilatura returned."""
    for element in body:
        yield from map(normalize_space, "".join(_walk_lines(element)).split(_LINE_END))
        yield normalize_space(element.tail or "")


def _walk_lines(element: _Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        end = _LINE_END if child.tag in _ENDS_LINE else ""
        yield end
        yield from _walk_lines(child)
        yield end + (child.tail or "")


def _remove_space(text: str) -> str:
    """Remove the spaces of a normalized text, and invisible characters, some of which trafilatura drops."""
    return (text if text.isascii() or text.isprintable() else _INVISIBLE.sub("", text)).replace(" ", "")


def _locate_lines(lines: Iterable[str], blocks: list[Block]) -> SelectedBody:
    keys = [_remove_space(block.text) for block in blocks]
    places: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        for each in (key, *map(_remove_space, blocks[index].lines)):
            places.setdefault(each, []).append(index)
    in_block = {(_remove_space(line), block.index) for block in blocks for line in block.lines}
    found = SelectedBody()
    cursor = -1
    for line in lines:
        key = _remove_space(line)
        if index := _take_free(places.get(key, []), cursor, found.chosen):
            cursor = index - 1
            found.chosen.add(cursor)
            continue
        if cursor >= 0 and (key == keys[cursor] or (key, cursor) in in_block):
            continue
        near = _locate_parts(key, keys, cursor, found.chosen)
        if near:
            found.chosen.update(near)
            cursor = max(near)
        elif not any(i in found.chosen and key in keys[i] for i in range(cursor - _WINDOW + 1, cursor + _WINDOW)):
            found.unplaced.append((cursor, line))
    return found


def _take_free(indexes: list[int], cursor: int, taken: set[int]) -> int:
    """Return 1 + the first free index after the cursor, or else the first free one; 0 for none.

    Removes the indexes that it passes, so that thousands of equal lines take linear time.
    """
    at = bisect_left(indexes, cursor + 1)
    for start in (at, 0):
        while start < len(indexes):
            index = indexes.pop(start)
            if index not in taken:
                return index + 1
    return 0


def _locate_parts(key: str, keys: list[str], cursor: int, taken: set[int]) -> list[int]:
    """Return the blocks near the cursor that make up a line, or the one block that contains most of it."""
    window = range(max(0, cursor - _WINDOW), min(len(keys), cursor + _WINDOW)) if cursor >= 0 else range(len(keys))
    for index in window:
        if index not in taken and len(key) * 2 > len(keys[index]) and key in keys[index]:
            return [index]
    blocks_of: list[int] = []
    at = 0  # the blocks stand in order: each is looked for first behind the one before it
    for index in (i for i in window if i not in taken and len(keys[i]) > 3):
        if (found := key.find(keys[index], at)) >= 0 or keys[index] in key:
            blocks_of.append(index)
            at = max(at, found + 1)
    return blocks_of if sum(len(keys[i]) for i in blocks_of) * 2 > len(key) else []


# Refine the selection: remove text that is not body, and add body text that was dropped.
#
# Both are recognised by their position among the other blocks.

_MAX_LEVELS = 4  # ancestors of a block among which its box is looked for


def remove_non_body(blocks: list[Block], chosen: set[int], headline: Headline) -> set[int]:
    """Remove menus, hidden text beside visible text, and text before the headline.

    If that is much of the text it is kept: the headline is elsewhere, or the text is hidden behind a paywall.
    """
    chosen = {i for i in chosen if not (blocks[i].zone & (zones.NAV | zones.MENU) and blocks[i].link_share > 0.8)}
    chosen = _remove_unless_large(blocks, chosen, {i for i in chosen if blocks[i].zone & zones.HIDDEN})
    first = min((i for i in chosen if blocks[i].letters > 80 and blocks[i].link_share < 0.5), default=0)
    chosen = {i for i in chosen if i >= first or blocks[i].link_share < 0.8}
    return _remove_unless_large(blocks, chosen, {i for i in chosen if i < (headline.block or 0)})


def _remove_unless_large(blocks: list[Block], chosen: set[int], some: set[int]) -> set[int]:
    """Remove some of the chosen blocks, unless they are a quarter of the text or more."""
    amount = sum(len(blocks[i].text) for i in chosen)
    return chosen - some if sum(len(blocks[i].text) for i in some) * 4 < amount else chosen


def find_missed_text(blocks: list[Block], chosen: set[int], headline: Headline) -> set[int]:
    """Return dropped text whose siblings were selected, or that is in a parent like theirs."""
    texts = sorted(i for i in chosen if markup_role(blocks[i]) is Role.TEXT and blocks[i].letters > 60)
    if not texts or len(blocks) > MAX_BLOCKS:
        return set()
    places = _TextPlaces.collect(blocks, texts)
    similar_parents: set[HtmlElement] = set()
    found: list[Block] = []
    titles: list[Block] = []
    for block in blocks[headline.block + 1 if headline.block is not None else texts[0] :]:
        parent = block.element.getparent()
        # Quoted posts are in "social" boxes.
        excluded = zones.NOT_TEXT & ~zones.SHARE if block.zone & zones.QUOTE else zones.NOT_TEXT
        if block.index in chosen or block.zone & excluded or parent is None:
            continue
        if _belongs_to_text(block, parent, places):
            found.append(block)
            if block.letters > 60 or block.zone & zones.QUOTE:
                similar_parents.add(parent)
        elif markup_role(block) is Role.HEADING and block.tag != "h1" and block.link_share <= MAX_LINK_SHARE:
            titles.append(block)
    parents = places.parents | similar_parents
    left = {b.index for b in found if b.element.getparent() in parents or _list_parent(b) in parents}
    return left | {b.index for b in titles if _is_title_of_text(b, blocks, chosen | left)}


def _is_title_of_text(block: Block, blocks: list[Block], body: set[int]) -> bool:
    """Return whether a dropped heading is in one box with the text right after it: the title of a post."""
    after, parent = block.index + 1, block.element.getparent()
    if parent is None or after not in body or markup_role(blocks[after]) is not Role.TEXT:
        return False
    return parent in islice(blocks[after].element.iterancestors(), _MAX_LEVELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _TextPlaces:
    """The places of the selected text in the document."""

    first: int
    last: int
    parents: frozenset[HtmlElement]
    shapes: frozenset[tuple[str, str]]  # (tag, class) of parents with a class
    tags: frozenset[str]  # tags of the blocks, except <div>
    elements: frozenset[HtmlElement]  # elements whose own text, between line breaks, was selected
    classes: frozenset[str]  # first class name of the blocks that are <div>: the class of a paragraph on that site

    @classmethod
    def collect(cls, blocks: list[Block], texts: list[int]) -> Self:
        """Collect the places from the blocks of running text."""
        elements = [blocks[i].element for i in texts]
        parents = frozenset(p for e in elements if (p := e.getparent()) is not None)
        return cls(
            first=texts[0],
            last=texts[-1],
            parents=parents,
            shapes=frozenset(_tag_and_class(p) for p in parents if p.get("class")),
            tags=frozenset(blocks[i].tag for i in texts) - {"div"},
            elements=frozenset(elements),
            classes=frozenset(_first_class(e) for e in elements if e.tag == "div") - {""},
        )


def _belongs_to_text(block: Block, parent: HtmlElement, places: _TextPlaces) -> bool:
    role = markup_role(block)
    between = places.first < block.index < places.last
    if block.link_share > MAX_LINK_SHARE:
        return False
    if role is Role.QUOTE:
        return between and not places.parents.isdisjoint(islice(block.element.iterancestors(), 6))
    if role is Role.LIST:
        # The key points between headline and text, or a list beside paragraphs.
        key_points = block.index < places.first and len(block.text) > 40
        return block.link_share < 0.3 and (key_points or (between and _list_parent(block) in places.parents))
    if role is Role.HEADING:
        return between and block.tag != "h1" and parent in places.parents
    if block.tag == "div":
        alike = parent in places.parents and _first_class(block.element) in places.classes
        # At the ends of the text a label, or a question to readers, may be its sibling.
        is_part = between or (block.letters > 40 and ends_sentence(block.text, may_be_quoted=False))
        is_unlinked_sibling = is_part and parent in places.parents and block.link_share < 0.3
        return block.element in places.elements or alike or is_unlinked_sibling
    return block.tag in places.tags and (parent in places.parents or _tag_and_class(parent) in places.shapes)


def _list_parent(block: Block) -> HtmlElement | None:
    outer = list(islice(block.element.iterancestors("ul", "ol", "dl"), _MAX_LEVELS))
    return outer[-1].getparent() if outer else None


def _tag_and_class(element: HtmlElement) -> tuple[str, str]:
    return str(element.tag), element.get("class") or ""


def _first_class(element: HtmlElement) -> str:
    return (element.get("class") or "").partition(" ")[0]


def dominant_zones(blocks: list[Block], body: list[int]) -> int:
    """Return the zones that contain most of a body's text: they say nothing about a single block.

    <div class="newsletter-layout"> is evidence if it surrounds one paragraph, but not if it surrounds the whole page.
    """
    total = sum(len(blocks[i].text) for i in body)
    length_of: dict[int, int] = {}
    for i in body:
        length_of[blocks[i].zone] = length_of.get(blocks[i].zone, 0) + len(blocks[i].text)
    flags = (1 << bit for bit in range(zones.BODY.bit_length()))
    return sum(flag for flag in flags if sum(size for zone, size in length_of.items() if zone & flag) * 2 > total)


# Check what is left of a body against what was there, and find the text that should not have been cut.
#
# Classes, labels and trafilatura's own rules are only evidence. A body that is implausibly short for what the page
# itself claims (schema.org wordCount, articleBody), or beside the running text of one element, is read again without.

_NEVER_BODY = zones.NAV | zones.MENU | zones.CONSENT | zones.COMMENTS | zones.FOOTER
_MIN_TEXT = 400  # characters of running text from which a second reading is an article
_LITTLE_TEXT = 1_000  # characters of a body below which several boxes alike may be the article
_MAX_EXCESS = 1.3  # largest ratio of the text of a page to what it claims: more belongs to other articles


def _find_repeated_boxes(blocks: list[Block], prose: Iterable[Block]) -> list[Block]:
    """Return the paragraphs of an article that stands in several boxes alike, such as one for each step."""
    alike: dict[tuple[str, ...], list[Block]] = {}
    for block in prose:
        parent, before = block.element.getparent(), blocks[block.index - 1] if block.index else block
        # Boxes that begin with a link are teasers, those that begin with a name or a time readers' comments.
        is_part = before.link_share < MAX_LINK_SHARE and (before.is_prose or markup_role(before) is Role.HEADING)
        if parent is not None and is_part and not block.zone & zones.NOT_TEXT:
            alike.setdefault((*_tag_and_class(block.element), *_tag_and_class(parent)), []).append(block)
    return max(alike.values(), key=measure_text, default=[])


def find_cut_text(blocks: list[Block], body: Collection[int], first: int, claims: BodyClaims) -> set[int]:
    """Return the running text that has to be read as body although it was cut; empty if the body is plausible.

    `first`: the block from which the article can begin.
    """
    length = sum(len(blocks[i].text) for i in body)
    if claims.length and 2 * length >= claims.length:
        return set()
    cut = [b for b in blocks[first:] if b.index not in body and b.is_prose]
    claimed = claims.article_body
    if claimed:
        cut = [b for b in cut if text_key(b.text) in claimed]
    else:
        boxes = _find_repeated_boxes(blocks, cut) if length < _LITTLE_TEXT else []
        cut = max(find_densest(cut, _NEVER_BODY), boxes, key=measure_text)
    found = measure_text(cut)
    is_excess = claims.length and length + found > _MAX_EXCESS * claims.length
    if found < _MIN_TEXT or is_excess or found <= (length if claims.length else 2 * length):
        return set()
    if not claims.article_body:
        texts = {b.index for b in cut}
        above = (blocks[i - 1] for i in texts if i > first)
        titles = {b.index for b in above if markup_role(b) is Role.HEADING and _is_title_of_text(b, blocks, texts)}
        return texts | titles - set(body)
    # With the short lines between: headings, items of lists.
    between = blocks[cut[0].index : cut[-1].index + 1]
    return {b.index for b in between if b.index not in body and text_key(b.text) in claims.article_body}
