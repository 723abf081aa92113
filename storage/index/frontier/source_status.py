"""Feeds, sitemaps and listings: their state by their captures."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from storage.index.engine.statements import IDS, change_by_ids, fetch_by_ids, insert_rows
from storage.index.rows.entry import CommitEntry
from storage.index.rows.interning import short_digest
from storage.index.schema.tables import CaptureRow, SiteRow, SourceRow, UrlRow
from storage.model import SOURCE_OUTCOMES, Outcome

_READ = tuple(sorted(outcome.value for outcome in SOURCE_OUTCOMES))
_SHOWS_SOURCE = (*_READ, Outcome.NOT_MODIFIED.value)


def update_sources(connection: Connection, entries: Sequence[CommitEntry]) -> None:
    """Update the sources that a batch has captures of."""
    url_ids = {entry.url_id for entry in entries if entry.outcome.value in _SHOWS_SOURCE}
    recompute_sources(connection, url_ids)


def recompute_sources(connection: Connection, url_ids: Iterable[int]) -> None:
    """Compute the rows of sources at these URLs from all their captures."""
    rows = [row for url_id in sorted(url_ids) if (row := _source_row(connection, url_id)) is not None]
    change_by_ids(connection, _DELETE_SOURCES, (row["url_id"] for row in rows))
    insert_rows(connection, SourceRow, rows)


_DELETE_SOURCES = delete(SourceRow).where(SourceRow.url_id.in_(IDS))
_AT = CaptureRow.fetched_at
_CONTENT = func.coalesce(CaptureRow.content_digest, CaptureRow.payload_digest)
_READABLE = (CaptureRow.url_id == bindparam("url_id"), CaptureRow.outcome.in_(_READ))
# Built once: each batch runs it for every source in it, and building a statement costs more than running it.
_NEWEST = (
    select(CaptureRow.site_id, CaptureRow.outcome, CaptureRow.title, CaptureRow.entries, _CONTENT.label("content"), _AT)
    .where(*_READABLE)
    .order_by(_AT.desc(), CaptureRow.record_id.desc())
    .limit(1)
    .cte("newest")
)
_SEEN = select(
    _NEWEST,
    select(func.min(_AT)).where(*_READABLE).scalar_subquery().label("first"),
    select(func.max(_AT))
    .where(CaptureRow.url_id == bindparam("url_id"), CaptureRow.outcome.in_(_SHOWS_SOURCE))
    .scalar_subquery()
    .label("last"),
    select(func.max(_AT))
    .where(*_READABLE, _CONTENT.is_distinct_from(_NEWEST.c.content))
    .scalar_subquery()
    .label("other"),
)
_DIGEST = bindparam("digest", type_=CaptureRow.content_digest.type)
_SAME = select(func.min(_AT)).where(*_READABLE, _CONTENT.is_not_distinct_from(_DIGEST))
_SAME_SINCE = _SAME.where(bindparam("since", type_=_AT.type) < _AT)


def _source_row(connection: Connection, url_id: int) -> dict[str, Any] | None:
    seen = connection.execute(_SEEN, {"url_id": url_id}).first()
    if seen is None:
        return None
    at, changed_at = {"url_id": url_id, "digest": seen.content}, None
    if seen.other:
        changed_at = connection.scalar(_SAME_SINCE, {**at, "since": seen.other})
    elif seen.first != seen.fetched_at:
        changed_at = connection.scalar(_SAME, at)
    return {name: getattr(seen, name) for name in ("site_id", "title", "entries")} | {
        "url_id": url_id,
        "kind": seen.outcome,
        "first_seen_at": seen.first,
        "last_seen_at": seen.last,
        "last_changed_at": changed_at or seen.fetched_at,
    }


def update_site_titles(connection: Connection) -> None:
    """Set the titles of sites to those of their front pages."""
    sites = connection.execute(select(SiteRow.id, SiteRow.url, SiteRow.title)).all()
    fronts = {short_digest(site.url): site.id for site in sites}
    query = select(UrlRow.digest, SourceRow.title).join(SourceRow, SourceRow.url_id == UrlRow.id)
    known = fetch_by_ids(connection, query.where(UrlRow.digest.in_(IDS)), fronts)
    titles = {fronts[digest]: title for digest, title in known}
    renamed = [{"of": site.id, "to": titles.get(site.id)} for site in sites if site.title != titles.get(site.id)]
    if renamed:
        named = update(SiteRow).where(SiteRow.id == bindparam("of")).values(title=bindparam("to"))
        connection.execute(named, renamed)
