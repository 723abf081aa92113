"""/api/v1/: the archive as JSON. Described by /openapi.json, and for people at /api.

Every answer carries an ETag. Lists come in pages: `next` is the cursor of the page that follows. An error is a problem
in the form of RFC 9457.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel

from newsarchive.web.api import schemas
from newsarchive.web.api.cdx_query import read_key, resume_key
from newsarchive.web.context import AtDoor, Door
from newsarchive.web.wb_url import mended
from storage.index.queries.cdx import exactly
from storage.index.views.articles import Filters
from storage.index.views.cdx import CdxQuery

PROBLEMS: Mapping[int, str] = {
    400: "The request makes no sense: a parameter of the wrong form, a cursor of another list",
    401: "The archive asks for a name and password or a token",
    404: "The archive holds no such thing, or does not show it",
    414: "The address is too long",
    429: "Too many requests; Retry-After says when to come again",
    503: "The index does not answer, or the question takes too long; Retry-After says when to ask again",
}
router = APIRouter(
    prefix="/api/v1",
    tags=["archive"],
    responses={
        status: {"model": schemas.Problem, "description": text, "content": {"application/problem+json": {}}}
        for status, text in PROBLEMS.items()
    },
)


def _utc(moment: datetime) -> datetime:
    """Without a zone it is UTC."""
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("there is no such moment in UTC") from None


def _no_nul(text: str) -> str:
    """What no text of the archive holds, and PostgreSQL refuses."""
    if "\0" in text:
        raise ValueError("a NUL character matches nothing")
    return text


Id: TypeAlias = Annotated[int, Path(ge=1, le=2**31 - 1, description="As lists and searches name it")]
Name: TypeAlias = Annotated[str | None, Query(max_length=300), AfterValidator(lambda text: text and _no_nul(text))]
Since: TypeAlias = Annotated[
    datetime | None,
    Query(description="Published then or later; first seen, where no date is known. Without a zone: UTC"),
    AfterValidator(lambda moment: moment and _utc(moment)),
]
Until: TypeAlias = Annotated[
    datetime | None, Query(description="Published before then"), AfterValidator(lambda moment: moment and _utc(moment))
]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=100, description="Of one page")]
Cursor: TypeAlias = Annotated[
    str | None,
    Query(max_length=1000, description="`next` of the page before"),
    AfterValidator(lambda text: text and _no_nul(text)),
]


def _answer(door: Door, shape: BaseModel) -> Response:
    return door.tagged(Response(shape.model_dump_json(), media_type="application/json"))


def _found(view: object | None, what: str) -> Any:
    if view is None:
        raise HTTPException(404, f"The archive holds no such {what}")
    return view


@router.get("/sites", response_model=schemas.Sites, summary="Sites")
def sites(door: AtDoor) -> Response:
    """All news sites, and how much is archived of each."""
    return _answer(door, schemas.Sites.model_validate({"sites": door.index.sites_held()}))


@router.get("/articles", response_model=schemas.Articles, summary="Articles")
def articles(  # noqa: PLR0913, PLR0917 - each is a parameter of the address
    door: AtDoor,
    site: Name = None,
    since: Since = None,
    until: Until = None,
    author: Name = None,
    section: Name = None,
    language: Name = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Articles by date, newest first."""
    filters = Filters(site=site, since=since, until=until, author=author, section=section, language=language)
    found = door.index.articles(filters, limit=limit + 1, behind=_number(cursor))
    following = str(found[limit - 1].id) if len(found) > limit else None
    return _answer(door, schemas.Articles.model_validate({"articles": found[:limit], "next": following}))


@router.get("/articles/{article_id}", response_model=schemas.Article, summary="One article")
def article(door: AtDoor, article_id: Id) -> Response:
    """An article with its current text and the list of its versions."""
    return _answer(door, schemas.Article.model_validate(_found(door.index.article(article_id), "article")))


@router.get("/articles/{article_id}/versions", response_model=schemas.Versions, summary="Versions of an article")
def versions(door: AtDoor, article_id: Id) -> Response:
    """All texts that an article has had, oldest first."""
    return _answer(door, schemas.Versions.model_validate(_found(door.index.article(article_id), "article")))


