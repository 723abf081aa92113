"""Captures of a listing, such as a front page, and the links on it over time.

captures of the listing --> their link groups --> links
               |--- an unread revisit shows what its original shows
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, TableClause, and_, column, func, literal_column, select
from sqlalchemy.ext.compiler import compiles

from storage.index.conditions.visibility import conditions_on_time, visible_captures
from storage.index.engine.statements import batches
from storage.index.queries import articles
from storage.index.queries.timeline import load_page_ids
from storage.index.reader import ReadScope
from storage.index.rows.interning import short_digest
from storage.index.schema.tables import CaptureGroupRow, CaptureRow, LinkRow, SiteRow, UrlRow
from storage.index.views.articles import CaptureFilters, LinkGroupView
from storage.index.views.history import CaptureSpan, ListingCapture, ListingView
from storage.model import Outcome

_AT_ONCE = 400
_LISTINGS_AT_ONCE = 50
# Verbatim as in the condition of the partial index: a front page has tens of thousands of captures.
_LISTING: ColumnElement[str] = literal_column(f"'{Outcome.LISTING.value}'")


class _ListingIndex(TableClause):
    """Captures of listings by SQLite's partial index, which the planner does not choose for an average URL."""

    inherit_cache = True


@compiles(_ListingIndex, "sqlite")
def _compile_indexed(element: _ListingIndex, compiler: Any, *, asfrom: bool = False, **given: Any) -> str:
    written: str = compiler.visit_table(element, asfrom=asfrom, **given)
    return f"{written} INDEXED BY ix_captures_listing" if asfrom else written


_LISTINGS = _ListingIndex("captures", *(column(one.key, one.type) for one in CaptureRow.__table__.c))


def get_listing(scope: ReadScope, url: str, time: datetime | None = None) -> ListingView | None:
    """Return a listing at a time: its newest capture before, or its first one. Without a time, its newest capture.

    None if no capture of the URL reads as a listing.
    """
    at, by_time = _LISTINGS.c.fetched_at, (_LISTINGS.c.fetched_at, _LISTINGS.c.record_id)
    read = _listing_conditions(scope, url)
    newest = select(_LISTINGS.c.id).where(*read).order_by(*(one.desc() for one in by_time)).limit(1)
    # Times in URLs have whole seconds: a capture within that second is included.
    then = newest if time is None else newest.where(at < time.replace(microsecond=0) + timedelta(seconds=1))
    first = select(_LISTINGS.c.id).where(*read).order_by(*by_time).limit(1)
    found = scope.connection.scalar(then) or scope.connection.scalar(first)
    capture = None if found is None else articles.get_capture(scope, found)
    if capture is None:
        return None
    others = select(
        func.count().filter(at <= capture.fetched_at).label("number"), func.count().label("captures"),
        func.max(at).filter(at < capture.fetched_at).label("before"), func.min(at).label("first"),
        func.min(at).filter(at > capture.fetched_at).label("after"), func.max(at).label("last"),
    )  # fmt: skip
    among = scope.connection.execute(others.where(*read)).mappings().one()
    return ListingView(capture=capture, **among, groups=_load_groups(scope, capture.id))


def list_listing_times(
    scope: ReadScope, url: str, *, limit: int, since: datetime | None = None, until: datetime | None = None
) -> tuple[datetime, ...]:
    """Return the times of a listing's captures, newest first. `until` is exclusive."""
    at = _LISTINGS.c.fetched_at
    conditions = _listing_conditions(scope, url)
    conditions += conditions_on_time(at, since, until)
    statement = select(at).where(*conditions).order_by(at.desc(), _LISTINGS.c.record_id.desc())
    return tuple(scope.connection.scalars(statement.limit(limit)))


def list_front_pages(
    scope: ReadScope, sites: Sequence[str], since: datetime, until: datetime
) -> dict[str, tuple[str, datetime]]:
    """Return the URL and the newest capture before `until` of each site's front page, of those captured since."""
    rows = scope.connection.execute(select(SiteRow.name, SiteRow.url).where(SiteRow.name.in_(list(sites)))).all()
    times = {row: list_listing_times(scope, row.url, since=since, until=until, limit=1) for row in rows}
    return {row.name: (row.url, found[0]) for row, found in times.items() if found}


def _listing_conditions(scope: ReadScope, url: str) -> list[ColumnElement[bool]]:
    mine = _LISTINGS.c.url_id.in_(load_page_ids(scope.connection, url))
    return [mine, _LISTINGS.c.outcome == _LISTING, *visible_captures(scope, _LISTINGS)]


def list_listings(scope: ReadScope, before: ListingCapture | None, filters: CaptureFilters) -> Sequence[ListingCapture]:
    """Return captures of listings that are older than one, newest first."""
    older = articles.iter_captures(scope, filters, limit=_LISTINGS_AT_ONCE, before=before.capture if before else None)
    return [ListingCapture(capture=one, groups=_load_groups(scope, one.id)) for one in older]


def _load_groups(scope: ReadScope, capture_id: int) -> tuple[LinkGroupView, ...]:
    shown_as = select(CaptureRow.is_read, CaptureRow.refers_to_id).where(CaptureRow.id == capture_id)
    is_read, original_id = scope.connection.execute(shown_as).one()
    source = capture_id if is_read or original_id is None else original_id
    return articles.load_link_groups(scope, source)


def get_link_presence(scope: ReadScope, url: str, items: Iterable[str]) -> dict[str, CaptureSpan]:
    """Return the first and last capture of a listing with each of these URLs, and the number of captures with it."""
    found: dict[str, CaptureSpan] = {}
    at, number = CaptureRow.fetched_at, func.count(CaptureRow.id.distinct())
    counts = func.min(at).label("first"), func.max(at).label("last"), number.label("captures")
    # The sum keeps SQLite from scanning all captures of the listing, few of which contain these URLs.
    here = (CaptureRow.url_id + 0).in_(load_page_ids(scope.connection, url))
    read = [here, CaptureRow.outcome == _LISTING, *visible_captures(scope)]
    for digests in batches({short_digest(item) for item in items}, _AT_ONCE):
        # A capture has groups of its own or those of its original; each case has an index.
        for way in (
            and_(CaptureRow.id == CaptureGroupRow.capture_id, CaptureRow.is_read),
            and_(CaptureRow.refers_to_id == CaptureGroupRow.capture_id, ~CaptureRow.is_read),
        ):
            for row in scope.connection.execute(
                select(UrlRow.url, *counts)
                .select_from(UrlRow)
                .join(LinkRow, LinkRow.url_id == UrlRow.id)
                .join(CaptureGroupRow, CaptureGroupRow.group_id == LinkRow.group_id)
                .join(CaptureRow, way)
                .where(UrlRow.digest.in_(digests), *read)
                .group_by(UrlRow.url)
            ):
                known = found.get(row.url, CaptureSpan(0, row.first, row.last))
                captures, first = known.captures + row.captures, min(known.first, row.first)
                found[row.url] = CaptureSpan(captures, first, max(known.last, row.last))
    return found
