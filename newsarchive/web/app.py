"""The ASGI application. `newsarchive serve` runs it; tests call `create_app` and need no server.

    app.py         routers and middleware, in order
    serve_options  address, users, limits
    context.py     RequestContext: the argument of every handler; its index obeys the access rules
    middleware/    authentication, limits, errors, compression, security headers
    pages/         HTML pages, one module each with a `router`; jinja_env.py has the functions of the templates
    api/           APIs for programs, one module each with a `router`
    snapshot/      sanitised archived pages
    templates/     base.html, _macros.html, and a file per page    static/   style.css, app.js, <area>.css

A handler is a plain function: `def page(context: Context) -> Response: return context.render("home.html", ...)`.
A page uses `context.index`, never `context.archive.index`: only the first obeys the access rules.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import APIRouter, FastAPI

from newsarchive.access.access_rules import LiveAccessRules
from newsarchive.archive import Archive
from newsarchive.export.background import ExportJobs
from newsarchive.version import VERSION
from newsarchive.web.api import cdx, exports, memento, openapi, raw, v1, warc_files
from newsarchive.web.concurrency import HeavyRequests
from newsarchive.web.health_monitor import HealthMonitor
from newsarchive.web.middleware import problem_details, security
from newsarchive.web.middleware.auth import AuthMiddleware
from newsarchive.web.middleware.client_limits import ClientWorkMiddleware, RateLimitMiddleware
from newsarchive.web.pages import (
    alerts,
    article,
    calendar,
    changes,
    days,
    home,
    listing,
    names,
    record,
    search,
    sites,
    snapshot,
    trends,
)
from newsarchive.web.serve_options import DEFAULT_OPTIONS, ServeOptions
from newsarchive.web.static_files import STATIC, StaticAssets

_PAGES = (home, search, article, names, listing, snapshot, calendar, days, changes, trends, alerts, record, sites)
_APIS = (cdx, raw, warc_files, memento, v1, openapi)
# Exports come before the article's page, whose URL begins like /article/5.warc.gz
ROUTERS: tuple[APIRouter, ...] = tuple(module.router for module in (exports, *_PAGES, *_APIS))
"""In the order in which routes are matched."""

THREADS = 16
"""Concurrent handlers; each may hold an index connection, of which there are 25 (storage.index.engine.database)."""


def create_app(
    archive: Archive, options: ServeOptions = DEFAULT_OPTIONS, *, clock: Callable[[], float] = time.monotonic
) -> FastAPI:
    """Return the ASGI application for an open archive; the caller closes the archive."""
    app = FastAPI(
        title="newsarchive", version=VERSION, docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan
    )
    app.state.archive = archive
    app.state.options = options
    app.state.access = LiveAccessRules(archive)
    app.state.health = HealthMonitor(archive, app.state.access.get)
    app.state.exports = ExportJobs(
        archive.folder / "exports",
        lambda filters: exports.build_export_request(archive, app.state.access.get(), filters),
        now=archive.now,
    )
    app.state.heavy = HeavyRequests(options.max_heavy_requests)
    app.mount("/static", StaticAssets(directory=STATIC), name="static")
    for router in ROUTERS:
        app.include_router(router)
    problem_details.add_exception_handlers(app)
    # From the inside out: the last one added sees a request first.
    app.add_middleware(problem_details.ErrorMiddleware)
    app.add_middleware(security.CompressionMiddleware, compresslevel=5)
    app.add_middleware(security.HeadMiddleware)
    if options.auth:
        app.add_middleware(AuthMiddleware, options=options, clock=clock)
    app.add_middleware(ClientWorkMiddleware, limits=options.limits)
    app.add_middleware(RateLimitMiddleware, options=options, clock=clock)
    app.add_middleware(security.TrustedHostMiddleware, names=options.allowed_hosts)
    app.add_middleware(security.SecurityHeadersMiddleware)
    return app


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield
