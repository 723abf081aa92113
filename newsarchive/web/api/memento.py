"""Memento (RFC 7089).

/timegate/https://news.example/a         redirects to the capture nearest to Accept-Datetime
/timemap/link/https://news.example/a     all captures of a URL, in pages
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Literal, NamedTuple

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from newsarchive.config.units import iso_time, pluralize
from newsarchive.urls.wb_url import archived_url, format_timestamp, parse_http_date, quote_url
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.memento import memento_uri, nearest_capture, timegate_links
from newsarchive.web.responses.conditional import format_http_date
from storage.index.queries.cdx import count_cdx_pages, iter_cdx_lines, match_exact
from storage.index.views.cdx import CdxLine, CdxQuery

router = APIRouter()

VARY = "accept-datetime"


@router.get("/timegate/{url:path}")
def timegate(request: Request, context: Context) -> Response:
    """Redirect to the capture nearest to a time; by default to the newest (RFC 7089 4.5.3)."""
    url = archived_url(request.scope, "/timegate/")
    accepted = request.headers.get("accept-datetime")
    time = context.now if accepted is None else parse_http_date(accepted)
    if time is None:  # 4.5.2
        example = "Sun, 01 Mar 2026 06:00:00 GMT"
        raise HTTPException(400, f"Accept-Datetime must be a date such as {example}", headers={"vary": VARY})
    line = nearest_capture(context.index, url, time)
    links = timegate_links(context, line.url if line else url, line.fetched_at if line else None)
    if line is None:
        raise HTTPException(404, f"The archive has no capture of {url}", headers={"vary": VARY, "link": links})
    location = memento_uri(context, line.url, line.fetched_at)
    return Response(status_code=302, headers={"location": location, "vary": VARY, "link": links})


PAGE_SIZE = 1000
"""Captures per page of a TimeMap."""


class TimeMapPage(NamedTuple):
    """One page of a TimeMap, by its number from 1."""

    url: str
    number: int
    pages: int
    lines: Sequence[CdxLine]


@router.get("/timemap/{form}/{url:path}")
@router.get("/timemap/{number:int}/{form}/{url:path}")  # registered, and so matched, before the one above
def timemap(request: Request, context: Context, form: Literal["link", "json"]) -> Response:
    """Return a page of a TimeMap; the first without a number."""
    number = request.path_params.get("number")
    prefix = f"/timemap/{form}/" if number is None else f"/timemap/{number}/{form}/"
    url, number = archived_url(request.scope, prefix), 1 if number is None else number
    query = CdxQuery(keys=match_exact(url), url=url, page=number - 1, page_size=PAGE_SIZE)
    pages = context.index.ask(count_cdx_pages, query)
    if not 1 <= number <= max(pages, 1):
        raise HTTPException(404, f"The TimeMap of {url} has {pluralize(pages, 'page')}")
    if not (lines := list(islice(context.index.stream(iter_cdx_lines, query), PAGE_SIZE))):
        raise HTTPException(404, f"The archive has no capture of {url}")
    page = TimeMapPage(url=url, number=number, pages=pages, lines=lines)
    if form == "json":
        return _json_response(context, page)
    # Without parameters: clients compare the media type literally.
    return Response(",\n".join(_link_lines(context, page)) + "\n", headers={"content-type": "application/link-format"})


def _timemap_url(context: RequestContext, page: TimeMapPage, format: str, number: int) -> str:
    where = f"timemap/{format}" if number == 1 else f"timemap/{number}/{format}"
    return f"{context.public_url}/{where}/{quote_url(page.url)}"


def _link_lines(context: RequestContext, page: TimeMapPage) -> Iterator[str]:
    first, last = page.lines[0].fetched_at, page.lines[-1].fetched_at
    kind = 'type="application/link-format"'
    yield f'<{quote_url(page.url)}>; rel="original"'
    yield f'<{context.public_url}/timegate/{quote_url(page.url)}>; rel="timegate"'
    span = f'from="{format_http_date(first)}"; until="{format_http_date(last)}"'
    yield f'<{_timemap_url(context, page, "link", page.number)}>; rel="self"; {kind}; {span}'
    for role, number in _neighbour_pages(page):
        yield f'<{_timemap_url(context, page, "link", number)}>; rel="{role}"; {kind}'
    for line in page.lines:
        # Only "memento": clients look for exactly that and ignore rel="first memento".
        address = memento_uri(context, line.url, line.fetched_at)
        yield f'<{address}>; rel="memento"; datetime="{format_http_date(line.fetched_at)}"'


def _neighbour_pages(page: TimeMapPage) -> Iterator[tuple[str, int]]:
    """Yield relation and number of the previous and next page (RFC 7089 5.2)."""
    if page.number > 1:
        yield "prev timemap", page.number - 1
    if page.number < page.pages:
        yield "next timemap", page.number + 1


def _json_response(context: RequestContext, page: TimeMapPage) -> Response:
    """Return a page in the JSON format of the Memento aggregator."""

    def entry(line: CdxLine) -> dict[str, Any]:
        return {"datetime": iso_time(line.fetched_at), "uri": memento_uri(context, line.url, line.fetched_at)}

    url = partial(_timemap_url, context, page)
    mementos = [
        {**entry(line), "timestamp": format_timestamp(line.fetched_at), "status": line.status} for line in page.lines
    ]
    return JSONResponse(
        {
            "original_uri": page.url,
            "self": url("json", page.number),
            "timegate_uri": f"{context.public_url}/timegate/{quote_url(page.url)}",
            "timemap_uri": {"link_format": url("link", page.number), "json_format": url("json", page.number)},
            "mementos": {"first": entry(page.lines[0]), "last": entry(page.lines[-1]), "list": mementos},
            "pages": [{"rel": role, "uri": url("json", number)} for role, number in _neighbour_pages(page)],
        }
    )
