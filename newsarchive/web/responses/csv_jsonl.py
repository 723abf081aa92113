"""Results as rows for other programs: CSV for spreadsheets, JSON Lines for all else. Streamed."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from newsarchive.export.lines import as_json, cell

COLUMNS = (
    "headline", "dek", "authors", "published", "modified", "site", "section", "tags", "language", "access", "versions",
    "first_seen", "last_seen", "canonical_url", "image", "warc", "offset", "length", "payload_digest",
)  # fmt: skip


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
        yield as_json(line) + "\n"


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
