"""What a CDX file says: which captures are meant, and one line of it. Times are aware and UTC."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from storage.model import RefersTo


class KeyRange(NamedTuple):
    """URLs by their urlkeys."""

    first: str
    """The least urlkey meant."""
    behind: str | None
    """The least that is greater than all that are meant; None: `first` alone is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxQuery:
    """Which captures are meant, and in what order. What is None does not narrow anything."""

    keys: tuple[KeyRange, ...]
    """In the order of their keys."""
    url: str | None = None
    """As asked for: told apart by it are URLs whose urlkeys are too long to be kept whole."""
    since: datetime | None = None
    """Fetched then or later."""
    until: datetime | None = None
    """Fetched before then."""
    closest: datetime | None = None
    """For one URL: in the order of distances from this moment."""
    reverse: bool = False
    """From the greatest urlkey and the newest capture to the least."""
    after: tuple[str, datetime, str] | None = None
    """What stands behind a line that was seen: its urlkey, time and record id."""
    page: int | None = None
    """From 0. A page has `page_size` captures of one URL, or all captures of so many URLs."""
    page_size: int = 3000


class CdxLine(NamedTuple):
    """One capture as a CDX file names it, and what tells where its payload is."""

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
    """Of a revisit: its original's capture, where the archive holds it."""
    refers_to: RefersTo | None
    """Of a revisit: as its record names the original."""
    redirect_url: str | None
