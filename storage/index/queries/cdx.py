"""Captures in the order of a CDX file: by urlkey, then time. Streamed: a bounded number of rows is in memory.

URL itself     its captures by (url_id, fetched_at), one index walk each for http, https, www
many URLs      urlkeys in their order, some hundred at a time; then the captures of those
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, func, not_, or_, select

from storage.index.conditions.visibility import begins, shown_captures
from storage.index.engine.database import AnyRow, AnySelect
from storage.index.schema.tables import CaptureRow, UrlRow, WarcFileRow
from storage.index.views.cdx import CdxLine, CdxQuery, KeyRange
from storage.index.views.exclusions import NOTHING, Exclusions
from storage.model import RefersTo
from storage.surt import URLKEY_LENGTH, host_key, host_of, surt

Wanted: TypeAlias = Sequence[ColumnElement[bool]]

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
        CaptureRow.payload_digest, CaptureRow.kind, CaptureRow.record_id, WarcFileRow.name.label("warc"),
        CaptureRow.warc_offset, CaptureRow.warc_length, CaptureRow.truncated,
        CaptureRow.profile, CaptureRow.refers_to_id, CaptureRow.refers_to_record, CaptureRow.refers_to_date,
        _REFERRED.c.url.label("refers_to_url"), _REDIRECT.c.url.label("redirect_url"),
    )
    # Outer joins all, though none is without: so the planner begins with captures, whose index gives the order.
    .join(UrlRow, UrlRow.id == CaptureRow.url_id, isouter=True)
    .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id, isouter=True)
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


def lines(connection: Connection, asked: CdxQuery, exclude: Exclusions = NOTHING) -> Iterator[CdxLine]:
    """Captures in the order of a CDX file, or in the order asked for."""
    wanted = [*_wanted(asked), *shown_captures(connection, exclude)]
    urls = _exact_urls(connection, asked)
    if urls is not None:
        yield from _of_few(connection, urls, asked, wanted)
        return
    yield from of_keys(connection, asked, wanted)


def of_keys(connection: Connection, asked: CdxQuery, wanted: Wanted) -> Iterator[CdxLine]:
    """Captures that fulfil conditions, by walking over many URLs in the order of their keys: nothing is sorted."""
    for batch in _batches(connection, asked):
        yield from _of_batch(connection, batch, asked, wanted)


def in_order(connection: Connection, wanted: Wanted) -> Iterator[CdxLine]:
    """Captures that fulfil conditions, sorted by the database: for a few that an index finds."""
    yield from map(_line, connection.execute(_LINES.where(*wanted).order_by(*_IN_ORDER)))


def count_pages(connection: Connection, asked: CdxQuery, exclude: Exclusions = NOTHING) -> int:
    """Pages of `page_size` captures of one URL, or of so many URLs where many are meant."""
    urls = _exact_urls(connection, asked)
    if urls is not None:
        shown = [CaptureRow.url_id.in_(urls), *_wanted(asked), *shown_captures(connection, exclude)]
        counted = select(func.count()).select_from(CaptureRow).where(*shown)
    else:
        open_keys = not_(begins(UrlRow.urlkey.expression, exclude.urlkeys))
        counted = select(func.count()).select_from(UrlRow).where(_within(asked.keys), open_keys)
    return -(-(connection.scalar(counted) or 0) // asked.page_size)


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


def _of_few(connection: Connection, urls: Sequence[int], asked: CdxQuery, wanted: Wanted) -> Iterator[CdxLine]:
    """Captures of one URL: each of its spellings has them in order already."""
    if asked.closest is not None:
        yield from _closest(connection, urls, asked.closest, wanted)
        return
    begin = (asked.page or 0) * asked.page_size
    # Of one spelling the database itself passes over the pages before; several have to be merged first.
    skip = begin if len(urls) == 1 else 0
    ways = [_walk(connection, [CaptureRow.url_id == url, *wanted], backwards=asked.reverse, skip=skip) for url in urls]
    merged = heapq.merge(*ways, key=lambda line: (line.fetched_at, line.record_id), reverse=asked.reverse)
    begin -= skip
    for number, line in enumerate(merged):
        if asked.page is not None and number >= begin + asked.page_size:
            return
        if number >= begin:
            yield line


def _closest(connection: Connection, urls: Sequence[int], moment: datetime, wanted: Wanted) -> Iterator[CdxLine]:
    """Captures by their distance from a moment, the nearest first; of two equally near the earlier."""
    ways = []
    for url in urls:
        of_url = CaptureRow.url_id == url
        before, later = CaptureRow.fetched_at < moment, CaptureRow.fetched_at >= moment
        ways.append(_walk(connection, [of_url, before, *wanted], backwards=True))
        ways.append(_walk(connection, [of_url, later, *wanted], backwards=False))
    yield from heapq.merge(*ways, key=lambda line: _distance(line, moment))


def _distance(line: CdxLine, moment: datetime) -> tuple[timedelta, datetime, str]:
    return abs(line.fetched_at - moment), line.fetched_at, line.record_id


def _walk(connection: Connection, wanted: Wanted, *, backwards: bool, skip: int = 0) -> Iterator[CdxLine]:
    """Captures of one URL, in the order of their times."""
    by = _IN_REVERSE[1:] if backwards else _IN_ORDER[1:]
    found = _LINES.where(*wanted).order_by(*by)
    # A few at first: who asks for the closest takes one.
    step, further = _FEW, found.offset(skip) if skip else found
    while rows := connection.execute(further.limit(step)).all():
        yield from map(_line, rows)
        if len(rows) < step:
            return
        further, step = found.where(_beyond(rows[-1], backwards=backwards)), min(step * 10, _AT_ONCE)


def _beyond(row: AnyRow, *, backwards: bool) -> ColumnElement[bool]:
    at, name = CaptureRow.fetched_at, CaptureRow.record_id
    if backwards:
        return and_(at <= row.fetched_at, or_(at < row.fetched_at, name < row.record_id))
    return and_(at >= row.fetched_at, or_(at > row.fetched_at, name > row.record_id))


def _wanted(asked: CdxQuery) -> list[ColumnElement[bool]]:
    asked_for: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (asked.since, lambda moment: CaptureRow.fetched_at >= moment),
        (asked.until, lambda moment: CaptureRow.fetched_at < moment),
    )
    times = [condition(value) for value, condition in asked_for if value is not None]
    return [*times, *_behind(asked)]


def _behind(asked: CdxQuery) -> list[ColumnElement[bool]]:
    """What stands behind the line where an earlier answer stopped."""
    if asked.after is None:
        return []
    key, moment, record_id = asked.after
    at, name = CaptureRow.fetched_at, CaptureRow.record_id
    if asked.reverse:
        earlier = or_(at < moment, and_(at == moment, name < record_id))
        return [or_(UrlRow.urlkey < key, and_(UrlRow.urlkey == key, earlier))]
    later = or_(at > moment, and_(at == moment, name > record_id))
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
        here = [UrlRow.urlkey >= one.first, UrlRow.urlkey < one.behind]
        if asked.after is not None:
            edge = asked.after[0]
            here.append(UrlRow.urlkey <= edge if asked.reverse else UrlRow.urlkey >= edge)
        further: list[ColumnElement[bool]] = []
        while rows := _keys(connection, [*here, *further], size, reverse=asked.reverse):
            edge = rows[-1].urlkey
            # Those with the last one's key may be cut off: they are taken whole.
            inside = [row.id for row in rows if row.urlkey != edge]
            yield [*inside, *connection.scalars(select(UrlRow.id).where(UrlRow.urlkey == edge))]
            further = [UrlRow.urlkey < edge if asked.reverse else UrlRow.urlkey > edge]
            size = min(size * 2, _MANY)


def _keys(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], size: int, *, reverse: bool
) -> Sequence[AnyRow]:
    wanted = select(UrlRow.id, UrlRow.urlkey).where(*conditions).order_by(*_by_key(reverse=reverse))
    return connection.execute(wanted.limit(size)).all()


def _by_key(*, reverse: bool) -> tuple[Any, ...]:
    return (UrlRow.urlkey.desc(), UrlRow.id) if reverse else (UrlRow.urlkey, UrlRow.id)


def _page(connection: Connection, asked: CdxQuery, page: int) -> Iterator[list[int]]:
    wanted = select(UrlRow.id).where(_within(asked.keys)).order_by(*_by_key(reverse=asked.reverse))
    ids = connection.scalars(wanted.limit(asked.page_size).offset(page * asked.page_size)).all()
    for begin in range(0, len(ids), _MANY):
        yield list(ids[begin : begin + _MANY])


def _of_batch(connection: Connection, urls: list[int], asked: CdxQuery, wanted: Wanted) -> Iterator[CdxLine]:
    found: AnySelect = _LINES.where(CaptureRow.url_id.in_(_IDS), *wanted)
    by = _IN_REVERSE if asked.reverse else _IN_ORDER
    streaming = {"stream_results": True, "yield_per": _AT_ONCE}
    for row in connection.execute(found.order_by(*by), {"ids": urls}, execution_options=streaming):
        yield _line(row)


def _line(row: AnyRow) -> CdxLine:
    # By places, as `_LINES` has them: an answer has up to a million.
    *same, record_id, date, url, redirect_url = row
    named = RefersTo(record_id=record_id, url=url, date=date) if record_id or url or date else None
    return CdxLine._make((*same, named, redirect_url))


def line_at(connection: Connection, warc: str, offset: int, exclude: Exclusions = NOTHING) -> CdxLine | None:
    """The capture whose record begins there, or None."""
    at = (WarcFileRow.name == warc, CaptureRow.warc_offset == offset)
    return _one(connection, (*at, *shown_captures(connection, exclude)))


def line(connection: Connection, capture_id: int, exclude: Exclusions = NOTHING) -> CdxLine | None:
    """One capture by its id, or None."""
    return _one(connection, (CaptureRow.id == capture_id, *shown_captures(connection, exclude)))


def _one(connection: Connection, wanted: Wanted) -> CdxLine | None:
    row = connection.execute(_LINES.where(*wanted).limit(1)).first()
    return _line(row) if row else None


def knows_warc(connection: Connection, name: str) -> bool:
    """True where there is a WARC file of that name."""
    return connection.scalar(select(WarcFileRow.id).where(WarcFileRow.name == name)) is not None
