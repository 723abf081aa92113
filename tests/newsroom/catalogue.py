"""All articles of the newsroom by number, with their publication times.

Numbers count up from the oldest, 0. Number `articles - 1` is the newest when the clock starts; those after it are
published later.
"""

from bisect import bisect_right
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from storage.model import Role
from tests.newsroom import prose, story_text, vocabulary
from tests.newsroom.article import (
    ArticleHistory,
    ArticleState,
    ArticleSummary,
    apply_edits,
    article_path,
    first_live_entry,
    slug,
)
from tests.newsroom.clock import OPENS
from tests.newsroom.newspaper import SECTIONS, PageTemplate, Section, find_section
from tests.newsroom.seeded_random import SeededRandom
from tests.newsroom.special_cases import MIN_ARTICLES, ORDINARY, SpecialCase, special_case
from tests.newsroom.story_template import StoryBlock
from tests.newsroom.story_text import StorySpec

GROWTH = 12
"""Articles that are published after the clock starts."""

PICTURES = 24
"""Number of lead pictures."""

_FIRST_GROWTH = (timedelta(minutes=25), timedelta(minutes=50))
_CACHED_HISTORIES = 3_000
_STEP = timedelta(hours=5)
_MAX_AGE = timedelta(days=400)


class ArticleCatalogue:
    """All articles, computed on demand and cached."""

    def __init__(self, *, seed: str, articles: int, length: int) -> None:
        if articles < MIN_ARTICLES:
            raise ValueError(f"a newsroom of {articles} articles is too small; it needs at least {MIN_ARTICLES}")
        self.seed = seed
        self.articles = articles
        self.total = articles + GROWTH
        self.length = length
        self.step = min(_STEP, _MAX_AGE / articles)
        self._published = [self._publication(number) for number in range(self.total)]
        self._event_times = sorted(
            {time for number in range(self.total) for time in self.special(number).event_times()}
        )
        self.summary = lru_cache(maxsize=None)(self._build_summary)
        self.history = lru_cache(maxsize=_CACHED_HISTORIES)(self._build_history)
        self.listed_articles = lru_cache(maxsize=64)(self._find_listed)

    def count(self, at: datetime) -> int:
        """Return the number of articles published by then."""
        return bisect_right(self._published, at)

    def change_times(self) -> list[datetime]:
        """Return all times at which an article is published, edited, moved or withdrawn, sorted."""
        return sorted({*self._published, *self._event_times})

    def last_change(self, at: datetime) -> datetime:
        """Return the last time up to then at which an article was edited, moved or withdrawn."""
        return self._event_times[max(bisect_right(self._event_times, at) - 1, 0)]

    def special(self, number: int) -> SpecialCase:
        """Return the special properties of an article."""
        return special_case(self.articles - 1 - number) if number < self.articles else ORDINARY

    def related_articles(self, number: int, count: int) -> tuple[int, ...]:
        """Return the related articles of one; the list never changes, and may include unpublished ones."""
        rng = SeededRandom(f"{self.seed}/{number}/related")
        forced = self.special(number).forced_related
        found = dict.fromkeys(self.articles - 1 - back for back in forced)
        pool = max(self.articles, number)
        for _ in range(count * 20):
            other = rng.below(pool)
            if other != number and self.special(other).in_related:
                found[other] = None
            if len(found) >= count:
                break
        return tuple(found)

    def _find_listed(self, section: Section | None, at: datetime) -> tuple[ArticleSummary, ...]:
        """Return the articles of listing pages at one of the `change_times`, newest first."""
        summaries = (self.summary(number) for number in range(self.count(at) - 1, -1, -1))
        return tuple(
            summary
            for summary in summaries
            if summary.special.in_listings and section in (None, summary.section) and not summary.is_withdrawn(at)
        )

    def _publication(self, number: int) -> datetime:
        """Return the publication time: about one article per step, never two at once."""
        later = number - self.articles
        if 0 <= later < len(_FIRST_GROWTH):
            return OPENS + _FIRST_GROWTH[later]
        seconds = int(self.step.total_seconds())
        jitter = SeededRandom(f"{self.seed}/{number}/time").below(seconds // 2)
        return (OPENS + timedelta(seconds=seconds * later + jitter)).replace(second=0)

    def _build_summary(self, number: int) -> ArticleSummary:
        section = self._section(number)
        special = self.special(number)
        published = self._published[number]
        if special.text:
            article = prose.foreign_articles()[special.text]
            headline, language, address = article.headline, article.language, special.text
        else:
            headline, language = story_text.headline(self._story_spec(number)), "en"
            address = slug(headline)
        return ArticleSummary(
            number=number,
            section=section,
            template=special.template or section.template,
            published=published,
            headline=headline,
            path=article_path(section, published, address, number),
            language=language,
            special=special,
        )

    def _build_history(self, number: int) -> ArticleHistory:
        summary = self.summary(number)
        rng = SeededRandom(f"{self.seed}/{number}/item")
        writers = summary.special.authors or (2 if rng.chance(25) else 1)
        return ArticleHistory(
            summary=summary,
            authors=tuple(rng.some(vocabulary.REPORTERS, writers)),
            tags=self._tags(summary),
            picture=rng.below(PICTURES),
            states=apply_edits(self._first_state(summary), summary.special.edits),
        )

    def _first_state(self, summary: ArticleSummary) -> ArticleState:
        if summary.special.text:
            article = prose.foreign_articles()[summary.special.text]
            blocks = tuple(StoryBlock(role=Role.TEXT, text=text) for text in article.paragraphs)
            return ArticleState(since=summary.published, headline=article.headline, dek=article.dek, blocks=blocks)
        task = self._story_spec(summary.number)
        return ArticleState(
            since=summary.published,
            headline=summary.headline,
            dek=story_text.standfirst(task) if summary.special.dek else None,
            blocks=self._add_extras(summary, story_text.body(task)),
        )

    def _add_extras(self, summary: ArticleSummary, blocks: tuple[StoryBlock, ...]) -> tuple[StoryBlock, ...]:
        """Return a story's blocks with a link in the running text, a background paragraph, or a live entry."""
        if summary.special.follow_up:
            blocks = (*blocks[:5], StoryBlock(role=Role.TEXT, text=prose.shared_sentences().background), *blocks[5:])
        if summary.special.live:
            blocks = (blocks[0], *first_live_entry(self.seed), *blocks[1:])
        if summary.template is PageTemplate.CLASSIC or summary.number < 2:
            return blocks
        target = SeededRandom(f"{self.seed}/{summary.number}/inline").below(min(summary.number, self.articles))
        at = next((at for at, block in enumerate(blocks) if at > 1 and block.role is Role.TEXT), None)
        if at is None or not self.special(target).in_related:
            return blocks
        anchor = " ".join(blocks[at].text.split(" ")[1:5]).rstrip(".,;:”")
        return (*blocks[:at], replace(blocks[at], anchor=anchor, target=target), *blocks[at + 1 :])

    def _tags(self, summary: ArticleSummary) -> tuple[str, ...]:
        if summary.special.text:
            return prose.foreign_articles()[summary.special.text].tags
        return story_text.tags(self._story_spec(summary.number))

    def _section(self, number: int) -> Section:
        if section := find_section(self.special(number).section or ""):
            return section
        roll = SeededRandom(f"{self.seed}/{number}/section").below(100)
        for section in SECTIONS:
            roll -= section.share
            if roll < 0:
                return section
        return SECTIONS[0]

    def _story_spec(self, number: int) -> StorySpec:
        section = self._section(number)
        special = self.special(number)
        template = special.template or section.template
        return StorySpec(
            name=f"{self.seed}/{number}",
            section=section.name,
            length=special.length or self.length,
            has_headings=template is not PageTemplate.CLASSIC,
            has_lists=template is PageTemplate.LONGFORM,
        )
