"""The frontier: what is to be fetched, and when. It is a table, and what comes next is a query.

How a URL was found is told by the best source that named it (one with a date before one without, a feed before a page),
until it is captured: from then on by its newest capture, whose WARC record says the same.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, JSON, Connection, Integer, Select, Text, bindparam, func, select, update

from storage.index.engine.database import AnyRow, insert_rows, parts
from storage.index.frontier.hearsay import heard, hurry
from storage.index.rows.entry import Entry
from storage.index.rows.interning import Names
from storage.index.rows.orphans import Swept
from storage.index.schema.tables import FrontierRow, UrlRow
from storage.index.text.sanitize import storable_found
from storage.model import BACKFILL, Discovery, Due, Found, UrlKind
from storage.surt import host_of

_VIA_ORDER = {None: 0, UrlKind.FEED: 1, UrlKind.SITEMAP: 2, UrlKind.LISTING: 3, UrlKind.ARTICLE: 4}
FEW = 40
"""Excluded rows of a lane, as a rule."""

UNPLANNED_PRIORITY = 50
"""Of URLs that were captured without having been in the frontier: imports."""
NEVER_DUE = (UrlKind.ROBOTS, UrlKind.PART)
"""Kinds of URLs that have no row here."""

Rank = tuple[object, ...]


def rank(discovery: Discovery) -> Rank:
    """Sorts discoveries of one URL, the best first; equal only where they are the same.

    >>> feed = Discovery(site="a", kind=UrlKind.ARTICLE, via="https://a.example/feed", via_kind=UrlKind.FEED, title="T")
    >>> page = Discovery(site="a", kind=UrlKind.ARTICLE, via="https://a.example/", via_kind=UrlKind.LISTING)
    >>> rank(feed) < rank(page)
    True
    """
    return (
        discovery.via is not None,
        discovery.published is None,
        discovery.title is None,
        _VIA_ORDER.get(discovery.via_kind, 9),
        discovery.published.isoformat() if discovery.published else "",
        discovery.title or "",
        discovery.anchor is None,
        discovery.via or "",
        discovery.anchor or "",
        discovery.kind.value,
        discovery.site,
    )


FRONTIER = FrontierRow.__table__
WITH_VIA = select(FRONTIER, UrlRow.url.label("via")).join(UrlRow, UrlRow.id == FrontierRow.via_id, isouter=True)
"""The frontier, with the URL of what named each URL."""
OF_THESE = WITH_VIA.where(FrontierRow.url_id.in_(bindparam("ids", expanding=True)))
"""The same of some URLs. Made once: to put a statement together takes longer than to run it."""


def discovery_of(row: Mapping[str, Any]) -> Discovery:
    """How a row of WITH_VIA says that its URL was found."""
    return Discovery(
        site=row["site"],
        kind=UrlKind(row["kind"]),
        via=row["via"],
        via_kind=UrlKind(row["via_kind"]) if row["via_kind"] else None,
        title=row["title"],
        published=row["published_at"],
        anchor=row["anchor"],
    )


def discovery_columns(discovery: Discovery, urls: Mapping[str, int]) -> dict[str, Any]:
    """The columns that say how a URL was found."""
    return {
        "site": discovery.site,
        "kind": discovery.kind.value,
        "via_id": urls[discovery.via] if discovery.via else None,
        "via_kind": discovery.via_kind.value if discovery.via_kind else None,
        "title": discovery.title,
        "published_at": discovery.published,
        "anchor": discovery.anchor,
    }


def _news(entry: Entry, urls: Mapping[str, int]) -> Iterator[int]:
    """Ids of what a capture names; pictures and stylesheets are no news."""
    return (urls[found.url] for found in entry.ingest.found if found.discovery.kind is not UrlKind.ASSET)


def note_found(
    connection: Connection, names: Names, entries: Sequence[Entry], urls: Mapping[str, int], swept: Swept
) -> int:
    """Put what captures brought to light into the frontier; returns how many URLs are new there."""
    rows, better = _sorted_out(connection, names, [one for entry in entries for one in entry.ingest.found], urls, swept)
    new = {row["url_id"] for row in rows}
    hurried = heard(connection, entries, urls)
    if connection.dialect.name == "postgresql":
        captured = {entry.url_id: entry for entry in entries if entry.discovery.kind not in NEVER_DUE}
        rows += [_blank_row(entry) for url_id, entry in captured.items() if url_id not in new]
        rows.sort(key=lambda row: row["url_id"])
        insert_rows(connection, FrontierRow, rows, once_by=["url_id"])
        _lock(connection, {*captured, *hurried, *(row["of"] for row in better)})
    else:
        insert_rows(connection, FrontierRow, rows, once_by=["url_id"])
    _improve(connection, better)
    hurry(connection, hurried)
    unowed = set(new)
    for entry in sorted(entries, key=lambda entry: entry.order):
        named = new.intersection(_news(entry, urls)) if new else frozenset()
        entry.changed = bool(named)
        # Several may name it at once: it is owed to the one that was asked first.
        entry.news = frozenset(named & unowed)
        unowed -= named
    return len(new)


def _lock(connection: Connection, url_ids: Iterable[int]) -> None:
    """Lock rows that this transaction will change, some of them twice, in the order of their keys.

    Rows of captured URLs were made before it, with those of found ones: what is made or locked here once and for all no
    other writer can want in another order. SQLite has one writer.
    """
    rows = select(FrontierRow.url_id).where(FrontierRow.url_id == func.any(bindparam("ids", type_=ARRAY(Integer))))
    connection.execute(rows.order_by(FrontierRow.url_id).with_for_update(key_share=True), {"ids": sorted(set(url_ids))})


def _blank_row(entry: Entry) -> dict[str, Any]:
    """A captured URL that was not known, until its capture is noted."""
    nothing = dict.fromkeys(_TOLD) | {"site": entry.discovery.site, "kind": ""}
    return {
        "url_id": entry.url_id, "host": host_of(entry.capture.url), **nothing, "due_at": None,
        "priority": UNPLANNED_PRIORITY, "failures": 0, "unchanged": 0,
    }  # fmt: skip


def put(
    connection: Connection,
    names: Names,
    found: Iterable[Found],
    urls: Mapping[str, int],
    swept: Swept,
) -> set[int]:
    """Put URLs into the frontier; returns the ids of those that were not there."""
    rows, better = _sorted_out(connection, names, found, urls, swept)
    insert_rows(connection, FrontierRow, rows, once_by=["url_id"])
    _improve(connection, better)
    return {row["url_id"] for row in rows}


def _sorted_out(
    connection: Connection,
    names: Names,
    found: Iterable[Found],
    urls: Mapping[str, int],
    swept: Swept,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of URLs that are not there, and changes of those that are known better now; both in the order of keys."""
    best: dict[int, tuple[Rank, Found]] = {}
    for one in found:
        url_id = urls[one.url]
        if url_id in names.captured:
            continue
        ranked = rank(one.discovery)
        waits = names.waiting.get(url_id)
        known = best.get(url_id)
        if (waits is None or ranked < waits[0] or one.priority < waits[1]) and (known is None or ranked < known[0]):
            best[url_id] = (ranked, one)
    held: dict[int, Any] = {}
    unknown = sorted(best)
    for some in parts(unknown):
        held.update({row.url_id: row for row in connection.execute(OF_THESE, {"ids": some})})
    rows, better = [], []
    for url_id in unknown:
        ranked, one = best[url_id]
        row = held.get(url_id)
        if row is None:
            rows.append(_new_row(one, url_id, urls))
            names.note_waiting(url_id, ranked, one.priority)
        elif row.looked_at is not None:
            names.note_captured(url_id)
        else:
            before = rank(discovery_of(row._mapping))  # noqa: SLF001 - public
            names.note_waiting(url_id, min(ranked, before), min(one.priority, row.priority))
            if ranked < before or one.priority < row.priority:
                better.append(_improved(row, one, urls, is_better=ranked < before))
                if row.via_id is not None and row.via_id != better[-1]["via_id"]:
                    swept.urls.add(row.via_id)
    return rows, better


