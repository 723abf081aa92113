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
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain, islice
from typing import Any, Literal, TypeAlias

import re2
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from newsarchive.export.cdxj import cdx_fields
from newsarchive.urls.wb_url import ensure_scheme, format_timestamp, timestamp_end, timestamp_middle, timestamp_start
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.responses.streaming import ClosingStreamingResponse, read_chunks
from storage.index.queries import cdx as queries
from storage.index.views.cdx import CdxLine, CdxQuery

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
_PARSERS = {
    "exact": queries.match_exact,
    "prefix": queries.match_prefix,
    "host": queries.match_host,
    "domain": queries.match_domain,
}
_FILTER = re.compile(r"(!?)([=~]?)([a-z]+):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxRequest:
    """A parsed CDX query."""

    query: CdxQuery
    url: str
    fields: tuple[tuple[str, str], ...]
    """Name in the response and name in a row."""
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
    if not (url := values.get("url", "").strip()):
        raise ValueError("The parameter url is missing")
    match, url = _parse_match_type(url, values.get("matchType"))
    sort, limit = values.get("sort"), _parse_number(values, "limit", max_limit, signed=True)
    paged = "page" in values or _is_true(values, "showNumPages")
    closest = _parse_time(values, "closest", timestamp_middle) if match == "exact" or sort == "closest" else None
    query = CdxQuery(
        keys=_PARSERS[match](url),
        url=url if match == "exact" else None,
        since=_parse_time(values, "from", timestamp_start),
        until=_parse_time(values, "to", timestamp_end),
        closest=closest if sort in {None, "closest"} else None,
        reverse=(sort == "reverse") is not (limit < 0),
        after=parse_resume_key(values.get("resumeKey")),
        page=_parse_number(values, "page", 0) if paged else None,
        page_size=max(1, min(_parse_number(values, "pageSize", 1), 50)) * BLOCK_SIZE,
    )
    if query.after and (query.closest or limit < 0):
        raise ValueError("resumeKey cannot be combined with closest or with a negative limit")
    output = values.get("output", "cdxj" if dialect == "pywb" else "text")
    if output not in {"json", "text", "cdxj"}:
        raise ValueError(f"Unknown output {output}: use json, text or cdxj")
    named = list(filter(None, map(str.strip, (values.get("fl") or values.get("fields", "")).split(","))))
    return CdxRequest(
        query=query,
        url=url,
        fields=tuple((name, _canonical_field(name)) for name in named or FIELDS[dialect]),
        tests=tuple(_parse_filters([value for name, value in parameters if name == "filter" and value], dialect)),
        limit=min(abs(limit), max_limit),
        last=limit < 0,
        offset=_parse_number(values, "offset", 0),
        collapse=_parse_collapse(values.get("collapse")),
        output="lists" if output == "json" and dialect == "wayback" else output,
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


def _parse_number(values: Row, name: str, default: int, *, signed: bool = False) -> int:
    text = values.get(name, str(default))
    if not re.fullmatch(r"-?[0-9]{1,9}" if signed else r"[0-9]{1,9}", text):
        raise ValueError(f"{name} must be a number, not {text!r}")
    return int(text)


def _parse_time(values: Row, name: str, parse: Callable[[str], datetime | None]) -> datetime | None:
    text = values.get(name, "")
    time = parse(text)
    if text and time is None:
        raise ValueError(f"{name} must be a timestamp of 4 to 14 digits, YYYYMMDDhhmmss, not {text!r}")
    return time


def _is_true(values: Row, name: str) -> bool:
    return values.get(name, "").lower() in {"true", "1", "yes"}


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
    return base64.urlsafe_b64encode(f"{time.isoformat()} {record_id} {key}".encode()).decode().rstrip("=")


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


router = APIRouter()

MAX_SCANNED = 100_000
"""Captures that are scanned for one response; filters may reject any of them."""
MAX_PAGE_CAPTURES = 1_000_000
NARROW_HINT = "Narrow it with from and to or a longer url, or use showResumeKey instead of pages"
_LIGHT_LIMIT = 1000
_LINES_PER_WRITE = 500
_MAX_IN_MEMORY = 1 << 18  # bytes of a page that are kept in memory before a temporary file is used
_MEDIA_TYPES = {
    "text": "text/plain; charset=utf-8",
    "json": "application/x-ndjson",
    "lists": "application/json",
    "cdxj": "text/x-cdxj; charset=utf-8",
}


@router.get("/cdx")
@router.get("/cdx/search/cdx")
def cdx(request: Request, context: Context) -> Response:
    """Return captures in the format of pywb or of the Wayback Machine."""
    dialect: Dialect = "wayback" if request.url.path.endswith("/search/cdx") else "pywb"
    try:
        cdx_request = parse_query(request.query_params.multi_items(), dialect, context.options.limits.max_rows)
    except ValueError as problem:
        return JSONResponse({"message": f"{problem}."}, 400)
    if cdx_request.query.page is not None:
        return _render_page(context, cdx_request, dialect)
    with context.heavy_requests.slot() if _is_heavy(cdx_request) else nullcontext(), context.work.measure():
        lines, key = _select_lines(context, cdx_request, dialect)
    # With a resume key there may be matches beyond the captures that were scanned.
    if not lines and not key and dialect == "pywb":
        return JSONResponse({"message": f"No Captures found for: {cdx_request.url}"}, 404)
    text = "".join(_output_pieces(iter(lines), cdx_request, key if cdx_request.resume_key else None))
    response = Response(text, media_type=_MEDIA_TYPES[cdx_request.output])
    if key:
        following = request.url.include_query_params(resumeKey=key)
        response.headers["link"] = f'<{context.public_url}{following.path}?{following.query}>; rel="next"'
    return response


def _is_heavy(cdx_request: CdxRequest) -> bool:
    """Return True for a request that may scan many captures. The requests of a replay are never heavy."""
    if cdx_request.query.page is not None:
        return cdx_request.query.keys[0].end is not None or cdx_request.query.page_size > BLOCK_SIZE
    return cdx_request.query.keys[0].end is not None and (cdx_request.limit > _LIGHT_LIMIT or bool(cdx_request.tests))


def _render_page(context: RequestContext, cdx_request: CdxRequest, dialect: Dialect) -> Response:
    """Return a complete page, or the number of pages. It goes to a file first: it may be long, and the client slow."""
    number, size = cdx_request.query.page or 0, cdx_request.query.page_size
    pages = context.index.ask(queries.count_cdx_pages, cdx_request.query)
    if cdx_request.count_pages and dialect == "wayback":
        return Response(f"{pages}\n", media_type=_MEDIA_TYPES["text"])
    if cdx_request.count_pages:
        return JSONResponse({"pages": pages, "pageSize": size, "blocks": pages})
    # Clients request further pages until there is an error: an empty page would keep them going for ever.
    if number >= max(pages, 1):
        return JSONResponse({"message": f"Page {number} invalid: there are {pages}"}, 400)
    write = _line_writer(cdx_request)
    file = tempfile.SpooledTemporaryFile(_MAX_IN_MEMORY)  # noqa: SIM115 - closed after sending
    scanned = 0

    def lines() -> Iterator[str]:
        nonlocal scanned
        found = context.index_without_timeout.stream(queries.iter_cdx_lines, cdx_request.query)
        for _, row in _filter_lines(islice(found, MAX_PAGE_CAPTURES + 1), cdx_request):
            scanned += 1
            if row is not None:
                yield write(row)

    with context.heavy_requests.slot() if _is_heavy(cdx_request) else nullcontext(), context.work.measure():
        pieces = _output_pieces(lines(), cdx_request, None)
        while some := "".join(islice(pieces, _LINES_PER_WRITE)):
            file.write(some.encode())
    problem = f"No Captures found for: {cdx_request.url}" if not file.tell() and dialect == "pywb" else ""
    if scanned > MAX_PAGE_CAPTURES:
        problem = f"This page has more than {MAX_PAGE_CAPTURES:,} captures. {NARROW_HINT}"
    if problem:
        file.close()
        return JSONResponse({"message": problem}, 413 if scanned > MAX_PAGE_CAPTURES else 404)
    chunks, headers = read_chunks(lambda: file), {"content-length": str(file.tell())}
    return ClosingStreamingResponse(chunks, media_type=_MEDIA_TYPES[cdx_request.output], headers=headers)


def _select_lines(context: RequestContext, cdx_request: CdxRequest, dialect: Dialect) -> tuple[list[str], str | None]:
    """Return the lines of a response, and the resume key if there may be more."""
    write = _line_writer(cdx_request)
    selected: list[str] = []
    last: CdxLine | None = None
    found: Iterator[CdxLine] = islice(context.index.stream(queries.iter_cdx_lines, cdx_request.query), MAX_SCANNED + 1)
    if cdx_request.query.closest and dialect == "pywb":
        found = map(partial(_resolve_not_modified, context), found)
    key = None
    for number, (line, row) in enumerate(_filter_lines(found, cdx_request)):
        if len(selected) >= cdx_request.limit or number >= MAX_SCANNED:
            if last is not None and not (cdx_request.last or cdx_request.query.closest):
                key = format_resume_key((last.urlkey, last.fetched_at, last.record_id))
            break
        last = line
        if row is not None:
            selected.append(write(row))
    return selected[::-1] if cdx_request.last else selected, key


def _resolve_not_modified(context: RequestContext, line: CdxLine) -> CdxLine:
    """Return a 304 as the response that it confirms, if that is archived and may be shown."""
    if line.profile != "server-not-modified" or line.refers_to_id is None:
        return line
    original = context.index.ask(queries.get_cdx_line, line.refers_to_id)
    if original is None or original.kind == "revisit":
        return line
    return original._replace(url=line.url, urlkey=line.urlkey, fetched_at=line.fetched_at)


def _filter_lines(lines: Iterable[CdxLine], cdx_request: CdxRequest) -> Iterator[tuple[CdxLine, Row | None]]:
    """Yield each scanned capture with its fields if it matches, else with None."""
    group, skipped = None, 0
    for line in lines:
        row = {
            "urlkey": line.urlkey.replace(" ", "%20"),
            "timestamp": format_timestamp(line.fetched_at),
            **cdx_fields(line),
            "redirect": line.redirect_url or "-",
        }
        passes = all(test(row) for test in cdx_request.tests)
        if passes and cdx_request.collapse is not None:
            before, group = group, row[cdx_request.collapse[0]][: cdx_request.collapse[1]]
            passes = group != before
        if passes and skipped < cdx_request.offset:
            skipped, passes = skipped + 1, False
        yield line, row if passes else None


def _line_writer(cdx_request: CdxRequest) -> Callable[[Row], str]:
    """Return the function that writes a line in the requested output format."""
    fields = cdx_request.fields
    if cdx_request.output == "lists":
        return lambda row: _json([row[field] for _, field in fields])
    if cdx_request.output == "json":
        return lambda row: _json({name: row[field] for name, field in fields})
    if cdx_request.output == "cdxj":
        rest = tuple(pair for pair in fields if pair[0] not in {"urlkey", "timestamp"})
        return lambda row: f"{row['urlkey']} {row['timestamp']} {_json({name: row[field] for name, field in rest})}"
    return lambda row: " ".join(row[field].replace(" ", "%20") or "-" for _, field in fields)


_json = json.JSONEncoder(ensure_ascii=False).encode


def _output_pieces(lines: Iterator[str], cdx_request: CdxRequest, key: str | None) -> Iterator[str]:
    """Yield a response in pieces; the resume key follows after a blank line, or an empty list."""
    if cdx_request.output != "lists":
        yield from (f"{line}\n" for line in lines)
        if key:
            yield f"\n{key}\n"
        return
    # Without results an empty list, else the field names first.
    before = f"[{_json([name for name, _ in cdx_request.fields])},\n"
    for line in chain(lines, [f"[],\n{_json([key])}"] if key else []):
        yield f"{before}{line}"
        before = ",\n"
    yield "]\n" if before == ",\n" else "[]\n"
