"""An article of the newsroom: its states over time, the edits that make them, and its paths."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from storage.model import Role
from tests.newsroom.newspaper import PageTemplate, Section
from tests.newsroom.seeded_random import SeededRandom
from tests.newsroom.special_cases import Edit, EditKind, SpecialCase
from tests.newsroom.story_template import StoryBlock


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleState:
    """State of an article from a given time on."""

    since: datetime
    headline: str
    dek: str | None
    blocks: tuple[StoryBlock, ...]
    modified: datetime | None = None
    """Modification date on the page; None if it has none (a silent edit)."""
    same_text: bool = False
    """True: the text is that of the previous state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSummary:
    """Data of an article that link lists need; cheap to compute for twenty thousand."""

    number: int
    section: Section
    template: PageTemplate
    published: datetime
    headline: str
    """Original headline."""
    path: str
    """Original path."""
    language: str
    special: SpecialCase

    def path_at(self, at: datetime) -> str:
        """Return the article's path at a given time."""
        moved = self.special.moved_at
        return new_path(self.path) if moved and moved <= at else self.path

    def is_withdrawn(self, at: datetime) -> bool:
        """Return whether the article has been withdrawn by then."""
        return self.special.withdrawn_at is not None and self.special.withdrawn_at <= at


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleHistory:
    """An article with all of its states."""

    summary: ArticleSummary
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    picture: int
    states: tuple[ArticleState, ...]
    """Oldest first."""

    def state_at(self, at: datetime) -> ArticleState:
        """Return the state at a given time."""
        return self.states[max(bisect_right(self.states, at, key=lambda state: state.since) - 1, 0)]


def slug(text: str) -> str:
    """Return a headline as a URL slug.

    >>> slug("Council puts £2.4m into “Old Quay” plan")
    'council-puts-2-4m-into-old-quay-plan'
    """
    letters = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in text.lower())
    return "-".join(letters.split())


def article_path(section: Section, published: datetime, words: str, number: int) -> str:
    """Return the path of an article, in one of two forms, as after a change of CMS."""
    if section.template in (PageTemplate.CLASSIC, PageTemplate.SOUP):
        return f"/{published:%Y/%m/%d}/{words}-{10_000 + number}.html"
    return f"/{section.name}/{words}-{10_000 + number}"


def new_path(path: str) -> str:
    """Return the path of an article that was moved.

    >>> new_path("/business/dues-to-rise-10054")
    '/business/lantern-10054'
    """
    folder, _, name = path.rpartition("/")
    return f"{folder}/lantern-{name.rpartition('-')[2]}"


def amp_path(path: str) -> str:
    """Return the path of an article's AMP page."""
    return f"/amp{path}"


def print_path(path: str) -> str:
    """Return the path of an article's print page."""
    return f"{path}?print=1"


_ADDED = (
    "The county confirmed on Monday that a second meeting will be held, and that the figures will be out before it."
)
_CHANGED = "The meeting takes place on the last Thursday of the month. The hall opens half an hour before it begins."
_CORRECTION = "Correction: an earlier version of this article gave a wrong figure in its second paragraph."
_UPDATES = (
    "The road along the harbour is open again, the police say, at walking pace and in one direction at a time.",
    "The first boat has left with forty passengers. The next is due to leave at noon, with fog expected by then.",
    "Coffee has run out at the terminal. A second urn is on its way, the harbour master says, under escort.",
)


def apply_edits(first: ArticleState, edits: Sequence[Edit]) -> tuple[ArticleState, ...]:
    """Return the first state and those after each edit, oldest first."""
    found = [first]
    for edit in edits:
        found.append(_apply_edit(found, edit))
    return tuple(found)


def first_live_entry(name: str) -> tuple[StoryBlock, ...]:
    """Return the first entry of a live blog."""
    return _live_entry("07:05", SeededRandom(f"{name}/live").pick(_UPDATES))


def _apply_edit(before: Sequence[ArticleState], edit: Edit) -> ArticleState:
    last = replace(before[-1], since=edit.at, same_text=False)
    blocks = last.blocks
    match edit.kind:
        case EditKind.OPEN:
            added = StoryBlock(role=Role.TEXT, text=_ADDED)
            headline = f"{last.headline}, county confirms"
            return replace(last, headline=headline, blocks=(*blocks[:2], added, *blocks[2:]), modified=edit.at)
        case EditKind.SILENT:
            changed = StoryBlock(role=Role.TEXT, text=_CHANGED)
            return replace(last, blocks=(*blocks[:1], changed, *blocks[2:]))
        case EditKind.CORRECTION:
            second = replace(blocks[1], text=f"{blocks[1].text} The figure given first was too high.")
            note = StoryBlock(role=Role.CORRECTION, text=_CORRECTION)
            return replace(last, blocks=(blocks[0], second, *blocks[2:], note))
        case EditKind.BACK:
            return replace(before[-2], since=edit.at)
        case EditKind.TOUCH:
            return replace(last, modified=edit.at, same_text=True)
        case EditKind.UPDATE:
            entry = _live_entry(f"{edit.at:%H:%M}", _UPDATES[len(before) % len(_UPDATES)])
            return replace(last, blocks=(blocks[0], *entry, *blocks[1:]), modified=edit.at)


def _live_entry(hour: str, text: str) -> tuple[StoryBlock, StoryBlock]:
    return StoryBlock(role=Role.HEADING, text=f"{hour}: from the terminal"), StoryBlock(role=Role.TEXT, text=text)
