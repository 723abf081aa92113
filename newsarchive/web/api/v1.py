"""/api/v1/: the archive as JSON, described by /openapi.json and at /api; openapi.ABOUT is what holds for all of it."""

from datetime import datetime
from functools import partial
from itertools import islice
from typing import Annotated, Literal, TypeAlias

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from newsarchive.config.units import parse_last_moment, parse_moment
from newsarchive.diff.articles import EditVerdict, choose_versions, compare_versions
from newsarchive.diff.edits import EditKind
from newsarchive.export.citations import BIBLIOGRAPHIES
from newsarchive.export.formats import FORMATS, Format
from newsarchive.urls.wb_url import ensure_scheme
from newsarchive.web.api import schemas
from newsarchive.web.api.cdx import format_resume_key, parse_resume_key
from newsarchive.web.context import ROWS, Context, RequestContext, refuse_unknown
from newsarchive.web.middleware.problem_details import DESCRIPTIONS
from storage.index.queries.aggregates import list_site_counts
from storage.index.queries.articles import get_article, get_capture, get_version, list_articles, load_captures
from storage.index.queries.cdx import iter_cdx_lines, match_exact
from storage.index.queries.export import iter_found_articles
from storage.index.queries.links import list_article_placements, list_backlinks, list_listing_placements
from storage.index.queries.listings import get_listing
from storage.index.queries.observations import find_changes
from storage.index.queries.similar import find_similar_articles
from storage.index.queries.status import list_crawls, list_sources
from storage.index.search.facets import MOST_TRENDS, HistogramStep, count_trends
from storage.index.search.results import search_articles
from storage.index.views.articles import CaptureFilters, Filters, Order
from storage.index.views.cdx import CdxQuery
from storage.index.views.history import ChangeFilters
from storage.observations import ChangeEvent


def check_parameters(request: Request) -> None:
    """Refuse a parameter that a request does not take."""
    known = {each.alias for each in get_flat_params(request.scope["route"].dependant)} - {*request.path_params}
    refuse_unknown(request.query_params, known, "parameter")


router = APIRouter(
    prefix="/api/v1",
    tags=["archive"],
    dependencies=[Depends(check_parameters)],
    responses={status: {"model": schemas.ProblemDetails, "description": text} for status, text in DESCRIPTIONS.items()},
)


def _reject_nul(text: str) -> str:
    """Reject NUL, which no archived text contains and PostgreSQL refuses."""
    if "\0" in text:
        raise ValueError("a NUL character matches nothing")
    return text


Id: TypeAlias = Annotated[int, Path(ge=1, le=2**31 - 1, description="Id as returned by lists and searches")]
Text: TypeAlias = Annotated[str, AfterValidator(_reject_nul)]
Name: TypeAlias = Annotated[Text | None, Query(max_length=300)]
Bound: TypeAlias = datetime | Annotated[str, Field(pattern="^[0-9]{4}(-[0-9]{2}){0,2}$", examples=["2026-05"])] | None
Since: TypeAlias = Annotated[
    datetime | None,
    BeforeValidator(parse_moment, json_schema_input_type=Bound),
    Query(description="At this time or later, or from this day (YYYY-MM-DD), month or year on. Without a zone: UTC"),
]
Until: TypeAlias = Annotated[
    datetime | None,
    BeforeValidator(partial(parse_moment, is_end=True), json_schema_input_type=Bound),
    Query(description="Before this time, or until this day, month or year, which is included"),
]
At: TypeAlias = Annotated[
    datetime | None,
    BeforeValidator(parse_last_moment, json_schema_input_type=Bound),
    Query(description="At this time, or at the end of this day, month or year; by default now. Without a zone: UTC"),
]
VersionNumber: TypeAlias = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Number of a version")]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=100, description="Number of items per page")]
Cursor: TypeAlias = Annotated[Text | None, Query(max_length=1000, description="`next` of the previous page")]


