"""Keys under which versions are searched: they sort by date, so the newest are found without sorting."""

from datetime import UTC, datetime, timedelta

_ID_BITS = 29
BEGIN = datetime(1800, 1, 1, tzinfo=UTC)
_LAST_SECOND = (1 << (63 - _ID_BITS)) - 1
BEHIND_ALL = (1 << 63) - 1
"""No key of a document is greater."""
KEYS_OF_A_DAY = 86_400 << _ID_BITS


def doc_id(dated_at: datetime, version_id: int) -> int:
    """The key under which a version is searched: it sorts by date.

    >>> doc_id(datetime(1800, 1, 1, 0, 0, 2, tzinfo=UTC), 5) == 2 * 2**29 + 5
    True
    """
    return first_doc_id(dated_at) + (version_id & ((1 << _ID_BITS) - 1))


def first_doc_id(dated_at: datetime) -> int:
    """The least key of that second."""
    seconds = int((dated_at - BEGIN).total_seconds())
    return min(max(seconds, 0), _LAST_SECOND) << _ID_BITS


def dated(doc_id: int) -> datetime:
    """The second that a key stands for.

    >>> dated(first_doc_id(datetime(2026, 3, 1, tzinfo=UTC)) + 7)
    datetime.datetime(2026, 3, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    return BEGIN + timedelta(seconds=doc_id >> _ID_BITS)
