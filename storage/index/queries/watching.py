"""What an owner should know: how each source fares, what was told of it, which pages went and which came back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select, text

from storage.index.conditions.visibility import shown_captures, shown_urls
from storage.index.engine.database import AnyRow, parts
from storage.index.frontier.source_rates import CALM, habits_of
from storage.index.schema.tables import (
    SOURCES,
    AlarmRow,
    CaptureRow,
    FrontierRow,
    HabitsRow,
    SiteRow,
    SourceRow,
    UrlRow,
)
from storage.index.views.exclusions import NOTHING, Exclusions
from storage.model import BACKFILL, Habits, Outcome, UrlKind

State = Literal["failing", "silent", "overflowing", "sinking", "new", "fine"]
FAILING = 3
"""Failures in a row after which a source counts as failing."""
SINKING, ENOUGH = 0.1, 10.0
"""A source of whose items less than this share is owed to it, once so many have come, is one that others outdo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """How a feed, sitemap or listing fares."""

    url: str
    site: str
    kind: UrlKind
    title: str | None
    looked_at: datetime
    """Newest capture, whatever it was."""
    due_at: datetime | None
    failures: int
    """Failed captures in a row."""
    habits: Habits | None
    """What was learnt of it; None where it could not be read yet."""

    @property
    def state(self) -> State:
        """In a word; the worst first."""
        habits = self.habits
        if self.failures >= FAILING:
            return "failing"
        if habits is None or not habits.fresh:
            return "silent" if habits is not None and habits.silent_at else "new"
        if habits.silent_at:
            return "silent"
        if habits.lost_at and habits.haste < CALM:
            return "overflowing"
        return "sinking" if habits.fresh >= ENOUGH and habits.news / habits.fresh < SINKING else "fine"

    @property
    def daily(self) -> float | None:
        """Items a day, on the average; None where nothing is known."""
        watched = sum(self.habits.watched) if self.habits else 0.0
        return 24 * sum(self.habits.items) / watched if self.habits and watched else None

    @property
    def owed(self) -> float | None:
        """Share of its items that nothing had named before; None where nothing came yet."""
        habits = self.habits
        return min(habits.news / habits.fresh, 1.0) if habits and habits.fresh else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmView:
    """Something about a source that a person should know."""

    url: str
    site: str
    kind: UrlKind
    what: Literal["silent", "lost"]
    raised_at: datetime
    cleared_at: datetime | None
    """None: it is still so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEvent:
    """An article's page that went, or came back."""

    what: Literal["gone", "returned"]
    url: str
    site: str
    article_id: int
    at: datetime
    """The first capture that showed it."""
    confirmed_at: datetime
    """For "gone" the second capture in a row that did; a single 404 may be a mishap. For "returned" as `at`."""


def source_health(
    connection: Connection, sites: Sequence[str] | None = None, exclude: Exclusions = NOTHING
) -> tuple[SourceHealth, ...]:
    """Sources that were asked for, by site and URL; further pages of listings are left out."""
    asked = (
        select(
            HabitsRow,
            FrontierRow.site, FrontierRow.kind, FrontierRow.looked_at, FrontierRow.due_at, FrontierRow.failures,
            UrlRow.url, SourceRow.title, HabitsRow.url_id.label("learnt"),
        )
        .select_from(FrontierRow)
        .join(UrlRow, UrlRow.id == FrontierRow.url_id)
        .join(HabitsRow, HabitsRow.url_id == FrontierRow.url_id, isouter=True)
        .join(SourceRow, SourceRow.url_id == FrontierRow.url_id, isouter=True)
        .where(
            text(f"frontier.{SOURCES}"), FrontierRow.looked_at.is_not(None), FrontierRow.priority < BACKFILL,
            or_(
                FrontierRow.kind != UrlKind.LISTING.value, FrontierRow.via_kind.is_(None),
                FrontierRow.via_kind != UrlKind.LISTING.value,
            ),
            *_shown(exclude),
        )
        .order_by(FrontierRow.site, UrlRow.url)
    )  # fmt: skip
    if sites is not None:
        asked = asked.where(FrontierRow.site.in_(list(sites)))
    return tuple(
        SourceHealth(
            url=row.url, site=row.site, kind=UrlKind(row.kind), title=row.title, looked_at=row.looked_at,
            due_at=row.due_at, failures=row.failures,
            habits=None if row.learnt is None else habits_of(dict(row._mapping)),  # noqa: SLF001 - public
        )
        for row in connection.execute(asked)
    )  # fmt: skip


