"""Pauses between requests to a host, and back-off from hosts that refuse or do not respond.

    normal pause     the site's delay, or twice the host's response time if that is longer
    backed off       doubled for each recent refusal, halved again after ten good responses; max_delay at most
    robots.txt       Crawl-delay as a minimum, capped at max_crawl_delay
    429, 503         Retry-After, else 30 s, doubled each time
    403              the third in a row counts as a refusal
    no response      2, 4 s; after the third in a row the host is backed off for an hour

A pause of more than MAX_WAIT ends the requests to a host in this run. It is saved for the runs that follow.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsarchive.crawl.budget import NO_LIMIT, Budget
from newsarchive.crawl.hosts import Host, HostQueues
from newsarchive.crawl.robots import RobotsResponse
from newsarchive.crawl.url_pattern_yields import ParkingRules
from newsarchive.urls.wb_url import parse_http_date
from storage.index.frontier.host_state import SavedBackoff

RESPONSE_TIME_FACTOR = 2.0
"""The normal pause, as a multiple of the host's response time."""
SMOOTHING = 0.3
"""Weight of the newest response in the moving average of response times."""
MAX_BACKOFF_LEVEL = 6
GOOD_RESPONSES_TO_RECOVER = 10
"""Consecutive good responses that lower the back-off level by one."""
MAX_FORBIDDEN = 3
"""Consecutive responses 403 from which on they count as refusals: the host means us, not a page."""
MIN_BACKOFF_DELAY = 0.5
"""Seconds that are doubled if the site's delay is shorter."""
MIN_SAVED_PAUSE = 1.0
"""Seconds; a shorter pause is not saved for the next run."""
INITIAL_PAUSE = 30.0
"""Seconds after a 429 or 503 without Retry-After; doubled each time, up to an hour."""
MAX_PAUSE = 86_400.0
"""Seconds; a longer Retry-After is cut to this."""
MAX_WAIT = 120.0
"""Longest pause in seconds that a run waits for. URLs of a host with a longer one are put off."""
MAX_FAILURES = 3
"""Consecutive connections without a response after which a host is backed off."""
UNREACHABLE_PAUSE = 3_600.0
"""Seconds for which a host that does not respond is backed off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolitenessSettings:
    """Settings of a site that limit its requests."""

    delay: float
    """Seconds between the end of one exchange and the next request to the same host; 0: no delay at all."""
    obey_robots: bool = True
    max_delay: float = 30.0
    """Longest pause in seconds by response time and back-off level."""
    max_crawl_delay: float = 300.0
    """Seconds; a longer Crawl-delay is cut to this."""
    budget: Budget = NO_LIMIT
    parking: ParkingRules = ParkingRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSummary:
    """The part of a response that decides on further requests to its host."""

    status: int | None = None
    """None if no HTTP response was received."""
    retry_after: str | None = None
    robots: RobotsResponse | None = None
    """Set if the request was for a robots.txt."""
    no_response: bool = False
    """Not one byte was received, so nothing was recorded."""
    error: str = ""
    """With `no_response`: the reason, in a few words."""
    is_blocked: bool = False
    """With `no_response`: the host has no public address."""
    size: int = 0
    """Bytes on the wire."""
    interrupted: bool = False
    """The run was stopped before the response was complete."""
    recording_time: float = 0.0
    """Seconds since the last byte. The host was idle for as long, so they count as part of the pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Time until the next request to a host."""

    seconds: float
    reason: str | None = None
    """Reason for a longer pause than normal, in a few words."""
    advice: str = ""
    """Remedy for the owner, to follow the reason."""

    @property
    def is_long(self) -> bool:
        """True if the run does not wait for the host."""
        return self.reason is not None and self.seconds > MAX_WAIT


def record_response(
    host: Host, response: ResponseSummary, duration: float, settings: PolitenessSettings, crawl_delay: float | None,
    now: datetime,
) -> Pause:  # fmt: skip
    """Update a host's state after a response that took `duration` seconds; return the pause after it."""
    if response.is_blocked:
        advice = "; a site in your own network needs allow_private = true"  # which the owner may set meanwhile
        return Pause(seconds=3600.0, reason="has no public address", advice=advice)
    _update_host(host, response, duration)
    interval = request_interval(host, settings, crawl_delay)
    if response.no_response:
        return pause_after_failure(host.failures, interval)
    refusals = host.refusals or max(0, host.forbidden - MAX_FORBIDDEN + 1)
    if refusals and response.status:
        pause = pause_after_refusal(response.status, response.retry_after, refusals, now)
        return Pause(seconds=max(pause.seconds, interval), reason=pause.reason)
    return Pause(seconds=interval)


def _update_host(host: Host, response: ResponseSummary, duration: float) -> None:
    host.failures = host.failures + 1 if response.no_response else 0
    if response.no_response:
        return
    host.refusals = host.refusals + 1 if response.status in (429, 503) else 0
    host.forbidden = host.forbidden + 1 if response.status == 403 and response.robots is None else 0
    if host.refusals or host.forbidden >= MAX_FORBIDDEN:
        host.backoff_level, host.good_responses = min(host.backoff_level + 1, MAX_BACKOFF_LEVEL), 0
        return
    average = host.response_time
    host.response_time = (1 - SMOOTHING) * average + SMOOTHING * duration if average else duration
    host.good_responses += 1
    if host.backoff_level and host.good_responses >= GOOD_RESPONSES_TO_RECOVER:
        host.backoff_level, host.good_responses = host.backoff_level - 1, 0


