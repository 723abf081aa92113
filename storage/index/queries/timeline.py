"""Which capture of a page is nearest to a moment, and what stands around it.

A page is one URL however it is spelled: http or https, with "www." or without, its letters percent-encoded or not.

    urlkeys of the spellings --> ids of URLs --> one index walk each way from the moment, by (url_id, fetched_at)
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from storage.index.conditions.visibility import after, shown_captures
from storage.index.queries import articles
from storage.index.schema.tables import CaptureRow, UrlRow
from storage.index.views.articles import CaptureView
from storage.index.views.exclusions import NOTHING, Exclusions
from storage.index.views.history import Beside, HeldUrl, Span
from storage.surt import host_key, host_of, surt

_MOST_SPELLINGS = 60
"""URLs that are taken for one page: more have the same urlkey only where somebody plays with capitals."""
_AT_ONCE = 400
_SECOND = timedelta(seconds=1)
_ESCAPES = re.compile(r"%[0-9a-fA-F]{2}")
_NOT_ASCII = re.compile(r"(?:%[89a-fA-F][0-9a-fA-F])+")
_UNSAFE = re.compile(r"%(?:20|22|3[cCeE]|5[b-eB-E]|60|7[b-dB-D])")
"""What pages write as it is and browsers send percent-encoded."""
_SAFE = "%/:=&?~#+!$,;'@()*[]|"


def page_of(url: str) -> str:
    """What the spellings of one page have in common; capitals in the path tell pages apart.

    >>> page_of("http://www.News.example/A?b=1#c") == page_of("https://news.example/A?b=1")
    True
    >>> page_of("https://news.example/中") == page_of("https://news.example/%e4%b8%ad")
    True
    """
    url = url.partition("#")[0]
    host = host_of(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    rest = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return f"{host_key(host)}){_ESCAPES.sub(lambda found: found[0].upper(), quote(rest, safe=_SAFE))}"


def _urlkeys(url: str) -> set[str]:
    decoded = _NOT_ASCII.sub(lambda found: _text(found[0]), url)
    plain = _UNSAFE.sub(lambda found: unquote(found[0]), decoded)
    return {surt(url), surt(quote(url, safe=_SAFE)), surt(decoded), surt(plain)}


def _text(escapes: str) -> str:
    try:
        return unquote(escapes, errors="strict")
    except UnicodeDecodeError:
        return escapes


def page_ids(connection: Connection, url: str) -> Sequence[int]:
    """Ids of all URLs that are that page; the URL as it is spelled comes first."""
    wanted = page_of(url)
    rows = connection.execute(
        select(UrlRow.id, UrlRow.url).where(UrlRow.urlkey.in_(sorted(_urlkeys(url)))).limit(_MOST_SPELLINGS)
    )
    found = [(row.url != url, row.id) for row in rows if page_of(row.url) == wanted]
    return [row_id for _, row_id in sorted(found)]


def shows(ids: Collection[int]) -> ColumnElement[bool]:
    """True for a capture that shows what the page was: no error, and no redirect from one spelling to another."""
    elsewhere = and_(CaptureRow.redirect_url_id.is_not(None), CaptureRow.redirect_url_id.not_in(ids))
    whole = or_(CaptureRow.kind != "revisit", CaptureRow.refers_to_id.is_not(None))
    return or_(
        and_(CaptureRow.status.between(200, 299), whole),
        and_(CaptureRow.status.between(300, 399), CaptureRow.status != 304, elsewhere),
        and_(CaptureRow.kind == "revisit", CaptureRow.status == 304, CaptureRow.refers_to_id.is_not(None)),
        CaptureRow.kind == "resource",
    )


def nearest(
    connection: Connection, url: str, moment: datetime, exclude: Exclusions = NOTHING, *, to_the_second: bool = True
) -> CaptureView | None:
    """The capture of a page that is nearest to a moment; one within that very second before all others.

    Captures that show the page go before those that do not, except that `to_the_second` an error may be what is meant.
    """
    ids = page_ids(connection, url)
    if not ids:
        return None
    visible = shown_captures(connection, exclude)
    whole = [shows(ids), *visible]
    begin = moment.replace(microsecond=0)
    within = [CaptureRow.fetched_at >= begin, CaptureRow.fetched_at < begin + _SECOND]
    found = _first(connection, ids, [*whole, *within])
    if to_the_second:
        found = found or _first(connection, ids, [*visible, *within])
    found = found or _closest(connection, ids, moment, whole) or _closest(connection, ids, moment, visible)
    return articles.capture(connection, CaptureRow.id == found, exclude) if found else None


def _first(connection: Connection, ids: Sequence[int], conditions: Iterable[ColumnElement[bool]]) -> int | None:
    asked = select(CaptureRow.id, CaptureRow.url_id).where(CaptureRow.url_id.in_(ids), *conditions)
    rows = connection.execute(asked.order_by(CaptureRow.fetched_at, CaptureRow.record_id).limit(100)).all()
    return min(rows, key=lambda row: ids.index(row.url_id)).id if rows else None


def _closest(
    connection: Connection, ids: Sequence[int], moment: datetime, conditions: Sequence[ColumnElement[bool]]
) -> int | None:
    found = (
        (abs(row.fetched_at - moment), rank, row.id)
        for rank, url_id in enumerate(ids)
        for row in _both_sides(connection, [CaptureRow.url_id == url_id, *conditions], moment)
    )
    best = min(found, default=None)
    return best[2] if best else None


def _both_sides(connection: Connection, conditions: Iterable[ColumnElement[bool]], moment: datetime) -> Iterator[Any]:
    at = CaptureRow.fetched_at
    asked = select(CaptureRow.id, at).where(*conditions).limit(1)
    for one in (
        asked.where(at < moment).order_by(at.desc(), CaptureRow.record_id.desc()),
        asked.where(at >= moment).order_by(at, CaptureRow.record_id),
    ):
        yield from connection.execute(one)


def span(connection: Connection, url: str, exclude: Exclusions = NOTHING) -> Span | None:
    """How many captures there are of a page, and its first and last; None where there is none."""
    ids = page_ids(connection, url)
    if not ids:
        return None
    at = CaptureRow.fetched_at
    asked = select(func.count(at).label("captures"), func.min(at).label("first"), func.max(at).label("last"))
    row = connection.execute(asked.where(CaptureRow.url_id.in_(ids), *shown_captures(connection, exclude))).one()
    return Span(captures=row.captures, first=row.first, last=row.last) if row.captures else None


def beside(connection: Connection, url: str, moment: datetime, exclude: Exclusions = NOTHING) -> Beside:
    """The captures that show a page before and after the second of a moment."""
    ids = page_ids(connection, url)
    begin = moment.replace(microsecond=0)
    at = CaptureRow.fetched_at
    conditions = [shows(ids), *shown_captures(connection, exclude)]
    earlier: list[datetime] = []
    later: list[datetime] = []
    for url_id in ids:
        # One walk a URL, by the index: it ends at the first row that shows the page.
        mine = select(at).where(CaptureRow.url_id == url_id, *conditions).limit(1)
        earlier += connection.scalars(mine.where(at < begin).order_by(at.desc()))
        later += connection.scalars(mine.where(at >= begin + _SECOND).order_by(at))
    return Beside(before=max(earlier, default=None), after=min(later, default=None))


def neighbour(
    connection: Connection, url: str, near: tuple[datetime, str], exclude: Exclusions = NOTHING, *, later: bool
) -> int | None:
    """The id of a page's capture next to one that is named by its moment and record id, errors and all."""
    at, name = CaptureRow.fetched_at, CaptureRow.record_id
    moment, record_id = near
    if later:
        beyond = and_(at >= moment, or_(at > moment, name > record_id))
    else:
        beyond = and_(at <= moment, or_(at < moment, name < record_id))
    by = (at, name) if later else (at.desc(), name.desc())
    found: list[tuple[datetime, str, int]] = []
    for url_id in page_ids(connection, url):
        mine = select(at, name, CaptureRow.id).where(
            CaptureRow.url_id == url_id, beyond, *shown_captures(connection, exclude)
        )
        found += [(row.fetched_at, row.record_id, row.id) for row in connection.execute(mine.order_by(*by).limit(1))]
    if not found:
        return None
    return (min(found) if later else max(found))[2]


