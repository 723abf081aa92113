"""Durations, sizes and hours of the day, as newsarchive.toml and the command line write them; times for people.

What `format_duration` prints, `parse_duration` reads back.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from newsarchive.urls.wb_url import to_utc
from storage.errors import ConfigError
from storage.page_date import parse_date_range

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
# Powers of ten, as disks are sold and as WARC tools count.
BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}

MAX_SIZE = 2**63 - 1

_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)", re.ASCII)
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-4]):([0-5]\d)(?:\s+(\S+))?", re.ASCII)
_TIME = re.compile(r"[-W0-9]{7,10}[T ][0-9]", re.IGNORECASE)
_MINUTES_A_DAY = 24 * 60


def parse_duration(text: str) -> timedelta:
    """Read a duration: a number and s, m, h, d or w, or several of them in a row.

    >>> parse_duration("90 s"), parse_duration("1h30m")
    (datetime.timedelta(seconds=90), datetime.timedelta(seconds=5400))
    """
    seconds = _parse_amounts(text, SECONDS, 'a duration such as "30s", "10m", "1h" or "7d"')
    try:
        return timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError(f"{text!r} is too long for a duration") from None


def parse_time(time: str | date | None, name: str, *, is_end: bool = False) -> datetime | None:
    """Return a time, a day, or the text of one or of an age as a time in UTC; text without a time zone is UTC.

    A day, month or year is its beginning, or with `is_end` its end; "today" and "yesterday" are days. ConfigError for
    anything else, and for a datetime without a time zone, which Python takes for local time.

    >>> parse_time("2026-11-25", "--until", is_end=True) == parse_time(date(2026, 11, 26), "since")
    True
    """
    if time is None:
        return None
    try:
        if isinstance(time, datetime) and time.tzinfo is None:
            raise ValueError("no time zone")
        if time in ("today", "yesterday"):
            time = datetime.now(UTC).date() - timedelta(days=time == "yesterday")
        try:
            return parse_moment(str(time), is_end=is_end)
        except ValueError:
            return datetime.now(UTC) - parse_duration(str(time))
    except (ValueError, OverflowError):
        raise ConfigError.create("bad-time", name=name, time=time) from None


def parse_moment(text: str, *, is_end: bool = False) -> datetime:
    """Return a time in UTC, or the beginning of a year, month or day in the forms of the query, with `is_end` its end.

    ValueError for other forms of a day, such as 20261125 and 2026-W48, too: their end would be a guess.
    """
    if period := parse_date_range(text):
        return period[is_end]
    if not _TIME.match(text):
        raise ValueError("not a date such as 2026-11-25, 2026-11 or 2026, or a time such as 2026-11-25T08:00Z")
    return to_utc(datetime.fromisoformat(text.upper()))


def parse_last_moment(text: str) -> datetime:
    """Return a time in UTC, or the last moment of a year, month or day. ValueError as in `parse_moment`."""
    period = parse_date_range(text)
    return period[1] - timedelta(microseconds=1) if period else parse_moment(text)


def parse_size(text: str) -> int:
    """Read a number of bytes: a number and B, kB, MB, GB or TB, in any case.

    >>> parse_size("1GB"), parse_size("1.5 mb"), parse_size("64 KB")
    (1000000000, 1500000, 64000)
    """
    units = {unit.lower(): factor for unit, factor in BYTES.items()}
    size = _parse_amounts(text, units, 'a size such as "500kB", "64MB" or "1GB"')
    if size > MAX_SIZE:
        raise ValueError(f"{text!r} is too large for a size")
    return round(size)


def _parse_amounts(text: str, units: dict[str, int], expected: str) -> float:
    """Add up amounts in a row. A number without a unit is an error: its meaning would be a guess."""
    total, position, stripped = 0.0, 0, text.strip()
    for match in _AMOUNT.finditer(stripped):
        factor = units.get(match[2].lower())
        if match.start() != position or factor is None:
            break
        total += float(match[1]) * factor
        position = match.end()
    if not stripped or position != len(stripped):
        raise ValueError(f"{text!r} is not {expected}")
    return total


def format_duration(length: timedelta) -> str:
    """Write a duration in the fewest units.

    >>> format_duration(timedelta(hours=1)), format_duration(timedelta(seconds=5430)), format_duration(timedelta(0))
    ('1h', '1h30m30s', '0s')
    """
    left = length.total_seconds()
    words = []
    for unit, factor in (("d", 86400), ("h", 3600), ("m", 60)):
        count, left = divmod(left, factor)
        if count:
            words.append(f"{count:.0f}{unit}")
    if left or not words:
        words.append(f"{left:.6f}".rstrip("0").rstrip(".") + "s")
    return "".join(words)


def iso_time(when: datetime) -> str:
    """Return a time in the format of <time datetime>.

    >>> iso_time(datetime(2026, 3, 1, 6, tzinfo=UTC))
    '2026-03-01T06:00:00Z'
    """
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def format_time(when: datetime) -> str:
    """Return a time for reading, in UTC.

    >>> format_time(datetime(2026, 3, 1, 6, tzinfo=UTC))
    '1 Mar 2026, 06:00 UTC'
    """
    time = when.astimezone(UTC)
    return f"{time.day} {time:%b %Y, %H:%M} UTC"


def format_day(day: date) -> str:
    """Return a day for reading.

    >>> format_day(date(2026, 3, 1))
    '1 March 2026'
    """
    return f"{day.day} {day:%B %Y}"


def pluralize(count: int, noun: str, nouns: str = "") -> str:
    """Return a number with its noun.

    >>> pluralize(1, "article"), pluralize(1200, "capture"), pluralize(2, "entry", "entries")
    ('1 article', '1,200 captures', '2 entries')
    """
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def humanize_size(count: int) -> str:
    """Write a number of bytes for people, rounded to three digits.

    >>> humanize_size(999), humanize_size(12_345), humanize_size(1_234_567_890)
    ('999 B', '12.3 kB', '1.23 GB')
    """
    for unit, factor in reversed(BYTES.items()):
        if count >= factor:
            return f"{count / factor:.3g} {unit}" if count < 1000 * factor else f"{count // factor} {unit}"
    return f"{count} B"


@dataclass(frozen=True, slots=True)
class Hours:
    """A range of hours of the day, its end excluded. It may cross midnight."""

    start: int
    """Minutes since midnight."""
    end: int
    zone: str = "UTC"
    """Name in the time zone database."""

    def __str__(self) -> str:
        """Return the text of newsarchive.toml."""
        times = f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"
        return times if self.zone == "UTC" else f"{times} {self.zone}"

    def contains(self, time: datetime) -> bool:
        """Return True if a time lies in these hours.

        >>> night = parse_hours("22:00-06:00 Europe/Berlin")
        >>> [night.contains(datetime(2026, 11, 25, hour, tzinfo=UTC)) for hour in (4, 5, 20, 21)]
        [True, False, False, True]
        """
        local = time.astimezone(_load_zone(self.zone))
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


def parse_hours(text: str) -> Hours:
    """Read hours of the day as newsarchive.toml has them."""
    match = _HOURS.fullmatch(text.strip())
    if not match:
        raise ValueError('must be hours such as "22:00-06:00" (UTC) or "22:00-06:00 Europe/Berlin"')
    start, end = (int(match[n]) * 60 + int(match[n + 1]) for n in (1, 3))
    if end > _MINUTES_A_DAY or start == end:
        raise ValueError('must be a range of hours, such as "22:00-06:00"')
    zone = match[5] or "UTC"
    try:
        _load_zone(zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"unknown time zone {zone!r}; write it as Europe/Berlin, or leave it out for UTC") from None
    return Hours(start, end, zone)


def _load_zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)
