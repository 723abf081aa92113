"""Captures in the order of a CDX file: by urlkey, then time. Streamed: a bounded number of rows is in memory.

    URL itself     its captures by (url_id, fetched_at), one index walk each for http, https, www
    many URLs      urlkeys in their order, some hundred at a time; then the captures of those
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, func, or_, select

from storage.index.database import AnyRow, AnySelect
from storage.index.surt import URLKEY_LENGTH, host_key, host_of, surt
from storage.index.tables import CaptureRow, UrlRow, WarcFileRow
from storage.index.views import CdxLine, CdxQuery, KeyRange
from storage.model import RefersTo

_FEW = 20
"""URLs that are looked at first; then twice as many each time, for most who ask for many take a few."""
_MANY = 640
_AT_ONCE = 1000
"""Rows that are fetched at once where all are wanted."""

_REDIRECT = UrlRow.__table__.alias("redirect")
_REFERRED = UrlRow.__table__.alias("referred")
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_IN_ORDER = (UrlRow.urlkey, CaptureRow.fetched_at, CaptureRow.record_id)
_IN_REVERSE = tuple(column.desc() for column in _IN_ORDER)

_LINES = (
    select(
        CaptureRow.id, UrlRow.urlkey, UrlRow.url, CaptureRow.fetched_at, CaptureRow.status, CaptureRow.mime,
        CaptureRow.payload_digest, CaptureRow.kind, CaptureRow.record_id, CaptureRow.warc_offset,
        CaptureRow.warc_length, WarcFileRow.name.label("warc"), CaptureRow.truncated,
        CaptureRow.profile, CaptureRow.refers_to_id, CaptureRow.refers_to_record, CaptureRow.refers_to_date,
        _REFERRED.c.url.label("refers_to_url"), _REDIRECT.c.url.label("redirect_url"),
    )
    .join(UrlRow, UrlRow.id == CaptureRow.url_id)
    .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
    .join(_REDIRECT, _REDIRECT.c.id == CaptureRow.redirect_url_id, isouter=True)
    .join(_REFERRED, _REFERRED.c.id == CaptureRow.refers_to_url_id, isouter=True)
)  # fmt: skip


def exactly(url: str) -> tuple[KeyRange, ...]:
    """The urlkey of a URL."""
    return (KeyRange(surt(url), None),)


def beginning(url: str) -> tuple[KeyRange, ...]:
    """URLs that begin like this one."""
    return (_prefixed(surt(url)),)


def on_host(url: str) -> tuple[KeyRange, ...]:
    """URLs of a host, with or without "www."."""
    # ")" follows a host's key; "*" comes next after it.
    key = host_key(host_of(url))
    return (KeyRange(f"{key})", f"{key}*"),)


def in_domain(url: str) -> tuple[KeyRange, ...]:
    """URLs of a host and of all hosts below it."""
    # "," stands before a host below it; "-" comes next after it.
    key = host_key(host_of(url))
    return (*on_host(url), KeyRange(f"{key},", f"{key}-"))


def _prefixed(key: str) -> KeyRange:
    return KeyRange(key, key + chr(0x10FFFF))


def lines(connection: Connection, asked: CdxQuery) -> Iterator[CdxLine]:
    """Captures in the order of a CDX file, or in the order asked for."""
    urls = _exact_urls(connection, asked)
    if urls is not None:
        yield from _of_few(connection, urls, asked)
        return
    for batch in _batches(connection, asked):
        yield from _of_batch(connection, batch, asked)


def count_pages(connection: Connection, asked: CdxQuery, size: int) -> int:
    """Pages of so many captures of one URL, or of so many URLs where many are meant. At least 1 where there is any."""
    urls = _exact_urls(connection, asked)
    if urls is not None:
        counted = select(func.count()).select_from(CaptureRow).where(CaptureRow.url_id.in_(urls), *_times(asked))
    else:
        counted = select(func.count()).select_from(UrlRow).where(_within(asked.keys))
    return -(-(connection.scalar(counted) or 0) // size)


def _exact_urls(connection: Connection, asked: CdxQuery) -> Sequence[int] | None:
    """The ids of all URLs that have the one urlkey asked for; None where many are asked for."""
    if asked.keys[0].behind is not None:
        return None
    key = asked.keys[0].first
    same = UrlRow.urlkey == key
    if len(key) == URLKEY_LENGTH and asked.url:
        # The key was cut: others begin alike.
        same = and_(same, UrlRow.url == asked.url)
    return connection.scalars(select(UrlRow.id).where(same).order_by(UrlRow.url)).all()


def _of_few(connection: Connection, urls: Sequence[int], asked: CdxQuery) -> Iterator[CdxLine]:
    """Captures of one URL: each of its spellings has them in order already."""
    if asked.closest is not None:
        yield from _closest(connection, urls, asked, asked.closest)
        return
    ways = [_walk(connection, CaptureRow.url_id == url, asked) for url in urls]
    merged = heapq.merge(*ways, key=lambda line: (line.fetched_at, line.record_id), reverse=asked.reverse)
    begin = (asked.page or 0) * asked.page_size
    for number, line in enumerate(merged):
        if asked.page is not None and number >= begin + asked.page_size:
            return
        if number >= begin:
            yield line


def _closest(
    connection: Connection, urls: Sequence[int], asked: CdxQuery, moment: datetime
) -> Iterator[CdxLine]:
    """Captures by their distance from a moment, the nearest first; of two equally near the earlier."""
    ways = []
    for url in urls:
        of_url = CaptureRow.url_id == url
        ways.append(_walk(connection, and_(of_url, CaptureRow.fetched_at < moment), asked, _IN_REVERSE[1:]))
        ways.append(_walk(connection, and_(of_url, CaptureRow.fetched_at >= moment), asked, _IN_ORDER[1:]))
    yield from heapq.merge(*ways, key=lambda line: _distance(line, moment))


def _distance(line: CdxLine, moment: datetime) -> tuple[timedelta, datetime, str]:
    return abs(line.fetched_at - moment), line.fetched_at, line.record_id


def _walk(
    connection: Connection, condition: ColumnElement[bool], asked: CdxQuery, order: Sequence[Any] | None = None
) -> Iterator[CdxLine]:
    by = order or (_IN_REVERSE[1:] if asked.reverse else _IN_ORDER[1:])
    found = _LINES.where(condition, *_times(asked), *_behind(asked)).order_by(*by)
    step, last = asked.at_first, 0
    while True:
        # A few at first: who asks for the closest takes one.
        rows = connection.execute(found.limit(step).offset(last)).all()
        yield from map(_line, rows)
        if len(rows) < step:
            return
        last, step = last + len(rows), min(step * 10, _AT_ONCE)


def _times(asked: CdxQuery) -> list[ColumnElement[bool]]:
    asked_for: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (asked.since, lambda moment: CaptureRow.fetched_at >= moment),
        (asked.until, lambda moment: CaptureRow.fetched_at < moment),
    )
    return [condition(value) for value, condition in asked_for if value is not None]


def _behind(asked: CdxQuery) -> list[ColumnElement[bool]]:
    """What stands behind the line where an earlier answer stopped."""
    if asked.after is None:
        return []
    key, moment, record_id = asked.after
    later = or_(
        CaptureRow.fetched_at > moment, and_(CaptureRow.fetched_at == moment, CaptureRow.record_id > record_id)
    )
    return [or_(UrlRow.urlkey > key, and_(UrlRow.urlkey == key, later))]


def _within(keys: Sequence[KeyRange]) -> ColumnElement[bool]:
    return or_(*(and_(UrlRow.urlkey >= one.first, UrlRow.urlkey < one.behind) for one in keys))


def _batches(connection: Connection, asked: CdxQuery) -> Iterator[list[int]]:
    """Ids of URLs in the order of their keys; those with the same key come together."""
    if asked.page is not None:
        yield from _page(connection, asked, asked.page)
        return
    size = _FEW
    for one in reversed(asked.keys) if asked.reverse else asked.keys:
        first, behind = one.first, one.behind
        if asked.after is not None:
            first = max(first, asked.after[0])
        while rows := _keys(connection, first, behind, size, reverse=asked.reverse):
            edge = rows[-1].urlkey
            # Those with the last one's key may be cut off: they are taken whole.
            inside = [row.id for row in rows if row.urlkey != edge]
            yield [*inside, *connection.scalars(select(UrlRow.id).where(UrlRow.urlkey == edge))]
            first, behind = (one.first, edge) if asked.reverse else (edge + "\0", one.behind)
            size = min(size * 2, _MANY)


def _keys(connection: Connection, first: str, behind: str | None, size: int, *, reverse: bool) -> Sequence[AnyRow]:
    by = (UrlRow.urlkey.desc(), UrlRow.id) if reverse else (UrlRow.urlkey, UrlRow.id)
    wanted = select(UrlRow.id, UrlRow.urlkey).where(UrlRow.urlkey >= first, UrlRow.urlkey < behind)
    return connection.execute(wanted.order_by(*by).limit(size)).all()


def _page(connection: Connection, asked: CdxQuery, page: int) -> Iterator[list[int]]:
    by = (UrlRow.urlkey.desc(), UrlRow.id) if asked.reverse else (UrlRow.urlkey, UrlRow.id)
    wanted = select(UrlRow.id).where(_within(asked.keys)).order_by(*by)
    ids = connection.scalars(wanted.limit(asked.page_size).offset(page * asked.page_size)).all()
    for begin in range(0, len(ids), _MANY):
        yield list(ids[begin : begin + _MANY])


def _of_batch(connection: Connection, urls: list[int], asked: CdxQuery) -> Iterator[CdxLine]:
    found: AnySelect = _LINES.where(CaptureRow.url_id.in_(_IDS), *_times(asked), *_behind(asked))
    by = _IN_REVERSE if asked.reverse else _IN_ORDER
    streaming = {"stream_results": True, "yield_per": _AT_ONCE}
    for row in connection.execute(found.order_by(*by), {"ids": urls}, execution_options=streaming):
        yield _line(row)


def _line(row: AnyRow) -> CdxLine:
    named = (row.refers_to_record, row.refers_to_url, row.refers_to_date)
    return CdxLine(
        id=row.id, urlkey=row.urlkey, url=row.url, fetched_at=row.fetched_at, status=row.status, mime=row.mime,
        payload_digest=row.payload_digest, kind=row.kind, record_id=row.record_id, warc=row.warc,
        offset=row.warc_offset, length=row.warc_length, truncated=row.truncated, profile=row.profile,
        refers_to_id=row.refers_to_id,
        refers_to=RefersTo(record_id=named[0], url=named[1], date=named[2]) if any(named) else None,
        redirect_url=row.redirect_url,
    )  # fmt: skip


def capture_at(connection: Connection, warc: str, offset: int) -> CdxLine | None:
    """The capture whose record begins there, or None."""
    row = connection.execute(
        _LINES.where(WarcFileRow.name == warc, CaptureRow.warc_offset == offset).limit(1)
    ).first()
    return _line(row) if row else None


def line(connection: Connection, capture_id: int) -> CdxLine | None:
    """One capture by its id."""
    row = connection.execute(_LINES.where(CaptureRow.id == capture_id)).first()
    return _line(row) if row else None
