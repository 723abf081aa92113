"""Memento (RFC 7089): link headers from a capture to its URL, its TimeGate and its neighbours."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import unquote

from newsarchive.urls.wb_url import format_timestamp, quote_url
from newsarchive.web.context import RequestContext
from newsarchive.web.responses.conditional import format_http_date
from storage.index.queries.cdx import iter_cdx_lines, match_exact
from storage.index.reader import Reader
from storage.index.views.cdx import CdxLine, CdxQuery


def nearest_capture(index: Reader, url: str, time: datetime) -> CdxLine | None:
    """Return the capture of a URL that is nearest to a time, or None.

    A URL may be archived as a page wrote it, or percent-encoded: both spellings are looked up.
    """
    for spelling in dict.fromkeys((url, unquote(url))):
        query = CdxQuery(keys=match_exact(spelling), url=spelling, closest=time)
        if found := next(index.stream(iter_cdx_lines, query), None):
            return found
    return None


def memento_headers(context: RequestContext, url: str, fetched_at: datetime) -> dict[str, str]:
    """Return Memento-Datetime and Link of a response with a capture: original, timegate, timemap, neighbours."""
    links = ", ".join((*_common_links(context, url), *_memento_entries(context, url, fetched_at)))
    return {"memento-datetime": format_http_date(fetched_at), "link": links}


def timegate_links(context: RequestContext, url: str, fetched_at: datetime | None) -> str:
    """Return the Link header of a TimeGate; `fetched_at` is None if the URL has no capture."""
    original, _, timemap = _common_links(context, url)
    return ", ".join((original, timemap, *(_memento_entries(context, url, fetched_at) if fetched_at else ())))


def _common_links(context: RequestContext, url: str) -> tuple[str, str, str]:
    address = quote_url(url)
    return (
        f'<{address}>; rel="original"',
        f'<{context.public_url}/timegate/{address}>; rel="timegate"',
        f'<{context.public_url}/timemap/link/{address}>; rel="timemap"; type="application/link-format"',
    )


def _memento_entries(context: RequestContext, url: str, fetched_at: datetime) -> Iterator[str]:
    """Yield one link per capture, to the second; one that is both first and next has both relations."""

    def find_time(*, since: datetime | None = None, until: datetime | None = None, last: bool) -> datetime | None:
        query = CdxQuery(keys=match_exact(url), url=url, since=since, until=until, reverse=last)
        found = next(context.index.stream(iter_cdx_lines, query), None)
        return found.fetched_at if found else None

    this = fetched_at.replace(microsecond=0)
    if (first := find_time(last=False)) is None:
        return
    roles: dict[str, tuple[datetime, list[str]]] = {}
    for role, time in (
        ("first", first),
        ("prev", find_time(until=this, last=True)),
        ("", fetched_at),
        ("next", find_time(since=this + timedelta(seconds=1), last=False)),
        ("last", find_time(last=True)),
    ):
        if time is not None:
            roles.setdefault(format_timestamp(time), (time, []))[1].append(role)
    for time, names in sorted(roles.values()):
        rel = " ".join((*filter(None, names), "memento"))
        yield f'<{memento_uri(context, url, time)}>; rel="{rel}"; datetime="{format_http_date(time)}"'


def memento_uri(context: RequestContext, url: str, time: datetime) -> str:
    """Return the URL of a capture in this archive."""
    return f"{context.public_url}/web/{format_timestamp(time)}/{quote_url(url)}"
