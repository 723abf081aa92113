"""Captures of a page over time: the nearest to a time, the next ones, and counts by year and day.

A page is all spellings of one URL: http or https, with or without "www.", percent-encoded or not.

    urlkeys of the spellings --> ids of URLs --> one index scan each way from the time, by (url_id, fetched_at)
"""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from storage.grouping import group_pairs
from storage.index.conditions.visibility import conditions_on_time, prefix_end, visible_captures
from storage.index.engine.dialect import utc_day
from storage.index.engine.statements import IDS, AnyRow, fetch_by_ids
from storage.index.queries import articles
from storage.index.reader import ReadScope
from storage.index.schema.tables import CaptureRow, UrlRow
from storage.index.views.articles import CaptureView
from storage.index.views.history import CalendarEntry, CaptureSpan, DayCount
from storage.model import Outcome
from storage.urls import surt, surt_host, url_host

_MAX_SPELLINGS = 60  # URLs of one page; more than that share a urlkey only by variations of capitals
_SECOND = timedelta(seconds=1)
_ESCAPES = re.compile(r"%[0-9a-fA-F]{2}")
_NOT_ASCII = re.compile(r"(?:%[89a-fA-F][0-9a-fA-F])+")
_UNSAFE = re.compile(r"%(?:20|22|3[cCeE]|5[b-eB-E]|60|7[b-dB-D])")
"""Characters that pages write literally and browsers send percent-encoded."""
_SAFE = "%/:=&?~#+!$,;'@()*[]|"


