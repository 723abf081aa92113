"""RequestContext, the argument of every handler. Its index obeys the access rules, so that no page can forget them."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from itertools import chain, islice
from typing import Annotated, Any, TypeAlias, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import QueryParams

from newsarchive.access.access_rules import AccessRules
from newsarchive.archive import Archive
from newsarchive.export.articles import format_rows
from newsarchive.export.citations import Citation
from newsarchive.export.formats import FORMATS
from newsarchive.web.concurrency import HeavyRequests
from newsarchive.web.health_monitor import HealthMonitor
from newsarchive.web.jinja_env import TEMPLATES
from newsarchive.web.middleware.client_limits import MAX_FORM_SIZE
from newsarchive.web.responses.conditional import Validators
from newsarchive.web.responses.streaming import ClosingStreamingResponse
from newsarchive.web.serve_options import ServeOptions
from newsarchive.web.thumbnails import IS_AVAILABLE
from storage.article_fields import ArchivedArticle
from storage.index.engine.database import WorkLimit
from storage.index.queries.articles import get_version
from storage.index.reader import IndexPin, Reader
from storage.index.views.articles import NO_EXCLUSIONS, ArticleView, Exclusions, VersionView

T = TypeVar("T")
ROWS = {info.suffix[1:]: info.media_type for info in FORMATS.values()}
ROWS |= {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
"""Media types of files by their suffixes."""
FORM = "application/x-www-form-urlencoded"


class RequestContext:
    """Access to the archive for one request.

    Pages and APIs query `index`; `archive.index` is for data that is not published.
    """

    def __init__(self, request: Request) -> None:
        state = request.app.state
        self.request = request
        self.archive: Archive = state.archive
        self.options: ServeOptions = state.options
        self.rules: AccessRules = state.access.get()
        self.health: HealthMonitor = state.health
        self.heavy_requests: HeavyRequests = state.heavy
        self.now: datetime = self.archive.now()
        self.work: WorkLimit = request.state.work
        self._pin = IndexPin()

    @cached_property
    def index(self) -> Reader:
        """The index under the access rules, with a time limit per query."""
        return self._exclude(self.rules.exclusions(self.now), self.options.query_timeout.total_seconds())

    @cached_property
    def index_without_timeout(self) -> Reader:
        """The same with a limit on CPU time alone: for responses that hold a slot of `heavy_requests`."""
        return self._exclude(self.rules.exclusions(self.now))

    @cached_property
    def whole_index(self) -> Reader:
        """The index without exclusions: only for what is not shown."""
        return self._exclude(NO_EXCLUSIONS)

    def _exclude(self, exclude: Exclusions, timeout: float | None = None) -> Reader:
        return self.archive.index.excluding(exclude, timeout=timeout, pin=self._pin, work=self.work)

    def find(self, query: Callable[..., T | None], *key: object, what: str) -> T:
        """Return what a query finds by an id; 404 if there is nothing."""
        if (found := self.index.ask(query, *key)) is None:
            raise HTTPException(404, f"The archive has no {what}")
        return found

    def find_version(self, article: ArticleView, number: int) -> VersionView:
        """Return the version of an article with a number; 404 if there is none."""
        if number == article.current.number:
            return article.current
        ids = {line.number: line.id for line in article.versions}
        if number not in ids:
            raise HTTPException(404, f"This article has no version {number}, only {', '.join(map(str, sorted(ids)))}")
        return self.find(get_version, ids[number], what="such version")

    @property
    def name(self) -> str:
        """Name of the archive: that of its folder."""
        return self.archive.folder.name or "newsarchive"

    @property
    def public_url(self) -> str:
        """URL of the archive without a trailing slash, for permalinks."""
        return self.options.public_url or str(self.request.base_url).rstrip("/")

    @property
    def shows_thumbnails(self) -> bool:
        """True if pictures of articles are shown as thumbnails."""
        return self.options.thumbnails and IS_AVAILABLE

    def render(self, template: str, *, status: int = 200, etag: bool = False, **values: Any) -> Response:
        """Render a template; with `etag`, return 304 if the client has this page."""
        text = TEMPLATES.get_template(template).render(context=self, path=self.request.url.path, **values)
        response = HTMLResponse(text, status_code=status)
        return self.add_etag(response) if etag else response

    def cite(self, articles: Iterable[VersionView | ArchivedArticle]) -> Iterator[Citation]:
        """Yield citations of articles with permalinks of this archive."""
        return (Citation(version=each, public_url=self.public_url, archive=self.name) for each in articles)

    def stream_rows(self, name: str, rows: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> Response:
        """Return rows as JSON Lines or, with a BOM by which Excel recognises UTF-8, as CSV: see `stream_lines`."""
        mark = ["\ufeff"] if name.endswith(".csv") else []
        return self.stream_lines(name, chain(mark, format_rows(rows, columns, name.rpartition(".")[2])))

    def stream_lines(self, name: str, lines: Iterator[str]) -> Response:
        """Return lines as a file with a name, whose suffix tells its format."""
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        # A hundred lines together: each piece changes threads, which takes longer than making a line.
        stream = self.heavy_requests.stream(iter(lambda: "".join(islice(lines, 100)), ""), self.work)
        return ClosingStreamingResponse(stream, media_type=ROWS[name.partition(".")[2]], headers=headers)

    def add_etag(self, response: Response) -> Response:
        """Return the response with an ETag over its body, or 304 if the client has it."""
        validators = Validators(tag=f'"{hashlib.sha256(response.body).hexdigest()[:32]}"')
        if validators.is_not_modified(self.request.headers):
            return Response(status_code=304, headers=validators.headers)
        response.headers["etag"] = validators.tag
        return response


Context: TypeAlias = Annotated[RequestContext, Depends()]
"""Type of a handler's first argument: `def article(context: Context, article_id: int) -> Response`."""


async def read_form(request: Request) -> QueryParams:
    """Return the fields of a form; 415 for a body in another format, of which no field would be read."""
    body = await request.body()
    media_type = request.headers.get("content-type", FORM).partition(";")[0].strip()
    if media_type.lower() != FORM:
        sent = f"as {media_type}" if media_type else "without a Content-Type"
        raise HTTPException(415, f"Nothing was done: send the fields of the form as {FORM}, not {sent}")
    if len(body) > MAX_FORM_SIZE:
        raise HTTPException(413, "The form is too long")
    try:
        fields = parse_qsl(body.decode("ascii"), max_num_fields=100)
    except ValueError:
        raise HTTPException(400, "Invalid form") from None
    return QueryParams([(name, value.strip()) for name, value in fields])


FormFields: TypeAlias = Annotated[QueryParams, Depends(read_form)]


def refuse_unknown(given: Iterable[str], known: Iterable[str], what: str) -> None:
    """Refuse a name that a request does not take: without a mistyped filter it would be of everything."""
    if unknown := sorted({*given} - {*known}):
        taken = ", ".join(sorted(known)) or "none"
        raise HTTPException(400, f"Unknown {what} {unknown[0]}. This request takes: {taken}")
