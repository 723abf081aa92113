"""Crawler traps that rules recognise by the URL: calendars, session ids, loops, combined filters.

    trap_reason(url)  --> the reason why it is not requested, in a few words; None if no rule matches
    url_patterns(url) --> patterns that it shares with other URLs; those without new articles are parked

Pure functions of the URL and of today's date. Other traps are found by their yield (url_pattern_yields).
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl, unquote, urlsplit

from newsarchive.ingest.backfill_priority import LAST_PAGE, page_number

MAX_SAME_SEGMENT = 3
"""A path in which one segment occurs more often than this is a loop: /a/x/a/y/a/z/a."""
MAX_SEGMENTS = 24
MAX_QUERY_FIELDS = 12
MIN_REPEATED_FIELD = 3
"""Values of one field from which on they are taken for the check boxes of a filter."""
MIN_FACETS = 3
"""Filter and sort fields in one query from which on the listing is one of an unlimited number."""
MONTHS_AHEAD, MONTHS_BACK = 12, 36
"""Range around today in which calendar pages are requested."""

_SESSION = re.compile(
    r"(?:^|[?&;/])(?:jsessionid|phpsessid|aspsessionid\w*|asp\.net_sessionid|sessionid|session_id|sid|cfid|cftoken|zenid|"
    r"oscsid|s_id)=|/\(s\([a-z0-9]{24}\)\)/",
    re.IGNORECASE,
)
_CALENDAR_FIELD = re.compile(r"(?:^|&)(?:ical|outlook-ical|tribe-bar-date|eventdisplay)=", re.IGNORECASE)
_CALENDAR_WORD = re.compile(
    r"/(?:[\w-]*calend[ae]r\w*|calendario|calendrier|kalender|events?|agenda|termine|veranstaltungen|whats-on)(?:/|$)",
    re.IGNORECASE,
)
_CALENDAR_KEYS = frozenset({"date", "day", "month", "year", "cal", "start", "from", "m", "y", "yr", "mo", "yearmonth"})
_DATE = re.compile(r"(?P<year>1[89]\d\d|2\d\d\d)[-/_.]?(?P<month>0[1-9]|1[0-2])(?:[-/_.]?[0-3]\d)?")
_DATE_IN_PATH = re.compile(r"(?<=/)(?P<year>1[89]\d\d|2\d\d\d)[-/](?P<month>0?[1-9]|1[0-2])(?:[-/][0-3]?\d)?(?=/|$)")
_FACET = re.compile(
    r"(?:filters?|facets?|refine|sort\w*|order\w*|dir|view|display|layout|per_?page|limit|size|brand|colou?r|price|"
    r"min\w*|max\w*|category|cat|topic|type|author|tags?|lang|f|fq)(?:[\[.].*)?",
    re.IGNORECASE,
)
_SEARCH = re.compile(r"(?:q|s|qs|query|search\w*|keywords?|term)", re.IGNORECASE)
_URL_INSIDE = re.compile(r"https?(?::|%3a)(?:/|%2f){1,2}", re.IGNORECASE)

_LOOP = re.compile(r"((?:/[^/]++){2,}?)\1\1(?![^/])")
"""Two or more segments that occur three times in a row, as by relative links that add segments."""
_DIGITS = re.compile(r"\d+")
_DATED = re.compile(r"\d{4}-\d{1,2}(?:-\d{1,2})?")
_RANDOM = re.compile(r"(?=[^.]*\d)[0-9a-zA-Z]{6,}")
_SLUG = re.compile(r"[-_%+~]|^.{21,}$")


def trap_reason(url: str, *, today: datetime, exempt: Sequence[str] = ()) -> str | None:
    """Return why a URL is a trap, in a few words; None if no rule matches.

    `exempt`: prefixes of paths, or URL patterns, that the owner has excepted.

    >>> from datetime import UTC
    >>> day = datetime(2026, 11, 25, tzinfo=UTC)
    >>> trap_reason("https://news.example/a/b/a/b/a/b/", today=day)
    'path is a loop'
    >>> trap_reason("https://news.example/events/2031/05/", today=day)
    'calendar'
    >>> trap_reason("https://news.example/2026/11/a", today=day)
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if exempt and (parts.path.startswith(tuple(exempt)) or any(each in exempt for each in url_patterns(url))):
        return None
    return (
        _path_reason(parts.path)
        or _query_reason(parts.path, parts.query)
        or _date_reason(parts.path, parts.query, today)
    )


