"""The newsroom at one moment, under one address: what pages are made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from newsarchive.demo.desk import SECTIONS, Brief, Desk, Draft, Item, Section, Template
from newsarchive.demo.dice import Dice
from storage.model import LinkKind

_RELATED = {Template.CLASSIC: 50, Template.MODERN: 6, Template.SOUP: 9, Template.LONGFORM: 4}
_MOST_READ = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One link of a box."""

    path: str
    text: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Links that stand together on a page."""

    kind: LinkKind
    label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All that one article page says at one moment: what its template prints and its right answer tells."""

    item: Item
    draft: Draft
    related: Box
    latest: Box | None
    """Most-read box; None where the template has none."""
    read_also: Line | None
    """A single card between two paragraphs."""


class Edition:
    """What readers of one address (scheme, host and port) can see at one moment."""

    def __init__(self, desk: Desk, origin: str, at: datetime) -> None:
        self.desk = desk
        self.origin = origin
        self.at = at

    def url(self, path: str) -> str:
        """Return a path as an absolute URL."""
        return f"{self.origin}{path}"

    @cached_property
    def count(self) -> int:
        """Return how many articles have been published."""
        return self.desk.count(self.at)

    def newest(self, section: Section | None = None) -> Sequence[Brief]:
        """Return the articles that listing pages show, newest first."""
        return self.desk.listed(section, self.count)

    def sheet(self, number: int) -> Sheet:
        """Return what the article's page says."""
        item = self.desk.item(number)
        template = item.brief.section.template
        return Sheet(
            item=item,
            draft=item.draft(self.at),
            related=self._related(item),
            latest=None if template is Template.CLASSIC else self._most_read(),
            read_also=self._read_also(item) if template is Template.MODERN else None,
        )

    def _related(self, item: Item) -> Box:
        label = "Related Articles" if item.brief.section.template is Template.CLASSIC else "More on this"
        wanted = _RELATED[item.brief.section.template]
        numbers = self.desk.related(item.brief.number, wanted)
        briefs = [self.desk.brief(number) for number in numbers]
        lines = tuple(_line(brief) for brief in briefs if brief.published <= self.at)
        return Box(kind=LinkKind.RELATED, label=label, lines=lines)

    def _most_read(self) -> Box:
        """Return the day's most-read list: it changes at midnight."""
        dice = Dice(f"{self.desk.seed}/most-read/{self.at:%Y-%m-%d}")
        pool = self.newest()[: min(self.count, 40)]
        return Box(kind=LinkKind.LATEST, label="Most read", lines=tuple(_line(b) for b in dice.some(pool, _MOST_READ)))

    def _read_also(self, item: Item) -> Line | None:
        numbers = self.desk.related(item.brief.number, _RELATED[Template.MODERN] + 1)
        return _line(self.desk.brief(numbers[-1])) if len(numbers) > _RELATED[Template.MODERN] else None


def _line(brief: Brief) -> Line:
    return Line(path=brief.path, text=brief.headline, number=brief.number)


def section_named(name: str) -> Section | None:
    """Return the section with that name in its URL."""
    return next((section for section in SECTIONS if section.name == name), None)
