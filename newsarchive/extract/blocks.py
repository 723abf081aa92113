"""A page as a row of text blocks, in the order in which they stand, each with what surrounds it.

One walk over the tree serves everything that follows: the body's roles, headline, dek, byline, visible dates and the
link groups. It reads the tree and leaves it as it was.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from lxml.html import HtmlElement

from newsarchive.extract import zones

_SKIPPED = frozenset(
    (
        "script style noscript template svg iframe select object canvas head textarea math map datalist embed applet"
        " option link meta param source track"
    ).split()
)
_INLINE = frozenset(
    (
        "a abbr acronym b bdi bdo big cite code data del dfn em font i img input ins kbd label mark nobr q s samp small"
        " span strike strong sub sup time tt u var wbr picture ruby rb rt rp output"
    ).split()
)
_NOT_WALKED = _SKIPPED | {"br", "hr"}
_BOLD = frozenset({"b", "strong"})
_LABELS = frozenset({"a", "span"})
"""What stands side by side in cards, told apart by style alone."""
_LARGE = frozenset({"4", "5", "6", "7", "+1", "+2", "+3"})
"""Sizes of <font> in which pages once printed headlines."""
_APART = zones.DATE | zones.BYLINE
"""What stands apart from the words beside it, though no white space in the markup says so."""
_CONTAINERS = frozenset("div section aside nav header footer ul ol li dl form".split())
_WHISPER = 80
"""Characters of a hidden part of a line, at most."""
_DEEPEST = 200
"""Deeper than this an element is read as one block: no page of people is nested so, and recursion has an end."""


@dataclass(slots=True)
class Anchor:
    """One <a href> with its visible text."""

    element: HtmlElement
    href: str
    zone: int
    block: int
    """Index of the block that it begins in."""
    rel: str = ""
    """What it says of where it leads, as written."""
    text: str = ""


@dataclass(slots=True)
class Block:
    """A run of text without a block boundary in it."""

    index: int
    element: HtmlElement
    """The nearest block-level element around the text."""
    tag: str
    zone: int
    text: str
    linked: int = 0
    """Characters of the text that stand in links."""
    strong: bool = False
    """The whole text is bold."""
    anchors: list[Anchor] = field(default_factory=list)
    lines: tuple[str, ...] = ()
    """The text's parts between single <br>, where there are several."""

    @property
    def link_share(self) -> float:
        """The share of the text that is links, 0 to 1."""
        return min(1.0, self.linked / len(self.text)) if self.text else 0.0


@dataclass(slots=True)
class Flow:
    """All blocks and anchors of a page."""

    blocks: list[Block] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    characters: int = 0
    boxes: list[HtmlElement] = field(default_factory=list)
    """The outermost containers that hold nothing of an article: empty ones, and those that say so (zones.BESIDE)."""


_IDEOGRAPH = re.compile("[\u2e80-\U0010ffff]")
_LINE = " \x1f "
"""Stands for a single <br> while a block is gathered: white space to str.split, and in no page's text after parsing."""


def weight(text: str) -> int:
    """Return a text's length, an ideograph or a kana counting three letters."""
    return len(text) if text.isascii() else len(text) + 2 * ideographs(text)


def ideographs(text: str) -> int:
    """Return how many characters stand for a word or syllable each, and need no spaces between them."""
    return len(_IDEOGRAPH.findall(text))


def folded(text: str) -> str:
    """Fold white space; all else stays as it is printed."""
    return " ".join(text.split())


def _glued(before: str, after: str) -> bool:
    """Say whether two pieces of text would run together: letters or digits of a script that has spaces."""
    first, second = before[-1], after[0]
    return first.isalnum() and second.isalnum() and first < "\u2e80" and second < "\u2e80"


def _begins(before: str, after: str) -> bool:
    """Say whether a piece of text begins anew where another ended: "13:40" and "Library", "News" and "Ferry"."""
    last, first = before[-1], after[0]
    if first.isdigit():
        return last.islower() and len(after) > 1
    return first.isupper() and (last.islower() or last.isdigit())


