"""An article of the newsroom: what it says from when on, and under which addresses."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime

from newsarchive.demo.sections import Section, Template
from newsarchive.demo.specials import Special
from newsarchive.demo.story import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One state of an article, from a moment on."""

    since: datetime
    headline: str
    dek: str | None
    blocks: tuple[Block, ...]
    modified: datetime | None = None
    """What the page says of its last change; None where it says nothing (a silent edit)."""
    same_text: bool = False
    """Only what stands around the text differs from the draft before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What a list of links needs to know of an article: cheap, also for twenty thousand."""

    number: int
    section: Section
    template: Template
    published: datetime
    headline: str
    """The first one."""
    path: str
    """The first one."""
    language: str
    special: Special

    def path_at(self, at: datetime) -> str:
        """Return the path of the article at a moment."""
        moved = self.special.moved_at
        return moved_path(self.path) if moved and moved <= at else self.path

    def gone(self, at: datetime) -> bool:
        """Return whether the article has been withdrawn by then."""
        return self.special.gone_at is not None and self.special.gone_at <= at


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An article with all that happens to it."""

    brief: Brief
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    picture: int
    drafts: tuple[Draft, ...]
    """Oldest first; the first is that of publication."""

    def draft(self, at: datetime) -> Draft:
        """Return the state that readers see at a moment."""
        return self.drafts[max(bisect_right(self.drafts, at, key=lambda draft: draft.since) - 1, 0)]


def slug(text: str) -> str:
    """Return the words of a headline as they stand in a URL.

    >>> slug("Council puts £2.4m into “Old Quay” plan")
    'council-puts-2-4m-into-old-quay-plan'
    """
    letters = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in text.lower())
    return "-".join(letters.split())


def article_path(section: Section, published: datetime, words: str, number: int) -> str:
    """Return the path of an article: two shapes, as one site has after a change of its software."""
    if section.template in (Template.CLASSIC, Template.SOUP):
        return f"/{published:%Y/%m/%d}/{words}-{10_000 + number}.html"
    return f"/{section.name}/{words}-{10_000 + number}"


def moved_path(path: str) -> str:
    """Return where an article lives after it was given a shorter address.

    >>> moved_path("/business/dues-to-rise-10054")
    '/business/lantern-10054'
    """
    folder, _, name = path.rpartition("/")
    return f"{folder}/lantern-{name.rpartition('-')[2]}"


def amp_path(path: str) -> str:
    """Return the path of an article's AMP page."""
    return f"/amp{path}"


def print_path(path: str) -> str:
    """Return the path of an article's page for print."""
    return f"{path}?print=1"
