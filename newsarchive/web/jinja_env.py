"""Jinja environment: the templates, and the functions with which they write numbers, URLs, dates and language names."""

import re
import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from newsarchive.config.units import format_day, format_time, humanize_size, iso_time, pluralize
from newsarchive.urls.wb_url import format_timestamp, is_http_url, quote_url
from newsarchive.web.static_files import static_url
from storage.index.search.facets import HistogramStep
from storage.page_date import PageDate

HERE = Path(__file__).parent
LANGUAGE_NAMES: dict[str, str] = tomllib.loads((HERE / "languages.toml").read_text("utf-8"))
_RANGE = re.compile(r"\d+[–—]\d+")
_UNITS = (("year", 365.25 * 86400), ("month", 30.44 * 86400), ("day", 86400.0), ("hour", 3600.0), ("minute", 60.0))


def format_stated(stated: PageDate) -> str:
    """Return the time of a page for reading, as it is stated.

    >>> format_stated(PageDate.parse("2026-06-11T06:30:00+08:00"))
    '11 Jun 2026, 06:30 UTC+08:00'
    """
    time = stated.local_time
    return f"{time.day} {time:%b %Y, %H:%M} {stated.zone or '(no time zone)'}"


def unbroken(text: str) -> Markup:
    """Return a text as HTML whose scores and ranges of numbers are not broken at the end of a line.

    >>> print(unbroken("Rovers win 3–2 & go up"))
    Rovers win <span class="unbroken">3–2</span> &amp; go up
    """
    return Markup(_RANGE.sub(r'<span class="unbroken">\g<0></span>', str(escape(text))))  # noqa: S704 - it is escaped


def build_url(path: str, **query: object) -> str:
    """Return a path with a query string; None and "" are left out, and a parameter with several values is repeated.

    >>> build_url("/search", q="a b", site=None)
    '/search?q=a+b'
    """
    given = [
        (name, str(value))
        for name, values in query.items()
        for value in (values if isinstance(values, tuple) else (values,))
        if value is not None and value != ""
    ]
    return f"{path}?{urlencode(given)}" if given else path


def page_numbers(page: int, size: int, total: int, *, around: int = 2) -> Sequence[int]:
    """Return the page numbers of a pager, 0 for a gap.

    >>> page_numbers(6, 10, 200)
    [1, 0, 4, 5, 6, 7, 8, 0, 20]
    """
    last = max(1, -(-total // size))
    named = sorted({1, last, *range(max(1, page - around), min(last, page + around) + 1)})
    shown: list[int] = []
    for number in named:
        if shown and number - shown[-1] == 2:
            shown.append(number - 1)
        elif shown and number - shown[-1] > 2:
            shown.append(0)
        shown.append(number)
    return shown


def language_name(code: str) -> str:
    """Return a language's English name; its code if the name is not known.

    >>> language_name("zh"), language_name("xx")
    ('Chinese', 'xx')
    """
    return LANGUAGE_NAMES.get(code.lower(), code)


def format_duration(length: timedelta) -> str:
    """Return a length of time in its largest unit.

    >>> format_duration(timedelta(hours=50)), format_duration(timedelta(minutes=61)), format_duration(timedelta())
    ('2 days', '1 hour', 'less than a minute')
    """
    seconds = abs(length.total_seconds())
    for name, unit in _UNITS:
        if seconds >= unit:
            return pluralize(round(seconds / unit), name)
    return "less than a minute"


def format_period(step: HistogramStep, begin: datetime, end: datetime) -> str:
    """Return the label of a period.

    >>> format_period("week", datetime(2026, 3, 2), datetime(2026, 3, 9))
    '2\u20138 Mar 2026'
    """
    last = end - timedelta(days=1)
    match step:
        case "day":
            return f"{begin.day} {begin:%B %Y}"
        case "week" if begin.month == last.month:
            return f"{begin.day}–{last.day} {last:%b %Y}"
        case "week":
            return f"{begin.day} {begin:%b}–{last.day} {last:%b %Y}"
        case "month":
            return f"{begin:%B %Y}"
        case "year":
            return f"{begin:%Y}"


def format_percent(share: float) -> str:
    """Return a share as a percentage.

    >>> format_percent(0.5), format_percent(0.0345), format_percent(0.0001), format_percent(0)
    ('50 %', '3.5 %', 'under 0.1 %', '0 %')
    """
    if not share:
        return "0 %"
    if share < 0.001:
        return "under 0.1 %"
    return f"{share * 100:.1f} %" if share < 0.1 else f"{share * 100:.0f} %"


TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
"""Autoescaped as HTML; an undefined name is an error."""
_FILTERS = (iso_time, format_time, format_day, format_stated, unbroken, format_timestamp, humanize_size)
TEMPLATES.filters |= {each.__name__: each for each in _FILTERS} | {"quote_segment": partial(quote, safe="")}
_FUNCTIONS = (
    static_url, pluralize, build_url, quote_url, page_numbers, language_name, is_http_url,
    format_duration, format_period, format_percent,
)  # fmt: skip
TEMPLATES.globals |= {each.__name__: each for each in _FUNCTIONS}
