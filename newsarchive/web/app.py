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

from fastapi import APIRouter, FastAPI

from newsarchive.archive import Archive
from newsarchive.version import VERSION
from newsarchive.web.assets import Assets
from newsarchive.web.doors import cdx, raw, timegate, timemap, warcs
from newsarchive.web.pages import home
from newsarchive.web.rules import Rules
from newsarchive.web.security import SecurityHeaders
from newsarchive.web.serving import AS_USUAL, Serving

ROUTERS: tuple[APIRouter, ...] = (
    # Pages for people
    home.router,
    # Doors for programs
    cdx.router,
    raw.router,
    warcs.router,
    timegate.router,
    timemap.router,
)
"""A page or door that is ready stands here, in the order of the docs."""


def create_app(archive: Archive, serving: Serving = AS_USUAL) -> FastAPI:
    """The browser of an opened archive, which stays the caller's to close."""
    app = FastAPI(title="newsarchive", version=VERSION, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.archive = archive
    app.state.serving = serving
    app.state.rules = Rules.of(archive.config)
    app.mount("/static", Assets(), name="static")
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(SecurityHeaders)
    return app
