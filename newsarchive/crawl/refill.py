"""Refills of the in-memory frontier from the index, in a thread of their own.

    commit for a site --> the site may have more URLs due --> queried --> got all --> left alone until its next commit
                                                                  +--> limit reached --> queried again

    one refill: put-off URLs and host states written --> URL patterns counted --> due URLs, and stored robots.txt

A refill queries only sites that may have more, not the URLs of a thousand sites for the sake of one.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime

from newsarchive.crawl.article_pauses import ArticlePauses
from newsarchive.crawl.hosts import Host, HostQueues, hostname_of
from newsarchive.crawl.robots import RobotsResponse, authority
from newsarchive.crawl.run_state import RunState
from storage.index import Index
from storage.index.frontier import host_state, url_queue
from storage.index.frontier.host_state import SavedBackoff
from storage.index.frontier.url_queue import DueQuery
from storage.model import DueUrl

WINDOW = 2_000
"""URLs in memory at most; with many hosts, MAX_WAITING of each."""
MIN_PER_HOST, MAX_PER_HOST = 12, 240
"""URLs of one host taken by one refill: the fewer hosts, the more."""
MAX_WAITING = MIN_PER_HOST + MIN_PER_HOST // 2
"""URLs of one host in memory, refilled when half of them are gone. With less, new URLs would wait for other hosts."""
ALL_SITES_INTERVAL = 30.0
"""Seconds after which all sites are queried: URLs also become due by time alone."""
SHORT_INTERVAL, INTERVAL = 0.25, 2.0
"""Seconds between two refills: if a host has run out of URLs, and otherwise."""


class IndexQueue:
    """The frontier of all runs, in the SQL index."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._pauses = ArticlePauses(index)

    def select_due(self, query: DueQuery) -> list[DueUrl]:
        """Return the URLs that may be fetched now, most urgent first."""
        while True:
            chosen, postponed = self._pauses.divide(self._index.read(url_queue.select_due_urls, query), query)
            if not postponed:
                return chosen
            self.reschedule(postponed)

    def reschedule(self, until: Mapping[int, datetime | None]) -> None:
        """Move URLs, by their ids, to another time; None: never."""
        self._index.write(url_queue.reschedule, until)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChanges:
    """Changes that the run has made and the index does not have yet."""

    postponed: Mapping[int, datetime | None]
    """New due times of URLs, by their ids; None: never."""
    hosts: Mapping[str, SavedBackoff | None]
    """States of hosts, by name; None: to delete."""


@dataclass(slots=True, kw_only=True)
class RefillResult:
    """Data that a refill has read."""

    found: list[DueUrl] = field(default_factory=list)
    robots: list[tuple[str, RobotsResponse, float]] = field(default_factory=list)
    """Stored robots.txt: a URL of its authority, the response, its age in seconds."""
    notes: list[str] = field(default_factory=list)
    """A line for each URL pattern that is parked from now on."""
    hosts: tuple[SavedBackoff, ...] = ()
    """With the first refill: hosts that earlier runs backed off from."""
    problems: list[str] = field(default_factory=list)
    """With the first refill: a line for each problem found."""


