"""What a reading of a source teaches about it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from newsarchive.schedule.rates import HOUR, Rates, hour_of_week, hours_between
from storage.model import HOURS, Habits, Read

HALF_LIFE = timedelta(days=28)
AT_ONCE = timedelta(minutes=5)
"""Items that appear within such a time are one burst."""
LOST = 1.5
"""Where items were lost, at least so many came for each that was seen."""
HURRY, CALM = 0.5, 1.05
"""What haste becomes with each reading: after items were lost, and after none were."""
IN_A_HURRY = 0.1
UNLIKELY = 1e-3
"""Silence that is less likely than this is told."""
LONG_KNOWN = timedelta(days=14)
"""Time after which a source's longest pause is believed to be typical of it ..."""
LONGER, DAY = 3.0, 86_400.0
"""... and a pause so many times as long, a day at least, is told: a weekly magazine is more regular than chance."""


def learn(habits: Habits | None, read: Read, at: datetime) -> Habits:
    """Return what is known of a source after a reading at a moment; an older one than the newest teaches nothing."""
    if habits is None:
        return _first(read, at)
    if at <= habits.read_at:
        return habits
    lost = is_lost(read)
    learnt = _fade(_counted(habits, read, at, LOST if lost else 1.0), at - habits.read_at)
    return replace(
        learnt,
        read_at=at,
        news=learnt.news + read.news,
        capacity=max(read.items, int(habits.capacity * 0.9)),
        haste=max(habits.haste * HURRY, IN_A_HURRY) if lost else min(habits.haste * CALM, 1.0),
        lost_at=at if lost else habits.lost_at,
        newest=max(filter(None, (read.newest, habits.newest)), default=None),
        silent_at=None if read.fresh else _silent_at(habits, at),
    )


def unread(habits: Habits, at: datetime) -> Habits:
    """Return what is known of a source after an answer at a moment that could not be read."""
    return replace(habits, silent_at=_silent_at(habits, at)) if at > habits.read_at else habits


def is_lost(read: Read) -> bool:
    """Tell whether items may have come and gone unseen: a reading shares nothing with the one before.

    Where all of them had been named elsewhere, nothing was.
    """
    return bool(read.before) and read.items > 0 and read.kept <= 0 and read.news > 0


def _first(read: Read, at: datetime) -> Habits:
    """What is known after the first reading: its dates say how often items came before it."""
    young = sorted(date for date in read.fresh if date and at - HALF_LIFE <= date <= at)
    # One that is kept at the top for weeks says nothing of how far back the others go.
    young = young[1:] if len(young) > 4 else young
    watched, items = [0.0] * HOURS, [0.0] * HOURS
    if len(young) > 2:
        for hour, share in hours_between(young[0], at):
            watched[hour] += share
        for date in young[1:]:
            items[hour_of_week(date)] += 1
    return Habits(
        since=at,
        read_at=at,
        fresh_at=young[-1] if young else at,
        watched=tuple(watched),
        items=tuple(items),
        bursts=_bursts(young[1:]),
        capacity=read.items,
        newest=read.newest,
    )


def _counted(habits: Habits, read: Read, at: datetime, scale: float) -> Habits:
    """Count what came since the reading before: at the hour when it was published, or whenever it was likely."""
    if habits.silent_at is not None and not read.fresh:
        return habits  # what is out of the ordinary is not to become it
    since = habits.read_at
    watched, items = list(habits.watched), list(habits.items)
    spans = list(hours_between(since, at))
    for hour, share in spans:
        watched[hour] += share if habits.silent_at is None else 0.0
    dated = sorted(date for date in read.fresh if date and since < date <= at)
    for date in dated:
        items[hour_of_week(date)] += scale
    undated = len(read.fresh) - len(dated)
    if undated:
        rates = Rates(habits)
        likely = [(hour, rates.at(hour) * share) for hour, share in spans]
        whole = math.fsum(expected for _, expected in likely)
        for hour, expected in likely:
            items[hour] += scale * undated * expected / whole
    fresh_at = habits.fresh_at if not read.fresh else max(dated, default=at)
    pause = (fresh_at - habits.fresh_at).total_seconds()
    return replace(
        habits,
        watched=tuple(watched),
        items=tuple(items),
        bursts=habits.bursts + _bursts(dated) + (1 if undated else 0),
        fresh=habits.fresh + len(read.fresh),
        fresh_at=fresh_at,
        gap=max(habits.gap, pause) if habits.silent_at is None else habits.gap,
    )


def _bursts(dates: Sequence[datetime]) -> int:
    """Return at how many moments items came.

    >>> _bursts([])
    0
    """
    count, last = 0, None
    for date in dates:
        if last is None or date - last > AT_ONCE:
            count += 1
            last = date
    return count


def _fade(habits: Habits, time: timedelta) -> Habits:
    kept = 0.5 ** (time / HALF_LIFE)
    return replace(
        habits,
        watched=_times(habits.watched, kept),
        items=_times(habits.items, kept),
        bursts=habits.bursts * kept,
        fresh=habits.fresh * kept,
        news=habits.news * kept,
    )


def _times(counts: Iterable[float], factor: float) -> tuple[float, ...]:
    return tuple([count * factor for count in counts])


def _silent_at(habits: Habits, at: datetime) -> datetime | None:
    """Since when a source that has brought nothing until now counts as silent."""
    if habits.silent_at is not None:
        return habits.silent_at
    pause = (at - habits.fresh_at).total_seconds()
    usual = habits.gap > 0 and at - habits.since >= LONG_KNOWN and habits.bursts >= 2
    if usual and pause > max(LONGER * habits.gap, DAY):
        return at
    # The chance is worth its price only once the pause is a long one for this source.
    if pause > HOUR.total_seconds() and Rates(habits).chance_of_silence(habits.fresh_at, at) < UNLIKELY:
        return at
    return None
