"""/search: results, facets and histogram, and the same results as feeds, CSV and JSON Lines."""

import hashlib
import re
from collections.abc import Iterable, Sequence

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from newsarchive.web.context import Context, RequestContext
from newsarchive.web.feeds import Feed, FeedEntry, render_atom, render_json_feed
from newsarchive.web.jinja_env import build_url
from newsarchive.web.pages.histogram import MIN_ARCHIVED, draw_histogram
from newsarchive.web.responses.streaming import ClosingStreamingResponse, csv_rows, jsonl_rows
from newsarchive.web.search_params import MAX_PAGES, PAGE_SIZE, SearchParams
from newsarchive.web.wb_url import is_http_url
from storage.index.queries.export import iter_search_lines
from storage.index.search.facets import Facet, search_with_facets
from storage.index.search.results import search_articles
from storage.index.views.articles import SearchHit, TextSegment

router = APIRouter()

FEED_SIZE = 50
FEEDS = {
    "atom": (render_atom, "application/atom+xml; charset=utf-8"),
    "json": (render_json_feed, "application/feed+json"),
}
ROWS = {"csv": (csv_rows, "text/csv; charset=utf-8"), "jsonl": (jsonl_rows, "application/jsonl; charset=utf-8")}


def _parse_params(context: RequestContext) -> SearchParams:
    return SearchParams.from_query(context.request.query_params, context.options.limits.max_query_length)


@router.get("/search", include_in_schema=False)
def search(context: Context) -> Response:
    """Return a page of results; of a URL, redirect to its captures."""
    params = _parse_params(context)
    if is_http_url(params.q) and not re.search(r"\s", params.q):
        return RedirectResponse(build_url("/calendar", url=params.q), 302)
    found = context.index.ask(
        search_with_facets,
        params.q,
        params.filters,
        limit=PAGE_SIZE,
        offset=params.offset,
        order=params.sort,
        fold=not params.copies,
    )
    return context.render(
        "search.html",
        params=params,
        found=found,
        facets=[facet for facet in found.facets if _is_useful_facet(facet, params)],
        histogram=draw_histogram(found.histogram, params.url_between, params.chart),
        min_archived=MIN_ARCHIVED,
        size=PAGE_SIZE,
        shown_of=min(found.page.total, PAGE_SIZE * MAX_PAGES),
    )


def _is_useful_facet(facet: Facet, params: SearchParams) -> bool:
    """Return False for a facet that could not change the search."""
    if facet.name == "year" and params.since and params.since == params.until:
        return False
    return len(facet.values) > 1 or any(value.is_chosen for value in facet.values)


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


@router.get("/search.atom", include_in_schema=False)
@router.get("/search.json", include_in_schema=False)
def search_feed(context: Context) -> Response:
    """Return the newest results as an Atom feed or a JSON Feed."""
    params = _parse_params(context)
    found = context.index.ask(search_articles, params.q, params.filters, limit=FEED_SIZE)
    query = build_url("", **(params.query | {"sort": "", "chart": "", "copies": ""}))
    label = ", ".join([*([f"“{params.q}”"] if params.q else []), *(chip.label for chip in params.chips)])
    title = f"{label or 'All articles'} – {context.name}"
    return render_feed(context, title, f"/search{query}", [feed_entry(hit) for hit in found.hits], query)


def render_feed(
    context: RequestContext, title: str, page: str, entries: Sequence[FeedEntry], query: str = ""
) -> Response:
    """Return a feed of a page in the format of the URL's suffix, whose own URL has this query."""
    path, public_url = context.request.url.path, context.public_url
    render, media_type = FEEDS[path.rpartition(".")[2]]
    feed = Feed(title=title, public_url=public_url, page_path=page, feed_path=path + query, entries=entries)
    return context.add_etag(Response(render(feed), media_type=media_type))


@router.get("/search.csv", include_in_schema=False)
@router.get("/search.jsonl", include_in_schema=False)
def search_rows(context: Context) -> Response:
    """Return all results, up to a limit: as CSV, or with full text in the format of `newsarchive export`."""
    suffix = context.request.url.path.rpartition(".")[2]
    write, media_type = ROWS[suffix]
    params = _parse_params(context)
    limit, with_text = context.options.limits.max_rows, suffix != "csv"
    lines = iter_search_lines(
        context.index, params.q, params.filters, limit=limit, order=params.sort, with_text=with_text
    )
    digest = hashlib.sha256(repr(params.query).encode("utf-8", "replace")).hexdigest()[:8]
    headers = {"content-disposition": f'attachment; filename="search-{digest}.{suffix}"'}
    stream = context.heavy_requests.stream(write(lines), context.work)
    return ClosingStreamingResponse(stream, media_type=media_type, headers=headers)