def alarms(
    connection: Connection,
    sites: Sequence[str] | None = None,
    *,
    standing: bool = True,
    limit: int = 100,
    exclude: Exclusions = NOTHING,
) -> tuple[AlarmView, ...]:
    """Alarms, the newest first: those that still stand, or all there ever were."""
    asked = (
        select(AlarmRow, UrlRow.url, FrontierRow.site, FrontierRow.kind.label("source"))
        .join(UrlRow, UrlRow.id == AlarmRow.url_id)
        # The sum keeps SQLite from walking through the frontier and asking for the alarms of each URL.
        .join(FrontierRow, FrontierRow.url_id == AlarmRow.url_id + 0)
        .where(*_shown(exclude))
        .order_by(AlarmRow.raised_at.desc(), UrlRow.url)
        .limit(limit)
    )
    if sites is not None:
        asked = asked.where(FrontierRow.site.in_(list(sites)))
    if standing:
        asked = asked.where(AlarmRow.cleared_at.is_(None))
    return tuple(
        AlarmView(
            url=row.url, site=row.site, kind=UrlKind(row.source), what=row.kind, raised_at=row.raised_at,
            cleared_at=row.cleared_at,
        )
        for row in connection.execute(asked)
    )  # fmt: skip


def _shown(exclude: Exclusions) -> list[ColumnElement[bool]]:
    return [FrontierRow.site.not_in(sorted(exclude.hidden)), *shown_urls(exclude, FrontierRow.url_id.expression)]


def page_events(
    connection: Connection, site: str | None = None, *, limit: int = 100, exclude: Exclusions = NOTHING
) -> tuple[PageEvent, ...]:
    """Articles' pages that went or came back, the newest first. A function of the captures alone."""
    went = (
        select(CaptureRow.url_id, func.max(CaptureRow.fetched_at).label("last"))
        .where(CaptureRow.outcome == Outcome.GONE.value, *shown_captures(connection, exclude))
        .group_by(CaptureRow.url_id)
        .having(func.count() > 1)
        .order_by(func.max(CaptureRow.fetched_at).desc())
    )
    if site is not None:
        went = went.join(SiteRow, SiteRow.id == CaptureRow.site_id).where(SiteRow.name == site)
    ids = [row.url_id for row in connection.execute(went.limit(limit))]
    found: list[PageEvent] = []
    for some in parts(ids):
        rows: dict[int, list[AnyRow]] = {}
        for row in connection.execute(_HISTORY, {"ids": some}):
            rows.setdefault(row.url_id, []).append(row)
        for history in rows.values():
            found += _events(history)
    found.sort(key=lambda event: (event.confirmed_at, event.url), reverse=True)
    return tuple(found[:limit])


_HISTORY: Any = (
    select(
        CaptureRow.url_id, CaptureRow.fetched_at, CaptureRow.outcome, CaptureRow.article_id, UrlRow.url,
        SiteRow.name.label("site"),
    )
    .join(UrlRow, UrlRow.id == CaptureRow.url_id)
    .join(SiteRow, SiteRow.id == CaptureRow.site_id)
    .where(CaptureRow.url_id.in_(bindparam("ids", expanding=True)))
    .order_by(CaptureRow.url_id, CaptureRow.fetched_at, CaptureRow.record_id)
)  # fmt: skip


def _events(history: Iterable[AnyRow]) -> Iterator[PageEvent]:
    """What one page's captures tell, in the order of time."""
    article_id: int | None = None
    first: datetime | None = None
    is_gone = False
    for row in history:
        if row.outcome == Outcome.GONE.value:
            if first is not None and not is_gone and article_id is not None:
                is_gone = True
                yield _event("gone", row, article_id, first)
            first = first or row.fetched_at
        elif row.article_id is not None:
            if is_gone:
                yield _event("returned", row, row.article_id, row.fetched_at)
            article_id, first, is_gone = row.article_id, None, False


def _event(what: Literal["gone", "returned"], row: AnyRow, article_id: int, at: datetime) -> PageEvent:
    return PageEvent(
        what=what, url=row.url, site=row.site, article_id=article_id, at=at, confirmed_at=row.fetched_at
    )  # fmt: skip
