"""What to ask for next: a window on the SQL frontier, refilled as it empties, minded by robots.txt and patience.

    SQL frontier --refill--> hosts --next--> under way --answered--> kept --committed--> (the SQL frontier knows)
                                        +--put off: not now, or never

All of it happens in the event loop's thread, but for the queries. Nothing is remembered here that a crash may not lose.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from newsarchive.crawl.appetite import MOST, Appetite
from newsarchive.crawl.budget import Budgets
from newsarchive.crawl.courtesy import Answer, Manners, after, memory_of, recollect
from newsarchive.crawl.guard import refusal
from newsarchive.crawl.harvest import PARKED
from newsarchive.crawl.hosts import Host, Hosts
from newsarchive.crawl.pauses import PATIENCE, Pause
from newsarchive.crawl.recall import Recall
from newsarchive.crawl.robots import CLOSED, EVERYTHING, Robots, RobotsAnswer, Rules, robots_discovery
from newsarchive.crawl.supply import Brought, Order, Queue, Supply
from newsarchive.crawl.traps import trapped
from storage.index.memory import HostMemory
from storage.model import Due, UrlKind

SOON = 0.25
"""Seconds between two refills while a host runs dry."""
LATER = 2.0
"""The same while none does."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TRAPPED = timedelta(days=365)
"""For how long a URL that leads into a trap is put off."""


