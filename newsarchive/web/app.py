"""The application: reads top to bottom. `newsarchive serve` runs it; tests call `create_app` and need no server.

    app.py        what is put together, and in which order
    serving.py    how it is served: address, users, limits            rules.py      what may be shown
    door.py       Door: what a handler gets; its index obeys the rules
    security.py   headers, hosts                                       auth.py       users and tokens
    limits.py     how much a client may ask for                        problems.py   errors, as pages and as JSON
    pages/        pages for people: a module a page, each with `router`; pages/look.py has what templates call
    doors/        doors for programs: a module each, each with `router`
    templates/    base.html, _macros.html, and a file a page           static/       style.css, app.js, <area>.css

A handler is a plain function: `def page(door: AtDoor) -> Response: return door.page("home.html", ...)`. A page asks
`door.index` alone, never `door.archive.index`: the first leaves out what must not be shown.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import APIRouter, FastAPI

from newsarchive.archive import Archive
from newsarchive.version import VERSION
from newsarchive.web.access_rules import Rules
from newsarchive.web.api import cdx, exports, openapi, raw, robots_txt, timegate, timemap, v1, warc_files
from newsarchive.web.middleware import problem_details
from newsarchive.web.middleware.auth import Guard
from newsarchive.web.middleware.rate_limit import Heavy, Rate
from newsarchive.web.middleware.security import Heads, Hosts, SecurityHeaders
from newsarchive.web.pages import (
    article,
    author,
    calendar,
    compare,
    crawls,
    help_page,
    home,
    listing,
    record,
    requisites,
    search,
    section,
    sites,
    snapshot,
    tag,
)
from newsarchive.web.serve_options import AS_USUAL, Serving
from newsarchive.web.static_files import Assets

ROUTERS: tuple[APIRouter, ...] = (
    # Before the article's page, whose address begins like /article/5.warc.gz
    exports.router,
    # Pages for people
    home.router,
    search.router,
    article.router,
    author.router,
    tag.router,
    section.router,
    compare.router,
    listing.router,
    snapshot.router,
    requisites.router,
    calendar.router,
    record.router,
    sites.router,
    crawls.router,
    help_page.router,
    # Doors for programs
    robots_txt.router,
    cdx.router,
    raw.router,
    warc_files.router,
    timegate.router,
    timemap.router,
    v1.router,
    openapi.router,
)
"""A page or door that is ready stands here, in the order of the docs."""


THREADS = 16
"""Handlers at once; each may hold a connection to the index, of which there are 25 (storage.index.engine.database)."""


def create_app(
    archive: Archive, serving: Serving = AS_USUAL, *, clock: Callable[[], float] = time.monotonic
) -> FastAPI:
    """The browser of an opened archive, which stays the caller's to close."""
    app = FastAPI(
        title="newsarchive", version=VERSION, docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan
    )
    app.state.archive = archive
    app.state.serving = serving
    app.state.rules = Rules.of(archive.config)
    app.state.heavy = Heavy(serving.limits.heavy)
    app.mount("/static", Assets(), name="static")
    for router in ROUTERS:
        app.include_router(router)
    problem_details.install(app)
    # From the inside out: the last one that is added sees a request first.
    app.add_middleware(problem_details.Mishaps)
    app.add_middleware(Heads)
    if serving.auth:
        app.add_middleware(Guard, serving=serving, clock=clock)
    app.add_middleware(Rate, limits=serving.limits, clock=clock, limited=serving.limited)
    app.add_middleware(Hosts, names=serving.hosts)
    app.add_middleware(SecurityHeaders)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    del app
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield
