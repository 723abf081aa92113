"""What the index answers about pages over time. Frozen nouns, as in views.py; times are aware and UTC."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from storage.index.views.articles import CaptureView, LinkGroupView
from storage.model import Outcome


class Span(NamedTuple):
    """The captures of one page, from first to last."""

    captures: int
    first: datetime
    last: datetime


class Beside(NamedTuple):
    """What stands before and after a moment; None where nothing does."""

    before: datetime | None
    after: datetime | None


class HeldUrl(NamedTuple):
    """A URL of which the archive has captures."""

    url: str
    newest: datetime
    captures: int


class YearCount(NamedTuple):
    """Captures of one page in one year."""

    year: int
    captures: int


class DayCount(NamedTuple):
    """Captures of one page on one day, in UTC."""

    day: date
    captures: int
    first: datetime


class Moment(NamedTuple):
    """One capture of a page, as a calendar names it."""

    id: int
    url: str
    fetched_at: datetime
    status: int | None
    kind: str
    outcome: Outcome


class Stood(NamedTuple):
    """How long a link stood on a listing."""

    first: datetime
    """First capture of the listing that has it."""
    last: datetime
    captures: int
    """Captures of the listing that have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingView:
    """A listing as one capture shows it."""

    capture: CaptureView
    number: int
    """Of this capture among those that read as a listing, from 1 for the oldest."""
    captures: int
    before: datetime | None
    after: datetime | None
    first: datetime
    last: datetime
    groups: tuple[LinkGroupView, ...]