@dataclass(slots=True, eq=False)
class _Out:
    """A URL under way."""

    due: Due
    host: Host
    since: float
    """When it was handed out, by the clock."""
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
        recall: Recall | None = None,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._supply = Supply(queue, recall, lambda due: self._of(due).obey_robots)
        self._harvest = recall.harvest if recall is not None else None
        self._manners = manners
        self._robots = robots
        self._executor = executor
        self._counters = counters
        self._max_pages = max_pages
        self._now = now
        self._clock = clock
        self._hosts = Hosts()
        self._budgets = Budgets({name: each.budget for name, each in manners.items()}, clock())
        self._out: dict[int, _Out] = {}
        self._appetite = Appetite(manners)
        self._uncommitted: dict[int, tuple[str, Host]] = {}
        self._asked: dict[int, datetime] = {}
        self._stuck: set[int] = set()
        self._later: dict[int, datetime | None] = {}
        self._closed: dict[Host, datetime] = {}
        self._news: dict[str, HostMemory | None] = {}
        self._remembered: set[str] = set()
        self._per_host = MOST
        self._pages = 0
        self._robots_id = 0
        self._stale = True
        self._dry = True
        self._refilling = False
        self._refilled_at = -LATER
        self._stopped = self._abandoned = False
        self.problems: list[str] = []
        """What the owner should know of, a line each."""
        self.notes: list[str] = []
        """What is as it should be and yet worth a line in a log."""

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
        return (
            self._stopped
            or self.spent
            or not (self._hosts.waiting or self._stale or self._later or self._appetite.more)
        )

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
        cut = answer.silent and self._stopped  # we hung up: that says nothing of the host, and the URL stays due
        self._budgets.got(due.discovery.site, answer.size)
        if out.on_behalf_of is not None and not cut:
            self._learn(out, answer)
        pause = self._pause(out, answer)
        if cut:
            self._uncommitted.pop(due.url_id, None)
        elif answer.silent and out.on_behalf_of is None:
            self._uncommitted.pop(due.url_id, None)
            self._put_off(due, self._now() + (DAY if answer.guarded else HOUR))
        if answer.guarded:
            self._counters["guarded"] += 1
        if pause.closes and not cut:
            self._close(out.host, pause, out, answer.why)
        # What a host asks for may be a date, and is counted from now on.
        rested = 0.0 if pause.reason else answer.kept
        self._hosts.left(out.host, self._clock() - rested + pause.seconds)

    def impossible(self, due: Due) -> None:
        """Take back a URL that no request can be made of; it is not asked for again."""
        out = self._out.pop(due.url_id)
        self._uncommitted.pop(due.url_id, None)
        self._counters["refused"] += 1
        self._put_off(out.on_behalf_of or due, None)
        self._hosts.left(out.host, 0.0)

    def committed(self, url_id: int) -> None:
        """The capture of a URL is in the index, and so is what it brought to light."""
        self._stale = True
        if (known := self._uncommitted.pop(url_id, None)) is not None:
            site, host = known
            self._appetite.fed(site)
            # Perhaps it brought to light what the host is waited for with.
            self._dry = self._dry or not host.waiting

    def refill_at(self) -> float | None:
        """When to call `refill` next, by the clock; None where it would bring nothing yet."""
        if self._refilling or self._stopped or self.spent:
            return None
        more = self._appetite.more and (self._dry or not self._hosts.waiting)
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
        away = self._hosts.ids.union(self._out, self._uncommitted, self._stuck)
        away.update(out.on_behalf_of.url_id for out in self._out.values() if out.on_behalf_of)
        at_end = not (self._out or self._uncommitted or self._hosts.waiting)
        wanted = self._appetite.wanted(self._hosts, self._clock(), at_end=at_end)
        self._per_host = wanted.per_host
        wanted = replace(wanted, sites=[site for site in wanted.sites if not self._exhausted(site)])
        try:
            brought = await self._order(wanted=wanted, exclude=away)
        finally:
            self._refilling, self._refilled_at = False, self._clock()
        self._appetite.served(wanted, brought.found)
        self._learn_of_old(brought)
        for due in brought.found:
            self._take_in(due)

    async def flush(self) -> None:
        """Write what was put off and not yet written, and what the next run is to know."""
        for host in self._hosts.all():
            self._remember(host)
        await self._order()

    async def _order(self, **wanted: Any) -> Brought:
        """Have the index asked, in the thread for that."""
        later, self._later = self._later, {}
        news, self._news = self._news, {}
        order = Order(later=later, hosts=news, **wanted)
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._supply.bring, order, self._now())

    def _learn_of_old(self, brought: Brought) -> None:
        """Take what runs before have left."""
        now, clock = self._now(), self._clock()
        self.problems += brought.problems
        for memory in brought.hosts:
            host = self._hosts.named(memory.name)
            self._remembered.add(memory.name)
            if recollect(host, memory, now, clock) > PATIENCE:
                self._closed[host] = now + timedelta(seconds=host.ready_at - clock)
        for url, answer, age in brought.robots:
            if self._robots.recall(url, answer, age) is not None:
                self._counters["robots_recalled"] += 1
        for family in brought.parked:
            self.notes.append(
                f"{family.site}: {family.family} is parked: its last {family.barren} URLs brought no new article, "
                f"such as {family.example}"
            )

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
        if self._exhausted(due.discovery.site):
            self._hosts.left(host, 0.0)  # it stays due, for the next run
            return None
        if (objection := self._objection(due)) is not None:
            counted, until = objection
            self._counters[counted] += 1
            self._put_off(due, until)
            self._hosts.left(host, 0.0)
            return None
        rules = self._rules(due)
        if rules is None:
            return self._ask_robots(due, host)
        if not rules.allows(due.url):
            self._skip(due, host, rules)
            return None
        self._pages += 1
        self._budgets.asked(due.discovery.site)
        self._asked[due.url_id] = due.due_at
        self._uncommitted[due.url_id] = (due.discovery.site, host)
        self._out[due.url_id] = _Out(due, host, self._clock())
        return due

    def _objection(self, due: Due) -> tuple[str, datetime | None] | None:
        """What speaks against a URL itself, as it is counted, and until when; None where nothing does."""
        if refusal(due.url) is not None:
            return "refused", None
        now = self._now()
        named_by_owner = due.discovery.via is None
        if not named_by_owner and trapped(due.url, today=now, exempt=self._of(due).parking.exempt):
            return "trapped", now + TRAPPED
        if self._harvest is not None and self._harvest.parked(due, now):
            return "parked", now + PARKED
        return None

    def _exhausted(self, site: str) -> bool:
        """Whether a site is asked nothing more in this run."""
        known = site in self._budgets.over
        why = self._budgets.exhausted(site, self._clock(), self._now())
        if why and not known:
            self.notes.append(f"{site}: {why}")
        return why is not None

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
        self._out[asked.url_id] = _Out(asked, host, self._clock(), on_behalf_of=due)
        self._uncommitted[asked.url_id] = (due.discovery.site, host)
        return asked

    def _learn(self, out: _Out, answer: Answer) -> None:
        """Take a robots.txt, and let the URL that waited for it go on: to the page, or to a redirect's target."""
        assert out.on_behalf_of is not None
        if answer.guarded:  # whatever a robots.txt would say, nothing else there is connected to either
            self._uncommitted.pop(out.due.url_id, None)
            self._hosts.add(out.on_behalf_of, again=True)
            return
        rules = self._robots.learn(out.on_behalf_of.url, answer.robots or RobotsAnswer(status=None))
        if answer.silent:
            self._uncommitted.pop(out.due.url_id, None)
        self._hosts.add(out.on_behalf_of, again=True)
        if rules is not None and rules.closed:
            self._close(out.host, Pause(seconds=CLOSED, reason=rules.closed), out, answer.why)
        most = self._of(out.due).max_crawl_delay
        if rules is not None and (rules.delay or 0.0) > most:
            self.notes.append(f"{out.host.name} asks for a pause of {rules.delay:g} s; taken as {most:g} s")

    def _pause(self, out: _Out, answer: Answer) -> Pause:
        rules = self._rules(out.on_behalf_of or out.due)
        took = self._clock() - out.since - answer.aside - answer.kept
        pause = after(out.host, answer, took, self._of(out.due), rules.delay if rules else None, self._now())
        out.host.reason = pause.reason or ""
        if out.host.refusals or out.host.strain or out.host.name in self._remembered:
            self._remember(out.host, self._clock() + pause.seconds)
        return pause

    def _remember(self, host: Host, ready_at: float = 0.0) -> None:
        """Have the next run know how a host does."""
        memory = memory_of(host, self._now(), self._clock(), ready_at)
        if memory is not None:
            self._remembered.add(host.name)
            self._news[host.name] = memory
        elif host.name in self._remembered:
            self._remembered.discard(host.name)
            self._news[host.name] = None

    def _skip(self, due: Due, host: Host, rules: Rules) -> None:
        """Leave out what robots.txt forbids, or what is closed for now."""
        if rules.closed is None:
            self._counters["disallowed"] += 1
            self._put_off(due, self._now() + DAY)
        else:
            self._close(host, Pause(seconds=CLOSED, reason=rules.closed), _Out(due, host, self._clock()))
            self._put_off(due, self._closed[host])
        self._hosts.left(host, 0.0)

    def _put_off(self, due: Due, until: datetime | None) -> None:
        self._later[due.url_id] = until
        self._asked[due.url_id] = due.due_at

    def _close(self, host: Host, pause: Pause, out: _Out, why: str = "") -> None:
        """Go on without a host: what waits for it is put off, and so is what comes to light of it in this run."""
        if host not in self._closed:
            self._counters["hosts_left"] += 1
            reason = f"{pause.reason} ({why})" if why else pause.reason
            told = f"{host.name} {reason}: left in peace for {pause.seconds:.0f} s"
            # A picture's host that is down is nothing to get up for at night.
            aside = (out.on_behalf_of or out.due).discovery.kind is UrlKind.ASSET
            (self.notes if aside else self.problems).append(told)
        self._closed[host] = until = self._now() + timedelta(seconds=pause.seconds)
        host.reason = pause.reason or ""
        self._remember(host, self._clock() + pause.seconds)
        self._dry = True
        for due in self._hosts.drain(host):
            self._put_off(due, until)
