"""Histogram of a search, as numbers for the SVG of a template: bars with their URL and label."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from storage.index.search.facets import Histogram, HistogramBar, HistogramStep

HEIGHT = 100
"""Height of the chart; its width is the number of bars times `WIDTH`."""
WIDTH = 10
MIN_ARCHIVED = 20
"""Archived articles of a period below which a share of them says little."""
MIN_HEIGHT = 3
"""Minimum height of a bar that is not empty, so that it is visible."""


Measure = Literal["count", "share"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramColumn:
    """One bar."""

    x: int
    height: float
    href: str
    period: str
    """Label, such as "March 2026"."""
    articles: str
    """Label, such as "1,200"."""
    archived: int
    share: str
    """Label, such as "3.5 %"."""
    is_share_of_few: bool
    """True if so few articles of the period are archived that the share says little."""
    is_empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramDrawing:
    """A histogram as drawn."""

    step: HistogramStep
    measure: Measure
    """Quantity that the heights show."""
    columns: tuple[HistogramColumn, ...]
    width: int
    first: str
    last: str
    highest: str
    """Label of the highest bar; of shares, of the highest that is not one of few articles."""


def draw_histogram(
    histogram: Histogram, url_between: Callable[[datetime, datetime], str], measure: Measure = "count"
) -> HistogramDrawing | None:
    """Return the chart; None for fewer than two bars. `url_between` returns the URL of the search in a period."""
    bars = histogram.bars
    if len(bars) < 2:
        return None
    largest = max(bars, key=lambda bar: bar.articles)
    highest = max((bar.share for bar in bars if bar.archived >= MIN_ARCHIVED), default=0.0)
    scale = largest.articles if measure == "count" else highest or max(bar.share for bar in bars)
    columns = tuple(
        _draw_column(place, bar, histogram.step, _value(bar, measure) / (scale or 1), url_between)
        for place, bar in enumerate(bars)
    )
    return HistogramDrawing(
        step=histogram.step,
        measure=measure,
        columns=columns,
        width=len(bars) * WIDTH,
        first=columns[0].period,
        last=columns[-1].period,
        highest=_format_count(largest) if measure == "count" else format_percent(highest) if highest else "",
    )


def _value(bar: HistogramBar, measure: Measure) -> float:
    return bar.articles if measure == "count" else bar.share


def _format_count(bar: HistogramBar) -> str:
    return f"{bar.articles:,}"


def _draw_column(
    place: int,
    bar: HistogramBar,
    step: HistogramStep,
    relative: float,
    url_between: Callable[[datetime, datetime], str],
) -> HistogramColumn:
    # A share of few articles may be above the scale.
    height = max(MIN_HEIGHT, HEIGHT * min(1.0, relative)) if bar.articles else 0
    return HistogramColumn(
        x=place * WIDTH,
        height=round(height, 1),
        href=url_between(bar.begin, bar.end),
        period=format_period(step, bar.begin, bar.end),
        articles=_format_count(bar),
        archived=bar.archived,
        share=format_percent(bar.share),
        is_share_of_few=bar.archived < MIN_ARCHIVED,
        is_empty=not bar.articles,
    )


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
