"""CDX lines: captures ordered by urlkey, then time. Streamed: a bounded number of rows is in memory.

one URL        captures by (url_id, fetched_at): one index scan each for http, https, www, merged
many URLs      urlkeys in order, some hundred at a time; then the captures of these
"""

import heapq
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from storage.index.conditions import visibility
from storage.index.engine.statements import IDS, STREAMING, AnyRow, AnySelect
from storage.index.queries.articles import REDIRECT, REFERRED
from storage.index.queries.export import select_versions
from storage.index.queries.timeline import follows
from storage.index.reader import ReadScope
from storage.index.schema.tables import CaptureRow, UrlRow, VersionRow, WarcFileRow
from storage.index.views.articles import EVERYTHING, Filters, list_values
from storage.index.views.cdx import CdxLine, CdxQuery, KeyRange
from storage.model import RefersTo
from storage.urls import URLKEY_LENGTH, surt, surt_host, url_host

_Conditions: TypeAlias = Sequence[ColumnElement[bool]]

_FIRST_BATCH = 20
"""URLs of the first batch; the next ones are twice as large each, as most clients take few lines."""
_MAX_BATCH = 640
_FETCH_SIZE = 1000  # rows that are fetched at once

_IN_ORDER = (UrlRow.urlkey, CaptureRow.fetched_at, CaptureRow.record_id)
_IN_REVERSE = tuple(column.desc() for column in _IN_ORDER)

_LINES = (
    select(
        CaptureRow.id, UrlRow.urlkey, UrlRow.url, CaptureRow.fetched_at, CaptureRow.status, CaptureRow.mime,
        CaptureRow.payload_digest, CaptureRow.kind, CaptureRow.record_id, WarcFileRow.name.label("warc"),
        CaptureRow.warc_offset, CaptureRow.warc_length, CaptureRow.truncated,
        CaptureRow.profile, CaptureRow.refers_to_id, CaptureRow.refers_to_record, CaptureRow.refers_to_date,
        REFERRED.c.url.label("refers_to_url"), REDIRECT.c.url.label("redirect_url"),
    )
    # Outer joins, though all rows match: so the planner begins with captures, whose index provides the order.
    .join(UrlRow, UrlRow.id == CaptureRow.url_id, isouter=True)
    .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id, isouter=True)
    .join(REDIRECT, REDIRECT.c.id == CaptureRow.redirect_url_id, isouter=True)
    .join(REFERRED, REFERRED.c.id == CaptureRow.refers_to_url_id, isouter=True)
)  # fmt: skip


def match_exact(url: str) -> tuple[KeyRange, ...]:
    """Return the urlkey of a URL (matchType=exact)."""
    return (KeyRange(surt(url), None),)


def match_prefix(url: str) -> tuple[KeyRange, ...]:
    """Return the urlkeys of URLs with a prefix (matchType=prefix)."""
    return (KeyRange(surt(url), visibility.prefix_end(surt(url))),)


def match_host(url: str) -> tuple[KeyRange, ...]:
    """Return the urlkeys of a host, with and without "www." (matchType=host)."""
    # ")" follows the key of a host; "*" is the next character.
    key = surt_host(url_host(url))
    return (KeyRange(f"{key})", f"{key}*"),)


def match_domain(url: str) -> tuple[KeyRange, ...]:
    """Return the urlkeys of a host and its subdomains (matchType=domain)."""
    # "," precedes a subdomain; "-" is the next character.
    key = surt_host(url_host(url))
    return (*match_host(url), KeyRange(f"{key},", f"{key}-"))


def iter_cdx_lines(scope: ReadScope, query: CdxQuery) -> Iterator[CdxLine]:
    """Yield captures in the order of a CDX file, or in that of the query."""
    conditions = [*_query_conditions(query), *visibility.visible_captures(scope)]
    if (urls := _find_exact_urls(scope.connection, query)) is not None:
        yield from _iter_of_urls(scope.connection, urls, query, conditions)
    else:
        yield from _iter_by_key(scope.connection, query, conditions)


def _iter_by_key(connection: Connection, query: CdxQuery, conditions: _Conditions) -> Iterator[CdxLine]:
    """Yield captures by scanning URLs in the order of their keys, without sorting."""
    found: AnySelect = _LINES.where(CaptureRow.url_id.in_(IDS), *conditions)
    found = found.order_by(*(_IN_REVERSE if query.reverse else _IN_ORDER))
    for batch in _iter_url_batches(connection, query):
        yield from map(_cdx_line, connection.execute(found, {"ids": batch}, execution_options=STREAMING))


