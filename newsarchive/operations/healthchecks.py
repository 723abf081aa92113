"""Pings of a health check service, which raises an alarm if a crawl fails or does not run.

The protocol is that of healthchecks.io: URL/start, URL, URL/fail. A silent service delays the crawl by seconds.
"""

import http.client
import urllib.error
import urllib.request
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

SECONDS = 5.0
LONGEST = 10_000
"""Characters of a report that are sent; healthchecks.io keeps 10,000 bytes."""


def ping(url: str, event: Literal["/start", "/fail", ""], report: str = "") -> str:
    """Report that a crawl begins, failed or (by "") succeeded, unless the URL is "". Return an error message, or ""."""
    if not url:
        return ""
    request = urllib.request.Request(  # noqa: S310 - the setting takes http and https only
        ping_url(url, event), data=report[:LONGEST].encode("utf-8", "replace"), method="POST"
    )
    request.add_header("Content-Type", "text/plain; charset=utf-8")
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            answer.read(1_000)
    except (OSError, http.client.HTTPException, ValueError) as problem:
        return f"the health check at {url} could not be pinged: {getattr(problem, 'reason', None) or problem}"
    return ""


def ping_url(url: str, word: str) -> str:
    """Return the URL of one kind of ping; a query string is kept.

    >>> ping_url("https://hc.example/ping/1?rid=2", "/start")
    'https://hc.example/ping/1/start?rid=2'
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + word)) if word else url
