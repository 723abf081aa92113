"""Where an element stands, as its page names it: what a newsroom writes into a [[site.layout]]."""

import re
from itertools import islice

from lxml.html import HtmlElement

_NAME = re.compile(r"-?[^\W\d][-\w]*")
"""A class or id that a CSS selector can hold as it stands."""
_LONGEST = 40
_CLASSES = 2
_NEAR = 3
"""Levels above an element at which a named box is looked for."""


def place(element: HtmlElement) -> str:
    """Return an element and its nearest named box as a CSS selector.

    >>> from lxml.html import fragment_fromstring
    >>> place(fragment_fromstring('<div class="story wide"><p class="lede">x</p></div>')[0])
    'div.story.wide > p.lede'
    """
    own = _named(element)
    joint = " > "
    for above in islice(element.iterancestors(), _NEAR):
        if above.tag in ("html", "body"):
            break
        box = _named(above)
        if "." in box or "#" in box:
            return f"{box}{joint}{own}"
        joint = " "
    return own


def _named(element: HtmlElement) -> str:
    tag = str(element.tag)
    name = element.get("id") or ""
    if _NAME.fullmatch(name) and len(name) <= _LONGEST and not any(c.isdigit() for c in name):
        # An id with a number in it is one page's own.
        return f"{tag}#{name}"
    names = [one for one in (element.get("class") or "").split() if _NAME.fullmatch(one) and len(one) <= _LONGEST]
    return tag + "".join(f".{one}" for one in names[:_CLASSES])
