"""Originals of revisits: the stored response to which a new record with the same payload refers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from storage.index.engine.statements import build_query, load_statements
from storage.index.rows.interning import short_digest
from storage.model import RefersTo

_SQL = load_statements("storage.index.queries", "originals.sql")
_BY_DIGEST, _BY_URL = build_query(_SQL["by-digest"]), build_query(_SQL["by-url"])


def find_by_url(connection: Connection, url: str) -> RefersTo | None:
    """Return the complete 200 response that the newest capture of a URL is or refers to, or None.

    A page that was A, B, A ends with a revisit of the first A: a 304 after it is about A.
    """
    row = connection.execute(_BY_URL, {"url_digest": short_digest(url)}).first()
    return _read_reference(row) if row else None


def select_by_digest(connection: Connection, payload_digest: str, limit: int = 50) -> list[tuple[RefersTo, str]]:
    """Return complete 200 responses with a payload, the first ones first, each with the name of its WARC file."""
    rows = connection.execute(_BY_DIGEST, {"payload_digest": payload_digest, "limit": limit})
    return [(_read_reference(row), row.name) for row in rows]


def _read_reference(row: Sequence[Any]) -> RefersTo:
    """Return a row of these queries as a reference."""
    record_id, url, date, payload_digest = row[:4]
    return RefersTo(record_id=record_id, url=url, date=date, payload_digest=payload_digest)
