"""Crawl state that one run keeps for the next: hosts that are backed off, and unproductive URL patterns.

It belongs to the schedule: a rebuild loses it, and the next runs learn it again.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import Boolean, Connection, delete, exists, func, select, text, update

from storage.index.engine.statements import IDS, build_query, change_by_ids, insert_rows
from storage.index.frontier.url_queue import FRONTIER_SQL
from storage.index.schema.tables import CaptureRow, CrawlRow, FrontierRow, HostBackoffRow, UrlPatternRow
from storage.model import Outcome

_CLOCK_TOLERANCE = timedelta(hours=1)  # a clock counts as wrong if it was ahead by more
_BATCH = 2_000  # most rows of one query

COUNTED_OUTCOMES = frozenset(
    map(Outcome, ("article", "listing", "other", "media", "redirect", "gone", "soft_404", "empty", "not_modified"))
)
"""Outcomes that say whether a URL is productive; the others depend on the server's state or on our reading."""


@dataclass(frozen=True, slots=True)
class SavedBackoff:
    """A host that asked for slower requests or did not respond."""

    host: str
    ready_at: datetime | None
    """No requests are sent to it before; None: they may be."""
    refusal_count: int
    """Responses 429 or 503 in a row."""
    backoff_level: int
    """Number of times that its delay is doubled at present."""
    reason: str
    """Why, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlPatternState:
    """A URL pattern whose newest captures brought no new article."""

    site: str
    pattern: str
    """Host, path template and query keys: "news.example/calendar/{n}/{n}"."""
    unproductive_count: int
    """First captures in a row that brought no new article."""
    example_url: str
    """The newest of its URLs."""
    parked_at: datetime | None = None
    """Since when its URLs are not fetched; None: they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCapture:
    """The first capture of a URL, or the first that shows its article."""

    capture_id: int
    site: str
    url: str
    via_url: str | None
    """Page on which it was discovered."""
    has_new_article: bool
    """It shows an article that the archive did not have."""
    redirect_count: int = 0
    """Redirects in a row that led to it, its own included."""


def load_backoffs(connection: Connection) -> tuple[SavedBackoff, ...]:
    """Return all hosts that are backed off, by name."""
    columns = [HostBackoffRow.__table__.c[field.name] for field in fields(SavedBackoff)]
    return tuple(SavedBackoff(*row) for row in connection.execute(select(*columns).order_by(HostBackoffRow.host)))


def save_backoffs(connection: Connection, backoffs: Mapping[str, SavedBackoff | None], now: datetime) -> None:
    """Store the back-off of hosts; None: it is over."""
    change_by_ids(connection, delete(HostBackoffRow).where(HostBackoffRow.host.in_(IDS)), backoffs)
    rows = [{**asdict(backoff), "updated_at": now} for _, backoff in sorted(backoffs.items()) if backoff is not None]
    insert_rows(connection, HostBackoffRow, rows, conflict_columns=["host"])


def load_url_patterns(connection: Connection, sites: Collection[str] | None = None) -> tuple[UrlPatternState, ...]:
    """Return the unproductive URL patterns of these sites or of all, the most unproductive first."""
    query = select(UrlPatternRow).order_by(
        UrlPatternRow.unproductive_count.desc(), UrlPatternRow.site, UrlPatternRow.pattern
    )
    if sites is not None:
        query = query.where(UrlPatternRow.site.in_(list(sites)))
    return tuple(UrlPatternState(**row._mapping) for row in connection.execute(query))  # noqa: SLF001 - public


def save_url_patterns(connection: Connection, patterns: Mapping[tuple[str, str], UrlPatternState | None]) -> None:
    """Store the state of URL patterns, by site and pattern; None: it has brought a new article."""
    if patterns:
        keys = [{"site": site, "pattern": pattern} for site, pattern in sorted(patterns)]
        connection.execute(text(FRONTIER_SQL["delete-pattern"]), keys)
    rows = [asdict(state) for _, state in sorted(patterns.items()) if state is not None]
    insert_rows(connection, UrlPatternRow, rows, conflict_columns=["site", "pattern"])


def newest_capture_id(connection: Connection) -> int:
    """Return the id of the capture that was committed last, or 0."""
    return connection.scalar(select(func.max(CaptureRow.id))) or 0


def select_first_captures(connection: Connection, capture_id: int, sites: Collection[str]) -> tuple[FirstCapture, ...]:
    """Return the first captures of pages of these sites that were committed after a capture, in that order.

    A later capture that shows a new article is included: the first one may have been a redirect or an error. Feeds,
    sitemaps and assets are left out.
    """
    outcomes = [outcome.value for outcome in COUNTED_OUTCOMES]
    parameters = {"after": capture_id, "sites": list(sites), "outcomes": outcomes, "limit": _BATCH}
    return tuple(FirstCapture(**row._asdict()) for row in connection.execute(_FIRST_CAPTURES, parameters))


_FIRST_CAPTURES = build_query(FRONTIER_SQL["first-captures"], ["sites", "outcomes"], has_new_article=Boolean)


def reset_future_due_dates(connection: Connection, now: datetime) -> int:
    """Make URLs due now that a run with a clock far ahead scheduled. Return how many."""
    ahead = now + _CLOCK_TOLERANCE
    if not connection.scalar(select(exists().where(CrawlRow.started_at > ahead))):
        return 0
    scheduled = (FrontierRow.last_fetched_at > ahead, FrontierRow.due_at >= FrontierRow.last_fetched_at)
    return connection.execute(update(FrontierRow).where(*scheduled).values(due_at=now)).rowcount


def select_never_captured(connection: Connection, site: str, now: datetime) -> list[tuple[int, str]]:
    """Return ids and URLs of a site that were never captured and are not due now, such as parked ones."""
    return [(row.url_id, row.url) for row in connection.execute(_NEVER_CAPTURED, {"site": site, "now": now})]


_NEVER_CAPTURED = build_query(FRONTIER_SQL["never-captured"], (), ["now"])
