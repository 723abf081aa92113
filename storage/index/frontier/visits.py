"""Looks: what a capture says about when its URL is to be fetched again."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from storage.index.engine.database import insert_rows, parts
from storage.index.frontier.source_rates import Sources
from storage.index.frontier.url_queue import (
    FRONTIER,
    NEVER_DUE,
    OF_THESE,
    UNPLANNED_PRIORITY,
    discovery_columns,
    discovery_of,
    rank,
)
from storage.index.rows.duplicates import elsewhere, twins
from storage.index.rows.entry import Entry
from storage.index.rows.interning import Names
from storage.index.rows.orphans import Swept
from storage.index.schema.tables import CaptureRow, FrontierRow, UrlRow
from storage.model import SOURCE_OUTCOMES, Discovery, NextLook, Outcome, Seen, UrlKind
from storage.surt import host_of

BACK_AGAIN = timedelta(days=1)
"""Until the next look at a URL whose newest capture is of a day to come."""

_COLUMNS = tuple(column.name for column in FRONTIER.c)
_CHANGING = tuple(name for name in _COLUMNS if name not in {"url_id", "host"})
"""All but those by which the frontier finds a URL."""


@dataclass(frozen=True, slots=True)
class _Before:
    """What was known of a URL before this batch."""

    first_seen_at: datetime | None
    version_id: int | None
    content: str | None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known beside the frontier's own rows."""

    before: dict[int, _Before]
    sources: Sources
    urls: Mapping[str, int]
    twins: Collection[int]
    elsewhere: Collection[int]


def note_captures(
    connection: Connection,
    names: Names,
    entries: Sequence[Entry],
    urls: Mapping[str, int],
    plan: Callable[[Seen], NextLook],
    swept: Swept,
) -> None:
    """Plan the next look at each captured URL, and keep the validators to send then."""
    captured = [entry for entry in entries if entry.discovery.kind not in NEVER_DUE]
    captured.sort(key=lambda entry: entry.order)
    ids = sorted({entry.url_id for entry in captured})
    rows: dict[int, dict[str, Any]] = {}
    for some in parts(ids):
        asked = connection.execute(OF_THESE, {"ids": some})
        rows.update({row.url_id: dict(row._mapping) for row in asked})  # noqa: SLF001 - public
    before = _before(connection, [url_id for url_id in ids if rows.get(url_id, {}).get("looked_at")], captured)
    known = _Known(
        before, Sources(connection, captured), urls, twins(connection, captured), elsewhere(connection, captured, urls)
    )
    for entry in captured:
        row = rows.get(entry.url_id) or _blank(entry)
        old_via = row["via_id"]
        rows[entry.url_id] = _looked(row, entry, known, plan)
        if old_via is not None and old_via != row["via_id"]:
            swept.urls.add(old_via)
        names.note_captured(entry.url_id)
    planned = [{name: rows[url_id][name] for name in _COLUMNS} for url_id in ids]
    insert_rows(connection, FrontierRow, planned, once_by=["url_id"], changing=_CHANGING)
    known.sources.save()


def _blank(entry: Entry) -> dict[str, Any]:
    return {
        "url_id": entry.url_id, "site": entry.discovery.site, "host": host_of(entry.capture.url),
        "kind": "", "via_id": None,
        "via_kind": None, "title": None, "published_at": None, "anchor": None, "due_at": None,
        "priority": UNPLANNED_PRIORITY, "failures": 0, "unchanged": 0, "looked_at": None, "validated_at": None,
        "etag": None, "last_modified": None,
    }  # fmt: skip


