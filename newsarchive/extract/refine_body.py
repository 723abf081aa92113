"""Refine trafilatura's selection: remove text that is not body, and add body text that it has dropped.

Both are recognised by their position among the other blocks.
"""

from dataclasses import dataclass
from itertools import islice
from typing import Self

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block, effective_length
from newsarchive.extract.headline import Headline
from newsarchive.extract.roles import markup_role
from storage.model import Role

_NOT_TEXT = (
    zones.NAV | zones.MENU | zones.HIDDEN | zones.CONSENT | zones.BUTTON | zones.RELATED | zones.LATEST | zones.PROMO
    | zones.SHARE | zones.COMMENTS | zones.TAGS | zones.ASIDE | zones.FOOTER | zones.FORM | zones.CAPTION | zones.AD
    | zones.BIO | zones.PLAYER
)  # fmt: skip

_MAX_LINK_SHARE = 0.6
"""Share of links above which a block is not text."""
_MAX_LEVELS = 4
"""Ancestors of a block among which its box is looked for."""


def remove_non_body(blocks: list[Block], chosen: set[int], headline: Headline) -> set[int]:
    """Remove menus, hidden text beside visible text, and text before the headline.

    If that is much of the text it is kept: the headline is elsewhere, or the text is hidden behind a paywall.
    """
    chosen = {i for i in chosen if not (blocks[i].zone & (zones.NAV | zones.MENU) and blocks[i].link_share > 0.8)}
    chosen = _remove_unless_large(blocks, chosen, {i for i in chosen if blocks[i].zone & zones.HIDDEN})
    first = min((i for i in chosen if effective_length(blocks[i].text) > 80 and blocks[i].link_share < 0.5), default=0)
    chosen = {i for i in chosen if i >= first or blocks[i].link_share < 0.8}
    if headline.block is None:
        return chosen
    return _remove_unless_large(blocks, chosen, {i for i in chosen if i < headline.block})


def _remove_unless_large(blocks: list[Block], chosen: set[int], some: set[int]) -> set[int]:
    """Remove some of the chosen blocks, unless they are a quarter of the text or more."""
    amount = sum(len(blocks[i].text) for i in chosen)
    return chosen - some if sum(len(blocks[i].text) for i in some) * 4 < amount else chosen


def find_missed_text(blocks: list[Block], chosen: set[int], headline: Headline) -> set[int]:
    """Return dropped text whose siblings were selected, or that is in a parent like theirs."""
    texts = sorted(i for i in chosen if markup_role(blocks[i]) is Role.TEXT and effective_length(blocks[i].text) > 60)
    if not texts:
        return set()
    places = _TextPlaces.collect(blocks, texts)
    similar_parents: set[HtmlElement] = set()
    found: list[Block] = []
    titles: list[Block] = []
    for block in blocks[headline.block + 1 if headline.block is not None else texts[0] :]:
        parent = block.element.getparent()
        if block.index in chosen or block.zone & _NOT_TEXT & ~_allowed_zones(block) or parent is None:
            continue
        if not _belongs_to_text(block, parent, places):
            if markup_role(block) is Role.HEADING and block.tag != "h1" and block.link_share <= _MAX_LINK_SHARE:
                titles.append(block)
            continue
        found.append(block)
        if effective_length(block.text) > 60 or block.zone & zones.QUOTE:
            similar_parents.add(parent)
    parents = places.parents | similar_parents
    left = {b.index for b in found if b.element.getparent() in parents or _list_parent(b) in parents}
    return left | {b.index for b in titles if _is_title_of_text(b, blocks, chosen | left)}


def _is_title_of_text(block: Block, blocks: list[Block], body: set[int]) -> bool:
    """Return whether a dropped heading is in one box with the text right after it: the title of a post."""
    after, parent = block.index + 1, block.element.getparent()
    return (
        parent is not None
        and after in body
        and markup_role(blocks[after]) is Role.TEXT
        and parent in islice(blocks[after].element.iterancestors(), _MAX_LEVELS)
    )


def _allowed_zones(block: Block) -> int:
    """Return zones that are acceptable for such a block: quoted posts are in "social" boxes."""
    return zones.SHARE if block.zone & zones.QUOTE else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _TextPlaces:
    """The places of the selected text in the document."""

    first: int
    last: int
    parents: frozenset[HtmlElement]
    shapes: frozenset[tuple[str, str]]
    """(tag, class) of parents with a class."""
    tags: frozenset[str]
    """Tags of the blocks, except <div>."""
    elements: frozenset[HtmlElement]
    """Elements whose own text, between line breaks, was selected."""
    classes: frozenset[str]
    """First class name of the blocks that are <div>: the class of a paragraph on that site."""

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
    if block.link_share > _MAX_LINK_SHARE:
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
        return (
            block.element in places.elements
            or alike
            or (between and parent in places.parents and block.link_share < 0.3)
        )
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
    dominant = 0
    for bit in range(zones.BODY.bit_length()):
        flag = 1 << bit
        if sum(size for zone, size in length_of.items() if zone & flag) * 2 > total:
            dominant |= flag
    return dominant