def parse_offset(cursor: Cursor = None) -> int:
    """Return the number of items on the pages before that of a cursor (FastAPI dependency)."""
    if cursor is not None and not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        raise HTTPException(400, "The cursor is not valid for this list")
    return int(cursor or 0)


Offset: TypeAlias = Annotated[int, Depends(parse_offset)]


def read_filters(  # noqa: PLR0913 - every parameter of the query is one
    *, site: Name = None, since: Since = None, until: Until = None, author: Name = None, section: Name = None,
    language: Name = None, agency: Name = None,
) -> Filters:  # fmt: skip
    """Return the filters of a request (FastAPI dependency)."""
    return Filters(
        site=site, since=since, until=until, author=author, section=section, language=language, agency=agency
    )


ArticleFilters: TypeAlias = Annotated[Filters, Depends(read_filters)]


def _respond(context: RequestContext, model: type[BaseModel], view: object) -> Response:
    return context.add_etag(Response(model.model_validate(view).model_dump_json(), media_type="application/json"))


@router.get("/sites", response_model=schemas.SiteList, summary="Sites")
def sites(context: Context) -> Response:
    """All news sites, with the number of archived articles and captures."""
    return _respond(context, schemas.SiteList, {"sites": context.index.ask(list_site_counts)})


@router.get("/articles", response_model=schemas.ArticlePage, summary="Articles")
def articles(context: Context, filters: ArticleFilters, last_id: Offset, limit: Limit = 50) -> Response:
    """Articles by date, newest first."""
    found = context.index.ask(list_articles, filters, limit=limit + 1, after_id=last_id or None)
    next_cursor = str(found[limit - 1].id) if len(found) > limit else None
    return _respond(context, schemas.ArticlePage, {"articles": found[:limit], "next": next_cursor})


@router.get("/articles/{article_id}", response_model=schemas.ArticleDetail, summary="One article")
def article(context: Context, article_id: Id) -> Response:
    """Return an article with its current text and the list of its versions."""
    return _respond(context, schemas.ArticleDetail, context.find(get_article, article_id, what="such article"))


@router.get("/articles/{article_id}/compare", response_model=schemas.VersionComparison, summary="Two versions")
def compare(context: Context, article_id: Id, a: VersionNumber = None, b: VersionNumber = None) -> Response:
    """Compare two versions of an article by paragraph and word.

    By default the newest two; with `b` alone the one before it with it, with `a` alone that one with the newest.
    """
    article = context.find(get_article, article_id, what="such article")
    numbers = choose_versions([line.number for line in article.versions], a, b)
    older, newer = (context.find_version(article, number) for number in numbers)
    shown = {"older": older, "newer": newer, "differences": compare_versions(older, newer)}
    return _respond(context, schemas.VersionComparison, shown)


@router.get("/articles/{article_id}/links", response_model=schemas.ArticleLinks, summary="Links around an article")
def links(context: Context, article_id: Id) -> Response:
    """Links from an article, by group on the page, and articles that link to it."""
    found = context.find(get_article, article_id, what="such article")
    linking = [each.article for each in context.index.ask(list_backlinks, article_id)]
    return _respond(context, schemas.ArticleLinks, {"links": found.current.links, "linked_from": linking})


@router.get("/articles/{article_id}/similar", response_model=schemas.SimilarList, summary="Articles like one")
def similar(context: Context, article_id: Id) -> Response:
    """Articles with the same text, edited or not, and the share of it; then a few about the same subject."""
    found = context.find(get_article, article_id, what="such article")
    alike = context.index.ask(find_similar_articles, found.current.id)
    return _respond(context, schemas.SimilarList, {"similar": alike})


@router.get("/articles/{article_id}/captures", response_model=schemas.CapturePage, summary="Captures of an article")
def article_captures(context: Context, article_id: Id) -> Response:
    """All captures of an article's URLs, oldest first."""
    found = context.find(get_article, article_id, what="such article")
    return _respond(context, schemas.CapturePage, {"captures": found.captures, "next": None})


