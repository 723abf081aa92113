"""Histogram of a search, as numbers for the SVG of a template: the heights of its bars."""

from typing import Literal

from newsarchive.web.jinja_env import format_percent
from storage.index.search.facets import Histogram, HistogramBar

HEIGHT = 100
"""Height of the chart; a bar is 10 wide."""
MIN_HEIGHT = 3
"""Minimum height of a bar that is not empty, so that it is visible."""


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

    return list(map(draw_height, bars)), f"{most:,}" if measure == "count" else format_percent(
        highest
    ) if highest else ""
