"""URLs without end: calendars, session ids, circles, filters of filters. Those that a rule knows; the rest show.

    trapped(url)  --> why it is not asked for, in a few words; None where nothing speaks against it
    families(url) --> the shapes that it shares with others: one of those that brings nothing new is parked (harvest.py)

Pure functions of the URL and of the day.
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl, unquote, urlsplit

from newsarchive.ingest.backfill_priority import LAST_PAGE, page_number

SAME_SEGMENT = 3
"""A path that has one segment more often than this turns in a circle: /a/x/a/y/a/z/a."""
SEGMENTS = 24
QUERY_FIELDS = 12
SAME_FIELD = 3
"""Values of one field: tick boxes of a filter from here on."""
FACETS = 3
"""Fields that filter or sort, from which on a listing is one of endlessly many."""
MONTHS_AHEAD, MONTHS_BACK = 12, 36
"""How far from today a calendar is followed."""

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

_DIGITS = re.compile(r"\d+")
_DATED = re.compile(r"\d{4}-\d{1,2}(?:-\d{1,2})?")
_RANDOM = re.compile(r"(?=[^.]*\d)[0-9a-zA-Z]{6,}")
_SLUG = re.compile(r"[-_%+~]|^.{21,}$")


def trapped(url: str, *, today: datetime, exempt: Sequence[str] = ()) -> str | None:
    """Why a URL leads into a trap, in a few words; None where no rule says so.

    `exempt` are beginnings of paths, or families, that the owner has said to be none.

    >>> from datetime import UTC
    >>> day = datetime(2026, 11, 25, tzinfo=UTC)
    >>> trapped("https://news.example/a/b/a/b/a/b/", today=day)
    'path turns in a circle'
    >>> trapped("https://news.example/events/2031/05/", today=day), trapped("https://news.example/2026/11/a", today=day)
    ('calendar', None)
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if exempt and (parts.path.startswith(tuple(exempt)) or any(each in exempt for each in families(url))):
        return None
    return _of_path(parts.path) or _of_query(parts.path, parts.query) or _of_dates(parts.path, parts.query, today)


def _of_path(path: str) -> str | None:
    segments = [segment for segment in path.split("/") if segment]
    if len(segments) > SEGMENTS:
        return "path too deep"
    if segments and (max(Counter(segments).values()) > SAME_SEGMENT or _in_a_circle(segments)):
        return "path turns in a circle"
    return None


def _in_a_circle(segments: Sequence[str]) -> bool:
    """Whether two or more segments come three times in a row: relative links that lead ever deeper."""
    for period in range(2, len(segments) // 3 + 1):
        for start in range(len(segments) - 3 * period + 1):
            part = list(segments[start : start + 3 * period])
            if part == part[:period] * 3:
                return True
    return False


def _of_query(path: str, query: str) -> str | None:
    if _SESSION.search(f"{path}?{query}"):
        return "session id"
    if _CALENDAR_FIELD.search(query):
        return "calendar"
    if query.count("&") >= QUERY_FIELDS:
        return "endless query"
    if len(_URL_INSIDE.findall(unquote(f"{path}?{query}"))) > 1:
        return "URL within a URL within a URL"
    if page_number(f"{path}?{query}") > LAST_PAGE:
        return "endless pagination"
    return "faceted search" if query and _faceted(query) else None


def _faceted(query: str) -> bool:
    keys = [key.lower() for key, _ in parse_qsl(query, keep_blank_values=True)]
    if not keys:
        return False
    if max(Counter(key.partition("[")[0] for key in keys).values()) >= SAME_FIELD:
        return True
    facets = sum(bool(_FACET.fullmatch(key)) for key in keys)
    return facets >= FACETS or (facets > 0 and any(_SEARCH.fullmatch(key) for key in keys))


def _of_dates(path: str, query: str, today: datetime) -> str | None:
    """A calendar's page of a day that is far away. Articles may have any number in their path: only calendars count."""
    fields = {key.lower(): value for key, value in parse_qsl(query)}
    asked = _CALENDAR_KEYS.intersection(fields)
    if not asked and not _CALENDAR_WORD.search(path):
        return None
    dates = [*_DATE_IN_PATH.finditer(path), *filter(None, (_DATE.fullmatch(fields[key]) for key in asked))]
    months = [int(found["year"]) * 12 + int(found["month"]) for found in dates]
    year, month = (fields.get(key, "") for key in ("year", "month"))
    if re.fullmatch(r"\d{4}", year, re.ASCII) and re.fullmatch(r"\d{1,2}", month, re.ASCII):
        months.append(int(year) * 12 + int(month))
    now = today.year * 12 + today.month
    return "calendar" if any(not -MONTHS_BACK <= each - now <= MONTHS_AHEAD for each in months) else None


def families(url: str) -> tuple[str, ...]:
    """The shapes that a URL shares with others, the widest first: all that differ in numbers and slugs, all that
    differ in the last segment, all that differ in the query.

    >>> families("https://news.example/tag/trade?page=2")
    ('news.example/tag/trade?page', 'news.example/tag/*?page')
    >>> families("https://news.example/story/12345/a-good-day")
    ('news.example/story/{n}/{s}', 'news.example/story/12345/*')
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return ()
    keys = sorted({key.lower() for key, _ in parse_qsl(parts.query, keep_blank_values=True)})
    query = f"?{'&'.join(keys)[:200]}" if keys else ""
    segments = [segment for segment in parts.path.split("/") if segment][:SEGMENTS]
    shapes = ["/".join((host, *(_shape(segment) for segment in segments)))]
    if len(segments) > 1:
        shapes.append("/".join((host, *segments[:-1], "*")))
    if query:
        shapes.append("/".join((host, *segments)))
    return tuple(dict.fromkeys(f"{shape[:500]}{query}" for shape in shapes))


def _shape(segment: str) -> str:
    """A segment's kind, where it has one: a number, a random name, a slug; its words where it is one of the site's."""
    name, dot, ending = segment.rpartition(".")
    if not (dot and 0 < len(ending) <= 5):
        name, dot, ending = segment, "", ""
    if _DIGITS.fullmatch(name) or _DATED.fullmatch(name):
        return f"{{n}}{dot}{ending}"
    if _SLUG.search(name):
        return f"{{s}}{dot}{ending}"
    return f"{{id}}{dot}{ending}" if _RANDOM.fullmatch(name) else f"{name}{dot}{ending}"
