"""Exports of articles, changes and placements: JSONL, CSV, Parquet (extra "parquet"), and SQLite for Datasette."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

from newsarchive.export.request import ExportRequest, iter_placements
from storage.article_fields import CAPTURE_FIELDS, FIELDS, PART_TYPES, TABLE_FIELDS, FieldType, format_time
from storage.errors import ConfigError
from storage.extras import install_command
from storage.index.maintenance.datasette_copy import write_datasette_copy
from storage.index.queries.links import Placement
from storage.index.views.articles import CaptureFilters
from storage.index.views.history import ChangeView

_PROGRESS_EVERY = 100
_ROW_GROUP = 500  # rows of a Parquet row group, which is held in memory
_CONTROL = re.compile("[\x7f-\x9f]")
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""First characters of a formula; with East Asian settings spreadsheets accept full-width signs too."""
_SPACES = " \u00a0\u3000"
"""White space that spreadsheets skip before a formula."""
_TIMES = frozenset({"first_seen", "last_seen", "seen_before", "seen"})
"""Keys of spans and of metadata changes that are times."""
_CAPTURE_COLUMNS = {field.name: field.type for field in CAPTURE_FIELDS}
_COLUMN_TYPES: Mapping[Any, FieldType] = {
    int: FieldType.INTEGER,
    int | None: FieldType.INTEGER,
    datetime: FieldType.TIME,
    datetime | None: FieldType.TIME,
    tuple[str, ...]: FieldType.TEXTS,
}
"""Types of the fields of changes and placements; all others are text."""


def _list_columns(view: type) -> dict[str, FieldType]:
    return {field.name: _COLUMN_TYPES.get(field.type, FieldType.TEXT) for field in fields(view)}


CHANGE_COLUMNS = {name: kind for name, kind in _list_columns(ChangeView).items() if name != "capture"}
PLACEMENT_COLUMNS = _list_columns(Placement) | {"minutes": FieldType.INTEGER}


def write_articles(request: ExportRequest, file: BinaryIO, *, format_: str) -> int:
    """Write articles or versions as JSONL, CSV or Parquet; return their number."""
    lines = request.track(request.iter_articles(), _ROW_GROUP if format_ == "parquet" else _PROGRESS_EVERY)
    if format_ != "csv":
        return write_rows(lines, {field.name: field.type for field in FIELDS}, format_, file)
    return write_rows(map(flatten_line, lines), {field.name: field.type for field in TABLE_FIELDS}, format_, file)


def flatten_line(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line with the fields of its capture beside the others, for a table."""
    return {**line["capture"], **line}


def format_rows(rows: Iterable[Mapping[str, Any]], columns: Iterable[str], format_: str) -> Iterator[str]:
    """Return rows as JSON Lines, or as CSV (RFC 4180) with a header line."""
    if format_ == "jsonl":  # Unicode is not escaped, except for control characters
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        return (_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", line) + "\n" for line in lines)
    cells = ([csv_cell(row[name]) for name in columns] for row in rows)
    echo: Any = SimpleNamespace(write=str)  # a file whose `write` returns the text: a CSV writer returns each line
    return map(csv.writer(echo).writerow, chain([columns], cells))


def write_lines(lines: Iterable[str], file: BinaryIO) -> int:
    """Write lines and return their number."""
    count = 0
    for line in lines:
        file.write(line.encode())
        count += 1
    return count


def csv_cell(value: object) -> str | int | None:
    """Return a value as a cell; items of a list are joined by "; ".

    Spreadsheets do not evaluate it: a headline may begin with "=", by chance or as an attack.

    >>> csv_cell(["Ada Quill", "Ben Ash"]), csv_cell("=1+1"), csv_cell(7), csv_cell(True), csv_cell(None)
    ('Ada Quill; Ben Ash', "'=1+1", 7, 'true', None)
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, int):
        return value
    text = ("; ".join(value) if isinstance(value, list) else str(value)).replace("\0", "")
    return f"'{text}" if text.lstrip(_SPACES).startswith(_FORMULA) else text


