"""State of earlier runs: hosts that are backed off, the day's robots.txt, and parked URL patterns.

Called in the refiller's thread, never in the event loop's.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsarchive.crawl.download.client import INTERRUPTED
from newsarchive.crawl.robots import INVALID_REDIRECT, MAX_REDIRECTS, RULES_TTL, RobotsResponse
from newsarchive.crawl.traps import url_patterns
from newsarchive.crawl.url_pattern_yields import UrlPatternYields
from newsarchive.ingest.originals import ArchivedOriginals
from storage.errors import ArchiveError
from storage.index import Index
from storage.index.frontier import host_state
from storage.index.frontier.host_state import SavedBackoff, UrlPatternState
from storage.index.frontier.url_queue import reschedule
from storage.index.queries.articles import iter_captures
from storage.index.views.articles import CaptureFilters
from storage.model import RecordPlace


@dataclass(slots=True, eq=False)
class RunState:
    """State that is read from the index at the start of a run and written back during it."""

    index: Index
    originals: ArchivedOriginals
    pattern_yields: UrlPatternYields
    sites: Collection[str]
    problems: list[str] = field(default_factory=list)
    """A line for each problem that `restore` found."""
    _counted_to: int = 0

    def restore(self, now: datetime) -> tuple[SavedBackoff, ...]:
        """Restore the state of earlier runs; return the hosts' saved states."""
        if count := self.index.write(host_state.reset_future_due_dates, now):
            self.problems.append(
                f"the clock was ahead in an earlier run: {count:,} URLs were scheduled for a later day, and are due now"
            )
        self.pattern_yields.restore(self.index.read(host_state.load_url_patterns, self.sites))
        self._counted_to = self.index.read(host_state.newest_capture_id)
        for site in self.pattern_yields.sites_with_exceptions:
            waiting = self.index.read(host_state.select_never_captured, site, now)
            exempt = [id_ for id_, url in waiting if self.pattern_yields.is_exempt(site, url)]
            self.index.write(reschedule, dict.fromkeys(exempt, now))
        return self.index.read(host_state.load_backoffs)

    def update_pattern_yields(self, now: datetime) -> list[UrlPatternState]:
        """Count the captures since the last call; return the URL patterns that are parked from now on."""
        parked: list[UrlPatternState] = []
        if captures := self.index.read(host_state.select_first_captures, self._counted_to, self.sites):
            self._counted_to = captures[-1].capture_id
            parked += self.pattern_yields.count(captures, now)
        for site, patterns in self.pattern_yields.pop_resumed().items():
            waiting = self.index.read(host_state.select_never_captured, site, now)
            due = [id_ for id_, url in waiting if patterns.intersection(url_patterns(url))]
            self.index.write(reschedule, dict.fromkeys(due, now))
        if changes := self.pattern_yields.pending_changes():
            self.index.write(host_state.save_url_patterns, changes)
        return parked

    def load_robots(self, url: str, now: datetime) -> tuple[RobotsResponse, float] | None:
        """Return the archive's capture of a robots.txt, and its age in seconds; None if there is no valid one."""
        oldest, requested = 0.0, set[str]()
        while url not in requested and len(requested) <= MAX_REDIRECTS:
            requested.add(url)
            filters = CaptureFilters(url=url, since=now - timedelta(seconds=RULES_TTL))
            # Read to the end: PostgreSQL's cursor stays open until then.
            capture = next(iter(tuple(self.index.stream(iter_captures, filters, limit=1))), None)
            age = (now - capture.fetched_at).total_seconds() if capture else RULES_TTL
            # One that was interrupted is incomplete by our own doing.
            if capture is None or not 0 <= age < RULES_TTL or capture.truncated == INTERRUPTED:
                return None
            oldest = max(oldest, age)
            if capture.redirect_url is None:
                place: RecordPlace | None = capture.place
                if capture.kind == "revisit":
                    place = self.originals.find_place(capture.refers_to) if capture.refers_to else None
                with suppress(ArchiveError, OSError):
                    if place is not None:
                        block = self.originals.read_block(place)
                        return RobotsResponse(status=capture.status, block=block, truncated=capture.truncated), oldest
                return None
            url = capture.redirect_url
        return RobotsResponse(status=INVALID_REDIRECT), oldest
