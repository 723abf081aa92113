"""What to ask for next: a window on the SQL frontier, refilled as it empties, minded by robots.txt and patience.

    SQL frontier --refill--> hosts --next--> under way --answered--> kept --committed--> (the SQL frontier knows)
                                        +--put off: not now, or never

All of it happens in the event loop's thread, but for the queries. Nothing is remembered here that a crash may not lose.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from newsarchive.crawl.guard import refusal
from newsarchive.crawl.hosts import Host, Hosts, host_of
from newsarchive.crawl.patience import Pause, after_refusal, after_silence
from newsarchive.crawl.robots import CLOSED, EVERYTHING, Robots, RobotsAnswer, Rules, robots_discovery
from storage.model import Due, UrlKind

WINDOW = 2_000
"""URLs in memory at most."""
FEWEST, MOST = 24, 240
"""URLs of one host in memory: the fewer hosts, the more."""
SOON = 0.25
"""Seconds between two refills while a host runs dry."""
LATER = 2.0
"""The same while none does."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class Queue(Protocol):
    """The SQL frontier (storage.index.Index)."""

    def due(
        self, now: datetime, *, sites: Sequence[str], limit: int, per_host: int, exclude: Collection[int] = ()
    ) -> list[Due]:
        """What may be fetched now, most urgent first."""
        ...

    def put_off(self, until: Mapping[int, datetime | None]) -> None:
        """Move URLs, by their ids, to another moment; None: never."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a site is to be treated."""

    delay: float
    """Seconds between the end of one exchange with a host of it and the next request."""
    obey_robots: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for a URL, as far as it decides what is asked next."""

    status: int | None = None
    """None where nothing came that is HTTP."""
    retry_after: str | None = None
    robots: RobotsAnswer | None = None
    """Where a robots.txt was asked for."""
    silent: bool = False
    """No byte came at all, so that nothing was kept."""
    why: str = ""
    """Where it is silent: what hindered it, in a few words."""


@dataclass(slots=True, eq=False)
class _Out:
    """A URL under way."""

    due: Due
    host: Host
    on_behalf_of: Due | None = None
    """For a robots.txt: the first URL that waits for it."""


class Frontier:
    """Hands out URLs, each when its host may be asked, until nothing is due any more."""

    def __init__(  # noqa: PLR0913 - time and its clocks come in as arguments
        self,
        queue: Queue,
        manners: Mapping[str, Manners],
        robots: Robots,
        *,
        executor: Executor,
        counters: Counter[str],
        max_pages: int = 0,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._manners = manners
        self._robots = robots
        self._executor = executor
        self._counters = counters
        self._max_pages = max_pages
        self._now = now
        self._clock = clock
        self._hosts = Hosts()
        self._out: dict[int, _Out] = {}
        self._uncommitted: set[int] = set()
        self._asked: dict[int, datetime] = {}
        self._stuck: set[int] = set()
        self._later: dict[int, datetime | None] = {}
        self._closed: dict[Host, datetime] = {}
        self._per_host = MOST
        self._pages = 0
        self._robots_id = 0
        self._stale = True
        self._more = False
        self._dry = True
        self._refilling = False
        self._refilled_at = -LATER
        self._stopped = self._abandoned = False
        self.problems: list[str] = []
        """What the owner should know of, a line each."""

    @property
    def waiting(self) -> int:
        """URLs in memory that are to be asked for."""
        return self._hosts.waiting

    @property
    def spent(self) -> bool:
        """Whether as many pages were asked for as the run may."""
        return bool(self._max_pages) and self._pages >= self._max_pages

    @property
    def hungry(self) -> bool:
        """Whether only what is on its way into the index can bring more to ask for."""
        return bool(self._uncommitted) and not (self._out or self._hosts.waiting or self._stopped)

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do: nothing under way, nothing on its way into the index, nothing due."""
        if self._out or self._refilling or (self._uncommitted and not self._abandoned):
            return False
        return self._stopped or self.spent or not (self._hosts.waiting or self._stale or self._later or self._more)

    def stop(self) -> None:
        """Hand out nothing more."""
        self._stopped = True

    def abandon(self) -> None:
        """Hand out nothing more, and do not wait for commits either: none will come."""
        self._stopped = True
        self._abandoned = True
        self._uncommitted.clear()

    def next(self) -> Due | None:
        """A URL that may be asked for now, or None. `answered` must follow."""
        now = self._clock()
        while not (self._stopped or self.spent):
            taken = self._hosts.take(now)
            if taken is None:
                return None
            due, host = taken
            if len(host.waiting) == self._per_host // 2 or not host.waiting:
                self._dry = True
            chosen = self._choose(due, host)
            if chosen is not None:
                return chosen
        return None

    def answered(self, due: Due, answer: Answer) -> None:
        """Take what came back for a URL; whatever it is, its host has done its part."""
        out = self._out.pop(due.url_id)
        if out.on_behalf_of is not None:
            self._learn(out, answer)
        pause = self._pause(out, answer)
        if answer.silent and out.on_behalf_of is None:
            self._uncommitted.discard(due.url_id)
            self._put_off(due, self._now() + HOUR)
        if pause.closes:
            self._close(out.host, pause, answer.why)
        self._hosts.left(out.host, self._clock() + pause.seconds)

    def impossible(self, due: Due) -> None:
        """Take back a URL that no request can be made of; it is not asked for again."""
        out = self._out.pop(due.url_id)
        self._uncommitted.discard(due.url_id)
        self._counters["refused"] += 1
        if out.on_behalf_of is not None:
            self._put_off(out.on_behalf_of, None)
        else:
            self._put_off(due, None)
        self._hosts.left(out.host, 0.0)

    def committed(self, url_id: int) -> None:
        """The capture of a URL is in the index, and so is what it brought to light."""
        self._uncommitted.discard(url_id)
        self._stale = True

    def refill_at(self) -> float | None:
        """When to call `refill` next, by the clock; None where it would bring nothing yet."""
        if self._refilling or self._stopped or self.spent:
            return None
        more = self._more and (self._dry or not self._hosts.waiting)
        if not (self._stale or self._later or more):
            return None
        if not (self._out or self._uncommitted or self._hosts.waiting):
            return self._refilled_at  # nothing else will happen before it
        return self._refilled_at + (SOON if self._dry else LATER)

    def wake_at(self) -> float | None:
        """When `next` may have something again, by the clock; None where only an answer or a refill can bring it."""
        return None if self._stopped or self.spent else self._hosts.next_at()

    async def refill(self) -> None:
        """Write what was put off, and take in what is due."""
        self._refilling, self._stale, self._dry = True, False, False
        later, self._later = self._later, {}
        away = {due.url_id for due in self._hosts.all_waiting()}
        away.update(self._out, self._uncommitted, self._stuck)
        away.update(out.on_behalf_of.url_id for out in self._out.values() if out.on_behalf_of)
        room = max(WINDOW - self._hosts.waiting, 0)
        self._per_host = min(max(WINDOW // (2 * len(self._hosts) + 1), FEWEST), MOST)
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._executor, self._ask, later, away, room)
        finally:
            self._refilling, self._refilled_at = False, self._clock()
        by_host = Counter(host_of(due.url) for due in found)
        self._more = len(found) >= room or max(by_host.values(), default=0) >= self._per_host
        for due in found:
            self._take_in(due)

    async def flush(self) -> None:
        """Write what was put off and not yet written."""
        if self._later:
            later, self._later = self._later, {}
            await asyncio.get_running_loop().run_in_executor(self._executor, self._queue.put_off, later)

    def _ask(self, later: Mapping[int, datetime | None], away: Collection[int], room: int) -> list[Due]:
        if later:
            self._queue.put_off(later)
        if not room:
            return []
        sites = list(self._manners)
        return self._queue.due(self._now(), sites=sites, limit=room, per_host=self._per_host, exclude=away)

    def _take_in(self, due: Due) -> None:
        asked = self._asked.get(due.url_id)
        if asked is not None and due.due_at <= asked:
            # It was asked for at this appointment, and the index has made no other. Once a run is enough.
            self._stuck.add(due.url_id)
            return
        host = self._hosts.of(due.url)
        if self._closed.get(host, self._now()) <= self._now():
            self._closed.pop(host, None)
        if host in self._closed:
            self._put_off(due, self._closed[host])
        elif due.discovery.kind is not UrlKind.ROBOTS:
            self._hosts.add(due)

    def _choose(self, due: Due, host: Host) -> Due | None:
        """Decide over a URL whose host may be asked: itself, its robots.txt first, or not."""
        never = refusal(due.url) is not None
        rules = None if never else self._rules(due)
        if rules is None and not never:
            return self._ask_robots(due, host)
        if rules is None or not rules.allows(due.url):
            self._skip(due, host, rules)
            return None
        self._pages += 1
        self._asked[due.url_id] = due.due_at
        self._uncommitted.add(due.url_id)
        self._out[due.url_id] = _Out(due, host)
        return due

    def _rules(self, due: Due) -> Rules | None:
        return self._robots.rules(due.url) if self._of(due).obey_robots else EVERYTHING

    def _of(self, due: Due) -> Manners:
        return self._manners[due.discovery.site]

    def _ask_robots(self, due: Due, host: Host) -> Due:
        self._robots_id -= 1
        asked = Due(
            url_id=self._robots_id,
            url=self._robots.wanted(due.url),
            discovery=robots_discovery(due.discovery.site),
            due_at=due.due_at,
            priority=due.priority,
            failures=0,
        )
        self._out[asked.url_id] = _Out(asked, host, on_behalf_of=due)
        self._uncommitted.add(asked.url_id)
        return asked

    def _learn(self, out: _Out, answer: Answer) -> None:
        """Take a robots.txt, and let the URL that waited for it go on: to the page, or to a redirect's target."""
        assert out.on_behalf_of is not None
        rules = self._robots.learn(out.on_behalf_of.url, answer.robots or RobotsAnswer(status=None))
        if answer.silent:
            self._uncommitted.discard(out.due.url_id)
        self._hosts.add(out.on_behalf_of, again=True)
        if rules is not None and rules.closed:
            self._close(out.host, Pause(seconds=CLOSED, reason=rules.closed), answer.why)

    def _pause(self, out: _Out, answer: Answer) -> Pause:
        host = out.host
        host.errors = host.errors + 1 if answer.silent else 0
        host.refusals = host.refusals + 1 if answer.status in (429, 503) else 0
        delay = self._of(out.due).delay
        rules = self._rules(out.on_behalf_of or out.due)
        if rules and rules.delay:
            delay = max(delay, rules.delay)
        if answer.silent:
            return after_silence(host.errors, delay)
        if host.refusals and answer.status:
            asked = after_refusal(answer.status, answer.retry_after, host.refusals, self._now())
            return Pause(seconds=max(asked.seconds, delay), reason=asked.reason)
        return Pause(seconds=delay)

    def _skip(self, due: Due, host: Host, rules: Rules | None) -> None:
        """Leave out what is never asked for (no rules at all), what robots.txt forbids, or what is closed for now."""
        if rules is None:
            self._counters["refused"] += 1
            self._put_off(due, None)
        elif rules.closed is None:
            self._counters["disallowed"] += 1
            self._put_off(due, self._now() + DAY)
        else:
            self._close(host, Pause(seconds=CLOSED, reason=rules.closed))
            self._put_off(due, self._closed[host])
        self._hosts.left(host, 0.0)

    def _put_off(self, due: Due, until: datetime | None) -> None:
        self._later[due.url_id] = until
        self._asked[due.url_id] = due.due_at

    def _close(self, host: Host, pause: Pause, why: str = "") -> None:
        """Go on without a host: what waits for it is put off, and so is what comes to light of it in this run."""
        if host not in self._closed:
            self._counters["hosts_left"] += 1
            reason = f"{pause.reason} ({why})" if why else pause.reason
            self.problems.append(f"{host.name} {reason}: left in peace for {pause.seconds:.0f} s")
        self._closed[host] = until = self._now() + timedelta(seconds=pause.seconds)
        self._dry = True
        for due in self._hosts.drain(host):
            self._put_off(due, until)
