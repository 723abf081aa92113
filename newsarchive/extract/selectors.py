"""CSS or XPath, as an archive's owner writes it: which elements of a page, and what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cssselect import HTMLTranslator, SelectorError
from lxml.etree import XPath, XPathError
from lxml.html import HtmlElement

from newsarchive.extract.blocks import folded

_SPEAKING = {"time": ("datetime",), "meta": ("content",), "img": ("src", "data-src"), "link": ("href",)}
"""Attributes that say what such an element is there for."""


@dataclass(frozen=True, slots=True)
class Selector:
    """One expression. What begins with "/", "./" or "(" is XPath, all else CSS."""

    text: str

    def __post_init__(self) -> None:
        """Refuse what is neither; ValueError says what is wrong with it."""
        _compiled(self.text)

    def elements(self, root: HtmlElement) -> list[HtmlElement]:
        """Return the elements that match, in the page's order; none for an XPath that gives text."""
        return [found for found in self._found(root) if isinstance(found, HtmlElement)]

    def values(self, root: HtmlElement) -> list[str]:
        """Return what the matches say, white space folded, without those that say nothing.

        An XPath may end in an attribute or in text(); an element says what its datetime, content or src attribute
        says where it is there for that, else its text.
        """
        said = [found if isinstance(found, str) else _said(found) for found in self._found(root)]
        return [text for each in said if (text := folded(each))]

    def first(self, root: HtmlElement) -> str | None:
        """Return what the first match with something to say says."""
        return next(iter(self.values(root)), None)

    def _found(self, root: HtmlElement) -> Sequence[HtmlElement | str]:
        try:
            found = _compiled(self.text)(root)
        except XPathError:
            # An expression that cannot be run on this page (a function's argument of the wrong type) matches nothing.
            return []
        if isinstance(found, list):
            return [each for each in found if isinstance(each, HtmlElement | str)]
        return [str(found)] if isinstance(found, str | float) else []


def _said(element: HtmlElement) -> str:
    for name in _SPEAKING.get(str(element.tag), ()):
        if value := element.get(name):
            return str(value)
    return str(element.text_content())


@lru_cache(maxsize=1024)
def _compiled(text: str) -> XPath:
    if not text.strip():
        raise ValueError("wants a CSS selector or an XPath expression")
    try:
        if text.lstrip().startswith(("/", "./", "(")):
            return XPath(text)
        return XPath(HTMLTranslator().css_to_xpath(text, prefix="descendant-or-self::"))
    except SelectorError as error:
        raise ValueError(f"is no CSS selector ({error})") from None
    except XPathError as error:
        raise ValueError(f"is no XPath expression ({error})") from None
