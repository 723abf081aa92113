"""What the frontier asks of the index, in one go and in a thread of its own: write what was put off, bring what is due.

Order --> put off, hosts noted --> families counted --> due URLs, and the robots.txt for them --> Brought
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from newsarchive.crawl.appetite import Wanted
from newsarchive.crawl.robots import RobotsAnswer, authority
from newsarchive.crawl.run_state import Recall
from storage.index.frontier.host_state import Family, HostMemory
from storage.model import Due


class Queue(Protocol):
    """The SQL frontier (storage.index.Index)."""

    def due(
        self,
        now: datetime,
        *,
        sites: Sequence[str],
        limit: int,
        per_host: int,
        exclude: Collection[int] = (),
        full: Collection[tuple[str, str]] = (),
    ) -> list[Due]:
        """What may be fetched now, most urgent first."""
        ...

    def put_off(self, until: Mapping[int, datetime | None]) -> None:
        """Move URLs, by their ids, to another moment; None: never."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted."""

    later: Mapping[int, datetime | None]
    """URLs to put off, by their ids."""
    hosts: Mapping[str, HostMemory | None]
    """Hosts to remember."""
    wanted: Wanted | None = None
    """None: no URLs are."""
    exclude: Collection[int] = ()


@dataclass(slots=True, kw_only=True)
class Brought:
    """What came."""

    found: list[Due] = field(default_factory=list)
    robots: list[tuple[str, RobotsAnswer, float]] = field(default_factory=list)
    """robots.txt that runs before have kept: a URL it speaks for, the answer, its age in seconds."""
    notes: list[str] = field(default_factory=list)
    """A line for each family that is parked from now on."""
    hosts: tuple[HostMemory, ...] = ()
    """With the first order: hosts that runs before have left in peace."""
    problems: list[str] = field(default_factory=list)
    """With the first order: what was found to be wrong."""


class Supply:
    """The index, as the frontier sees it."""

    def __init__(self, queue: Queue, recall: Recall | None, obeys: Callable[[Due], bool]) -> None:
        self._queue = queue
        self._recall = recall
        self._obeys = obeys
        self._begun = recall is None
        self._looked_up: set[str] = set()

    def bring(self, order: Order, now: datetime) -> Brought:
        """Carry out an order."""
        brought = Brought()
        if order.later:
            self._queue.put_off(order.later)
        if self._recall is not None:
            self._recall.note_hosts(order.hosts, now)
            if not self._begun:
                brought.hosts, self._begun = self._recall.begin(now), True
                brought.problems = self._recall.problems
            brought.notes = [_told(family) for family in self._recall.reap(now)]
        wanted = order.wanted
        if wanted is not None and wanted.limit > 0 and wanted.sites:
            brought.found = self._queue.due(
                now, sites=wanted.sites, limit=wanted.limit, per_host=wanted.per_host, exclude=order.exclude,
                full=wanted.full,
            )  # fmt: skip
        if self._recall is not None:
            brought.robots = [found for due in brought.found for found in self._robots(self._recall, due, now)]
        return brought

    def _robots(self, recall: Recall, due: Due, now: datetime) -> list[tuple[str, RobotsAnswer, float]]:
        """The robots.txt that the archive holds for a URL, once for each authority."""
        try:
            where = authority(due.url)
        except ValueError:
            return []
        if where in self._looked_up or not self._obeys(due):
            return []
        self._looked_up.add(where)
        held = recall.robots(f"{where}/robots.txt", now)
        return [(due.url, *held)] if held else []


def _told(parked: Family) -> str:
    return (
        f"{parked.site}: {parked.family} is parked: its last {parked.barren} URLs brought no new article, "
        f"such as {parked.example}"
    )
