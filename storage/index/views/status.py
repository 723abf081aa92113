"""What the index answers when it is asked how much it holds and how that fares: days, sites, runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from storage.model import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlView:
    """One run."""

    id: str
    sites: tuple[str, ...]
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    counters: Mapping[str, int]
    captures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedDay:
    """Captures of one day."""

    day: date
    """In UTC."""
    captures: int
    failed: int
    """Of them: errors, challenges and the like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCount:
    """A site in a list of sites."""

    name: str
    url: str
    title: str | None
    configured: bool
    """False for a site that only imported pages made known."""
    articles: int
    captures: int
    first_capture: datetime | None
    last_capture: datetime | None
    newest_article: datetime | None
    """The date of its newest article: by its publication, else when it was first seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastCrawl:
    """The newest run, its captures not counted."""

    id: str
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    """None while it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeCount:
    """Captures that turned out the same."""

    outcome: Outcome
    status: int | None
    """HTTP status; None where the answer is no HTTP."""
    captures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteProfile:
    """What a site's newest articles are made of: names with numbers of articles, the most frequent first."""

    looked_at: int
    """Articles."""
    sections: tuple[tuple[str, int], ...]
    authors: tuple[tuple[str, int], ...]
    languages: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """What the archive holds of one site."""

    name: str
    url: str
    title: str | None
    configured: bool
    """False for a site that only imported pages made known."""
    articles: int
    versions: int
    captures: int
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    first_capture: datetime | None = None
    last_capture: datetime | None = None
    due: int = 0
    """URLs that may be fetched now."""
    scheduled: int = 0
    """URLs that are to be fetched later."""
    older: int = 0
    """URLs of long ago, which wait for `newsarchive backfill`."""
    next_due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the archive holds."""

    sites: tuple[SiteStatus, ...]
    articles: int
    versions: int
    captures: int
    warc_files: int
    warc_bytes: int
    """Of closed files."""
    last_crawl: CrawlView | None
