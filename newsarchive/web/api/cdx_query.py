"""A CDX query: what pywb's and Wayback's servers take, as one noun. ValueError, in words for its author, where it is
none.
"""

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from newsarchive.web.api.linear_regex import Pattern
from newsarchive.web.timestamps import behind, earliest, middle
from newsarchive.web.wb_url import mended
from storage.index.queries.cdx import beginning, exactly, in_domain, on_host
from storage.index.views.cdx import CdxQuery, KeyRange

Form: TypeAlias = Literal["pywb", "wayback"]
Row: TypeAlias = dict[str, str]
Test: TypeAlias = Callable[[Row], bool]

FIELDS: dict[Form, tuple[str, ...]] = {
    "pywb": ("urlkey", "timestamp", "url", "mime", "status", "digest", "length", "offset", "filename"),
    "wayback": ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"),
}
ALSO: dict[Form, tuple[str, ...]] = {"pywb": ("redirect",), "wayback": ("offset", "filename", "redirect")}
"""Fields that are there for who names them."""
SAME = {"original": "url", "mimetype": "mime", "statuscode": "status"}
"""Wayback's names for pywb's fields; either form takes both."""
PAGE = 3000
"""Captures of one URL, or URLs, that a block holds; `pageSize` counts blocks."""
MOST_FILTERS = 10
_PARSERS: dict[str, Callable[[str], tuple[KeyRange, ...]]] = {
    "exact": exactly,
    "prefix": beginning,
    "host": on_host,
    "domain": in_domain,
}
_FILTER = re.compile(r"(!?)([=~]?)([a-z]+):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for."""

    query: CdxQuery
    url: str
    fields: tuple[str, ...]
    tests: tuple[Test, ...] = ()
    limit: int
    """Lines, at most."""
    last: bool = False
    """The limit counts from the end: the newest lines, oldest of them first."""
    offset: int = 0
    collapse: tuple[str, int | None] | None = None
    """Of lines that are alike in so many characters of that field, one after the other, the first."""
    output: str
    """json, text or cdxj."""
    count_pages: bool = False
    resume_key: bool = False
    """The key to go on with follows the last line."""


def read_query(words: Sequence[tuple[str, str]], form: Form, most: int) -> Asked:
    """Read a query's parameters; what is empty counts as not given.

    Of a parameter that is given twice the last counts: pywb's remote index source sends `limit` twice. Filters add up.
    """
    given = {name: value for name, value in words if value}
    url = given.get("url", "").strip()
    if not url:
        raise ValueError("Which URL? The parameter url is missing")
    match, url = _match_type(url, given.get("matchType"))
    keys = _PARSERS[match](url)
    limit = _number(given, "limit", least=None)
    paged = "page" in given or _is_true(given, "showNumPages")
    closest = _moment(given, "closest", middle) if match == "exact" or given.get("sort") == "closest" else None
    asked = CdxQuery(
        keys=keys,
        url=url if match == "exact" else None,
        since=_moment(given, "from", earliest),
        until=_moment(given, "to", behind),
        closest=closest if given.get("sort", "closest") == "closest" else None,
        reverse=given.get("sort") == "reverse",
        after=read_key(given.get("resumeKey")),
        page=(_number(given, "page") or 0) if paged else None,
        page_size=max(1, min(_number(given, "pageSize") or 1, 50)) * PAGE,
    )
    if asked.after and (asked.closest or (limit is not None and limit < 0)):
        raise ValueError("resumeKey goes on in the order of a CDX file: not with closest, not with a negative limit")
    if limit is not None and limit < 0:
        asked = replace(asked, reverse=not asked.reverse)
    return Asked(
        query=asked,
        url=url,
        fields=_fields(given.get("fl") or given.get("fields"), form),
        tests=tuple(_filters([value for name, value in words if name == "filter" and value], form)),
        limit=most if limit is None else min(abs(limit), most),
        last=limit is not None and limit < 0,
        offset=_number(given, "offset") or 0,
        collapse=_collapse(given.get("collapse")),
        output=_output(given.get("output"), form),
        count_pages=_is_true(given, "showNumPages"),
        resume_key=_is_true(given, "showResumeKey"),
    )


def _match_type(url: str, named: str | None) -> tuple[str, str]:
    """How a URL is meant, and what is meant: "*.news.example" is a domain, "news.example/*" a beginning."""
    if named is None and url.startswith("*."):
        named, url = "domain", url[2:]
    elif named is None and url.endswith("*"):
        named, url = "prefix", url[:-1]
    named = named or "exact"
    if named not in _PARSERS:
        raise ValueError(f"matchType {named} is not known: exact, prefix, host or domain")
    return named, mended(url)


def _number(given: Row, name: str, least: int | None = 0) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,9}", text) or (least is not None and int(text) < least):
        raise ValueError(f"{name} wants a number, not {text!r}")
    return int(text)


