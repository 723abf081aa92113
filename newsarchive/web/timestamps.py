"""The timestamps of web archives: up to 14 digits, YYYYMMDDhhmmss, UTC."""

import re
from datetime import UTC, datetime, timedelta

_DIGITS = re.compile(r"[0-9]{1,14}")
_LEAST = "00010101000000"
_WITHIN = timedelta(milliseconds=500)


def stamp(moment: datetime) -> str:
    """The 14 digits of a moment; its fraction of a second is cut off.

    >>> stamp(datetime(2026, 3, 1, 6, 5, 4, 999999, tzinfo=UTC))
    '20260301060504'
    """
    at = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{at.year:04}{at.month:02}{at.day:02}{at.hour:02}{at.minute:02}{at.second:02}"


def earliest(digits: str) -> datetime | None:
    """The first moment that these digits stand for; None where they stand for none.

    >>> earliest("202602"), earliest("2026x")
    (datetime.datetime(2026, 2, 1, 0, 0, tzinfo=datetime.timezone.utc), None)
    """
    if not _DIGITS.fullmatch(digits) or len(digits) < 4 or (len(digits) % 2 and len(digits) != 4):
        return _of_odd(digits)
    try:
        return datetime.strptime(digits + _LEAST[len(digits) :], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _of_odd(digits: str) -> datetime | None:
    """What ends within a field is taken to the field before: "20261" is the year."""
    if not _DIGITS.fullmatch(digits) or len(digits) < 5:
        return None
    return earliest(digits[:-1])


def behind(digits: str) -> datetime | None:
    """The first moment after those that these digits stand for; None where they stand for none.

    >>> behind("202602"), behind("20260301060504")
    (datetime.datetime(2026, 3, 1, 0, 0, tzinfo=datetime.timezone.utc), \
datetime.datetime(2026, 3, 1, 6, 5, 5, tzinfo=datetime.timezone.utc))
    """
    first = earliest(digits)
    if first is None:
        return None
    try:
        if len(digits) < 6:
            return first.replace(year=first.year + 1)
        if len(digits) < 8:
            return (first + timedelta(days=31)).replace(day=1)
        steps = {4: timedelta(days=1), 5: timedelta(hours=1), 6: timedelta(minutes=1), 7: timedelta(seconds=1)}
        return first + steps[len(digits) // 2]
    except (ValueError, OverflowError):
        return datetime.max.replace(tzinfo=UTC)


def middle(digits: str) -> datetime | None:
    """The moment that captures are measured by: of a whole stamp the middle of its second, so that a capture within
    that second is nearer than one of the second before; of a shorter one its beginning.

    >>> middle("20260301060504")
    datetime.datetime(2026, 3, 1, 6, 5, 4, 500000, tzinfo=datetime.timezone.utc)
    """
    first = earliest(digits)
    return first + _WITHIN if first is not None and len(digits) == 14 else first
