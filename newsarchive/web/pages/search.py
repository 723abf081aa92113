"""/search: results, facets and histogram, and the same results as feeds, CSV and JSON Lines."""

import hashlib
import re
from collections.abc import Iterable

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from newsarchive.export.articles import flatten_line
from newsarchive.export.citations import BIBLIOGRAPHIES
from newsarchive.extract.urls import remove_tracking
from newsarchive.urls.wb_url import ensure_scheme, is_http_url
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.feeds import FeedEntry, render_feed
from newsarchive.web.jinja_env import build_url
from newsarchive.web.pages.bar_charts import draw_bars
from newsarchive.web.search_params import MAX_PAGES, PAGE_SIZE, SearchParams
from storage.article_fields import TABLE_FIELDS
from storage.index.queries.export import iter_found_articles
from storage.index.queries.timeline import find_nearest_capture, select_archived_urls
from storage.index.search.facets import MIN_ARCHIVED, search_with_facets
from storage.index.search.results import search_articles
from storage.index.views.articles import SearchHit, TextSegment

router = APIRouter()

FEED_SIZE = 50
_URL = re.compile(r"https?://\S+|[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)
"""With or without a scheme."""
COLUMNS = tuple(field.name for field in TABLE_FIELDS if field.name not in {"body", "agencies"})
"""Of CSV: without what is read from the text, which is not loaded."""


def _parse_params(context: RequestContext) -> SearchParams:
    return SearchParams.from_query(context.request.query_params, context.options.limits.max_query_length)


def _find_url(context: RequestContext, query: str) -> str | None:
    """Return the URL that a query is, as it is archived; None for words, and for what could be some."""
    asked = query.strip().strip("<>")
    if not _URL.fullmatch(asked):
        return None
    # Without parameters of campaigns only if the archive has no such URL: some sites name their articles by "ref".
    for url in (ensure_scheme(asked), remove_tracking(ensure_scheme(asked))):
        if context.index.ask(find_nearest_capture, url, context.now) is not None:
            return url
    return asked if is_http_url(asked) else None


@router.get("/search")
def search(context: Context) -> Response:
    """Return a page of results; of a URL, redirect to its captures."""
    params = _parse_params(context)
    if url := _find_url(context, params.q):
        return RedirectResponse(build_url("/calendar", url=url), 302)
    found = context.index.ask(
        search_with_facets,
        params.q,
        params.filters,
        limit=PAGE_SIZE,
        offset=params.offset,
        order=params.sort,
        fold=not params.copies,
    )
    pictures = [hit.image for hit in found.page.hits if hit.image and is_http_url(hit.image)]
    return context.render(
        "search.html",
        pictures=context.index.ask(select_archived_urls, pictures) if pictures and context.shows_thumbnails else (),
        params=params,
        found=found,
        # A facet with one value could not change the search.
        facets=[
            facet
            for facet in found.facets
            if (facet.name != "year" or not params.since or params.since != params.until)
            and (len(facet.values) > 1 or any(value.is_chosen for value in facet.values))
        ],
        drawn=draw_bars(found.histogram, params.chart),
        min_archived=MIN_ARCHIVED,
        size=PAGE_SIZE,
        shown_of=min(found.page.total, PAGE_SIZE * MAX_PAGES),
    )


def feed_entry(hit: SearchHit) -> FeedEntry:
    """Return a hit as an entry: identified by the article's first capture, updated with the version that matches."""
    return FeedEntry(
        captured=hit.first_seen, page=f"/article/{hit.article_id}", url=hit.url, title=plain_text(hit.headline),
        updated=hit.captured or hit.first_seen, published=hit.published, authors=hit.authors or (hit.site,),
        section=hit.section, language=hit.language, summary=hit.dek, text=plain_text(hit.snippet),
    )  # fmt: skip


def plain_text(segments: Iterable[TextSegment]) -> str:
    """Return a text without its match markup."""
    return "".join(segment.text for segment in segments)


@router.get("/search.atom")
@router.get("/search.json")
def search_feed(context: Context) -> Response:
    """Return the newest results as an Atom feed or a JSON Feed."""
    params = _parse_params(context)
    found = context.index.ask(search_articles, params.q, params.filters, limit=FEED_SIZE)
    query = build_url("", **(params.query | {"sort": "", "chart": "", "copies": ""}))
    label = ", ".join([*([f"“{params.q}”"] if params.q else []), *(chip.label for chip in params.chips)])
    return render_feed(context, label or "All articles", "/search", [*map(feed_entry, found.hits)], query)


@router.get("/search.csv")
@router.get("/search.jsonl")
@router.get("/search.bib")
@router.get("/search.ris")
@router.get("/search.csl.json")
def search_rows(context: Context) -> Response:
    """Return all results, up to a limit: as CSV, in the format of `newsarchive export`, or as a bibliography."""
    suffix, params, limit = context.request.url.path.partition(".")[2], _parse_params(context), context.options.limits
    found = iter_found_articles(
        context.index, params.q, params.filters, limit=limit.max_rows, order=params.sort, fold=not params.copies,
        with_text=suffix == "jsonl",
    )  # fmt: skip
    digest = hashlib.sha256(repr(params.query).encode("utf-8", "replace")).hexdigest()[:8]
    name = f"search-{digest}.{suffix}"
    if suffix in BIBLIOGRAPHIES:
        return context.stream_lines(name, BIBLIOGRAPHIES[suffix](context.cite(found)))
    lines = (each.to_dict() for each in found)
    return context.stream_rows(name, map(flatten_line, lines) if suffix == "csv" else lines, COLUMNS)