def _improve(connection: Connection, better: Sequence[dict[str, Any]]) -> None:
    if better:
        connection.execute(_IMPROVE, better)


_IMPROVE = update(FrontierRow).where(FrontierRow.url_id == bindparam("of"), FrontierRow.looked_at.is_(None))


def _new_row(found: Found, url_id: int, urls: Mapping[str, int]) -> dict[str, Any]:
    return {
        "url_id": url_id,
        "host": host_of(found.url),
        **discovery_columns(found.discovery, urls),
        "due_at": found.due_at,
        "priority": found.priority,
        "failures": 0,
        "unchanged": 0,
    }


def _improved(row: AnyRow, found: Found, urls: Mapping[str, int], *, is_better: bool) -> dict[str, Any]:
    """The row's columns as a finding makes them better: by its source, its priority, or both."""
    columns = discovery_columns(found.discovery, urls) if is_better else {name: getattr(row, name) for name in _TOLD}
    due_at = min(filter(None, (row.due_at, found.due_at)))
    return {"of": row.url_id, **columns, "due_at": due_at, "priority": min(row.priority, found.priority)}


_TOLD = ("site", "kind", "via_id", "via_kind", "title", "published_at", "anchor")


def add_due(connection: Connection, names: Names, found: Sequence[Found]) -> int:
    """Put URLs into the frontier that are not there; returns how many."""
    found = [storable_found(one) for one in found]
    wanted = [url for one in found for url in (one.url, one.discovery.via) if url]
    urls, _ = names.urls.ids(connection, wanted)
    return len(put(connection, names, found, urls, Swept()))


