"""Captures of one page over time: timelines, calendars, listings. Times are aware and UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from storage.article_fields import ArticleFields
from storage.index.views.articles import AnyOf, CaptureView, LinkGroupView
from storage.model import Outcome


class CaptureSpan(NamedTuple):
    """Number of captures of a page, or of those with a link, and times of the first and the last."""

    captures: int
    first: datetime
    last: datetime


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingCapture:
    """One capture of a listing, with its links. Example: `next(archive.listings()).groups[0].links[0].url`."""

    capture: CaptureView
    groups: tuple[LinkGroupView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingView(ListingCapture):
    """One capture of a listing, among the others of its URL."""

    number: int
    """Number of this capture among those that read as a listing, from 1 for the oldest."""
    captures: int
    before: datetime | None
    after: datetime | None
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFilters:
    """Conditions on changes of articles. A field that is None sets no condition; of several values one has to match."""

    site: AnyOf = None
    section: AnyOf = None
    """Name of a section; case and accents are ignored."""
    author: str | None = None
    """Full name of an author of the version; case and accents are ignored."""
    event: AnyOf = None
    """edited, gone, moved or back."""
    kind: AnyOf = None
    """Kinds of edits."""
    notice: AnyOf = None
    """noted, dated or silent."""
    size: int | None = None
    """Least number of characters added and removed together."""
    since: datetime | None = None
    """Seen then or later."""
    until: datetime | None = None
    """Seen before then."""
    article_id: int | None = None
    records: tuple[str, ...] | None = None
    """Ids of the WARC records that first show the change."""


ALL_CHANGES = ChangeFilters()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One change of an article. Example: `[change.kinds for change in archive.changes(notice="silent")]`."""

    article: int
    """Id of the article in this index."""
    url: str
    """Canonical."""
    site: str
    headline: str
    """Of the version that is shown now, or was shown last."""
    section: str | None
    language: str | None
    event: str
    """edited, gone, moved or back."""
    kinds: tuple[str, ...]
    """Kinds of an edit, the most important first; changed-back: `version` had been seen before `version_before`."""
    notice: str | None
    """noted: the page has a note on it; dated: a later modification date; silent: neither; null unless text differs."""
    seen_before: datetime
    """Time of the last capture that shows what was before; the change was made between the two."""
    seen: datetime
    """Time of the first capture that shows the change."""
    version_before: int
    version: int | None
    """Number of the version that is shown now; null if none is."""
    added: int
    """Characters added, without white space."""
    removed: int
    before: str | None
    """Excerpt of what was before, at the most telling place."""
    after: str | None
    capture: int
    """Id, in this index, of the first capture that shows the change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundChanges:
    """A page of changes that filters find, with the numbers of all; of some days if they are too many to count."""

    total: int
    days: Mapping[date, int]
    """By the day (UTC) on which they were seen, newest first."""
    changes: tuple[ChangeView, ...]
    since: date | None
    """The first of these days; changes before it are found with `until`. None if all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditToClassify:
    """An edit that is not classified yet, with both texts; None if no text differs."""

    article_id: int
    capture_id: int
    texts: str
    """Digest of the two texts, by which a classification that came too late is found."""
    older: ArticleFields | None
    newer: ArticleFields | None
