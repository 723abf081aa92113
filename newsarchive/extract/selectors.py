"""CSS and XPath selectors of site layouts: the elements that they match, and their values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cssselect import HTMLTranslator, SelectorError, parse
from cssselect.parser import Attrib, Class, Element, Hash
from cssselect.parser import Selector as CssSelector
from lxml.etree import XPath, XPathError
from lxml.html import HtmlElement

from newsarchive.extract.blocks import normalize_space
from storage.pickling import pickle_by_slots

_TRANSLATOR = HTMLTranslator()
_WITHIN = "descendant-or-self::"
_ATTRIBUTE = re.compile(r"@[\w-]+")
_VALUE_ATTRIBUTES = {"time": ("datetime",), "meta": ("content",), "img": ("src", "data-src"), "link": ("href",)}
"""Attributes that hold the value of such an element."""


@pickle_by_slots
@dataclass(frozen=True, slots=True)
class Selector:
    """One selector. It is XPath if it begins with "/", "./" or "(", else CSS."""

    text: str

    def __post_init__(self) -> None:
        """Raise ValueError if the selector is invalid."""
        _compile(self.text)

    def matches(self, root: HtmlElement) -> "SelectorMatches":
        """Return the matches on a page, or within one of its elements."""
        return SelectorMatches(_evaluate(_compile(self.text), root))

    def elements(self, root: HtmlElement) -> list[HtmlElement]:
        """Return the elements that match."""
        return self.matches(root).elements()

    def values(self, root: HtmlElement) -> list[str]:
        """Return the values of the matches."""
        return self.matches(root).values()

    def first(self, root: HtmlElement) -> str | None:
        """Return the first value that is not empty."""
        return next(iter(self.values(root)), None)


@dataclass(frozen=True, slots=True)
class SelectorMatches:
    """The matches of a selector on a page, in page order."""

    found: Sequence[HtmlElement | str] = ()
    """An XPath may end in an attribute or in text()."""

    def elements(self) -> list[HtmlElement]:
        """Return the elements; empty for an XPath that selects text."""
        return [each for each in self.found if isinstance(each, HtmlElement)]

    def values(self) -> list[str]:
        """Return the values that are not empty, with white space collapsed.

        The value of an element is its datetime, content or src attribute if it is such an element, else its text.
        """
        texts = [each if isinstance(each, str) else _element_value(each) for each in self.found]
        return [text for each in texts if (text := normalize_space(each))]


def _evaluate(path: XPath, root: HtmlElement) -> Sequence[HtmlElement | str]:
    try:
        found = path(root)
    except XPathError:
        # An expression that cannot be evaluated on this page (such as an argument of the wrong type) matches
        # nothing.
        return []
    if isinstance(found, list):
        return [each for each in found if isinstance(each, HtmlElement | str)]
    return [str(found)] if isinstance(found, str | float) else []


def _element_value(element: HtmlElement) -> str:
    for name in _VALUE_ATTRIBUTES.get(str(element.tag), ()):
        if value := element.get(name):
            return str(value)
    return str(element.text_content())


@lru_cache(maxsize=1024)
def _compile(text: str) -> XPath:
    if not text.strip():
        raise ValueError("must be a CSS selector or an XPath expression")
    try:
        return XPath(text if _is_xpath(text) else _to_xpath(parse(text)))
    except SelectorError as error:
        raise ValueError(f"is not a CSS selector ({error})") from None
    except XPathError as error:
        raise ValueError(f"is not an XPath expression ({error})") from None


def _is_xpath(text: str) -> bool:
    return text.lstrip().startswith(("/", "./", "("))


def _to_xpath(selectors: Sequence[CssSelector]) -> str:
    """Return the XPath of a list of CSS selectors.

    Selectors of one attribute are evaluated by way of the attributes, several times faster than testing each element;
    those of the same attribute (".a, .b") are combined.

    >>> _to_xpath(parse("[rel=author]")), _to_xpath(parse("h1 > a"))
    ("descendant-or-self::*/@rel[(. = 'author')]/..", 'descendant-or-self::h1/a')
    """
    tests_by_attribute: dict[tuple[str, str], list[str]] = {}
    paths: list[str] = []
    for selector in selectors:
        if (one := _attribute_test(selector)) is not None:
            element, attribute, test = one
            tests_by_attribute.setdefault((element, attribute), []).append(f"({test})")
        else:
            paths.append(_TRANSLATOR.selector_to_xpath(selector, _WITHIN, translate_pseudo_elements=True))
    paths += [
        f"{_WITHIN}{element}/{name}[{' or '.join(tests)}]/.." for (element, name), tests in tests_by_attribute.items()
    ]
    return " | ".join(paths)


def _attribute_test(selector: CssSelector) -> tuple[str, str, str] | None:
    """Return (element, "@attribute", test of its value) of a selector that is nothing else; else None."""
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
    # "The attribute exists and ...": it does, where its value is tested.
    return plain.element, name, plain.condition.replace(name, ".").removeprefix(". and ")
