"""What is special about which article, and what happens to it at fixed moments of the newsroom's clock.

    before the newest at opening     what
    0                                a live blog, goes on at +15 min and +45 min
    1, 3, 5, 8                       edited: openly, with a correction, there and back again, twice
    9, 47                            withdrawn: 410 from +30 min, 404 since long
    11, 12                           moved to another address: at +35 min, the day before
    13                               also there as AMP and for print
    15                               behind a soft paywall
    18 to 28                         in Chinese (UTF-8, GB 18030), Arabic, Russian (UTF-8, windows-1251), German
    30, 31                           only sitemaps list it
    46, 48                           only listing pages show it, beyond the first
    36, 37                           only related lists lead to it
    39, 40, 41                       follow-ups that share a paragraph of background
    43, 45                           without a dek; very short

An article's number counts from the oldest, so that this table holds for a newsroom of any size from `SMALLEST` up.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from newsarchive.demo.clock import OPENS
from newsarchive.demo.sections import Template

SMALLEST = 60
"""A newsroom with fewer articles has no room for the special ones."""


class Change(StrEnum):
    """What an editor does to an article that is out."""

    OPEN = "open"
    """New headline and one more paragraph; the page says that it was modified."""
    SILENT = "silent"
    """A paragraph says something else; the page says nothing."""
    CORRECTION = "correction"
    """A figure changes, and a note at the foot says so."""
    BACK = "back"
    """As it was before the last change."""
    TOUCH = "touch"
    """Only the date of modification changes: no new text."""
    UPDATE = "update"
    """A live blog's next entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change and its moment."""

    at: datetime
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Special:
    """What sets one article apart from the usual ones."""

    in_listings: bool = True
    in_sitemap: bool = True
    in_feeds: bool = True
    in_related: bool = True
    section: str | None = None
    template: Template | None = None
    """None: the section's."""
    text: str | None = None
    """Key in prose/foreign.toml; None for a story of the usual kind."""
    encoding: str = "utf-8"
    edits: tuple[Edit, ...] = ()
    gone_at: datetime | None = None
    gone_status: int = 410
    moved_at: datetime | None = None
    variants: bool = False
    """There is an AMP page and a page for print too."""
    paywalled: bool = False
    live: bool = False
    follow_up: bool = False
    dek: bool = True
    length: int | None = None
    authors: int | None = None
    forced_related: tuple[int, ...] = field(default=())
    """Stand at the head of the related list, counted back like the article itself."""

    def moments(self) -> tuple[datetime, ...]:
        """Return when something happens to the article after it was published."""
        others = (moment for moment in (self.gone_at, self.moved_at) if moment)
        return (*(edit.at for edit in self.edits), *others)


def _after(**span: int) -> datetime:
    return OPENS + timedelta(**span)


PLAIN = Special()

_ONLY_SITEMAP = Special(in_listings=False, in_feeds=False, in_related=False)
_ONLY_LISTING = Special(in_sitemap=False, in_feeds=False, in_related=False, section="town")
_ONLY_RELATED = Special(in_sitemap=False, in_feeds=False, in_listings=False, in_related=False)
_FOLLOW_UP = Special(section="business", follow_up=True)

_TABLE = {
    0: Special(
        section="long-reads",
        live=True,
        edits=(
            Edit(at=_after(minutes=15), change=Change.UPDATE),
            Edit(at=_after(minutes=45), change=Change.UPDATE),
        ),
    ),
    1: Special(
        section="business", edits=(Edit(at=_after(minutes=20), change=Change.OPEN),), forced_related=(36,)
    ),
    2: Special(section="town", forced_related=(37, 36)),
    3: Special(section="town", edits=(Edit(at=_after(minutes=40), change=Change.CORRECTION),)),
    5: Special(
        section="sport",
        edits=(Edit(at=_after(minutes=45), change=Change.SILENT), Edit(at=_after(hours=26), change=Change.BACK)),
    ),
    6: Special(section="business", edits=(Edit(at=_after(minutes=55), change=Change.TOUCH),), authors=3),
    8: Special(
        section="culture",
        edits=(Edit(at=_after(hours=-5), change=Change.SILENT), Edit(at=_after(hours=25), change=Change.OPEN)),
    ),
    9: Special(section="sport", gone_at=_after(minutes=30)),
    11: Special(section="business", moved_at=_after(minutes=35)),
    12: Special(section="culture", moved_at=_after(days=-1)),
    13: Special(section="business", variants=True),
    15: Special(section="long-reads", paywalled=True),
    18: Special(section="languages", text="zh-port"),
    20: Special(section="languages", text="zh-festival", template=Template.CLASSIC, encoding="gb18030"),
    22: Special(section="languages", text="ar-water"),
    24: Special(section="languages", text="ru-ferry", template=Template.SOUP),
    26: Special(section="languages", text="ru-library", template=Template.CLASSIC, encoding="windows-1251"),
    28: Special(section="languages", text="de-zuerich"),
    30: _ONLY_SITEMAP,
    31: _ONLY_SITEMAP,
    36: _ONLY_RELATED,
    37: _ONLY_RELATED,
    39: _FOLLOW_UP,
    40: _FOLLOW_UP,
    41: _FOLLOW_UP,
    43: Special(section="culture", dek=False),
    45: Special(section="town", length=3),
    46: _ONLY_LISTING,
    47: Special(gone_at=_after(hours=-10), gone_status=404),
    48: _ONLY_LISTING,
}  # fmt: skip


def special(back: int) -> Special:
    """Return what is special about the article that stands so many places before the newest at opening time."""
    return _TABLE.get(back, PLAIN)