class RefillPlanner:
    """The sites that may have more URLs due than are in memory."""

    def __init__(self, sites: Iterable[str]) -> None:
        self._sites = tuple(sites)
        self._committed: set[str] = set()
        self._incomplete: set[str] = set()
        self._all_queried_at: float | None = None

    @property
    def has_more(self) -> bool:
        """True if the index had more URLs than were taken."""
        return bool(self._incomplete)

    def record_commit(self, site: str) -> None:
        """Record a commit, which may have made URLs of a site due."""
        self._committed.add(site)

    def plan(self, hosts: HostQueues, clock: float, now: datetime, *, query_all: bool) -> DueQuery:
        """Return the next query: of sites that may have more, or of all of them."""
        if query_all or self._all_queried_at is None or clock - self._all_queried_at >= ALL_SITES_INTERVAL:
            self._all_queried_at = clock
            sites = self._sites
        else:
            candidates = self._committed | self._incomplete
            sites = tuple(site for site in self._sites if site in candidates)
        self._committed = set()
        per_host = min(max(WINDOW // (2 * len(hosts) + 1), MIN_PER_HOST), MAX_PER_HOST)
        return DueQuery(
            now=now,
            sites=sites,
            limit=max(WINDOW, MAX_WAITING * len(hosts)) - hosts.waiting,
            per_host=per_host,
            full_hosts=frozenset(lane for lane, count in hosts.waiting_by_lane.items() if count > per_host // 2),
        )

    def record_result(self, query: DueQuery, found: Sequence[DueUrl]) -> None:
        """Record which of the queried sites may have more."""
        # Without room nothing was queried, so an empty result means nothing.
        if len(found) >= query.limit:
            self._incomplete.update(query.sites)
            return
        by_host = Counter(hostname_of(due.url) for due in found)
        self._incomplete.difference_update(query.sites)
        self._incomplete.update(site for site, _ in query.full_hosts if site in query.sites)
        # The share of a host is used up by the first of its sites: others may have got none of it.
        if any(count >= query.per_host for count in by_host.values()):
            self._incomplete.update(query.sites)


@dataclass(slots=True, kw_only=True, eq=False)
class Refiller:
    """Decides when the window is refilled, and reads from and writes to the index."""

    queue: IndexQueue
    hosts: HostQueues
    planner: RefillPlanner
    state: RunState | None
    obeys_robots: Callable[[DueUrl], bool]
    executor: Executor
    now: Callable[[], datetime]
    clock: Callable[[], float]
    is_running: bool = False
    _per_host: int = MAX_PER_HOST
    _is_stale: bool = True
    _is_host_empty: bool = True
    _finished_at: float = -INTERVAL
    _is_restored: bool = False
    _robots_loaded: set[str] = field(default_factory=set)

    @property
    def has_more(self) -> bool:
        """True if a refill may bring more URLs."""
        return self._is_stale or self.planner.has_more

    def record_commit(self, site: str | None, host: Host | None) -> None:
        """Record a commit, which may have made URLs due: of a site and for a host, if they are known."""
        self._is_stale = True
        if site is not None:
            self.planner.record_commit(site)
        if host is not None and not host.waiting:
            self._is_host_empty = True

    def record_taken(self, host: Host) -> None:
        """Record that one URL of a host, or all, were taken from its queue."""
        if not host.waiting or len(host.waiting) == self._per_host // 2:
            self._is_host_empty = True

    def next_at(self, *, has_changes: bool, is_idle: bool) -> float | None:
        """Return the time of the next refill; None if it would bring nothing yet.

        `has_changes`: the run has changes to write. `is_idle`: nothing else can happen before the refill.
        """
        wants_more = self.planner.has_more and (self._is_host_empty or not self.hosts.waiting)
        if self.is_running or not (self._is_stale or has_changes or wants_more):
            return None
        if is_idle:
            return self._finished_at
        return self._finished_at + (SHORT_INTERVAL if self._is_host_empty else INTERVAL)

    async def refill(
        self, changes: RunChanges, *, exclude: Collection[int], query_all: bool, is_exhausted: Callable[[str], bool]
    ) -> RefillResult:
        """Write the changes and read due URLs, except those of the ids `exclude` and of exhausted sites."""
        self.is_running, self._is_stale, self._is_host_empty = True, False, False
        now = self.now()
        query = self.planner.plan(self.hosts, self.clock(), now, query_all=query_all)
        query = replace(query, exclude=exclude, sites=[site for site in query.sites if not is_exhausted(site)])
        self._per_host = query.per_host
        try:
            result = await self._run(changes, query, now)
        finally:
            self.is_running, self._finished_at = False, self.clock()
        self.planner.record_result(query, result.found)
        return result

    async def write(self, changes: RunChanges) -> None:
        """Write the changes."""
        await self._run(changes, None, self.now())

    async def _run(self, changes: RunChanges, query: DueQuery | None, now: datetime) -> RefillResult:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, self._query_index, changes, query, now)

    def _query_index(self, changes: RunChanges, query: DueQuery | None, now: datetime) -> RefillResult:
        """Write the changes and run the query. Called in the executor's thread.

        `now` is the query's own time: URLs that `restore` makes due at it are selected.
        """
        result = RefillResult()
        if changes.postponed:
            self.queue.reschedule(changes.postponed)
        if self.state is not None:
            if changes.hosts:
                self.state.index.write(host_state.save_backoffs, changes.hosts, now)
            if not self._is_restored:
                result.hosts, self._is_restored = self.state.restore(now), True
                result.problems = self.state.problems
            result.notes = [
                f"{each.site}: {each.pattern} is parked: its last {each.unproductive_count} URLs brought no new "
                f"article, such as {each.example_url}"
                for each in self.state.update_pattern_yields(now)
            ]
        if query is not None and query.limit > 0 and query.sites:
            result.found = self.queue.select_due(query)
        if self.state is not None:
            result.robots = [found for due in result.found for found in self._load_robots(self.state, due, now)]
        return result

    def _load_robots(self, state: RunState, due: DueUrl, now: datetime) -> list[tuple[str, RobotsResponse, float]]:
        """Return the archive's robots.txt for a URL, once for each authority."""
        try:
            scope = authority(due.url)
        except ValueError:
            return []
        if scope in self._robots_loaded or not self.obeys_robots(due):
            return []
        self._robots_loaded.add(scope)
        stored = state.load_robots(f"{scope}/robots.txt", now)
        return [(due.url, *stored)] if stored else []
