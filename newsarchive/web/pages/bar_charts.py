"""Bar charts by day, and of a search, as numbers for the SVG of a template: pages have no inline styles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

from newsarchive.operations.health import is_thin
from newsarchive.web.jinja_env import format_percent
from storage.index.search.facets import Histogram, HistogramBar

HEIGHT = 100
"""Height of a chart; a bar is 10 wide."""
MIN_HEIGHT = 3
"""Minimum height of a bar that is not empty, so that it is visible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBar:
    """The bar of one day."""

    day: date
    count: int
    height: float
    usual: float | None
    """y coordinate of the usual count of such a day; None if unknown."""
    is_low: bool


class DayChart(NamedTuple):
    """A bar chart."""

    bars: tuple[DayBar, ...]
    highest: int


def last_days(last: date, count: int) -> Sequence[date]:
    """Return the last `count` days, oldest first.

    >>> [day.day for day in last_days(date(2026, 3, 2), 3)]
    [28, 1, 2]
    """
    return [last - timedelta(days=back) for back in reversed(range(count))]


def build_day_chart(days: Sequence[date], counts: Mapping[date, int], usual: Mapping[date, float] = {}) -> DayChart:
    """Return a chart with a bar per day; `usual` are the counts that low days are compared with."""
    most = max([1, *(counts.get(day, 0) for day in days), *(round(usual.get(day, 0)) for day in days)])
    bars = []
    for day in days:
        count, expected = counts.get(day, 0), usual.get(day)
        # A single capture among thousands stays visible.
        height = max(round(HEIGHT * count / most, 1), 1.0) if count else 0.0
        bars.append(
            DayBar(
                day=day, count=count, height=height,
                usual=None if expected is None else round(HEIGHT - HEIGHT * expected / most, 1),
                is_low=is_thin(count, expected),
            )
        )  # fmt: skip
    return DayChart(bars=tuple(bars), highest=most)


def draw_bars(histogram: Histogram, measure: Literal["count", "share"]) -> tuple[list[float], str] | None:
    """Return the heights of bars and the label of the highest; None for fewer than two bars.

    Of shares, bars of few articles set no scale and are not the highest.
    """
    bars = histogram.bars
    if len(bars) < 2:
        return None
    most = max(bar.articles for bar in bars)
    highest = max((bar.share for bar in bars if not bar.is_of_few), default=0.0)
    scale = (most if measure == "count" else highest or max(bar.share for bar in bars)) or 1

    def draw_height(bar: HistogramBar) -> float:
        # A share of few articles may be above the scale.
        relative = min(1.0, (bar.articles if measure == "count" else bar.share) / scale)
        return round(max(MIN_HEIGHT, HEIGHT * relative), 1) if bar.articles else 0

    share = format_percent(highest) if highest else ""
    return list(map(draw_height, bars)), f"{most:,}" if measure == "count" else share
