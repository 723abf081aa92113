"""Corrections, editor's notes and retractions, wherever a page has them: above the text, below it, or in its data.

A block is one by its wording, by the name of an element around it (class="correction"), or after a label "Correction".
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from lxml.html import HtmlElement

from newsarchive.extract import phrases, zones
from newsarchive.extract.blocks import Block, PageBlocks, normalize_space
from newsarchive.extract.jsonld import Node, as_list
from storage.model import Paragraph, Role

_MAX_LENGTH = 1_200  # longest correction, in characters
_MAX_BOX = 2_000  # most characters in an element that is named after a correction: a page may be named so as a whole
_MAX_PARAGRAPHS = 5
_MAX_DEPTH = 4  # elements around a block whose names are read
_MAX_LABEL = 40
_MIN_SENTENCE = 40  # shortest correction far from the text, in characters: shorter lines are links and labels
_ELSEWHERE = (
    zones.NAV | zones.MENU | zones.HIDDEN | zones.CONSENT | zones.BUTTON | zones.COMMENTS | zones.RELATED | zones.LATEST
    | zones.FORM | zones.AD | zones.SHARE
)  # fmt: skip
"""Zones whose notices are not the article's."""
_NAMING = ("class", "id", "itemprop", "data-testid", "data-component")
_MAX_NAMES = 300
_MARKUP = re.compile(r"<[^<>]{1,300}>")
_CAPITAL = re.compile(r"(?:^|(?<=[.!?)|]\s)|(?<=[a-zà-ÿ]))[^\W\d_a-zà-ÿ]")  # first letter of a sentence, or of a line


def is_notice(text: str, *, at_edge: bool) -> bool:
    """Return whether a paragraph is a correction, editor's note or retraction by its wording.

    `at_edge`: it stands at an end of the article, where more wordings are corrections.

    >>> is_notice("Correction: It was ten years.", at_edge=False)
    True
    >>> is_notice("An earlier version misspoke.", at_edge=True)
    True
    >>> is_notice("Corrections: found an error? Write to us.", at_edge=True)
    False
    """
    if len(text) > _MAX_LENGTH:
        return False
    found = phrases.CORRECTION.match(text) or (at_edge and phrases.EARLIER_VERSION.match(text))
    return found and not phrases.CORRECTION_POLICY.search(text)


def find_corrections(content: PageBlocks, roles: Mapping[int, Role], start: int) -> Iterator[int]:
    """Yield the blocks of a page that are corrections and have no such role yet.

    `start`: first block of the article, its headline or the first of its text.
    """
    blocks = content.blocks
    label: Block | None = None
    last = max(roles, default=start)
    named: dict[tuple[HtmlElement, int], bool] = {}
    for block in blocks:
        if block.zone & _ELSEWHERE or block.link_share > 0.6:
            continue
        announced = label is not None and _is_announced(blocks, block, label)
        is_label = len(block.text) <= _MAX_LABEL and phrases.CORRECTION.match(block.text)
        if is_label and not phrases.CORRECTION_POLICY.search(block.text):
            label = block
        elif not announced:
            label = None
        if roles.get(block.index) is Role.CORRECTION or len(block.text) > _MAX_LENGTH:
            continue
        role = roles.get(block.index)
        is_outside = not start <= block.index <= last or role is Role.QUOTE
        if announced or (content.names_corrections and _is_named(block.element, named)):
            if len(block.text) > _MAX_LABEL or not block.anchors:
                yield block.index
        elif len(block.text) >= _MIN_SENTENCE:
            is_behind = role in (Role.BYLINE, Role.CAPTION) or block.zone & zones.BYLINE
            starts = [found.start() for found in _CAPITAL.finditer(block.text)] if is_behind else [0] * is_outside
            if any(is_notice(block.text[start:], at_edge=False) for start in starts):
                yield block.index


def _is_announced(blocks: Sequence[Block], block: Block, label: Block) -> bool:
    """Return whether a block follows a label such as "Correction": in the box that it opens, or directly after it."""
    box = label.element.getparent()
    if box is None or box not in block.element.iterancestors():
        return False
    opens_box = label.index == 0 or box not in blocks[label.index - 1].element.iterancestors()
    return block.index == label.index + 1 or (opens_box and _is_small(box))


def _is_small(element: HtmlElement) -> bool:
    """Return whether an element can be a correction's own box, and is not around the article."""
    has_little_text = len(element.text_content()) <= _MAX_BOX and len(element.findall(".//p")) <= _MAX_PARAGRAPHS
    return has_little_text and element.find(".//h1") is None


def _is_named(element: HtmlElement, known: dict[tuple[HtmlElement, int], bool], depth: int = _MAX_DEPTH) -> bool:
    """Return whether an element around a block is named after a correction, and holds little else.

    Many blocks share the elements around them: what was found of each is kept in `known`.
    """
    place = element, depth
    if place not in known:
        names = " ".join(filter(None, map(element.get, _NAMING)))[:_MAX_NAMES].lower()
        own = zones.NOTICE_NAMES.search(names) and element.tag not in ("body", "html") and _is_small(element)
        around = element.getparent() if depth > 1 else None
        known[place] = bool(own) or (around is not None and _is_named(around, known, depth - 1))
    return known[place]


def read_declared_corrections(article: Node, paragraphs: Sequence[Paragraph]) -> tuple[Paragraph, ...]:
    """Return the corrections of schema.org `correction` that no paragraph prints.

    >>> read_declared_corrections({"correction": {"text": "It was <b>ten</b> years."}}, ())
    (Paragraph(role=<Role.CORRECTION: 'correction'>, text='It was ten years.'),)
    """
    found: list[Paragraph] = []
    printed = " ".join(paragraph.text for paragraph in paragraphs)
    for each in as_list(article.get("correction"))[:50]:
        text = (each.get("text") or each.get("description")) if isinstance(each, dict) else each
        if not isinstance(text, str) or text.startswith(("http://", "https://")):
            continue
        text = normalize_space(_MARKUP.sub("", text))
        if text and text not in printed:
            found.append(Paragraph(role=Role.CORRECTION, text=text))
    return tuple(found)
