"""Yields of URL patterns: counted from captures; a pattern without new articles is parked.

    first capture of a URL --> shows a new article --> the counts of its patterns, and of the linking page's, are reset
                           --> shows none          --> the counts of its patterns go up; parked at `park_after`

A page that was a redirect or an error at first counts again when it shows its article, so that an outage parks nothing
for good. After a month, one URL of a parked pattern is requested again; if it shows a new article, the pattern is no
longer parked. URLs listed by a feed or a news sitemap are always requested: their publisher says that they are
articles. So are those to which they redirect, unless the redirects lead on and on: then nothing more to which redirects
lead is requested of the pattern in this run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newsarchive.crawl.traps import url_patterns
from newsarchive.ingest.discovery import MAX_REDIRECTS
from storage.index.frontier.host_state import FirstCapture, UrlPatternState
from storage.model import DueUrl, UrlKind

PARKING_TIME = timedelta(days=30)
"""Time until a URL of a parked pattern is requested again."""
TRUSTED_REDIRECTS = 5
"""Redirects in a row after which a URL does not count as listed by the source of the first any more."""
TRUSTED_SOURCES = frozenset({UrlKind.FEED, UrlKind.SITEMAP, None})
"""Kinds of sources that list articles on purpose; None: newsarchive.toml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkingRules:
    """Settings by which URL patterns of a site are parked."""

    after: int = 0
    """Consecutive captures without a new article; 0: patterns are never parked."""
    exempt: tuple[str, ...] = ()
    """Patterns, or prefixes of paths, that are never parked."""


class UrlPatternYields:
    """Counts of the run's sites. `count` and `find_parked_pattern` may be called from two threads."""

    def __init__(self, parking: Mapping[str, ParkingRules]) -> None:
        self._parking = parking
        self.sites_with_exceptions = [site for site, each in parking.items() if each.exempt]
        """Sites that have `trap_exceptions`."""
        self._counted: dict[tuple[str, str], UrlPatternState] = {}
        self._changed: set[tuple[str, str]] = set()
        self._probed: set[tuple[str, str]] = set()
        self._resumed: dict[str, set[str]] = {}
        self._endless: set[tuple[str, str]] = set()
        """Sites and patterns at which a chain of redirects was broken off in this run."""

    def restore(self, saved: Iterable[UrlPatternState]) -> None:
        """Restore the counts of earlier runs."""
        self._counted = {(state.site, state.pattern): state for state in saved}

    def count(self, captures: Iterable[FirstCapture], now: datetime) -> list[UrlPatternState]:
        """Count the yields of captures, in their order; return the patterns that are parked from now on."""
        parked: list[UrlPatternState] = []
        for capture in captures:
            if capture.redirect_count > MAX_REDIRECTS:
                self._endless.update((capture.site, pattern) for pattern in url_patterns(capture.url))
            if capture.has_new_article:
                self._reset(capture.site, capture.url)
                if capture.via_url:
                    self._reset(capture.site, capture.via_url)
            else:
                parked += self._count_unproductive(capture, now)
        return parked

    def pending_changes(self) -> dict[tuple[str, str], UrlPatternState | None]:
        """Return the counts to write since the last call; None: to delete."""
        changed, self._changed = self._changed, set()
        return {key: self._counted.get(key) for key in changed}

    def pop_resumed(self) -> dict[str, set[str]]:
        """Return the patterns, by site, that are no longer parked since the last call."""
        resumed, self._resumed = self._resumed, {}
        return resumed

    def find_parked_pattern(self, due: DueUrl, now: datetime) -> UrlPatternState | None:
        """Return the parked pattern that a URL matches; None if the URL may be requested."""
        is_trusted = due.discovery.redirect_count <= TRUSTED_REDIRECTS and due.discovery.via_kind in TRUSTED_SOURCES
        if due.last_fetched_at is not None or is_trusted:
            return None
        for pattern in url_patterns(due.url):
            key = (due.discovery.site, pattern)
            state = self._counted.get(key)
            if state is None or state.parked_at is None or self.is_exempt(due.discovery.site, due.url):
                continue
            if now - state.parked_at >= PARKING_TIME and key not in self._probed:
                self._probed.add(key)
                continue
            return state
        return None

    def is_endless_redirect(self, due: DueUrl) -> bool:
        """Return whether redirects lead to a URL that has a pattern at which redirects lead on and on."""
        if not self._endless or not due.discovery.redirect_count or self.is_exempt(due.discovery.site, due.url):
            return False
        return any((due.discovery.site, pattern) in self._endless for pattern in url_patterns(due.url))

    def is_exempt(self, site: str, url: str) -> bool:
        """Return True if `trap_exceptions` names a URL, by its path or by a pattern."""
        exempt = self._parking.get(site, ParkingRules()).exempt
        path = "/" + url.partition("://")[2].partition("/")[2]
        return path.startswith(tuple(each for each in exempt if each.startswith("/"))) or any(
            pattern in exempt for pattern in url_patterns(url)
        )

    def _reset(self, site: str, url: str) -> None:
        for pattern in url_patterns(url):
            state = self._counted.pop((site, pattern), None)
            if state is not None:
                self._changed.add((site, pattern))
                if state.parked_at is not None:
                    self._resumed.setdefault(site, set()).add(pattern)

    def _count_unproductive(self, capture: FirstCapture, now: datetime) -> Iterable[UrlPatternState]:
        after = self._parking.get(capture.site, ParkingRules()).after
        if not after:
            return
        for pattern in url_patterns(capture.url):
            key = (capture.site, pattern)
            before = self._counted.get(key) or UrlPatternState(
                site=capture.site, pattern=pattern, unproductive_count=0, example_url=capture.url
            )
            state = replace(before, unproductive_count=before.unproductive_count + 1, example_url=capture.url)
            is_at_limit = state.parked_at is None and state.unproductive_count >= after
            if state.parked_at is not None and key in self._probed:
                state = replace(state, parked_at=now)
            elif is_at_limit and not self.is_exempt(capture.site, capture.url):
                state = replace(state, parked_at=now)
                yield state
            self._counted[key] = state
            self._changed.add(key)
