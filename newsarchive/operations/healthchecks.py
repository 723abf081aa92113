"""Health checks: a service is told when a crawl begins and how it ended, and raises an alarm where it hears nothing.

As healthchecks.io and its kin have it: URL/start, URL, URL/fail. A service that does not answer never costs the crawl
more than a few seconds.
"""

import http.client
import urllib.error
import urllib.request
from urllib.parse import urlsplit, urlunsplit

SECONDS = 5.0
LONGEST = 10_000
"""Characters of a report that are sent; healthchecks.io keeps as many bytes."""


class Ping:
    """Tells one health check; "" tells none."""

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        self._url = url
        self._seconds = seconds
        self.problem: str | None = None
        """Why the last word did not arrive; None where it did."""

    def start(self) -> None:
        """A crawl begins."""
        self._tell("/start", "")

    def success(self, report: str) -> None:
        """It ended well."""
        self._tell("", report)

    def fail(self, report: str) -> None:
        """It did not."""
        self._tell("/fail", report)

    def _tell(self, word: str, report: str) -> None:
        if not self._url:
            return
        self.problem = None
        request = urllib.request.Request(  # noqa: S310 - the setting takes http and https only
            with_word(self._url, word), data=report[:LONGEST].encode("utf-8", "replace"), method="POST"
        )
        request.add_header("Content-Type", "text/plain; charset=utf-8")
        try:
            with urllib.request.urlopen(request, timeout=self._seconds) as answer:  # noqa: S310
                answer.read(1_000)
        except (OSError, http.client.HTTPException, ValueError) as problem:
            reason = getattr(problem, "reason", None) or problem
            self.problem = f"the health check at {self._url} could not be told: {reason}"


def with_word(url: str, word: str) -> str:
    """A health check's address for one kind of news; a query stays where it is.

    >>> with_word("https://hc.example/ping/1?rid=2", "/start")
    'https://hc.example/ping/1/start?rid=2'
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + word)) if word else url
