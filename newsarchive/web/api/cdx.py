"""/cdx and /cdx/search/cdx: the CDX APIs of pywb and of the Wayback Machine.

    /cdx                  urlkey timestamp {"url": ..., "mime": ..., ...}      output=json: one object per line
    /cdx/search/cdx       urlkey timestamp original mimetype ...               output=json: list of lists, names first

The number of lines of a response is limited: clients get more by page, or with the resume key. A page is complete or
refused; a response that is not complete has a Link header with rel="next".

With sort=closest, which a replay uses, a 304 is returned with the place, status and type of the response that it
confirms: pywb would show the empty 304.
"""

import base64
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice
from typing import Any, Literal, TypeAlias
from urllib.parse import urlencode

import re2
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from newsarchive.export.cdxj import cdx_fields
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.responses.streaming import ClosingStreamingResponse, read_chunks
from newsarchive.web.timestamps import format_timestamp, timestamp_end, timestamp_middle, timestamp_start
from newsarchive.web.wb_url import ensure_scheme
from storage.index.queries.cdx import (
    count_cdx_pages,
    get_cdx_line,
    iter_cdx_lines,
    match_domain,
    match_exact,
    match_host,
    match_prefix,
)
from storage.index.views.cdx import CdxLine, CdxQuery, KeyRange

Dialect: TypeAlias = Literal["pywb", "wayback"]
Row: TypeAlias = dict[str, str]
RowTest: TypeAlias = Callable[[Row], bool]

FIELDS: dict[Dialect, tuple[str, ...]] = {
    "pywb": ("urlkey", "timestamp", "url", "mime", "status", "digest", "length", "offset", "filename"),
    "wayback": ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"),
}
ALL_FIELDS = (*FIELDS["pywb"], "redirect")
"""All fields under pywb's names; those that a dialect does not list are returned only if requested."""
FIELD_ALIASES = {"original": "url", "mimetype": "mime", "statuscode": "status"}
"""Names of the Wayback Machine for fields of pywb; both dialects accept both."""
BLOCK_SIZE = 3000
"""Captures of one URL, or URLs, per block; `pageSize` counts blocks."""
MAX_FILTERS = 10
MAX_PATTERN_LENGTH = 300
_RE2_OPTIONS = re2.Options()
# Per compiled pattern; re2 keeps at most 128 of them.
_RE2_OPTIONS.max_mem = 1 << 20
_RE2_OPTIONS.never_capture = True
_RE2_OPTIONS.log_errors = False
_PARSERS: dict[str, Callable[[str], tuple[KeyRange, ...]]] = {
    "exact": match_exact,
    "prefix": match_prefix,
    "host": match_host,
    "domain": match_domain,
}
_FILTER = re.compile(r"(!?)([=~]?)([a-z]+):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxRequest:
    """A parsed CDX query."""

    query: CdxQuery
    url: str
    fields: tuple[str, ...]
    tests: tuple[RowTest, ...] = ()
    limit: int
    """Maximum number of lines."""
    last: bool = False
    """The limit counts from the end: the newest lines, oldest first."""
    offset: int = 0
    collapse: tuple[str, int | None] | None = None
    """Field and number of characters: of consecutive lines with an equal prefix, the first is returned."""
    output: str
    """json, text, cdxj, or lists: the JSON of the Wayback Machine."""
    count_pages: bool = False
    resume_key: bool = False
    """The resume key follows the last line."""


def parse_query(parameters: Sequence[tuple[str, str]], dialect: Dialect, max_limit: int) -> CdxRequest:
    """Parse query parameters, of which an empty one counts as missing; ValueError, for the client, if they are invalid.

    The last value of a repeated parameter counts: pywb's remote index source sends `limit` twice. Filters are combined.
    """
    values = {name: value for name, value in parameters if value}
    url = values.get("url", "").strip()
    if not url:
        raise ValueError("The parameter url is missing")
    match, url = _parse_match_type(url, values.get("matchType"))
    keys = _PARSERS[match](url)
    limit = _parse_number(values, "limit", least=None)
    paged = "page" in values or _is_true(values, "showNumPages")
    closest = (
        _parse_time(values, "closest", timestamp_middle)
        if match == "exact" or values.get("sort") == "closest"
        else None
    )
    query = CdxQuery(
        keys=keys,
        url=url if match == "exact" else None,
        since=_parse_time(values, "from", timestamp_start),
        until=_parse_time(values, "to", timestamp_end),
        closest=closest if values.get("sort", "closest") == "closest" else None,
        reverse=values.get("sort") == "reverse",
        after=parse_resume_key(values.get("resumeKey")),
        page=(_parse_number(values, "page") or 0) if paged else None,
        page_size=max(1, min(_parse_number(values, "pageSize") or 1, 50)) * BLOCK_SIZE,
    )
    if query.after and (query.closest or (limit is not None and limit < 0)):
        raise ValueError("resumeKey cannot be combined with closest or with a negative limit")
    if limit is not None and limit < 0:
        query = replace(query, reverse=not query.reverse)
    return CdxRequest(
        query=query,
        url=url,
        fields=_parse_fields(values.get("fl") or values.get("fields"), dialect),
        tests=tuple(_parse_filters([value for name, value in parameters if name == "filter" and value], dialect)),
        limit=max_limit if limit is None else min(abs(limit), max_limit),
        last=limit is not None and limit < 0,
        offset=_parse_number(values, "offset") or 0,
        collapse=_parse_collapse(values.get("collapse")),
        output=_parse_output(values.get("output"), dialect),
        count_pages=_is_true(values, "showNumPages"),
        resume_key=_is_true(values, "showResumeKey"),
    )


def _parse_match_type(url: str, named: str | None) -> tuple[str, str]:
    """Return match type and URL: "*.news.example" is a domain, "news.example/*" a prefix."""
    if named is None and url.startswith("*."):
        named, url = "domain", url[2:]
    elif named is None and url.endswith("*"):
        named, url = "prefix", url[:-1]
    named = named or "exact"
    if named not in _PARSERS:
        raise ValueError(f"Unknown matchType {named}: use exact, prefix, host or domain")
    return named, ensure_scheme(url)


def _parse_number(values: Row, name: str, least: int | None = 0) -> int | None:
    text = values.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,9}", text) or (least is not None and int(text) < least):
        raise ValueError(f"{name} must be a number, not {text!r}")
    return int(text)


