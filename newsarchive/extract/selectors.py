"""CSS and XPath selectors of site layouts: the elements that they match, and their values.

Most selectors name classes ("div.story, .text"). The matches of several selectors are found in one pass over the page:

    class="story wide"  -lookup, cached from earlier pages->  matches the first and the third selector
"""

import re
from collections.abc import Callable, Sequence
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
_NAME = re.compile(r"[\w-]+")
_CLASS = re.compile(r"[^ \t\r\n]+")
"""A class name: separated by what XPath takes for white space."""
_MAX_CACHED_VALUES = 4096
"""Cached values of class attributes: a site has some hundreds."""
_MAX_CACHED_LENGTH = 400
"""Longest cached value, in characters, so that no page can fill the memory."""
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


def find_matches(selectors: Sequence[Selector], root: HtmlElement) -> list[SelectorMatches]:
    """Return the matches of each selector, faster than one by one."""
    parts = [_split_selector(selector.text) for selector in selectors]
    by_class = _find_by_classes(tuple(part.classes for part in parts), root)
    return [SelectorMatches(part.combine(found, root)) for part, found in zip(parts, by_class, strict=True)]


@dataclass(frozen=True, slots=True)
class _SplitSelector:
    """A selector, split into classes and the rest."""

    whole: XPath
    classes: frozenset[tuple[str, str]]
    """(tag or "*", class): each matches elements by itself."""
    rest: XPath | None
    """Matches all other elements; None if there are none."""

    def combine(self, by_class: list[HtmlElement], root: HtmlElement) -> Sequence[HtmlElement | str]:
        """Return all matches, given the elements that match by class."""
        others = _evaluate(self.rest, root) if self.rest is not None else ()
        # If both match something, the whole selector puts the matches into page order.
        return _evaluate(self.whole, root) if by_class and others else by_class or others


@lru_cache(maxsize=1024)
def _split_selector(text: str) -> _SplitSelector:
    whole = _compile(text)
    if _is_xpath(text):
        return _SplitSelector(whole, frozenset(), whole)
    selectors = parse(text)
    classes = [_simple_class(selector) for selector in selectors]
    others = [selector for selector, its_class in zip(selectors, classes, strict=True) if its_class is None]
    return _SplitSelector(whole, frozenset(filter(None, classes)), XPath(_to_xpath(others)) if others else None)


def _simple_class(selector: CssSelector) -> tuple[str, str] | None:
    """Return (tag or "*", class) of a selector that is nothing else; else None."""
    tree = selector.parsed_tree
    if selector.pseudo_element is not None or not isinstance(tree, Class) or not isinstance(tree.selector, Element):
        return None
    tag = tree.selector.element or "*"
    if tree.selector.namespace or not _NAME.fullmatch(tree.class_name) or not (tag == "*" or _NAME.fullmatch(tag)):
        return None
    return tag.lower(), tree.class_name


def _find_by_classes(class_sets: tuple[frozenset[tuple[str, str]], ...], root: HtmlElement) -> list[list[HtmlElement]]:
    """Return, for each set of (tag, class), the elements that match one of it."""
    found: list[list[HtmlElement]] = [[] for _ in class_sets]
    tags, find = _class_lookup(class_sets)
    for element in root.iter(*tags) if tags else ():
        names = element.get("class")
        for tag, at in find(names) if names else ():
            if tag in ("*", element.tag) and element not in found[at][-1:]:
                found[at].append(element)
    return found


@lru_cache(maxsize=64)
def _class_lookup(
    class_sets: tuple[frozenset[tuple[str, str]], ...],
) -> tuple[list[str], Callable[[str], list[tuple[str, int]]]]:
    """Return all tags of sets of (tag, class), and a function from a class attribute to (tag, index of the set)."""

    def find(names: str) -> list[tuple[str, int]]:
        classes = set(_CLASS.findall(names))
        return [(tag, at) for at, pairs in enumerate(class_sets) for tag, name in pairs if name in classes]

    cached = lru_cache(maxsize=_MAX_CACHED_VALUES)(find)
    tags = sorted({tag for pairs in class_sets for tag, _ in pairs})
    return tags, lambda names: cached(names) if len(names) <= _MAX_CACHED_LENGTH else find(names)


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
    those
    of the same attribute (".a, .b") are combined.

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
