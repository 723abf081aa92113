"""Results as rows for other programs: CSV for spreadsheets, JSON Lines for all else. Streamed."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

COLUMNS = (
    "headline", "dek", "authors", "published", "modified", "site", "section", "tags", "language", "access", "versions",
    "first_seen", "last_seen", "canonical_url", "image", "warc", "offset", "length", "payload_digest",
)  # fmt: skip
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: object) -> object:
    """A value as a spreadsheet may have it: text that would be taken for a formula gets an apostrophe before it.

    >>> cell("=HYPERLINK(1)"), cell("-5 degrees"), cell("plain"), cell(7), cell(None)
    ("'=HYPERLINK(1)", "'-5 degrees", 'plain', 7, '')
    """
    if value is None:
        return ""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if isinstance(value, str):
        value = value.replace("\x00", "")
        # Full-width signs begin a formula in spreadsheets of East Asian settings; spaces before one are passed over.
        begin = value.lstrip(" \u00a0\u3000").translate(_NARROW)
        return f"'{value}" if begin.startswith(_FORMULAS) or value.startswith(_FORMULAS) else value
    return value


_NARROW = str.maketrans("\uff1d\uff0b\uff0d\uff20", "=+-@")


def as_csv(lines: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Lines of an export as CSV (RFC 4180), without their text. Begins with a mark by which Excel knows UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    yield "\ufeff" + _taken(buffer)
    for line in lines:
        flat = {**line, **line["capture"]}
        writer.writerow([cell(flat[name]) for name in COLUMNS])
        yield _taken(buffer)


def as_jsonl(lines: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Lines of an export, each a JSON object on a line."""
    for line in lines:
        yield json.dumps(line, ensure_ascii=False) + "\n"


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
