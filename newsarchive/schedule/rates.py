"""What is to be expected of a source at an hour of the week, from what it has brought.

    hour of the week  <--leans on--  hour of the day, on weekdays or at weekends  <--leans on--  all hours

The less an hour has been watched, the more it takes from what lies to the right: a source that is new has one rate for
all hours, after some days its nights are told from its days, after weeks its Tuesday mornings from its Wednesdays'.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from storage.model import HOURS, Habits

HOUR = timedelta(hours=1)
SATURDAY = 120
"""First hour of the week's end (UTC)."""

FIRST_RATE, FIRST_WEIGHT = 0.5, 2.0
"""Before anything is known: items an hour, and how many watched hours that counts for."""
DAY_LEANS, WEEK_LEANS = 1.0, 4.0
"""Watched hours that the more general rate counts for."""
UNEVEN = 1.6
"""News comes less evenly than chance alone would have it: what is missed counts for so much less ..."""
WEEKEND = 0.5
"""... and at weekends for this much of that: some of them are long ones, on which little happens anywhere."""
OFTEN_WATCHED = 0.5
"""An hour of the week about which less is known says nothing of silence."""


def hour_of_week(at: datetime) -> int:
    """Return 0 for Monday's first hour (UTC), 167 for Sunday's last.

    >>> from datetime import UTC
    >>> hour_of_week(datetime(2026, 3, 3, 5, 59, tzinfo=UTC))
    29
    """
    return at.weekday() * 24 + at.hour


def hours_between(start: datetime, end: datetime) -> Iterator[tuple[int, float]]:
    """Yield (hour of the week, how much of it) from one moment to another.

    >>> from datetime import UTC
    >>> list(hours_between(datetime(2026, 3, 1, 23, 30, tzinfo=UTC), datetime(2026, 3, 2, 1, 15, tzinfo=UTC)))
    [(167, 0.5), (0, 1.0), (1, 0.25)]
    """
    at = start
    hour = start.replace(minute=0, second=0, microsecond=0)
    while at < end:
        hour += HOUR
        until = min(hour, end)
        yield hour_of_week(at), (until - at) / HOUR
        at = until


class Rates:
    """Items an hour, by hour of the week."""

    def __init__(self, habits: Habits) -> None:
        self._habits = habits
        items, watched = sum(habits.items), sum(habits.watched)
        self.overall = (items + FIRST_RATE * FIRST_WEIGHT) / (watched + FIRST_WEIGHT)
        self._days = (self._of_days(range(5)), self._of_days(range(5, 7)))
        self._known: dict[int, float] = {}

    def at(self, hour: int) -> float:
        """Return how many items an hour are to be expected."""
        rate = self._known.get(hour)
        if rate is None:
            leant_on = self._days[hour >= SATURDAY][hour % 24]
            items = _smooth(self._habits.items, hour, HOURS)
            rate = (items + leant_on * WEEK_LEANS) / (_smooth(self._habits.watched, hour, HOURS) + WEEK_LEANS)
            self._known[hour] = rate
        return rate

    def expected(self, start: datetime, end: datetime) -> float:
        """Return how many items are to be expected from one moment to another."""
        return sum(self.at(hour) * share for hour, share in hours_between(start, end))

    def when(self, start: datetime, items: float, latest: datetime) -> datetime:
        """Return the moment until which so many items are to be expected; `latest` where that is later."""
        left, at = items, start
        for hour, share in hours_between(start, latest):
            rate = self.at(hour)
            if rate * share >= left:
                return at + HOUR * (left / rate)
            left -= rate * share
            at += HOUR * share
        return latest

    def chance_of_silence(self, start: datetime, end: datetime) -> float:
        """Return how likely it is that nothing comes from one moment to another, all being as usual.

        Each hour's rate is a gamma distribution, as wide as little is known of it; hours never watched say nothing.
        """
        habits = self._habits
        per_burst = max(sum(habits.items) / habits.bursts if habits.bursts else 1.0, 1.0) * UNEVEN
        exponent = 0.0
        for hour, share in hours_between(start, end):
            if habits.watched[hour] >= OFTEN_WATCHED:
                known = _smooth(habits.watched, hour, HOURS) + WEEK_LEANS
                counts = WEEKEND if hour >= SATURDAY else 1.0
                exponent += counts * self.at(hour) * known / per_burst * math.log(known / (known + share))
        return math.exp(exponent)

    def _of_days(self, days: range) -> list[float]:
        items = [sum(self._habits.items[day * 24 + hour] for day in days) for hour in range(24)]
        watched = [sum(self._habits.watched[day * 24 + hour] for day in days) for hour in range(24)]
        return [
            (_smooth(items, hour, 24) + self.overall * DAY_LEANS) / (_smooth(watched, hour, 24) + DAY_LEANS)
            for hour in range(24)
        ]


def _smooth(counts: Sequence[float], hour: int, hours: int) -> float:
    return (counts[hour - 1] + 2 * counts[hour] + counts[(hour + 1) % hours]) / 4
