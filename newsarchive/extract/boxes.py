"""Read which named boxes of a page hold which parts of its article, for what only a site's pages together tell."""

import json
import re
import zlib

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block
from newsarchive.extract.body import Body
from newsarchive.extract.headline import Headline, text_key
from storage.grouping import group_pairs
from storage.model import BODY_ROLES, Role

_BESIDE = (Role.BIO, Role.PROMO, Role.TEASER, Role.DISCLAIMER, Role.COMMENT, Role.PLAYER, Role.TAGS)
_PARTS = ("dek", "other", "beside", "body")
"""Parts that a box may hold; of several the last one counts."""
_OTHER, _BODY = 1, 3
_RANKS = {Role.DEK: 0, **dict.fromkeys(_BESIDE, 2), **dict.fromkeys(BODY_ROLES, _BODY)}
_OWN = (Role.QUOTE, Role.TABLE, Role.CODE)
"""Roles that markup gives to text of the article itself: a box with such a paragraph is never beside it."""
_NAMING = re.compile(r"itemprop|property|rel|data-(?:[\w-]+-)?(?:name|test-?id|component|element|qa|role|type)")
_DIGIT = re.compile(r"\d")
_MAX_CLASS, _MAX_CLASSES, _MAX_NAME = 1_000, 6, 100
"""Characters of a class attribute that are read, classes in a name, and characters of the longest name."""
_MAX_PARAGRAPHS, _MAX_LEVELS, _MAX_BOXES = 1_000, 20, 300
"""Paragraphs of the longest article that is described, boxes around one of them, and most boxes of a page."""
_LINES_BELOW, _LINE_LENGTHS = 15, range(20, 600)  # blocks below the headline among which the dek may stand
_NO_LINE = zones.NAV | zones.MENU | zones.HIDDEN | zones.CONSENT | zones.BUTTON
_MAX_NARROW = 300  # thousandths of the body in a box that may be told apart from it


def find_boxes(blocks: list[Block], body: Body, headline: Headline) -> bytes | None:
    """Return the boxes of a page as JSON, compressed by zlib; None where no block holds its body, or for too many.

    Names of boxes under "dek", "other", "beside" and "body"; under "narrow" those with little of the body, each with
    pairs of a paragraph's position and its thousandths of the body; under "lines", on a page without a dek, those with
    one line under the headline that may be it, and that line.
    """
    if not body.inside or len(body.paragraphs) > _MAX_PARAGRAPHS:
        return None
    known: dict[HtmlElement | None, tuple[str, ...]] = {None: ()}
    ranks: dict[str, int] = {}
    shares: dict[str, dict[int, int]] = {}
    first = len(blocks) if headline.block is None else headline.block + 1
    below, length = range(first, first + _LINES_BELOW), len(body.text)
    for position, (start, paragraph) in enumerate(zip(body.starts, body.paragraphs, strict=True)):
        rank = _RANKS.get(paragraph.role, _OTHER)
        # Other parts keep a dek from being learnt, which matters only where one may stand.
        if start < 0 or (rank == _OTHER and start not in below):
            continue
        share = 1000 if paragraph.role in _OWN else round(1000 * len(paragraph.text) / length)
        for name in _names_around(blocks[start].element, known):
            ranks[name] = max(rank, ranks.get(name, rank))
            if rank == _BODY:
                shares.setdefault(name, {})[position] = share
    if len(ranks) > _MAX_BOXES:
        return None
    lines = [each for each in blocks[first : below.stop] if body.dek is None and _may_be_dek(each, body, headline)]
    named = group_pairs((name, line.text) for line in lines for name in _names_around(line.element, known))
    narrow = {name: [*some.items()] for name, some in shares.items() if sum(some.values()) <= _MAX_NARROW}
    boxes = {
        **{part: [box for box in ranks if ranks[box] == at and box not in narrow] for at, part in enumerate(_PARTS)},
        "narrow": narrow,
        "lines": {name: texts[0] for name, texts in named.items() if len(texts) == 1 and name not in ranks},
    }
    return zlib.compress(json.dumps({part: some for part, some in boxes.items() if some}).encode())


def _may_be_dek(block: Block, body: Body, headline: Headline) -> bool:
    """Return whether a line below the headline, by its own page no part of the article, may be its dek."""
    is_free = block.index not in body.roles and not block.zone & _NO_LINE and block.link_share < 0.5
    return is_free and len(block.text) in _LINE_LENGTHS and text_key(block.text) != text_key(headline.text)


def _names_around(element: HtmlElement | None, known: dict[HtmlElement | None, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the names of an element and of those around it that have one, the nearest first."""
    path = []
    while element is not None and element not in known:
        path.append(element)
        element = element.getparent()
    names = known[element]
    for inner in reversed(path):
        name = _name_box(inner)
        names = known[inner] = (name, *names)[:_MAX_LEVELS] if name and name not in names else names
    return names


def _name_box(element: HtmlElement) -> str:
    """Return tag, classes, id and naming attributes, without digits, as these differ between pages; "" for a bare tag.

    >>> from lxml.html import fragment_fromstring
    >>> _name_box(fragment_fromstring('<div class="wide teaser n7" id="more" data-testid="box">'))
    'div.teaser.wide#more[data-testid=box]'
    """
    if element.tag in ("html", "body"):
        return ""
    tag = name = str(element.tag)
    for key, value in element.items():
        if key == "class":
            classes = sorted({each for each in value[:_MAX_CLASS].split() if not _DIGIT.search(each)})
            name += "".join(f".{each}" for each in classes[:_MAX_CLASSES])
        elif value and (key == "id" or _NAMING.fullmatch(key)) and not _DIGIT.search(value[:_MAX_NAME]):
            name += f"#{value}" if key == "id" else f"[{key}={value}]"
    return name if len(tag) < len(name) <= _MAX_NAME else ""
