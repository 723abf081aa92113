"""The histogram of a search as it is drawn: bars in units of the drawing, each with its address and its words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.index.search.histogram import Bar, Histogram, Step

HEIGHT = 100
"""Of the drawing; its width is the number of bars times `WIDTH`."""
WIDTH = 10
_LEAST = 3
"""Height of a bar for anything at all: it must be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One bar, drawn."""

    x: int
    height: float
    href: str
    period: str
    """Such as "March 2026"."""
    articles: str
    """Such as "12" or "about 340"."""
    held: int
    share: str
    """Such as "3.5 %"."""
    is_empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """All of them."""

    step: Step
    columns: tuple[Column, ...]
    width: int
    first: str
    last: str
    highest: str
    """Share of the highest bar."""


def drawn(histogram: Histogram, between: Callable[[datetime, datetime], str]) -> Drawn | None:
    """The drawing; None where there is nothing to compare. `between` gives the address of a search within a time."""
    bars = histogram.bars
    if len(bars) < 2:
        return None
    highest = max(bar.share for bar in bars) or 1.0
    columns = tuple(_column(place, bar, histogram.step, highest, between) for place, bar in enumerate(bars))
    return Drawn(
        step=histogram.step,
        columns=columns,
        width=len(bars) * WIDTH,
        first=columns[0].period,
        last=columns[-1].period,
        highest=percent(highest),
    )


def _column(place: int, bar: Bar, step: Step, highest: float, between: Callable[[datetime, datetime], str]) -> Column:
    height = max(_LEAST, HEIGHT * bar.share / highest) if bar.articles else 0
    return Column(
        x=place * WIDTH,
        height=round(height, 1),
        href=between(bar.begin, bar.end),
        period=period(step, bar.begin, bar.end),
        articles=f"about {rounded(bar.articles):,}" if bar.about else f"{bar.articles:,}",
        held=bar.held,
        share=percent(bar.share),
        is_empty=not bar.articles,
    )


def period(step: Step, begin: datetime, end: datetime) -> str:
    """A period for reading.

    >>> period("week", datetime(2026, 3, 2), datetime(2026, 3, 9))
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


def rounded(estimate: int) -> int:
    """An estimate without digits that say more than is known.

    >>> rounded(100399), rounded(87), rounded(1234)
    (100000, 87, 1230)
    """
    return round(estimate, -max(0, len(str(estimate)) - 3))


def percent(share: float) -> str:
    """A share for reading.

    >>> percent(0.5), percent(0.0345), percent(0.0001), percent(0)
    ('50 %', '3.5 %', 'under 0.1 %', '0 %')
    """
    if not share:
        return "0 %"
    if share < 0.001:
        return "under 0.1 %"
    return f"{share * 100:.1f} %" if share < 0.1 else f"{share * 100:.0f} %"
