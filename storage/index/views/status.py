"""Counts and status: days, sites, runs, the archive."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from storage.model import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlView:
    """One run."""

    id: str
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    """None while it is running."""
    sites: tuple[str, ...]
    counters: Mapping[str, int]
    captures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCount:
    """A site in a list of sites."""

    name: str
    url: str
    title: str | None
    configured: bool
    """False for a site that is known only from imported pages."""
    articles: int
    captures: int
    first_capture: datetime | None
    last_capture: datetime | None
    newest_article: datetime | None
    """Date of its newest article: publication, or first capture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeCount:
    """Number of captures with the same outcome and status."""

    outcome: Outcome
    status: int | None
    """HTTP status; None for captures without one."""
    captures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteProfile:
    """Sections, authors and languages of a site's articles: names and numbers of articles, most first."""

    sections: tuple[tuple[str, int], ...]
    authors: tuple[tuple[str, int], ...]
    languages: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus(SiteCount):
    """Status of one site."""

    versions: int
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    due: int = 0
    """URLs that may be fetched now."""
    scheduled: int = 0
    """URLs that may be fetched later."""
    older: int = 0
    """Old URLs, which wait for `newsarchive backfill`."""
    next_due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Status of the archive."""

    sites: tuple[SiteStatus, ...]
    articles: int
    versions: int
    captures: int
    warc_files: int
    warc_bytes: int
    """Size of closed files."""
    last_crawl: CrawlView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleCounts:
    """Numbers of articles by year and site."""

    total: int
    years: tuple[tuple[int, int], ...]
    """Years with numbers of articles, newest first."""
    sites: tuple[tuple[str, int], ...]
    """Sites with numbers of articles, most first."""
