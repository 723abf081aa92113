"""Which host may be asked now. Each is asked for one thing at a time, and left in peace in between.

    add(due) --> the host's own queue --take()--> under way --left()--> pause, then the next

A heap of hosts by the moment when each may be asked again: with a thousand hosts, a look at the first is enough, and
waiting takes no thread, timer or slot of the downloader.
"""

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlsplit

from storage.model import Due
from storage.surt import host_of

AHEAD = -1
"""Priority of what others wait for already: a robots.txt that lies elsewhere, a part of a page that is drawn."""


def hostname_of(url: str) -> str:
    """The host whose patience a URL takes; its ports are one machine's, and share it. "" for what is no URL.

    >>> hostname_of("https://News.example:8443/a")
    'news.example'
    """
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@dataclass(slots=True, eq=False)
class Host:
    """One host of the run."""

    name: str
    waiting: list[tuple[int, float, int, int, Due]] = field(default_factory=list)
    """Heap: priority, due, order of arrival, id."""
    busy: bool = False
    """It has been asked for something, and has not answered yet."""
    kept: bool = False
    """One of its pages is drawn: meanwhile it is asked for what others wait for, and for no other page."""
    ready_at: float = 0.0
    """When it may be asked again."""
    left_at: float = 0.0
    """When it answered last."""
    errors: int = 0
    """Connections in a row that brought no answer."""
    refusals: int = 0
    """Answers in a row that asked for patience: 429 and 503."""
    forbidden: int = 0
    """Answers 403 in a row."""
    strain: int = 0
    """How often its delay is doubled at present: more with each refusal, less as it recovers."""
    reason: str = ""
    """Why it is left in peace, or was last."""
    eased: int = 0
    """Good answers in a row since the strain last changed."""
    took: float = 0.0
    """Seconds that its answers take, the last ones counting most."""
    listed: bool = False
    """It stands in the heap of hosts."""

    @property
    def askable(self) -> bool:
        """Whether something waits that may be asked for, once it is ready."""
        return bool(self.waiting) and not self.busy and (not self.kept or self.waiting[0][0] <= AHEAD)


class Hosts:
    """All hosts of a run. Times are of a monotonic clock, and come in as arguments."""

    def __init__(self) -> None:
        self._hosts: dict[str, Host] = {}
        self._heap: list[tuple[float, int, Host]] = []
        self._order = 0
        self.ids: set[int] = set()
        """Of the URLs in all queues."""
        self.lanes: Counter[tuple[str, str]] = Counter()
        """How many wait, by their site and their host as the index has it: with its port, where it has one."""
        self.unlisted = count(-1, -1)
        """Ids for URLs that the index has no line for."""
        self._aside: dict[str, list[Due]] = {}

    @property
    def waiting(self) -> int:
        """URLs in all queues."""
        return len(self.ids)

    def __len__(self) -> int:
        """How many hosts the run has met."""
        return len(self._hosts)

    def of(self, url: str) -> Host:
        """The host of a URL."""
        return self.named(hostname_of(url))

    def named(self, name: str) -> Host:
        """The host of a name."""
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name)
        return host

    def add(self, due: Due, *, again: bool = False) -> None:
        """Let a URL wait for its host; `again`, before its equals, where it had its turn and could not use it."""
        host = self.of(due.url)
        self._order += 1
        heapq.heappush(
            host.waiting, (due.priority, due.due_at.timestamp(), 0 if again else self._order, due.url_id, due)
        )
        self._note(due)
        self._list(host)

    def set_aside(self, due: Due, authority: str) -> None:
        """Have a URL that had its turn wait for the rules of its authority. Its host may be asked for other things."""
        self._aside.setdefault(authority, []).append(due)
        self._note(due)

    def take_up(self, authority: str) -> None:
        """Have what was set aside wait for its host again."""
        for due in self.let_go(authority):
            self.add(due, again=True)

    def let_go(self, authority: str) -> list[Due]:
        """Take back what was set aside."""
        taken = self._aside.pop(authority, [])
        for due in taken:
            self._gone(due)
        return taken

    def take(self, now: float) -> tuple[Due, Host] | None:
        """The most urgent URL of a host that may be asked now. The host is busy until `left`."""
        while self._heap and self._heap[0][0] <= now:
            _, _, host = heapq.heappop(self._heap)
            host.listed = False
            if not host.askable:
                continue
            if host.ready_at > now:
                self._list(host)
                continue
            due = heapq.heappop(host.waiting)[-1]
            self._gone(due)
            host.busy = True
            return due, host
        return None

    def left(self, host: Host, ready_at: float = 0.0) -> None:
        """A host is not busy any more; it is asked again from `ready_at` on."""
        host.busy = False
        host.ready_at = max(host.ready_at, ready_at)
        self._list(host)

    def give_back(self, host: Host) -> None:
        """A host is kept for nobody any more."""
        host.kept = False
        self._list(host)

    def drain(self, host: Host) -> list[Due]:
        """Take back all that waits for a host, and what was set aside of it."""
        taken = [each[-1] for each in host.waiting]
        for due in taken:
            self._gone(due)
        host.waiting.clear()
        for authority in [each for each in self._aside if hostname_of(each) == host.name]:
            taken += self.let_go(authority)
        return taken

    def remove(self, due: Due) -> None:
        """Take back one URL, wherever it waits."""
        if due.url_id not in self.ids:
            return
        self._gone(due)
        host = self.of(due.url)
        host.waiting = [each for each in host.waiting if each[-1] is not due]
        heapq.heapify(host.waiting)
        for authority, aside in self._aside.items():
            self._aside[authority] = [each for each in aside if each is not due]

    def next_at(self) -> float | None:
        """When the first host with something waiting may be asked; None where none has."""
        while self._heap and not self._heap[0][2].askable:
            heapq.heappop(self._heap)[2].listed = False
        return self._heap[0][0] if self._heap else None

    def all(self) -> Iterator[Host]:
        """Every host that the run has met."""
        return iter(self._hosts.values())

    def _note(self, due: Due) -> None:
        """Note that a URL waits."""
        self.ids.add(due.url_id)
        self.lanes[_lane(due)] += 1

    def _gone(self, due: Due) -> None:
        """Note that a URL waits no more."""
        self.ids.discard(due.url_id)
        lane = _lane(due)
        self.lanes[lane] -= 1
        if not self.lanes[lane]:
            del self.lanes[lane]

    def _list(self, host: Host) -> None:
        if not host.listed and host.askable:
            host.listed = True
            self._order += 1
            heapq.heappush(self._heap, (host.ready_at, self._order, host))


def _lane(due: Due) -> tuple[str, str]:
    return due.discovery.site, host_of(due.url)
