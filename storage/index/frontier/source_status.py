"""Feeds, sitemaps and listings: how each fares, by its captures alone."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from storage.index.engine.database import AnyRow, insert_rows, parts
from storage.index.rows.entry import Entry
from storage.index.rows.interning import short_digest
from storage.index.schema.tables import CaptureRow, SiteRow, SourceRow, UrlRow
from storage.model import SOURCE_OUTCOMES, Outcome

_READ = tuple(sorted(outcome.value for outcome in SOURCE_OUTCOMES))
_SAYS_OF_SOURCE = (*_READ, Outcome.NOT_MODIFIED.value)


def note_sources(connection: Connection, entries: Sequence[Entry]) -> None:
    """Bring sources up to date of which a batch has captures."""
    touched = {entry.url_id for entry in entries if entry.outcome.value in _SAYS_OF_SOURCE}
    recount_sources(connection, touched)


def recount_sources(connection: Connection, url_ids: Iterable[int]) -> None:
    """Draw anew what captures say of these URLs as sources."""
    rows = [row for url_id in sorted(url_ids) if (row := _source_row(connection, url_id)) is not None]
    if not rows:
        return
    connection.execute(_FORGET, {"ids": [row["url_id"] for row in rows]})
    insert_rows(connection, SourceRow, rows)


_FORGET = delete(SourceRow).where(SourceRow.url_id.in_(bindparam("ids", expanding=True)))
_AT = CaptureRow.fetched_at
_READABLE = (CaptureRow.url_id == bindparam("url_id"), CaptureRow.outcome.in_(_READ))
# Made once: each batch asks for every source in it, and making a statement costs more than running it.
_NEWEST = (
    select(CaptureRow.site_id, CaptureRow.outcome, CaptureRow.title, CaptureRow.entries, CaptureRow.content_digest, _AT)
    .where(*_READABLE)
    .order_by(_AT.desc(), CaptureRow.record_id.desc())
    .limit(1)
    .cte("newest")
)
_SEEN = select(
    _NEWEST,
    select(func.min(_AT)).where(*_READABLE).scalar_subquery().label("first"),
    select(func.max(_AT))
    .where(CaptureRow.url_id == bindparam("url_id"), CaptureRow.outcome.in_(_SAYS_OF_SOURCE))
    .scalar_subquery()
    .label("last"),
    select(func.max(_AT))
    .where(*_READABLE, CaptureRow.content_digest.is_distinct_from(_NEWEST.c.content_digest))
    .scalar_subquery()
    .label("other"),
)
_DIGEST = bindparam("digest", type_=CaptureRow.content_digest.type)
_SAME = select(func.min(_AT)).where(*_READABLE, CaptureRow.content_digest.is_not_distinct_from(_DIGEST))
_SAME_SINCE = _SAME.where(bindparam("since", type_=_AT.type) < _AT)


def _source_row(connection: Connection, url_id: int) -> dict[str, Any] | None:
    seen = connection.execute(_SEEN, {"url_id": url_id}).first()
    if seen is None:
        return None
    return {
        "url_id": url_id,
        "site_id": seen.site_id,
        "kind": seen.outcome,
        "title": seen.title,
        "entries": seen.entries,
        "first_seen_at": seen.first,
        "last_seen_at": seen.last,
        "last_changed_at": _changed_at(connection, url_id, seen) or seen.fetched_at,
    }


def _changed_at(connection: Connection, url_id: int, seen: AnyRow) -> datetime | None:
    """When the content became what it is now."""
    if seen.other is None and seen.first == seen.fetched_at:
        return None  # it was read once
    at = {"url_id": url_id, "digest": seen.content_digest}
    return connection.scalar(_SAME_SINCE, {**at, "since": seen.other}) if seen.other else connection.scalar(_SAME, at)


def name_sites(connection: Connection) -> None:
    """Give sites the titles that their front pages have."""
    sites = connection.execute(select(SiteRow.id, SiteRow.url, SiteRow.title)).all()
    fronts = {short_digest(site.url): site.id for site in sites}
    titles: dict[int, str | None] = {}
    for some in parts(fronts):
        known = connection.execute(
            select(UrlRow.digest, SourceRow.title)
            .join(SourceRow, SourceRow.url_id == UrlRow.id)
            .where(UrlRow.digest.in_(some))
        )
        titles.update({fronts[digest]: title for digest, title in known})
    renamed = [{"of": site.id, "to": titles.get(site.id)} for site in sites if site.title != titles.get(site.id)]
    if renamed:
        named = update(SiteRow).where(SiteRow.id == bindparam("of")).values(title=bindparam("to"))
        connection.execute(named, renamed)