@router.get("/articles/{article_id}/links", response_model=schemas.Links, summary="Links around an article")
def links(door: AtDoor, article_id: Id) -> Response:
    """What an article points to, by the groups in which the page prints it, and what points to the article."""
    found = _found(door.index.article(article_id), "article")
    graph = {"links": found.current.link_groups, "linked_from": found.linked_from}
    return _answer(door, schemas.Links.model_validate(graph))


@router.get("/articles/{article_id}/captures", response_model=schemas.Captures, summary="Captures of an article")
def article_captures(door: AtDoor, article_id: Id) -> Response:
    """All captures of an article's addresses, oldest first."""
    found = _found(door.index.article(article_id), "article")
    return _answer(door, schemas.Captures.model_validate({"captures": found.captures, "next": None}))


@router.get("/versions/{version_id}", response_model=schemas.Version, summary="One version")
def version(door: AtDoor, version_id: Id) -> Response:
    """One text of an article, whole: paragraphs with their roles, links, where its bytes lie."""
    return _answer(door, schemas.Version.model_validate(_found(door.index.version(version_id), "version")))


@router.get("/captures", response_model=schemas.Captures, summary="Captures of a URL")
def captures(
    door: AtDoor,
    url: Annotated[str, Query(min_length=1, max_length=4000), AfterValidator(_no_nul)],
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """What the archive holds of a URL, oldest first; http, https and "www." are one. Lists of many URLs: /cdx."""
    try:
        after = read_key(cursor)
    except ValueError as problem:
        raise HTTPException(400, "The cursor is none of this list's") from problem
    address = mended(url)
    asked = CdxQuery(keys=exactly(address), url=address, since=since, until=until, after=after)
    lines = list(islice(door.index.cdx(asked), limit + 1))
    last = lines[limit - 1] if len(lines) > limit else None
    page = {
        "captures": [found for line in lines[:limit] if (found := door.index.capture(line.id))],
        "next": resume_key((last.urlkey, last.fetched_at, last.record_id)) if last else None,
    }
    return _answer(door, schemas.Captures.model_validate(page))


@router.get("/captures/{capture_id}", response_model=schemas.Capture, summary="One capture")
def capture(door: AtDoor, capture_id: Id) -> Response:
    """What the archive holds of a URL at one moment."""
    return _answer(door, schemas.Capture.model_validate(_found(door.index.capture(capture_id), "capture")))


@router.get("/search", response_model=schemas.SearchResult, summary="Search")
def search(  # noqa: PLR0913, PLR0917 - each is a parameter of the address
    door: AtDoor,
    q: Annotated[str, Query(min_length=1, max_length=500, description="Words"), AfterValidator(_no_nul)],
    site: Name = None,
    since: Since = None,
    until: Until = None,
    author: Name = None,
    section: Name = None,
    language: Name = None,
    sort: Annotated[Literal["newest", "rank"], Query(description="newest first, or best first")] = "newest",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Articles by their words, "phrases", prefix* and -not; one hit an article."""
    filters = Filters(site=site, since=since, until=until, author=author, section=section, language=language)
    offset = _number(cursor) or 0
    page = door.index.search(q, filters, limit=limit, offset=offset, order=sort)
    following = str(offset + limit) if page.total > offset + limit and page.hits else None
    return _answer(door, schemas.SearchResult.of(page, following))


@router.get("/crawls", response_model=schemas.Crawls, summary="Crawls")
def crawls(door: AtDoor, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Runs of the crawler, newest first."""
    offset = _number(cursor) or 0
    found = door.index.crawls(limit=limit + 1, offset=offset)
    following = str(offset + limit) if len(found) > limit else None
    return _answer(door, schemas.Crawls.model_validate({"crawls": found[:limit], "next": following}))


@router.get("/sources", response_model=schemas.Sources, summary="Feeds, sitemaps and listings")
def sources(door: AtDoor, site: Name = None) -> Response:
    """Where addresses of articles come from, and how those sources fare."""
    return _answer(door, schemas.Sources.model_validate({"sources": door.index.sources(site)}))


def _number(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        raise HTTPException(400, "The cursor is none of this list's")
    return int(cursor)
