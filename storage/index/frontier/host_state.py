"""What the crawl remembers from one run to the next: which hosts want peace, which families of URLs bring nothing.

Schedule data: a rebuild forgets it, and the next runs learn it again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, delete, exists, func, select, update

from storage.index.engine.database import insert_rows
from storage.index.rows.duplicates import is_twin
from storage.index.schema.tables import CaptureRow, CrawlRow, FamilyRow, FrontierRow, HostRow, UrlRow, VersionRow
from storage.model import Outcome, UrlKind

WRONG_BY = timedelta(hours=1)
"""How far ahead a clock must have been to be called wrong."""
AT_ONCE = 2_000
"""Rows of one question, at most."""

WORTH_COUNTING = frozenset(
    {
        Outcome.ARTICLE, Outcome.LISTING, Outcome.OTHER, Outcome.MEDIA, Outcome.REDIRECT, Outcome.GONE,
        Outcome.SOFT_404, Outcome.EMPTY, Outcome.NOT_MODIFIED,
    }
)  # fmt: skip
"""Outcomes that say something of a URL; the others speak of the server's mood, or of what reading makes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMemory:
    """A host that asked for patience or gave no answer."""

    name: str
    ready_at: datetime | None
    """Nothing is asked of it before; None: it may be asked."""
    refusals: int
    """Answers in a row that asked for patience."""
    strain: int
    """How often its delay is doubled at present."""
    reason: str
    """Why, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """URLs of one shape, whose last captures brought nothing new."""

    site: str
    family: str
    """Host, path template and query keys: "news.example/calendar/{n}/{n}"."""
    barren: int
    """First captures in a row that brought nothing new."""
    example: str
    """The newest of these URLs."""
    parked_at: datetime | None = None
    """Since when it is not asked for; None: it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yield:
    """What the first capture of a URL brought."""

    capture_id: int
    site: str
    url: str
    via: str | None
    """What named it."""
    is_new: bool
    """It shows an article that the archive did not have."""


def hosts(connection: Connection) -> tuple[HostMemory, ...]:
    """All hosts that are remembered, by name."""
    rows = connection.execute(select(HostRow).order_by(HostRow.name))
    return tuple(
        HostMemory(
            name=row.name, ready_at=row.ready_at, refusals=row.refusals, strain=row.strain, reason=row.reason
        )
        for row in rows
    )  # fmt: skip


def note_hosts(connection: Connection, noted: Mapping[str, HostMemory | None], now: datetime) -> None:
    """Remember hosts; None: it does as it should, and there is nothing to remember."""
    names = sorted(noted)
    for start in range(0, len(names), AT_ONCE):
        connection.execute(delete(HostRow).where(HostRow.name.in_(names[start : start + AT_ONCE])))
    rows = [
        {
            "name": host.name, "ready_at": host.ready_at, "refusals": host.refusals, "strain": host.strain,
            "reason": host.reason, "noted_at": now,
        }
        for name in names
        if (host := noted[name]) is not None
    ]  # fmt: skip
    insert_rows(connection, HostRow, rows, once_by=["name"])


def families(connection: Connection, sites: Collection[str] | None = None) -> tuple[Family, ...]:
    """Families that are counted, of these sites or of all; the most barren first."""
    asked = select(FamilyRow).order_by(FamilyRow.barren.desc(), FamilyRow.site, FamilyRow.family)
    if sites is not None:
        asked = asked.where(FamilyRow.site.in_(list(sites)))
    return tuple(
        Family(site=row.site, family=row.family, barren=row.barren, example=row.example, parked_at=row.parked_at)
        for row in connection.execute(asked)
    )


def note_families(connection: Connection, noted: Mapping[tuple[str, str], Family | None]) -> None:
    """Write what was counted of families, by site and family; None: it has brought something new."""
    if noted:
        connection.execute(_DROP_FAMILY, [{"of": site, "named": family} for site, family in sorted(noted)])
    rows = [
        {
            "site": family.site, "family": family.family, "barren": family.barren, "example": family.example,
            "parked_at": family.parked_at,
        }
        for _, family in sorted(noted.items())
        if family is not None
    ]  # fmt: skip
    insert_rows(connection, FamilyRow, rows, once_by=["site", "family"])