def normalize_page_url(url: str) -> str:
    """Return a key that is the same for all spellings of a page; paths are case-sensitive.

    >>> normalize_page_url("http://www.News.example/A?b=1#c") == normalize_page_url("https://news.example/A?b=1")
    True
    >>> normalize_page_url("https://news.example/中") == normalize_page_url("https://news.example/%e4%b8%ad")
    True
    """
    url = url.partition("#")[0]
    host = url_host(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    rest = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return f"{surt_host(host)}){_ESCAPES.sub(lambda found: found[0].upper(), quote(rest, safe=_SAFE))}"


def _urlkeys_of_page(url: str) -> set[str]:
    def decode(escapes: re.Match[str]) -> str:
        try:
            return unquote(escapes[0], errors="strict")
        except UnicodeDecodeError:
            return escapes[0]

    decoded = _NOT_ASCII.sub(decode, url)
    plain = _UNSAFE.sub(lambda found: unquote(found[0]), decoded)
    return {surt(url), surt(quote(url, safe=_SAFE)), surt(decoded), surt(plain)}


def load_page_ids(connection: Connection, url: str) -> Sequence[int]:
    """Return the ids of all URLs of a page; the URL itself comes first."""
    wanted = normalize_page_url(url)
    rows = connection.execute(
        select(UrlRow.id, UrlRow.url).where(UrlRow.urlkey.in_(sorted(_urlkeys_of_page(url)))).limit(_MAX_SPELLINGS)
    )
    found = [(row.url != url, row.id) for row in rows if normalize_page_url(row.url) == wanted]
    return [row_id for _, row_id in sorted(found)]


def shows_page(ids: Collection[int]) -> ColumnElement[bool]:
    """Return a condition: the capture shows the page; it is no error, and no redirect between spellings."""
    elsewhere = and_(CaptureRow.redirect_url_id.is_not(None), CaptureRow.redirect_url_id.not_in(ids))
    whole = or_(CaptureRow.kind != "revisit", CaptureRow.refers_to_id.is_not(None))
    return or_(
        and_(CaptureRow.status.between(200, 299), whole),
        and_(CaptureRow.status.between(300, 399), CaptureRow.status != 304, elsewhere),
        and_(CaptureRow.kind == "revisit", CaptureRow.status == 304, CaptureRow.refers_to_id.is_not(None)),
        CaptureRow.kind == "resource",
    )


def find_nearest_capture(
    scope: ReadScope, url: str, time: datetime, *, to_the_second: bool = True
) -> CaptureView | None:
    """Return the capture of a page that is nearest to a time; one within that second takes precedence.

    Captures that show the page take precedence over others; but with `to_the_second`, an error within that second is
    returned before captures at other times.
    """
    if not (ids := load_page_ids(scope.connection, url)):
        return None
    visible = visible_captures(scope)
    whole = [shows_page(ids), *visible]
    begin = time.replace(microsecond=0)
    within = [CaptureRow.fetched_at >= begin, CaptureRow.fetched_at < begin + _SECOND]
    found = _find_first(scope.connection, ids, [*whole, *within])
    if to_the_second:
        found = found or _find_first(scope.connection, ids, [*visible, *within])
    for conditions in (whole, visible):
        found = found or _find_closest(scope.connection, ids, time, conditions)
    return articles.get_capture(scope, found) if found else None


def _find_first(connection: Connection, ids: Sequence[int], conditions: Iterable[ColumnElement[bool]]) -> int | None:
    statement = select(CaptureRow.id, CaptureRow.url_id).where(CaptureRow.url_id.in_(ids), *conditions)
    rows = connection.execute(statement.order_by(CaptureRow.fetched_at, CaptureRow.record_id).limit(100)).all()
    return min(rows, key=lambda row: ids.index(row.url_id)).id if rows else None


def _find_closest(
    connection: Connection, ids: Sequence[int], time: datetime, conditions: Sequence[ColumnElement[bool]]
) -> int | None:
    sides = ((False, CaptureRow.fetched_at < time), (True, CaptureRow.fetched_at >= time))
    found = (
        (abs(row.fetched_at - time), rank, row.id)
        for rank, url_id in enumerate(ids)
        for later, is_there in sides
        if (row := _find_next(connection, [url_id], [is_there, *conditions], later=later))
    )
    best = min(found, default=None)
    return best[2] if best else None


def _find_next(
    connection: Connection, url_ids: Iterable[int], conditions: Iterable[ColumnElement[bool]], *, later: bool
) -> AnyRow | None:
    """Return time, record id and id of the first capture of these URLs under conditions, or of the last one."""
    columns = CaptureRow.fetched_at, CaptureRow.record_id, CaptureRow.id
    by = columns[:2] if later else [column.desc() for column in columns[:2]]
    one = select(*columns).where(*conditions).order_by(*by).limit(1)
    # One index scan for each URL: it ends at the first row.
    rows = (row for url_id in url_ids for row in connection.execute(one.where(CaptureRow.url_id == url_id)))
    return min(rows, default=None) if later else max(rows, default=None)


def get_capture_span(scope: ReadScope, url: str) -> CaptureSpan | None:
    """Return the number of captures of a page with the first and the last time, or None."""
    at = CaptureRow.fetched_at
    counting = select(func.count(at), func.min(at), func.max(at)).where(*_page_conditions(scope, url))
    span = CaptureSpan(*scope.connection.execute(counting).one())
    return span if span.captures else None


def get_adjacent_times(scope: ReadScope, url: str, time: datetime) -> tuple[datetime | None, datetime | None]:
    """Return the times of the captures that show a page before and after the second of a time."""
    ids = load_page_ids(scope.connection, url)
    begin = time.replace(microsecond=0)
    at = CaptureRow.fetched_at
    conditions = [shows_page(ids), *visible_captures(scope)]
    before = _find_next(scope.connection, ids, [at < begin, *conditions], later=False)
    after = _find_next(scope.connection, ids, [at >= begin + _SECOND, *conditions], later=True)
    return before.fetched_at if before else None, after.fetched_at if after else None


def find_adjacent_capture(scope: ReadScope, url: str, time: datetime, record_id: str, *, later: bool) -> int | None:
    """Return the id of a page's capture before or after the one with a time and record id, errors included."""
    conditions = [follows(time, record_id, backwards=not later), *visible_captures(scope)]
    found = _find_next(scope.connection, load_page_ids(scope.connection, url), conditions, later=later)
    return found.id if found else None


def follows(time: datetime, record_id: str, *, backwards: bool) -> ColumnElement[bool]:
    """Return a condition: a capture comes after a place in the order of time, or before it; an index finds it."""
    at, name = CaptureRow.fetched_at, CaptureRow.record_id
    if backwards:
        return and_(at <= time, or_(at < time, name < record_id))
    return and_(at >= time, or_(at > time, name > record_id))


def select_archived_urls(scope: ReadScope, urls: Iterable[str]) -> frozenset[str]:
    """Return those of some URLs with a capture that is no error, in any spelling."""
    by_key = group_pairs((key, url) for url in set(urls) for key in _urlkeys_of_page(url))
    usable = or_(CaptureRow.status.is_(None), CaptureRow.status < 400)
    there = exists().where(CaptureRow.url_id == UrlRow.id, usable, *visible_captures(scope))
    found: set[str] = set()
    query = select(UrlRow.url, UrlRow.urlkey).where(UrlRow.urlkey.in_(IDS), there)
    for row in fetch_by_ids(scope.connection, query, by_key):
        page = normalize_page_url(row.url)
        found.update(url for url in by_key[row.urlkey] if normalize_page_url(url) == page)
    return frozenset(found)


def list_nearby_urls(scope: ReadScope, url: str, *, limit: int = 20) -> tuple[str, ...]:
    """Return captured URLs of the same host whose urlkeys are next to this one's, in their order."""
    key, there = surt(url), exists().where(CaptureRow.url_id == UrlRow.id, *visible_captures(scope))
    host = f"{key.partition(')')[0]})"
    found: list[AnyRow] = []
    for side, by in ((UrlRow.urlkey < key, UrlRow.urlkey.desc()), (UrlRow.urlkey >= key, UrlRow.urlkey)):
        within = UrlRow.urlkey >= host, UrlRow.urlkey < prefix_end(host), side, there
        query = select(UrlRow.urlkey, UrlRow.url).where(*within).order_by(by).limit(limit // 2)
        found += scope.connection.execute(query)
    return tuple(row.url for row in sorted(found))


def list_years(scope: ReadScope, url: str) -> tuple[tuple[int, int], ...]:
    """Return years with the number of captures of a page, from its first to its last, empty years included."""
    year = func.substr(utc_day(scope.connection, CaptureRow.fetched_at), 1, 4)
    counting = select(year, func.count()).where(*_page_conditions(scope, url)).group_by(year)
    counts = {int(found): count for found, count in scope.connection.execute(counting)}
    return tuple((each, counts.get(each, 0)) for each in range(min(counts), max(counts) + 1)) if counts else ()


def list_days(scope: ReadScope, url: str, year: int) -> tuple[DayCount, ...]:
    """Return the days of a year on which a page was captured, with numbers of captures."""
    at = CaptureRow.fetched_at
    day = utc_day(scope.connection, at)
    first, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    rows = scope.connection.execute(
        select(day.label("day"), func.count().label("captures"), func.min(at).label("first"))
        .where(*_page_conditions(scope, url), *conditions_on_time(at, first, end))
        .group_by(day)
        .order_by(day)
    )
    return tuple(DayCount(day=date.fromisoformat(row.day), captures=row.captures, first=row.first) for row in rows)


def list_capture_times(
    scope: ReadScope, url: str, since: datetime, until: datetime, *, limit: int, offset: int = 0
) -> tuple[CalendarEntry, ...]:
    """Return the captures of a page between two times, newest first."""
    at = CaptureRow.fetched_at
    rows = scope.connection.execute(
        select(CaptureRow.id, UrlRow.url, at, CaptureRow.status, CaptureRow.kind, CaptureRow.outcome)
        .join(UrlRow, UrlRow.id == CaptureRow.url_id)
        .where(*_page_conditions(scope, url), at >= since, at < until)
        .order_by(at.desc(), CaptureRow.record_id.desc())
        .limit(limit)
        .offset(offset)
    )
    return tuple(CalendarEntry(*row[:-1], Outcome(row.outcome)) for row in rows)


def _page_conditions(scope: ReadScope, url: str) -> list[ColumnElement[bool]]:
    return [CaptureRow.url_id.in_(load_page_ids(scope.connection, url)), *visible_captures(scope)]
