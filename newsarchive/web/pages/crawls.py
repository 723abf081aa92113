"""Crawls: the runs, and what the captures of one turned out to be."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from newsarchive.web.context import AtDoor
from storage.errors import NotFound
from storage.index.queries.aggregates import FAILED
from storage.index.views.articles import CaptureFilters
from storage.model import Outcome

router = APIRouter()

RUNS, CAPTURES = 40, 100
MOST_PAGES = 100
"""Of captures: who wants more of them asks a door for programs."""
Page = Annotated[int, Query(ge=1, le=MOST_PAGES)]


@router.get("/crawls", include_in_schema=False)
def crawls(door: AtDoor, page: Page = 1) -> Response:
    """All runs, newest first."""
    found = door.index.crawls(limit=RUNS + 1, offset=RUNS * (page - 1))
    return door.page("crawls.html", crawls=found[:RUNS], page=page, more=len(found) > RUNS)


@router.get("/crawls/{run}", include_in_schema=False)
def crawl(door: AtDoor, run: str, outcome: Outcome | None = None, page: Page = 1) -> Response:
    """One run."""
    found = door.index.crawl(run)
    if found is None:
        raise NotFound(f"The archive has no run that is named {run}.")
    filters = CaptureFilters(crawl=run, outcome=outcome)
    return door.page(
        "crawl.html",
        crawl=found,
        outcomes=door.index.crawl_outcomes(run),
        failed=FAILED,
        outcome=outcome,
        captures=tuple(door.index.captures(filters, limit=CAPTURES, offset=CAPTURES * (page - 1))),
        page=page,
        size=CAPTURES,
        most=CAPTURES * MOST_PAGES,
    )
