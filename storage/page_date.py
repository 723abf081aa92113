"""Dates as pages, feeds and sitemaps state them, in the one form that the index, WARC files and exports use.

Periods, as people write them in filters.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from storage.pickling import pickle_by_slots

_DAY_LENGTH = len("2026-06-11")
_PERIOD = re.compile(r"[0-9]{4}(-[0-9]{1,2}){0,2}")


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class PageDate:
    """A day, or a time with the UTC offset that is stated beside it."""

    at: datetime
    """Aware, UTC: to sort and filter by. A day, and a time without an offset, are taken as UTC for that."""
    offset: int | None = None
    """Minutes east of UTC, as stated; None if no time zone is stated."""
    is_day: bool = False
    """True for a date without a time of day."""

    @property
    def local_time(self) -> datetime:
        """The time as stated: in its own offset, and naive if none is stated."""
        if self.offset is None or self.is_day:
            return self.at.astimezone(UTC).replace(tzinfo=None)
        return self.at.astimezone(timezone(timedelta(minutes=self.offset)) if self.offset else UTC)

    @property
    def day(self) -> date:
        """The day as stated: the date where the page is written, not the date in UTC."""
        return self.local_time.date()

    @property
    def zone(self) -> str:
        """The stated offset for reading, such as "UTC" or "UTC+08:00"; "" for a day, or if none is stated."""
        if self.is_day or self.offset is None:
            return ""
        return f"UTC{self.local_time.isoformat()[-6:]}" if self.offset else "UTC"

    def isoformat(self) -> str:
        """Return the date as ISO 8601: without a time if none is stated, without an offset if none is stated.

        >>> beijing = PageDate(at=datetime(2026, 6, 10, 22, 30, tzinfo=UTC), offset=480)
        >>> beijing.isoformat(), PageDate(at=datetime(2026, 6, 11, tzinfo=UTC), is_day=True).isoformat()
        ('2026-06-11T06:30:00+08:00', '2026-06-11')
        """
        if self.is_day:
            return self.day.isoformat()
        return self.local_time.isoformat().replace("+00:00", "Z")

    def describe(self) -> str:
        """Return the date for reading, as stated, to the minute.

        >>> PageDate.parse("2026-06-11T06:30:00+08:00").describe(), PageDate.parse("2026-06-11T06:30:00").describe()
        ('2026-06-11 06:30 UTC+08:00', '2026-06-11 06:30 (no time zone)')
        """
        if self.is_day:
            return self.isoformat()
        return f"{self.local_time:%Y-%m-%d %H:%M} {self.zone or '(no time zone)'}"

    @classmethod
    def parse(cls, text: str) -> "PageDate":
        """Return the date of a text that `isoformat` wrote; ValueError for any other.

        >>> PageDate.parse("2026-06-11T06:30:00+08:00").at.isoformat()
        '2026-06-10T22:30:00+00:00'
        """
        time = datetime.fromisoformat(text)
        if len(text) == _DAY_LENGTH:
            return cls(at=time.replace(tzinfo=UTC), is_day=True)
        return cls.from_time(time)

    @classmethod
    def from_time(cls, time: datetime) -> "PageDate":
        """Return the date of a time; one that is naive has no offset."""
        offset = time.utcoffset()
        if offset is None:
            return cls(at=time.replace(tzinfo=UTC))
        return cls(at=time.astimezone(UTC), offset=round(offset.total_seconds() / 60))


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedDate(PageDate):
    """A date with the source it was read from."""

    source: str
    """json-ld, meta, microdata, time, visible, relative ("3 hours ago"), url, feed, sitemap, elsewhere (on the page),
    title, script; modified: the page only says when it was changed."""


def parse_date_range(value: str) -> tuple[datetime, datetime] | None:
    """Return the begin and end of a year, month or day, the end excluded; None if the text is none of these.

    >>> [f"{moment:%Y-%m-%d}" for moment in parse_date_range("2026-11") or ()]
    ['2026-11-01', '2026-12-01']
    """
    if not _PERIOD.fullmatch(value):
        return None
    numbers = [int(part) for part in value.split("-")]
    try:
        year, month, day = (*numbers, 1, 1)[:3]
        first = datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    try:
        later = first + timedelta(days=(366, 31, 1)[len(numbers) - 1])  # in the next year, month or day
    except OverflowError:  # the last ones
        return first, datetime.max.replace(tzinfo=UTC)
    return first, later if len(numbers) == 3 else later.replace(day=1)
