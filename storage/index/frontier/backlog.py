"""Backfill: pages that a listing names, and URLs that wait to be fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from storage.index.rows.interning import short_digest
from storage.index.schema.tables import (
    ArticleRow,
    CaptureGroupRow,
    CaptureRow,
    FrontierRow,
    LaneRow,
    LinkGroupRow,
    LinkRow,
    UrlRow,
)
from storage.model import BACKFILL_PRIORITY, LinkKind, UrlKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPage:
    """A page that a listing links to."""

    url_id: int
    url: str
    dated_at: datetime | None
    """Its date if it is an article of the archive."""


def load_listed_pages(connection: Connection, url: str) -> tuple[ListedPage, ...]:
    """Return the pages that the newest capture of a listing links to, in its order."""
    rows = connection.execute(_LISTED_PAGES, {"digest": short_digest(url)})
    return tuple({row.id: ListedPage(url_id=row.id, url=row.url, dated_at=row.dated_at) for row in rows}.values())


def count_waiting_backfill(connection: Connection, site: str, max_priority: int) -> int:
    """Return the number of URLs of a site that wait for a backfill, up to a priority number."""
    query = select(func.count()).where(
        FrontierRow.lane_id.in_(select(LaneRow.id).where(LaneRow.site == site)),
        FrontierRow.due_at.is_not(None),
        FrontierRow.last_fetched_at.is_(None),
        FrontierRow.priority.between(BACKFILL_PRIORITY, max_priority),
    )
    return connection.scalars(query).one()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillBacklog:
    """URLs of a site that wait for a backfill."""

    site: str
    url_count: int
    """URLs that were never fetched."""
    max_priority: int
    """Highest priority number among them: that of the oldest."""
    listing_count: int
    """Next pages of listings among them; how old their articles are is known only when they are read."""


def load_backfill_backlog(connection: Connection, sites: Sequence[str], now: datetime) -> tuple[BackfillBacklog, ...]:
    """Return the URLs that wait for a backfill, by site; sites without any, and postponed URLs, are left out."""
    query = (
        select(
            LaneRow.site,
            func.count().label("url_count"),
            func.max(FrontierRow.priority).label("max_priority"),
            func.count().filter(FrontierRow.kind == UrlKind.LISTING.value).label("listing_count"),
        )
        .join_from(FrontierRow, LaneRow)
        .where(
            LaneRow.site.in_(list(sites)),
            FrontierRow.due_at <= now,
            FrontierRow.last_fetched_at.is_(None),
            FrontierRow.priority >= BACKFILL_PRIORITY,
        )
        .group_by(LaneRow.site)
        .order_by(LaneRow.site)
    )
    return tuple(BackfillBacklog(**row._asdict()) for row in connection.execute(query))


_NEWEST_CAPTURE = (
    select(CaptureRow.id)
    .join(UrlRow, UrlRow.id == CaptureRow.url_id)
    .where(
        UrlRow.digest == bindparam("digest"),
        select(CaptureGroupRow.capture_id).where(CaptureGroupRow.capture_id == CaptureRow.id).exists(),
    )
    .order_by(CaptureRow.fetched_at.desc())
    .limit(1)
    .scalar_subquery()
)
_LISTED_PAGES: Any = (
    select(UrlRow.id, UrlRow.url, ArticleRow.dated_at)
    .select_from(CaptureGroupRow)
    .join(LinkGroupRow, LinkGroupRow.id == CaptureGroupRow.group_id)
    .join(LinkRow, LinkRow.group_id == CaptureGroupRow.group_id)
    .join(UrlRow, UrlRow.id == LinkRow.url_id)
    .join(ArticleRow, ArticleRow.url_id == UrlRow.id, isouter=True)
    .where(CaptureGroupRow.capture_id == _NEWEST_CAPTURE, LinkGroupRow.kind == LinkKind.LISTING.value)
    .order_by(CaptureGroupRow.position, LinkRow.position)
)
