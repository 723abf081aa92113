"""The run's window on the frontier: due URLs in memory, handed out when their hosts may be requested.

    index --refill--> host queues --next_url--> in flight --record_response--> recorded --record_commit--> in the index
                                      +--put off: to a later time, or for ever

All methods run in the event loop's thread; only the queries run in another one. A crash loses nothing that matters:
what is in memory alone is due again in the next run.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import KW_ONLY, dataclass
from datetime import datetime, timedelta

from newsarchive.crawl.budget import Budgets
from newsarchive.crawl.hosts import Host, HostQueues
from newsarchive.crawl.politeness import HostBackoff, Pause, PolitenessSettings, ResponseSummary, record_response
from newsarchive.crawl.refill import IndexQueue, Refiller, RefillPlanner, RunChanges
from newsarchive.crawl.robots import ALLOW_ALL, UNREACHABLE_TTL, Robots, RobotsPending, RobotsResponse, RobotsRules
from newsarchive.crawl.run_state import RunState
from newsarchive.crawl.subresources import Admission, SubresourceQueue, SubresourceRequest
from newsarchive.crawl.traps import trap_reason
from newsarchive.crawl.url_pattern_yields import PARKING_TIME
from newsarchive.urls.ssrf import url_refusal_reason
from storage.model import Discovery, DueUrl, UrlKind
from storage.warc.tombstones import digest_url

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TRAP_DELAY = timedelta(days=365)
"""Time for which a URL that is a trap is put off."""


@dataclass(slots=True, eq=False)
class _InFlight:
    """A request in flight."""

    due: DueUrl
    host: Host
    sent_at: float
    waiting_url: DueUrl | None = None
    """For a robots.txt: the first URL that waits for it."""


@dataclass(eq=False)
class FrontierWindow:
    """Hands out due URLs until nothing is due any more."""

    queue: IndexQueue
    settings: Mapping[str, PolitenessSettings]
    """By site."""
    robots: Robots
    _: KW_ONLY
    executor: Executor
    """For the queries, one at a time."""
    counters: Counter[str]
    max_pages: int = 0
    """0 is no limit."""
    refused: frozenset[str] = frozenset()
    """Digests of URLs that are not requested."""
    state: RunState | None = None
    on_postponed: Callable[[str, str], None] = lambda *_: None
    """Called with each URL that is put off, and why."""
    now: Callable[[], datetime]
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        """Build the queues."""
        self.problems: list[str] = []
        """Lines for the owner about what went wrong."""
        self.notes: list[str] = []
        """Lines for the log about what is normal and worth mentioning."""
        self._hosts = HostQueues()
        self._robots_pending = RobotsPending(self.robots, self._hosts)
        self._backoff = HostBackoff(now=self.now, clock=self.clock)
        budgets = {name: each.budget for name, each in self.settings.items()}
        self._budgets = Budgets(budgets, self.clock(), self.notes)
        self._refiller = Refiller(
            queue=self.queue, hosts=self._hosts, planner=RefillPlanner(self.settings), state=self.state, now=self.now,
            executor=self.executor, clock=self.clock, obeys_robots=lambda due: self._settings_of(due).obey_robots,
        )  # fmt: skip
        self.subresources = SubresourceQueue(self._hosts)
        self._in_flight: dict[int, _InFlight] = {}
        self._uncommitted: dict[int, tuple[str, Host]] = {}
        self._handled: dict[int, datetime] = {}
        """Due times of the URLs that were requested or put off in this run, by id."""
        self._stuck: set[int] = set()
        """URLs that are still due at the same time after they were handled: once in a run is enough."""
        self._put_off_until: dict[int, datetime | None] = {}
        """New due times that are not in the index yet."""
        self._run_requests: dict[int, DueUrl] = {}
        """Requests that the sites' own spiders make in this run, by their ids."""
        self._is_restored = False
        """True once it is known which hosts earlier runs backed off from."""
        self._closed_sites: set[str] = set()
        self._pages = 0
        self._stopped = self._abandoned = False

    @property
    def waiting(self) -> int:
        """Number of URLs in memory that are to be requested."""
        return self._hosts.waiting

    @property
    def is_page_limit_reached(self) -> bool:
        """True if the run has requested `max_pages` pages."""
        return bool(self.max_pages) and self._pages >= self.max_pages

    @property
    def awaits_commits(self) -> bool:
        """True if only commits in progress can make more URLs due."""
        busy = self._in_flight or self._hosts.waiting or self.subresources.rendering or self._stopped
        return bool(self._uncommitted) and not busy

    @property
    def idle(self) -> bool:
        """True if nothing is left to do: nothing is in flight, uncommitted or due."""
        if self._in_flight or self._refiller.is_running or (self._uncommitted and not self._abandoned):
            return False
        more = self._hosts.waiting or self._put_off_until or self._refiller.has_more
        return self._stopped or self.is_page_limit_reached or not more

    @property
    def _has_work(self) -> bool:
        return bool(self._in_flight or self._uncommitted or self._hosts.waiting)

    @property
    def _may_hand_out(self) -> bool:
        """True if URLs may be handed out. At the page limit, pages being rendered still get their subresources."""
        return not self._stopped and (not self.is_page_limit_reached or bool(self.subresources.waiting))

    def stop(self) -> None:
        """Hand out nothing more."""
        self._stopped = True
        self.subresources.stop()

    def abandon(self) -> None:
        """Hand out nothing more, and do not wait for commits: there will be none."""
        self.stop()
        self._abandoned = True
        self._uncommitted.clear()

    def next_url(self) -> DueUrl | None:
        """Return a URL that may be requested now, or None. `record_response` or `discard` must follow."""
        now = self.clock()
        while self._may_hand_out and (taken := self._hosts.take(now)) is not None:
            due, host = taken
            self._refiller.record_taken(host)
            match due.discovery.kind:
                case UrlKind.PART if due.url_id not in self._run_requests:
                    chosen = self._admit_subresource(due, host)
                case UrlKind.ROBOTS:
                    chosen = self._choose_robots(due, host)
                case _:
                    chosen = self._choose_page(due, host)
            if chosen is not None:
                return chosen
        return None

    def next_wake_at(self) -> float | None:
        """Return the time at which `next_url` may have a URL again; None if a response or a refill must come first."""
        return self._hosts.next_ready_at() if self._may_hand_out else None

    def record_response(self, due: DueUrl, response: ResponseSummary, *, rendering: bool = False) -> None:
        """Record the response for a URL, of whatever kind: its host is free again after a pause.

        `rendering`: a browser renders the page now. Its host is reserved until `subresources.end_rendering`.
        """
        request = self._in_flight.pop(due.url_id)
        if not response.no_response:
            self._run_requests.pop(due.url_id, None)
        host = request.host
        # If we hung up ourselves, that says nothing about the host, and the URL stays due.
        is_interrupted = response.no_response and self._stopped
        host.last_response_at = self.clock() - response.recording_time
        self._budgets.record_response(due.discovery.site, response.size)
        if response.no_response:
            self._uncommitted.pop(due.url_id, None)
        if request.waiting_url is not None and not (is_interrupted or (response.interrupted and self._stopped)):
            self._record_robots(request, response)
        rules, settings = self._rules(due), self._settings_of(due)
        pause = Pause(seconds=settings.delay)
        if not is_interrupted:
            duration = host.last_response_at - request.sent_at
            pause = record_response(host, response, duration, settings, rules.delay if rules else None, self.now())
            self._backoff.record_pause(host, pause)
        if response.no_response and not is_interrupted and request.waiting_url is None:
            self._postpone(due, self.now() + HOUR, response.error)
        if response.is_blocked:
            self.counters["blocked"] += 1
        if pause.is_long:
            self._back_off(host, pause, request.waiting_url or due, response.error)
        if rendering:
            self.subresources.begin_rendering(due, host)
        # A pause that the host asks for may be a date, so it counts from now.
        self._hosts.release(host, (self.clock() if pause.reason else host.last_response_at) + pause.seconds)

    def discard(self, due: DueUrl, reason: str = "") -> None:
        """Put off a URL whose request is not sent for that reason; for ever if no request can be made."""
        request = self._in_flight.pop(due.url_id)
        self._uncommitted.pop(due.url_id, None)
        for each in [due] if request.waiting_url is None else self._robots_pending.discard(due, is_invalid=not reason):
            self.counters["refused"] += 1
            self._postpone(each, self.now() + HOUR if reason else None, reason or "no valid URL")
        self._hosts.release(request.host)

    def record_commit(self, url_id: int) -> None:
        """Record that the capture of a URL is in the index, with the URLs that it links."""
        site, host = self._uncommitted.pop(url_id, (None, None))
        self._refiller.record_commit(site, host)

    def record_failed_commit(self, due: DueUrl) -> None:
        """Record that the capture of a URL will not be in the index: the URL stays due."""
        self._uncommitted.pop(due.url_id, None)

    def request_subresource(self, page: DueUrl, url: str) -> SubresourceRequest | None:
        """Queue a request of a page being rendered; None if it is refused. `record_response` must follow."""
        request = None if self._stopped else self.subresources.enqueue(page, url, self.now())
        if request is not None and self._backoff.backed_off_until(self._hosts.get(url)):
            self.subresources.refuse(request.due)
        return request

    def add_run_request(self, url: str, discovery: Discovery) -> int:
        """Queue a request of a site's own spider, and return its id; until it is made, the site is not refilled."""
        due = self._hosts.create_request(url, discovery, self.now())
        self._run_requests[due.url_id] = due
        if self._is_restored:
            self._add(due)
        return due.url_id

    def close_site(self, site: str, reason: str) -> None:
        """Request no more URLs of a site in this run: they stay due."""
        if site not in self._closed_sites:
            self._closed_sites.add(site)
            self.problems.append(f"{site}: {reason}. Nothing more of it was requested; the next crawl tries again")

    def next_refill_at(self) -> float | None:
        """Return the time of the next refill; None if it would bring nothing yet."""
        if self._stopped or self.is_page_limit_reached:
            return None
        return self._refiller.next_at(has_changes=bool(self._put_off_until), is_idle=not self._has_work)

    async def refill(self) -> None:
        """Write new due times to the index, and queue the URLs that are due."""
        awaiting = {each.discovery.site for each in self._run_requests.values()}
        result = await self._refiller.refill(
            self._pop_changes(),
            exclude=self._hosts.url_ids.union(self._in_flight, self._uncommitted, self._stuck),
            query_all=not self._has_work,
            is_exhausted=lambda site: self._is_exhausted(site) or site in awaiting,
        )
        self.problems += result.problems
        self.notes += result.notes
        self._backoff.restore(result.hosts, self._hosts)
        restored = [self.robots.restore(*each) for each in result.robots]
        self.counters["robots_restored"] += sum(rules is not None for rules in restored)
        early = () if self._is_restored else tuple(self._run_requests.values())
        self._is_restored = True
        for due in (*early, *result.found):
            self._add(due)

    async def flush(self) -> None:
        """Write new due times and host states to the index, at the end of the run."""
        for host in self._hosts.all():
            self._backoff.save(host)
        await self._refiller.write(self._pop_changes())

    def _pop_changes(self) -> RunChanges:
        postponed, self._put_off_until = self._put_off_until, {}
        return RunChanges(postponed=postponed, hosts=self._backoff.pending_changes())

    def _add(self, due: DueUrl) -> None:
        """Queue a URL of a refill, unless it was handled already or its host is backed off."""
        handled = self._handled.get(due.url_id)
        if handled is not None and due.due_at <= handled:
            self._stuck.add(due.url_id)
        elif until := self._backoff.backed_off_until(self._hosts.get(due.url)):
            self._postpone(due, until, f"its host {self._hosts.get(due.url).backoff_reason}")
        elif due.discovery.kind not in (UrlKind.ROBOTS, UrlKind.PART) or due.url_id in self._run_requests:
            self._hosts.add(due)

    def _choose_page(self, due: DueUrl, host: Host) -> DueUrl | None:
        """Return the request to send for a URL whose host is ready: itself or its robots.txt; None if there is none."""
        if self.is_page_limit_reached or self._is_exhausted(due.discovery.site):
            self._hosts.release(host)  # it stays due, for the next run
            return None
        if (refusal := self._refusal(due)) is not None:
            counter, until = refusal
            self.counters[counter] += 1
            self._postpone(due, until, counter)
            self._hosts.release(host)
            return None
        if (rules := self._rules(due)) is None:
            return self._request_robots(due, host)
        if not rules.allows(due.url):
            self._skip(due, host, rules)
            return None
        self._pages += 1
        self._budgets.record_request(due.discovery.site)
        self._handled[due.url_id] = due.due_at
        self._uncommitted[due.url_id] = (due.discovery.site, host)
        self._in_flight[due.url_id] = _InFlight(due, host, self.clock())
        return due

    def _refusal(self, due: DueUrl) -> tuple[str, datetime | None] | None:
        """Return the counter for a URL that is not requested, and its new due time (None: never); None to request it.

        Traps and parked patterns count for linked URLs alone, not for those of newsarchive.toml.
        """
        if self.refused and digest_url(due.url) in self.refused:
            return "ended", None
        if url_refusal_reason(due.url) is not None:
            return "refused", None
        now = self.now()
        is_configured = due.discovery.via is None or due.discovery.callback is not None or due.url_id < 0
        if not is_configured and trap_reason(due.url, today=now, exempt=self._settings_of(due).parking.exempt):
            return "trapped", now + TRAP_DELAY
        if self.state is not None and due.discovery.callback is None:
            if self.state.pattern_yields.is_endless_redirect(due):
                return "parked", now + DAY
            if self.state.pattern_yields.find_parked_pattern(due, now):
                return "parked", now + PARKING_TIME
        return None

    def _choose_robots(self, robots: DueUrl, host: Host) -> DueUrl | None:
        """Return the request for a robots.txt on another host, unless the run needs it no longer."""
        waiting = self._robots_pending.waiting_url(robots)
        is_over = self.is_page_limit_reached or self._is_exhausted(robots.discovery.site)
        if waiting.discovery.kind is UrlKind.PART or not is_over:
            return self._send_robots(robots, host)
        self._robots_pending.cancel(robots)
        self._hosts.release(host)
        return None

    def _admit_subresource(self, due: DueUrl, host: Host) -> DueUrl | None:
        """Admit a subresource if robots.txt allows it. Its page has begun, so neither traps nor budgets end it."""
        if (rules := self._rules(due)) is None:
            return self._request_robots(due, host)
        if not rules.allows(due.url):
            self._skip(due, host, rules)
        elif not self.subresources.decide(due, Admission.ADMITTED):
            self._hosts.release(host)
        else:
            self._budgets.record_request(due.discovery.site)
            self._in_flight[due.url_id] = _InFlight(due, host, self.clock())
        return None

    def _is_exhausted(self, site: str) -> bool:
        is_spent = self._budgets.exhausted_reason(site, self.clock(), self.now()) is not None
        return is_spent or site in self._closed_sites

    def _rules(self, due: DueUrl) -> RobotsRules | None:
        return self.robots.get_rules(due.url) if self._settings_of(due).obey_robots else ALLOW_ALL

    def _settings_of(self, due: DueUrl) -> PolitenessSettings:
        return self.settings[due.discovery.site]

    def _request_robots(self, due: DueUrl, host: Host) -> DueUrl | None:
        """Return the request for the robots.txt of a URL; if it is on another host, queue it there and return None."""
        robots = self._robots_pending.request(due)
        if robots is not None and (other := self._hosts.get(robots.url)) is host:
            return self._send_robots(robots, host)
        self._hosts.release(host)
        if robots is not None:
            if until := self._backoff.backed_off_until(other):
                self._postpone(robots, until, "")
            else:
                self._hosts.add(robots)
        return None

    def _send_robots(self, robots: DueUrl, host: Host) -> DueUrl:
        waiting = self._robots_pending.waiting_url(robots)
        self._in_flight[robots.url_id] = _InFlight(robots, host, self.clock(), waiting_url=waiting)
        self._uncommitted[robots.url_id] = (robots.discovery.site, host)
        return robots

    def _record_robots(self, request: _InFlight, response: ResponseSummary) -> None:
        """Record the response for a robots.txt, and release the URLs that wait for it."""
        assert request.waiting_url is not None
        host = self._hosts.get(request.waiting_url.url)
        if response.is_blocked and request.host is host:
            self._robots_pending.cancel(request.due)  # no other request to the host can succeed either
            return
        rules = self._robots_pending.record_response(request.due, response.robots or RobotsResponse(status=None))
        if rules is None:
            return
        if rules.unreachable:
            pause = Pause(seconds=UNREACHABLE_TTL, reason=rules.unreachable)
            self._back_off(host, pause, request.waiting_url, response.error)
        longest = self._settings_of(request.due).max_crawl_delay
        host.ready_at = max(host.ready_at, host.last_response_at + min(rules.delay or 0.0, longest))
        if (rules.delay or 0.0) > longest:
            self.notes.append(f"{host.name} has a Crawl-delay of {rules.delay:g} s, which was cut to {longest:g} s")

    def _skip(self, due: DueUrl, host: Host, rules: RobotsRules) -> None:
        """Put off a URL that robots.txt disallows, or whose robots.txt cannot be fetched."""
        if rules.unreachable is None:
            self.counters["disallowed"] += 1
            self._postpone(due, self.now() + DAY, "disallowed by robots.txt")
        else:
            until = self._back_off(host, Pause(seconds=UNREACHABLE_TTL, reason=rules.unreachable), due)
            self._postpone(due, until, f"its host {rules.unreachable}")
        self._hosts.release(host)

    def _postpone(self, due: DueUrl, until: datetime | None, reason: str) -> None:
        """Put off a URL until then; None: for ever."""
        if due.url_id >= 0:
            self.on_postponed(due.url, reason)
            self._put_off_until[due.url_id] = until
            self._handled[due.url_id] = due.due_at
        elif self._run_requests.pop(due.url_id, None) is not None:
            self.close_site(due.discovery.site, f"{due.url}, on which the others depend, was not fetched: {reason}")
        elif due.discovery.kind is UrlKind.PART:
            self.subresources.refuse(due)
        else:  # a host whose robots.txt is on a host that is backed off is backed off itself
            other, waiting = self._hosts.get(due.url), self._robots_pending.waiting_url(due)
            self._robots_pending.cancel(due)
            seconds = (until - self.now()).total_seconds() if until else 0.0
            reason = f"has its robots.txt at {other.name}, which {other.backoff_reason or 'is backed off'}"
            self._back_off(self._hosts.get(waiting.url), Pause(seconds=seconds, reason=reason), waiting)

    def _back_off(self, host: Host, pause: Pause, due: DueUrl, error: str = "") -> datetime:
        """Put off all URLs of a host, those of later refills too; return until when. `due`: the URL that led to it."""
        if not self._backoff.backed_off_until(host):
            self.counters["hosts_backed_off"] += 1
            # The owner need not act because a host of pictures is down.
            is_minor = due.discovery.kind in (UrlKind.ASSET, UrlKind.PART)
            reason = f"{pause.reason} ({error})" if error else pause.reason
            line = f"{host.name} {reason}: backed off for {pause.seconds:.0f} s{pause.advice}"
            (self.notes if is_minor else self.problems).append(line)
        until = self._backoff.back_off(host, pause)
        drained = self._hosts.drain(host)
        self._refiller.record_taken(host)
        for each in drained:
            self._postpone(each, until, f"its host {pause.reason}")
        return until
