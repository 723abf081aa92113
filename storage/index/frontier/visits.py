"""Visits: when a captured URL is to be fetched again."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from sqlalchemy import Connection, select

from storage.index.engine.statements import IDS, build_query, change_by_ids, fetch_by_ids, insert_rows
from storage.index.frontier import url_queue
from storage.index.frontier.named_urls import NamedUrls
from storage.index.frontier.source_rates import SourceRateBatch
from storage.index.rows.duplicates import Duplicates, alternate_url_captures, find_duplicates, redirects_to_articles
from storage.index.rows.entry import CommitEntry
from storage.index.rows.interning import LookupTables
from storage.index.rows.orphans import OrphanCandidates
from storage.index.schema.tables import CaptureRow, FrontierRow
from storage.model import SOURCE_KINDS, SOURCE_OUTCOMES, NextVisit, Outcome, UrlKind, VisitResult

RETRY_AFTER_FUTURE_CAPTURE = timedelta(days=1)
"""Delay of the next visit to a URL whose newest capture has a time in the future."""

_COLUMNS = tuple(column.name for column in url_queue.FRONTIER.c)
_UPDATED_COLUMNS = tuple(name for name in _COLUMNS if name != "url_id")


@dataclass(frozen=True, slots=True)
class _PreviousState:
    """State of a URL before this batch, by its captures."""

    first_seen_at: datetime | None
    version_id: int | None
    content_digest: str | None
    is_newest_article: bool
    """Its newest capture shows an article."""
    gone_since: datetime | None
    """Since when every capture is a 410; None if the newest is another."""


@dataclass(frozen=True, slots=True)
class _Context:
    """Facts about a batch besides the frontier's own rows."""

    before: dict[int, _PreviousState]
    sources: SourceRateBatch
    urls: Mapping[str, int]
    duplicates: Duplicates
    alternates: Collection[int]
    """Ids of captures of an article whose canonical URL is another."""
    leading: Collection[int]
    """Ids of redirects to a URL that was captured as an article."""
    named: NamedUrls


def schedule_next_visits(
    connection: Connection, lookups: LookupTables, entries: Sequence[CommitEntry], urls: Mapping[str, int],
    plan: Callable[[VisitResult], NextVisit], orphans: OrphanCandidates,
) -> None:  # fmt: skip
    """Schedule the next visit to each captured URL, and store the validators to send then."""
    captured = [entry for entry in entries if entry.discovery.kind not in url_queue.NEVER_DUE]
    captured.sort(key=lambda entry: entry.sort_key)
    ids = sorted({entry.url_id for entry in captured})
    rows: dict[int, dict[str, Any]] = {
        row.url_id: row._asdict() for row in fetch_by_ids(connection, url_queue.FRONTIER_BY_IDS, ids)
    }
    fetched = [url_id for url_id in ids if rows.get(url_id, {}).get("last_fetched_at")]
    context = _Context(
        _load_previous_states(connection, fetched, captured),
        SourceRateBatch(connection, captured),
        urls,
        find_duplicates(connection, captured),
        alternate_url_captures(connection, captured, urls),
        redirects_to_articles(connection, captured, urls),
        NamedUrls(connection),
    )
    for entry in captured:
        row = rows.get(entry.url_id) or url_queue.blank_row(entry)
        old_via = row["via_id"]
        rows[entry.url_id] = _apply_capture(row, entry, context, plan)
        if old_via is not None and old_via != row["via_id"]:
            orphans.urls.add(old_via)
        lookups.mark_captured(entry.url_id)
    url_queue.put_lanes(connection, lookups, rows.values())
    planned = [{name: rows[url_id][name] for name in _COLUMNS} for url_id in ids]
    insert_rows(connection, FrontierRow, planned, conflict_columns=["url_id"], update_columns=_UPDATED_COLUMNS)
    context.sources.save()
    url_queue.advance_mentioned(connection, context.sources.mentions)
    change_by_ids(connection, url_queue.PROMOTE, context.sources.added)


