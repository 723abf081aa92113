"""Hours of the day in which a site may be asked: "22:00-06:00", by UTC or by a named zone's clock."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

_FORM = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-4]):([0-5]\d)(?:\s+(\S+))?", re.ASCII)
DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of the day, its end not included; it may go past midnight."""

    start: int
    """Minutes since midnight."""
    end: int
    zone: str = "UTC"
    """Name in the time zone database."""

    def __str__(self) -> str:
        """As it is written in newsarchive.toml."""
        times = f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"
        return times if self.zone == "UTC" else f"{times} {self.zone}"

    def open_at(self, moment: datetime) -> bool:
        """Whether a moment lies in these hours.

        >>> night = read_hours("22:00-06:00 Europe/Berlin")
        >>> [night.open_at(datetime(2026, 11, 25, hour, tzinfo=UTC)) for hour in (4, 5, 20, 21)]
        [True, False, False, True]
        """
        local = moment.astimezone(_zone(self.zone))
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


def read_hours(text: str) -> Hours:
    """Read hours as newsarchive.toml has them; ValueError says what was wanted."""
    found = _FORM.fullmatch(text.strip())
    if not found:
        raise ValueError('wants hours such as "22:00-06:00", or "22:00-06:00 Europe/Berlin"; without a zone it is UTC')
    start, end = (int(found[n]) * 60 + int(found[n + 1]) for n in (1, 3))
    if end > DAY or start == end:
        raise ValueError('wants hours that begin and end, such as "22:00-06:00"')
    zone = found[5] or "UTC"
    try:
        _zone(zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"knows no time zone {zone!r}; write it as Europe/Berlin, or leave it out for UTC") from None
    return Hours(start, end, zone)


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)
