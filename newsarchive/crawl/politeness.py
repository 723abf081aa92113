"""How long a host is left in peace after an answer: by its speed, by what it asks for, and by how it has been of late.

    usual pause      the site's delay, or twice the time that its answers take, where that is longer
    strained         doubled for each refusal of late, halved again after every ten good answers; max_delay at most
    robots.txt       Crawl-delay, max_crawl_delay at most: never less than that
    429, 503         Retry-After, else 30 s, doubled each time
    403              the third in a row counts as such
    no answer        2, 4 s; at the third in a row the host is left for an hour

A host that is to be left for longer than a run waits is remembered, for the runs to come.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from newsarchive.crawl.budget import NO_LIMIT, Budget
from newsarchive.crawl.hosts import Host
from newsarchive.crawl.pauses import LONGEST_PAUSE, Pause, after_refusal, after_silence
from newsarchive.crawl.robots import RobotsAnswer
from newsarchive.crawl.url_pattern_yields import Parking
from storage.index.frontier.host_state import HostMemory

FACTOR = 2.0
"""A host gets this many times as long to itself as its answers take."""
SLOWLY = 0.3
"""Weight of the newest answer in the time that a host's answers take: one slow page is no slow host."""
STRAIN = 6
"""Doublings at most."""
EASED_AFTER = 10
"""Good answers in a row after which a host is asked twice as often again."""
FORBIDDEN = 3
"""Answers 403 in a row from which on the host means us, not a page."""
LEAST_STRAINED = 0.5
"""Seconds: what is doubled where the site's own delay is shorter."""
WORTH_NOTING = 1.0
"""Seconds: a pause that the next run could cut short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolitenessSettings:
    """How a site is to be treated."""

    delay: float
    """Seconds between the end of one exchange with a host of it and the next request; 0: none, however slow it is."""
    obey_robots: bool = True
    max_delay: float = 30.0
    """Longest pause that a host gets by its speed and strain."""
    max_crawl_delay: float = 300.0
    """A Crawl-delay above that is taken as this."""
    budget: Budget = NO_LIMIT
    parking: Parking = Parking()
    """When families of its URLs are parked, and which are no traps."""


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
    guarded: bool = False
    """Where it is silent: the host leads to no public address."""
    size: int = 0
    """Bytes on the wire."""
    cut: bool = False
    """We hung up before it was whole, because the run is to stop."""
    kept: float = 0.0
    """Seconds since its last byte came: it was kept meanwhile, and the host left in peace."""


def record_answer(
    host: Host, answer: Answer, took: float, manners: PolitenessSettings, crawl_delay: float | None, now: datetime
) -> Pause:
    """The pause after an answer that took so many seconds; what it says of the host is noted there."""
    if answer.guarded:
        return Pause(seconds=LONGEST_PAUSE, reason="is not connected to")
    _note(host, answer, took)
    usual = pace(host, manners, crawl_delay)
    if answer.silent:
        return after_silence(host.errors, usual)
    refused = host.refusals or max(0, host.forbidden - FORBIDDEN + 1)
    if refused and answer.status:
        asked = after_refusal(answer.status, answer.retry_after, refused, now)
        return Pause(seconds=max(asked.seconds, usual), reason=asked.reason)
    return Pause(seconds=usual)


def _note(host: Host, answer: Answer, took: float) -> None:
    host.errors = host.errors + 1 if answer.silent else 0
    if answer.silent:
        return
    host.refusals = host.refusals + 1 if answer.status in (429, 503) else 0
    host.forbidden = host.forbidden + 1 if answer.status == 403 and answer.robots is None else 0
    if host.refusals or host.forbidden >= FORBIDDEN:
        host.strain, host.eased = min(host.strain + 1, STRAIN), 0
        return
    host.took = took if not host.took else (1 - SLOWLY) * host.took + SLOWLY * took
    host.eased += 1
    if host.strain and host.eased >= EASED_AFTER:
        host.strain, host.eased = host.strain - 1, 0


def pace(host: Host, manners: PolitenessSettings, crawl_delay: float | None) -> float:
    """Seconds between two requests to a host that answers as it should."""
    usual = max(manners.delay, min(FACTOR * host.took, manners.max_delay)) if manners.delay else 0.0
    if host.strain:
        doubled = max(usual, LEAST_STRAINED) * 2.0**host.strain
        usual = max(usual, min(doubled, manners.max_delay))
    return max(usual, min(crawl_delay or 0.0, manners.max_crawl_delay))


def restore_backoff(host: Host, memory: HostMemory, now: datetime, clock: float) -> float:
    """Treat a host as a run before left it; returns the seconds for which it is still to be left in peace."""
    host.refusals, host.strain, host.reason = memory.refusals, min(memory.strain, STRAIN), memory.reason
    left = (memory.ready_at - now).total_seconds() if memory.ready_at else 0.0
    # A clock that was wrong once does not close a host for years.
    left = min(max(left, 0.0), LONGEST_PAUSE)
    host.ready_at = max(host.ready_at, clock + left)
    return left


def backoff_to_save(host: Host, now: datetime, clock: float, ready_at: float = 0.0) -> HostMemory | None:
    """What the next run is to know of a host that may be asked again at `ready_at` by the clock; None: nothing."""
    left = max(host.ready_at, ready_at) - clock
    if not (host.refusals or host.strain or left >= WORTH_NOTING):
        return None
    until = now + timedelta(seconds=left) if left > 0 else None
    return HostMemory(name=host.name, ready_at=until, refusals=host.refusals, strain=host.strain, reason=host.reason)
