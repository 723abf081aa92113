"""Error responses: a page for people, problem details for programs (RFC 9457)."""

import logging
import re
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsarchive.web.jinja_env import TEMPLATES
from storage.errors import ArchiveError, IndexReplaced, NotFound
from storage.index.engine.database import WorkLimit
from storage.places.folder import NO_SPACE

log = logging.getLogger(__name__)

API_PATHS = re.compile(r"/(api|cdx|timegate|timemap|warcs|exports)(/|$)|/web/[0-9]*id_/")
API_SUFFIXES = re.compile(r"(?!/web/).*\.(json|jsonl|csv|atom|bib|ris|warc\.gz|wacz)")
"""Suffixes of the archive's own URLs; the suffix of an archived URL says nothing about the client."""
_TEXTS = tomllib.loads(files("newsarchive.web.middleware").joinpath("errors.toml").read_text("utf-8"))
ERRORS: dict[str, dict[str, Any]] = _TEXTS["errors"]
HEADINGS = {int(status): text for status, text in _TEXTS["headings"].items()}
DESCRIPTIONS = {int(status): text for status, text in _TEXTS["descriptions"].items()}
_HTML = re.compile(r"text/html|application/xhtml\+xml")
_JSON = re.compile(r"application/(.+\+)?json")
_ACCEPTED = re.compile(r"([^\s;,]+)[^,]*?(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?(?:,|$)")
MAX_REPEATS = 3
_REPEATED = "newsarchive.repeated"
"""Key of the ASGI scope: how often the request was handled again."""
RETRY_AFTER = {"retry-after": "10"}


def problem_response(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None, *, heading: str = ""
) -> Response:
    """Return a problem as JSON or as a page. It never queries the index, which may be down."""
    heading = heading or HEADINGS.get(status, HTTPStatus(status).phrase.capitalize())
    if wants_json(request):
        body = {"type": "about:blank", "title": heading, "status": status, "detail": detail}
        return JSONResponse(body, status, headers, media_type="application/problem+json")
    state = request.scope["app"].state if "app" in request.scope else None
    text = TEMPLATES.get_template("error.html").render(
        name=state.archive.folder.name if state else "newsarchive", status=status, heading=heading, detail=detail
    )
    return HTMLResponse(text, status, headers)


def wants_json(request: Request) -> bool:
    """Return True for a program: by its Accept header, else by the path. /api/ always answers in JSON."""
    path, accepted = request.url.path, request.headers.get("accept", "")
    html, data = _quality(accepted, _HTML), _quality(accepted, _JSON)
    if path.startswith("/api/") or html != data:
        return path.startswith("/api/") or data > html
    return not html and bool(API_PATHS.match(path) or API_SUFFIXES.fullmatch(path))


def _quality(accepted: str, media_type: re.Pattern[str]) -> float:
    """Return the quality value of a media type in an Accept header (RFC 9110 12.5.1); wildcards do not count.

    >>> _quality("text/html;q=0.8, */*", _HTML), _quality("application/problem+json", _JSON), _quality("*/*", _JSON)
    (0.8, 1.0, 0.0)
    """
    found = _ACCEPTED.findall(accepted.lower())
    return max((float(weight or 1) for name, weight in found if media_type.fullmatch(name)), default=0.0)


def archive_error_response(request: Request, error: ArchiveError) -> Response:
    """Return the response to an ArchiveError: 404 if something is not archived, 503 if it is unavailable now.

    Messages that would name databases and folders are replaced; the log has them.
    """
    text = str(error)
    if not isinstance(error, NotFound) and not _is_abandoned(request.scope):
        log.warning("%s %s: %s", request.method, request.url.path, text)
    kinds = [kind.__name__ for kind in type(error).__mro__]
    # An error without an exit code of its own is temporary.
    answer = next(ERRORS[kind] for kind in ["temporary" if error.exit_code == 1 else "", *kinds] if kind in ERRORS)
    status, detail = answer["status"], answer.get("detail", "{text}").format(text=text, error=error)
    retry_after = RETRY_AFTER if status == 503 else None
    return problem_response(request, status, detail, retry_after, heading=answer.get("heading", ""))


def _is_abandoned(scope: Scope) -> bool:
    """Return True if the client has left, so that the work for it was cancelled."""
    work: WorkLimit | None = scope.get("state", {}).get("work")
    return work is not None and work.is_cancelled


def add_exception_handlers(app: FastAPI) -> None:
    """Register the error handlers of the application."""

    @app.exception_handler(HTTPException)
    def http_exception(request: Request, error: HTTPException) -> Response:
        is_no_route = error.status_code == 404 and error.detail == HTTPStatus.NOT_FOUND.phrase
        detail = "The archive has no page at this URL." if is_no_route else error.detail
        return problem_response(request, error.status_code, detail, error.headers)

    @app.exception_handler(RequestValidationError)
    def invalid_request(request: Request, error: RequestValidationError) -> Response:
        detail = "; ".join(
            f"{'.'.join(map(str, each['loc'][1:])) or 'the request'}: {each['msg'].lower()}" for each in error.errors()
        )
        # A path that cannot be valid is not found; a query that cannot be parsed is the client's error.
        in_path = all(each["loc"][0] == "path" for each in error.errors())
        return problem_response(request, 404 if in_path else 400, f"Invalid request: {detail}.")

    @app.exception_handler(IndexReplaced)
    def index_replaced(request: Request, error: IndexReplaced) -> ASGIApp:
        # The handler had begun with an index that was replaced meanwhile, and is called again. An index is not replaced
        # several times in a second.
        count = request.scope[_REPEATED] = request.scope.get(_REPEATED, 0) + 1
        return app.router if count <= MAX_REPEATS else archive_error_response(request, error)

    app.exception_handler(ArchiveError)(archive_error_response)


class HttpMiddleware(ABC):
    """Base of ASGI middleware for HTTP; other scopes, such as the lifespan of the application, pass unchanged."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a scope."""
        await (self._handle if scope["type"] == "http" else self.app)(scope, receive, send)

    @abstractmethod
    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""


def edit_headers(send: Send, edit: Callable[[MutableHeaders], None]) -> Send:
    """Return a `send` that edits the headers of the response."""

    async def send_edited(message: Message) -> None:
        if message["type"] == "http.response.start":
            edit(MutableHeaders(scope=message))
        await send(message)

    return send_edited


class ErrorMiddleware(HttpMiddleware):
    """ASGI middleware: an unexpected exception becomes a 500 with the usual headers; the log has the traceback."""

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        except Exception as error:
            if _is_abandoned(scope):
                return
            log.exception("%s %s", scope["method"], scope["path"])
            if started:
                raise
            status, detail = 500, "The archive was not changed. The server's log has the details."
            if isinstance(error, OSError) and error.errno in NO_SPACE:  # a temporary file of a response
                status, detail = 507, ERRORS["DiskFull"]["detail"]
            await problem_response(Request(scope), status, detail)(scope, receive, send)