_DROP_FAMILY = delete(FamilyRow).where(FamilyRow.site == bindparam("of"), FamilyRow.family == bindparam("named"))


def newest_capture(connection: Connection) -> int:
    """Id of the capture that came in last; 0 where there is none."""
    return connection.scalar(select(func.max(CaptureRow.id))) or 0


def yields_since(connection: Connection, capture_id: int, sites: Collection[str]) -> tuple[Yield, ...]:
    """What pages of these sites brought that were captured for the first time after a capture, in that order.

    Sources that name fresh articles by themselves (feeds, sitemaps) and assets are none of them.
    """
    asked = {"after": capture_id, "sites": list(sites)}
    return tuple(
        Yield(capture_id=row.id, site=row.site, url=row.url, via=row.via, is_new=bool(row.is_new))
        for row in connection.execute(_yields(), asked)
    )


@cache
def _yields() -> Select[Any]:
    """The question for yields. Putting it together costs more than its answer, so that is done once."""
    via = UrlRow.__table__.alias("via")
    before = CaptureRow.__table__.alias("before")
    # The document of a page that a browser draws is kept as an asset before what was drawn.
    is_page = before.c.outcome != Outcome.ASSET.value
    is_first = ~exists().where(before.c.url_id == CaptureRow.url_id, before.c.id < CaptureRow.id, is_page)
    is_new = exists().where(VersionRow.capture_id == CaptureRow.id, VersionRow.number == 1, ~is_twin())
    return (
        select(CaptureRow.id, FrontierRow.site, UrlRow.url, via.c.url.label("via"), is_new.label("is_new"))
        .join(UrlRow, UrlRow.id == CaptureRow.url_id)
        .join(FrontierRow, FrontierRow.url_id == CaptureRow.url_id)
        .join(via, via.c.id == FrontierRow.via_id, isouter=True)
        .where(
            CaptureRow.id > bindparam("after"),
            CaptureRow.outcome.in_([outcome.value for outcome in WORTH_COUNTING]),
            FrontierRow.site.in_(bindparam("sites", expanding=True)),
            FrontierRow.kind.in_([UrlKind.ARTICLE.value, UrlKind.LISTING.value]),
            is_first,
        )
        .order_by(CaptureRow.id)
        .limit(AT_ONCE)
    )


def mend_clock(connection: Connection, now: datetime) -> int:
    """Have what a run planned whose clock was ahead be due now; returns how many URLs that are."""
    ahead = now + WRONG_BY
    if not connection.scalar(select(exists().where(CrawlRow.started_at > ahead))):
        return 0
    planned = (FrontierRow.looked_at > ahead, FrontierRow.due_at >= FrontierRow.looked_at)
    return connection.execute(update(FrontierRow).where(*planned).values(due_at=now)).rowcount


def never_captured(connection: Connection, site: str, now: datetime) -> list[tuple[int, str]]:
    """URLs of a site that were never captured and are not due now: what parking has put off is among them."""
    rows = connection.execute(
        select(FrontierRow.url_id, UrlRow.url)
        .join(UrlRow, UrlRow.id == FrontierRow.url_id)
        .where(and_(FrontierRow.site == site, FrontierRow.looked_at.is_(None), FrontierRow.due_at > now))
    )
    return [(row.url_id, row.url) for row in rows]


def make_due(connection: Connection, url_ids: Collection[int], now: datetime) -> None:
    """Have URLs be due now."""
    if url_ids:
        connection.execute(
            update(FrontierRow).where(FrontierRow.url_id == bindparam("of")).values(due_at=now),
            [{"of": url_id} for url_id in sorted(url_ids)],
        )
