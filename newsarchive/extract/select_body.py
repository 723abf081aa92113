"""Select the blocks of the article with trafilatura.

trafilatura returns text without its position. Its lines are located among the blocks of the page, so that the elements
around a paragraph (a figure, a share bar, a list of links) can be taken into account.
"""

import logging
import re
from bisect import bisect_left
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field

from lxml.etree import _Element, strip_elements
from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.settings import Document, Extractor

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block, PageBlocks, normalize_space
from newsarchive.extract.tree import Page

# It logs a warning for each page that is not an article. Here that is a normal result.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

_MAX_ELEMENTS = 9_000
"""Largest page, in elements, that trafilatura is run on: for ten thousand siblings it takes seconds.

The largest of 500 news pages has 7,217 before its menus are removed."""
_WINDOW = 60
"""Distance in blocks within which a line is looked for that equals no block."""
_IGNORED_TAGS = (
    "script style svg iframe template noscript nav footer select button picture img video audio object canvas link meta"
).split()
"""Elements that trafilatura drops anyway. Removing them first spares its searches a third of the elements."""
_REMOVED_TAG = "newsarchive-beside"
"""Tag of the elements to remove from the copy."""
_MIN_RESCUED = 400
"""Shortest text, in characters, that is taken for an article against trafilatura's judgement."""
_NOT_BODY = (
    zones.NAV | zones.MENU | zones.HIDDEN | zones.COMMENTS | zones.CONSENT | zones.FOOTER | zones.FORM | zones.RELATED
    | zones.PROMO | zones.BIO
)  # fmt: skip
_OPTIONS = Extractor(fast=True, comments=False, output_format="xml")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_ENDS_LINE = frozenset({"lb", "item", "row", "p", "head", "quote", "cell", "list", "table", "code"})


@dataclass(slots=True)
class Selection:
    """The text selected by trafilatura."""

    chosen: set[int] = field(default_factory=set)
    """Indexes of blocks."""
    unplaced: list[tuple[int, str, str]] = field(default_factory=list)
    """Lines without a block: (the block they follow, -1 for none; trafilatura's tag; text)."""


def select_body(page: Page, content: PageBlocks) -> Selection:
    """Run trafilatura on a page, and locate its lines among the blocks."""
    blocks = content.blocks
    tree = _copy_without_non_article(page, content.non_article)
    document = _run_trafilatura(tree, page.url) if tree.xpath("count(//*)") <= _MAX_ELEMENTS else None
    found = Selection()
    if isinstance(document, Document):
        found = _locate_lines(list(_lines(document.body)), blocks)
    dense = _densest_element(blocks)
    taken = sum(len(blocks[i].text) for i in found.chosen) + sum(len(text) for _, _, text in found.unplaced)
    if sum(len(blocks[i].text) for i in dense) > 2 * taken:
        return Selection(chosen=dense)
    return found


def _run_trafilatura(tree: HtmlElement, url: str) -> object:
    # A copy for each page: trafilatura modifies it.
    options = copy(_OPTIONS)
    options.url = options.source = url
    try:
        return bare_extraction(tree, options=options)
    except RecursionError:
        return None


def _copy_without_non_article(page: Page, non_article: list[HtmlElement]) -> HtmlElement:
    """Return a copy of the page without its non-article containers: half of what trafilatura would search."""
    tags = [box.tag for box in non_article]
    for box in non_article:
        box.tag = _REMOVED_TAG
    tree = copy(page.root)
    for box, tag in zip(non_article, tags, strict=True):
        box.tag = tag
    strip_elements(tree, _REMOVED_TAG, *_IGNORED_TAGS, with_tail=False)
    return tree


def _densest_element(blocks: list[Block]) -> set[int]:
    """Return the paragraphs under the element with most running text: a fallback for unusual markup."""
    blocks_of: dict[HtmlElement, set[int]] = {}
    for block in blocks:
        if len(block.text) > 80 and block.link_share < 0.4 and not block.zone & _NOT_BODY:
            parent = block.element.getparent() if block.tag != "div" else block.element
            if parent is not None:
                blocks_of.setdefault(parent, set()).add(block.index)
    best = max(blocks_of.values(), key=lambda indexes: sum(len(blocks[i].text) for i in indexes), default=set())
    return best if sum(len(blocks[i].text) for i in best) > _MIN_RESCUED else set()


def _lines(body: _Element) -> Iterator[tuple[str, str]]:
    """Yield (tag of the top-level element, text) of each line that trafilatura returned."""
    for element in body:
        parts: list[str] = []
        for event, text in _walk_lines(element):
            if event:
                if line := normalize_space("".join(parts)):
                    yield str(element.tag), line
                parts = []
            else:
                parts.append(text)
        if line := normalize_space("".join(parts)):
            yield str(element.tag), line
        if element.tail and (line := normalize_space(element.tail)):
            yield "p", line


def _walk_lines(element: _Element) -> Iterator[tuple[bool, str]]:
    yield False, element.text or ""
    for child in element:
        ends = child.tag in _ENDS_LINE
        if ends:
            yield True, ""
        yield from _walk_lines(child)
        if ends:
            yield True, ""
        yield False, child.tail or ""


def _remove_space(text: str) -> str:
    """Remove white space and invisible characters, some of which trafilatura drops."""
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    return "".join(text.split())


def _locate_lines(lines: list[tuple[str, str]], blocks: list[Block]) -> Selection:
    keys = [_remove_space(block.text) for block in blocks]
    places: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        places.setdefault(key, []).append(index)
        for line in blocks[index].lines:
            places.setdefault(_remove_space(line), []).append(index)
    known = {key: frozenset(indexes) for key, indexes in places.items()}
    found = Selection()
    cursor = -1
    for tag, line in lines:
        key = _remove_space(line)
        if index := _take_free(places.get(key, []), cursor, found.chosen):
            cursor = index - 1
            found.chosen.add(cursor)
            continue
        if cursor in known.get(key, ()):
            continue
        near = _locate_parts(key, keys, cursor, found.chosen)
        if near:
            found.chosen.update(near)
            cursor = max(near)
        elif not any(i in found.chosen and key in keys[i] for i in range(cursor - _WINDOW + 1, cursor + _WINDOW)):
            found.unplaced.append((cursor, tag, line))
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
    window = range(max(0, cursor - _WINDOW), min(len(keys), cursor + _WINDOW))
    if cursor < 0:
        window = range(len(keys))
    for index in window:
        if index not in taken and len(key) * 2 > len(keys[index]) and key in keys[index]:
            return [index]
    blocks_of = [i for i in window if i not in taken and len(keys[i]) > 3 and keys[i] in key]
    return blocks_of if sum(len(keys[i]) for i in blocks_of) * 2 > len(key) else []