def _parse_time(values: Row, name: str, parse: Callable[[str], datetime | None]) -> datetime | None:
    text = values.get(name)
    if text is None:
        return None
    time = parse(text)
    if time is None:
        raise ValueError(f"{name} must be a timestamp of 4 to 14 digits, YYYYMMDDhhmmss, not {text!r}")
    return time


def _is_true(values: Row, name: str) -> bool:
    return values.get(name, "").lower() in {"true", "1", "yes"}


def _parse_output(named: str | None, dialect: Dialect) -> str:
    if named is None:
        return "cdxj" if dialect == "pywb" else "text"
    if named not in {"json", "text", "cdxj"}:
        raise ValueError(f"Unknown output {named}: use json, text or cdxj")
    return "lists" if named == "json" and dialect == "wayback" else named


def _parse_fields(named: str | None, dialect: Dialect) -> tuple[str, ...]:
    """Parse field names. The response uses the names that the client used."""
    if named is None:
        return FIELDS[dialect]
    chosen = tuple(name.strip() for name in named.split(",") if name.strip())
    for name in chosen:
        _canonical_field(name)
    return chosen or FIELDS[dialect]


def _canonical_field(name: str) -> str:
    field = FIELD_ALIASES.get(name, name)
    if field not in ALL_FIELDS:
        raise ValueError(f"Unknown field {name}; fields are {', '.join(ALL_FIELDS)}")
    return field


def _parse_filters(written: Iterable[str], dialect: Dialect) -> Iterable[RowTest]:
    """Parse filters.

    pywb: [!][=|~]field:text, where no operator means "contains", = "equals", ~ a pattern that matches the beginning.
    Wayback: [!]field:pattern, where the pattern matches the whole value.
    """
    for number, text in enumerate(written):
        found = _FILTER.fullmatch(text)
        if found is None or number >= MAX_FILTERS:
            raise ValueError(f"filter must be [!][=|~]field:text, at most {MAX_FILTERS} times, not {text!r}")
        negated, how, name, value = found.groups()
        field = _canonical_field(name)
        yield _build_test(field, how or ("whole" if dialect == "wayback" else "contains"), value, expected=not negated)


