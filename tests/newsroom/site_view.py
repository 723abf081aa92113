"""The site at one time and under one origin: the data that pages are rendered from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from storage.model import LinkKind
from tests.newsroom.article import ArticleHistory, ArticleState, ArticleSummary
from tests.newsroom.catalogue import ArticleCatalogue
from tests.newsroom.newspaper import PageTemplate, Section
from tests.newsroom.seeded_random import SeededRandom

_RELATED = {PageTemplate.CLASSIC: 50, PageTemplate.MODERN: 6, PageTemplate.SOUP: 9, PageTemplate.LONGFORM: 4}
_LABELS = {
    PageTemplate.CLASSIC: "Related Articles",
    PageTemplate.MODERN: "More on this",
    PageTemplate.SOUP: "You may also like",
    PageTemplate.LONGFORM: "Read next",
}
_IN_BOX = 5
_READ_OFTEN = 40

CARD_AFTER = 4
"""Number of blocks before the read-also card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxLink:
    """One link of a box."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkBox:
    """A group of links on a page."""

    kind: LinkKind
    label: str
    links: tuple[BoxLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContent:
    """Content of an article page at one time: input of its template and of the expected result."""

    history: ArticleHistory
    state: ArticleState
    path: str
    """Current path of the article."""
    related_box: LinkBox
    latest_box: LinkBox | None
    """Most-read or latest box; None if the template has none."""
    read_also_link: BoxLink | None
    """A card between two paragraphs."""
    changed_at: datetime
    """Last change of anything on the page."""


class SiteView:
    """The site as seen from one origin (scheme, host and port) at one time."""

    def __init__(self, catalogue: ArticleCatalogue, origin: str, at: datetime) -> None:
        self.catalogue = catalogue
        self.origin = origin
        self.at = at

    def url(self, path: str) -> str:
        """Return a path as an absolute URL."""
        return f"{self.origin}{path}"

    @cached_property
    def count(self) -> int:
        """Number of published articles."""
        return self.catalogue.count(self.at)

    @property
    def midnight(self) -> datetime:
        """Start of the day."""
        return self.at.replace(hour=0, minute=0, second=0, microsecond=0)

    def newest_articles(self, section: Section | None = None) -> Sequence[ArticleSummary]:
        """Return the articles of listing pages, newest first."""
        return self.catalogue.listed_articles(section, self.at)

    def listing_changed_at(self, section: Section) -> datetime:
        """Return the latest possible change of a section's pages."""
        newest = self.newest_articles(section)
        return max(self.catalogue.last_change(self.at), *(summary.published for summary in newest[:1]))

    def current_state(self, summary: ArticleSummary) -> ArticleState:
        """Return the current state of an article."""
        return self.catalogue.history(summary.number).state_at(self.at)

    def page_content(self, number: int) -> PageContent:
        """Return the content of an article page."""
        history = self.catalogue.history(number)
        state = history.state_at(self.at)
        latest = self._latest_box(history.summary)
        changes = [state.since]
        if latest:
            changes.append(self.midnight if latest.label == "Most read" else self.newest_articles()[0].published)
        return PageContent(
            history=history,
            state=state,
            path=history.summary.path_at(self.at),
            related_box=self._related_box(history.summary),
            latest_box=latest,
            read_also_link=self._read_also(history.summary),
            changed_at=max(changes),
        )

    def _related_box(self, summary: ArticleSummary) -> LinkBox:
        numbers = self.catalogue.related_articles(summary.number, _RELATED[summary.template])
        return LinkBox(kind=LinkKind.RELATED, label=_LABELS[summary.template], links=self._box_links(numbers))

    def _latest_box(self, summary: ArticleSummary) -> LinkBox | None:
        """Return the most-read box (changes at midnight) or the latest box (changes with each new article)."""
        match summary.template:
            case PageTemplate.MODERN:
                rng = SeededRandom(f"{self.catalogue.seed}/most-read/{self.at:%Y-%m-%d}")
                read_often = self.catalogue.listed_articles(None, self.midnight)[:_READ_OFTEN]
                return self._box("Most read", rng.some(read_often, _IN_BOX + 1), summary)
            case PageTemplate.SOUP:
                return self._box("Latest news", self.newest_articles()[: _IN_BOX + 1], summary)
            case _:
                return None

    def _box(self, label: str, summaries: Sequence[ArticleSummary], reader_of: ArticleSummary) -> LinkBox:
        others = [summary.number for summary in summaries if summary.number != reader_of.number][:_IN_BOX]
        return LinkBox(kind=LinkKind.LATEST, label=label, links=self._box_links(others))

    def _read_also(self, summary: ArticleSummary) -> BoxLink | None:
        """Return one more link than the related box has."""
        if summary.template is not PageTemplate.MODERN:
            return None
        numbers = self.catalogue.related_articles(summary.number, _RELATED[PageTemplate.MODERN] + 1)
        return next(iter(self._box_links(numbers[_RELATED[PageTemplate.MODERN] :])), None)

    def _box_links(self, numbers: Sequence[int]) -> tuple[BoxLink, ...]:
        """Return links with the articles' original paths and headlines."""
        summaries = [self.catalogue.summary(number) for number in numbers]
        return tuple(
            BoxLink(path=summary.path, text=summary.headline) for summary in summaries if summary.published <= self.at
        )