def count_cdx_pages(scope: ReadScope, query: CdxQuery) -> int:
    """Return the number of pages of `page_size` captures of one URL, or of `page_size` URLs."""
    if (urls := _find_exact_urls(scope.connection, query)) is not None:
        visible = [CaptureRow.url_id.in_(urls), *_query_conditions(query), *visibility.visible_captures(scope)]
        counted = select(func.count()).select_from(CaptureRow).where(*visible)
    else:
        visible = [_key_conditions(query.keys), *visibility.visible_targets(scope)]
        counted = select(func.count()).select_from(UrlRow).where(*visible)
    return -(-(scope.connection.scalar(counted) or 0) // query.page_size)


def _find_exact_urls(connection: Connection, query: CdxQuery) -> Sequence[int] | None:
    """Return the ids of the URLs with the urlkey of the query; None if it is a range of urlkeys."""
    if query.keys[0].end is not None:
        return None
    key = query.keys[0].first
    same = UrlRow.urlkey == key
    if len(key) == URLKEY_LENGTH and query.url:
        # The key is truncated: other URLs may share it.
        same = and_(same, UrlRow.url == query.url)
    return connection.scalars(select(UrlRow.id).where(same).order_by(UrlRow.url)).all()


def _iter_of_urls(
    connection: Connection, urls: Sequence[int], query: CdxQuery, conditions: _Conditions
) -> Iterator[CdxLine]:
    """Yield captures of one URL: those of each spelling are sorted already."""
    if query.closest is not None:
        time = query.closest
        sides = ((CaptureRow.fetched_at < time, True), (CaptureRow.fetched_at >= time, False))
        both = [
            _iter_by_time(connection, [CaptureRow.url_id == url, side, *conditions], backwards=backwards)
            for url in urls
            for side, backwards in sides
        ]
        # Nearest first; of two at the same distance the earlier first.
        yield from heapq.merge(*both, key=lambda line: (abs(line.fetched_at - time), line.fetched_at, line.record_id))
        return
    begin = (query.page or 0) * query.page_size
    # For one spelling the database skips the pages before; several have to be merged first.
    skip = begin if len(urls) == 1 else 0
    ways = [
        _iter_by_time(connection, [CaptureRow.url_id == url, *conditions], backwards=query.reverse, skip=skip)
        for url in urls
    ]
    merged = heapq.merge(*ways, key=lambda line: (line.fetched_at, line.record_id), reverse=query.reverse)
    begin -= skip
    yield from islice(merged, begin, None if query.page is None else begin + query.page_size)


def _iter_by_time(
    connection: Connection, conditions: _Conditions, *, backwards: bool, skip: int = 0
) -> Iterator[CdxLine]:
    """Yield captures of one URL by time."""
    by = _IN_REVERSE[1:] if backwards else _IN_ORDER[1:]
    found = _LINES.where(*conditions).order_by(*by)
    # Few at first: a query for the closest takes one.
    step, more = _FIRST_BATCH, found.offset(skip) if skip else found
    while rows := connection.execute(more.limit(step)).all():
        yield from map(_cdx_line, rows)
        if len(rows) < step:
            return
        last, step = rows[-1], min(step * 10, _FETCH_SIZE)
        more = found.where(follows(last.fetched_at, last.record_id, backwards=backwards))


def _query_conditions(query: CdxQuery) -> list[ColumnElement[bool]]:
    """Return conditions for the times of a query; it resumes after the last line of an earlier answer."""
    conditions = visibility.conditions_on_time(CaptureRow.fetched_at, query.since, query.until)
    if query.after is not None:
        key, time, record_id = query.after
        beyond = UrlRow.urlkey < key if query.reverse else UrlRow.urlkey > key
        same_url = and_(UrlRow.urlkey == key, follows(time, record_id, backwards=query.reverse))
        conditions.append(or_(beyond, same_url))
    return conditions


def _key_conditions(keys: Sequence[KeyRange]) -> ColumnElement[bool]:
    return or_(*(and_(UrlRow.urlkey >= one.first, UrlRow.urlkey < one.end) for one in keys))


def _iter_url_batches(connection: Connection, query: CdxQuery) -> Iterator[list[int]]:
    """Yield ids of URLs in the order of their keys; those with the same key are in one batch."""
    by = (UrlRow.urlkey.desc(), UrlRow.id) if query.reverse else (UrlRow.urlkey, UrlRow.id)
    in_order = select(UrlRow.id, UrlRow.urlkey).order_by(*by)
    if query.page is not None:
        of_page = in_order.where(_key_conditions(query.keys)).limit(query.page_size)
        ids = connection.scalars(of_page.offset(query.page * query.page_size)).all()
        for begin in range(0, len(ids), _MAX_BATCH):
            yield list(ids[begin : begin + _MAX_BATCH])
        return
    size = _FIRST_BATCH
    for keys in reversed(query.keys) if query.reverse else query.keys:
        key_range = [UrlRow.urlkey >= keys.first, UrlRow.urlkey < keys.end]
        if query.after is not None:
            edge = query.after[0]
            key_range.append(UrlRow.urlkey <= edge if query.reverse else UrlRow.urlkey >= edge)
        more: list[ColumnElement[bool]] = []
        while rows := connection.execute(in_order.where(*key_range, *more).limit(size)).all():
            edge = rows[-1].urlkey
            # The limit may separate URLs with the last key: they are loaded again, all of them.
            inside = [row.id for row in rows if row.urlkey != edge]
            yield [*inside, *connection.scalars(select(UrlRow.id).where(UrlRow.urlkey == edge))]
            more = [UrlRow.urlkey < edge if query.reverse else UrlRow.urlkey > edge]
            size = min(size * 2, _MAX_BATCH)


def _cdx_line(row: AnyRow) -> CdxLine:
    # By position, in the order of _LINES: an answer has up to a million rows.
    *same, record_id, date, url, redirect_url = row
    named = RefersTo(record_id=record_id, url=url, date=date) if record_id or url or date else None
    return CdxLine._make((*same, named, redirect_url))


def get_cdx_line_at(scope: ReadScope, warc: str, offset: int) -> CdxLine | None:
    """Return the capture whose record begins at an offset of a WARC file, or None."""
    at = (WarcFileRow.name == warc, CaptureRow.warc_offset == offset)
    row = scope.connection.execute(_LINES.where(*at, *visibility.visible_captures(scope)).limit(1)).first()
    return _cdx_line(row) if row else None


def get_cdx_line(scope: ReadScope, capture_id: int) -> CdxLine | None:
    """Return the capture with an id, or None."""
    query = _LINES.where(CaptureRow.id == capture_id, *visibility.visible_captures(scope))
    row = scope.connection.execute(query).first()
    return _cdx_line(row) if row else None


def has_url_with_prefix(scope: ReadScope, prefixes: Sequence[str]) -> bool:
    """Return True if a URL of the index has a urlkey with one of the prefixes."""
    found = select(UrlRow.id).where(visibility.prefix_condition(UrlRow.urlkey.expression, prefixes)).limit(1)
    return scope.connection.scalar(found) is not None


def has_warc_file(connection: Connection, name: str) -> bool:
    """Return True if the index has a WARC file with a name."""
    return connection.scalar(select(WarcFileRow.id).where(WarcFileRow.name == name)) is not None


ALL_KEYS = (KeyRange("", chr(0x10FFFF)),)
_MAX_SORTED = 1000
"""Articles up to which captures are found by article and sorted; for more, all URLs are scanned in order."""


def iter_cdx_lines_of_articles(scope: ReadScope, filters: Filters = EVERYTHING) -> Iterator[CdxLine]:
    """Yield the captures of filtered articles. Without filters, or filtered by site only: all captures, those of
    listings, feeds and images included.
    """
    visible = visibility.visible_captures(scope)
    everything = CdxQuery(keys=ALL_KEYS)
    if not filters.selects_articles:
        if filters.site is not None:
            sites = visibility.load_site_ids(scope.connection, list_values(filters.site)).values()
            visible = [*visible, CaptureRow.site_id.in_(sites)]
        yield from _iter_by_key(scope.connection, everything, visible)
        return
    versions = select_versions(scope, filters, all_versions=False).order_by(None)
    chosen = select(VersionRow.article_id).where(VersionRow.id.in_(versions))
    ids = scope.connection.scalars(chosen.limit(_MAX_SORTED + 1)).all()
    if len(ids) <= _MAX_SORTED:
        few = _LINES.where(*visible, CaptureRow.article_id.in_(ids)).order_by(*_IN_ORDER)
        yield from map(_cdx_line, scope.connection.execute(few))
    else:
        yield from _iter_by_key(scope.connection, everything, [*visible, CaptureRow.article_id.in_(chosen)])
