"""What went wrong, said to people as a page and to programs as JSON (RFC 9457)."""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsarchive.web.pages.jinja_env import TEMPLATES
from storage.errors import (
    ArchiveError,
    BucketRefused,
    BucketUnreachable,
    IndexFailure,
    NotFound,
    PayloadError,
    QueryTooLong,
    StorageError,
    WarcError,
)

log = logging.getLogger(__name__)

MACHINE_PATHS = re.compile(r"/(api|cdx|timegate|timemap|warcs|exports)(/|$)|/web/[0-9]*id_/")
MACHINE_ENDS = re.compile(r"(?!/web/).*\.(json|jsonl|csv|atom|bib|warc\.gz|wacz)")
"""Of our own addresses: how an archived one ends says nothing of who asks."""
HEADINGS = {
    400: "That cannot be asked",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not in the archive",
    405: "Not done that way",
    414: "Too long an address",
    422: "That cannot be asked",
    429: "Too many requests",
    500: "A mistake of newsarchive's own",
    503: "Not now",
}
_HTML = re.compile(r"text/html|application/xhtml\+xml")
_JSON = re.compile(r"application/(.+\+)?json")
_Q = re.compile(r"[01](\.[0-9]{0,3})?")
RETRY_AFTER = {"retry-after": "10"}


def answer(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None, *, heading: str = ""
) -> Response:
    """A problem in the form that the asker reads. It never asks the index: that may be what is wrong."""
    heading = heading or HEADINGS.get(status, HTTPStatus(status).phrase)
    if wants_json(request):
        body = {"type": "about:blank", "title": heading, "status": status, "detail": detail}
        return JSONResponse(body, status, headers, media_type="application/problem+json")
    state = request.scope["app"].state if "app" in request.scope else None
    text = TEMPLATES.get_template("error.html").render(
        name=state.archive.folder.name if state else "newsarchive", status=status, heading=heading, detail=detail
    )
    return HTMLResponse(text, status, headers)


def wants_json(request: Request) -> bool:
    """True for a program: by what it says it accepts, else by the door it knocks at. The API has no other form."""
    path, accepted = request.url.path, request.headers.get("accept", "")
    html, data = _weight(accepted, _HTML), _weight(accepted, _JSON)
    if path.startswith("/api/") or html != data:
        return path.startswith("/api/") or data > html
    return not html and bool(MACHINE_PATHS.match(path) or MACHINE_ENDS.fullmatch(path))


def _weight(accepted: str, wanted: re.Pattern[str]) -> float:
    """How much a client wants a media type that it names (RFC 9110 12.5.1); wildcards name none.

    >>> _weight("text/html;q=0.8, */*", _HTML), _weight("application/problem+json", _JSON), _weight("*/*", _JSON)
    (0.8, 1.0, 0.0)
    """
    weights = [0.0]
    for part in accepted.lower().split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        if wanted.fullmatch(name):
            given = [each[2:] for each in parameters if each.startswith("q=")]
            weights.append(float(given[0]) if given and _Q.fullmatch(given[0]) else 1.0)
    return max(weights)


AWAY = "The archive's database does not answer, so nothing can be said about what is archived. Try again later."
BYTES_AWAY = (
    "The archive knows this page, but the bucket in which its bytes lie does not answer. What the index holds, "
    "articles and search, can be read. Try again later."
)
DAMAGED = "A record in the archive's files is damaged. Its owner sees it with: newsarchive verify"


def of_archive(request: Request, error: ArchiveError) -> Response:
    """An error of ours: what is not there is 404, what cannot be reached now 503, never one for the other.

    Where the text would name databases and folders readers get another; the log has it.
    """
    text = str(error)
    if not isinstance(error, NotFound):
        log.warning("%s %s: %s", request.method, request.url.path, text)
    match error:
        case NotFound():
            status, said, heading = 404, text, ""
        case QueryTooLong():
            status, said, heading = 503, text, "That takes too long"
        case IndexFailure():
            status, said, heading = 503, AWAY, "The index cannot be reached"
        case BucketUnreachable() | BucketRefused():
            status, said, heading = 503, BYTES_AWAY, "The files cannot be reached"
        case StorageError():
            status, said, heading = 503, "The file that holds this record cannot be read now. Try again later.", ""
        case WarcError() | PayloadError():
            status, said, heading = 500, DAMAGED, "That cannot be read"
        case _ if error.exit_code == 1:  # no kind that a command would name: something that will be over in a while
            status, said, heading = 503, text, ""
        case _:
            status, said, heading = 500, "That cannot be done; the archive is as it was.", "That failed"
    return answer(request, status, said, RETRY_AFTER if status == 503 else None, heading=heading)


def install(app: FastAPI) -> None:
    """Make these the application's answers."""

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        said = error.detail
        if error.status_code == 404 and said == HTTPStatus.NOT_FOUND.phrase:
            said = "The archive has nothing at this address."
        return answer(request, error.status_code, said, error.headers)

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        said = "; ".join(f"{_named(each)}: {each['msg'].lower()}" for each in error.errors())
        # A path that cannot name anything is not there; a query that cannot be read is the asker's mistake.
        in_path = all(each["loc"][0] == "path" for each in error.errors())
        return answer(request, 404 if in_path else 400, f"This was not understood: {said}.")

    def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, ArchiveError)
        return of_archive(request, error)

    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(ArchiveError, ours)


def _named(error: Mapping[str, Any]) -> str:
    return ".".join(str(part) for part in error["loc"][1:]) or "the request"


class Mishaps:
    """ASGI middleware: a mistake of ours becomes a page with the usual headers; the log has the traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        begun = False

        async def watching(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            await self.app(scope, receive, watching)
        except Exception:
            log.exception("%s %s", scope["method"], scope["path"])
            if begun:
                raise
            detail = "The archive is as it was. Its owner finds in the log what happened."
            await answer(Request(scope), 500, detail)(scope, receive, send)
