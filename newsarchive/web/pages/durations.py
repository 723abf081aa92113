"""How far two moments lie apart, in words."""

from datetime import datetime, timedelta

_UNITS = (("year", 365.25 * 86400), ("month", 30.44 * 86400), ("day", 86400.0), ("hour", 3600.0), ("minute", 60.0))


def lasted(time: timedelta) -> str:
    """A length of time, in its largest unit.

    >>> lasted(timedelta(hours=50)), lasted(timedelta(minutes=61)), lasted(timedelta(seconds=3))
    ('2 days', '1 hour', 'less than a minute')
    """
    seconds = abs(time.total_seconds())
    for name, length in _UNITS:
        if seconds >= length:
            count = round(seconds / length)
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return "less than a minute"


def apart(asked: datetime, found: datetime) -> str:
    """How far what was found is from what was asked for.

    >>> from datetime import UTC
    >>> apart(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC))
    '7 days later'
    """
    return f"{lasted(found - asked)} {'later' if found >= asked else 'earlier'}"
