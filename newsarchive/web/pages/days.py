"""/2026/05/04: the articles of a day by site and section; /2026/05 and /2026: days with their numbers of articles.

A day is one of UTC, as in the filters of a search: an article is dated by its publication, or when it was first seen.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import AfterValidator

from newsarchive.web.context import Context
from newsarchive.web.jinja_env import build_url
from newsarchive.web.pages.calendar import list_months
from storage.index.queries.articles import list_articles
from storage.index.queries.listings import list_front_pages
from storage.index.search.matches import count_between, count_by_year_and_site, find_adjacent_dates
from storage.index.views.articles import ArticleLine, Filters

router = APIRouter()

MOST_ARTICLES = 400
"""Articles of a day on its page; the search lists the others."""
MOST_SITES = 40
"""Sites that are shown in any case, those with most articles first; others if they have one of the newest articles."""
ONE_DAY = timedelta(days=1)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
# PostgreSQL refuses NUL, which no name of a site has.
Site = Annotated[str, Query(max_length=300), AfterValidator(lambda text: text.replace("\0", ""))]


@router.get("/days")
def newest_day(context: Context, site: Site = "") -> Response:
    """Redirect to the newest day with articles, or to the list of sites if there are none."""
    newest, _ = context.index.ask(find_adjacent_dates, Filters(site=site or None), LATEST, LATEST)
    return RedirectResponse(_day_url(newest.date(), site) if newest else "/sites", 302)


@router.get("/{year:int}/{month:int}/{day:int}")
def show_day(context: Context, year: int, month: int, day: int, site: Site = "") -> Response:
    """Return the page of a day, of all sites or of one."""
    begin = _parse_day(year, month, day)
    filters = Filters(site=site or None, since=begin, until=begin + ONE_DAY)
    counts = context.index.ask(count_by_year_and_site, filters)
    earlier, later = context.index.ask(find_adjacent_dates, Filters(site=site or None), begin, begin + ONE_DAY)
    articles = context.index.ask(list_articles, filters, limit=MOST_ARTICLES)
    shown: dict[str, dict[str, list[ArticleLine]]] = {name: {} for name, _ in counts.sites[:MOST_SITES]}
    for line in articles:
        shown.setdefault(line.site, {}).setdefault(line.section or "", []).append(line)
    return context.render(
        "day.html", day=begin.date(), site=site, counts=counts, articles=articles, shown=shown,
        front_pages=context.index.ask(list_front_pages, list(shown)[:MOST_SITES], begin, begin + ONE_DAY),
        before=earlier and _day_url(earlier.date(), site), after=later and _day_url(later.date(), site),
    )  # fmt: skip


@router.get("/{year:int}/{month:int}")
@router.get("/{year:int}")
def show_calendar(context: Context, year: int, site: Site = "") -> Response:
    """Return the calendar of a month or of a year."""
    month: int | None = context.request.path_params.get("month")
    begin, max_days = _parse_day(year, 1 if month is None else month, 1), 366 if month is None else 31
    filters, end = Filters(site=site or None), (begin + max_days * ONE_DAY).replace(day=1)
    days = [(begin + n * ONE_DAY, begin + (n + 1) * ONE_DAY - timedelta.resolution) for n in range((end - begin).days)]
    counts = zip(days, context.index.ask(count_between, filters, days), strict=True)
    counted = {day.date(): count for (day, _), count in counts if count}
    earlier, later = context.index.ask(find_adjacent_dates, Filters(site=site or None), begin, end)
    form = "/%Y" if month is None else "/%Y/%m"
    months = [month for month in list_months(begin.year, counted) if begin.date() <= month[0] < end.date()]
    return context.render(
        "days.html", begin=begin.date(), is_year=month is None, site=site, months=months, days=counted,
        years=context.index.ask(count_by_year_and_site, filters).years, before=earlier, after=later, form=form,
        day_url=lambda day: _day_url(day, site),
    )  # fmt: skip


def _parse_day(year: int, month: int, day: int) -> datetime:
    try:
        return datetime(year if year < 9999 else 0, month, day, tzinfo=UTC)
    except ValueError:
        raise HTTPException(404, "There is no such day: write /2026/05/04, /2026/05 or /2026.") from None


def _day_url(day: date, site: str) -> str:
    return build_url(f"/{day.year:04}/{day.month:02}/{day.day:02}", site=site)
