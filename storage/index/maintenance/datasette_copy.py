"""Copy of the index as one SQLite file with plain tables, for Datasette and other programs.

articles    one row for each article or version   links, authors, tags  of each article
versions    one row for each version              placements            on front pages and section pages
captures    one row for each record               articles_fts          full text of headline, dek, body, authors
"""

import errno
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeAlias

from storage.article_fields import TABLE_FIELDS, FieldType, format_time, table_row
from storage.index.engine.statements import load_statements
from storage.index.queries.links import Placement
from storage.index.views.cdx import CdxLine

_Line: TypeAlias = Mapping[str, Any]

_AT_ONCE = 500
_FEW = 200
"""Articles whose placements are looked for one by one; of more, those on all listings are read."""
_COLUMN_NAMES = {"offset": "warc_offset", "length": "warc_length"}
"""Columns whose names differ from the keys of an export."""
_SQL_TYPES = {FieldType.INTEGER: "INTEGER", FieldType.BOOLEAN: "INTEGER"}
_COLUMNS = ", ".join(
    f"{_COLUMN_NAMES.get(field.name, field.name)} {_SQL_TYPES.get(field.type, 'TEXT')}" for field in TABLE_FIELDS
)
# Datasette and sqlite-utils recognize a full-text table by its SQL: content in double quotes or brackets. With single
# quotes they ignore it without a message, and a search returns all rows.
_STATEMENTS = load_statements("storage.index.maintenance", "datasette_copy.sql")
_ARTICLE = f"INSERT INTO articles VALUES (?{', ?' * len(TABLE_FIELDS)})"  # noqa: S608 - placeholders only
_OF_ARTICLE = "FROM articles WHERE canonical_url = ? HAVING max(id) IS NOT NULL"  # the newest of several versions
_VERSION = f"INSERT INTO versions SELECT max(id){', ?' * len(TABLE_FIELDS)} {_OF_ARTICLE}"
_LINK = "INSERT INTO links VALUES (?, ?, ?, ?, ?, ?)"
_NAMES = {"authors": "INSERT INTO authors VALUES (?, ?, ?)", "tags": "INSERT INTO tags VALUES (?, ?, ?)"}
_PLACEMENT = f"INSERT INTO placements SELECT max(id){', ?' * 11} {_OF_ARTICLE}"
_CAPTURE = "INSERT INTO captures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PLACE = attrgetter("url", "title", "block", "label", "position", "box_size")
_AS_THEY_ARE = attrgetter("status", "mime", "kind", "payload_digest", "warc", "offset", "length")


def write_datasette_copy(
    path: Path, lines: Iterable[_Line], captures: Iterable[CdxLine], tell: Callable[[int], None], *,
    versions: Iterable[_Line] = (),
    find_placements: Callable[[Sequence[str] | None], Iterable[Placement]] = lambda _: (),
) -> int:  # fmt: skip
    """Write a new SQLite file from export lines and their captures; return the number of lines.

    `find_placements` is asked for placements of articles by their URLs, or for all if there are many; those of other
    articles are left out, as other versions are. `tell` is called with the number of lines after each batch. OSError if
    the disk is full.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    numbered, count = enumerate(lines, 1), 0
    try:
        connection.executescript(_STATEMENTS["tables"].replace(":columns", _COLUMNS))
        connection.execute("BEGIN")
        while batch := list(islice(numbered, _AT_ONCE)):
            connection.executemany(_ARTICLE, [(number, *table_row(line)) for number, line in batch])
            links = (
                (number, group["kind"], group["label"], position, link["url"], link["anchor"])
                for number, line in batch
                for group in line["links"]
                for position, link in enumerate(group["links"])
            )
            connection.executemany(_LINK, links)
            for key, sql in _NAMES.items():
                names = ((number, place, name) for number, line in batch for place, name in enumerate(line[key]))
                connection.executemany(sql, names)
            count += len(batch)
            tell(count)
        connection.execute("CREATE INDEX articles_by_canonical_url ON articles(canonical_url)")
        urls = [
            url for (url,) in connection.execute("SELECT DISTINCT canonical_url FROM articles LIMIT ?", (_FEW + 1,))
        ]
        placements = find_placements(urls if len(urls) <= _FEW else None)
        of_version = ((*table_row(line), line["canonical_url"]) for line in versions)
        of_placement = ((*_place(each), each.article_url) for each in placements)
        of_capture = (
            (number, line.url, line.urlkey, format_time(line.fetched_at), *_AS_THEY_ARE(line))
            for number, line in enumerate(captures, 1)
        )
        for sql, rows in ((_VERSION, of_version), (_PLACEMENT, of_placement), (_CAPTURE, of_capture)):
            while values := list(islice(rows, _AT_ONCE)):
                connection.executemany(sql, values)
                tell(count)
        connection.execute("COMMIT")
        connection.executescript(_STATEMENTS["indexes"])
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}:
            full = problem.sqlite_errorcode == sqlite3.SQLITE_FULL
            raise OSError(errno.ENOSPC if full else errno.EIO, str(problem), str(path)) from problem
        raise
    finally:
        connection.close()
    return count


def _place(one: Placement) -> tuple[Any, ...]:
    times = (format_time(one.first), format_time(one.last), one.until and format_time(one.until))
    return (*_PLACE(one), *times, one.captures, one.minutes)
