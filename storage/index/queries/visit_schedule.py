"""When a URL is fetched again, which sources name it, and what it answered last."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.orm import aliased

from storage.index.conditions.visibility import visible_captures
from storage.index.engine.statements import batches
from storage.index.frontier.named_urls import NamedUrls
from storage.index.rows.interning import short_digest
from storage.index.schema.tables import CaptureRow, FrontierRow, UrlRow
from storage.index.views.exclusions import Exclusions
from storage.model import Outcome, VisitEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitSchedule:
    """Schedule of one URL."""

    url: str
    due_at: datetime | None
    """When it is fetched next; None: never again."""
    ended_by: VisitEnd | None
    """Why it is not fetched again."""
    named_by: tuple[str, ...]
    """Feeds, sitemaps and listings that name it, by their newest readings."""
    last_fetched_at: datetime | None
    outcome: Outcome | None
    """Of its newest capture; None without one."""
    status: int | None
    redirect_url: str | None


def get_visit_schedule(connection: Connection, exclude: Exclusions, url: str, now: datetime) -> VisitSchedule | None:
    """Return the schedule of a URL; None if it is not in the frontier."""
    frontier = connection.execute(
        select(
            FrontierRow.url_id,
            FrontierRow.via_id,
            FrontierRow.site,
            FrontierRow.due_at,
            FrontierRow.ended_by,
            FrontierRow.last_fetched_at,
        )
        .join(UrlRow, UrlRow.id == FrontierRow.url_id)
        .where(UrlRow.digest == short_digest(url))
    ).first()
    if frontier is None:
        return None
    target = aliased(UrlRow)
    newest = connection.execute(
        select(CaptureRow.outcome, CaptureRow.status, target.url.label("target"))
        .join(target, target.id == CaptureRow.redirect_url_id, isouter=True)
        .where(CaptureRow.url_id == frontier.url_id, *visible_captures(connection, exclude))
        .order_by(CaptureRow.fetched_at.desc(), CaptureRow.record_id.desc())
        .limit(1)
    ).first()
    ids = NamedUrls(connection).list_sources(dict(frontier._mapping), now)  # noqa: SLF001 - public
    named: list[str] = []
    for some in batches(ids):
        named += connection.scalars(select(UrlRow.url).where(UrlRow.id.in_(some)))
    return VisitSchedule(
        url=url,
        due_at=frontier.due_at,
        ended_by=VisitEnd(frontier.ended_by) if frontier.ended_by else None,
        named_by=tuple(sorted(named)),
        last_fetched_at=frontier.last_fetched_at,
        outcome=Outcome(newest.outcome) if newest else None,
        status=newest.status if newest else None,
        redirect_url=newest.target if newest else None,
    )
