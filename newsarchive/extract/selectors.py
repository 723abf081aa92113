"""CSS or XPath, as an archive's owner writes it: which elements of a page, and what they say."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cssselect import HTMLTranslator, SelectorError, parse
from cssselect.parser import Attrib, Class, Element, Hash
from cssselect.parser import Selector as CssSelector
from lxml.etree import XPath, XPathError
from lxml.html import HtmlElement

from newsarchive.extract.blocks import folded
from storage.carried import carried

_TRANSLATOR = HTMLTranslator()
_WITHIN = "descendant-or-self::"
_ATTRIBUTE = re.compile(r"@[\w-]+")
_SPEAKING = {"time": ("datetime",), "meta": ("content",), "img": ("src", "data-src"), "link": ("href",)}
"""Attributes that say what such an element is there for."""


@carried
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
        return XPath(_as_xpath(text))
    except SelectorError as error:
        raise ValueError(f"is no CSS selector ({error})") from None
    except XPathError as error:
        raise ValueError(f"is no XPath expression ({error})") from None


def _as_xpath(css: str) -> str:
    """Return the XPath of a CSS selector.

    What asks for one attribute is found by way of the attributes: a test of each element costs a page several times as
    much. ".a, .b" is one way for both.

    >>> _as_xpath("[rel=author]"), _as_xpath("h1 > a")
    ("descendant-or-self::*/@rel[(. = 'author')]/..", 'descendant-or-self::h1/a')
    """
    ways: dict[tuple[str, str], list[str]] = {}
    paths: list[str] = []
    for selector in parse(css):
        if (one := _by_attribute(selector)) is not None:
            element, attribute, test = one
            ways.setdefault((element, attribute), []).append(f"({test})")
        else:
            paths.append(_TRANSLATOR.selector_to_xpath(selector, _WITHIN, translate_pseudo_elements=True))
    paths += [f"{_WITHIN}{element}/{name}[{' or '.join(tests)}]/.." for (element, name), tests in ways.items()]
    return " | ".join(paths)


def _by_attribute(selector: CssSelector) -> tuple[str, str, str] | None:
    """Return (element, "@attribute", test of its value) of a selector that is no more than that; else None."""
    tree = selector.parsed_tree
    if selector.pseudo_element is not None or not isinstance(tree, Attrib | Class | Hash):
        return None
    if not isinstance(tree.selector, Element):
        return None
    if isinstance(tree, Attrib) and (tree.namespace or tree.operator == "!="):
        return None
    plain = _TRANSLATOR.xpath(tree)
    named = set(_ATTRIBUTE.findall(plain.condition))
    if len(named) != 1 or plain.path or "@" in tree.canonical() or "name()" in plain.condition:
        return None
    name = named.pop()
    # "It is there, and ...": so it is, where it is looked at.
    return plain.element, name, plain.condition.replace(name, ".").removeprefix(". and ")
