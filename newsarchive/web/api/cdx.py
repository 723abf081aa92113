"""/cdx and /cdx/search/cdx: the CDX APIs of pywb and of the Wayback Machine.

    /cdx                  urlkey timestamp {"url": ..., "mime": ..., ...}      output=json: one object per line
    /cdx/search/cdx       urlkey timestamp original mimetype ...               output=json: list of lists, names first

The number of lines of a response is limited: clients get more by page, or with the resume key. A page is complete or
refused; a response that is not complete has a Link header with rel="next".

With sort=closest, which a replay uses, a 304 is returned with the place, status and type of the response that it
confirms: pywb would show the empty 304.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from newsarchive.export.cdxj import cdx_fields
from newsarchive.web.api.cdx_query import (
    BLOCK_SIZE,
    FIELD_ALIASES,
    FIELDS,
    CdxRequest,
    Dialect,
    Row,
    format_resume_key,
    parse_query,
)
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.responses.streaming import ClosingStreamingResponse, read_chunks
from newsarchive.web.timestamps import format_timestamp
from storage.index.queries.cdx import count_cdx_pages, get_cdx_line, iter_cdx_lines
from storage.index.views.cdx import CdxLine

router = APIRouter(tags=["captures"])

MAX_SCANNED = 100_000
"""Captures that are scanned for one response; filters may reject any of them."""
MAX_PAGE_CAPTURES = 1_000_000
NARROW_HINT = "Narrow it with from and to or a longer url, or use showResumeKey instead of pages"
_LIGHT_LIMIT = 1000
_LINES_PER_WRITE = 500
"""Lines per write."""
_MAX_IN_MEMORY = 1 << 18
"""Bytes of a page that are kept in memory before a temporary file is used."""
_TEXT, _NDJSON, _CDXJ = "text/plain; charset=utf-8", "application/x-ndjson", "text/x-cdxj; charset=utf-8"


@router.get("/cdx", include_in_schema=False)
def pywb_cdx(request: Request, context: Context) -> Response:
    """Return captures in the format of pywb."""
    return _respond(request, context, "pywb")


@router.get("/cdx/search/cdx", include_in_schema=False)
def wayback_cdx(request: Request, context: Context) -> Response:
    """Return captures in the format of the Wayback Machine."""
    return _respond(request, context, "wayback")


def _respond(request: Request, context: RequestContext, dialect: Dialect) -> Response:
    try:
        cdx_request = parse_query(request.query_params.multi_items(), dialect, context.options.limits.max_rows)
    except ValueError as problem:
        return _message(400, f"{problem}.")
    if cdx_request.query.page is not None:
        pages = context.index.ask(count_cdx_pages, cdx_request.query)
        if cdx_request.count_pages:
            return _page_count(pages, cdx_request, dialect)
        # Clients request further pages until there is an error: an empty page would keep them going for ever.
        if cdx_request.query.page >= max(pages, 1):
            return _message(400, f"Page {cdx_request.query.page} invalid: there are {pages}")
        return _render_page(context, cdx_request, dialect)
    with context.heavy_requests.slot(context.work) if _is_heavy(cdx_request) else context.work.measure():
        lines, key = _select_lines(context, cdx_request, dialect)
    # With a resume key there may be matches beyond the captures that were scanned.
    if not lines and not key and dialect == "pywb":
        return _message(404, f"No Captures found for: {cdx_request.url}")
    text = "".join(_output_pieces(iter(lines), cdx_request, dialect, key if cdx_request.resume_key else None))
    headers = {"link": f'<{_next_url(request, context, key)}>; rel="next"'} if key else {}
    return Response(text, media_type=_media_type(cdx_request, dialect), headers=headers)


def _message(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status_code=status)


def _is_heavy(cdx_request: CdxRequest) -> bool:
    """Return True for a request that may scan many captures. The requests of a replay are never heavy."""
    if cdx_request.query.page is not None:
        return cdx_request.query.keys[0].end is not None or cdx_request.query.page_size > BLOCK_SIZE
    return cdx_request.query.keys[0].end is not None and (cdx_request.limit > _LIGHT_LIMIT or bool(cdx_request.tests))


def _page_count(pages: int, cdx_request: CdxRequest, dialect: Dialect) -> Response:
    if dialect == "wayback":
        return Response(f"{pages}\n", media_type=_TEXT)
    size = cdx_request.query.page_size
    return JSONResponse({"pages": pages, "pageSize": size, "blocks": pages})


def _render_page(context: RequestContext, cdx_request: CdxRequest, dialect: Dialect) -> Response:
    """Return a complete page or an error. It is selected to a file first: it may be long, and the client slow."""
    write = _line_writer(cdx_request, dialect)
    file = tempfile.SpooledTemporaryFile(_MAX_IN_MEMORY)  # noqa: SIM115 - closed after sending
    scanned = 0

    def lines() -> Iterator[str]:
        nonlocal scanned
        for _, row in _filter_lines(
            islice(context.index_without_timeout.stream(iter_cdx_lines, cdx_request.query), MAX_PAGE_CAPTURES + 1),
            cdx_request,
        ):
            scanned += 1
            if row is not None:
                yield write(row)

    with context.heavy_requests.slot(context.work) if _is_heavy(cdx_request) else context.work.measure():
        pieces = _output_pieces(lines(), cdx_request, dialect, None)
        while some := "".join(islice(pieces, _LINES_PER_WRITE)):
            file.write(some.encode())
    if scanned > MAX_PAGE_CAPTURES or (not file.tell() and dialect == "pywb"):
        file.close()
        if scanned > MAX_PAGE_CAPTURES:
            return _message(413, f"This page has more than {MAX_PAGE_CAPTURES:,} captures. {NARROW_HINT}")
        return _message(404, f"No Captures found for: {cdx_request.url}")
    headers = {"content-length": str(file.tell())}
    return ClosingStreamingResponse(read_chunks(file), media_type=_media_type(cdx_request, dialect), headers=headers)


def _select_lines(context: RequestContext, cdx_request: CdxRequest, dialect: Dialect) -> tuple[list[str], str | None]:
    """Return the lines of a response, and the resume key if there may be more."""
    write = _line_writer(cdx_request, dialect)
    selected: list[str] = []
    last: CdxLine | None = None
    found = islice(context.index.stream(iter_cdx_lines, cdx_request.query), MAX_SCANNED + 1)
    lines = (
        (_resolve_not_modified(context, line) for line in found)
        if cdx_request.query.closest and dialect == "pywb"
        else found
    )
    for number, (line, row) in enumerate(_filter_lines(lines, cdx_request)):
        if len(selected) >= cdx_request.limit or number >= MAX_SCANNED:
            return _restore_order(
                selected, cdx_request
            ), None if cdx_request.last or cdx_request.query.closest else _resume_key(last)
        last = line
        if row is not None:
            selected.append(write(row))
    return _restore_order(selected, cdx_request), None


def _next_url(request: Request, context: RequestContext, key: str) -> str:
    """Return the URL of the next part of a response."""
    parameters = [(name, value) for name, value in request.query_params.multi_items() if name != "resumeKey"]
    return f"{context.public_url}{request.url.path}?{urlencode([*parameters, ('resumeKey', key)])}"


def _resolve_not_modified(context: RequestContext, line: CdxLine) -> CdxLine:
    """Return a 304 as the response that it confirms, if that is archived and may be shown."""
    if line.profile != "server-not-modified" or line.refers_to_id is None:
        return line
    original = context.index.ask(get_cdx_line, line.refers_to_id)
    if original is None or original.kind == "revisit":
        return line
    return original._replace(url=line.url, urlkey=line.urlkey, fetched_at=line.fetched_at)


def _filter_lines(lines: Iterable[CdxLine], cdx_request: CdxRequest) -> Iterator[tuple[CdxLine, Row | None]]:
    """Yield each scanned capture with its fields if it matches, else with None."""
    group, skipped = None, 0
    for line in lines:
        row = cdx_row(line)
        passes = all(test(row) for test in cdx_request.tests)
        if passes and cdx_request.collapse is not None:
            before, group = group, row[cdx_request.collapse[0]][: cdx_request.collapse[1]]
            passes = group != before
        if passes and skipped < cdx_request.offset:
            skipped, passes = skipped + 1, False
        yield line, row if passes else None


def _restore_order(lines: list[str], cdx_request: CdxRequest) -> list[str]:
    return lines[::-1] if cdx_request.last else lines


def _resume_key(line: CdxLine | None) -> str | None:
    return format_resume_key((line.urlkey, line.fetched_at, line.record_id)) if line else None


def cdx_row(line: CdxLine) -> Row:
    """Return a capture in the fields of pywb; a missing value is "-"."""
    return {
        "urlkey": line.urlkey.replace(" ", "%20"),
        "timestamp": format_timestamp(line.fetched_at),
        **cdx_fields(line),
        "redirect": line.redirect_url or "-",
    }


def _line_writer(cdx_request: CdxRequest, dialect: Dialect) -> Callable[[Row], str]:
    """Return the function that writes a line in the requested output format."""
    fields = cdx_request.fields
    if cdx_request.output == "json" and dialect == "wayback":
        return lambda row: _json([row[FIELD_ALIASES.get(name, name)] for name in fields])
    if cdx_request.output == "json":
        return lambda row: _json({name: row[FIELD_ALIASES.get(name, name)] for name in fields})
    if cdx_request.output == "cdxj":
        return lambda row: format_cdxj(row, fields)
    return lambda row: " ".join(row[FIELD_ALIASES.get(name, name)].replace(" ", "%20") or "-" for name in fields)


def format_cdxj(row: Row, fields: Iterable[str] = FIELDS["pywb"]) -> str:
    """Return a line of a CDXJ file: sort key and timestamp, then the other fields as JSON."""
    rest = {name: row[FIELD_ALIASES.get(name, name)] for name in fields if name not in {"urlkey", "timestamp"}}
    return f"{row['urlkey']} {row['timestamp']} {_json(rest)}"


_json = json.JSONEncoder(ensure_ascii=False).encode


def _media_type(cdx_request: CdxRequest, dialect: Dialect) -> str:
    if cdx_request.output == "json" and dialect == "wayback":
        return "application/json"
    return {"json": _NDJSON, "cdxj": _CDXJ, "text": _TEXT}[cdx_request.output]


def _output_pieces(lines: Iterator[str], cdx_request: CdxRequest, dialect: Dialect, key: str | None) -> Iterator[str]:
    """Yield a response in pieces; the resume key follows after a blank line."""
    if cdx_request.output == "json" and dialect == "wayback":
        yield from _json_lists(lines, cdx_request, key)
        return
    for line in lines:
        yield f"{line}\n"
    if key:
        yield f"\n{key}\n"


def _json_lists(lines: Iterator[str], cdx_request: CdxRequest, key: str | None) -> Iterator[str]:
    """Yield the JSON of the Wayback Machine: an empty list without results, else the field names first."""
    first = next(lines, None)
    if first is None and key is None:
        yield "[]\n"
        return
    yield f"[{_json(list(cdx_request.fields))}"
    for line in chain([first] if first else [], lines):
        yield f",\n{line}"
    if key:
        yield f",\n[],\n{_json([key])}"
    yield "]\n"
