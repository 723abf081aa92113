"""Conditional requests: ETag, Last-Modified, If-Range (RFC 9110 8.8, 13), and HTTP dates (5.6.7)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.datastructures import Headers

from newsarchive.urls.wb_url import parse_http_date

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """Entity tag, and time of the last change if known."""

    tag: str
    """Strong, with its quotes."""
    changed: datetime | None = None
    """Aware."""

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the response; a 304 has them too."""
        return {"etag": self.tag} | ({"last-modified": format_http_date(self.changed)} if self.changed else {})

    def is_not_modified(self, headers: Headers) -> bool:
        """Return True if the client has this state: the response is 304.

        If-None-Match takes precedence, by weak comparison (13.1.2), over If-Modified-Since.

        >>> Validators(tag='"b"').is_not_modified(Headers({"if-none-match": 'W/"a", W/"b"'}))
        True
        """
        if (tags := headers.get("if-none-match")) is not None:
            return tags.strip() == "*" or self.tag in _TAG.findall(tags)
        since = parse_http_date(headers.get("if-modified-since", ""))
        return since is not None and self.changed is not None and self.changed.replace(microsecond=0) <= since

    def allows_range(self, headers: Headers) -> bool:
        """Return True if a range may be sent: If-Range is absent or names this state (13.1.5, strong comparison).

        >>> Validators(tag='"b"').allows_range(Headers({"if-range": 'W/"b"'}))
        False
        """
        condition = headers.get("if-range")
        return condition is None or condition.strip() in self.headers.values()


def format_http_date(time: datetime) -> str:
    """Return a time for a header; fractions of a second are truncated.

    >>> format_http_date(datetime(2026, 3, 1, 6, 5, 4, 999999, tzinfo=UTC))
    'Sun, 01 Mar 2026 06:05:04 GMT'
    """
    return format_datetime(time.astimezone(UTC).replace(microsecond=0), usegmt=True)
