"""The news desk: which article number is what, and when it appears.

Articles are numbered from the oldest, 0, up. Number `articles - 1` is the newest when the clock opens; those after it
appear later.
"""

from bisect import bisect_right
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from newsarchive.demo import edits, prose, reporter, words
from newsarchive.demo.article import Brief, Draft, Item, article_path, slug
from newsarchive.demo.clock import OPENS
from newsarchive.demo.reporter import Assignment
from newsarchive.demo.sections import SECTIONS, Section, Template, section_named
from newsarchive.demo.seeded_random import Dice
from newsarchive.demo.specials import PLAIN, SMALLEST, Special, special
from newsarchive.demo.story import Block
from storage.model import Role

GROWTH = 12
"""Articles that appear after the clock opens."""

PICTURES = 24
"""Different lead pictures."""

_FIRST_GROWTH = (timedelta(minutes=25), timedelta(minutes=50))
_KEPT_ITEMS = 3_000
_STEP = timedelta(hours=5)
_LONGEST = timedelta(days=400)


class Desk:
    """Knows every article by its number."""

    def __init__(self, *, seed: str, articles: int, length: int) -> None:
        if articles < SMALLEST:
            raise ValueError(f"a newsroom of {articles} articles is too small: {SMALLEST} or more, please")
        self.seed = seed
        self.articles = articles
        self.total = articles + GROWTH
        self.length = length
        self.step = min(_STEP, _LONGEST / articles)
        self._published = [self._publication(number) for number in range(self.total)]
        self._happenings = sorted({moment for number in range(self.total) for moment in self.special(number).moments()})
        self.brief = lru_cache(maxsize=None)(self._brief)
        self.item = lru_cache(maxsize=_KEPT_ITEMS)(self._item)
        self.listed = lru_cache(maxsize=64)(self._listed)

    def count(self, at: datetime) -> int:
        """Return how many articles have been published by then; their numbers are below it."""
        return bisect_right(self._published, at)

    def moments(self) -> list[datetime]:
        """Return every moment at which an article appears, changes, moves or goes, in order."""
        return sorted({*self._published, *self._happenings})

    def last_happening(self, at: datetime) -> datetime:
        """Return when, up to then, an article changed, moved or went last."""
        return self._happenings[max(bisect_right(self._happenings, at) - 1, 0)]

    def special(self, number: int) -> Special:
        """Return what is special about an article."""
        return special(self.articles - 1 - number) if number < self.articles else PLAIN

    def related(self, number: int, wanted: int) -> tuple[int, ...]:
        """Return the articles that one leads to; the list never changes, though some of it may not be out yet."""
        dice = Dice(f"{self.seed}/{number}/related")
        forced = self.special(number).forced_related
        found = dict.fromkeys(self.articles - 1 - back for back in forced)
        pool = max(self.articles, number)
        for _ in range(wanted * 20):
            other = dice.below(pool)
            if other != number and self.special(other).in_related:
                found[other] = None
            if len(found) >= wanted:
                break
        return tuple(found)

    def _listed(self, section: Section | None, at: datetime) -> tuple[Brief, ...]:
        """Return what listing pages show at one of the `moments`, newest first."""
        briefs = (self.brief(number) for number in range(self.count(at) - 1, -1, -1))
        return tuple(
            brief
            for brief in briefs
            if brief.special.in_listings and section in (None, brief.section) and not brief.gone(at)
        )

    def _publication(self, number: int) -> datetime:
        """Return when an article appears: about one a step, never two at a time."""
        later = number - self.articles
        if 0 <= later < len(_FIRST_GROWTH):
            return OPENS + _FIRST_GROWTH[later]
        seconds = int(self.step.total_seconds())
        jitter = Dice(f"{self.seed}/{number}/time").below(seconds // 2)
        return (OPENS + timedelta(seconds=seconds * later + jitter)).replace(second=0)

    def _brief(self, number: int) -> Brief:
        section = self._section(number)
        particular = self.special(number)
        published = self._published[number]
        if particular.text:
            told = prose.foreign()[particular.text]
            headline, language, address = told.headline, told.language, particular.text
        else:
            headline, language = reporter.headline(self._assignment(number)), "en"
            address = slug(headline)
        return Brief(
            number=number,
            section=section,
            template=particular.template or section.template,
            published=published,
            headline=headline,
            path=article_path(section, published, address, number),
            language=language,
            special=particular,
        )

    def _item(self, number: int) -> Item:
        brief = self.brief(number)
        dice = Dice(f"{self.seed}/{number}/item")
        writers = brief.special.authors or (2 if dice.chance(25) else 1)
        return Item(
            brief=brief,
            authors=tuple(dice.some(words.REPORTERS, writers)),
            tags=self._tags(brief),
            picture=dice.below(PICTURES),
            drafts=edits.drafts(self._first_draft(brief), brief.special.edits),
        )

    def _first_draft(self, brief: Brief) -> Draft:
        if brief.special.text:
            told = prose.foreign()[brief.special.text]
            blocks = tuple(Block(role=Role.TEXT, text=text) for text in told.paragraphs)
            return Draft(since=brief.published, headline=told.headline, dek=told.dek, blocks=blocks)
        task = self._assignment(brief.number)
        return Draft(
            since=brief.published,
            headline=brief.headline,
            dek=reporter.standfirst(task) if brief.special.dek else None,
            blocks=self._linked(brief, reporter.body(task)),
        )

    def _linked(self, brief: Brief, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        """Return a story's blocks with what the desk adds: a link in the running text, background, a live entry."""
        if brief.special.follow_up:
            blocks = (*blocks[:5], Block(role=Role.TEXT, text=prose.common().background), *blocks[5:])
        if brief.special.live:
            blocks = (blocks[0], *edits.opening_update(self.seed), *blocks[1:])
        if brief.template is Template.CLASSIC or brief.number < 2:
            return blocks
        target = Dice(f"{self.seed}/{brief.number}/inline").below(min(brief.number, self.articles))
        at = next((at for at, block in enumerate(blocks) if at > 1 and block.role is Role.TEXT), None)
        if at is None or not self.special(target).in_related:
            return blocks
        anchor = " ".join(blocks[at].text.split(" ")[1:5]).rstrip(".,;:”")
        return (*blocks[:at], replace(blocks[at], anchor=anchor, target=target), *blocks[at + 1 :])

    def _tags(self, brief: Brief) -> tuple[str, ...]:
        if brief.special.text:
            return prose.foreign()[brief.special.text].tags
        return reporter.tags(self._assignment(brief.number))

    def _section(self, number: int) -> Section:
        if section := section_named(self.special(number).section or ""):
            return section
        roll = Dice(f"{self.seed}/{number}/section").below(100)
        for section in SECTIONS:
            roll -= section.share
            if roll < 0:
                return section
        return SECTIONS[0]

    def _assignment(self, number: int) -> Assignment:
        section = self._section(number)
        particular = self.special(number)
        template = particular.template or section.template
        return Assignment(
            name=f"{self.seed}/{number}",
            section=section.name,
            length=particular.length or self.length,
            rich=template is not Template.CLASSIC,
            lists=template is Template.LONGFORM,
        )
