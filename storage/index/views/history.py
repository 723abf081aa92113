"""Captures of one page over time: timelines, calendars, listings. Times are aware and UTC."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from storage.index.views.articles import CaptureView, LinkGroupView
from storage.model import Outcome


class CaptureSpan(NamedTuple):
    """Number of captures of a page, and times of the first and the last."""

    captures: int
    first: datetime
    last: datetime


class AdjacentTimes(NamedTuple):
    """Times of the captures before and after a time; None if there is none."""

    before: datetime | None
    after: datetime | None


class ArchivedUrl(NamedTuple):
    """A URL with captures."""

    url: str
    newest: datetime
    captures: int


class YearCount(NamedTuple):
    """Number of captures of a page in one year."""

    year: int
    captures: int


class DayCount(NamedTuple):
    """Number of captures of a page on one day, in UTC."""

    day: date
    captures: int
    first: datetime


class CalendarEntry(NamedTuple):
    """One capture of a page in a calendar."""

    id: int
    url: str
    fetched_at: datetime
    status: int | None
    kind: str
    outcome: Outcome


class LinkPresence(NamedTuple):
    """Captures of a listing that contain a link."""

    first: datetime
    last: datetime
    captures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingView:
    """One capture of a listing."""

    capture: CaptureView
    number: int
    """Number of this capture among those that read as a listing, from 1 for the oldest."""
    captures: int
    before: datetime | None
    after: datetime | None
    first: datetime
    last: datetime
    groups: tuple[LinkGroupView, ...]
