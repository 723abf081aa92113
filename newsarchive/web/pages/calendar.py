"""/calendar?url=&year=&day=: captures of a page, counted per day of one year; and the 404 for a page without any."""

from calendar import Calendar
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from newsarchive.urls.wb_url import ensure_scheme
from newsarchive.web.context import Context, RequestContext
from storage.index.queries import timeline
from storage.index.views.articles import CaptureView
from storage.index.views.history import CalendarEntry

router = APIRouter()

PAGE_SIZE = 200
"""Captures of a day per page."""
NEARBY = 12
"""Archived URLs near one that is not."""


@router.get("/calendar")
def calendar(
    context: Context, url: Annotated[str, Query(max_length=8000)] = "",
    year: Annotated[int | None, Query(ge=1, le=9998)] = None, day: str = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:  # fmt: skip
    """Return the calendar of one page for one year."""
    if not url.strip():
        return context.render("calendar.html", url="", chosen=None)
    url = ensure_scheme(url)
    if not (years := context.index.ask(timeline.list_years, url)):
        return render_not_archived(context, url)
    selected = None
    with suppress(ValueError):
        selected = date.fromisoformat(day)
    requested = selected.year if selected else year or years[-1][0]
    chosen = min(max(requested, years[0][0]), years[-1][0])
    days = {each.day: each for each in context.index.ask(timeline.list_days, url, chosen)}
    captures: tuple[CalendarEntry, ...] = ()
    if selected and selected in days:
        begin, offset = datetime.combine(selected, time.min, UTC), (page - 1) * PAGE_SIZE
        until = begin + timedelta(days=1)
        captures = context.index.ask(timeline.list_capture_times, url, begin, until, limit=PAGE_SIZE, offset=offset)
    return context.render(
        "calendar.html", url=url, years=years, chosen=chosen,
        months=list(list_months(chosen, {each.day: each.captures for each in days.values()})), days=days,
        day=days.get(selected) if selected else None, captures=captures, page=page, page_size=PAGE_SIZE,
    )  # fmt: skip


def list_months(year: int, counts: Mapping[date, int]) -> Iterator[tuple[date, int, list[list[int]]]]:
    """Yield the first day of each month, its sum of counts, and its days by week; 0 is a day of another month."""
    for month in range(1, 13):
        total = sum(count for day, count in counts.items() if day.month == month)
        yield date(year, month, 1), total, Calendar().monthdayscalendar(year, month)


def render_not_archived(context: RequestContext, url: str, redirected: tuple[CaptureView, ...] = ()) -> Response:
    """Render a 404 for a URL without captures. `redirected` are captures that redirect to it."""
    ask = context.index.ask
    nearby = ask(timeline.list_nearby_urls, url, limit=NEARBY)
    is_loop = bool(redirected) and ask(timeline.find_nearest_capture, url, redirected[0].fetched_at) is not None
    return context.render(
        "not_archived.html", status=404, url=url, nearby=nearby, redirected=redirected, is_loop=is_loop
    )
