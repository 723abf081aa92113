"""Memento (RFC 7089): what ties a capture to its URL, to the TimeGate and to the captures around it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote

from newsarchive.web.context import Door
from newsarchive.web.responses.http_dates import http_date
from newsarchive.web.timestamps import stamp
from newsarchive.web.wb_url import in_path
from storage.index.queries.cdx import exactly
from storage.index.reader import Reader
from storage.index.views.cdx import CdxLine, CdxQuery

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Moments of the captures of a URL, seen from one of them."""

    first: datetime
    last: datetime
    previous: datetime | None
    next: datetime | None


def nearest(index: Reader, url: str, moment: datetime) -> CdxLine | None:
    """The capture of a URL that is nearest to a moment, or None.

    A URL may be archived as a page wrote it, with letters that an address has in percent-encoding: both are looked for.
    """
    for spelling in dict.fromkeys((url, unquote(url))):
        found = next(index.cdx(CdxQuery(keys=exactly(spelling), url=spelling, closest=moment)), None)
        if found is not None:
            return found
    return None


def around(index: Reader, url: str, at: datetime) -> Around | None:
    """What was captured of a URL before and after that moment, to the second; None where nothing was."""
    this = at.replace(microsecond=0)
    key = exactly(url)

    def moment(*, since: datetime | None = None, until: datetime | None = None, last: bool) -> datetime | None:
        asked = CdxQuery(keys=key, url=url, since=since, until=until, reverse=last)
        found = next(index.cdx(asked), None)
        return found.fetched_at if found else None

    first, last = moment(last=False), moment(last=True)
    if first is None or last is None:
        return None
    return Around(
        first=first,
        last=last,
        previous=moment(until=this, last=True),
        next=moment(since=this + _SECOND, last=False),
    )


def memento_headers(door: Door, url: str, fetched_at: datetime) -> dict[str, str]:
    """Memento-Datetime and Link: what every answer that shows a capture carries."""
    return {"memento-datetime": http_date(fetched_at), "link": memento_links(door, url, fetched_at)}


def memento_links(door: Door, url: str, fetched_at: datetime) -> str:
    """The value of a Link header: original, timegate, timemap and the mementos around one."""
    return ", ".join((*_always(door, url), *_mementos(door, url, fetched_at)))


def timegate_links(door: Door, url: str, fetched_at: datetime | None) -> str:
    """The value of a TimeGate's Link header; None where the archive holds nothing of the URL."""
    original, _, timemap = _always(door, url)
    return ", ".join((original, timemap, *(_mementos(door, url, fetched_at) if fetched_at else ())))


def _always(door: Door, url: str) -> tuple[str, str, str]:
    address = in_path(url)
    return (
        f'<{address}>; rel="original"',
        f'<{door.base_url}/timegate/{address}>; rel="timegate"',
        f'<{door.base_url}/timemap/link/{address}>; rel="timemap"; type="application/link-format"',
    )


def _mementos(door: Door, url: str, fetched_at: datetime) -> Iterator[str]:
    """One link for each moment; a capture that is the first and the next at once says both."""
    found = around(door.index, url, fetched_at)
    if found is None:
        return
    roles: dict[str, tuple[datetime, list[str]]] = {}
    named = (("first", found.first), ("prev", found.previous), ("", fetched_at), ("next", found.next))
    for role, moment in (*named, ("last", found.last)):
        if moment is not None:
            roles.setdefault(stamp(moment), (moment, []))[1].append(role)
    for moment, names in sorted(roles.values()):
        rel = " ".join((*filter(None, names), "memento"))
        yield f'<{memento_uri(door, url, moment)}>; rel="{rel}"; datetime="{http_date(moment)}"'


def memento_uri(door: Door, url: str, moment: datetime) -> str:
    """The address of a capture in this archive."""
    return f"{door.base_url}/web/{stamp(moment)}/{in_path(url)}"