def _moment(given: Row, name: str, reading: Callable[[str], datetime | None]) -> datetime | None:
    text = given.get(name)
    if text is None:
        return None
    moment = reading(text)
    if moment is None:
        raise ValueError(f"{name} wants a timestamp of 4 to 14 digits, YYYYMMDDhhmmss, not {text!r}")
    return moment


def _is_true(given: Row, name: str) -> bool:
    return given.get(name, "").lower() in {"true", "1", "yes"}


def _output(named: str | None, form: Form) -> str:
    if named is None:
        return "cdxj" if form == "pywb" else "text"
    if named not in {"json", "text", "cdxj"}:
        raise ValueError(f"output {named} is not known: json, text or cdxj")
    return named


def _fields(named: str | None, form: Form) -> tuple[str, ...]:
    """Names as the asker wrote them: they are what the answer calls the fields."""
    if named is None:
        return FIELDS[form]
    chosen = tuple(name.strip() for name in named.split(",") if name.strip())
    for name in chosen:
        _known(name)
    return chosen or FIELDS[form]


def _known(name: str) -> str:
    field = SAME.get(name, name)
    if field not in FIELDS["pywb"] and field not in ALSO["pywb"]:
        raise ValueError(f"There is no field {name}; there are {', '.join((*FIELDS['pywb'], *ALSO['pywb']))}")
    return field


def _filters(written: Iterable[str], form: Form) -> Iterable[Test]:
    """pywb: [!][=|~]field:text, where nothing is "contains", = "is" and ~ a pattern that fits the beginning.
    Wayback: [!]field:pattern, where the pattern fits the whole.
    """
    for number, text in enumerate(written):
        found = _FILTER.fullmatch(text)
        if found is None or number >= MOST_FILTERS:
            raise ValueError(f"filter wants [!][=|~]field:text, at most {MOST_FILTERS} of them, not {text!r}")
        negated, how, name, value = found.groups()
        field = _known(name)
        yield _test(field, how or ("whole" if form == "wayback" else "contains"), value, wanted=not negated)


def _test(field: str, how: str, value: str, *, wanted: bool) -> Test:
    if how == "=":
        return lambda row: (row[field] == value) is wanted
    if how == "contains":
        return lambda row: (value in row[field]) is wanted
    pattern = Pattern(value)
    fits = pattern.fits_whole if how == "whole" else pattern.fits_beginning
    return lambda row: fits(row[field]) is wanted


def _collapse(text: str | None) -> tuple[str, int | None] | None:
    if text is None:
        return None
    name, _, digits = text.partition(":")
    if digits and not re.fullmatch(r"[0-9]{1,4}", digits):
        raise ValueError(f"collapse wants field or field:characters, not {text!r}")
    return _known(name), int(digits) if digits else None


def resume_key(row: tuple[str, datetime, str]) -> str:
    """The key that goes on behind a line: letters, digits, "-" and "_" only, which no client quotes or unquotes.

    >>> from datetime import UTC
    >>> read_key(resume_key(("example,news)/a b+c", datetime(2026, 3, 1, tzinfo=UTC), "urn:uuid:1")))
    ('example,news)/a b+c', datetime.datetime(2026, 3, 1, 0, 0, tzinfo=datetime.timezone.utc), 'urn:uuid:1')
    """
    key, moment, record_id = row
    told = f"{moment.isoformat()} {record_id} {key}"
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def read_key(text: str | None) -> tuple[str, datetime, str] | None:
    """A resume key; ValueError where it is none."""
    if text is None:
        return None
    try:
        told = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
        moment, record_id, key = told.split(" ", 2)
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None or not 1 < at.year < 9999 or "\0" in told:
            raise ValueError
    except ValueError:
        raise ValueError("resumeKey is none of those that this server gave") from None
    return key, at, record_id
