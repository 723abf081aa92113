"""What tells one state of a thing from another, so that nobody is sent what they have (RFC 9110 8.8, 13)."""

import re
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import Headers

from newsarchive.web.responses.http_dates import http_date, read_http_date

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """An entity tag, and the time of the last change where there is one."""

    tag: str
    """Strong, in its quotes: other bytes have another."""
    changed: datetime | None = None
    """Aware."""

    @property
    def headers(self) -> dict[str, str]:
        """What an answer says of itself; a 304 says the same."""
        return {"etag": self.tag} | ({"last-modified": self._date} if self._date else {})

    @property
    def _date(self) -> str | None:
        return http_date(self.changed) if self.changed else None

    def are_known(self, asked: Headers) -> bool:
        """True where the client has this state already: answer 304.

        If-None-Match decides where it is given, by weak comparison (13.1.2); else If-Modified-Since.

        >>> Validators(tag='"b"').are_known(Headers({"if-none-match": 'W/"a", W/"b"'}))
        True
        """
        tags = asked.get("if-none-match")
        if tags is not None:
            return tags.strip() == "*" or self.tag in _TAG.findall(tags)
        since = read_http_date(asked.get("if-modified-since", ""))
        return since is not None and self.changed is not None and self.changed.replace(microsecond=0) <= since

    def let_range(self, asked: Headers) -> bool:
        """True where a part may be sent: If-Range is not there, or names this very state (13.1.5, strong comparison).

        >>> Validators(tag='"b"').let_range(Headers({"if-range": 'W/"b"'}))
        False
        """
        condition = asked.get("if-range")
        return condition is None or condition.strip() in {self.tag, self._date}
