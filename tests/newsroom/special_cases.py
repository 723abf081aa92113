"""Special properties of some articles, and events at fixed times of the newsroom's clock.

    before the newest at the start   property
    0                                a live blog, updated at +15 min and +45 min
    1, 3, 5, 8                       edited: openly, with a correction, reverted, twice
    9, 47                            withdrawn: 410 from +30 min, 404 before the start
    11, 12                           moved to another URL: at +35 min, the day before
    13                               also as AMP and print page
    15                               behind a soft paywall
    18 to 28                         in Chinese (UTF-8, GB 18030), Arabic, Russian (UTF-8, windows-1251), German
    30, 31                           linked by sitemaps only
    46, 48                           linked by listing pages only, beyond the first
    36, 37                           linked by related boxes only
    39, 40, 41                       follow-ups that share a background paragraph
    43, 45                           without a dek; very short

The table counts back from the newest, so that it holds for any number of articles from `MIN_ARTICLES` up.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from tests.newsroom.clock import OPENS
from tests.newsroom.newspaper import PageTemplate

MIN_ARTICLES = 60
"""Fewer articles would not include all special ones."""


class EditKind(StrEnum):
    """Kind of an edit of a published article."""

    OPEN = "open"
    """New headline and one more paragraph; the modification date changes."""
    SILENT = "silent"
    """A paragraph changes; the modification date does not."""
    CORRECTION = "correction"
    """A figure changes, with a correction note at the end."""
    BACK = "back"
    """The last edit is reverted."""
    TOUCH = "touch"
    """Only the modification date changes."""
    UPDATE = "update"
    """The next entry of a live blog."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """An edit and its time."""

    at: datetime
    kind: EditKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialCase:
    """Special properties of one article."""

    in_listings: bool = True
    in_sitemap: bool = True
    in_feeds: bool = True
    in_related: bool = True
    section: str | None = None
    template: PageTemplate | None = None
    """None: that of the section."""
    text: str | None = None
    """Key in prose/foreign.toml; None for a generated story."""
    encoding: str = "utf-8"
    edits: tuple[Edit, ...] = ()
    withdrawn_at: datetime | None = None
    withdrawn_status: int = 410
    moved_at: datetime | None = None
    variants: bool = False
    """True: there are an AMP page and a print page too."""
    paywalled: bool = False
    live: bool = False
    follow_up: bool = False
    dek: bool = True
    length: int | None = None
    authors: int | None = None
    forced_related: tuple[int, ...] = field(default=())
    """First articles of the related box, counted back from the newest."""

    def event_times(self) -> tuple[datetime, ...]:
        """Return the times of all events after publication."""
        others = (time for time in (self.withdrawn_at, self.moved_at) if time)
        return (*(edit.at for edit in self.edits), *others)


def _after(**span: int) -> datetime:
    return OPENS + timedelta(**span)


ORDINARY = SpecialCase()

_ONLY_SITEMAP = SpecialCase(in_listings=False, in_feeds=False, in_related=False)
_ONLY_LISTING = SpecialCase(in_sitemap=False, in_feeds=False, in_related=False, section="town")
_ONLY_RELATED = SpecialCase(in_sitemap=False, in_feeds=False, in_listings=False, in_related=False)
_FOLLOW_UP = SpecialCase(section="business", follow_up=True)

_TABLE = {
    0: SpecialCase(
        section="long-reads",
        live=True,
        edits=(
            Edit(at=_after(minutes=15), kind=EditKind.UPDATE),
            Edit(at=_after(minutes=45), kind=EditKind.UPDATE),
        ),
    ),
    1: SpecialCase(
        section="business", edits=(Edit(at=_after(minutes=20), kind=EditKind.OPEN),), forced_related=(36,)
    ),
    2: SpecialCase(section="town", forced_related=(37, 36)),
    3: SpecialCase(section="town", edits=(Edit(at=_after(minutes=40), kind=EditKind.CORRECTION),)),
    5: SpecialCase(
        section="sport",
        edits=(Edit(at=_after(minutes=45), kind=EditKind.SILENT), Edit(at=_after(hours=26), kind=EditKind.BACK)),
    ),
    6: SpecialCase(section="business", edits=(Edit(at=_after(minutes=55), kind=EditKind.TOUCH),), authors=3),
    8: SpecialCase(
        section="culture",
        edits=(Edit(at=_after(hours=-5), kind=EditKind.SILENT), Edit(at=_after(hours=25), kind=EditKind.OPEN)),
    ),
    9: SpecialCase(section="sport", withdrawn_at=_after(minutes=30)),
    11: SpecialCase(section="business", moved_at=_after(minutes=35)),
    12: SpecialCase(section="culture", moved_at=_after(days=-1)),
    13: SpecialCase(section="business", variants=True),
    15: SpecialCase(section="long-reads", paywalled=True),
    18: SpecialCase(section="languages", text="zh-port"),
    20: SpecialCase(section="languages", text="zh-festival", template=PageTemplate.CLASSIC, encoding="gb18030"),
    22: SpecialCase(section="languages", text="ar-water"),
    24: SpecialCase(section="languages", text="ru-ferry", template=PageTemplate.SOUP),
    26: SpecialCase(section="languages", text="ru-library", template=PageTemplate.CLASSIC, encoding="windows-1251"),
    28: SpecialCase(section="languages", text="de-zuerich"),
    30: _ONLY_SITEMAP,
    31: _ONLY_SITEMAP,
    36: _ONLY_RELATED,
    37: _ONLY_RELATED,
    39: _FOLLOW_UP,
    40: _FOLLOW_UP,
    41: _FOLLOW_UP,
    43: SpecialCase(section="culture", dek=False),
    45: SpecialCase(section="town", length=3),
    46: _ONLY_LISTING,
    47: SpecialCase(withdrawn_at=_after(hours=-10), withdrawn_status=404),
    48: _ONLY_LISTING,
}  # fmt: skip


def special_case(back: int) -> SpecialCase:
    """Return the properties of the article that many places before the newest at the start."""
    return _TABLE.get(back, ORDINARY)
