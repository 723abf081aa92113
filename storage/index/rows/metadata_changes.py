"""Metadata of captures (dates, tags, image address), and its changes as events of the article.

Many sites change these at every request, so they make no version of the text. A capture is compared with the one before
it of the same URL: a page and its AMP page may differ all the time. Dates that a feed or sitemap gives are not the
page's, and dates that were counted back from "3 hours ago" are as uncertain as the clock: neither is compared.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select

from storage.index.engine.statements import IDS, AnyRow, change_by_ids, fetch_by_ids, insert_rows
from storage.index.rows.entry import CommitEntry
from storage.index.schema.tables import CaptureMetadataRow, ChangeRow, MetadataChangeRow
from storage.observations import MetadataField
from storage.page_date import SourcedDate

_NOT_PRINTED = frozenset({"feed", "sitemap", "url", "relative"})
"""Sources of dates that the page does not print as such."""
_FIELDS = tuple(field.value for field in MetadataField)


def write_capture_metadata(connection: Connection, entries: Iterable[CommitEntry]) -> None:
    """Write the metadata of captures that were read as articles."""
    rows = [
        {
            "capture_id": entry.capture_id,
            "published": _format_printed(article.published),
            "modified": _format_printed(article.modified),
            "tags": "; ".join(article.tags) or None,
            "image": article.image.url if article.image else None,
        }
        for entry in entries
        if (article := entry.article)
    ]
    insert_rows(connection, CaptureMetadataRow, rows)


def _format_printed(date: SourcedDate | None) -> str | None:
    return date.isoformat() if date is not None and date.source not in _NOT_PRINTED else None


def delete_capture_metadata(connection: Connection, capture_ids: Iterable[int]) -> None:
    """Delete the metadata of captures, and the changes that they show or are compared with."""
    ids = set(capture_ids)
    change_by_ids(connection, delete(CaptureMetadataRow).where(CaptureMetadataRow.capture_id.in_(IDS)), ids)
    for table in (ChangeRow, MetadataChangeRow):
        shown = or_(table.capture_id.in_(IDS), table.before_id.in_(IDS))
        change_by_ids(connection, delete(table).where(shown), ids)


def delete_article_changes(connection: Connection, article_ids: Iterable[int]) -> None:
    """Delete the changes of articles and of their metadata."""
    ids = set(article_ids)
    for table in (ChangeRow, MetadataChangeRow):
        change_by_ids(connection, delete(table).where(table.article_id.in_(IDS)), ids)


def recompute_metadata_changes(
    connection: Connection, captures: Mapping[int, Sequence[AnyRow]], article_ids: Sequence[int]
) -> None:
    """Compute the metadata changes of articles from all their captures, which are given in the order of time."""
    several = [article_id for article_id, rows in captures.items() if len(rows) > 1]
    compared = [row.id for article_id in several for row in captures[article_id]]
    metadata = {row.capture_id: row for row in fetch_by_ids(connection, _METADATA, compared)}
    wanted = {
        (row["capture_id"], row["field"]): row
        for article_id in several
        for row in _changes(article_id, captures[article_id], metadata)
    }
    stored = {(row.capture_id, row.field): row._asdict() for row in fetch_by_ids(connection, _STORED, article_ids)}
    gone = [key for key, row in stored.items() if wanted.get(key) != row]
    if gone:
        connection.execute(_DELETE, [{"of": capture_id, "which": field} for capture_id, field in sorted(gone)])
    new = [row for key, row in sorted(wanted.items()) if stored.get(key) != row]
    insert_rows(connection, MetadataChangeRow, new)


_METADATA = select(CaptureMetadataRow).where(CaptureMetadataRow.capture_id.in_(IDS))
_STORED = select(MetadataChangeRow.__table__).where(MetadataChangeRow.article_id.in_(IDS))
_DELETE = delete(MetadataChangeRow).where(
    MetadataChangeRow.capture_id == bindparam("of"), MetadataChangeRow.field == bindparam("which")
)


def _changes(article_id: int, captures: Sequence[AnyRow], metadata: Mapping[int, AnyRow]) -> Iterator[dict[str, Any]]:
    """Yield the changes of one article."""
    by_id = {row.id: row for row in captures}
    # Of several readings of the same bytes the newest one counts: the publisher has changed nothing.
    newest = {(row.url_id, row.payload): metadata[row.id] for row in captures if row.id in metadata}
    before: dict[int, tuple[int, AnyRow]] = {}
    for capture in captures:
        shown = newest.get((capture.url_id, capture.payload)) or _find_metadata(capture, by_id, metadata)
        if shown is None:
            continue
        if (last := before.get(capture.url_id)) is not None:
            for field in _FIELDS:
                old, new = getattr(last[1], field), getattr(shown, field)
                if old != new:
                    yield {
                        "capture_id": capture.id, "field": field, "article_id": article_id, "before_id": last[0],
                        "old": old, "new": new,
                    }  # fmt: skip
        before[capture.url_id] = (capture.id, shown)


def _find_metadata(capture: AnyRow, by_id: Mapping[int, AnyRow], metadata: Mapping[int, AnyRow]) -> AnyRow | None:
    """Return the metadata that a capture shows: a revisit shows that of its original."""
    seen: set[int] = set()
    while capture.id not in metadata:
        seen.add(capture.id)
        original = by_id.get(capture.refers_to_id or 0)
        if original is None or original.id in seen:
            return None
        capture = original
    return metadata[capture.id]
