"""Dates as the paper prints them, whatever the locale of the machine."""

from datetime import datetime

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_RUSSIAN = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
    "декабря",
)  # fmt: skip


def long_day(moment: datetime, language: str = "en") -> str:
    """Return a day with its weekday, or as the language has it.

    >>> from datetime import UTC
    >>> long_day(datetime(2026, 5, 4, tzinfo=UTC))
    'Monday, May 4, 2026'
    >>> long_day(datetime(2026, 5, 4, tzinfo=UTC), "zh")
    '2026年5月4日'
    """
    if language == "en":
        return f"{_DAYS[moment.weekday()]}, {_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"
    return short_day(moment, language)


def short_day(moment: datetime, language: str = "en") -> str:
    """Return a day in the paper's other style.

    >>> from datetime import UTC
    >>> short_day(datetime(2026, 5, 4, tzinfo=UTC))
    '4 May 2026'
    """
    match language:
        case "zh":
            return f"{moment.year}年{moment.month}月{moment.day}日"
        case "ru":
            return f"{moment.day} {_RUSSIAN[moment.month - 1]} {moment.year}"
        case _:
            return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
