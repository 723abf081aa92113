"""CSS or XPath, as an archive's owner writes it: which elements of a page, and what they say.

Most selectors name classes ("div.story, .text"). What several of them find on a page is found in one pass over it:

    class="story wide"  -looked up, as it was on the page before->  found by the first selector and by the third
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

from newsarchive.extract.blocks import folded
from storage.carried import carried

_TRANSLATOR = HTMLTranslator()
_WITHIN = "descendant-or-self::"
_ATTRIBUTE = re.compile(r"@[\w-]+")
_NAME = re.compile(r"[\w-]+")
_CLASS = re.compile(r"[^ \t\r\n]+")
"""A class, between what XPath takes for white space."""
_KNOWN = 4096
"""Values of class attributes whose meaning is kept: a site has some hundreds."""
_LONGEST = 400
"""Characters of such a value, and no more: a page may be made to fill memory."""
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

    def matches(self, root: HtmlElement) -> "Matches":
        """Return what is found on a page, or within one of its elements."""
        return Matches(_run(_compiled(self.text), root))

    def elements(self, root: HtmlElement) -> list[HtmlElement]:
        """Return the elements that match."""
        return self.matches(root).elements()

    def values(self, root: HtmlElement) -> list[str]:
        """Return what the matches say."""
        return self.matches(root).values()

    def first(self, root: HtmlElement) -> str | None:
        """Return what the first match with something to say says."""
        return next(iter(self.values(root)), None)


@dataclass(frozen=True, slots=True)
class Matches:
    """What a selector finds on a page, in the page's order."""

    found: Sequence[HtmlElement | str] = ()
    """An XPath may end in an attribute or in text()."""

    def elements(self) -> list[HtmlElement]:
        """Return the elements; none for an XPath that gives text."""
        return [each for each in self.found if isinstance(each, HtmlElement)]

    def values(self) -> list[str]:
        """Return what the matches say, white space folded, without those that say nothing.

        An element says what its datetime, content or src attribute says where it is there for that, else its text.
        """
        said = [each if isinstance(each, str) else _said(each) for each in self.found]
        return [text for each in said if (text := folded(each))]


def matches_of(selectors: Sequence[Selector], root: HtmlElement) -> list[Matches]:
    """Return what each of a page's selectors finds: the same as each alone, in less time."""
    parts = [_parts(selector.text) for selector in selectors]
    of_classes = _of_classes(tuple(part.classes for part in parts), root)
    return [Matches(part.merged(found, root)) for part, found in zip(parts, of_classes, strict=True)]


@dataclass(frozen=True, slots=True)
class _Parts:
    """A selector taken apart."""

    whole: XPath
    classes: frozenset[tuple[str, str]]
    """(tag or "*", class): each finds elements on its own."""
    rest: XPath | None
    """What finds the others; None where there are none."""

    def merged(self, of_classes: list[HtmlElement], root: HtmlElement) -> Sequence[HtmlElement | str]:
        """Return all that is found, given what is by its classes."""
        others = _run(self.rest, root) if self.rest is not None else ()
        # Where both find something, the whole puts it into the page's order.
        return _run(self.whole, root) if of_classes and others else of_classes or others


@lru_cache(maxsize=1024)
def _parts(text: str) -> _Parts:
    whole = _compiled(text)
    if _is_xpath(text):
        return _Parts(whole, frozenset(), whole)
    selectors = parse(text)
    classes = [_class(selector) for selector in selectors]
    others = [selector for selector, its_class in zip(selectors, classes, strict=True) if its_class is None]
    return _Parts(whole, frozenset(filter(None, classes)), XPath(_as_xpath(others)) if others else None)


def _class(selector: CssSelector) -> tuple[str, str] | None:
    """Return (tag or "*", class) of a selector that is no more than that; else None."""
    tree = selector.parsed_tree
    if selector.pseudo_element is not None or not isinstance(tree, Class) or not isinstance(tree.selector, Element):
        return None
    tag = tree.selector.element or "*"
    if tree.selector.namespace or not _NAME.fullmatch(tree.class_name) or not (tag == "*" or _NAME.fullmatch(tag)):
        return None
    return tag.lower(), tree.class_name


def _of_classes(asked: tuple[frozenset[tuple[str, str]], ...], root: HtmlElement) -> list[list[HtmlElement]]:
    """Return for each of several sets of (tag, class) the elements that are one of it."""
    found: list[list[HtmlElement]] = [[] for _ in asked]
    tags, look_up = _by_class(asked)
    for element in root.iter(*tags) if tags else ():
        names = element.get("class")
        for tag, at in look_up(names) if names else ():
            if tag in ("*", element.tag) and element not in found[at][-1:]:
                found[at].append(element)
    return found


@lru_cache(maxsize=64)
def _by_class(
    asked: tuple[frozenset[tuple[str, str]], ...],
) -> tuple[list[str], Callable[[str], list[tuple[str, int]]]]:
    """Return the tags that are asked for, and a function from a class attribute to (tag, index of who asks for it)."""

    def look_up(names: str) -> list[tuple[str, int]]:
        classes = set(_CLASS.findall(names))
        return [(tag, at) for at, pairs in enumerate(asked) for tag, name in pairs if name in classes]

    known = lru_cache(maxsize=_KNOWN)(look_up)
    tags = sorted({tag for pairs in asked for tag, _ in pairs})
    return tags, lambda names: known(names) if len(names) <= _LONGEST else look_up(names)


def _run(path: XPath, root: HtmlElement) -> Sequence[HtmlElement | str]:
    try:
        found = path(root)
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
        return XPath(text if _is_xpath(text) else _as_xpath(parse(text)))
    except SelectorError as error:
        raise ValueError(f"is no CSS selector ({error})") from None
    except XPathError as error:
        raise ValueError(f"is no XPath expression ({error})") from None


def _is_xpath(text: str) -> bool:
    return text.lstrip().startswith(("/", "./", "("))


def _as_xpath(selectors: Sequence[CssSelector]) -> str:
    """Return the XPath of a list of CSS selectors.

    What asks for one attribute is found by way of the attributes: a test of each element costs a page several times as
    much. ".a, .b" is one way for both.

    >>> _as_xpath(parse("[rel=author]")), _as_xpath(parse("h1 > a"))
    ("descendant-or-self::*/@rel[(. = 'author')]/..", 'descendant-or-self::h1/a')
    """
    ways: dict[tuple[str, str], list[str]] = {}
    paths: list[str] = []
    for selector in selectors:
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
