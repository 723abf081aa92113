"""How far back a listing goes, and how much of the past is still to be fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select

from storage.index.rows.interning import short_digest
from storage.index.schema.tables import (
    ArticleRow,
    CaptureGroupRow,
    CaptureRow,
    FrontierRow,
    LinkGroupRow,
    LinkRow,
    UrlRow,
)
from storage.model import BACKFILL, LinkKind, UrlKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A page that a listing names."""

    url_id: int
    url: str
    dated_at: datetime | None
    """When it was published, where the archive holds it as an article."""


def named_by(connection: Connection, url: str) -> tuple[Named, ...]:
    """What the newest capture of a listing names, in its order; nothing where there is none."""
    rows = connection.execute(_NAMED, {"digest": short_digest(url)})
    found = {row.id: Named(url_id=row.id, url=row.url, dated_at=row.dated_at) for row in rows}
    return tuple(found.values())


def waiting_older(connection: Connection, site: str, deepest: int) -> int:
    """How many URLs of a site wait for a backfill that goes to that priority number."""
    asked = select(func.count()).where(
        FrontierRow.site == site,
        FrontierRow.due_at.is_not(None),
        FrontierRow.looked_at.is_(None),
        FrontierRow.priority.between(BACKFILL, deepest),
    )
    return connection.scalars(asked).one()


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What of a site waits for a backfill."""

    site: str
    pages: int
    """URLs that were never asked for."""
    deepest: int
    """The highest priority number among them: that of the oldest."""
    listings: int
    """Further pages of listings among them: how old what they name is shows only there."""


def past(connection: Connection, sites: Sequence[str], now: datetime) -> tuple[Past, ...]:
    """What waits for a backfill, by site; sites of which nothing does are left out, and so is what was put off."""
    asked = (
        select(
            FrontierRow.site,
            func.count().label("pages"),
            func.max(FrontierRow.priority).label("deepest"),
            func.sum(case((FrontierRow.kind == UrlKind.LISTING.value, 1), else_=0)).label("listings"),
        )
        .where(
            FrontierRow.site.in_(list(sites)),
            FrontierRow.due_at <= now,
            FrontierRow.looked_at.is_(None),
            FrontierRow.priority >= BACKFILL,
        )
        .group_by(FrontierRow.site)
        .order_by(FrontierRow.site)
    )
    return tuple(
        Past(site=row.site, pages=row.pages, deepest=row.deepest, listings=int(row.listings))
        for row in connection.execute(asked)
    )


_NEWEST = (
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
_NAMED: Any = (
    select(UrlRow.id, UrlRow.url, ArticleRow.dated_at)
    .select_from(CaptureGroupRow)
    .join(LinkGroupRow, LinkGroupRow.id == CaptureGroupRow.group_id)
    .join(LinkRow, LinkRow.group_id == CaptureGroupRow.group_id)
    .join(UrlRow, UrlRow.id == LinkRow.url_id)
    .join(ArticleRow, ArticleRow.url_id == UrlRow.id, isouter=True)
    .where(CaptureGroupRow.capture_id == _NEWEST, LinkGroupRow.kind == LinkKind.LISTING.value)
    .order_by(CaptureGroupRow.position, LinkRow.position)
)
