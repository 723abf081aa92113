"""Memento (RFC 7089): link headers from a capture to its URL, its TimeGate and its neighbours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote

from newsarchive.web.context import RequestContext
from newsarchive.web.responses.conditional import format_http_date
from newsarchive.web.timestamps import format_timestamp
from newsarchive.web.wb_url import quote_url
from storage.index.queries.cdx import iter_cdx_lines, match_exact
from storage.index.reader import Reader
from storage.index.views.cdx import CdxLine, CdxQuery

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureTimes:
    """Times of the first, last, previous and next capture of a URL, relative to one of its captures."""

    first: datetime
    last: datetime
    previous: datetime | None
    next: datetime | None


def nearest_capture(index: Reader, url: str, time: datetime) -> CdxLine | None:
    """Return the capture of a URL that is nearest to a time, or None.

    A URL may be archived as a page wrote it, or percent-encoded: both spellings are looked up.
    """
    for spelling in dict.fromkeys((url, unquote(url))):
        found = next(
            index.stream(iter_cdx_lines, CdxQuery(keys=match_exact(spelling), url=spelling, closest=time)), None
        )
        if found is not None:
            return found
    return None


def capture_times(index: Reader, url: str, at: datetime) -> CaptureTimes | None:
    """Return the capture times of a URL around a time, to the second; None if it has no captures."""
    this = at.replace(microsecond=0)
    key = match_exact(url)

    def find_time(*, since: datetime | None = None, until: datetime | None = None, last: bool) -> datetime | None:
        query = CdxQuery(keys=key, url=url, since=since, until=until, reverse=last)
        found = next(index.stream(iter_cdx_lines, query), None)
        return found.fetched_at if found else None

    first, last = find_time(last=False), find_time(last=True)
    if first is None or last is None:
        return None
    return CaptureTimes(
        first=first,
        last=last,
        previous=find_time(until=this, last=True),
        next=find_time(since=this + _SECOND, last=False),
    )


def memento_headers(context: RequestContext, url: str, fetched_at: datetime) -> dict[str, str]:
    """Return the headers Memento-Datetime and Link of a response that contains a capture."""
    return {"memento-datetime": format_http_date(fetched_at), "link": memento_links(context, url, fetched_at)}


def memento_links(context: RequestContext, url: str, fetched_at: datetime) -> str:
    """Return a Link header: original, timegate, timemap, and the mementos around a capture."""
    return ", ".join((*_common_links(context, url), *_memento_entries(context, url, fetched_at)))


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
    """Yield one link per capture; one that is both first and next has both relations."""
    found = capture_times(context.index, url, fetched_at)
    if found is None:
        return
    roles: dict[str, tuple[datetime, list[str]]] = {}
    related = (("first", found.first), ("prev", found.previous), ("", fetched_at), ("next", found.next))
    for role, time in (*related, ("last", found.last)):
        if time is not None:
            roles.setdefault(format_timestamp(time), (time, []))[1].append(role)
    for time, names in sorted(roles.values()):
        rel = " ".join((*filter(None, names), "memento"))
        yield f'<{memento_uri(context, url, time)}>; rel="{rel}"; datetime="{format_http_date(time)}"'


def memento_uri(context: RequestContext, url: str, time: datetime) -> str:
    """Return the URL of a capture in this archive."""
    return f"{context.public_url}/web/{format_timestamp(time)}/{quote_url(url)}"
