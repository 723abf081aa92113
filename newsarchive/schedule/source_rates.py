"""Learn how often a source publishes, and predict when its next items appear.

    hour of the week  <--prior--  hour of the day, on weekdays or at weekends  <--prior--  all hours

The less an hour of the week has been watched, the more its rate follows the prior: a new source has one rate for all
hours; after some days its nights differ from its days, after weeks its Tuesday mornings from its Wednesday mornings.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from storage.model import SourceCheck, SourceRates

HOUR = timedelta(hours=1)
HOURS_PER_WEEK = 168
"""The first is Monday 00:00 to 01:00 UTC."""
SATURDAY = 120
"""First hour of the weekend (UTC)."""
PRIOR_RATE, PRIOR_HOURS = 0.5, 2.0
"""Items per hour before anything is known, and the watched hours that it counts for."""
DAY_PRIOR_HOURS, WEEK_PRIOR_HOURS = 1.0, 4.0
"""Watched hours that the more general rate counts for."""
OVERDISPERSION = 1.6
"""News is published less evenly than by chance, so missing items are weaker evidence by this factor ..."""
WEEKEND_WEIGHT = 0.5
"""... and by this factor more at weekends: on long ones little is published anywhere."""
MIN_WATCHED = 0.5
"""Watched hours below which an hour of the week is no evidence of silence."""

HALF_LIFE = timedelta(days=28)
BURST_GAP = timedelta(minutes=5)
"""Items published within such a time are one burst."""
MISSED_FACTOR = 1.5
"""Where items were missed, each new item is counted so many times."""
FACTOR_AFTER_LOSS, FACTOR_RECOVERY = 0.5, 1.05
"""Factors of the check interval after a check that missed items, and after any other."""
MIN_INTERVAL_FACTOR = 0.1
SILENCE_PROBABILITY = 1e-3
"""Probability of a pause below which a source is reported as silent."""
MIN_KNOWN_TIME = timedelta(days=14)
"""Time after which the longest gap of a source is taken for typical ..."""
MAX_GAP_FACTOR, MIN_SILENCE = 3.0, 86_400.0
"""... and a pause so many times as long (and of so many seconds) is reported: weekly magazines are very regular."""


def hour_of_week(at: datetime) -> int:
    """Return 0 for the first hour of Monday (UTC), 167 for the last of Sunday.

    >>> from datetime import UTC
    >>> hour_of_week(datetime(2026, 3, 3, 5, 59, tzinfo=UTC))
    29
    """
    return at.weekday() * 24 + at.hour


def split_by_hour(start: datetime, end: datetime) -> Iterator[tuple[int, float]]:
    """Yield (hour of the week, share of that hour) of a period.

    >>> from datetime import UTC
    >>> list(split_by_hour(datetime(2026, 3, 1, 23, 30, tzinfo=UTC), datetime(2026, 3, 2, 1, 15, tzinfo=UTC)))
    [(167, 0.5), (0, 1.0), (1, 0.25)]
    """
    at = start
    hour = start.replace(minute=0, second=0, microsecond=0)
    while at < end:
        hour += HOUR
        until = min(hour, end)
        yield hour_of_week(at), (until - at) / HOUR
        at = until


class ExpectedRates:
    """Expected items per hour, by hour of the week."""

    def __init__(self, rates: SourceRates) -> None:
        self._rates = rates
        items, watched = sum(rates.items_by_hour), sum(rates.watched_hours)
        self.overall = (items + PRIOR_RATE * PRIOR_HOURS) / (watched + PRIOR_HOURS)
        self._days = (self._hours_of_days(range(5)), self._hours_of_days(range(5, 7)))
        self.rate_at = cache(self._compute_rate)
        """Returns the expected items per hour in an hour of the week."""

    def _compute_rate(self, hour: int) -> float:
        prior = self._days[hour >= SATURDAY][hour % 24]
        items = _smooth(self._rates.items_by_hour, hour, HOURS_PER_WEEK)
        watched = _smooth(self._rates.watched_hours, hour, HOURS_PER_WEEK)
        return (items + prior * WEEK_PRIOR_HOURS) / (watched + WEEK_PRIOR_HOURS)

    def time_of(self, start: datetime, items: float, latest: datetime) -> datetime:
        """Return the time until which so many items are expected, at most `latest`."""
        left, at = items, start
        for hour, share in split_by_hour(start, latest):
            rate = self.rate_at(hour)
            if rate * share >= left:
                return at + HOUR * (left / rate)
            left -= rate * share
            at += HOUR * share
        return latest

    def silence_probability(self, start: datetime, end: datetime) -> float:
        """Return the probability of a period without items, if the source publishes as usual.

        The rate of each hour is a gamma distribution, wider the less is known; hours never watched have no influence.
        """
        rates = self._rates
        items_per_burst = max(sum(rates.items_by_hour) / rates.bursts if rates.bursts else 1.0, 1.0) * OVERDISPERSION
        exponent = 0.0
        for hour, share in split_by_hour(start, end):
            if rates.watched_hours[hour] >= MIN_WATCHED:
                known = _smooth(rates.watched_hours, hour, HOURS_PER_WEEK) + WEEK_PRIOR_HOURS
                weight = WEEKEND_WEIGHT if hour >= SATURDAY else 1.0
                exponent += weight * self.rate_at(hour) * known / items_per_burst * math.log(known / (known + share))
        return math.exp(exponent)

    def _hours_of_days(self, days: range) -> list[float]:
        items = [sum(self._rates.items_by_hour[day * 24 + hour] for day in days) for hour in range(24)]
        watched = [sum(self._rates.watched_hours[day * 24 + hour] for day in days) for hour in range(24)]
        smooth = ((_smooth(items, hour, 24), _smooth(watched, hour, 24)) for hour in range(24))
        return [(count + self.overall * DAY_PRIOR_HOURS) / (hours + DAY_PRIOR_HOURS) for count, hours in smooth]


def _smooth(counts: Sequence[float], hour: int, hours: int) -> float:
    return (counts[hour - 1] + 2 * counts[hour] + counts[(hour + 1) % hours]) / 4


def learn_rates(rates: SourceRates | None, check: SourceCheck, at: datetime) -> SourceRates:
    """Return the rates of a source after a check; unchanged if a newer check is known."""
    if rates is None:
        return _initial_rates(check, at)
    if at <= rates.last_read_at:
        return rates
    # Items may have appeared and vanished between two checks that have none in common. If other sources had listed all
    # items before, none was missed.
    # Where it repeats no item of the previous check, items may have been missed in between.
    is_replaced = bool(check.previous_count) and 0 < check.item_count <= len(check.new_item_dates)
    missed = is_replaced and check.first_named_count > 0
    learnt = _count_items(rates, check, at, MISSED_FACTOR if missed else 1.0)
    decay = 0.5 ** ((at - rates.last_read_at) / HALF_LIFE)
    factor = rates.interval_factor * (FACTOR_AFTER_LOSS if missed else FACTOR_RECOVERY)
    return replace(
        learnt,
        last_read_at=at,
        watched_hours=_scale(learnt.watched_hours, decay),
        items_by_hour=_scale(learnt.items_by_hour, decay),
        bursts=learnt.bursts * decay,
        new_items=learnt.new_items * decay,
        first_named_items=learnt.first_named_items * decay + check.first_named_count,
        capacity=max(check.item_count, int(rates.capacity * 0.9)),
        interval_factor=max(factor, MIN_INTERVAL_FACTOR) if missed else min(factor, 1.0),
        lost_at=at if missed else rates.lost_at,
        newest_item_at=max(filter(None, (check.newest_item_at, rates.newest_item_at)), default=None),
        silent_since=None if check.new_item_dates else _find_silence(rates, at),
    )


def record_unreadable(rates: SourceRates | None, at: datetime) -> SourceRates | None:
    """Return the rates of a source after a response that could not be read."""
    return replace(rates, silent_since=_find_silence(rates, at)) if rates and at > rates.last_read_at else rates


def _initial_rates(check: SourceCheck, at: datetime) -> SourceRates:
    """Return the rates after the first check: the dates of its items tell how often the source publishes."""
    dates = sorted(date for date in check.new_item_dates if date and at - HALF_LIFE <= date <= at)
    # An item pinned to the top for weeks does not tell how far back the others reach.
    dates = dates[1:] if len(dates) > 4 else dates
    watched, items = [0.0] * HOURS_PER_WEEK, [0.0] * HOURS_PER_WEEK
    if len(dates) > 2:
        for hour, share in split_by_hour(dates[0], at):
            watched[hour] += share
        for date in dates[1:]:
            items[hour_of_week(date)] += 1
    return SourceRates(
        first_read_at=at,
        last_read_at=at,
        last_new_at=dates[-1] if dates else at,
        watched_hours=tuple(watched),
        items_by_hour=tuple(items),
        bursts=_count_bursts(dates[1:]),
        capacity=check.item_count,
        newest_item_at=check.newest_item_at,
    )


def _count_items(rates: SourceRates, check: SourceCheck, at: datetime, scale: float) -> SourceRates:
    """Add the new items at the hours of their publication; those without a date at the likely hours."""
    if rates.silent_since is not None and not check.new_item_dates:
        return rates  # an exceptional silence must not become the normal rate
    since = rates.last_read_at
    watched, items = list(rates.watched_hours), list(rates.items_by_hour)
    hours = list(split_by_hour(since, at))
    for hour, share in hours:
        watched[hour] += share if rates.silent_since is None else 0.0
    dated = sorted(date for date in check.new_item_dates if date and since < date <= at)
    for date in dated:
        items[hour_of_week(date)] += scale
    undated = len(check.new_item_dates) - len(dated)
    if undated:
        expected = ExpectedRates(rates)
        likely = [(hour, expected.rate_at(hour) * share) for hour, share in hours]
        total = math.fsum(count for _, count in likely)
        for hour, count in likely:
            items[hour] += scale * undated * count / total
    last_new_at = rates.last_new_at if not check.new_item_dates else max(dated, default=at)
    gap = (last_new_at - rates.last_new_at).total_seconds()
    return replace(
        rates,
        watched_hours=tuple(watched),
        items_by_hour=tuple(items),
        bursts=rates.bursts + _count_bursts(dated) + (1 if undated else 0),
        new_items=rates.new_items + len(check.new_item_dates),
        last_new_at=last_new_at,
        longest_gap=max(rates.longest_gap, gap) if rates.silent_since is None else rates.longest_gap,
    )


def _count_bursts(dates: Sequence[datetime]) -> int:
    count, last = 0, None
    for date in dates:
        if last is None or date - last > BURST_GAP:
            count += 1
            last = date
    return count


def _scale(counts: Iterable[float], factor: float) -> tuple[float, ...]:
    return tuple([count * factor for count in counts])


def _find_silence(rates: SourceRates, at: datetime) -> datetime | None:
    """Return since when a source without new items counts as silent; None if its pause is normal."""
    if rates.silent_since is not None:
        return rates.silent_since
    pause = (at - rates.last_new_at).total_seconds()
    is_gap_known = rates.longest_gap > 0 and at - rates.first_read_at >= MIN_KNOWN_TIME and rates.bursts >= 2
    if is_gap_known and pause > max(MAX_GAP_FACTOR * rates.longest_gap, MIN_SILENCE):
        return at
    # The probability is expensive to compute, and matters only after a long pause.
    if pause <= HOUR.total_seconds():
        return None
    return at if ExpectedRates(rates).silence_probability(rates.last_new_at, at) < SILENCE_PROBABILITY else None
