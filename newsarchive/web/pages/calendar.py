"""/calendar?url=&year=&day=: when a page was captured. Counted by the database, day by day of one year."""

from calendar import Calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from newsarchive.web.context import AtDoor
from newsarchive.web.pages.not_found import not_archived
from newsarchive.web.timestamps import stamp
from newsarchive.web.wb_url import in_path, mended
from storage.index.views.history import DayCount, Moment

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 200
"""Captures of one day that are listed at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of the calendar."""

    first: date
    weeks: tuple[tuple[int, ...], ...]
    """Days of the month, Monday first; 0 where a week begins or ends in another month."""
    captures: int


@router.get("/calendar")
def calendar(
    door: AtDoor,
    url: Annotated[str, Query(max_length=8000)] = "",
    year: Annotated[int | None, Query(ge=1, le=9998)] = None,
    day: str = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """One year of one page."""
    if not url.strip():
        return door.page("calendar.html", url="", years=(), chosen=None, months=(), days={}, day=None, moments=(),
                         page=1, page_size=PAGE_SIZE, address_at=None)  # fmt: skip
    url = mended(url)
    years = door.index.years(url)
    if not years:
        return not_archived(door, url)
    picked = _day(day)
    wanted = picked.year if picked else year or years[-1].year
    chosen = min(max(wanted, years[0].year), years[-1].year)
    days = {each.day: each for each in door.index.days(url, chosen)}
    moments: tuple[Moment, ...] = ()
    if picked and picked in days:
        begin = datetime(picked.year, picked.month, picked.day, tzinfo=UTC)
        until = begin + timedelta(days=1)
        moments = door.index.moments(url, begin, until, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    return door.page(
        "calendar.html",
        url=url,
        years=years,
        chosen=chosen,
        months=tuple(_months(chosen, days)),
        days=days,
        day=days.get(picked) if picked else None,
        moments=moments,
        page=page,
        page_size=PAGE_SIZE,
        address_at=lambda when: f"/web/{stamp(when)}/{in_path(url)}",
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _months(year: int, days: dict[date, DayCount]) -> Iterator[Month]:
    for month in range(1, 13):
        captures = sum(each.captures for when, each in days.items() if when.month == month)
        weeks = tuple(tuple(week) for week in Calendar().monthdayscalendar(year, month))
        yield Month(first=date(year, month, 1), weeks=weeks, captures=captures)
