"""/search: results, facets and histogram, and the same results as feeds, CSV and JSON Lines."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from newsarchive.web.context import Context, RequestContext
from newsarchive.web.feeds import SearchFeed, render_atom, render_json_feed
from newsarchive.web.pages.histogram import MIN_ARCHIVED, draw_histogram, round_estimate
from newsarchive.web.responses.streaming import ClosingStreamingResponse, csv_rows, jsonl_rows
from newsarchive.web.search_params import MAX_PAGES, PAGE_SIZE, SearchParams
from storage.index.queries.export import iter_search_lines
from storage.index.search.facets import HistogramBar, search_with_facets
from storage.index.search.results import search_articles

router = APIRouter()

FEED_SIZE = 50


def _parse_params(context: RequestContext) -> SearchParams:
    return SearchParams.from_query(context.request.query_params, context.options.limits.max_query_length)


@router.get("/search", include_in_schema=False)
def search(context: Context) -> Response:
    """Return a page of results."""
    params = _parse_params(context)
    found = context.index.ask(
        search_with_facets, params.q, params.filters, limit=PAGE_SIZE, offset=params.offset, order=params.sort
    )
    active = {chip.label.partition(":")[0] for chip in params.chips}
    return context.render(
        "search.html",
        params=params,
        found=found,
        facets=[
            facet
            for facet in found.facets
            if facet.name not in active and _is_useful_facet(facet.name, active, len(facet.values))
        ],
        histogram=draw_histogram(found.histogram, params.url_between, params.chart),
        min_archived=MIN_ARCHIVED,
        size=PAGE_SIZE,
        shown_of=min(found.page.total, PAGE_SIZE * MAX_PAGES),
        total_about=_estimate_total(found.histogram.bars) if not found.page.exact else None,
    )


def _is_useful_facet(name: str, active: Iterable[str], values: int) -> bool:
    """Return False for a facet that would not narrow the search."""
    return values > 1 and not (name == "year" and "date" in active)


def _estimate_total(bars: Sequence[HistogramBar]) -> int | None:
    """Return the estimated number of articles if the histogram is estimated, else None."""
    return round_estimate(sum(bar.articles for bar in bars)) if any(bar.is_estimate for bar in bars) else None


def _build_feed(context: RequestContext, path: str) -> SearchFeed:
    params = _parse_params(context)
    found = context.index.ask(search_articles, params.q, params.filters, limit=FEED_SIZE)
    query = urlencode([(name, value) for name, value in params.query.items() if name not in {"sort", "chart"}])
    label = ", ".join([*([f"“{params.q}”"] if params.q else []), *(chip.label for chip in params.chips)])
    return SearchFeed(
        title=f"{label or 'All articles'} – {context.name}",
        public_url=context.public_url,
        search_path=f"/search?{query}" if query else "/search",
        feed_path=f"{path}?{query}" if query else path,
        hits=found.hits,
    )


@router.get("/search.atom", include_in_schema=False)
def search_atom(context: Context) -> Response:
    """Return the newest results as an Atom feed."""
    return context.add_etag(
        Response(render_atom(_build_feed(context, "/search.atom")), media_type="application/atom+xml; charset=utf-8")
    )


@router.get("/search.json", include_in_schema=False)
def search_json(context: Context) -> Response:
    """Return the newest results as a JSON Feed."""
    return context.add_etag(
        Response(render_json_feed(_build_feed(context, "/search.json")), media_type="application/feed+json")
    )


@router.get("/search.csv", include_in_schema=False)
def search_csv(context: Context) -> Response:
    """Return all results, up to a limit, as CSV."""
    return _stream_results(context, csv_rows, "text/csv; charset=utf-8", "csv")


@router.get("/search.jsonl", include_in_schema=False)
def search_jsonl(context: Context) -> Response:
    """Return all results with full text, up to a limit, in the format of `newsarchive export`."""
    return _stream_results(context, jsonl_rows, "application/jsonl; charset=utf-8", "jsonl")


def _stream_results(
    context: RequestContext,
    write: Callable[[Iterable[Mapping[str, Any]]], Iterator[str]],
    media_type: str,
    suffix: str,
) -> Response:
    params = _parse_params(context)
    lines = iter_search_lines(
        context.index, params.q, params.filters, limit=context.options.limits.max_rows, order=params.sort
    )
    digest = hashlib.sha256(repr(params.query).encode("utf-8", "replace")).hexdigest()[:8]
    headers = {"content-disposition": f'attachment; filename="search-{digest}.{suffix}"'}
    return ClosingStreamingResponse(
        context.heavy_requests.stream(write(lines), context.work), media_type=media_type, headers=headers
    )
