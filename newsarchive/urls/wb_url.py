"""Archived URLs within the archive's URLs, and their timestamps: /web/20260301060504id_/https://news.example/a?b=1

Timestamps of web archives have up to 14 digits, YYYYMMDDhhmmss, UTC.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

_DIGITS = re.compile(r"[0-9]{4,14}")
_EARLIEST = "00010101000000"
_LATEST = datetime(9999, 12, 1, tzinfo=UTC)  # later times are this one: a span that is added leads to no error
_SECONDS = (366 * 86400, 31 * 86400, 86400, 3600, 60, 1)
_HALF_SECOND = timedelta(milliseconds=500)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):/*", re.IGNORECASE)
_QUOTED = re.compile(r"https?%3A", re.IGNORECASE)
_KEPT = "%:/?[]@!$&'()*+,;=-._~"


def to_utc(time: datetime) -> datetime:
    """Return a time in UTC; without a zone it is UTC. ValueError if it is out of range there."""
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range in UTC") from None


def parse_http_date(text: str) -> datetime | None:
    """Parse the time of a header, in UTC; None if it is invalid.

    >>> parse_http_date("Sun, 01 Mar 2026 06:05:04 GMT"), parse_http_date("soon")
    (datetime.datetime(2026, 3, 1, 6, 5, 4, tzinfo=datetime.timezone.utc), None)
    """
    try:
        return to_utc(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def format_timestamp(time: datetime) -> str:
    """Return a time as 14 digits; fractions of a second are truncated.

    >>> format_timestamp(datetime(2026, 3, 1, 6, 5, 4, 999999, tzinfo=UTC))
    '20260301060504'
    """
    at = time if time.tzinfo is UTC else time.astimezone(UTC)
    return f"{at.year:04}{at.month:02}{at.day:02}{at.hour:02}{at.minute:02}{at.second:02}"


def timestamp_start(digits: str) -> datetime | None:
    """Return the beginning of the period that a timestamp names; None if it is invalid.

    >>> timestamp_start("202602"), timestamp_start("2026x")
    (datetime.datetime(2026, 2, 1, 0, 0, tzinfo=datetime.timezone.utc), None)
    """
    if not _DIGITS.fullmatch(digits):
        return None
    # One that ends within a field counts up to the field before: "20261" is the year.
    digits = digits[: len(digits) // 2 * 2]
    try:
        return min(datetime.strptime(f"{digits}{_EARLIEST[len(digits) :]}+0000", "%Y%m%d%H%M%S%z"), _LATEST)
    except ValueError:
        return None


def timestamp_end(digits: str) -> datetime | None:
    """Return the end (exclusive) of the period that a timestamp names; None if it is invalid.

    >>> timestamp_end("202602"), timestamp_end("20260301060504")
    (datetime.datetime(2026, 3, 1, 0, 0, tzinfo=datetime.timezone.utc), \
datetime.datetime(2026, 3, 1, 6, 5, 5, tzinfo=datetime.timezone.utc))
    """
    if (first := timestamp_start(digits)) is None:
        return None
    try:
        later = first + timedelta(seconds=_SECONDS[len(digits) // 2 - 2])  # in the next year, month, day and so on
    except OverflowError:
        return _LATEST
    return later if len(digits) >= 8 else later.replace(day=1)


def timestamp_middle(digits: str) -> datetime | None:
    """Return the time to which captures are compared: the middle of the second for 14 digits, else the beginning.

    A capture within that second is then nearer than one in the second before.

    >>> timestamp_middle("20260301060504")
    datetime.datetime(2026, 3, 1, 6, 5, 4, 500000, tzinfo=datetime.timezone.utc)
    """
    first = timestamp_start(digits)
    return first + _HALF_SECOND if first is not None and len(digits) == 14 else first


def archived_url(scope: Mapping[str, Any], prefix: str) -> str:
    """Return the archived URL after `prefix` in a request (ASGI), unchanged: "%2F" stays, and the query belongs to it.

    A missing scheme is added, and "https:/" (where a proxy has merged two slashes) is corrected.
    """
    raw = scope.get("raw_path") or quote(scope["path"], safe=_KEPT).encode()
    url = raw.partition(b"?")[0].decode("latin-1")[len(prefix) :]
    if _QUOTED.match(url):
        # Some clients (cdx_toolkit) quote the whole URL once more.
        url = unquote(url)
    query = scope.get("query_string", b"").decode("latin-1")
    return ensure_scheme(f"{url}?{query}" if query else url)


def ensure_scheme(url: str) -> str:
    """Return an absolute URL; a missing scheme is http.

    >>> ensure_scheme("news.example/a"), ensure_scheme("https:/news.example/a"), ensure_scheme("//news.example")
    ('http://news.example/a', 'https://news.example/a', 'http://news.example')
    """
    url = url.strip()
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() in {"http", "https"}:
        return f"{scheme[1].lower()}://{url[scheme.end() :]}"
    return f"http://{url.lstrip('/')}"


def quote_url(url: str) -> str:
    """Quote a URL for the path of another URL, or for a Link header.

    >>> quote_url("https://news.example/a b?q=ü&x=%20>#d")
    'https://news.example/a%20b?q=%C3%BC&x=%20%3E%23d'
    """
    return quote(url, safe=_KEPT)


def is_http_url(url: str) -> bool:
    """Return True for an http or https URL with a host. Only such URLs of archived pages become links.

    >>> [is_http_url(url) for url in ("https://news.example/a", "javascript:alert(1)", " https://x", "http://")]
    [True, False, False, False]
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return url == url.strip() and parts.scheme in {"http", "https"} and bool(parts.hostname)