def _arrow_fields(pa: Any, columns: Mapping[str, FieldType]) -> list[tuple[str, Any]]:
    text = pa.string()
    link = pa.struct([("url", text), ("anchor", text)])
    at = pa.timestamp("us", tz="UTC")
    span = pa.struct(
        [("state", text), ("version", pa.int64()), ("first_seen", at), ("last_seen", at), ("captures", pa.int64()),
         ("changed", pa.list_(text)), ("changed_back", pa.bool_()), ("back", pa.bool_())]
    )  # fmt: skip
    change = pa.struct(
        [("field", text), ("old", text), ("new", text), ("seen_before", at), ("seen", at), ("record_before", text),
         ("record", text)]
    )  # fmt: skip
    types = {
        FieldType.TEXT: text,
        FieldType.INTEGER: pa.int64(),
        FieldType.BOOLEAN: pa.bool_(),
        FieldType.DATE: text,
        FieldType.TIME: at,
        FieldType.HISTORY: pa.list_(span),
        FieldType.METADATA_CHANGES: pa.list_(change),
        FieldType.TEXTS: pa.list_(text),
        FieldType.PARAGRAPHS: pa.list_(pa.struct([("role", text), ("text", text)])),
        FieldType.LINKS: pa.list_(pa.struct([("kind", text), ("label", text), ("links", pa.list_(link))])),
    }
    for kind, part in PART_TYPES.items():
        if kind in columns.values():
            types[kind] = pa.list_(pa.struct(_arrow_fields(pa, _list_columns(part))))
    if FieldType.CAPTURE in columns.values():
        types[FieldType.CAPTURE] = pa.struct(_arrow_fields(pa, _CAPTURE_COLUMNS))
    return [(name, types[kind]) for name, kind in columns.items()]


def _arrow_values(line: Mapping[str, Any], columns: Mapping[str, FieldType]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, kind in columns.items():
        value = line[name]
        if kind is FieldType.TIME and value is not None:
            value = datetime.fromisoformat(value)
        elif kind is FieldType.CAPTURE:
            value = _arrow_values(value, _CAPTURE_COLUMNS)
        elif kind in (FieldType.HISTORY, FieldType.METADATA_CHANGES):
            value = [
                {key: datetime.fromisoformat(part) if key in _TIMES else part for key, part in each.items()}
                for each in value
            ]
        values[name] = value
    return values


def write_sqlite(request: ExportRequest, file: BinaryIO) -> int:
    """Write an SQLite file under the name of `file`, which SQLite opens itself; return the number of articles."""
    versions = () if request.all_versions else replace(request, all_versions=True).iter_articles()
    return write_datasette_copy(
        Path(file.name), request.iter_articles(), request.iter_captures(), request.report_progress,
        versions=versions, find_placements=request.iter_placements,
    )  # fmt: skip


def view_to_json(view: object, columns: Iterable[str]) -> dict[str, Any]:
    """Return a change or a placement as lists of them write it."""
    values = {name: getattr(view, name) for name in columns}
    return {
        name: format_time(value) if isinstance(value, datetime) else [*value] if isinstance(value, tuple) else value
        for name, value in values.items()
    }


def write_placements(request: ExportRequest, file: BinaryIO, *, format_: str) -> int:
    """Write the placements on the listings of a site or of all, in a period; return their number."""
    chosen: dict[str, Any] = {name: getattr(request.filters, name) for name in ("site", "since", "until")}
    found = iter_placements(request.index, CaptureFilters(**chosen))
    rows = (view_to_json(one, PLACEMENT_COLUMNS) for one in request.track(found, _PROGRESS_EVERY))
    return write_rows(rows, PLACEMENT_COLUMNS, format_, file)


def write_rows(
    rows: Iterable[Mapping[str, Any]], columns: Mapping[str, FieldType], format_: str, file: BinaryIO
) -> int:
    """Write rows as JSONL, CSV or Parquet, there with the types of the columns; return their number.

    ConfigError if Parquet is not installed.
    """
    if format_ != "parquet":
        return write_lines(format_rows(rows, columns, format_), file) - (format_ == "csv")
    try:
        import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise ConfigError.create("parquet-missing", command=install_command("parquet")) from None
    schema, count = pa.schema(_arrow_fields(pa, columns)), 0
    values = (_arrow_values(row, columns) for row in rows)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while some := [*islice(values, _ROW_GROUP)]:
            writer.write_table(pa.Table.from_pylist(some, schema=schema))
            count += len(some)
    return count
