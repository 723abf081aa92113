"""The frontier: which URLs to fetch, and when. It is a table; the next URLs are a query.

Until a URL is captured, its discovery is the one by the best source that named it (one with a date before one without,
a feed before a page). From then on it is that of its newest capture, as in the WARC record.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, Select, bindparam, delete, select, text, update

from storage.index.engine import statements
from storage.index.engine.dialect import has_concurrent_writers, lock_rows
from storage.index.rows.entry import CommitEntry
from storage.index.rows.interning import LookupTables, short_digest
from storage.index.rows.orphans import OrphanCandidates
from storage.index.schema.base import UtcDateTime
from storage.index.schema.tables import FrontierRow, LaneRow, SourceRateRow, UrlRow
from storage.index.text.sanitize import sanitize_discovered_url
from storage.model import BACKFILL_PRIORITY, DiscoveredUrl, Discovery, DueUrl, UrlKind
from storage.page_date import PageDate
from storage.urls import url_host

_VIA_ORDER = {None: 0, UrlKind.FEED: 1, UrlKind.SITEMAP: 2, UrlKind.LISTING: 3, UrlKind.ARTICLE: 4}
_USUALLY_EXCLUDED = 40  # excluded rows of a lane, as a rule
_MAX_CHANGE_AGE = timedelta(days=45)  # older changes were reported by earlier readings, or do not matter any more
_MAX_CHANGES = 3
"""So many pages, or half of all, may have changed between two readings: a source that reports more renews all dates."""

UNPLANNED_PRIORITY = 50
"""Priority of URLs that were captured without having been in the frontier: imports."""
NEVER_DUE = (UrlKind.ROBOTS, UrlKind.PART)
"""Kinds of URLs that have no row here."""

Rank = tuple[object, ...]
_Rows = list[dict[str, Any]]
FRONTIER_SQL = statements.load_statements("storage.index.frontier", "frontier.sql")
_AT = bindparam("at", type_=UtcDateTime())


def discovery_rank(discovery: Discovery) -> Rank:
    """Return a key that sorts discoveries of one URL, the best first; equal keys are equal discoveries.

    >>> feed = Discovery(site="a", kind=UrlKind.ARTICLE, via="https://a.example/feed", via_kind=UrlKind.FEED, title="T")
    >>> page = Discovery(site="a", kind=UrlKind.ARTICLE, via="https://a.example/", via_kind=UrlKind.LISTING)
    >>> discovery_rank(feed) < discovery_rank(page)
    True
    """
    return (
        discovery.callback is None,
        discovery.via is not None,
        discovery.redirect_count,
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
        discovery.callback or "",
    )


FRONTIER = FrontierRow.__table__
_COUNTS = ("redirect_count", "failure_count", "unchanged_count")
_BLANK: dict[str, Any] = {**dict.fromkeys(FRONTIER.c.keys()), **dict.fromkeys(_COUNTS, 0)}
_VIA = UrlRow.__table__.alias("via")
FRONTIER_WITH_VIA = (
    select(FRONTIER, LaneRow.site, LaneRow.host, _VIA.c.url.label("via"))
    .join(LaneRow, LaneRow.id == FrontierRow.lane_id)
    .join(_VIA, _VIA.c.id == FrontierRow.via_id, isouter=True)
)
"""The frontier, with the site and host of each lane, and the URL of the page on which each URL was discovered."""
FRONTIER_BY_IDS = FRONTIER_WITH_VIA.where(FrontierRow.url_id.in_(statements.IDS))
"""The same for some URLs. Built once: building a statement takes longer than running it."""


_STORED_AS_THEY_ARE = ("site", "title", "anchor", "redirect_count", "callback")


def read_discovery(row: Mapping[str, Any]) -> Discovery:
    """Return the discovery in a row of FRONTIER_WITH_VIA."""
    return Discovery(
        kind=UrlKind(row["kind"]),
        via=row["via"],
        via_kind=UrlKind(row["via_kind"]) if row["via_kind"] else None,
        published=PageDate.parse(row["published"]) if row["published"] else None,
        **{name: row[name] for name in _STORED_AS_THEY_ARE},
    )


def discovery_columns(discovery: Discovery, urls: Mapping[str, int]) -> dict[str, Any]:
    """Return the frontier's columns of a discovery, with the site's name for its lane."""
    return {name: getattr(discovery, name) for name in _STORED_AS_THEY_ARE} | {
        "kind": discovery.kind.value,
        "via_id": urls[discovery.via] if discovery.via else None,
        "via_kind": discovery.via_kind.value if discovery.via_kind else None,
        "published": discovery.published.isoformat() if discovery.published else None,
    }


def add_discovered(
    connection: Connection, lookups: LookupTables, entries: Sequence[CommitEntry], urls: Mapping[str, int],
    orphans: OrphanCandidates,
) -> None:  # fmt: skip
    """Add the URLs that captures name to the frontier."""
    discovered = [found for entry in entries for found in entry.ingest.discovered_urls]
    rows, improved = _split_new_and_known(connection, lookups, discovered, urls, orphans)
    new = {row["url_id"] for row in rows}
    changed = find_reported_changes(connection, entries, urls)
    locked: set[int] = set()
    if has_concurrent_writers(connection):
        # Rows of captured URLs are inserted here, with those of discovered ones, and all rows that this transaction
        # will change are locked at once in the order of their keys: so no other writer can lock them in another order.
        captured = {entry.url_id: entry for entry in entries if entry.discovery.kind not in NEVER_DUE}
        rows += [blank_row(entry) for url_id, entry in captured.items() if url_id not in new]
        rows.sort(key=lambda row: row["url_id"])
        locked = {*captured, *changed, *(row["of"] for row in improved)}
    _write_found(connection, lookups, rows, improved, locked)
    advance_due_times(connection, changed)
    unclaimed = set(new)
    for entry in sorted(entries, key=lambda entry: entry.sort_key):
        pages = (one for one in entry.ingest.discovered_urls if new and one.discovery.kind is not UrlKind.ASSET)
        named = new.intersection(urls[one.url] for one in pages)
        entry.named_new_urls = bool(named)
        # If several name it in one batch, the earliest capture counts as the first.
        entry.first_named_ids = frozenset(named & unclaimed)
        unclaimed -= named


def put_lanes(connection: Connection, lookups: LookupTables, rows: Collection[dict[str, Any]]) -> None:
    """Put the id of its lane into each row in the place of site and host."""
    lanes = lookups.ensure_lane_ids(connection, ((row["site"], row["host"]) for row in rows))
    for row in rows:
        row["lane_id"] = lanes[row.pop("site"), row.pop("host")]


def blank_row(entry: CommitEntry) -> dict[str, Any]:
    """Return the row of a captured URL that was not in the frontier, as it is until its next visit is scheduled."""
    return {
        **_BLANK,
        "url_id": entry.url_id,
        "site": entry.discovery.site,
        "host": url_host(entry.capture.url),
        "kind": "",
        "priority": UNPLANNED_PRIORITY,
    }


def _split_new_and_known(
    connection: Connection, lookups: LookupTables, discovered: Iterable[DiscoveredUrl], urls: Mapping[str, int],
    orphans: OrphanCandidates,
) -> tuple[_Rows, _Rows]:  # fmt: skip
    """Return rows of new URLs, and changes of known ones whose discovery or priority is better now, by key."""
    best: dict[int, tuple[Rank, DiscoveredUrl]] = {}
    for one in discovered:
        url_id = urls[one.url]
        if url_id in lookups.captured:
            continue
        rank = discovery_rank(one.discovery)
        waits = lookups.waiting.get(url_id)
        known = best.get(url_id)
        if (waits is None or rank < waits[0] or one.priority < waits[1]) and (known is None or rank < known[0]):
            best[url_id] = (rank, one)
    ids = sorted(best)
    existing = {row.url_id: row for row in statements.fetch_by_ids(connection, FRONTIER_BY_IDS, ids)}
    rows, improved = [], []
    for url_id in ids:
        rank, one = best[url_id]
        row = existing.get(url_id)
        if row is None:
            found = {**discovery_columns(one.discovery, urls), "due_at": one.due_at, "priority": one.priority}
            rows.append({**_BLANK, "url_id": url_id, "host": url_host(one.url), **found})
            lookups.mark_waiting(url_id, rank, one.priority)
        elif row.last_fetched_at is not None:
            lookups.mark_captured(url_id)
        else:
            before = discovery_rank(read_discovery(row._mapping))  # noqa: SLF001 - public
            lookups.mark_waiting(url_id, min(rank, before), min(one.priority, row.priority))
            if rank < before or one.priority < row.priority:
                improved.append(_merge_discovery(row, one, urls, is_better=rank < before))
                if row.via_id is not None and row.via_id != improved[-1]["via_id"]:
                    orphans.urls.add(row.via_id)
    return rows, improved


def _write_found(
    connection: Connection, lookups: LookupTables, rows: _Rows, improved: _Rows, locked: Collection[int] = ()
) -> None:
    """Insert rows of new URLs, lock others, and change known ones."""
    put_lanes(connection, lookups, [*rows, *improved])
    statements.insert_rows(connection, FrontierRow, rows, conflict_columns=["url_id"])
    lock_rows(connection, FrontierRow.url_id, locked)
    statements.update_rows(connection, _UPDATE_UNFETCHED, improved)


_UPDATE_UNFETCHED = update(FrontierRow).where(
    FrontierRow.url_id == bindparam("of"), FrontierRow.last_fetched_at.is_(None)
)


def _merge_discovery(
    row: statements.AnyRow, found: DiscoveredUrl, urls: Mapping[str, int], *, is_better: bool
) -> dict[str, Any]:
    """Return a known URL's columns with the better discovery, the higher priority and the earlier due time."""
    columns = {"host": row.host, **discovery_columns(found.discovery, urls)}
    if not is_better:
        columns = {name: row._mapping[name] for name in columns}  # noqa: SLF001 - public
    due_at = min(filter(None, (row.due_at, found.due_at)))
    return {"of": row.url_id, **columns, "due_at": due_at, "priority": min(row.priority, found.priority)}


