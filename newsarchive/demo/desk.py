"""The news desk: which article number is what, when it appears, and what happens to it later.

Articles are numbered from the oldest, 0, up. Number `articles - 1` is the newest when the clock opens; those after it
appear later. What is special about an article (edited, withdrawn, in Chinese ...) hangs on how far back from there it
stands; `newsarchive.demo.specials` lists it.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from newsarchive.demo import reporter, words
from newsarchive.demo.clock import OPENS
from newsarchive.demo.dice import Dice
from newsarchive.demo.reporter import Assignment
from newsarchive.demo.specials import PLAIN, Special, special
from newsarchive.demo.story import Block

GROWTH = 12
"""Articles that appear after the clock opens."""

_FIRST_GROWTH = (timedelta(minutes=25), timedelta(minutes=50))


class Template(StrEnum):
    """Markup conventions, one a section."""

    CLASSIC = "classic"
    """Headings and paragraphs, hardly any metadata; the page that started the project."""
    MODERN = "modern"
    """JSON-LD, OpenGraph, figures, pull quotes."""
    SOUP = "soup"
    """Everything a div; microdata; cards in <header>."""
    LONGFORM = "longform"
    """Lists, tables, live blog, paywall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the site."""

    name: str
    """In URLs."""
    title: str
    template: Template
    share: int
    """Of a hundred articles."""


SECTIONS = (
    Section(name="town", title="Town", template=Template.CLASSIC, share=34),
    Section(name="business", title="Business", template=Template.MODERN, share=66),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One state of an article, from a moment on."""

    since: datetime
    headline: str
    dek: str | None
    blocks: tuple[Block, ...]
    modified: datetime | None = None
    """What the page says of its last change; None where it says nothing (a silent edit)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What a list of links needs to know of an article: cheap, also for twenty thousand."""

    number: int
    section: Section
    published: datetime
    headline: str
    """The first one."""
    path: str
    """The first one."""
    special: Special


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An article with all that happens to it."""

    brief: Brief
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    language: str
    picture: int
    drafts: tuple[Draft, ...]
    """Oldest first; the first is that of publication."""

    def draft(self, at: datetime) -> Draft:
        """Return the state that readers see at a moment."""
        return self.drafts[max(bisect_right(self.drafts, at, key=lambda draft: draft.since) - 1, 0)]


class Desk:
    """Knows every article by its number."""

    def __init__(self, *, seed: str, articles: int, length: int) -> None:
        self.seed = seed
        self.articles = articles
        self.total = articles + GROWTH
        self.length = length
        self.step = min(timedelta(hours=5), timedelta(days=400) / articles)
        self._published = [self._publication(number) for number in range(self.total)]
        self.brief = lru_cache(maxsize=None)(self._brief)
        self.item = lru_cache(maxsize=2_000)(self._item)

    def count(self, at: datetime) -> int:
        """Return how many articles have been published by then; their numbers are below it."""
        return bisect_right(self._published, at)

    @lru_cache(maxsize=64)  # noqa: B019 - a desk lives as long as its newsroom
    def listed(self, section: Section | None, count: int) -> tuple[Brief, ...]:
        """Return what listing pages show of the first `count` articles, newest first."""
        briefs = (self.brief(number) for number in range(count - 1, -1, -1))
        return tuple(b for b in briefs if b.special.in_listings and section in (None, b.section))

    def related(self, number: int, wanted: int) -> tuple[int, ...]:
        """Return the articles that one leads to; the list never changes, though some of it may not be out yet."""
        dice = Dice(f"{self.seed}/{number}/related")
        pool = max(self.articles, number)
        found: dict[int, None] = {}
        for _ in range(wanted * 12):
            other = dice.below(pool)
            if other != number and self._special(other).in_related:
                found[other] = None
            if len(found) == wanted:
                break
        return tuple(found)

    def moments(self) -> list[datetime]:
        """Return every moment at which an article appears, changes, moves or goes, in order."""
        changes = {moment for number in range(self.total) for moment in self._special(number).moments()}
        return sorted({*self._published, *changes})

    def _special(self, number: int) -> Special:
        return special(self.articles - 1 - number) if number < self.articles else PLAIN

    def _publication(self, number: int) -> datetime:
        """Return when an article appears: about one a step, on a full minute, never two at a time."""
        later = number - self.articles
        if 0 <= later < len(_FIRST_GROWTH):
            return OPENS + _FIRST_GROWTH[later]
        jitter = timedelta(seconds=Dice(f"{self.seed}/{number}/time").below(int(self.step.total_seconds() * 0.8)))
        moment = OPENS + self.step * later + jitter
        return moment.replace(second=number % 60, microsecond=0) if self.articles > 2_000 else _minute(moment)

    def _brief(self, number: int) -> Brief:
        section = self._section(number)
        text = reporter.headline(self._assignment(number, section))
        published = self._published[number]
        return Brief(
            number=number,
            section=section,
            published=published,
            headline=text,
            path=article_path(section, published, text, number),
            special=self._special(number),
        )

    def _item(self, number: int) -> Item:
        brief = self.brief(number)
        task = self._assignment(number, brief.section)
        dice = Dice(f"{self.seed}/{number}/item")
        first = Draft(
            since=brief.published,
            headline=brief.headline,
            dek=reporter.standfirst(task),
            blocks=reporter.body(task),
        )
        return Item(
            brief=brief,
            authors=tuple(dice.some(words.REPORTERS, 2 if dice.chance(25) else 1)),
            tags=reporter.tags(task),
            language="en",
            picture=dice.below(24),
            drafts=(first,),
        )

    def _section(self, number: int) -> Section:
        roll = Dice(f"{self.seed}/{number}/section").below(100)
        for section in SECTIONS:
            roll -= section.share
            if roll < 0:
                return section
        return SECTIONS[0]

    def _assignment(self, number: int, section: Section) -> Assignment:
        task = Assignment(name=f"{self.seed}/{number}", section=section.name, length=self.length)
        if section.template is Template.CLASSIC:
            return task
        return replace(task, rich=True, lists=section.template is Template.LONGFORM)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def slug(text: str) -> str:
    """Return the words of a headline as they stand in a URL.

    >>> slug("Council puts £2.4m into “Old Quay” plan")
    'council-puts-2-4m-into-old-quay-plan'
    """
    letters = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in text.lower())
    return "-".join(letters.split())


def article_path(section: Section, published: datetime, headline: str, number: int) -> str:
    """Return the path of an article: two shapes, as one site has after a change of its software."""
    words_of_it = slug(headline)
    if section.template in (Template.CLASSIC, Template.SOUP):
        return f"/{published:%Y/%m/%d}/{words_of_it}-{10_000 + number}.html"
    return f"/{section.name}/{words_of_it}-{10_000 + number}"
