"""Captures of a page by year and by day, counted by the database: a page may have a hundred thousand."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import ColumnElement, Connection, func, select

from storage.index.conditions.visibility import shown_captures
from storage.index.queries.aggregates import day_of
from storage.index.queries.timeline import page_ids
from storage.index.schema.tables import CaptureRow, UrlRow
from storage.index.views.exclusions import NOTHING, Exclusions
from storage.index.views.history import DayCount, Moment, YearCount
from storage.model import Outcome


def years(connection: Connection, url: str, exclude: Exclusions = NOTHING) -> tuple[YearCount, ...]:
    """Captures of a page by year, from its first to its last, years without any included."""
    at = CaptureRow.fetched_at
    shown = _shown(connection, page_ids(connection, url), exclude)
    first, last = connection.execute(select(func.min(at), func.max(at)).where(*shown)).one()
    if first is None:
        return ()
    counting = select(func.count()).select_from(CaptureRow).where(*shown)
    return tuple(
        YearCount(
            year=year,
            captures=connection.scalar(counting.where(at >= _begin(year), at < _begin(year + 1))) or 0,
        )
        for year in range(first.year, last.year + 1)
    )


def days(connection: Connection, url: str, year: int, exclude: Exclusions = NOTHING) -> tuple[DayCount, ...]:
    """The days of a year on which a page was captured, in order."""
    at = CaptureRow.fetched_at
    day = day_of(connection, at)
    rows = connection.execute(
        select(day.label("day"), func.count().label("captures"), func.min(at).label("first"))
        .where(*_shown(connection, page_ids(connection, url), exclude), at >= _begin(year), at < _begin(year + 1))
        .group_by(day)
        .order_by(day)
    )
    return tuple(DayCount(day=date.fromisoformat(row.day), captures=row.captures, first=row.first) for row in rows)


def moments(  # noqa: PLR0913 - which page, between what, and which part of it
    connection: Connection,
    url: str,
    since: datetime,
    until: datetime,
    exclude: Exclusions = NOTHING,
    *,
    limit: int,
    offset: int = 0,
) -> tuple[Moment, ...]:
    """Captures of a page between two moments, newest first."""
    at = CaptureRow.fetched_at
    rows = connection.execute(
        select(CaptureRow.id, UrlRow.url, at, CaptureRow.status, CaptureRow.kind, CaptureRow.outcome)
        .join(UrlRow, UrlRow.id == CaptureRow.url_id)
        .where(*_shown(connection, page_ids(connection, url), exclude), at >= since, at < until)
        .order_by(at.desc(), CaptureRow.record_id.desc())
        .limit(limit)
        .offset(offset)
    )
    return tuple(
        Moment(
            id=row.id, url=row.url, fetched_at=row.fetched_at, status=row.status, kind=row.kind,
            outcome=Outcome(row.outcome),
        )
        for row in rows
    )  # fmt: skip


def _shown(connection: Connection, ids: Sequence[int], exclude: Exclusions) -> list[ColumnElement[bool]]:
    return [CaptureRow.url_id.in_(ids), *shown_captures(connection, exclude)]


def _begin(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)
