"""Home: what came in, site by site; captures by day; how the archive does."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Response

from newsarchive.operations.coverage import health
from newsarchive.web.about import pieces
from newsarchive.web.context import AtDoor
from newsarchive.web.pages.day_chart import Chart, chart, days_until
from storage.index.reader import Reader
from storage.index.views.articles import Filters
from storage.index.views.status import SiteCount

router = APIRouter()

DAYS, LEAST_DAYS = 90, 14
COLUMNS = 12
"""Sites on the front page; the others are a click away."""
LINES, LINES_ALONE = 5, 12
EDITED = 6
NEVER = datetime.min.replace(tzinfo=UTC)


@router.get("/", include_in_schema=False)
def home(door: AtDoor) -> Response:
    """The front page of the archive."""
    index = door.index
    sites = index.site_counts()
    shown = sorted((site for site in sites if site.articles), key=_newest, reverse=True)[:COLUMNS]
    lines = LINES if len(shown) > 1 else LINES_ALONE
    crawl = index.last_crawl()
    # What is under an embargo has come in and is not shown: that is no silence.
    held = {name for name, _ in door.rules.embargoes}
    watched = tuple(each for each in sites if each.name not in held)
    week = (door.now - timedelta(days=7)).date()
    return door.page(
        "home.html",
        sites=sites,
        columns=[(site, index.articles(Filters(site=site.name), limit=lines)) for site in shown],
        chart=captures_chart(index, sites),
        edited=index.edited(EDITED),
        about=pieces(door.serving.about),
        crawl=crawl,
        health=health(watched, index.outcomes_of_sites(week), crawl, len(index.alarms()), now=door.now),
    )


def _newest(site: SiteCount) -> datetime:
    return site.newest_article or NEVER


def captures_chart(index: Reader, sites: Sequence[SiteCount], *, site: str | None = None) -> Chart | None:
    """Captures by day up to the last one; None where there are none."""
    last = max((each.last_capture for each in sites if each.last_capture), default=None)
    if last is None:
        return None
    first = min(each.first_capture for each in sites if each.first_capture)
    days = days_until(last.astimezone(UTC).date(), min(DAYS, max(LEAST_DAYS, (last - first).days + 2)))
    return chart(days, {each.day: each.captures for each in index.captures_per_day(days[0], site=site)})
