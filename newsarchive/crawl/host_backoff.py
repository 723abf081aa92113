"""Hosts that a run goes on without, and what the next run is to know of hosts."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from newsarchive.crawl.hosts import Host, Hosts
from newsarchive.crawl.pauses import PATIENCE, Pause
from newsarchive.crawl.politeness import Answer, PolitenessSettings, backoff_to_save, record_answer, restore_backoff
from storage.index.frontier.host_state import HostMemory


class HostBackoff:
    """Which hosts are left in peace for longer than a run waits, until when, and what is left of that for later."""

    def __init__(self, *, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._clock = clock
        self._closed: dict[Host, datetime] = {}
        self._remembered: set[str] = set()
        self._news: dict[str, HostMemory | None] = {}

    def recall(self, memories: Iterable[HostMemory], hosts: Hosts) -> None:
        """Treat hosts as runs before have left them."""
        now, clock = self._now(), self._clock()
        for memory in memories:
            host = hosts.named(memory.name)
            self._remembered.add(memory.name)
            if restore_backoff(host, memory, now, clock) > PATIENCE:
                self._closed[host] = now + timedelta(seconds=host.ready_at - clock)

    def closed_until(self, host: Host) -> datetime | None:
        """Until when the run goes on without a host; None where it does not."""
        until = self._closed.get(host)
        if until is not None and until <= self._now():
            del self._closed[host]
            return None
        return until

    def close(self, host: Host, pause: Pause) -> datetime:
        """Go on without a host; returns until when."""
        self._closed[host] = until = self._now() + timedelta(seconds=pause.seconds)
        host.reason = pause.reason or ""
        self.remember(host, self._clock() + pause.seconds)
        return until

    def after(
        self, host: Host, answer: Answer, took: float, manners: PolitenessSettings, crawl_delay: float | None
    ) -> Pause:
        """The pause after an answer that took so many seconds; what it says of the host is noted."""
        pause = record_answer(host, answer, took, manners, crawl_delay, self._now())
        host.reason = pause.reason or ""
        if host.refusals or host.strain or host.name in self._remembered:
            self.remember(host, self._clock() + pause.seconds)
        return pause

    def remember(self, host: Host, ready_at: float = 0.0) -> None:
        """Have the next run know how a host does."""
        memory = backoff_to_save(host, self._now(), self._clock(), ready_at)
        if memory is not None:
            self._remembered.add(host.name)
            self._news[host.name] = memory
        elif host.name in self._remembered:
            self._remembered.discard(host.name)
            self._news[host.name] = None

    def pending_changes(self) -> dict[str, HostMemory | None]:
        """What is to be remembered, or forgotten (None), and was not told yet."""
        news, self._news = self._news, {}
        return news


def describe_backoff(host: Host, pause: Pause, why: str = "") -> str:
    """A line for the owner on a host that is left in peace."""
    reason = f"{pause.reason} ({why})" if why else pause.reason
    return f"{host.name} {reason}: left in peace for {pause.seconds:.0f} s"