def _path_reason(path: str) -> str | None:
    segments = [segment for segment in path.split("/") if segment]
    if len(segments) > MAX_SEGMENTS:
        return "path too deep"
    is_repeated = segments and max(Counter(segments).values()) > MAX_SAME_SEGMENT
    return "path is a loop" if is_repeated or _LOOP.search("".join(f"/{segment}" for segment in segments)) else None


def _query_reason(path: str, query: str) -> str | None:
    if _SESSION.search(f"{path}?{query}"):
        return "session id"
    if _CALENDAR_FIELD.search(query):
        return "calendar"
    if query.count("&") >= MAX_QUERY_FIELDS:
        return "endless query"
    if len(_URL_INSIDE.findall(unquote(f"{path}?{query}"))) > 1:
        return "URL within a URL within a URL"
    if page_number(f"{path}?{query}") > LAST_PAGE:
        return "endless pagination"
    keys = [key.lower() for key, _ in parse_qsl(query, keep_blank_values=True)]
    repeated = max(Counter(key.partition("[")[0] for key in keys).values(), default=0)
    facets = sum(bool(_FACET.fullmatch(key)) for key in keys)
    needed = 1 if any(_SEARCH.fullmatch(key) for key in keys) else MIN_FACETS
    return "faceted search" if repeated >= MIN_REPEATED_FIELD or facets >= needed else None


def _date_reason(path: str, query: str, today: datetime) -> str | None:
    """Return "calendar" for a calendar page outside the range. Only paths and fields of calendars count."""
    fields = {key.lower(): value for key, value in parse_qsl(query)}
    keys = _CALENDAR_KEYS.intersection(fields)
    if not keys and not _CALENDAR_WORD.search(path):
        return None
    dates = [*_DATE_IN_PATH.finditer(path), *filter(None, (_DATE.fullmatch(fields[key]) for key in keys))]
    months = [int(found["year"]) * 12 + int(found["month"]) for found in dates]
    year, month = (fields.get(key, "") for key in ("year", "month"))
    if re.fullmatch(r"\d{4}", year, re.ASCII) and re.fullmatch(r"\d{1,2}", month, re.ASCII):
        months.append(int(year) * 12 + int(month))
    now = today.year * 12 + today.month
    return "calendar" if any(not -MONTHS_BACK <= each - now <= MONTHS_AHEAD for each in months) else None


def url_patterns(url: str) -> tuple[str, ...]:
    """Return the patterns that a URL matches, the widest first: other numbers, another last segment, other values.

    >>> url_patterns("https://news.example/tag/trade?page=2")
    ('news.example/tag/trade?page', 'news.example/tag/*?page')
    >>> url_patterns("https://news.example/story/12345/a-good-day")
    ('news.example/story/{n}/{s}', 'news.example/story/12345/*')
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return ()
    keys = sorted({key.lower() for key, _ in parse_qsl(parts.query, keep_blank_values=True)})
    query = f"?{'&'.join(keys)[:200]}" if keys else ""
    segments = [segment for segment in parts.path.split("/") if segment][:MAX_SEGMENTS]
    shapes = ["/".join((host, *(_shape(segment) for segment in segments)))]
    if len(segments) > 1:
        shapes.append("/".join((host, *segments[:-1], "*")))
    if query:
        shapes.append("/".join((host, *segments)))
    return tuple(dict.fromkeys(f"{shape[:500]}{query}" for shape in shapes))


def _shape(segment: str) -> str:
    """Return a placeholder for a number, a random name or a slug; other segments unchanged."""
    name, dot, ending = segment.rpartition(".")
    if not (dot and 0 < len(ending) <= 5):
        name, dot, ending = segment, "", ""
    if _DIGITS.fullmatch(name) or _DATED.fullmatch(name):
        return f"{{n}}{dot}{ending}"
    if _SLUG.search(name):
        return f"{{s}}{dot}{ending}"
    return f"{{id}}{dot}{ending}" if _RANDOM.fullmatch(name) else f"{name}{dot}{ending}"