def find_reported_changes(
    connection: Connection, entries: Sequence[CommitEntry], urls: Mapping[str, int]
) -> dict[int, datetime]:
    """Return the due time of each page that a source reports as modified after the archive fetched it."""
    changed: dict[int, datetime] = {}
    for entry in entries:
        reported = {
            urls[found.url]: (found.modified, found.due_at)
            for found in entry.ingest.discovered_urls
            if found.modified is not None and found.due_at - _MAX_CHANGE_AGE <= found.modified <= found.due_at
        }
        rows = statements.fetch_by_ids(connection, _FETCHED, reported)
        later = [row.url_id for row in rows if row.last_fetched_at < reported[row.url_id][0]]
        if 0 < len(later) <= max(_MAX_CHANGES, len(reported) // 2):
            for url_id in later:
                changed[url_id] = min(filter(None, (changed.get(url_id), reported[url_id][1])))
    return changed


_FETCHED = statements.build_query(FRONTIER_SQL["fetched"], ["ids"], ["last_fetched_at"])


def advance_due_times(connection: Connection, due_times: Mapping[int, datetime]) -> None:
    """Make URLs due at these times that would be due later."""
    statements.update_rows(connection, _ADVANCE, ({"of": url_id, "at": at} for url_id, at in due_times.items()))


_ADVANCE = text(FRONTIER_SQL["advance"]).bindparams(_AT)


def advance_mentioned(connection: Connection, mentions: Mapping[int, datetime]) -> None:
    """Make captured pages due that a source has named anew: those that ended, or were no article at the last visit."""
    due_times: dict[int, datetime] = {}
    for row in statements.fetch_by_ids(connection, _MENTIONED, mentions):
        pause = _MENTION_RETRY if row.failure_count else _MENTION_CHECK
        due_times[row.url_id] = max(mentions[row.url_id], row.last_fetched_at + pause)
    advance_due_times(connection, due_times)


_MENTION_RETRY, _MENTION_CHECK = timedelta(hours=1), timedelta(days=1)
"""Time after the last visit in which a new mention does not lead to another: of a page that was no article, and of an
article that is not checked any more."""
_MENTIONED = statements.build_query(FRONTIER_SQL["mentioned"], ["ids"], ["last_fetched_at"])


PROMOTE = text(FRONTIER_SQL["promote"]).bindparams(statements.IDS, backfill=BACKFILL_PRIORITY)
"""Gives URLs that wait for a backfill their ordinary priority."""


def add_urls(connection: Connection, lookups: LookupTables, discovered: Sequence[DiscoveredUrl]) -> int:
    """Add URLs to the frontier that are not there. Return how many were added."""
    discovered = [sanitize_discovered_url(one) for one in discovered]
    wanted = [url for one in discovered for url in (one.url, one.discovery.via) if url]
    urls, _ = lookups.urls.ensure_ids(connection, wanted)
    rows, improved = _split_new_and_known(connection, lookups, discovered, urls, OrphanCandidates())
    _write_found(connection, lookups, rows, improved)
    return len(rows)


def reschedule(connection: Connection, due_times: Mapping[int, datetime | None]) -> None:
    """Set the due times of URLs, by their ids; None: never. Their captures' data stays."""
    rows = ({"of": url_id, "at": at} for url_id, at in due_times.items())
    statements.update_rows(connection, text(FRONTIER_SQL["reschedule"]).bindparams(_AT), rows)


def end_visits(connection: Connection, urls: Iterable[str]) -> None:
    """End the visits of URLs, as a person has asked for."""
    statements.change_by_ids(connection, _END, {short_digest(url) for url in urls})


_END = text(FRONTIER_SQL["end"]).bindparams(statements.IDS)


def remove_urls(connection: Connection, url_ids: Select[int]) -> None:
    """Remove URLs that the crawl refuses, so that nothing need name them."""
    connection.execute(update(FrontierRow).where(FrontierRow.via_id.in_(url_ids)).values(via_id=None))
    for table in (SourceRateRow, FrontierRow):
        connection.execute(delete(table).where(table.url_id.in_(url_ids)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DueQuery:
    """Limits of a selection of due URLs."""

    now: datetime
    sites: Sequence[str]
    limit: int
    per_host: int
    """Most URLs of one host."""
    exclude: Collection[int] = ()
    """Ids of URLs that are left out."""
    full_hosts: Collection[tuple[str, str]] = ()
    """Hosts that are left out, each as a site's name and the host."""
    max_priority: int = BACKFILL_PRIORITY - 1
    """Highest priority number; a greater one than the default includes URLs that wait for a backfill."""


def select_due_urls(connection: Connection, query: DueQuery) -> list[DueUrl]:
    """Return the URLs that may be fetched now: lanes (a host and a priority) in the order of priority, each by time."""
    chosen: list[Any] = []
    of_host: dict[str, int] = {}
    lanes = [lane for lane in _select_lanes(connection, query.sites, query.max_priority) if lane.due_at <= query.now]
    for lane in sorted(lanes, key=lambda lane: (lane.priority, lane.due_at, lane.host)):
        room = min(query.per_host - of_host.get(lane.host, 0), query.limit - len(chosen))
        if room <= 0 or (lane.site, lane.host) in query.full_hosts:
            continue
        parameters = {"lane": lane.id, "priority": lane.priority, "now": query.now}
        free = _select_free_rows(connection, parameters, room, query.exclude)
        chosen += free
        of_host[lane.host] = of_host.get(lane.host, 0) + len(free)
    return [_due_url(row) for row in sorted(chosen, key=lambda row: (row.priority, row.due_at, row.url_id))]


def find_urls(connection: Connection, urls: Iterable[str]) -> list[DueUrl]:
    """Return those of these URLs that are in the frontier, whenever they are due."""
    return [
        _due_url(row) for row in statements.fetch_by_ids(connection, ROWS_OF_URLS, {short_digest(url) for url in urls})
    ]


def _due_url(row: Any) -> DueUrl:
    return DueUrl(
        url_id=row.url_id, url=row.url, discovery=read_discovery(row._mapping),  # noqa: SLF001 - public
        due_at=row.due_at or _NEVER, priority=row.priority, failure_count=row.failure_count,
        etag=row.etag, last_modified=row.last_modified, last_fetched_at=row.last_fetched_at,
    )  # fmt: skip


def _select_free_rows(
    connection: Connection, parameters: Mapping[str, Any], room: int, exclude: Collection[int]
) -> list[Any]:
    """Return the first rows of a lane that are not excluded; most excluded ids are of other lanes."""
    limit, limit_for_all = room + min(len(exclude), _USUALLY_EXCLUDED), room + len(exclude)
    while True:
        rows = connection.execute(_ROWS_OF_LANE, {**parameters, "limit": limit}).all()
        free = [row for row in rows if row.url_id not in exclude][:room]
        if len(free) == room or len(rows) < limit or limit == limit_for_all:
            return free
        limit = limit_for_all


EARLIEST, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_ROWS = FRONTIER_WITH_VIA.add_columns(UrlRow.url).join(UrlRow, UrlRow.id == FrontierRow.url_id)
ROWS_OF_URLS = _ROWS.where(UrlRow.digest.in_(statements.IDS))
"""The frontier's rows of some URLs, by their digests."""
_ROWS_OF_LANE = (
    _ROWS.where(
        FrontierRow.lane_id == bindparam("lane"),
        FrontierRow.priority == bindparam("priority"),
        FrontierRow.due_at <= bindparam("now"),
    )
    .order_by(FrontierRow.due_at, FrontierRow.url_id)
    .limit(bindparam("limit", type_=Integer))
)


def next_due_by_site(connection: Connection, sites: Sequence[str]) -> dict[str, datetime]:
    """Return when the next URL of each site becomes due; sites of which nothing is scheduled are left out."""
    earliest: dict[str, datetime] = {}
    for lane in _select_lanes(connection, sites, BACKFILL_PRIORITY - 1):
        earliest[lane.site] = min(lane.due_at, earliest.get(lane.site, lane.due_at))
    return earliest


def _select_lanes(connection: Connection, sites: Sequence[str], max_priority: int) -> Sequence[Any]:
    """Return lanes of sites, and priorities in each, with the earliest due time, by skipping through the index."""
    return connection.execute(_LANES, {"max_priority": max_priority, "sites": list(sites)}).all()


_LANES = statements.build_query(FRONTIER_SQL["lanes"], ["sites"], ["due_at"])
