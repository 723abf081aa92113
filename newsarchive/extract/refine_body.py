"""What trafilatura took that is no body, and what it left that is: told by where a block stands among the others."""

from dataclasses import dataclass
from itertools import islice
from typing import Self

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block, weight
from newsarchive.extract.headline import Headline
from newsarchive.extract.roles import form
from storage.model import Role

_NOT_TEXT = (
    zones.NAV | zones.MENU | zones.HIDDEN | zones.CONSENT | zones.BUTTON | zones.RELATED | zones.LATEST | zones.PROMO
    | zones.SHARE | zones.COMMENTS | zones.TAGS | zones.ASIDE | zones.FOOTER | zones.FORM | zones.CAPTION | zones.AD
    | zones.BIO | zones.PLAYER
)  # fmt: skip

_LINKED = 0.6
"""Share of links from which a block is no text."""
_NEAR = 4
"""Levels above a text at which its own box is looked for."""


def without_strays(blocks: list[Block], chosen: set[int], head: Headline) -> set[int]:
    """Drop menus, what is hidden beside what is shown, and what stands before the headline.

    Unless that is much of the text: then the headline is elsewhere, and the text is hidden until it is paid for.
    """
    chosen = {i for i in chosen if not (blocks[i].zone & (zones.NAV | zones.MENU) and blocks[i].link_share > 0.8)}
    chosen = _unless_much(blocks, chosen, {i for i in chosen if blocks[i].zone & zones.HIDDEN})
    first = min((i for i in chosen if weight(blocks[i].text) > 80 and blocks[i].link_share < 0.5), default=0)
    chosen = {i for i in chosen if i >= first or blocks[i].link_share < 0.8}
    if head.block is None:
        return chosen
    return _unless_much(blocks, chosen, {i for i in chosen if i < head.block})


def _unless_much(blocks: list[Block], chosen: set[int], some: set[int]) -> set[int]:
    """Return what was chosen without some of it, where that is less than a quarter of the text."""
    amount = sum(len(blocks[i].text) for i in chosen)
    return chosen - some if sum(len(blocks[i].text) for i in some) * 4 < amount else chosen


def left_behind(blocks: list[Block], chosen: set[int], head: Headline) -> set[int]:
    """Return text that trafilatura left, though it took its siblings, or paragraphs in a twin of its parent."""
    texts = sorted(i for i in chosen if form(blocks[i]) is Role.TEXT and weight(blocks[i].text) > 60)
    if not texts:
        return set()
    taken = _Taken.of(blocks, texts)
    twins: set[HtmlElement] = set()
    found: list[Block] = []
    titles: list[Block] = []
    for block in blocks[head.block + 1 if head.block is not None else texts[0] :]:
        parent = block.element.getparent()
        if block.index in chosen or block.zone & _NOT_TEXT & ~_of_form(block) or parent is None:
            continue
        if not _belongs(block, parent, taken):
            if form(block) is Role.HEADING and block.tag != "h1" and block.link_share <= _LINKED:
                titles.append(block)
            continue
        found.append(block)
        if weight(block.text) > 60 or block.zone & zones.QUOTE:
            twins.add(parent)
    homes = taken.parents | twins
    left = {b.index for b in found if b.element.getparent() in homes or _list_of(b) in homes}
    return left | {b.index for b in titles if _heads_text(b, blocks, chosen | left)}


def _heads_text(block: Block, blocks: list[Block], body: set[int]) -> bool:
    """Say whether a heading that was left stands in one box with the text right after it: the title of a post."""
    after, parent = block.index + 1, block.element.getparent()
    return (
        parent is not None
        and after in body
        and form(blocks[after]) is Role.TEXT
        and parent in islice(blocks[after].element.iterancestors(), _NEAR)
    )


def _of_form(block: Block) -> int:
    """Return zones that say nothing against a block of such a form: quoted posts stand in "social" boxes."""
    return zones.SHARE if block.zone & zones.QUOTE else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """Where the text stands that was taken."""

    first: int
    last: int
    parents: frozenset[HtmlElement]
    shapes: frozenset[tuple[str, str]]
    """Of parents that have a class."""
    tags: frozenset[str]
    """Of the blocks, without <div>."""
    elements: frozenset[HtmlElement]
    """Those whose own text, between line breaks, was taken."""
    classes: frozenset[str]
    """First words of the classes of blocks that are <div>: what a paragraph of that site is called."""

    @classmethod
    def of(cls, blocks: list[Block], texts: list[int]) -> Self:
        """Gather it from the blocks of running text."""
        elements = [blocks[i].element for i in texts]
        parents = frozenset(p for e in elements if (p := e.getparent()) is not None)
        return cls(
            first=texts[0],
            last=texts[-1],
            parents=parents,
            shapes=frozenset(_shape(p) for p in parents if p.get("class")),
            tags=frozenset(blocks[i].tag for i in texts) - {"div"},
            elements=frozenset(elements),
            classes=frozenset(_first_class(e) for e in elements if e.tag == "div") - {""},
        )


def _belongs(block: Block, parent: HtmlElement, taken: _Taken) -> bool:
    """Say whether a block that was left stands as those that were taken stand."""
    what = form(block)
    between = taken.first < block.index < taken.last
    if block.link_share > _LINKED:
        return False
    if what is Role.QUOTE:
        return between and not taken.parents.isdisjoint(islice(block.element.iterancestors(), 6))
    if what is Role.LIST:
        # The key points between headline and text, or a list beside paragraphs.
        key_points = block.index < taken.first and len(block.text) > 40
        return block.link_share < 0.3 and (key_points or (between and _list_of(block) in taken.parents))
    if what is Role.HEADING:
        return between and block.tag != "h1" and parent in taken.parents
    if block.tag == "div":
        alike = parent in taken.parents and _first_class(block.element) in taken.classes
        return (
            block.element in taken.elements or alike or (between and parent in taken.parents and block.link_share < 0.3)
        )
    return block.tag in taken.tags and (parent in taken.parents or _shape(parent) in taken.shapes)


def _list_of(block: Block) -> HtmlElement | None:
    """Return what the outermost list around a block stands in."""
    outer = list(islice(block.element.iterancestors("ul", "ol", "dl"), _NEAR))
    return outer[-1].getparent() if outer else None


def _shape(element: HtmlElement) -> tuple[str, str]:
    return str(element.tag), element.get("class") or ""


def _first_class(element: HtmlElement) -> str:
    return (element.get("class") or "").partition(" ")[0]


def own_zones(blocks: list[Block], body: list[int]) -> int:
    """Return the zones in which most of a body's text stands: what they hint at is no news of a single block.

    Where all of a page lies in <div class="newsletter-layout">, that says nothing; where one paragraph does, much.
    """
    whole = sum(len(blocks[i].text) for i in body)
    held: dict[int, int] = {}
    for i in body:
        held[blocks[i].zone] = held.get(blocks[i].zone, 0) + len(blocks[i].text)
    own = 0
    for bit in range(zones.BODY.bit_length()):
        flag = 1 << bit
        if sum(size for zone, size in held.items() if zone & flag) * 2 > whole:
            own |= flag
    return own
