"""What trafilatura took that is no body, and what it left that is: told by where a block stands among the others."""

from itertools import islice

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block
from newsarchive.extract.headline import Headline
from newsarchive.extract.roles import form
from storage.model import Role

_NOT_TEXT = (
    zones.NAV | zones.MENU | zones.HIDDEN | zones.CONSENT | zones.BUTTON | zones.RELATED | zones.LATEST | zones.PROMO
    | zones.SHARE | zones.COMMENTS | zones.TAGS | zones.ASIDE | zones.FOOTER | zones.FORM | zones.CAPTION | zones.AD
    | zones.BIO | zones.PLAYER
)  # fmt: skip


def without_strays(blocks: list[Block], chosen: set[int], head: Headline) -> set[int]:
    """Drop what stands before the headline, unless it is much of the text: then the headline is elsewhere."""
    chosen = {i for i in chosen if not (blocks[i].zone & (zones.NAV | zones.MENU) and blocks[i].link_share > 0.8)}
    first = min((i for i in chosen if len(blocks[i].text) > 80 and blocks[i].link_share < 0.5), default=0)
    chosen = {i for i in chosen if i >= first or blocks[i].link_share < 0.8}
    if head.block is None:
        return chosen
    before = {i for i in chosen if i < head.block}
    amount = sum(len(blocks[i].text) for i in chosen)
    return chosen - before if sum(len(blocks[i].text) for i in before) * 4 < amount else chosen


def _shape(element: HtmlElement) -> tuple[str, str]:
    return str(element.tag), element.get("class") or ""


def left_behind(blocks: list[Block], chosen: set[int], head: Headline) -> set[int]:
    """Return text that trafilatura left, though it took its siblings, or paragraphs in a twin of its parent."""
    texts = sorted(i for i in chosen if form(blocks[i]) is Role.TEXT and len(blocks[i].text) > 60)
    if not texts:
        return set()
    parents = {p for i in texts if (p := blocks[i].element.getparent()) is not None}
    tags = {blocks[i].tag for i in texts} - {"div"}
    shapes = {_shape(p) for p in parents if p.get("class")}
    twins: set[HtmlElement] = set()
    found: list[Block] = []
    for block in blocks[head.block + 1 if head.block is not None else texts[0] :]:
        parent = block.element.getparent()
        if block.index in chosen or block.zone & _NOT_TEXT or block.link_share > 0.6 or parent is None:
            continue
        what = form(block)
        between = texts[0] < block.index < texts[-1]
        if (what is Role.QUOTE and between and parents.intersection(islice(block.element.iterancestors(), 4))) or (
            what is Role.LIST and block.index < texts[0] and len(block.text) > 40 and block.link_share < 0.3
        ):
            # A quoted post; or the key points between headline and text.
            found.append(block)
            twins.add(parent)
        elif what is Role.HEADING and between and parent in parents and block.tag != "h1":
            found.append(block)
        elif what is not Role.HEADING and block.tag in tags and (parent in parents or _shape(parent) in shapes):
            found.append(block)
            if len(block.text) > 60:
                twins.add(parent)
    return {b.index for b in found if (parent := b.element.getparent()) in parents or parent in twins}


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
