"""/sites, /site/NAME: coverage, sources and boilerplate of the sites."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from newsarchive.operations.health import usual_count
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.pages.bar_charts import DayChart, build_day_chart, last_days
from storage.errors import NotFound
from storage.index.queries import aggregates, articles, status, timeline
from storage.index.search.documents import fold_value
from storage.index.search.matches import get_site_profile
from storage.index.views.articles import CaptureFilters, Filters
from storage.index.views.status import SiteCount
from storage.model import Outcome, UrlKind

router = APIRouter()

DAYS, MIN_DAYS = 56, 14
BASELINE_DAYS = 56
"""Days before the chart from which the usual counts are computed."""
LINES = 10
BOILERPLATE = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


SITES_PER_PAGE = 60
_SORTS: dict[str, Callable[[SiteCount], Any]] = {
    "name": lambda site: (site.title or site.name).casefold(),
    "articles": lambda site: -site.articles,
    "captures": lambda site: -site.captures,
    "newest": lambda site: -(site.newest_article or _EPOCH).timestamp(),
    "captured": lambda site: -(site.last_capture or _EPOCH).timestamp(),
}


@router.get("/sites")
def sites(
    context: Context, q: str = "", sort: str = "name", page: Annotated[int, Query(ge=1, le=100_000)] = 1
) -> Response:
    """Return a page of the list of sites: those with a text in their name, title or URL, in an order."""
    found = [site for site in context.index.ask(aggregates.list_site_counts) if is_named(site, q)]
    found.sort(key=_SORTS.get(sort, _SORTS["name"]))
    week = (context.now - timedelta(days=7)).date()
    return context.render(
        "sites.html", sites=found[SITES_PER_PAGE * (page - 1) : SITES_PER_PAGE * page], total=len(found),
        query={"q": q, "sort": sort if sort in _SORTS else "name"}, page=page, size=SITES_PER_PAGE,
        recent=context.index.ask(aggregates.count_outcomes_by_site, week), failed=aggregates.FAILED_OUTCOMES,
    )  # fmt: skip


def is_named(site: SiteCount, text: str) -> bool:
    """Return whether the name, title or URL of a site contains each word of a text, whatever its case and accents."""
    named = fold_value(f"{site.name} {site.title or ''} {site.url}")
    return all(word in named for word in fold_value(text).split())


@router.get("/site/{name}")
def site(context: Context, name: str) -> Response:
    """Return the page of a site."""
    index = context.index
    found = next(iter(index.ask(aggregates.list_site_counts, name)), None)
    if found is None:
        raise NotFound(f"The archive has no site {name}.")
    sources = index.ask(status.list_source_health, [name])
    readable, fetched = index.ask(status.list_sources, name), {each.url for each in sources}
    boilerplate = index.ask(status.list_boilerplate, name, limit=BOILERPLATE + 1)
    return context.render(
        "site.html", site=found, listings={each.url for each in readable if each.kind is UrlKind.LISTING},
        is_captured=index.ask(timeline.find_nearest_capture, found.url, context.now) is not None,
        outcomes=index.ask(aggregates.count_outcomes_by_site, site=name).get(name, {}),
        chart=build_coverage_chart(context, found), sources=sources,
        imported=[each for each in readable if each.url not in fetched],
        findings=[each for each in context.health.get_findings() or () if each.site == name],
        newest=index.ask(articles.list_articles, Filters(site=name), limit=LINES), failed=aggregates.FAILED_OUTCOMES,
        boilerplate=boilerplate[:BOILERPLATE], more_boilerplate=len(boilerplate) > BOILERPLATE,
        profile=index.ask(get_site_profile, name), boxes=index.ask(aggregates.list_site_boxes, name),
    )  # fmt: skip


def build_coverage_chart(context: RequestContext, found: SiteCount) -> DayChart | None:
    """Return a chart of articles by day up to the newest capture, with the usual counts of such days."""
    if found.last_capture is None:
        return None
    days = last_days(found.last_capture.astimezone(UTC).date(), DAYS + BASELINE_DAYS)
    counts = Counter(context.index.ask(aggregates.count_articles_per_day, found.name, days[0]))
    known = {day: counts[day] for day in days if not counts or day >= min(counts)}
    # Of a new site the empty weeks before are not shown.
    begun = min(counts, default=days[-1])
    shown = [day for day in days[BASELINE_DAYS:] if day >= min(begun, days[-MIN_DAYS])]
    expected = {day: value for day in shown if (value := usual_count(known, day)) is not None}
    # The last day is incomplete and is not compared.
    expected.pop(days[-1], None)
    return build_day_chart(shown, counts, expected)


# /crawls: crawl runs, and the outcomes of the captures of one run.

RUNS_PER_PAGE, CAPTURES_PER_PAGE = 40, 100
MAX_PAGES = 100
"""Of captures; APIs return the rest."""
Page = Annotated[int, Query(ge=1, le=MAX_PAGES)]


@router.get("/crawls")
def crawls(context: Context, page: Page = 1) -> Response:
    """Return the list of runs, newest first."""
    found = context.index.ask(status.list_crawls, limit=RUNS_PER_PAGE + 1, offset=RUNS_PER_PAGE * (page - 1))
    return context.render("crawls.html", crawls=found[:RUNS_PER_PAGE], page=page, more=len(found) > RUNS_PER_PAGE)


@router.get("/crawls/{run}")
def crawl(context: Context, run: str, outcome: Outcome | None = None, page: Page = 1) -> Response:
    """Return the page of one run."""
    found = context.find(status.get_crawl, run, what=f"crawl {run}.")
    filters, offset = CaptureFilters(crawl=run, outcome=outcome), CAPTURES_PER_PAGE * (page - 1)
    captures = context.index.stream(articles.iter_captures, filters, limit=CAPTURES_PER_PAGE, offset=offset)
    return context.render(
        "crawl.html",
        crawl=found,
        outcomes=context.index.ask(aggregates.count_crawl_outcomes, run),
        failed=aggregates.FAILED_OUTCOMES,
        outcome=outcome,
        captures=tuple(captures),
        page=page,
        size=CAPTURES_PER_PAGE,
        most=CAPTURES_PER_PAGE * MAX_PAGES,
    )
