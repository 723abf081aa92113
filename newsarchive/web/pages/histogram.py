"""Histogram of a search, as numbers for the SVG of a template: bars with their URL and label."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from storage.index.search.facets import Histogram, HistogramBar, HistogramStep

HEIGHT = 100
"""Height of the chart; a bar is 10 wide."""
MIN_HEIGHT = 3
"""Minimum height of a bar that is not empty, so that it is visible."""


Measure = Literal["count", "share"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramColumn:
    """One bar."""

    bar: HistogramBar
    height: float
    href: str
    period: str
    """Label, such as "March 2026"."""
    share: str
    """Label, such as "3.5 %"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramDrawing:
    """A histogram as drawn."""

    step: HistogramStep
    measure: Measure
    """Quantity that the heights show."""
    columns: tuple[HistogramColumn, ...]
    highest: str
    """Label of the highest bar; of shares, of the highest that is not one of few articles."""


def draw_histogram(
    histogram: Histogram, url_between: Callable[[datetime, datetime], str], measure: Measure = "count"
) -> HistogramDrawing | None:
    """Return the chart; None for fewer than two bars. `url_between` returns the URL of the search in a period."""
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

    columns = tuple(
        HistogramColumn(
            bar=bar,
            height=draw_height(bar),
            href=url_between(bar.begin, bar.end),
            period=format_period(histogram.step, bar.begin, bar.end),
            share=format_percent(bar.share),
        )
        for bar in bars
    )
    label = f"{most:,}" if measure == "count" else format_percent(highest) if highest else ""
    return HistogramDrawing(step=histogram.step, measure=measure, columns=columns, highest=label)


def format_period(step: HistogramStep, begin: datetime, end: datetime) -> str:
    """Return the label of a period.

    >>> format_period("week", datetime(2026, 3, 2), datetime(2026, 3, 9))
    '2\u20138 Mar 2026'
    """
    last = end - timedelta(days=1)
    match step:
        case "day":
            return f"{begin.day} {begin:%B %Y}"
        case "week" if begin.month == last.month:
            return f"{begin.day}–{last.day} {last:%b %Y}"
        case "week":
            return f"{begin.day} {begin:%b}–{last.day} {last:%b %Y}"
        case "month":
            return f"{begin:%B %Y}"
        case "year":
            return f"{begin:%Y}"


def format_percent(share: float) -> str:
    """Return a share as a percentage.

    >>> format_percent(0.5), format_percent(0.0345), format_percent(0.0001), format_percent(0)
    ('50 %', '3.5 %', 'under 0.1 %', '0 %')
    """
    if not share:
        return "0 %"
    if share < 0.001:
        return "under 0.1 %"
    return f"{share * 100:.1f} %" if share < 0.1 else f"{share * 100:.0f} %"
