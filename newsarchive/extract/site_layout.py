"""How a site's pages are built, said by the archive's owner: a [[site.layout]] of newsarchive.toml, and its dates.

    [[site.layout]]
    until = 2025-06-30                 # pages that were fetched before that day
    headline = "h1.story-title"        # CSS ...
    body = "//div[@id='story']"        # ... or XPath: what begins with a slash
    drop = [".poll", ".app-banner"]

    [[site.layout.related]]
    box = "aside.more"
    label = "h3"
    kind = "related"

A page is read by the layouts that were in force when it was fetched, so that a rebuild reads old pages by old
rules. Where several are in force, the first in the file that names a field decides it. What no layout names is read
as on any other site. Layouts are the owner's settings and not part of the archived files: `rebuild` and `reextract`
use those that stand in newsarchive.toml then.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from typing import Any

from lxml.html import HtmlElement

from newsarchive.extract.selectors import Matches, Selector, matches_of
from storage.carried import carried
from storage.model import LinkKind

_KINDS = (LinkKind.RELATED, LinkKind.LATEST, LinkKind.INLINE, LinkKind.LISTING)


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where a group of links to other articles stands."""

    box: Selector
    kind: LinkKind = LinkKind.RELATED
    label: Selector | None = None
    """Within the box; None: the box's first heading, where it has one."""
    links: Selector = Selector("a[href]")
    """Within the box."""


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the fields of a page stand. None, or no entry: as on any other site."""

    headline: Selector | None = None
    dek: Selector | None = None
    body: Selector | None = None
    """The elements that hold the body, or its paragraphs one by one."""
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
    """What marks a page that not all may read: where it finds something the page is paywalled, else free."""
    live: Selector | None = None
    """What marks a live blog: where it finds something the page is one, else not."""
    drop: tuple[Selector, ...] = ()
    """Taken off the page before anything is read."""
    related: tuple[Box, ...] = ()

    def on(self, page: HtmlElement) -> "LaidOut":
        """Return what the layout's fields are on a page."""
        named = {name: selector for name in FIELDS if (selector := getattr(self, name)) is not None}
        return LaidOut(dict(zip(named, matches_of(tuple(named.values()), page), strict=True)))

    @property
    def is_empty(self) -> bool:
        """It says nothing: the page is read as any other."""
        return self == PLAIN


@dataclass(frozen=True, slots=True)
class LaidOut:
    """What a layout finds on one page: looked for once, and together."""

    fields: Mapping[str, Matches]
    """Of each field that the layout names."""

    def texts(self, field: str) -> list[str]:
        """Return what a field's matches say; empty where the layout does not name it."""
        return self.fields[field].values() if field in self.fields else []

    def text(self, field: str) -> str | None:
        """Return what the first match of a field says."""
        return next(iter(self.texts(field)), None)

    def elements(self, field: str) -> list[HtmlElement]:
        """Return the elements that a field names."""
        return self.fields[field].elements() if field in self.fields else []


PLAIN = Layout()
"""The layout of a site of which nothing is said."""
FIELDS = tuple(each.name for each in fields(Layout) if each.name not in ("drop", "related"))
"""The names of a layout's fields that are one selector."""
MARKS = ("paywalled", "live")
"""Those of which it tells that nothing is found."""


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A layout and the time in which pages were fetched that it holds for."""

    layout: Layout
    since: datetime | None = None
    """Aware, inclusive; None: from the beginning."""
    until: datetime | None = None
    """Aware, exclusive; None: to this day."""

    def holds_at(self, moment: datetime | None) -> bool:
        """Say whether a page fetched at a moment is read by it; one of which nothing is known, as one of today."""
        if moment is None:
            return self.until is None
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class Layouts:
    """All layouts of one site, in the file's order."""

    entries: tuple[Dated, ...] = ()

    def at(self, moment: datetime | None) -> Layout:
        """Return the one layout that those in force at a moment make together."""
        held = [entry.layout for entry in self.entries if entry.holds_at(moment)]
        if len(held) < 2:
            return held[0] if held else PLAIN
        return Layout(
            **{name: next((one for each in held if (one := getattr(each, name))), None) for name in FIELDS},
            drop=tuple(selector for each in held for selector in each.drop),
            related=tuple(box for each in held for box in each.related),
        )


NO_LAYOUTS = Layouts()


class BadLayout(ValueError):
    """A [[site.layout]] table that cannot be used: `key` is where, the message what is wrong."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def read_layout(table: Mapping[str, Any]) -> Dated:
    """Return the layout of one [[site.layout]] table as tomllib gave it; BadLayout where it cannot be used."""
    known = {"from", "until", "drop", "related", *FIELDS}
    for key in table:
        if key not in known:
            raise BadLayout(key, f"a layout has no {key!r}; it may have {', '.join(sorted(known))}")
    since, until = (_day(key, table.get(key)) for key in ("from", "until"))
    if since and until and since >= until:
        raise BadLayout("until", "until is not after from: the layout never holds")
    boxes = table.get("related", [])
    if not isinstance(boxes, list) or not all(isinstance(box, dict) for box in boxes):
        raise BadLayout("related", "related boxes are written as [[site.layout.related]], in double brackets")
    layout = Layout(
        **{name: _selector(name, table[name]) for name in FIELDS if name in table},
        drop=tuple(_selectors("drop", table.get("drop", []))),
        related=tuple(_box(box) for box in boxes),
    )
    if layout.is_empty:
        raise BadLayout("layout", f"the layout names no field; it may have {', '.join(sorted(known))}")
    return Dated(layout=layout, since=since, until=until)


def _box(table: Mapping[str, Any]) -> Box:
    for key in table:
        if key not in ("box", "kind", "label", "links"):
            raise BadLayout(key, f"a related box has no {key!r}; it may have box, kind, label, links")
    if "box" not in table:
        raise BadLayout("related", 'a related box wants a selector; write: box = "..."')
    kind = table.get("kind", LinkKind.RELATED.value)
    if kind not in _KINDS:
        raise BadLayout("kind", f"kind = {kind!r}: wants {', '.join(_KINDS)}")
    return Box(
        box=_selector("box", table["box"]),
        kind=LinkKind(kind),
        label=_selector("label", table["label"]) if "label" in table else None,
        links=_selector("links", table.get("links", "a[href]")),
    )


def _selector(key: str, value: object) -> Selector:
    if not isinstance(value, str):
        raise BadLayout(key, f"{key} wants a CSS selector or an XPath expression in quotes")
    try:
        return Selector(value)
    except ValueError as error:
        raise BadLayout(key, f"{key} = {value!r} {error}") from None


def _selectors(key: str, value: object) -> Iterator[Selector]:
    for each in value if isinstance(value, list) else [value]:
        yield _selector(key, each)


def _day(key: str, value: object) -> datetime | None:
    """Return the moment that a date of the file means; a day begins at midnight UTC."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise BadLayout(key, f"{key} = {value!r}: wants a date such as 2025-06-30") from None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise BadLayout(key, f"{key} wants a date such as 2025-06-30")
