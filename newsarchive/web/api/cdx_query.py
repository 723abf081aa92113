"""Parser of CDX queries of pywb and the Wayback Machine; ValueError, with a message for the client, if invalid."""

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

import re2

from newsarchive.web.timestamps import timestamp_end, timestamp_middle, timestamp_start
from newsarchive.web.wb_url import ensure_scheme
from storage.index.queries.cdx import match_domain, match_exact, match_host, match_prefix
from storage.index.views.cdx import CdxQuery, KeyRange

Dialect: TypeAlias = Literal["pywb", "wayback"]
Row: TypeAlias = dict[str, str]
RowTest: TypeAlias = Callable[[Row], bool]

FIELDS: dict[Dialect, tuple[str, ...]] = {
    "pywb": ("urlkey", "timestamp", "url", "mime", "status", "digest", "length", "offset", "filename"),
    "wayback": ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"),
}
EXTRA_FIELDS: dict[Dialect, tuple[str, ...]] = {"pywb": ("redirect",), "wayback": ("offset", "filename", "redirect")}
"""Fields that are returned only if requested."""
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
    """json, text or cdxj."""
    count_pages: bool = False
    resume_key: bool = False
    """The resume key follows the last line."""


def parse_query(parameters: Sequence[tuple[str, str]], dialect: Dialect, max_limit: int) -> CdxRequest:
    """Parse query parameters; an empty one counts as missing.

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
    return named


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
    if field not in FIELDS["pywb"] and field not in EXTRA_FIELDS["pywb"]:
        raise ValueError(f"Unknown field {name}; fields are {', '.join((*FIELDS['pywb'], *EXTRA_FIELDS['pywb']))}")
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