def put_off(connection: Connection, until: Mapping[int, datetime | None]) -> None:
    """Move URLs, by their ids, to another moment; None: not again. What is known of their captures stays."""
    moved = [{"of": url_id, "at": moment} for url_id, moment in sorted(until.items())]
    if moved:
        connection.execute(
            update(FrontierRow).where(FrontierRow.url_id == bindparam("of")).values(due_at=bindparam("at")), moved
        )


def due(  # noqa: PLR0913 - each narrows the question
    connection: Connection,
    now: datetime,
    *,
    sites: Sequence[str],
    limit: int,
    per_host: int,
    exclude: Collection[int],
    full: Collection[tuple[str, str]] = (),
    deepest: int = BACKFILL - 1,
) -> list[Due]:
    """What may be fetched now: lanes (a host and a priority) in the order of priority, each by time.

    Lanes whose priority number is over `deepest` are left alone, and so are sites' hosts that are `full`.
    """
    chosen: list[Any] = []
    of_host: dict[str, int] = {}
    lanes = [lane for lane in _lanes(connection, sites, deepest) if lane.due_at <= now]
    for lane in sorted(lanes, key=lambda lane: (lane.priority, lane.due_at, lane.host)):
        room = min(per_host - of_host.get(lane.host, 0), limit - len(chosen))
        if room <= 0 or (lane.site, lane.host) in full:
            continue
        at = {"site": lane.site, "host": lane.host, "priority": lane.priority, "now": now}
        free = _free(connection, at, room, exclude)
        chosen += free
        of_host[lane.host] = of_host.get(lane.host, 0) + len(free)
        if len(chosen) >= limit:
            break
    return [
        Due(
            url_id=row.url_id, url=row.url, discovery=discovery_of(row._mapping),  # noqa: SLF001 - public
            due_at=row.due_at, priority=row.priority,
            failures=row.failures, etag=row.etag, last_modified=row.last_modified, looked_at=row.looked_at,
        )
        for row in sorted(chosen, key=lambda row: (row.priority, row.due_at, row.url_id))
    ]  # fmt: skip


def _free(connection: Connection, at: Mapping[str, Any], room: int, exclude: Collection[int]) -> list[Any]:
    """The first rows of a lane that are not excluded: most of what is excluded is of other lanes."""
    most, all_of_them = room + min(len(exclude), FEW), room + len(exclude)
    while True:
        rows = connection.execute(_ROWS_OF_LANE, {**at, "most": most}).all()
        free = [row for row in rows if row.url_id not in exclude][:room]
        if len(free) == room or len(rows) < most or most == all_of_them:
            return free
        most = all_of_them


