"""Moments as HTTP headers have them (RFC 9110 5.6.7)."""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime


def http_date(moment: datetime) -> str:
    """A moment for a header; its fraction of a second is cut off.

    >>> http_date(datetime(2026, 3, 1, 6, 5, 4, 999999, tzinfo=UTC))
    'Sun, 01 Mar 2026 06:05:04 GMT'
    """
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def read_http_date(text: str) -> datetime | None:
    """The moment that a header names, in UTC; None where it names none.

    >>> read_http_date("Sun, 01 Mar 2026 06:05:04 GMT"), read_http_date("soon")
    (datetime.datetime(2026, 3, 1, 6, 5, 4, tzinfo=datetime.timezone.utc), None)
    """
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        return None