def held(connection: Connection, urls: Iterable[str], exclude: Exclusions = NOTHING) -> frozenset[str]:
    """Those of some URLs of which the archive has a capture that is no error, however they are spelled there."""
    by_key: dict[str, set[str]] = {}
    for url in urls:
        for key in _urlkeys(url):
            by_key.setdefault(key, set()).add(url)
    usable = or_(CaptureRow.status.is_(None), CaptureRow.status < 400)
    there = exists().where(CaptureRow.url_id == UrlRow.id, usable, *shown_captures(connection, exclude))
    found: set[str] = set()
    keys = sorted(by_key)
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        for row in connection.execute(select(UrlRow.url, UrlRow.urlkey).where(UrlRow.urlkey.in_(some), there)):
            page = page_of(row.url)
            found.update(url for url in by_key[row.urlkey] if page_of(url) == page)
    return frozenset(found)


def around(connection: Connection, url: str, exclude: Exclusions = NOTHING, *, limit: int = 20) -> tuple[HeldUrl, ...]:
    """URLs of which there are captures, and that begin as this one does: as much of its path as leads to some.

    Newest capture of each; in the order of their urlkeys.
    """
    key = surt(url)
    at = CaptureRow.fetched_at
    visible = shown_captures(connection, exclude)
    for prefix in _shorter(key):
        there = exists().where(CaptureRow.url_id == UrlRow.id, *visible)
        some = (
            select(UrlRow.id, UrlRow.url, UrlRow.urlkey)
            .where(UrlRow.urlkey >= prefix, UrlRow.urlkey < after(prefix), there)
            .order_by(UrlRow.urlkey, UrlRow.url)
            .limit(limit)
        )
        rows = connection.execute(some).all()
        if rows:
            newest: dict[int, tuple[datetime, int]] = {
                row.url_id: (row.last, row.captures)
                for row in connection.execute(
                    select(CaptureRow.url_id, func.max(at).label("last"), func.count().label("captures"))
                    .where(CaptureRow.url_id.in_([row.id for row in rows]), *visible)
                    .group_by(CaptureRow.url_id)
                )
            }
            return tuple(HeldUrl(url=row.url, newest=newest[row.id][0], captures=newest[row.id][1]) for row in rows)
    return ()


def _shorter(urlkey: str) -> Iterator[str]:
    """A urlkey, shorter by a step each time: query, last part of the path and so on, down to the host."""
    host, bracket, path = urlkey.partition(")")
    if not bracket:
        return
    path = path.partition("?")[0]
    yield f"{host}){path}"
    for _ in range(12):
        cut = path.rstrip("/").rpartition("/")[0]
        if not path.strip("/"):
            return
        path = f"{cut}/"
        yield f"{host}){path}"
