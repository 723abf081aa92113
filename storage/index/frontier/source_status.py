"""Feeds, sitemaps and listings: their state by their captures."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from storage.index.engine.statements import IDS, build_query, change_by_ids, fetch_by_ids, insert_rows, update_rows
from storage.index.frontier.url_queue import EARLIEST, FRONTIER_SQL
from storage.index.rows.entry import CommitEntry
from storage.index.rows.interning import short_digest
from storage.index.schema.tables import SiteRow, SourceRow, UrlRow
from storage.model import SOURCE_OUTCOMES, Outcome

_READ = tuple(sorted(outcome.value for outcome in SOURCE_OUTCOMES))
_SHOWS_SOURCE = (*_READ, Outcome.NOT_MODIFIED.value)


def update_sources(connection: Connection, entries: Sequence[CommitEntry]) -> None:
    """Update the sources that a batch has captures of."""
    recompute_sources(connection, {entry.url_id for entry in entries if entry.outcome.value in _SHOWS_SOURCE})


def recompute_sources(connection: Connection, url_ids: Iterable[int]) -> None:
    """Compute the rows of sources at these URLs from all their captures."""
    ordered = sorted(url_ids)
    change_by_ids(connection, delete(SourceRow).where(SourceRow.url_id.in_(IDS)), ordered)
    insert_rows(connection, SourceRow, [row for url_id in ordered if (row := _source_row(connection, url_id))])


_SEEN = build_query(FRONTIER_SQL["seen"], ["read", "shown"], ["fetched_at", "first", "last", "other"])
_SAME = build_query(FRONTIER_SQL["same"], ["read"], ["at", "since"])


def _source_row(connection: Connection, url_id: int) -> dict[str, Any] | None:
    seen = connection.execute(_SEEN, {"url_id": url_id, "read": _READ, "shown": _SHOWS_SOURCE}).first()
    if seen is None:
        return None
    changed_at = None
    if seen.other or seen.first != seen.fetched_at:
        same = {"url_id": url_id, "read": _READ, "content": seen.content, "since": seen.other or EARLIEST}
        changed_at = connection.scalar(_SAME, same)
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
    renamed = ({"of": site.id, "title": titles.get(site.id)} for site in sites if site.title != titles.get(site.id))
    update_rows(connection, update(SiteRow).where(SiteRow.id == bindparam("of")), renamed)
