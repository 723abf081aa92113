"""The newsroom at one moment, under one address: what pages are made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from newsarchive.demo.article import Brief, Draft, Item
from newsarchive.demo.desk import Desk
from newsarchive.demo.sections import Section, Template
from newsarchive.demo.seeded_random import Dice
from storage.model import LinkKind

_RELATED = {Template.CLASSIC: 50, Template.MODERN: 6, Template.SOUP: 9, Template.LONGFORM: 4}
_LABELS = {
    Template.CLASSIC: "Related Articles",
    Template.MODERN: "More on this",
    Template.SOUP: "You may also like",
    Template.LONGFORM: "Read next",
}
_IN_BOX = 5
_READ_OFTEN = 40

CARD_AFTER = 4
"""A read-also card stands after so many blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One link of a box."""

    path: str
    text: str


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
    path: str
    """Where the article is found now."""
    related: Box
    latest: Box | None
    """Most-read or latest box; None where the template has none."""
    read_also: Line | None
    """A single card between two paragraphs."""
    changed_at: datetime
    """When anything on the page changed last."""


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

    @property
    def midnight(self) -> datetime:
        """Return when the day began."""
        return self.at.replace(hour=0, minute=0, second=0, microsecond=0)

    def newest(self, section: Section | None = None) -> Sequence[Brief]:
        """Return the articles that listing pages show, newest first."""
        return self.desk.listed(section, self.at)

    def listing_changed_at(self, section: Section) -> datetime:
        """Return when any page of a section may have changed last."""
        newest = self.newest(section)
        return max(self.desk.last_happening(self.at), *(brief.published for brief in newest[:1]))

    def draft(self, brief: Brief) -> Draft:
        """Return what an article says now."""
        return self.desk.item(brief.number).draft(self.at)

    def sheet(self, number: int) -> Sheet:
        """Return what the article's page says."""
        item = self.desk.item(number)
        draft = item.draft(self.at)
        latest = self._latest(item.brief)
        changes = [draft.since]
        if latest:
            changes.append(self.midnight if latest.label == "Most read" else self.newest()[0].published)
        return Sheet(
            item=item,
            draft=draft,
            path=item.brief.path_at(self.at),
            related=self._related(item.brief),
            latest=latest,
            read_also=self._read_also(item.brief),
            changed_at=max(changes),
        )

    def _related(self, brief: Brief) -> Box:
        numbers = self.desk.related(brief.number, _RELATED[brief.template])
        return Box(kind=LinkKind.RELATED, label=_LABELS[brief.template], lines=self._lines(numbers))

    def _latest(self, brief: Brief) -> Box | None:
        """Return the day's most-read list (it changes at midnight), or the newest articles (with each that appears)."""
        match brief.template:
            case Template.MODERN:
                dice = Dice(f"{self.desk.seed}/most-read/{self.at:%Y-%m-%d}")
                read_often = self.desk.listed(None, self.midnight)[:_READ_OFTEN]
                return self._box("Most read", dice.some(read_often, _IN_BOX + 1), brief)
            case Template.SOUP:
                return self._box("Latest news", self.newest()[: _IN_BOX + 1], brief)
            case _:
                return None

    def _box(self, label: str, briefs: Sequence[Brief], reader_of: Brief) -> Box:
        others = [brief.number for brief in briefs if brief.number != reader_of.number][:_IN_BOX]
        return Box(kind=LinkKind.LATEST, label=label, lines=self._lines(others))

    def _read_also(self, brief: Brief) -> Line | None:
        """Return one article more than the related list has."""
        if brief.template is not Template.MODERN:
            return None
        numbers = self.desk.related(brief.number, _RELATED[Template.MODERN] + 1)
        return next(iter(self._lines(numbers[_RELATED[Template.MODERN] :])), None)

    def _lines(self, numbers: Sequence[int]) -> tuple[Line, ...]:
        """Return links as they were once made: an article's first address and first headline."""
        briefs = [self.desk.brief(number) for number in numbers]
        return tuple(Line(path=brief.path, text=brief.headline) for brief in briefs if brief.published <= self.at)
