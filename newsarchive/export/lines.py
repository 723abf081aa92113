"""Articles as lines: JSONL for programs, CSV for spreadsheets."""

import csv
import io
import json
import re
from collections.abc import Mapping
from typing import Any, BinaryIO

from newsarchive.export.choice import Choice

_TELL_EVERY = 100
_CONTROL = re.compile("[\x7f-\x9f]")
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""What a formula begins with; in spreadsheets of East Asian settings full-width signs too."""
_SPACES = " \u00a0\u3000"
"""Passed over before one."""
COLUMNS = (
    "url", "canonical_url", "site", "headline", "dek", "authors", "published", "modified", "language", "section",
    "tags", "body", "access", "image", "versions", "first_seen", "last_seen", "warc", "offset", "length", "fetched_at",
    "status", "payload_digest",
)  # fmt: skip
"""Of the CSV: the keys of a JSONL line that a cell can hold, those of `capture` at the end."""


def as_json(value: object) -> str:
    """One line of JSON. Unicode stays as it is, but for controls that a terminal would obey."""
    text = json.dumps(value, ensure_ascii=False)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def write_jsonl(choice: Choice, into: BinaryIO) -> int:
    """One JSON object a line; returns how many."""
    count = 0
    for count, line in enumerate(choice.index.export(choice.filters, all_versions=choice.all_versions), 1):
        into.write(as_json(line).encode() + b"\n")
        if count % _TELL_EVERY == 0:
            choice.tell(count)
    return count


def write_csv(choice: Choice, into: BinaryIO) -> int:
    """RFC 4180, UTF-8, a line of names first; several authors or tags stand in one cell, "; " between them."""
    text = io.TextIOWrapper(into, encoding="utf-8", newline="", write_through=True)
    count = 0
    try:
        rows = csv.writer(text)
        rows.writerow(COLUMNS)
        for count, line in enumerate(choice.index.export(choice.filters, all_versions=choice.all_versions), 1):
            rows.writerow(cells(line))
            if count % _TELL_EVERY == 0:
                choice.tell(count)
    finally:
        text.detach()
    return count


def cells(line: Mapping[str, Any]) -> list[str | int | None]:
    """One line of an export as cells."""
    known = {**line["capture"], **line}
    return [cell(known[name]) for name in COLUMNS]


def cell(value: object) -> str | int | None:
    """One value as a cell: several stand in it with "; " between them.

    >>> cell(["Ada Quill", "Ben Ash"]), cell("=1+1"), cell(7), cell(None)
    ('Ada Quill; Ben Ash', "'=1+1", 7, None)
    """
    if value is None or isinstance(value, int):
        return value
    return harmless("; ".join(value) if isinstance(value, list) else str(value))


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: a headline may begin with "=", by chance or to run something.

    >>> harmless("=1+1"), harmless("-5 degrees"), harmless("Plain")
    ("'=1+1", "'-5 degrees", 'Plain')
    """
    text = text.replace("\0", "")
    return f"'{text}" if text.lstrip(_SPACES).startswith(_FORMULA) else text