def _build_test(field: str, how: str, value: str, *, expected: bool) -> RowTest:
    if how == "=":
        return lambda row: (row[field] == value) is expected
    if how == "contains":
        return lambda row: (value in row[field]) is expected
    pattern = compile_pattern(value)
    match = pattern.fullmatch if how == "whole" else pattern.match
    return lambda row: (match(row[field]) is not None) is expected


def compile_pattern(text: str) -> Any:
    """Compile a client's regular expression with RE2, which matches in time linear in the text.

    Python's own engine backtracks: a filter of twenty characters could occupy a processor for ever. RE2 has neither
    back references nor look-around. Returns an object with the methods `match` and `fullmatch` of `re.Pattern`;
    ValueError if the pattern is invalid or too long.
    """
    if len(text) > MAX_PATTERN_LENGTH:
        raise ValueError(f"A pattern may have {MAX_PATTERN_LENGTH} characters, not {len(text)}")
    try:
        return re2.compile(text, _RE2_OPTIONS)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace")
        raise ValueError(f"{text!r} is not a valid regular expression (RE2 syntax): {reason}") from None


def _parse_collapse(text: str | None) -> tuple[str, int | None] | None:
    if text is None:
        return None
    name, _, digits = text.partition(":")
    if digits and not re.fullmatch(r"[0-9]{1,4}", digits):
        raise ValueError(f"collapse must be field or field:characters, not {text!r}")
    return _canonical_field(name), int(digits) if digits else None


def format_resume_key(row: tuple[str, datetime, str]) -> str:
    """Return the key that continues after a line: only letters, digits, "-" and "_", which no client quotes.

    >>> from datetime import UTC
    >>> parse_resume_key(format_resume_key(("example,news)/a b+c", datetime(2026, 3, 1, tzinfo=UTC), "urn:uuid:1")))
    ('example,news)/a b+c', datetime.datetime(2026, 3, 1, 0, 0, tzinfo=datetime.timezone.utc), 'urn:uuid:1')
    """
    key, time, record_id = row
    text_key = f"{time.isoformat()} {record_id} {key}"
    return base64.urlsafe_b64encode(text_key.encode()).decode().rstrip("=")


def parse_resume_key(text: str | None) -> tuple[str, datetime, str] | None:
    """Parse a resume key; ValueError if it is invalid."""
    if text is None:
        return None
    try:
        text_key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
        time, record_id, key = text_key.split(" ", 2)
        at = datetime.fromisoformat(time)
        if at.tzinfo is None or not 1 < at.year < 9999 or "\0" in text_key:
            raise ValueError
    except ValueError:
        raise ValueError("Invalid resumeKey: this server did not return it") from None
    return key, at, record_id


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
_MEDIA_TYPES = {
    "text": "text/plain; charset=utf-8",
    "json": "application/x-ndjson",
    "lists": "application/json",
    "cdxj": "text/x-cdxj; charset=utf-8",
}


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
        return _render_page(context, cdx_request, dialect)
    with context.heavy_requests.slot(context.work) if _is_heavy(cdx_request) else context.work.measure():
        lines, key = _select_lines(context, cdx_request, dialect)
    # With a resume key there may be matches beyond the captures that were scanned.
    if not lines and not key and dialect == "pywb":
        return _message(404, f"No Captures found for: {cdx_request.url}")
    text = "".join(_output_pieces(iter(lines), cdx_request, key if cdx_request.resume_key else None))
    headers = {"link": f'<{_next_url(request, context, key)}>; rel="next"'} if key else {}
    return Response(text, media_type=_MEDIA_TYPES[cdx_request.output], headers=headers)


def _message(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status_code=status)


def _is_heavy(cdx_request: CdxRequest) -> bool:
    """Return True for a request that may scan many captures. The requests of a replay are never heavy."""
    if cdx_request.query.page is not None:
        return cdx_request.query.keys[0].end is not None or cdx_request.query.page_size > BLOCK_SIZE
    return cdx_request.query.keys[0].end is not None and (cdx_request.limit > _LIGHT_LIMIT or bool(cdx_request.tests))


