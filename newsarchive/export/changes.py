"""Changes of articles as JSON, JSON Lines, CSV and Parquet."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, BinaryIO

from newsarchive.export.articles import csv_cell, import_parquet, line_to_json
from storage.article_fields import format_time
from storage.index.queries.observations import list_changes
from storage.index.reader import Reader
from storage.index.views.history import ChangeFilters, ChangeView

_AT_ONCE = 500
COLUMNS: Mapping[str, type] = {
    "article": int, "url": str, "site": str, "headline": str, "section": str, "language": str, "event": str,
    "kinds": list, "notice": str, "seen_before": datetime, "seen": datetime, "version_before": int, "version": int,
    "added": int, "removed": int, "before": str, "after": str,
}  # fmt: skip
"""Keys of a change, in order, and the types of their values."""


def change_to_json(change: ChangeView) -> dict[str, Any]:
    """Return a change as the API, the command line and exports write it."""
    return {
        "article": change.article_id, "url": change.url, "site": change.site, "headline": change.headline,
        "section": change.section, "language": change.language, "event": change.event, "kinds": list(change.kinds),
        "notice": change.notice, "seen_before": format_time(change.seen_before), "seen": format_time(change.seen),
        "version_before": change.before_number, "version": change.number, "added": change.added,
        "removed": change.removed, "before": change.older, "after": change.newer,
    }  # fmt: skip


def iter_changes(index: Reader, filters: ChangeFilters, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield changes, those seen last first; a bounded number is in memory."""
    offset = 0
    while limit is None or offset < limit:
        size = _AT_ONCE if limit is None else min(_AT_ONCE, limit - offset)
        some = index.ask(list_changes, filters, limit=size, offset=offset)
        yield from map(change_to_json, some)
        offset += size
        if len(some) < size:
            return


def change_lines(changes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield changes as JSON Lines."""
    return (line_to_json(change) + "\n" for change in changes)


def change_rows(changes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield changes as CSV (RFC 4180) with a header line."""
    header: list[Any] = list(COLUMNS)
    for row in chain([header], ([csv_cell(change[name]) for name in COLUMNS] for change in changes)):
        buffer = io.StringIO()
        csv.writer(buffer).writerow(row)
        yield buffer.getvalue()


def write_changes_parquet(changes: Iterable[Mapping[str, Any]], file: BinaryIO) -> int:
    """Write changes as Parquet, times in UTC; return the number of rows."""
    pa, parquet = import_parquet()
    kinds = {int: pa.int64(), str: pa.string(), list: pa.list_(pa.string()), datetime: pa.timestamp("us", tz="UTC")}
    times = [name for name, kind in COLUMNS.items() if kind is datetime]
    rows = [{**change, **{name: datetime.fromisoformat(change[name]) for name in times}} for change in changes]
    schema = pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), file, compression="zstd")
    return len(rows)
