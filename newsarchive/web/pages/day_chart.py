"""Bars by day, as numbers that a template writes as SVG: attributes alone, since no page has a style of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from newsarchive.operations.coverage import is_low

STEP, WIDE, HIGH = 10, 8, 100
"""Of a bar: from one to the next, its width; of the drawing: its height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One day."""

    day: date
    count: int
    x: int
    y: float
    height: float
    usual: float | None
    """What such a day has, as a height from above; None where nothing is known."""
    is_low: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing of the width `width` and the height HIGH."""

    bars: tuple[Bar, ...]
    most: int
    total: int

    @property
    def width(self) -> int:
        """Of the whole drawing."""
        return STEP * len(self.bars)

    @property
    def first(self) -> date:
        """Its first day."""
        return self.bars[0].day

    @property
    def last(self) -> date:
        """Its last day."""
        return self.bars[-1].day

    @property
    def best(self) -> Bar:
        """The day with most."""
        return max(self.bars, key=lambda bar: bar.count)

    @property
    def low(self) -> tuple[Bar, ...]:
        """Days with much less than usual."""
        return tuple(bar for bar in self.bars if bar.is_low)


def days_until(last: date, count: int) -> Sequence[date]:
    """So many days, oldest first.

    >>> [day.day for day in days_until(date(2026, 3, 2), 3)]
    [28, 1, 2]
    """
    return [last - timedelta(days=back) for back in reversed(range(count))]


def chart(days: Iterable[date], counts: Mapping[date, int], usual: Mapping[date, float] | None = None) -> Chart:
    """A bar for each day, days without any too; `usual` says what days with much less are measured against."""
    usual = usual or {}
    shown = list(days)
    most = max([1, *(counts.get(day, 0) for day in shown), *(round(usual.get(day, 0)) for day in shown)])
    bars = []
    for number, day in enumerate(shown):
        count, expected = counts.get(day, 0), usual.get(day)
        height = round(HIGH * count / most, 1)
        # A single capture among thousands is to be seen all the same.
        height = max(height, 1.0) if count else 0.0
        bars.append(
            Bar(
                day=day, count=count, x=STEP * number, y=round(HIGH - height, 1), height=height,
                usual=None if expected is None else round(HIGH - HIGH * expected / most, 1),
                is_low=is_low(count, expected),
            )
        )  # fmt: skip
    return Chart(bars=tuple(bars), most=most, total=sum(counts.get(day, 0) for day in shown))
