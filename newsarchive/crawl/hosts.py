"""Request queues of the run's hosts: one request at a time to each, with a pause in between.

    add(due) --> the host's queue --take()--> request in flight --release()--> pause, then the next

A heap orders hosts by the time of their next request. With a thousand hosts only the first entry is examined, and a
waiting host takes no thread, timer or downloader slot.
"""

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from urllib.parse import urlsplit

from storage.model import Discovery, DueUrl
from storage.urls import url_host

TOP_PRIORITY = -1
"""Priority of requests that others depend on: a robots.txt on another host, a subresource of a page being rendered."""


def hostname_of(url: str) -> str:
    """Return the host that a URL's requests are counted for, without port; "" if it is not a URL.

    >>> hostname_of("https://News.example:8443/a")
    'news.example'
    """
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@dataclass(slots=True, eq=False)
class Host:
    """One host of the run. Times are of a monotonic clock."""

    name: str
    waiting: list[tuple[int, float, int, int, DueUrl]] = field(default_factory=list)
    """Heap: priority, due time, order of arrival, id."""
    busy: bool = False
    """A request is in flight."""
    reserved: bool = False
    """One of its pages is being rendered: until then only requests of TOP_PRIORITY are sent."""
    ready_at: float = 0.0
    """Earliest time of the next request."""
    last_response_at: float = 0.0
    failures: int = 0
    """Consecutive connections without a response."""
    refusals: int = 0
    """Consecutive responses 429 or 503."""
    forbidden: int = 0
    """Consecutive responses 403."""
    backoff_level: int = 0
    """Number of times its delay is doubled: raised by each refusal, lowered as it recovers."""
    backoff_reason: str = ""
    """Reason for its current or last back-off."""
    good_responses: int = 0
    """Consecutive good responses since the back-off level last changed."""
    response_time: float = 0.0
    """Moving average of its response times, in seconds."""
    is_scheduled: bool = False
    """It has an entry in the heap of hosts."""

    @property
    def is_available(self) -> bool:
        """True if a URL is waiting that may be requested once the host is ready."""
        return bool(self.waiting) and not self.busy and (not self.reserved or self.waiting[0][0] <= TOP_PRIORITY)


class HostQueues:
    """All hosts of a run. Times are of a monotonic clock, and are passed in."""

    def __init__(self) -> None:
        self._hosts: dict[str, Host] = {}
        self._heap: list[tuple[float, int, Host]] = []
        self._order = 0
        self.url_ids: set[int] = set()
        """Ids of the URLs in all queues."""
        self.waiting_by_lane: Counter[tuple[str, str]] = Counter()
        """Waiting URLs by site and by host as the index stores it: with a non-default port."""
        self._temporary_ids = count(-1, -1)
        self._awaiting_robots: dict[str, list[DueUrl]] = {}
        """By authority."""

    @property
    def waiting(self) -> int:
        """Number of URLs in all queues."""
        return len(self.url_ids)

    def __len__(self) -> int:
        """Return the number of hosts that the run has seen."""
        return len(self._hosts)

    def get(self, url: str) -> Host:
        """Return the host of a URL."""
        return self.get_by_name(hostname_of(url))

    def get_by_name(self, name: str) -> Host:
        """Return the host of that name."""
        return self._hosts.setdefault(name, Host(name))

    def all(self) -> Iterator[Host]:
        """Iterate over every host that the run has seen."""
        return iter(self._hosts.values())

    def create_request(self, url: str, discovery: Discovery, at: datetime) -> DueUrl:
        """Return a request of TOP_PRIORITY for a URL without a row in the index; its id is negative."""
        key = next(self._temporary_ids)
        return DueUrl(url_id=key, url=url, discovery=discovery, due_at=at, priority=TOP_PRIORITY, failure_count=0)

    def add(self, due: DueUrl, *, retry: bool = False) -> None:
        """Queue a URL; a `retry` goes before others of its priority and due time."""
        host = self.get(due.url)
        self._order += 1
        heapq.heappush(
            host.waiting, (due.priority, due.due_at.timestamp(), 0 if retry else self._order, due.url_id, due)
        )
        self._count(due)
        self._schedule(host)

    def await_robots(self, due: DueUrl, authority: str) -> None:
        """Hold a taken URL until the rules of its authority are known. Its host stays free for other requests."""
        self._awaiting_robots.setdefault(authority, []).append(due)
        self._count(due)

    def resume(self, authority: str) -> None:
        """Queue again the URLs that were held for an authority's rules."""
        for due in self.withdraw(authority):
            self.add(due, retry=True)

    def withdraw(self, authority: str) -> list[DueUrl]:
        """Remove and return the URLs that were held for an authority's rules."""
        held = self._awaiting_robots.pop(authority, [])
        for due in held:
            self._uncount(due)
        return held

    def take(self, now: float) -> tuple[DueUrl, Host] | None:
        """Return the most urgent URL of a host that may be requested now. The host is busy until `release`."""
        while self._heap and self._heap[0][0] <= now:
            _, _, host = heapq.heappop(self._heap)
            host.is_scheduled = False
            if not host.is_available:
                continue
            if host.ready_at > now:
                self._schedule(host)
                continue
            due = heapq.heappop(host.waiting)[-1]
            self._uncount(due)
            host.busy = True
            return due, host
        return None

    def release(self, host: Host, ready_at: float = 0.0) -> None:
        """Mark a host as not busy; its next request is sent at `ready_at` or later."""
        host.busy = False
        host.ready_at = max(host.ready_at, ready_at)
        self._schedule(host)

    def unreserve(self, host: Host) -> None:
        """Allow all requests to a host again: its page is rendered."""
        host.reserved = False
        self._schedule(host)

    def drain(self, host: Host) -> list[DueUrl]:
        """Remove and return all URLs of a host, queued or held for robots.txt."""
        drained = [each[-1] for each in host.waiting]
        for due in drained:
            self._uncount(due)
        host.waiting.clear()
        for authority in [each for each in self._awaiting_robots if hostname_of(each) == host.name]:
            drained += self.withdraw(authority)
        return drained

    def remove(self, due: DueUrl) -> None:
        """Remove one URL, queued or held for robots.txt."""
        if due.url_id not in self.url_ids:
            return
        self._uncount(due)
        host = self.get(due.url)
        host.waiting = [each for each in host.waiting if each[-1] is not due]
        heapq.heapify(host.waiting)
        for authority, held in self._awaiting_robots.items():
            self._awaiting_robots[authority] = [each for each in held if each is not due]

    def next_ready_at(self) -> float | None:
        """Return the time at which the first available host is ready; None if no host is available."""
        while self._heap and not self._heap[0][2].is_available:
            heapq.heappop(self._heap)[2].is_scheduled = False
        return self._heap[0][0] if self._heap else None

    def _count(self, due: DueUrl) -> None:
        self.url_ids.add(due.url_id)
        self.waiting_by_lane[_lane(due)] += 1

    def _uncount(self, due: DueUrl) -> None:
        self.url_ids.discard(due.url_id)
        lane = _lane(due)
        self.waiting_by_lane[lane] -= 1
        if not self.waiting_by_lane[lane]:
            del self.waiting_by_lane[lane]

    def _schedule(self, host: Host) -> None:
        if not host.is_scheduled and host.is_available:
            host.is_scheduled = True
            self._order += 1
            heapq.heappush(self._heap, (host.ready_at, self._order, host))


def _lane(due: DueUrl) -> tuple[str, str]:
    return due.discovery.site, url_host(due.url)
