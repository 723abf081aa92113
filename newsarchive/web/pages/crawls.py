"""/crawls: crawl runs, and the outcomes of the captures of one run."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from newsarchive.web.context import Context
from storage.errors import NotFound
from storage.index.queries.aggregates import FAILED_OUTCOMES, count_crawl_outcomes
from storage.index.queries.articles import iter_captures
from storage.index.queries.status import get_crawl, list_crawls
from storage.index.views.articles import CaptureFilters
from storage.model import Outcome

router = APIRouter()

RUNS_PER_PAGE, CAPTURES_PER_PAGE = 40, 100
MAX_PAGES = 100
"""Of captures; APIs return the rest."""
Page = Annotated[int, Query(ge=1, le=MAX_PAGES)]


@router.get("/crawls", include_in_schema=False)
def crawls(context: Context, page: Page = 1) -> Response:
    """Return the list of runs, newest first."""
    found = context.index.ask(list_crawls, limit=RUNS_PER_PAGE + 1, offset=RUNS_PER_PAGE * (page - 1))
    return context.render("crawls.html", crawls=found[:RUNS_PER_PAGE], page=page, more=len(found) > RUNS_PER_PAGE)


@router.get("/crawls/{run}", include_in_schema=False)
def crawl(context: Context, run: str, outcome: Outcome | None = None, page: Page = 1) -> Response:
    """Return the page of one run."""
    found = context.index.ask(get_crawl, run)
    if found is None:
        raise NotFound(f"The archive has no crawl {run}.")
    filters = CaptureFilters(crawl=run, outcome=outcome)
    return context.render(
        "crawl.html",
        crawl=found,
        outcomes=context.index.ask(count_crawl_outcomes, run),
        failed=FAILED_OUTCOMES,
        outcome=outcome,
        captures=tuple(
            context.index.stream(iter_captures, filters, limit=CAPTURES_PER_PAGE, offset=CAPTURES_PER_PAGE * (page - 1))
        ),
        page=page,
        size=CAPTURES_PER_PAGE,
        most=CAPTURES_PER_PAGE * MAX_PAGES,
    )