@router.get("/versions/{version_id}", response_model=schemas.VersionDetail, summary="One version")
def version(context: Context, version_id: Id) -> Response:
    """One version of an article: paragraphs with their roles, links, and its WARC record."""
    return _respond(context, schemas.VersionDetail, context.find(get_version, version_id, what="such version"))


@router.get("/captures", response_model=schemas.CapturePage, summary="Captures of a URL")
def captures(
    context: Context, url: Annotated[Text, Query(min_length=1, max_length=4000)], since: Since = None,
    until: Until = None, limit: Limit = 50, cursor: Cursor = None,
) -> Response:  # fmt: skip
    """List captures of a URL, oldest first; http, https and "www." are the same URL. For many URLs use /cdx."""
    try:
        after = parse_resume_key(cursor)
    except ValueError as problem:
        raise HTTPException(400, "The cursor is not valid for this list") from problem
    absolute_url = ensure_scheme(url)
    query = CdxQuery(keys=match_exact(absolute_url), url=absolute_url, since=since, until=until, after=after)
    lines = list(islice(context.index.stream(iter_cdx_lines, query), limit + 1))
    last = lines[limit - 1] if len(lines) > limit else None
    page = {
        "captures": context.index.ask(load_captures, [line.id for line in lines[:limit]]),
        "next": format_resume_key((last.urlkey, last.fetched_at, last.record_id)) if last else None,
    }
    return _respond(context, schemas.CapturePage, page)


@router.get("/captures/{capture_id}", response_model=schemas.CaptureDetail, summary="One capture")
def capture(context: Context, capture_id: Id) -> Response:
    """One capture of a URL."""
    return _respond(context, schemas.CaptureDetail, context.find(get_capture, capture_id, what="such capture"))


@router.get("/search", response_model=schemas.SearchResults, summary="Search")
def search(  # noqa: PLR0913 - every parameter of the query is one
    context: Context,
    *,
    q: Annotated[Text, Query(min_length=1, max_length=500, description="Search query")],
    filters: ArticleFilters,
    sort: Annotated[
        Order, Query(description="newest first, best match first, longest first, or those with most edits first")
    ] = "newest",
    stories: Annotated[
        bool, Query(description="Fold copies of one text on other sites under the oldest, in hits and `total`")
    ] = False,
    limit: Limit = 20,
    offset: Offset,
) -> Response:
    """Full-text search: words, "phrases", prefix* and -not; one hit per article."""
    page = context.index.ask(search_articles, q, filters, limit=limit, offset=offset, order=sort, fold=stories)
    next_cursor = str(offset + limit) if page.total > offset + limit and page.hits else None
    found = {name: getattr(page, name) for name in ("total", "articles", "suggestion", "hits", "problems")}
    return _respond(context, schemas.SearchResults, found | {"next": next_cursor})


@router.get(
    "/bibliography",
    response_class=Response,
    summary="Citations of a search's results",
    responses={200: {"content": {ROWS[suffix]: {} for suffix in BIBLIOGRAPHIES}}},
)
def bibliography(
    context: Context,
    *,
    q: Annotated[
        Text, Query(max_length=500, description="Search query; without one, all articles of the filters")
    ] = "",
    filters: ArticleFilters,
    format_: Annotated[Literal["bibtex", "csl", "ris"], Query(alias="format")] = "csl",
) -> Response:
    """Return the newest articles that a search finds as a bibliography: BibTeX, CSL-JSON or RIS."""
    limit, suffix = context.options.limits.max_rows, FORMATS[Format(format_)].suffix[1:]
    found = iter_found_articles(context.index, q, filters, limit=limit, with_text=False)
    return context.stream_lines(f"bibliography.{suffix}", BIBLIOGRAPHIES[suffix](context.cite(found)))


