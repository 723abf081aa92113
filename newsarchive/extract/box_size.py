"""Find the size that the markup of a listing declares for the box of a link: how prominent its page makes it.

Read are attributes, inline styles and the class names of common grids; what style sheets say is not known.
"""

import re
from functools import lru_cache
from itertools import islice, takewhile
from typing import NamedTuple

from lxml.html import HtmlElement

_MAX_ELEMENTS = 8  # around a link, and pictures beside it, that are examined
_MAX_TEXT = 2_000  # characters of an attribute that is examined
_MAX_COLUMNS = 24
_MIN_SIDE = 48  # of a picture, in pixels; smaller ones are icons
_SIZES = ("class", "style", "width", "height")  # attributes that may declare one
_NUMBER = r"(\d{1,5}(?:\.\d{1,3})?)"
_STYLED = re.compile(rf"(?:^|;)\s*(width|height|flex-basis)\s*:\s*{_NUMBER}(px|%|vw|r?em)", re.IGNORECASE | re.ASCII)
_LENGTH = re.compile(rf"\s*{_NUMBER}(px|%|)\s*", re.IGNORECASE | re.ASCII)
_COLUMNS = re.compile(
    r"(?:[\s:]col-(?:(?:xs|sm|md|lg|xl|xxl)-)?|[\s:]col-span-|\s(?:small|medium|large)-|\sspan-?"
    r"|grid-column(?:-end)?\s*:\s*(?:\w{1,9}\s*/\s*)?span\s+)(\d{1,2})(?=[\s;])",
    re.ASCII,
)
"""Columns of a grid in class names (Bootstrap, Tailwind, Foundation) and styles; the widest screens' come last."""


class _Length(NamedTuple):
    number: float
    unit: str


_NOTHING = _Length(0.0, "px")


def find_box_size(link: HtmlElement, box: HtmlElement, pictures: dict[HtmlElement, str]) -> str:
    """Return the declared size of the box of a link within another one: "640x360" (pixels), "50%" or "8 columns".

    That of the outermost element around the link that declares one; else of the largest picture beside it; else "".
    `pictures`: sizes of pictures by the element around them and a link, which may be around many links.
    """
    around = [link, *takewhile(lambda each: each is not box, islice(link.iterancestors(), _MAX_ELEMENTS - 1))]
    named = map(_read_attributes, filter(HtmlElement.keys, reversed(around)))
    if size := next(filter(None, map(_describe_size, named)), ""):
        return size
    if (card := around[-1]) not in pictures:
        found = (_read_lengths(_read_attributes(each)) for each in islice(card.iter("img"), _MAX_ELEMENTS))
        sizes = [(width, height) for width, height in found if width.unit == height.unit == "px"]
        width, height = max(sizes, key=lambda size: size[0].number * size[1].number, default=(_NOTHING, _NOTHING))
        is_icon = min(width.number, height.number) < _MIN_SIDE
        pictures[card] = "" if is_icon else f"{width.number:g}x{height.number:g}"
    return pictures[card]


def _read_attributes(element: HtmlElement) -> tuple[str, ...]:
    return tuple(value if value and len(value) <= _MAX_TEXT else "" for value in map(element.get, _SIZES))


@lru_cache(maxsize=256)  # the boxes of a list are alike
def _describe_size(attributes: tuple[str, ...]) -> str:
    columns = int((_COLUMNS.findall(f" {attributes[0]} {attributes[1]} ") or [0])[-1])
    if 0 < columns <= _MAX_COLUMNS:
        return f"{columns} column{'s' * (columns != 1)}"
    width, height = _read_lengths(attributes)
    if not width.number:
        return ""
    both = width.unit == height.unit == "px" and height.number
    return f"{width.number:g}x{height.number:g}" if both else f"{width.number:g}{width.unit}"


def _read_lengths(attributes: tuple[str, ...]) -> tuple[_Length, _Length]:
    """Return width and height; 0 for what is not declared, or is no length."""
    _, style, *sides = attributes
    styles = {name.lower(): _Length(float(number), unit.lower()) for name, number, unit in _STYLED.findall(style)}
    found = map(_LENGTH.fullmatch, sides)
    width, height = (_Length(float(each[1]), each[2].lower() or "px") if each else _NOTHING for each in found)
    return styles.get("width") or styles.get("flex-basis") or width, styles.get("height") or height
