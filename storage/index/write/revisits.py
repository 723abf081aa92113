"""Revisits: which capture each stands for, and what it therefore shows.

A revisit names its original by record id, or by URL and date, or both. The record id counts; where no such record is
held, the capture of that URL and date does. One that has no reading of its own shows what an original of the same URL
showed. Where the original is not held yet, the revisit waits (refers_to_id is null) until `settle` finds it. So does
one that has to be read under its own URL, until it has been: a command may end before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select, update
from sqlalchemy.orm import aliased

from storage.index.engine.database import AnyRow, parts
from storage.index.rows.entry import Entry
from storage.index.schema.tables import CaptureRow
from storage.model import NOT_HELD, SOURCE_OUTCOMES, Outcome

NOT_MODIFIED = "server-not-modified"
_READS_AS_SOMETHING = SOURCE_OUTCOMES | {Outcome.ARTICLE}


class _Original(NamedTuple):
    id: int
    record_id: str
    url_id: int
    date: str
    is_revisit: bool
    is_settled: bool
    """It was read itself, or has found its own original."""
    outcome: Outcome
    title: str | None
    entries: int
    content_digest: str | None
    article_id: int | None
    version_id: int | None


def follow_originals(connection: Connection, entries: Sequence[Entry], urls: Mapping[str, int]) -> None:
    """Let each revisit of a batch point to its original, where that is held or in the batch, and show the same."""
    revisits = [entry for entry in entries if entry.capture.kind == "revisit" and entry.capture.refers_to]
    if not revisits:
        return
    by_record, by_place = _originals(connection, revisits, entries, urls)
    for entry in revisits:
        refers_to = entry.capture.refers_to
        assert refers_to is not None
        original = by_record.get(refers_to.record_id or "")
        if original is None and refers_to.url and refers_to.date:
            original = by_place.get((urls[refers_to.url], refers_to.date))
        if original is None or not original.is_settled or original.id == entry.capture_id:
            continue
        shows = original.url_id == entry.url_id
        if not entry.is_read and not shows and entry.capture.profile != NOT_MODIFIED:
            continue  # `settle` has it read, under its own URL
        entry.refers_to_id = original.id
        if not entry.is_read and shows:
            entry.article_id, entry.version_id = original.article_id, original.version_id
            if entry.capture.profile != NOT_MODIFIED:
                entry.outcome, entry.title = original.outcome, original.title
                entry.entries, entry.content_digest = original.entries, original.content_digest


def _originals(
    connection: Connection, revisits: Sequence[Entry], entries: Sequence[Entry], urls: Mapping[str, int]
) -> tuple[dict[str, _Original], dict[tuple[int, str], _Original]]:
    """Captures that these revisits may mean: by record id, and by URL and date (of several the least record id)."""
    named = [entry.capture.refers_to for entry in revisits if entry.capture.refers_to]
    records = sorted({to.record_id for to in named if to.record_id})
    places = {(urls[to.url], to.date) for to in named if to.url and to.date}
    found = [_from_row(row) for row in connection.execute(_FINDING, _asked(records, places))]
    found += [_from_entry(entry) for entry in entries if entry.is_read]
    found.sort(key=lambda original: original.record_id, reverse=True)
    by_record = {original.record_id: original for original in found}
    by_place = {(original.url_id, original.date): original for original in found if not original.is_revisit}
    return by_record, by_place


_FINDING = select(CaptureRow).where(
    or_(
        CaptureRow.record_id.in_(bindparam("records", expanding=True)),
        and_(
            CaptureRow.url_id.in_(bindparam("urls", expanding=True)),
            CaptureRow.warc_date.in_(bindparam("dates", expanding=True)),
        ),
    )
)


def _asked(records: Sequence[str], places: Iterable[tuple[int, str]]) -> dict[str, Any]:
    return {
        "records": list(records),
        "urls": sorted({url_id for url_id, _ in places}),
        "dates": sorted({date for _, date in places}),
    }


def _from_row(row: AnyRow) -> _Original:
    is_revisit = row.kind == "revisit"
    return _Original(
        row.id, row.record_id, row.url_id, row.warc_date, is_revisit,
        row.is_read or row.refers_to_id is not None, Outcome(row.outcome), row.title, row.entries, row.content_digest,
        row.article_id, row.version_id,
    )  # fmt: skip


def _from_entry(entry: Entry) -> _Original:
    capture = entry.capture
    return _Original(
        entry.capture_id, capture.record_id, entry.url_id, capture.date, capture.kind == "revisit", True,
        entry.outcome, entry.title, entry.entries, entry.content_digest, entry.article_id, entry.version_id,
    )  # fmt: skip


def reopen_revisits(connection: Connection, entries: Sequence[Entry]) -> None:
    """Let revisits wait again for which a better original has just come in; `settle` decides."""
    arrived = {entry.capture.record_id: entry.capture_id for entry in entries}
    places = {(entry.url_id, entry.capture.date) for entry in entries if entry.capture.kind != "revisit"}
    asked = _asked(list(arrived), places)
    rows = connection.execute(_POINTING, asked)
    better = [
        row.id
        for row in rows
        if row.refers_to_id != arrived.get(row.refers_to_record, row.refers_to_id)
        or (row.refers_to_record not in arrived and (row.refers_to_url_id, row.refers_to_date) in places)
    ]
    if better:
        waiting = update(CaptureRow).where(CaptureRow.id.in_(better))
        connection.execute(waiting.values(refers_to_id=None))


_POINTING = select(
    CaptureRow.id,
    CaptureRow.refers_to_id,
    CaptureRow.refers_to_record,
    CaptureRow.refers_to_url_id,
    CaptureRow.refers_to_date,
).where(
    CaptureRow.refers_to_id.is_not(None),
    or_(
        CaptureRow.refers_to_record.in_(bindparam("records", expanding=True)),
        and_(
            CaptureRow.refers_to_url_id.in_(bindparam("urls", expanding=True)),
            CaptureRow.refers_to_date.in_(bindparam("dates", expanding=True)),
        ),
    ),
)


@dataclass(slots=True)
class Resolved:
    """What became of revisits that waited."""

    capture_ids: set[int]
    article_ids: set[int]
    """Articles that they show, or had shown."""
    unread: list[str]
    """Record ids of those that have to be read under their own URL."""


def resolve_waiting(connection: Connection) -> Resolved:
    """Find the originals of revisits that wait, those that are revisits themselves included."""
    resolved = Resolved(set(), set(), [])
    unread: set[str] = set()
    while found := [pair for pair in _waiting(connection) if pair[0].record_id not in unread]:
        unread.update(revisit.record_id for revisit, original in found if _has_to_be_read(revisit, original))
        settled = [pair for pair in found if pair[0].record_id not in unread]
        changes = [_change(revisit, original, resolved) for revisit, original in settled]
        if changes:
            connection.execute(update(CaptureRow).where(CaptureRow.id == bindparam("of")), changes)
        resolved.capture_ids.update(revisit.id for revisit, _ in settled)
    resolved.unread.extend(sorted(unread))
    return resolved


_Pair = tuple[AnyRow, _Original]


def _waiting(connection: Connection) -> list[_Pair]:
    revisit, original = aliased(CaptureRow, name="revisit"), aliased(CaptureRow, name="original")
    waits = and_(revisit.kind == "revisit", revisit.refers_to_id.is_(None), original.id != revisit.id)
    settled = or_(original.is_read.is_(True), original.refers_to_id.is_not(None))
    by_record = original.record_id == revisit.refers_to_record
    by_place = and_(
        original.url_id == revisit.refers_to_url_id,
        original.warc_date == revisit.refers_to_date,
        original.kind != "revisit",
    )
    pairs = _pairs(connection, revisit, original, and_(waits, settled, by_record))
    known = aliased(CaptureRow, name="known")
    no_record = ~select(known.id).where(known.record_id == revisit.refers_to_record).exists()
    return pairs + _pairs(connection, revisit, original, and_(waits, settled, by_place, no_record))


def _pairs(connection: Connection, revisit: Any, original: Any, condition: ColumnElement[bool]) -> list[_Pair]:
    found = connection.execute(select(revisit.id, original.id).where(condition).order_by(original.record_id.desc()))
    meant: dict[int, int] = dict(found.all())  # of several originals the least record id
    rows = _by_id(connection, [*meant, *meant.values()])
    return [(rows[revisit_id], _from_row(rows[original_id])) for revisit_id, original_id in sorted(meant.items())]


def _by_id(connection: Connection, ids: Sequence[int]) -> dict[int, AnyRow]:
    rows: dict[int, AnyRow] = {}
    for some in parts(ids):
        for row in connection.execute(select(CaptureRow).where(CaptureRow.id.in_(some))):
            rows[row.id] = row
    return rows


def _has_to_be_read(revisit: AnyRow, original: _Original) -> bool:
    """True for the same bytes under another URL, where they are more than a redirect or an error."""
    is_copy = revisit.profile != NOT_MODIFIED and original.url_id != revisit.url_id
    says = original.outcome in _READS_AS_SOMETHING or revisit.reason == NOT_HELD
    return not revisit.is_read and is_copy and says and not original.is_revisit


def _change(revisit: AnyRow, original: _Original, resolved: Resolved) -> dict[str, Any]:
    change: dict[str, Any] = {
        "of": revisit.id, "refers_to_id": original.id, "outcome": revisit.outcome, "title": revisit.title,
        "entries": revisit.entries, "content_digest": revisit.content_digest, "article_id": revisit.article_id,
        "version_id": revisit.version_id,
    }  # fmt: skip
    if revisit.is_read:
        return change
    is_copy = revisit.profile != NOT_MODIFIED
    shows = original.url_id == revisit.url_id
    resolved.article_ids.update(
        article_id for article_id in (revisit.article_id, original.article_id if shows else None) if article_id
    )
    change |= {
        "outcome": (original.outcome if shows and is_copy else Outcome.NOT_MODIFIED).value,
        "title": original.title if shows and is_copy else None,
        "entries": original.entries if shows and is_copy else 0,
        "content_digest": original.content_digest if shows and is_copy else None,
        "article_id": original.article_id if shows else None,
        "version_id": original.version_id if shows else None,
    }
    return change
