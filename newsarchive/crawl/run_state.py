"""What a run knows from runs before it: hosts that want peace, robots.txt of today, families of URLs that are parked.

Asked in the frontier's own thread, never in the event loop's.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal, Protocol

from newsarchive.crawl.download.client import OURS
from newsarchive.crawl.robots import HOPS, LASTS, RobotsAnswer
from newsarchive.crawl.url_pattern_yields import Harvest
from newsarchive.ingest.tasks import OriginalRecords
from storage.errors import ArchiveError
from storage.index.frontier.host_state import Family, HostMemory, Yield
from storage.index.views.articles import CaptureFilters, CaptureView
from storage.model import RecordPlace


class Memory(Protocol):
    """The part of the index that remembers (storage.index.Index)."""

    def hosts(self) -> tuple[HostMemory, ...]:
        """Hosts that want peace."""
        ...

    def note_hosts(self, noted: Mapping[str, HostMemory | None], now: datetime) -> None:
        """Remember them."""
        ...

    def families(self, sites: Collection[str] | None = None) -> tuple[Family, ...]:
        """Families that bring nothing."""
        ...

    def note_families(self, noted: Mapping[tuple[str, str], Family | None]) -> None:
        """Remember them."""
        ...

    def newest_capture(self) -> int:
        """Id of the capture that came in last."""
        ...

    def yields_since(self, capture_id: int, sites: Collection[str]) -> tuple[Yield, ...]:
        """What captures brought after that one."""
        ...

    def mend_clock(self, now: datetime) -> int:
        """Have what was planned by a wrong clock be due now."""
        ...

    def never_captured(self, site: str, now: datetime) -> list[tuple[int, str]]:
        """URLs that were put off before their first capture."""
        ...

    def make_due(self, url_ids: Collection[int], now: datetime) -> None:
        """Have URLs be due now."""
        ...

    def captures(
        self, filters: CaptureFilters, *, order: Literal["newest"] = "newest", limit: int | None = None
    ) -> Iterable[CaptureView]:
        """Captures of a URL."""
        ...


class Recall:
    """What runs before have left, and what this one leaves."""

    def __init__(self, memory: Memory, originals: OriginalRecords, harvest: Harvest, sites: Collection[str]) -> None:
        self._memory = memory
        self._originals = originals
        self._sites = tuple(sites)
        self._counted_to = 0
        self.harvest = harvest
        self.problems: list[str] = []
        """What the owner should know of, a line each."""

    def begin(self, now: datetime) -> tuple[HostMemory, ...]:
        """Take up what was left; returns the hosts that are remembered."""
        if ahead := self._memory.mend_clock(now):
            self.problems.append(
                f"the clock was ahead in a run before: {ahead:,} URLs were planned for a day to come, and are due now"
            )
        self.harvest.begin(self._memory.families(self._sites))
        self._counted_to = self._memory.newest_capture()
        for site in self.harvest.with_exempt:
            asked = [id_ for id_, url in self._memory.never_captured(site, now) if self.harvest.exempts(site, url)]
            self._memory.make_due(asked, now)
        return self._memory.hosts()

    def note_hosts(self, noted: Mapping[str, HostMemory | None], now: datetime) -> None:
        """Leave word of hosts."""
        if noted:
            self._memory.note_hosts(noted, now)

    def reap(self, now: datetime) -> list[Family]:
        """Count what came in since the last time; returns the families that are parked from now on."""
        parked: list[Family] = []
        if yields := self._memory.yields_since(self._counted_to, self._sites):
            self._counted_to = yields[-1].capture_id
            parked += self.harvest.count(yields, now)
        if changes := self.harvest.changes():
            self._memory.note_families(changes)
        return parked

    def robots(self, url: str, now: datetime) -> tuple[RobotsAnswer, float] | None:
        """The answer that the archive holds for a robots.txt, and its age in seconds; None where it is too old."""
        oldest = 0.0
        for _ in range(HOPS + 1):
            held = self._newest(url, now)
            age = (now - held.fetched_at).total_seconds() if held else LASTS
            if held is None or not 0 <= age < LASTS:
                return None
            if held.truncated == OURS:
                return None  # what we cut ourselves says nothing
            oldest = max(oldest, age)
            if held.redirect_url is None:
                answer = self._answer(held)
                return (answer, oldest) if answer is not None else None
            url = held.redirect_url
        return None

    def _newest(self, url: str, now: datetime) -> CaptureView | None:
        asked = CaptureFilters(url=url, since=now - timedelta(seconds=LASTS))
        # To its end, not only its first: PostgreSQL's cursor stays open until then.
        return next(iter(tuple(self._memory.captures(asked, order="newest", limit=1))), None)

    def _answer(self, held: CaptureView) -> RobotsAnswer | None:
        place: RecordPlace | None = held.place
        if held.kind == "revisit":
            place = self._originals.place_of(held.refers_to) if held.refers_to else None
        if place is None:
            return None
        try:
            block = self._originals.block_at(place)
        except (ArchiveError, OSError):
            return None
        return RobotsAnswer(status=held.status, block=block, truncated=held.truncated)