_VIA = UrlRow.__table__.alias("via")
_ROWS_OF_LANE = (
    select(FRONTIER, UrlRow.url, _VIA.c.url.label("via"))
    .join(UrlRow, UrlRow.id == FrontierRow.url_id)
    .join(_VIA, _VIA.c.id == FrontierRow.via_id, isouter=True)
    .where(
        FrontierRow.site == bindparam("site"),
        FrontierRow.host == bindparam("host"),
        FrontierRow.priority == bindparam("priority"),
        FrontierRow.due_at <= bindparam("now"),
    )
    .order_by(FrontierRow.due_at, FrontierRow.url_id)
    .limit(bindparam("most", type_=Integer))
)


def next_due_at(connection: Connection, sites: Sequence[str]) -> datetime | None:
    """When the next URL of these sites becomes due."""
    return min((lane.due_at for lane in _lanes(connection, sites, BACKFILL - 1)), default=None)


def next_due_of(connection: Connection, sites: Sequence[str]) -> dict[str, datetime]:
    """When the next URL of each site becomes due; sites of which nothing is scheduled are left out."""
    earliest: dict[str, datetime] = {}
    for lane in _lanes(connection, sites, BACKFILL - 1):
        earliest[lane.site] = min(lane.due_at, earliest.get(lane.site, lane.due_at))
    return earliest


def _lanes(connection: Connection, sites: Sequence[str], deepest: int) -> Sequence[Any]:
    """Each site's hosts and priorities, and the earliest time in each: found by skipping through the index."""
    if not sites:
        return ()
    asked = _every_lane(connection.dialect.name)
    return connection.execute(asked, {"deepest": deepest, "sites": list(sites)}).all()


def _least(column: Any, *conditions: Any) -> Any:
    return select(func.min(column)).where(FrontierRow.due_at.is_not(None), *conditions).scalar_subquery()


@cache
def _every_lane(dialect: str) -> Select[Any]:
    """The question for lanes. Putting it together costs more than its answer, so that is done once."""
    frontier = FrontierRow
    # Of one shape for any number of sites, which VALUES is not: SQLAlchemy would compile it anew each time.
    if dialect == "postgresql":
        name: Any = func.unnest(bindparam("sites", type_=ARRAY(Text))).column_valued()
    else:
        name = func.json_each(bindparam("sites", type_=JSON)).table_valued("value").c.value
    asked = select(name.label("site")).cte("asked")
    first = select(asked.c.site, _least(frontier.host, frontier.site == asked.c.site).label("host")).cte(
        "hosts", recursive=True
    )
    hosts = first.union_all(
        select(first.c.site, _least(frontier.host, frontier.site == first.c.site, frontier.host > first.c.host)).where(
            first.c.host.is_not(None)
        )
    )
    wanted = frontier.priority <= bindparam("deepest", type_=Integer)
    here = (frontier.site == hosts.c.site, frontier.host == hosts.c.host, wanted)
    top = (
        select(hosts.c.site, hosts.c.host, _least(frontier.priority, *here).label("priority"))
        .where(hosts.c.host.is_not(None))
        .cte("lanes", recursive=True)
    )
    there = (frontier.site == top.c.site, frontier.host == top.c.host, wanted)
    lanes = top.union_all(
        select(top.c.site, top.c.host, _least(frontier.priority, *there, frontier.priority > top.c.priority)).where(
            top.c.priority.is_not(None)
        )
    )
    lane = (
        frontier.site == lanes.c.site,
        frontier.host == lanes.c.host,
        frontier.priority == lanes.c.priority,
    )
    earliest = select(func.min(frontier.due_at)).where(frontier.due_at.is_not(None), *lane).scalar_subquery()
    return select(lanes.c.site, lanes.c.host, lanes.c.priority, earliest.label("due_at")).where(
        lanes.c.priority.is_not(None)
    )