def _apply_capture(
    row: dict[str, Any], entry: CommitEntry, context: _Context, plan: Callable[[VisitResult], NextVisit]
) -> dict[str, Any]:
    """Return the frontier's row after a capture of its URL. One that is older than the newest known changes nothing."""
    at, capture = entry.capture.fetched_at, entry.capture
    before, sources, urls = context.before, context.sources, context.urls
    validated = row["validated_at"] or url_queue.EARLIEST, row["etag"] or "", row["last_modified"] or ""
    if capture.status == 200 and validated < (at, capture.etag or "", capture.last_modified or ""):
        row |= {"validated_at": at, "etag": capture.etag, "last_modified": capture.last_modified}
    known = before.get(entry.url_id, _NOTHING_KNOWN)
    gone_since = (known.gone_since or at) if capture.status == HTTPStatus.GONE else None
    # The original of a 304 may not be in the index yet. The newest capture then tells what has not changed.
    is_unresolved = entry.outcome is Outcome.NOT_MODIFIED and entry.refers_to_id is None
    repeats_article = is_unresolved and (known.is_newest_article or known.first_seen_at is None)
    shows_article = entry.version_id is not None or repeats_article
    content = entry.content_digest or capture.payload_digest
    is_new = _is_new_content(entry, known, content)
    first_seen = min(filter(None, (known.first_seen_at, at)))
    if row["last_fetched_at"] is None or at > row["last_fetched_at"]:
        printed = (entry.article and entry.article.published) or entry.discovery.published
        outcome = Outcome.SOFT_ERROR if entry.capture_id in context.duplicates.soft_errors else entry.outcome
        leads = entry.capture_id in context.leading
        result = VisitResult(
            site=entry.discovery.site, kind=entry.discovery.kind, outcome=outcome, status=capture.status,
            fetched_at=at, changed=is_new,
            failure_count=row["failure_count"], unchanged_count=row["unchanged_count"], first_seen_at=first_seen,
            truncated=capture.truncated, mime=capture.mime, max_age=capture.max_age,
            published=printed.at if printed else None, is_duplicate=entry.capture_id in context.duplicates.copies,
            was_article=known.version_id is not None or entry.version_id is not None,
            is_alternate_url=entry.capture_id in context.alternates,
            is_listed_as_article=entry.discovery.via_kind in _LISTING_KINDS and not leads,
            may_be_article=(entry.ingest.has_article_url or outcome is Outcome.REDIRECT) and not leads,
            repeats_no_article=entry.outcome is Outcome.NOT_MODIFIED and not shows_article, gone_since=gone_since,
            is_next_page=entry.discovery.kind is entry.discovery.via_kind is UrlKind.LISTING,
            is_stray_target=entry.discovery.redirect_count > 0 and outcome is Outcome.OTHER,
            source_check=sources.check(entry, urls), source_rates=sources.rates(entry.url_id),
        )  # fmt: skip
        visit = plan(result)
        sources.update(entry, visit.source_rates, urls, context.named)
        row |= {**_discovery_with_via(entry, urls), "last_fetched_at": at}
        is_named = visit.due_while_named is not None and visit.due_while_named != visit.due_at
        if is_named and context.named.list_sources(row, at, by_archives=not shows_article):
            visit = replace(visit, due_at=visit.due_while_named, ended_by=None)
        row |= {name: getattr(visit, name) for name in ("due_at", "ended_by", "failure_count", "unchanged_count")}
        row["priority"] = row["priority"] if visit.priority is None else visit.priority
    elif at == row["last_fetched_at"]:
        if url_queue.discovery_rank(entry.discovery) < url_queue.discovery_rank(url_queue.read_discovery(row)):
            row |= _discovery_with_via(entry, urls)
    elif row["due_at"] is not None and row["due_at"] <= at < row["last_fetched_at"]:
        # The clock was ahead at its newest capture. It was due all the same, and must not stay due.
        row["due_at"] = at + RETRY_AFTER_FUTURE_CAPTURE
    before[entry.url_id] = _PreviousState(
        first_seen, entry.version_id or known.version_id, content or known.content_digest, shows_article, gone_since
    )
    return row


_CAPTURES = select(CaptureRow).where(CaptureRow.id.in_(IDS))
_NOTHING_KNOWN = _PreviousState(None, None, None, is_newest_article=False, gone_since=None)
_LISTING_KINDS = (UrlKind.FEED, UrlKind.SITEMAP)


def _discovery_with_via(entry: CommitEntry, urls: Mapping[str, int]) -> dict[str, Any]:
    """Return the frontier's columns of a discovery, with `via` as a URL too."""
    return {**url_queue.discovery_columns(entry.discovery, urls), "via": entry.discovery.via}


def _is_new_content(entry: CommitEntry, known: _PreviousState, content: str | None) -> bool:
    if known.first_seen_at is None:
        return True
    if entry.outcome is Outcome.NOT_MODIFIED:
        return False
    if entry.version_id is not None:
        return entry.version_id != known.version_id
    if entry.outcome in SOURCE_OUTCOMES or entry.discovery.kind in SOURCE_KINDS:
        return entry.named_new_urls
    return content != known.content_digest


def _load_previous_states(
    connection: Connection, url_ids: Sequence[int], entries: Sequence[CommitEntry]
) -> dict[int, _PreviousState]:
    """Return the state of these URLs by the captures before this batch."""
    batch = [entry.capture_id for entry in entries]
    rows = fetch_by_ids(connection, _PREVIOUS, url_ids, batch=batch)
    found = fetch_by_ids(connection, _CAPTURES, (row.newest for row in rows if row.newest))
    newest_rows = {row.id: row for row in found}
    gone = [row.id for row in rows if row.newest and newest_rows[row.newest].status == HTTPStatus.GONE]
    gone_since = {row.url_id: row.since for row in fetch_by_ids(connection, _GONE_SINCE, gone, batch=batch)}
    states: dict[int, _PreviousState] = {}
    for row in rows:
        last = newest_rows.get(row.newest)
        content = last and (last.content_digest or last.payload_digest)
        is_article = last is not None and last.version_id is not None
        states[row.id] = _PreviousState(row.first, row.version, content, is_article, gone_since.get(row.id))
    return states


_PREVIOUS = build_query(url_queue.FRONTIER_SQL["previous-states"], ["ids", "batch"], ["first"])
_GONE_SINCE = build_query(url_queue.FRONTIER_SQL["gone-since"], ["ids", "batch"], ["since"])
