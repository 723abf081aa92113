"""Find the size that the markup of a listing declares for the box of a link: how prominent its page makes it.

Read are attributes, inline styles and the class names of common grids; what style sheets say is not known.
"""

import re
from itertools import islice

from lxml.html import HtmlElement

_MAX_ELEMENTS = 8  # around a link, and pictures beside it, that are examined
_MAX_TEXT = 500  # characters of an attribute that are examined
_MIN_SIDE = 48  # of a picture, in pixels; smaller ones are icons
_STYLED = re.compile(
    r"(?:^|;)\s*(width|height|flex-basis)\s*:\s*(\d{1,5}(?:\.\d{1,3})?(?:px|%|vw|r?em))", re.IGNORECASE
)
_LENGTH = re.compile(r"\s*(\d{1,5}(?:\.\d{1,3})?)(px|%|vw|r?em|)\s*", re.IGNORECASE)
_COLUMNS = re.compile(
    r"(?:[\s:]col-(?:(?:xs|sm|md|lg|xl|xxl)-)?|[\s:]col-span-|\s(?:small|medium|large)-|\sspan-?"
    r"|grid-column(?:-end)?\s*:\s*(?:\w{1,9}\s*/\s*)?span\s+)(\d{1,2})(?=[\s;])"
)
"""Columns of a grid in class names (Bootstrap, Tailwind, Foundation) and styles; the widest screens' come last."""


def find_box_size(link: HtmlElement, box: HtmlElement) -> str:
    """Return the declared size of the box of a link within another one: "640x360" (pixels), "50%" or "8 columns".

    That of the outermost element around the link that declares one; else of the largest picture beside it; else "".
    """
    around = [link]
    while len(around) < _MAX_ELEMENTS and (above := around[-1].getparent()) is not None and above is not box:
        around.append(above)
    if size := next(filter(None, map(_read_size, reversed(around))), ""):
        return size
    sizes = (_read_size(each).split("x") for each in islice(around[-1].iter("img"), _MAX_ELEMENTS))
    pictures = [(float(size[0]), float(size[1])) for size in sizes if len(size) > 1]
    width, height = max(pictures, key=lambda size: size[0] * size[1], default=(0, 0))
    return f"{width:.0f}x{height:.0f}" if min(width, height) >= _MIN_SIDE else ""


def _read_size(element: HtmlElement) -> str:
    names, style = (f" {(element.get(name) or '')[:_MAX_TEXT]} " for name in ("class", "style"))
    if columns := _COLUMNS.findall(names + style):
        return f"{int(columns[-1])} column{'s' * (int(columns[-1]) != 1)}"
    styles = {name.lower(): value for name, value in _STYLED.findall(style.strip())}
    given = styles.get("width") or styles.get("flex-basis") or element.get("width"), styles.get("height")
    width, height = (_LENGTH.fullmatch(each or "") for each in (given[0], given[1] or element.get("height")))
    if width is None:
        return ""
    if width[2].lower() not in ("", "px"):
        return f"{width[1]}{width[2].lower()}"
    return f"{width[1]}x{height[1]}" if height and height[2].lower() in ("", "px") else f"{width[1]}px"
