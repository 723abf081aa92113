"""Site layouts: selectors for the fields of a site's pages, from [[site.layout]] in newsarchive.toml.

    [[site.layout]]
    until = 2025-06-30                 # pages fetched before that day
    headline = "h1.story-title"        # CSS ...
    body = "//div[@id='story']"        # ... or XPath: whatever begins with a slash
    drop = [".poll", ".app-banner"]

    [[site.layout.related]]
    box = "aside.more"
    label = "h3"
    kind = "related"

A page is read by the layouts in force when it was fetched, so that a rebuild reads old pages by old layouts. Of several
layouts in force, the first in the file that names a field decides it. Fields that no layout names are read as on any
other site. Layouts are settings and not part of the archived files: `rebuild` and `reextract` use the current ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from functools import lru_cache
from itertools import islice
from typing import Any

from cssselect import HTMLTranslator, SelectorError
from lxml.etree import XPath, XPathError
from lxml.html import HtmlElement

from newsarchive.extract.blocks import normalize_space
from newsarchive.extract.box_size import find_box_size
from newsarchive.extract.tree import Page, resolve_link
from newsarchive.extract.urls import page_key
from newsarchive.extract.zones import HEADINGS
from storage.model import Link, LinkGroup, LinkKind
from storage.pickling import pickle_by_slots

_TRANSLATOR = HTMLTranslator()
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

    def elements(self, root: HtmlElement) -> list[HtmlElement]:
        """Return the elements on a page, or within one of its elements; empty for an XPath that selects text."""
        return [each for each in _evaluate(self.text, root) if isinstance(each, HtmlElement)]

    def values(self, root: HtmlElement) -> list[str]:
        """Return the values that are not empty, with white space collapsed.

        The value of an element is its datetime, content or src attribute if it is such an element, else its text.
        """
        found = (each for each in _evaluate(self.text, root) if isinstance(each, HtmlElement | str))
        texts = (each if isinstance(each, str) else _element_value(each) for each in found)
        return [text for each in texts if (text := normalize_space(each))]


def _evaluate(selector: str, root: HtmlElement) -> list[Any]:
    """Return what a selector matches, in page order: elements, or texts if an XPath ends in an attribute or text()."""
    try:
        found = _compile(selector)(root)
    except XPathError:
        # An expression that cannot be evaluated on this page (an argument of the wrong type) matches nothing.
        return []
    return found if isinstance(found, list) else [str(found)] if isinstance(found, str | float) else []


def _element_value(element: HtmlElement) -> str:
    values = map(element.get, _VALUE_ATTRIBUTES.get(str(element.tag), ()))
    return str(next(filter(None, values), None) or element.text_content())


@lru_cache(maxsize=1024)
def _compile(text: str) -> XPath:
    if not text.strip():
        raise ValueError("must be a CSS selector or an XPath expression")
    try:
        is_xpath = text.lstrip().startswith(("/", "./", "("))
        return XPath(text if is_xpath else _TRANSLATOR.css_to_xpath(text))
    except SelectorError as error:
        raise ValueError(f"is not a CSS selector ({error})") from None
    except XPathError as error:
        raise ValueError(f"is not an XPath expression ({error})") from None


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutBox:
    """A group of links to other articles."""

    box: Selector
    kind: LinkKind = LinkKind.RELATED
    label: Selector | None = None
    """Within the box; None: the first heading of the box, if any."""
    links: Selector = Selector("a[href]")
    """Within the box."""


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The selectors of a page's fields. A field without a selector is read as on any other site."""

    headline: Selector | None = None
    dek: Selector | None = None
    body: Selector | None = None
    """The elements that contain the body, or its paragraphs one by one."""
    authors: Selector | None = None
    published: Selector | None = None
    modified: Selector | None = None
    section: Selector | None = None
    tags: Selector | None = None
    image: Selector | None = None
    image_caption: Selector | None = None
    language: Selector | None = None
    canonical_url: Selector | None = None
    paywalled: Selector | None = None
    """A page is paywalled if this matches, else free."""
    live: Selector | None = None
    """A page is a live blog if this matches, else not."""
    drop: tuple[Selector, ...] = ()
    """Removed from the page before anything is read."""
    related: tuple[LayoutBox, ...] = ()


@dataclass(frozen=True, slots=True)
class LayoutMatches:
    """The matches of a layout on one page."""

    layout: Layout
    root: HtmlElement

    def texts(self, field: str) -> list[str]:
        """Return the values of a field; empty if the layout does not name it."""
        return selector.values(self.root) if (selector := getattr(self.layout, field)) else []

    def text(self, field: str) -> str | None:
        """Return the first value of a field; None for none."""
        return next(iter(self.texts(field)), None)

    def elements(self, field: str) -> list[HtmlElement]:
        """Return the elements that match a field."""
        return selector.elements(self.root) if (selector := getattr(self.layout, field)) else []


