"""Backfill: pages that a listing names, and URLs that wait to be fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from storage.index.engine.statements import build_query
from storage.index.frontier.url_queue import FRONTIER_SQL
from storage.index.rows.interning import short_digest
from storage.index.schema.tables import ArticleRow, FrontierRow
from storage.model import BACKFILL_PRIORITY


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
    return tuple({row.url_id: ListedPage(**row._asdict()) for row in rows}.values())


def count_waiting_backfill(connection: Connection, site: str, max_priority: int) -> int:
    """Return the number of URLs of a site that wait for a backfill, up to a priority number."""
    parameters = {"site": site, "least": BACKFILL_PRIORITY, "most": max_priority}
    return int(connection.scalars(text(FRONTIER_SQL["waiting"]), parameters).one())


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
    parameters = {"sites": list(sites), "now": now, "least": BACKFILL_PRIORITY}
    return tuple(BackfillBacklog(**row._asdict()) for row in connection.execute(_BACKLOG, parameters))


_LISTED_PAGES = build_query(FRONTIER_SQL["listed-pages"], dated_at=ArticleRow.dated_at.type)
_BACKLOG = build_query(FRONTIER_SQL["backlog"], ["sites"]).bindparams(bindparam("now", type_=FrontierRow.due_at.type))
