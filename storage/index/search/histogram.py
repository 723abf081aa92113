"""When what a search found is dated: bars of days, weeks, months or years, each beside what the archive holds of it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, func, select

from storage.index.conditions.visibility import shown_articles
from storage.index.engine.arrays import spans
from storage.index.schema.tables import ArticleRow, SiteRow
from storage.index.views.articles import Filters

Step = Literal["day", "week", "month", "year"]

_WIDEST: tuple[tuple[Step, timedelta], ...] = (
    ("day", timedelta(days=62)),
    ("week", timedelta(days=364)),
    ("month", timedelta(days=5 * 365)),
)
"""The longest time that is shown in such steps; longer ones in years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One period."""

    begin: datetime
    end: datetime
    """The first moment after it."""
    articles: int
    """That match and are dated in it."""
    held: int
    """That the archive holds of it, of the site asked for; the measure of what is much."""
    about: bool
    """True where `articles` is an estimate, by the versions that match."""

    @property
    def share(self) -> float:
        """Of the period's articles, from 0 to 1."""
        return min(1.0, self.articles / self.held) if self.held else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Bars side by side, oldest first, without gaps."""

    step: Step
    bars: tuple[Bar, ...]
    """Empty where nothing was found."""


def periods(first: datetime, last: datetime) -> tuple[Step, tuple[datetime, ...]]:
    """Where the periods begin that hold everything from first to last; the end of the last one comes last.

    >>> step, edges = periods(datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 12, 5, tzinfo=UTC))
    >>> step, [f"{edge:%Y-%m-%d}" for edge in edges[:2]], len(edges)
    ('week', ['2026-01-26', '2026-02-02'], 46)
    """
    step: Step = next((step for step, widest in _WIDEST if last - first <= widest), "year")
    return step, tuple(_edges(step, first, last))


def _edges(step: Step, first: datetime, last: datetime) -> Iterator[datetime]:
    edge = _begin(step, first)
    while edge <= last:
        yield edge
        edge = _next(step, edge)
    yield edge


def _begin(step: Step, moment: datetime) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match step:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)


def _next(step: Step, edge: datetime) -> datetime:
    match step:
        case "day":
            return edge + timedelta(days=1)
        case "week":
            return edge + timedelta(days=7)
        case "month":
            return (edge + timedelta(days=31)).replace(day=1)
        case "year":
            return edge.replace(year=min(edge.year + 1, 9999))


def counted(edges: Sequence[datetime], moments: Sequence[datetime]) -> list[int]:
    """How many moments lie in each period."""
    counts = [0] * (len(edges) - 1)
    for moment in moments:
        place = bisect_right(edges, moment) - 1
        if 0 <= place < len(counts):
            counts[place] += 1
    return counts


def held(connection: Connection, edges: Sequence[datetime], filters: Filters) -> list[int]:
    """Articles that the archive holds of each period, of the site asked for."""
    wanted: list[ColumnElement[bool]] = shown_articles(connection, filters.exclude)
    if filters.site is not None:
        wanted.append(ArticleRow.site_id == select(SiteRow.id).where(SiteRow.name == filters.site).scalar_subquery())
    table, number, begin, behind = spans(connection, list(pairwise(edges)), "periods")
    of_period = (
        select(func.count())
        .select_from(ArticleRow)
        .where(ArticleRow.dated_at >= begin, ArticleRow.dated_at < behind, *wanted)
        .correlate(table)
        .scalar_subquery()
    )
    return in_order(connection.execute(select(number, of_period).select_from(table)), len(edges) - 1)


def in_order(rows: Any, count: int) -> list[int]:
    """Counts by the numbers that they come with."""
    counts = [0] * count
    for number, found in rows:
        counts[number] = found
    return counts
