"""Which blocks of a page are its article, as trafilatura sees it.

trafilatura hands back text without saying where it stood. Its lines are found again among the page's blocks, so that
what surrounds a paragraph (a figure, a share bar, a list of links) can speak about it.
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
from newsarchive.extract.blocks import Block, Flow, folded
from newsarchive.extract.tree import Page

# It warns of each page that is not an article. Here that is a value with a reason.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

_MOST_SEARCHED = 9_000
"""Most elements that trafilatura is asked about: over ten thousand siblings it takes seconds.

The largest of 500 news pages has 7,217 before its menus are left out.
"""
_NEAR = 60
"""How far from the line before, in blocks, a line is looked for that no block equals."""
_UNREAD = (
    "script style svg iframe template noscript nav footer select button picture img video audio object canvas link meta"
).split()
"""What trafilatura drops anyway. Dropped first, its searches have a third less to look at."""
_BESIDE = "newsarchive-beside"
"""Tag of what is to be left out of the copy."""
_RESCUED = 400
"""Fewest characters that are taken for an article against trafilatura's judgement."""
_NO_BODY = (
    zones.NAV | zones.MENU | zones.HIDDEN | zones.COMMENTS | zones.CONSENT | zones.FOOTER | zones.FORM | zones.RELATED
    | zones.PROMO | zones.BIO
)  # fmt: skip
_OPTIONS = Extractor(fast=True, comments=False, output_format="xml")
_UNSEEN = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_ENDS_LINE = frozenset({"lb", "item", "row", "p", "head", "quote", "cell", "list", "table", "code"})


@dataclass(slots=True)
class Selection:
    """What trafilatura took."""

    chosen: set[int] = field(default_factory=set)
    """Indexes of blocks."""
    loose: list[tuple[int, str, str]] = field(default_factory=list)
    """Lines that no block holds: the block they come after (-1 for none), trafilatura's tag, text."""


def select(page: Page, flow: Flow) -> Selection:
    """Ask trafilatura for the article of a page and find its lines among the blocks."""
    blocks = flow.blocks
    tree = _slimmed(page, flow.boxes)
    document = _asked(tree, page.url) if tree.xpath("count(//*)") <= _MOST_SEARCHED else None
    found = Selection()
    if isinstance(document, Document):
        found = _found_again(list(_lines(document.body)), blocks)
    dense = _densest(blocks)
    taken = sum(len(blocks[i].text) for i in found.chosen) + sum(len(text) for _, _, text in found.loose)
    if sum(len(blocks[i].text) for i in dense) > 2 * taken:
        return Selection(chosen=dense)
    return found


def _asked(tree: HtmlElement, url: str) -> object:
    # Its own for each page: trafilatura writes into it.
    options = copy(_OPTIONS)
    options.url = options.source = url
    try:
        return bare_extraction(tree, options=options)
    except RecursionError:
        return None


def _slimmed(page: Page, boxes: list[HtmlElement]) -> HtmlElement:
    """Return a copy of the page without what stands beside its article: half of what trafilatura would search."""
    tags = [box.tag for box in boxes]
    for box in boxes:
        box.tag = _BESIDE
    tree = copy(page.root)
    for box, tag in zip(boxes, tags, strict=True):
        box.tag = tag
    strip_elements(tree, _BESIDE, *_UNREAD, with_tail=False)
    return tree


def _densest(blocks: list[Block]) -> set[int]:
    """Return the paragraphs under the element with most running text: what is left to a page that nests oddly."""
    held: dict[HtmlElement, set[int]] = {}
    for block in blocks:
        if len(block.text) > 80 and block.link_share < 0.4 and not block.zone & _NO_BODY:
            parent = block.element.getparent() if block.tag != "div" else block.element
            if parent is not None:
                held.setdefault(parent, set()).add(block.index)
    best = max(held.values(), key=lambda indexes: sum(len(blocks[i].text) for i in indexes), default=set())
    return best if sum(len(blocks[i].text) for i in best) > _RESCUED else set()


def _lines(body: _Element) -> Iterator[tuple[str, str]]:
    """Yield (tag of the top element, text) for each line of what trafilatura returned."""
    for element in body:
        parts: list[str] = []
        for event, text in _pieces(element):
            if event:
                if line := folded("".join(parts)):
                    yield str(element.tag), line
                parts = []
            else:
                parts.append(text)
        if line := folded("".join(parts)):
            yield str(element.tag), line
        if element.tail and (line := folded(element.tail)):
            yield "p", line


def _pieces(element: _Element) -> Iterator[tuple[bool, str]]:
    yield False, element.text or ""
    for child in element:
        ends = child.tag in _ENDS_LINE
        if ends:
            yield True, ""
        yield from _pieces(child)
        if ends:
            yield True, ""
        yield False, child.tail or ""


def _compact(text: str) -> str:
    """Drop white space, and what no reader sees: trafilatura drops some of it on its way."""
    if not text.isascii():
        text = _UNSEEN.sub("", text)
    return "".join(text.split())


def _found_again(lines: list[tuple[str, str]], blocks: list[Block]) -> Selection:
    keys = [_compact(block.text) for block in blocks]
    places: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        places.setdefault(key, []).append(index)
        for line in blocks[index].lines:
            places.setdefault(_compact(line), []).append(index)
    found = Selection()
    cursor = -1
    for tag, line in lines:
        key = _compact(line)
        if index := _next_place(places.get(key, []), cursor, found.chosen):
            cursor = index - 1
            found.chosen.add(cursor)
            continue
        if cursor in places.get(key, []):
            continue
        near = _parts(key, keys, cursor, found.chosen)
        if near:
            found.chosen.update(near)
            cursor = max(near)
        elif not any(key in keys[i] for i in found.chosen if abs(i - cursor) < _NEAR):
            found.loose.append((cursor, tag, line))
    return found


def _next_place(indexes: list[int], cursor: int, taken: set[int]) -> int:
    """Return 1 + the first index after the cursor, or else the first that is free; 0 for none."""
    at = bisect_left(indexes, cursor + 1)
    for index in indexes[at:] + indexes[:at]:
        if index not in taken:
            return index + 1
    return 0


def _parts(key: str, keys: list[str], cursor: int, taken: set[int]) -> list[int]:
    """Return the blocks near the cursor that a line is put together from, or the one it is the larger part of."""
    window = range(max(0, cursor - _NEAR), min(len(keys), cursor + _NEAR))
    if cursor < 0:
        window = range(len(keys))
    for index in window:
        if index not in taken and len(key) * 2 > len(keys[index]) and key in keys[index]:
            return [index]
    held = [i for i in window if i not in taken and len(keys[i]) > 3 and keys[i] in key]
    return held if sum(len(keys[i]) for i in held) * 2 > len(key) else []
