"""CDX queries, and lines of a CDX file. Times are aware and UTC."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from storage.model import RefersTo


class KeyRange(NamedTuple):
    """A range of urlkeys."""

    first: str
    """First urlkey of the range."""
    end: str | None
    """First urlkey after the range; None if the range is `first` alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxQuery:
    """Conditions on captures and their order. A field that is None sets no condition."""

    keys: tuple[KeyRange, ...]
    """Sorted, without overlap."""
    url: str | None = None
    """The requested URL: it distinguishes URLs whose urlkeys are too long to be stored whole."""
    since: datetime | None = None
    """Fetched then or later."""
    until: datetime | None = None
    """Fetched before then."""
    closest: datetime | None = None
    """For one URL: sort by distance from this time."""
    reverse: bool = False
    """Sort descending by urlkey and time."""
    after: tuple[str, datetime, str] | None = None
    """Resume key: urlkey, time and record id of the last line that was returned."""
    page: int | None = None
    """Page number from 0. A page has `page_size` captures of one URL, or all captures of `page_size` URLs."""
    page_size: int = 3000


class CdxLine(NamedTuple):
    """One line of a CDX file, and the location of the payload."""

    id: int
    urlkey: str
    url: str
    fetched_at: datetime
    status: int | None
    mime: str | None
    payload_digest: str | None
    kind: str
    """response, revisit or resource."""
    record_id: str
    warc: str
    offset: int
    length: int
    truncated: str | None
    profile: str | None
    """Of a revisit: "identical-payload-digest" or "server-not-modified"."""
    refers_to_id: int | None
    """Of a revisit: the capture of its original, if archived."""
    refers_to: RefersTo | None
    """Of a revisit: the original, as the record names it."""
    redirect_url: str | None