def walk(body: HtmlElement) -> Flow:
    """Return the page's blocks in document order."""
    walker = _Walker(_around_headlines(body))
    walker.element(body, str(body.tag), 0, 0, body)
    walker.flush()
    return walker.flow


def _around_headlines(body: HtmlElement) -> set[HtmlElement]:
    """Return the elements that hold an <h1>: whatever their class says of a theme or subject, no box."""
    found = {body}
    for heading in body.iter("h1"):
        found.update(heading.iterancestors())
    return found


class _Walker:
    """Gathers inline text until a block boundary ends it."""

    def __init__(self, frames: set[HtmlElement]) -> None:
        self.flow = Flow()
        self.frames = frames
        self.parts: list[str] = []
        self.linked = 0
        self.bold = 0
        self.bold_depth = 0
        self.line_at = 0
        self.line_bold = 0
        self.anchor: Anchor | None = None
        self.anchor_parts: list[str] = []
        self.anchors: list[Anchor] = []
        self.holder: HtmlElement | None = None
        self.holder_zone = 0
        self.breaks = 0
        self.bodies = 0
        self.texts = 0
        self.apart = False
        self.beside = False
        self.closed = 0
        self.linked_to = 0

    def text(self, text: str, holder: HtmlElement, zone: int) -> None:
        """Gather a piece of text; white space only where there is something before it."""
        if text.isspace():
            if self.parts:
                self.parts.append(" ")
                if self.anchor is not None:
                    self.anchor_parts.append(" ")
            return
        self.texts += 1
        if self.breaks:
            if self.ends(holder):
                self.flush()
            elif self.parts:
                self.parts.append(_LINE)
                self.line_at, self.line_bold = len(self.parts), self.bold
            self.breaks = 0
        if not self.parts:
            self.holder, self.holder_zone = holder, zone
        elif (self.apart or (self.beside and _begins(self.parts[-1], text))) and _glued(self.parts[-1], text):
            self.parts.append(" ")
            if self.anchor_parts:
                self.anchor_parts.append(" ")
        self.apart = self.beside = False
        self.parts.append(text)
        if self.anchor is not None:
            self.anchor_parts.append(text)
            self.linked += len(text)
        if self.bold_depth:
            self.bold += len(text)

    def ends(self, holder: HtmlElement) -> bool:
        """Say whether line breaks end a block: two of them, or one beside a bold line of a page laid out as a table."""
        if self.breaks > 1 or not self.parts:
            return self.breaks > 1
        if holder.tag != "td":
            return False
        line = "".join(self.parts[self.line_at :]).strip()
        return self.bold_depth > 0 or self.bold - self.line_bold >= len(line) * 0.95

    def flush(self) -> None:
        """End the block that has been gathered."""
        self.breaks = 0
        if not self.parts:
            return
        raw = "".join(self.parts)
        text = folded(raw)
        self.parts = []
        holder = self.holder
        if text and holder is not None:
            block = Block(
                len(self.flow.blocks),
                holder,
                str(holder.tag),
                self.holder_zone,
                text,
                self.linked,
                self.bold >= len(text) * 0.95 > 0,
                self.anchors,
            )
            if self.line_at:
                block.lines = tuple(line for part in raw.split(_LINE) if (line := folded(part)))
            self.flow.blocks.append(block)
            self.flow.characters += len(text)
            self.anchors = []
        self.linked = self.bold = self.line_at = self.line_bold = 0
        self.holder = None

    def element(self, element: HtmlElement, tag: str, zone: int, depth: int, holder: HtmlElement) -> None:
        """Walk one element and what it holds; its tail is the caller's."""
        within, bodies = zone, self.bodies
        inline = tag in _INLINE
        apart = tag == "time"
        attributes = element.items()
        if element in self.frames:
            zone |= zones.zone_of(tag, attributes) & zones.OF_FRAMES
        elif attributes:
            opened = zones.zone_of(tag, attributes)
            if opened:
                if inline and opened & zones.HIDDEN and self.whispered(element):
                    return
                zone = self.opened(zone, opened)
                apart = apart or opened & _APART != 0
        elif tag in zones.TAG_ZONES:
            zone |= zones.TAG_ZONES[tag]
        elif "-" in tag:
            zone |= zones.zone_of(tag, ())
        if inline:
            self.apart = self.apart or apart
            self.inline(element, tag, zone, depth, holder)
            self.apart = self.apart or apart
            self.closed = self.texts
            return
        if self.parts:
            self.flush()
        self.breaks = 0
        texts, boxes = self.texts, len(self.flow.boxes)
        self.content(element, zone, depth, element)
        if self.parts:
            self.flush()
        self.breaks = 0
        if tag in _CONTAINERS and (
            self.texts == texts or (zone & zones.BESIDE and not within & zones.BESIDE and self.bodies == bodies)
        ):
            # It holds nothing of an article: it stands in place of those inside it.
            del self.flow.boxes[boxes:]
            self.flow.boxes.append(element)

    def next_to(self, element: HtmlElement) -> None:
        """Note that a label or link follows another at once: links to two places are apart."""
        self.beside = True
        if self.linked_to == self.texts and self.anchors:
            # A link that an editor has cut in two leads to one place.
            self.apart = self.apart or element.get("href") not in (None, "", self.anchors[-1].href)

    def opened(self, zone: int, opened: int) -> int:
        """Return the zone of what an element holds that opens some."""
        if opened & zones.BODY:
            self.bodies += 1
            if not zone & (zones.RELATED | zones.LATEST):
                zone &= ~zones.OF_BOXES
        return zone | opened

    def whispered(self, element: HtmlElement) -> bool:
        """Leave out what only screen readers read ("opens in a new tab"), where something is seen beside it."""
        if not self.parts or (self.anchor is not None and not self.anchor_parts):
            return False
        if len(element.text_content()) >= _WHISPER or element.find(".//a") is not None:
            return False
        self.flow.boxes.append(element)
        return True

    def inline(self, element: HtmlElement, tag: str, zone: int, depth: int, holder: HtmlElement) -> None:
        if tag in _LABELS and self.closed == self.texts:
            self.next_to(element)
        if tag == "a":
            if self.anchor is None and (href := element.get("href")):
                self.link(element, href, zone, depth, holder)
                return
        elif tag in _BOLD or (tag == "font" and element.get("size") in _LARGE):
            self.bold_depth += 1
            self.content(element, zone, depth, holder)
            self.bold_depth -= 1
            return
        self.content(element, zone, depth, holder)

    def link(self, element: HtmlElement, href: str, zone: int, depth: int, holder: HtmlElement) -> None:
        if self.breaks and self.ends(holder):
            self.flush()
        self.anchor = anchor = Anchor(element, href, zone, len(self.flow.blocks), element.get("rel") or "")
        self.anchor_parts = []
        self.flow.anchors.append(anchor)
        self.anchors.append(anchor)
        self.content(element, zone, depth, holder)
        anchor.text = folded("".join(self.anchor_parts))
        self.anchor = None
        self.linked_to = self.texts

    def content(self, element: HtmlElement, zone: int, depth: int, holder: HtmlElement) -> None:
        if depth > _DEEPEST:
            self.text(element.text_content(), holder, zone)
            return
        depth += 1
        # White space before a block's first word is most of what stands between the elements of a page.
        if (text := element.text) and (self.parts or not text.isspace()):
            self.text(text, holder, zone)
        # All children at once: to ask for one after the other costs twice as much.
        for child in element[:]:
            tag: Any = child.tag
            if tag not in _NOT_WALKED:
                self.element(child, tag, zone, depth, holder)
            elif tag == "br":
                self.breaks += 1
            elif tag == "hr":
                self.flush()
            elif tag == "math":
                self.texts += 1
            if (tail := child.tail) and (self.parts or not tail.isspace()):
                self.text(tail, holder, zone)