@router.get("/trends", response_model=schemas.Trends, summary="Searches over time")
def trends(
    context: Context,
    q: Annotated[
        list[Annotated[Text, Field(max_length=500)]],
        Query(min_length=1, max_length=MOST_TRENDS, description="Search query; repeat it for several trends"),
    ],
    filters: ArticleFilters,
    step: Annotated[
        HistogramStep | None, Query(description="Length of a period; by default, and if it makes too many, what fits")
    ] = None,
) -> Response:
    """Count articles by period for up to eight searches, and all articles of the searched sites beside them."""
    counted, found = context.index.ask(count_trends, [(text, filters) for text in q], step)
    return _respond(context, schemas.Trends, {"step": counted, "trends": found})


@router.get("/changes", response_model=schemas.ChangePage, summary="Changes of articles")
def changes(  # noqa: PLR0913 - every parameter of the query is one
    context: Context,
    *,
    site: Name = None,
    section: Name = None,
    author: Name = None,
    event: Annotated[list[ChangeEvent] | None, Query()] = None,
    kind: Annotated[list[EditKind] | None, Query()] = None,
    notice: Annotated[list[EditVerdict] | None, Query()] = None,
    size: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="Minimum number of characters added and removed")
    ] = None,
    article: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Id of an article")] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    offset: Offset,
) -> Response:
    """Edits of articles, and articles that were gone, moved or back; those seen last first.

    Of more than can be counted, those of the last days, from `since` on: `until` the day before has those before.
    """
    filters = ChangeFilters(
        site=site, section=section, author=author, event=tuple(event or ()) or None, kind=tuple(kind or ()) or None,
        notice=tuple(notice or ()) or None, size=size, article_id=article, since=since, until=until,
    )  # fmt: skip
    found = context.index.ask(find_changes, filters, limit=limit, offset=offset)
    following = str(offset + limit) if found.total > offset + limit and found.changes else None
    shown = {"total": found.total, "since": found.since, "changes": found.changes, "next": following}
    return _respond(context, schemas.ChangePage, shown)


@router.get("/placements", response_model=schemas.Placements, summary="Placements on front pages and sections")
def placements(
    context: Context,
    article: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Id of an article")] = None,
    url: Annotated[Text | None, Query(max_length=4000, description="URL of a listing")] = None,
    since: Since = None,
    until: Until = None,
) -> Response:
    """Return where an article stood on all listings, or what stood on one, in a period of at most 500 captures."""
    if (article is None) is (url is None):
        raise HTTPException(400, "Name either an article or the URL of a listing")
    period = CaptureFilters(since=since, until=until)
    if article is not None:
        context.find(get_article, article, what="such article")
        found = context.index.ask(list_article_placements, article, period)
    else:
        try:
            found = context.index.ask(list_listing_placements, ensure_scheme(url or ""), period)
        except ValueError as problem:
            raise HTTPException(400, str(problem)) from problem
    return _respond(context, schemas.Placements, {"placements": found})


@router.get("/listings", response_model=schemas.ListingDetail, summary="A front page or section at a time")
def listing(context: Context, url: Annotated[Text, Query(min_length=1, max_length=4000)], at: At = None) -> Response:
    """Return the newest capture of a listing at a time, or its first one, with its blocks of links."""
    found = context.find(get_listing, ensure_scheme(url), at, what="capture of this URL that is a listing")
    return _respond(context, schemas.ListingDetail, found)


@router.get("/crawls", response_model=schemas.CrawlPage, summary="Crawls")
def crawls(context: Context, offset: Offset, limit: Limit = 50) -> Response:
    """List runs of the crawler, newest first."""
    found = context.index.ask(list_crawls, limit=limit + 1, offset=offset)
    next_cursor = str(offset + limit) if len(found) > limit else None
    return _respond(context, schemas.CrawlPage, {"crawls": found[:limit], "next": next_cursor})


@router.get("/sources", response_model=schemas.SourceList, summary="Feeds, sitemaps and listings")
def sources(context: Context, site: Name = None) -> Response:
    """List feeds, sitemaps and listings in which article URLs are discovered."""
    return _respond(context, schemas.SourceList, {"sources": context.index.ask(list_sources, site)})