EMPTY_LAYOUT = Layout()
"""The layout of a site without one."""
FIELDS = tuple(each.name for each in fields(Layout) if each.name not in ("drop", "related"))
"""Names of the fields that are one selector."""


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class DatedLayout:
    """A layout, and the period of fetches that it applies to."""

    layout: Layout
    since: datetime | None = None
    """Aware, inclusive; None: no beginning."""
    until: datetime | None = None
    """Aware, exclusive; None: no end."""

    def applies_at(self, at: datetime | None) -> bool:
        """Return whether the layout applies to a page fetched at that time; None: at present."""
        if at is None:
            return self.until is None
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Layouts:
    """All layouts of one site, in the order of the file."""

    entries: tuple[DatedLayout, ...] = ()

    def at(self, at: datetime | None) -> Layout:
        """Return the layouts in force at that time, combined into one."""
        layouts = [entry.layout for entry in self.entries if entry.applies_at(at)]
        if len(layouts) < 2:
            return layouts[0] if layouts else EMPTY_LAYOUT
        return Layout(
            **{name: next((one for each in layouts if (one := getattr(each, name))), None) for name in FIELDS},
            drop=tuple(selector for each in layouts for selector in each.drop),
            related=tuple(box for each in layouts for box in each.related),
        )


NO_LAYOUTS = Layouts()


class LayoutError(ValueError):
    """An invalid [[site.layout]] table: `key` is the key in it, the message the fault."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def read_layout(table: Mapping[str, Any]) -> DatedLayout:
    """Return the layout of a [[site.layout]] table as parsed by tomllib; LayoutError if it is invalid."""
    known = {"from", "until", "drop", "related", *FIELDS}
    for key in table:
        if key not in known:
            raise LayoutError(key, f"unknown field {key!r} in a layout; known fields: {', '.join(sorted(known))}")
    since, until = (_parse_day(key, table.get(key)) for key in ("from", "until"))
    if since and until and since >= until:
        raise LayoutError("until", "until is not after from: the layout would never apply")
    boxes = table.get("related", [])
    if not isinstance(boxes, list) or not all(isinstance(box, dict) for box in boxes):
        raise LayoutError("related", "write each related box as a table [[site.layout.related]]")
    dropped = table.get("drop", [])
    layout = Layout(
        **{name: _selector(name, table[name]) for name in FIELDS if name in table},
        drop=tuple(_selector("drop", each) for each in (dropped if isinstance(dropped, list) else [dropped])),
        related=tuple(_read_link_box(box) for box in boxes),
    )
    if layout == EMPTY_LAYOUT:
        raise LayoutError("layout", f"the layout has no field; known fields: {', '.join(sorted(known))}")
    return DatedLayout(layout=layout, since=since, until=until)


def _read_link_box(table: Mapping[str, Any]) -> LayoutBox:
    for key in table:
        if key not in ("box", "kind", "label", "links"):
            raise LayoutError(key, f"unknown key {key!r} in a related box; known keys: box, kind, label, links")
    if "box" not in table:
        raise LayoutError("related", 'a related box needs a selector; write: box = "..."')
    kind = table.get("kind", LinkKind.RELATED.value)
    if kind not in tuple(LinkKind):
        raise LayoutError("kind", f"kind = {kind!r}: must be one of {', '.join(LinkKind)}")
    label = _selector("label", table["label"]) if "label" in table else None
    links = _selector("links", table.get("links", "a[href]"))
    return LayoutBox(box=_selector("box", table["box"]), kind=LinkKind(kind), label=label, links=links)


def _selector(key: str, value: object) -> Selector:
    if not isinstance(value, str):
        raise LayoutError(key, f"{key} must be a CSS selector or an XPath expression in quotes")
    try:
        return Selector(value)
    except ValueError as error:
        raise LayoutError(key, f"{key} = {value!r} {error}") from None


def _parse_day(key: str, value: object) -> datetime | None:
    """Return the beginning of a day (UTC) given in the file."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise LayoutError(key, f"{key} = {value!r}: must be a date such as 2025-06-30") from None
    if isinstance(day, datetime):
        return day if day.tzinfo else day.replace(tzinfo=UTC)
    if isinstance(day, date):
        return datetime.combine(day, time(), UTC)
    if day is not None:
        raise LayoutError(key, f"{key} must be a date such as 2025-06-30")
    return None


def add_layout_groups(
    page: Page, layout: Layout, found: Sequence[LinkGroup], *, listing: bool
) -> tuple[LinkGroup, ...]:
    """Return the groups in the boxes of the site layout, then the others. Each link is in one group only."""
    named = [group for box in layout.related for group in _layout_groups(page, box, sized=listing)]
    if not named:
        return tuple(found)
    taken = {page_key(link.url) for group in named for link in group.links}
    others = [
        LinkGroup(kind=group.kind, label=group.label, links=links)
        for group in found
        if (links := tuple(link for link in group.links if page_key(link.url) not in taken))
    ]
    return (*named, *others)


def _layout_groups(page: Page, box: LayoutBox, *, sized: bool) -> Iterator[LinkGroup]:
    """Yield a group for each element that the selector of a box matches and that has links."""
    for element in box.box.elements(page.root):
        links: dict[str, Link] = {}
        pictures: dict[HtmlElement, str] = {}
        for anchor in box.links.elements(element):
            url = resolve_link(page.base, anchor.get("href") or "")
            text = normalize_space(str(anchor.text_content()))
            if url and (text or page_key(url) not in links):
                known = links.get(page_key(url)) or Link(url=url, anchor="")
                size = known.box_size or (find_box_size(anchor, element, pictures) if sized else "")
                links[page_key(url)] = Link(url=url, anchor=max(text, known.anchor, key=len), box_size=size)
        if box.label is not None:
            label = next(iter(box.label.values(element)), "")
        else:
            headings = (each for each in islice(element.iter(*HEADINGS), 1) if each.find(".//a") is None)
            label = next((normalize_space(str(each.text_content())) for each in headings), "")
        if links:
            yield LinkGroup(kind=box.kind, label=label, links=tuple(links.values()))