def _looked(row: dict[str, Any], entry: Entry, known_of: _Known, plan: Callable[[Seen], NextLook]) -> dict[str, Any]:
    """The frontier's row after one capture of its URL. An older capture than the newest known changes nothing."""
    at, capture = entry.capture.fetched_at, entry.capture
    before, sources, urls = known_of.before, known_of.sources, known_of.urls
    if capture.status == 200 and _newest_validators(row) < (at, capture.etag or "", capture.last_modified or ""):
        row |= {"validated_at": at, "etag": capture.etag, "last_modified": capture.last_modified}
    known = before.get(entry.url_id, _Before(None, None, None))
    content = entry.content_digest or capture.payload_digest
    is_new = _brought_news(entry, known, content)
    first_seen = min(filter(None, (known.first_seen_at, at)))
    if row["looked_at"] is None or at > row["looked_at"]:
        seen = Seen(
            kind=entry.discovery.kind, outcome=entry.outcome, status=capture.status, fetched_at=at, changed=is_new,
            failures=row["failures"], unchanged=row["unchanged"], first_seen_at=first_seen,
            truncated=capture.truncated, mime=capture.mime, max_age=capture.max_age,
            published=_published(entry), shown=known.version_id is not None or entry.version_id is not None,
            twin=entry.capture_id in known_of.twins,
            elsewhere=entry.capture_id in known_of.elsewhere, further=_is_further(entry.discovery),
            read=sources.read(entry, urls), habits=sources.habits(entry.url_id),
        )  # fmt: skip
        next_look = plan(seen)
        sources.learn(entry, next_look.habits, urls)
        row |= {
            **_told_by(entry, urls),
            "looked_at": at,
            "due_at": next_look.due_at,
            "failures": next_look.failures,
            "unchanged": next_look.unchanged,
            "priority": row["priority"] if next_look.priority is None else next_look.priority,
        }
    elif at == row["looked_at"] and rank(entry.discovery) < rank(discovery_of(row)):
        row |= _told_by(entry, urls)
    elif row["due_at"] is not None and row["due_at"] <= at < row["looked_at"]:
        # A clock was ahead when it was last captured; it was due all the same, and must not stay so.
        row["due_at"] = at + BACK_AGAIN
    before[entry.url_id] = _Before(first_seen, entry.version_id or known.version_id, content or known.content)
    return row


def _is_further(discovery: Discovery) -> bool:
    return discovery.kind is UrlKind.LISTING and discovery.via_kind is UrlKind.LISTING


def _published(entry: Entry) -> datetime | None:
    """When an article appeared, by its page, else by what named it."""
    if entry.article and entry.article.published:
        return entry.article.published.at
    return entry.discovery.published


def _told_by(entry: Entry, urls: Mapping[str, int]) -> dict[str, Any]:
    """The columns that say how a URL was found, `via` in words too."""
    return {**discovery_columns(entry.discovery, urls), "via": entry.discovery.via}


_DAWN = datetime.min.replace(tzinfo=UTC)


def _newest_validators(row: Mapping[str, Any]) -> tuple[datetime, str, str]:
    return row["validated_at"] or _DAWN, row["etag"] or "", row["last_modified"] or ""


def _brought_news(entry: Entry, known: _Before, content: str | None) -> bool:
    if known.first_seen_at is None:
        return True
    if entry.outcome is Outcome.NOT_MODIFIED:
        return False
    if entry.version_id is not None:
        return entry.version_id != known.version_id
    if entry.outcome in SOURCE_OUTCOMES:
        return entry.changed
    return content != known.content


def _before(connection: Connection, url_ids: Sequence[int], entries: Sequence[Entry]) -> dict[int, _Before]:
    """What captures before this batch showed at these URLs."""
    if not url_ids:
        return {}
    fresh = [entry.capture_id for entry in entries]
    mine = (CaptureRow.url_id == UrlRow.id, CaptureRow.id.not_in(fresh))
    newest = select(CaptureRow.id).where(*mine).order_by(CaptureRow.fetched_at.desc()).limit(1)
    shown = select(CaptureRow.version_id).where(*mine, CaptureRow.version_id.is_not(None))
    asked = select(
        UrlRow.id,
        select(func.min(CaptureRow.fetched_at)).where(*mine).scalar_subquery().label("first"),
        shown.order_by(CaptureRow.fetched_at.desc()).limit(1).scalar_subquery().label("version"),
        newest.scalar_subquery().label("newest"),
    ).where(UrlRow.id.in_(list(url_ids)))
    rows = connection.execute(asked).all()
    contents = {
        row.id: row.content_digest or row.payload_digest
        for row in connection.execute(
            select(CaptureRow.id, CaptureRow.content_digest, CaptureRow.payload_digest).where(
                CaptureRow.id.in_([row.newest for row in rows if row.newest])
            )
        )
    }
    return {row.id: _Before(row.first, row.version, contents.get(row.newest)) for row in rows}
