"""Originals of revisits: the stored response to which a new record with the same payload refers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from storage.index.schema.tables import CaptureRow, UrlRow, WarcFileRow
from storage.model import Outcome, RefersTo

_IS_COMPLETE = (
    CaptureRow.kind == "response",
    CaptureRow.truncated.is_(None),
    CaptureRow.payload_size > 0,
    CaptureRow.outcome != Outcome.ERROR.value,  # which its site's own spider has not read: a revisit would not be read
)
_ORIGINAL = (
    select(CaptureRow.record_id, UrlRow.url, CaptureRow.warc_date, CaptureRow.payload_digest)
    .join(UrlRow, UrlRow.id == CaptureRow.url_id)
    .where(*_IS_COMPLETE)
)
# Built once: each exchange runs them, and building a statement costs more than running it.
_BY_DIGEST = _ORIGINAL.where(
    CaptureRow.status == 200, CaptureRow.payload_digest == bindparam("payload_digest")
).order_by(CaptureRow.fetched_at, CaptureRow.record_id)
BY_DIGEST = _BY_DIGEST.limit(1)
"""The first complete 200 response with a payload."""
BY_URL = _ORIGINAL.where(
    CaptureRow.id
    == select(func.coalesce(CaptureRow.refers_to_id, CaptureRow.id))
    .join(UrlRow, UrlRow.id == CaptureRow.url_id)
    .where(
        UrlRow.digest == bindparam("url_digest"),
        or_(and_(*_IS_COMPLETE, CaptureRow.status == 200), CaptureRow.refers_to_id.is_not(None)),
    )
    .order_by(CaptureRow.fetched_at.desc(), CaptureRow.record_id.desc())
    .limit(1)
    .scalar_subquery()
)
"""The complete 200 response that the newest capture of a URL is or refers to.

A page that was A, B, A ends with a revisit of the first A: a 304 after it is about A.
"""


def select_by_digest(connection: Connection, payload_digest: str, limit: int = 50) -> list[tuple[RefersTo, str]]:
    """Return complete 200 responses with a payload, the first ones first, each with the name of its WARC file."""
    query = _BY_DIGEST.add_columns(WarcFileRow.name).join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
    rows = connection.execute(query.limit(limit), {"payload_digest": payload_digest})
    return [(read_reference(row[:4]), row[4]) for row in rows]


def read_reference(row: Sequence[Any]) -> RefersTo:
    """Return a row of these queries as a reference."""
    record_id, url, date, payload_digest = row
    return RefersTo(record_id=record_id, url=url, date=date, payload_digest=payload_digest)
