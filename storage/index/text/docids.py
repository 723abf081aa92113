"""Document ids of the full-text index: they sort by date, so the newest documents are found without sorting."""

from datetime import UTC, datetime, timedelta

_ID_BITS = 29
EPOCH = datetime(1800, 1, 1, tzinfo=UTC)
_LAST_SECOND = (1 << (63 - _ID_BITS)) - 1
MAX_DOC_ID = (1 << 63) - 1
"""No document has a greater id."""
DOC_IDS_PER_DAY = 86_400 << _ID_BITS


def make_doc_id(dated_at: datetime, version_id: int) -> int:
    """Return the document id of a version.

    >>> make_doc_id(datetime(1800, 1, 1, 0, 0, 2, tzinfo=UTC), 5) == 2 * 2**29 + 5
    True
    """
    return first_doc_id(dated_at) + (version_id & ((1 << _ID_BITS) - 1))


def first_doc_id(dated_at: datetime) -> int:
    """Return the smallest document id of a second."""
    seconds = int((dated_at - EPOCH).total_seconds())
    return min(max(seconds, 0), _LAST_SECOND) << _ID_BITS


def doc_id_time(doc_id: int) -> datetime:
    """Return the second that a document id stands for.

    >>> doc_id_time(first_doc_id(datetime(2026, 3, 1, tzinfo=UTC)) + 7)
    datetime.datetime(2026, 3, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    return EPOCH + timedelta(seconds=doc_id >> _ID_BITS)
