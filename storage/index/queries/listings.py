"""What stood on a listing, a front page say, and for how long.

captures of the listing --> their link groups --> links
               |--- a revisit that was not read shows what its original showed
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, TableClause, and_, column, func, literal_column, select
from sqlalchemy.ext.compiler import compiles

from storage.index.conditions.visibility import shown_captures
from storage.index.queries import articles
from storage.index.queries.timeline import page_ids
from storage.index.rows.interning import short_digest
from storage.index.schema.tables import CaptureGroupRow, CaptureRow, LinkRow, UrlRow
from storage.index.views.articles import LinkGroupView
from storage.index.views.exclusions import NOTHING, Exclusions
from storage.index.views.history import ListingView, Stood
from storage.model import Outcome

_AT_ONCE = 400
# To the letter as the index of listings says it: a front page has tens of thousands of captures.
_LISTING: ColumnElement[str] = literal_column(f"'{Outcome.LISTING.value}'")


class _Listed(TableClause):
    """Captures of listings, as SQLite's index has them: by the average of all URLs it would not choose that index."""

    inherit_cache = True


@compiles(_Listed, "sqlite")
def _indexed(element: _Listed, compiler: Any, *, asfrom: bool = False, **given: Any) -> str:
    written: str = compiler.visit_table(element, asfrom=asfrom, **given)
    return f"{written} INDEXED BY ix_captures_listing" if asfrom else written


_COLUMNS = (CaptureRow.id, CaptureRow.url_id, CaptureRow.site_id, CaptureRow.fetched_at, CaptureRow.record_id)
_LISTED = _Listed("captures", *(column(one.key, one.type) for one in (*_COLUMNS, CaptureRow.outcome)))


def listing_at(
    connection: Connection, url: str, moment: datetime | None = None, exclude: Exclusions = NOTHING
) -> ListingView | None:
    """A listing as it was at a moment: by the newest capture then, or by the first where that is later.

    None asks for the newest of all. None is returned where the archive has no capture of it that reads as a listing.
    """
    at, by_time = _LISTED.c.fetched_at, (_LISTED.c.fetched_at, _LISTED.c.record_id)
    read = _read(connection, url, exclude)
    newest = select(_LISTED.c.id).where(*read).order_by(*(one.desc() for one in by_time)).limit(1)
    # Addresses have whole seconds: the capture of that second is meant.
    then = newest if moment is None else newest.where(at < moment.replace(microsecond=0) + timedelta(seconds=1))
    found = connection.scalar(then) or connection.scalar(select(_LISTED.c.id).where(*read).order_by(*by_time).limit(1))
    if found is None:
        return None
    return _view(connection, found, read, exclude)


def nth_listing(connection: Connection, url: str, number: int, exclude: Exclusions = NOTHING) -> datetime | None:
    """When the capture of that number was made, from 1 for the oldest; None where there are fewer."""
    at = _LISTED.c.fetched_at
    asked = select(at).where(*_read(connection, url, exclude)).order_by(at, _LISTED.c.record_id)
    return connection.scalar(asked.offset(max(number, 1) - 1).limit(1))


def listing_moments(
    connection: Connection, url: str, exclude: Exclusions = NOTHING, *, limit: int, offset: int = 0
) -> tuple[datetime, ...]:
    """When a listing was captured, newest first."""
    at = _LISTED.c.fetched_at
    asked = select(at).where(*_read(connection, url, exclude)).order_by(at.desc(), _LISTED.c.record_id.desc())
    return tuple(connection.scalars(asked.limit(limit).offset(offset)))


def _read(connection: Connection, url: str, exclude: Exclusions) -> list[ColumnElement[bool]]:
    mine = _LISTED.c.url_id.in_(page_ids(connection, url))
    return [mine, _LISTED.c.outcome == _LISTING, *shown_captures(connection, exclude, _LISTED)]


def _view(
    connection: Connection, capture_id: int, read: Sequence[ColumnElement[bool]], exclude: Exclusions
) -> ListingView:
    capture = articles.capture(connection, CaptureRow.id == capture_id, exclude)
    assert capture is not None
    at = _LISTED.c.fetched_at
    counting = select(func.count()).select_from(_LISTED).where(*read)
    number = connection.scalar(counting.where(at <= capture.fetched_at)) or 1
    return ListingView(
        capture=capture,
        number=number,
        captures=connection.scalar(counting) or 1,
        before=connection.scalar(select(func.max(at)).where(at < capture.fetched_at, *read)),
        after=connection.scalar(select(func.min(at)).where(at > capture.fetched_at, *read)),
        first=connection.scalar(select(func.min(at)).where(*read)) or capture.fetched_at,
        last=connection.scalar(select(func.max(at)).where(*read)) or capture.fetched_at,
        groups=_groups(connection, capture_id, exclude),
    )


def _groups(connection: Connection, capture_id: int, exclude: Exclusions) -> tuple[LinkGroupView, ...]:
    shown_as = connection.execute(
        select(CaptureRow.is_read, CaptureRow.refers_to_id).where(CaptureRow.id == capture_id)
    ).one()
    source = capture_id if shown_as.is_read or shown_as.refers_to_id is None else shown_as.refers_to_id
    groups = articles.link_groups(connection, source, exclude)
    if not exclude.urlkeys:
        return groups
    return tuple(
        replace(group, links=tuple(link for link in group.links if not exclude.leave_out(link.url))) for group in groups
    )


def stood(connection: Connection, url: str, items: Iterable[str], exclude: Exclusions = NOTHING) -> dict[str, Stood]:
    """Since when, until when and in how many captures of a listing some URLs stood there."""
    found: dict[str, Stood] = {}
    wanted = sorted({short_digest(item): item for item in items}.items())
    # The sum keeps SQLite from beginning with all captures of the listing, where few show one of these.
    here = (CaptureRow.url_id + 0).in_(page_ids(connection, url))
    read = [here, CaptureRow.outcome == _LISTING, *shown_captures(connection, exclude)]
    for start in range(0, len(wanted), _AT_ONCE):
        digests = [digest for digest, _ in wanted[start : start + _AT_ONCE]]
        # Two ways for a capture to have groups, each by an index of its own.
        for way in (
            and_(CaptureRow.id == CaptureGroupRow.capture_id, CaptureRow.is_read),
            and_(CaptureRow.refers_to_id == CaptureGroupRow.capture_id, ~CaptureRow.is_read),
        ):
            at = CaptureRow.fetched_at
            for row in connection.execute(
                select(
                    UrlRow.url,
                    func.min(at).label("first"),
                    func.max(at).label("last"),
                    func.count(CaptureRow.id.distinct()).label("captures"),
                )
                .select_from(UrlRow)
                .join(LinkRow, LinkRow.url_id == UrlRow.id)
                .join(CaptureGroupRow, CaptureGroupRow.group_id == LinkRow.group_id)
                .join(CaptureRow, way)
                .where(UrlRow.digest.in_(digests), *read)
                .group_by(UrlRow.url)
            ):
                mine = Stood(first=row.first, last=row.last, captures=row.captures)
                found[row.url] = _together(found[row.url], mine) if row.url in found else mine
    return found


def _together(one: Stood, other: Stood) -> Stood:
    return Stood(
        first=min(one.first, other.first),
        last=max(one.last, other.last),
        captures=one.captures + other.captures,
    )