def request_interval(host: Host, settings: PolitenessSettings, crawl_delay: float | None) -> float:
    """Return the seconds between two requests to a host that responds normally."""
    interval = 0.0
    if settings.delay:
        interval = max(settings.delay, min(RESPONSE_TIME_FACTOR * host.response_time, settings.max_delay))
    if host.backoff_level:
        doubled = max(interval, MIN_BACKOFF_DELAY) * 2.0**host.backoff_level
        interval = max(interval, min(doubled, settings.max_delay))
    return max(interval, min(crawl_delay or 0.0, settings.max_crawl_delay))


def pause_after_refusal(status: int, retry_after: str | None, refusals: int, now: datetime) -> Pause:
    """Return the pause after the `refusals`-th 429 or 503 in a row."""
    requested = parse_retry_after(retry_after, now)
    seconds = min(INITIAL_PAUSE * 2 ** (refusals - 1), 3_600.0) if requested is None else requested
    return Pause(seconds=min(seconds, MAX_PAUSE), reason=f"answers {status}")


def pause_after_failure(failures: int, interval: float) -> Pause:
    """Return the pause after the `failures`-th connection in a row without a response."""
    if failures >= MAX_FAILURES:
        return Pause(seconds=UNREACHABLE_PAUSE, reason="does not respond")
    return Pause(seconds=max(interval, 2.0**failures))


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, 10.2.3); None if it cannot be parsed.

    >>> from datetime import UTC
    >>> parse_retry_after("120", datetime(2026, 11, 25, tzinfo=UTC))
    120.0
    >>> parse_retry_after("Wed, 25 Nov 2026 00:00:30 GMT", datetime(2026, 11, 25, tzinfo=UTC))
    30.0
    """
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value.strip())
    until = parse_http_date(value)
    return None if until is None else max(0.0, (until - now).total_seconds())


@dataclass(kw_only=True, eq=False)
class HostBackoff:
    """Hosts that are backed off for longer than a run waits, and the host states to save for the next run."""

    now: Callable[[], datetime]
    clock: Callable[[], float]
    _until: dict[Host, datetime] = field(default_factory=dict)
    _saved: set[str] = field(default_factory=set)
    _changes: dict[str, SavedBackoff | None] = field(default_factory=dict)

    def restore(self, saved: Iterable[SavedBackoff], hosts: HostQueues) -> None:
        """Restore the host states that earlier runs saved."""
        now, clock = self.now(), self.clock()
        for state in saved:
            host = hosts.get_by_name(state.host)
            self._saved.add(state.host)
            host.refusals, host.backoff_reason = state.refusal_count, state.reason
            host.backoff_level = min(state.backoff_level, MAX_BACKOFF_LEVEL)
            left = (state.ready_at - now).total_seconds() if state.ready_at else 0.0
            # A clock that was once wrong must not back off from a host for years.
            left = min(max(left, 0.0), MAX_PAUSE)
            host.ready_at = max(host.ready_at, clock + left)
            if left > MAX_WAIT:
                self._until[host] = now + timedelta(seconds=host.ready_at - clock)

    def backed_off_until(self, host: Host) -> datetime | None:
        """Return the end of a host's back-off; None if it is not backed off."""
        until = self._until.get(host)
        if until is not None and until <= self.now():
            del self._until[host]
            return None
        return until

    def back_off(self, host: Host, pause: Pause) -> datetime:
        """Back off from a host; return until when."""
        self._until[host] = until = self.now() + timedelta(seconds=pause.seconds)
        host.backoff_reason = pause.reason or ""
        self.save(host, self.clock() + pause.seconds)
        return until

    def record_pause(self, host: Host, pause: Pause) -> None:
        """Record the pause after a response: the next run must know a longer one than normal."""
        host.backoff_reason = pause.reason or ""
        if host.refusals or host.backoff_level or host.name in self._saved:
            self.save(host, self.clock() + pause.seconds)

    def save(self, host: Host, ready_at: float = 0.0) -> None:
        """Save a host's state for the next run, or delete it if there is nothing to remember."""
        left = max(host.ready_at, ready_at) - self.clock()
        if host.refusals or host.backoff_level or left >= MIN_SAVED_PAUSE:
            self._saved.add(host.name)
            self._changes[host.name] = SavedBackoff(
                host=host.name,
                ready_at=self.now() + timedelta(seconds=left) if left > 0 else None,
                refusal_count=host.refusals,
                backoff_level=host.backoff_level,
                reason=host.backoff_reason,
            )
        elif host.name in self._saved:
            self._saved.discard(host.name)
            self._changes[host.name] = None

    def pending_changes(self) -> dict[str, SavedBackoff | None]:
        """Return the states to write, by host, since the last call; None: to delete."""
        changes, self._changes = self._changes, {}
        return changes
