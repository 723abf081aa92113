"""Changes of articles as JSON, JSON Lines, CSV and Parquet."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from itertools import chain
from typing import Any, BinaryIO

from newsarchive.export.articles import csv_cell, format_csv, import_parquet
from storage.article_fields import format_time
from storage.index.views.history import ChangeView

COLUMNS = tuple(field.name for field in fields(ChangeView) if field.name != "capture")
_TIMES = ("seen_before", "seen")


def change_to_json(change: ChangeView) -> dict[str, Any]:
    """Return a change as lists of changes write it."""
    values = {name: getattr(change, name) for name in COLUMNS}
    return values | {"kinds": list(change.kinds)} | {name: format_time(values[name]) for name in _TIMES}


def change_rows(changes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield changes as CSV (RFC 4180) with a header line."""
    return format_csv(chain([COLUMNS], ([csv_cell(change[name]) for name in COLUMNS] for change in changes)))


def write_changes_parquet(changes: Iterable[Mapping[str, Any]], file: BinaryIO) -> int:
    """Write changes as Parquet, times in UTC; return the number of rows."""
    pa, parquet = import_parquet()
    rows = [{**change, **{name: datetime.fromisoformat(change[name]) for name in _TIMES}} for change in changes]
    kinds = {"kinds": pa.list_(pa.string()), **dict.fromkeys(_TIMES, pa.timestamp("us", tz="UTC"))}
    kinds |= dict.fromkeys(("article", "version_before", "version", "added", "removed"), pa.int64())
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), file, compression="zstd")
    return len(rows)
