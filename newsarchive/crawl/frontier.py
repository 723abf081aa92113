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
from newsarchive.crawl.appointments import Appointments
from newsarchive.crawl.budget import Budgets
from newsarchive.crawl.host_backoff import HostBackoff, describe_backoff
from newsarchive.crawl.hosts import Host, Hosts
from newsarchive.crawl.objections import Objections
from newsarchive.crawl.pauses import Pause
from newsarchive.crawl.politeness import Answer, PolitenessSettings
from newsarchive.crawl.refill import Brought, Order, Queue, Supply
from newsarchive.crawl.robots import CLOSED, EVERYTHING, Robots, RobotsAnswer, Rules
from newsarchive.crawl.robots_pending import RobotsPending
from newsarchive.crawl.run_state import Recall
from newsarchive.crawl.subresources import Guest, Turns
from storage.model import Due, UrlKind

SOON = 0.25
"""Seconds between two refills while a host runs dry."""
LATER = 2.0
"""The same while none does."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


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
        manners: Mapping[str, PolitenessSettings],
        robots: Robots,
        *,
        executor: Executor,
        counters: Counter[str],
        max_pages: int = 0,
        recall: Recall | None = None,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.problems: list[str] = []
        """What the owner should know of, a line each."""
        self.notes: list[str] = []
        """What is as it should be and yet worth a line in a log."""
        self._supply = Supply(queue, recall, lambda due: self._of(due).obey_robots)
        self._objections = Objections(manners, recall.harvest if recall is not None else None, now=now)
        self._manners = manners
        self._robots = robots
        self._executor = executor
        self._counters = counters
        self._max_pages = max_pages
        self._now = now
        self._clock = clock
        self._hosts = Hosts()
        self._errands = RobotsPending(robots, self._hosts)
        self._peace = HostBackoff(now=now, clock=clock)
        self.turns = Turns(self._hosts)
        """Of the parts of pages that are drawn."""
        self._budgets = Budgets({name: each.budget for name, each in manners.items()}, clock(), self.notes)
        self._out: dict[int, _Out] = {}
        self._appetite = Appetite(manners)
        self._uncommitted: dict[int, tuple[str, Host]] = {}
        self._appointments = Appointments()
        self._per_host = MOST
        self._pages = 0
        self._stale = True
        self._dry = True
        self._refilling = False
        self._refilled_at = -LATER
        self._stopped = self._abandoned = False

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
        busy = self._out or self._hosts.waiting or self.turns.drawing or self._stopped
        return bool(self._uncommitted) and not busy

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do: nothing under way, nothing on its way into the index, nothing due."""
        if self._out or self._refilling or (self._uncommitted and not self._abandoned):
            return False
        more = self._hosts.waiting or self._stale or self._appointments.later or self._appetite.more
        return self._stopped or self.spent or not more

    def stop(self) -> None:
        """Hand out nothing more."""
        self._stopped = True
        self.turns.stop()

    def abandon(self) -> None:
        """Hand out nothing more, and do not wait for commits either: none will come."""
        self.stop()
        self._abandoned = True
        self._uncommitted.clear()

    def next(self) -> Due | None:
        """A URL that may be asked for now, or None. `answered` must follow."""
        now = self._clock()
        while self._hands_out and (taken := self._hosts.take(now)) is not None:
            due, host = taken
            if len(host.waiting) == self._per_host // 2 or not host.waiting:
                self._dry = True
            if (chosen := self._choose(due, host)) is not None:
                return chosen
        return None

    def answered(self, due: Due, answer: Answer, *, drawn: bool = False) -> None:
        """Take what came back for a URL; whatever it is, its host has done its part.

        `drawn`: a browser draws the page now. Its host is asked for no other page until `turns.end`.
        """
        out = self._out.pop(due.url_id)
        mute = answer.silent and self._stopped  # we hung up: that says nothing of the host, and the URL stays due
        out.host.left_at = self._clock() - answer.kept
        self._budgets.got(due.discovery.site, answer.size)
        if answer.silent:
            self._uncommitted.pop(due.url_id, None)
        if out.on_behalf_of is not None and not (mute or (answer.cut and self._stopped)):
            self._learn(out, answer)
        pause = Pause(seconds=self._of(due).delay) if mute else self._pause(out, answer)
        if answer.silent and not mute and out.on_behalf_of is None:
            self._put_off(due, self._now() + (DAY if answer.guarded else HOUR))
        if answer.guarded:
            self._counters["guarded"] += 1
        if pause.closes:
            self._close(out.host, pause, out.on_behalf_of or due, answer.why)
        if drawn:
            self.turns.begin(due, out.host)
        # What a host asks for may be a date, and is counted from now on.
        self._hosts.left(out.host, (self._clock() if pause.reason else out.host.left_at) + pause.seconds)

    def expect(self, page: Due, url: str) -> Guest | None:
        """Let a part of a page that is drawn have its turn; None where it gets none. Then, `answered` must follow."""
        guest = None if self._stopped else self.turns.expect(page, url, self._now())
        if guest is not None and self._peace.closed_until(self._hosts.of(url)):
            self.turns.refuse(guest.due)
        return guest

    def impossible(self, due: Due) -> None:
        """Take back a URL that no request can be made of; it is not asked for again."""
        out = self._out.pop(due.url_id)
        self._uncommitted.pop(due.url_id, None)
        for each in [due] if out.on_behalf_of is None else self._errands.impossible(due):
            self._counters["refused"] += 1
            self._put_off(each, None)
        self._hosts.left(out.host)

    def undone(self, due: Due) -> None:
        """What was answered is not committed: the URL stays due."""
        self._uncommitted.pop(due.url_id, None)

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
        if not (self._stale or self._appointments.later or more):
            return None
        if not (self._out or self._uncommitted or self._hosts.waiting):
            return self._refilled_at  # nothing else will happen before it
        return self._refilled_at + (SOON if self._dry else LATER)

    def wake_at(self) -> float | None:
        """When `next` may have something again, by the clock; None where only an answer or a refill can bring it."""
        return self._hosts.next_at() if self._hands_out else None

    async def refill(self) -> None:
        """Write what was put off, and take in what is due."""
        self._refilling, self._stale, self._dry = True, False, False
        away = self._hosts.ids.union(self._out, self._uncommitted, self._appointments.stuck)
        at_end = not (self._out or self._uncommitted or self._hosts.waiting)
        wanted = self._appetite.wanted(self._hosts, self._clock(), at_end=at_end)
        self._per_host = wanted.per_host
        wanted = replace(wanted, sites=[site for site in wanted.sites if not self._exhausted(site)])
        try:
            brought = await self._order(wanted=wanted, exclude=away)
        finally:
            self._refilling, self._refilled_at = False, self._clock()
        self._appetite.served(wanted, brought.found)
        self.problems += brought.problems
        self.notes += brought.notes
        self._peace.recall(brought.hosts, self._hosts)
        for url, answer, age in brought.robots:
            if self._robots.recall(url, answer, age) is not None:
                self._counters["robots_recalled"] += 1
        for due in brought.found:
            self._take_in(due)

    async def flush(self) -> None:
        """Write what was put off and not yet written, and what the next run is to know."""
        for host in self._hosts.all():
            self._peace.remember(host)
        await self._order()

    async def _order(self, **wanted: Any) -> Brought:
        """Have the index asked, in the thread for that."""
        order = Order(later=self._appointments.told(), hosts=self._peace.pending_changes(), **wanted)
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._supply.bring, order, self._now())

    def _take_in(self, due: Due) -> None:
        if self._appointments.kept(due):
            return
        if until := self._peace.closed_until(self._hosts.of(due.url)):
            self._put_off(due, until)
        elif due.discovery.kind not in (UrlKind.ROBOTS, UrlKind.PART):
            self._hosts.add(due)

    @property
    def _hands_out(self) -> bool:
        """Whether `next` has anything to do: where a run is spent, pages that are drawn still get their parts."""
        return not self._stopped and (not self.spent or bool(self.turns.waiting))

    def _choose(self, due: Due, host: Host) -> Due | None:
        """Decide over a URL whose host may be asked: itself, its robots.txt first, or not."""
        if due.url_id < 0:
            return self._choose_ahead(due, host)
        if self.spent or self._exhausted(due.discovery.site):
            self._hosts.left(host)  # it stays due, for the next run
            return None
        if (objection := self._objections.to(due)) is not None:
            counted, until = objection
            self._counters[counted] += 1
            self._put_off(due, until)
            self._hosts.left(host)
            return None
        rules = self._rules(due)
        if rules is None:
            return self._ask_robots(due, host)
        if not rules.allows(due.url):
            self._skip(due, host, rules)
            return None
        self._pages += 1
        self._budgets.asked(due.discovery.site)
        self._appointments.keep(due)
        self._uncommitted[due.url_id] = (due.discovery.site, host)
        self._out[due.url_id] = _Out(due, host, self._clock())
        return due

    def _choose_ahead(self, due: Due, host: Host) -> Due | None:
        """Decide over what others wait for: a robots.txt that lies elsewhere, a part of a page that is drawn."""
        if due.discovery.kind is UrlKind.PART:
            return self._admit(due, host)
        for_part = self._errands.behind(due).discovery.kind is UrlKind.PART
        if for_part or not (self.spent or self._exhausted(due.discovery.site)):
            return self._send(due, host)
        self._errands.drop(due)
        self._hosts.left(host)
        return None

    def _admit(self, due: Due, host: Host) -> Due | None:
        """Decide over a part of a page that is drawn: that was begun, so that neither traps nor budgets end it."""
        rules = self._rules(due)
        if rules is None:
            return self._ask_robots(due, host)
        if not rules.allows(due.url):
            self._skip(due, host, rules)
            return None
        if not self.turns.admit(due):
            self._hosts.left(host)
            return None
        self._budgets.asked(due.discovery.site)
        self._out[due.url_id] = _Out(due, host, self._clock())
        return None

    def _exhausted(self, site: str) -> bool:
        """Whether a site is asked nothing more in this run."""
        return self._budgets.exhausted(site, self._clock(), self._now()) is not None

    def _rules(self, due: Due) -> Rules | None:
        return self._robots.rules(due.url) if self._of(due).obey_robots else EVERYTHING

    def _of(self, due: Due) -> PolitenessSettings:
        return self._manners[due.discovery.site]

    def _ask_robots(self, due: Due, host: Host) -> Due | None:
        """Ask for the robots.txt that a URL waits for; where it lies on another host, once that has its turn."""
        errand = self._errands.send(due)
        if errand is not None and (there := self._hosts.of(errand.url)) is host:
            return self._send(errand, host)
        self._hosts.left(host)
        if errand is not None:
            if until := self._peace.closed_until(there):
                self._put_off(errand, until)
            else:
                self._hosts.add(errand)
        return None

    def _send(self, errand: Due, host: Host) -> Due:
        self._out[errand.url_id] = _Out(errand, host, self._clock(), on_behalf_of=self._errands.behind(errand))
        self._uncommitted[errand.url_id] = (errand.discovery.site, host)
        return errand

    def _learn(self, out: _Out, answer: Answer) -> None:
        """Take a robots.txt; those who waited for it go on."""
        assert out.on_behalf_of is not None
        home = self._hosts.of(out.on_behalf_of.url)
        if answer.guarded and out.host is home:
            self._errands.drop(out.due)  # whatever it would say, nothing else there is connected to either
            return
        rules = self._errands.learn(out.due, answer.robots or RobotsAnswer(status=None))
        if rules is None:
            return
        if rules.closed:
            self._close(home, Pause(seconds=CLOSED, reason=rules.closed), out.on_behalf_of, answer.why)
        most = self._of(out.due).max_crawl_delay
        home.ready_at = max(home.ready_at, home.left_at + min(rules.delay or 0.0, most))
        if (rules.delay or 0.0) > most:
            self.notes.append(f"{home.name} asks for a pause of {rules.delay:g} s; taken as {most:g} s")

    def _pause(self, out: _Out, answer: Answer) -> Pause:
        rules = self._rules(out.due)
        took = out.host.left_at - out.since
        return self._peace.after(out.host, answer, took, self._of(out.due), rules.delay if rules else None)

    def _skip(self, due: Due, host: Host, rules: Rules) -> None:
        """Leave out what robots.txt forbids, or what is closed for now."""
        if rules.closed is None:
            self._counters["disallowed"] += 1
            self._put_off(due, self._now() + DAY)
        else:
            self._put_off(due, self._close(host, Pause(seconds=CLOSED, reason=rules.closed), due))
        self._hosts.left(host)

    def _put_off(self, due: Due, until: datetime | None) -> None:
        """Do without a URL until then; None: for ever."""
        if due.url_id >= 0:
            self._appointments.put_off(due, until)
        elif due.discovery.kind is UrlKind.PART:
            self.turns.refuse(due)
        else:
            self._close_for(due, until or self._now())

    def _close_for(self, errand: Due, until: datetime) -> None:
        """Go on without a host whose robots.txt lies on one that is left in peace."""
        there, page = self._hosts.of(errand.url), self._errands.behind(errand)
        self._errands.drop(errand)
        seconds = (until - self._now()).total_seconds()
        reason = f"has its robots.txt at {there.name}, which {there.reason or 'is left in peace'}"
        self._close(self._hosts.of(page.url), Pause(seconds=seconds, reason=reason), page)

    def _close(self, host: Host, pause: Pause, due: Due, why: str = "") -> datetime:
        """Go on without a host: what waits for it is put off, and so is what comes to light of it in this run."""
        if not self._peace.closed_until(host):
            self._counters["hosts_left"] += 1
            # A picture's host that is down is nothing to get up for at night.
            beside = due.discovery.kind in (UrlKind.ASSET, UrlKind.PART)
            (self.notes if beside else self.problems).append(describe_backoff(host, pause, why))
        until = self._peace.close(host, pause)
        self._dry = True
        for each in self._hosts.drain(host):
            self._put_off(each, until)
        return until