def _render_page(context: RequestContext, cdx_request: CdxRequest, dialect: Dialect) -> Response:
    """Return a complete page, or the number of pages. It goes to a file first: it may be long, and the client slow."""
    number, size = cdx_request.query.page or 0, cdx_request.query.page_size
    pages = context.index.ask(count_cdx_pages, cdx_request.query)
    if cdx_request.count_pages and dialect == "wayback":
        return Response(f"{pages}\n", media_type=_MEDIA_TYPES["text"])
    if cdx_request.count_pages:
        return JSONResponse({"pages": pages, "pageSize": size, "blocks": pages})
    # Clients request further pages until there is an error: an empty page would keep them going for ever.
    if number >= max(pages, 1):
        return _message(400, f"Page {number} invalid: there are {pages}")
    write = _line_writer(cdx_request)
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
        pieces = _output_pieces(lines(), cdx_request, None)
        while some := "".join(islice(pieces, _LINES_PER_WRITE)):
            file.write(some.encode())
    if scanned > MAX_PAGE_CAPTURES or (not file.tell() and dialect == "pywb"):
        file.close()
        if scanned > MAX_PAGE_CAPTURES:
            return _message(413, f"This page has more than {MAX_PAGE_CAPTURES:,} captures. {NARROW_HINT}")
        return _message(404, f"No Captures found for: {cdx_request.url}")
    headers = {"content-length": str(file.tell())}
    return ClosingStreamingResponse(read_chunks(file), media_type=_MEDIA_TYPES[cdx_request.output], headers=headers)


def _select_lines(context: RequestContext, cdx_request: CdxRequest, dialect: Dialect) -> tuple[list[str], str | None]:
    """Return the lines of a response, and the resume key if there may be more."""
    write = _line_writer(cdx_request)
    selected: list[str] = []
    last: CdxLine | None = None
    found = islice(context.index.stream(iter_cdx_lines, cdx_request.query), MAX_SCANNED + 1)
    lines = (
        (_resolve_not_modified(context, line) for line in found)
        if cdx_request.query.closest and dialect == "pywb"
        else found
    )
    key = None
    for number, (line, row) in enumerate(_filter_lines(lines, cdx_request)):
        if len(selected) >= cdx_request.limit or number >= MAX_SCANNED:
            if last is not None and not (cdx_request.last or cdx_request.query.closest):
                key = format_resume_key((last.urlkey, last.fetched_at, last.record_id))
            break
        last = line
        if row is not None:
            selected.append(write(row))
    return selected[::-1] if cdx_request.last else selected, key


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


def cdx_row(line: CdxLine) -> Row:
    """Return a capture in the fields of pywb; a missing value is "-"."""
    return {
        "urlkey": line.urlkey.replace(" ", "%20"),
        "timestamp": format_timestamp(line.fetched_at),
        **cdx_fields(line),
        "redirect": line.redirect_url or "-",
    }


def _line_writer(cdx_request: CdxRequest) -> Callable[[Row], str]:
    """Return the function that writes a line in the requested output format."""
    fields = cdx_request.fields
    if cdx_request.output == "lists":
        return lambda row: _json([row[FIELD_ALIASES.get(name, name)] for name in fields])
    if cdx_request.output == "json":
        return lambda row: _json({name: row[FIELD_ALIASES.get(name, name)] for name in fields})
    if cdx_request.output == "cdxj":
        rest = tuple(name for name in fields if name not in {"urlkey", "timestamp"})
        return lambda row: (
            f"{row['urlkey']} {row['timestamp']} {_json({name: row[FIELD_ALIASES.get(name, name)] for name in rest})}"
        )
    return lambda row: " ".join(row[FIELD_ALIASES.get(name, name)].replace(" ", "%20") or "-" for name in fields)


_json = json.JSONEncoder(ensure_ascii=False).encode


def _output_pieces(lines: Iterator[str], cdx_request: CdxRequest, key: str | None) -> Iterator[str]:
    """Yield a response in pieces; the resume key follows after a blank line, or an empty list."""
    if cdx_request.output != "lists":
        yield from (f"{line}\n" for line in lines)
        if key:
            yield f"\n{key}\n"
        return
    # Without results an empty list, else the field names first.
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
