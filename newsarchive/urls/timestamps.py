"""Timestamps of web archives: up to 14 digits, YYYYMMDDhhmmss, UTC."""

import re
from datetime import UTC, datetime, timedelta

_DIGITS = re.compile(r"[0-9]{4,14}")
_EARLIEST = "00010101000000"
_LATEST = datetime(9999, 12, 1, tzinfo=UTC)  # later times are this one: a span that is added leads to no error
_SECONDS = (366 * 86400, 31 * 86400, 86400, 3600, 60, 1)
_HALF_SECOND = timedelta(milliseconds=500)


def to_utc(time: datetime) -> datetime:
    """Return a time in UTC; without a zone it is UTC. ValueError if it is out of range there."""
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range in UTC") from None


def format_timestamp(time: datetime) -> str:
    """Return a time as 14 digits; fractions of a second are truncated.

    >>> format_timestamp(datetime(2026, 3, 1, 6, 5, 4, 999999, tzinfo=UTC))
    '20260301060504'
    """
    at = time if time.tzinfo is UTC else time.astimezone(UTC)
    return f"{at.year:04}{at.month:02}{at.day:02}{at.hour:02}{at.minute:02}{at.second:02}"


def timestamp_start(digits: str) -> datetime | None:
    """Return the beginning of the period that a timestamp names; None if it is invalid.

    >>> timestamp_start("202602"), timestamp_start("2026x")
    (datetime.datetime(2026, 2, 1, 0, 0, tzinfo=datetime.timezone.utc), None)
    """
    if not _DIGITS.fullmatch(digits):
        return None
    # One that ends within a field counts up to the field before: "20261" is the year.
    digits = digits[: len(digits) // 2 * 2]
    try:
        return min(datetime.strptime(f"{digits}{_EARLIEST[len(digits) :]}+0000", "%Y%m%d%H%M%S%z"), _LATEST)
    except ValueError:
        return None


def timestamp_end(digits: str) -> datetime | None:
    """Return the end (exclusive) of the period that a timestamp names; None if it is invalid.

    >>> timestamp_end("202602"), timestamp_end("20260301060504")
    (datetime.datetime(2026, 3, 1, 0, 0, tzinfo=datetime.timezone.utc), \
datetime.datetime(2026, 3, 1, 6, 5, 5, tzinfo=datetime.timezone.utc))
    """
    first = timestamp_start(digits)
    if first is None:
        return None
    try:
        later = first + timedelta(seconds=_SECONDS[len(digits) // 2 - 2])  # in the next year, month, day and so on
    except OverflowError:
        return _LATEST
    return later if len(digits) >= 8 else later.replace(day=1)


def timestamp_middle(digits: str) -> datetime | None:
    """Return the time to which captures are compared: the middle of the second for 14 digits, else the beginning.

    A capture within that second is then nearer than one in the second before.

    >>> timestamp_middle("20260301060504")
    datetime.datetime(2026, 3, 1, 6, 5, 4, 500000, tzinfo=datetime.timezone.utc)
    """
    first = timestamp_start(digits)
    return first + _HALF_SECOND if first is not None and len(digits) == 14 else first
