"""Revisits: the original capture of each, and what the revisit therefore shows.

A revisit names its original by record id, or by URL and date, or both. The record id has precedence; if the index has
no such record, the capture of that URL and date is the original. A revisit without a reading of its own shows what an
original of the same URL showed. If the original is not in the index yet, the revisit waits (refers_to_id is null) until
`settle` finds it. So does one that must be read under its own URL, until it has been read by a later command.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Executable, and_, bindparam, or_, select, update

from storage.index.engine.statements import IDS, AnyRow, build_query, change_by_ids, fetch_by_ids, load_statements
from storage.index.rows.entry import CommitEntry
from storage.index.rows.interning import short_digest
from storage.index.schema.tables import CaptureRow
from storage.model import ORIGINAL_MISSING, SOURCE_OUTCOMES, Outcome, RefersTo

NOT_MODIFIED = "server-not-modified"
_READS_AS_SOMETHING = SOURCE_OUTCOMES | {Outcome.ARTICLE, Outcome.SOFT_ERROR}


class _Original(NamedTuple):
    id: int
    record_id: str
    url_id: int
    date: str
    is_revisit: bool
    is_settled: bool
    """It has a reading of its own, or its own original."""
    outcome: Outcome
    title: str | None
    entries: int
    content_digest: str | None
    article_id: int | None
    version_id: int | None
    page_version_id: int | None


def link_revisits(connection: Connection, entries: Sequence[CommitEntry], urls: Mapping[str, int]) -> None:
    """Link each revisit of a batch to its original, if that is in the index or the batch, and have it show the same."""
    revisits = [entry for entry in entries if entry.capture.kind == "revisit" and entry.capture.refers_to]
    if not revisits:
        return
    named = [entry.capture.refers_to for entry in revisits if entry.capture.refers_to]
    records = sorted({to.record_id for to in named if to.record_id})
    places = {(urls[to.url], to.date) for to in named if to.url and to.date}
    found = [_from_row(row) for row in connection.execute(_CANDIDATES, _lookup_parameters(records, places))]
    found += [
        _Original(
            entry.capture_id, entry.capture.record_id, entry.url_id, entry.capture.date,
            entry.capture.kind == "revisit", True, entry.outcome, entry.title, entry.item_count,
            entry.content_digest or entry.capture.payload_digest, entry.article_id, entry.version_id,
            entry.page_version_id,
        )
        for entry in entries if entry.is_read
    ]  # fmt: skip
    found.sort(key=lambda original: original.record_id, reverse=True)  # of several, the lowest record id is kept
    by_record = {original.record_id: original for original in found}
    by_place = {(original.url_id, original.date): original for original in found if not original.is_revisit}
    for entry, refers_to in zip(revisits, named, strict=True):
        original = by_record.get(refers_to.record_id or "")
        if original is None and refers_to.url and refers_to.date:
            original = by_place.get((urls[refers_to.url], refers_to.date))
        if original is None or not original.is_settled or original.id == entry.capture_id:
            continue
        shows = original.url_id == entry.url_id
        if not entry.is_read and not shows and entry.capture.profile != NOT_MODIFIED:
            continue  # to be read under its own URL after `settle`
        entry.refers_to_id = original.id
        if not entry.is_read and shows:
            entry.article_id, entry.version_id = original.article_id, original.version_id
            entry.page_version_id = original.page_version_id
            if entry.capture.profile != NOT_MODIFIED:
                entry.outcome, entry.title = original.outcome, original.title
                entry.item_count, entry.content_digest = original.entries, original.content_digest


def _is_named(record_id: Any, url_id: Any, date: Any) -> ColumnElement[bool]:
    """Return the condition that columns have the values of `_lookup_parameters`."""
    at_place = and_(url_id.in_(bindparam("urls", expanding=True)), date.in_(bindparam("dates", expanding=True)))
    return or_(record_id.in_(bindparam("records", expanding=True)), at_place)


_CANDIDATES = select(CaptureRow).where(_is_named(CaptureRow.record_id, CaptureRow.url_id, CaptureRow.warc_date))


def _lookup_parameters(records: Sequence[str], places: Iterable[tuple[int, str]]) -> dict[str, Any]:
    return {
        "records": list(records),
        "urls": sorted({url_id for url_id, _ in places}),
        "dates": sorted({date for _, date in places}),
    }


def _from_row(row: AnyRow) -> _Original:
    is_revisit = row.kind == "revisit"
    return _Original(
        row.id, row.record_id, row.url_id, row.warc_date, is_revisit,
        row.is_read or row.refers_to_id is not None, Outcome(row.outcome), row.title, row.entries,
        row.content_digest or row.payload_digest, row.article_id, row.version_id, row.page_version_id,
    )  # fmt: skip


def reopen_revisits(connection: Connection, entries: Sequence[CommitEntry]) -> None:
    """Have revisits wait for `settle` again that may have a better original in this batch."""
    arrived = {entry.capture.record_id: entry.capture_id for entry in entries}
    places = {(entry.url_id, entry.capture.date) for entry in entries if entry.capture.kind != "revisit"}
    rows = connection.execute(_LINKED_REVISITS, _lookup_parameters(list(arrived), places))
    better = [
        row.id
        for row in rows
        if row.refers_to_id != arrived.get(row.refers_to_record, row.refers_to_id)
        or (row.refers_to_record not in arrived and (row.refers_to_url_id, row.refers_to_date) in places)
    ]
    change_by_ids(connection, update(CaptureRow).where(CaptureRow.id.in_(IDS)).values(refers_to_id=None), better)


_NAMED = (CaptureRow.refers_to_record, CaptureRow.refers_to_url_id, CaptureRow.refers_to_date)
_LINKED_REVISITS = select(CaptureRow.id, CaptureRow.refers_to_id, *_NAMED).where(
    CaptureRow.refers_to_id.is_not(None), _is_named(*_NAMED)
)


@dataclass(slots=True)
class ResolvedRevisits:
    """Revisits whose originals were found."""

    capture_ids: set[int]
    article_ids: set[int]
    """Articles that they show or showed before."""
    unread: set[str]
    """Record ids of those that must be read under their own URL."""


def resolve_waiting_revisits(connection: Connection) -> ResolvedRevisits:
    """Find the originals of waiting revisits, including originals that are revisits themselves."""
    resolved = ResolvedRevisits(set(), set(), set())
    while found := [
        pair
        for query in _RESOLVABLE
        for pair in _load_pairs(connection, query)
        if pair[0].record_id not in resolved.unread
    ]:
        resolved.unread.update(revisit.record_id for revisit, original in found if _needs_reading(revisit, original))
        settled = [pair for pair in found if pair[0].record_id not in resolved.unread]
        changes = [_resolve(revisit, original, resolved) for revisit, original in settled]
        if changes:
            connection.execute(update(CaptureRow).where(CaptureRow.id == bindparam("of")), changes)
        resolved.capture_ids.update(revisit.id for revisit, _ in settled)
    return resolved


_SHOWN = ("article_id", "version_id", "page_version_id")
_SQL = load_statements("storage.index.write", "revisits.sql")
_RESOLVABLE = [build_query(_SQL[name]) for name in ("by-record", "by-place")]
"""Queries for revisits that wait, and their originals."""


def _load_pairs(connection: Connection, query: Executable) -> list[tuple[AnyRow, _Original]]:
    meant: dict[int, int] = dict(connection.execute(query).all())  # of several originals the lowest record id
    named = fetch_by_ids(connection, select(CaptureRow).where(CaptureRow.id.in_(IDS)), [*meant, *meant.values()])
    rows = {row.id: row for row in named}
    return [(rows[revisit_id], _from_row(rows[original_id])) for revisit_id, original_id in sorted(meant.items())]


def _needs_reading(revisit: AnyRow, original: _Original) -> bool:
    """Return whether a revisit has the bytes of another URL, and they are more than a redirect or an error."""
    is_copy = revisit.profile != NOT_MODIFIED and original.url_id != revisit.url_id
    says = original.outcome in _READS_AS_SOMETHING or revisit.reason == ORIGINAL_MISSING
    return not revisit.is_read and is_copy and says and not original.is_revisit


def _resolve(revisit: AnyRow, original: _Original, resolved: ResolvedRevisits) -> dict[str, Any]:
    kept = ("outcome", "title", "entries", "content_digest", *_SHOWN)
    change: dict[str, Any] = {name: getattr(revisit, name) for name in kept}
    change |= {"of": revisit.id, "refers_to_id": original.id}
    if revisit.is_read:
        return change
    is_copy = revisit.profile != NOT_MODIFIED
    shows = original.url_id == revisit.url_id
    resolved.article_ids.update(
        article_id for article_id in (revisit.article_id, original.article_id if shows else None) if article_id
    )
    change |= {name: getattr(original, name) if shows else None for name in _SHOWN}
    content = None if original.content_digest == revisit.payload_digest else original.content_digest
    taken = {"title": original.title, "content_digest": content}
    change |= taken if shows and is_copy else dict.fromkeys(taken)
    change["outcome"] = (original.outcome if shows and is_copy else Outcome.NOT_MODIFIED).value
    change["entries"] = original.entries if shows and is_copy else 0
    return change


# The originals of revisits that are still to be written.

_BY_DIGEST, _BY_URL = build_query(_SQL["original-by-digest"]), build_query(_SQL["original-by-url"])


def find_original_by_url(connection: Connection, url: str) -> RefersTo | None:
    """Return the complete 200 response that the newest capture of a URL is or refers to, or None.

    A page that was A, B, A ends with a revisit of the first A: a 304 after it is about A.
    """
    row = connection.execute(_BY_URL, {"url_digest": short_digest(url)}).first()
    return RefersTo(**row._mapping) if row else None  # noqa: SLF001 - public


def select_originals(connection: Connection, payload_digest: str, limit: int = 50) -> list[tuple[RefersTo, str]]:
    """Return complete 200 responses with a payload, the first ones first, each with the name of its WARC file."""
    rows = connection.execute(_BY_DIGEST, {"payload_digest": payload_digest, "limit": limit})
    return [
        (RefersTo(record_id=row.record_id, url=row.url, date=row.date, payload_digest=payload_digest), row.name)
        for row in rows
    ]
