"""What a refill of the frontier asks for: which sites may have more, how much of each host, and what has enough.

    a commit of a site's --> it may have more --> asked for --> got all --> left alone until its next commit
                                                           --> cut off --> asked for again

Without that each refill would look through all lanes of all sites, a thousand of them for the sake of one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from newsarchive.crawl.hosts import Hosts, hostname_of
from storage.model import Due

WINDOW = 2_000
"""URLs in memory at most; with many hosts, `FULLEST` of each."""
FEWEST, MOST = 12, 240
"""URLs of one host that are taken in at once: the fewer hosts, the more."""
FULLEST = FEWEST + FEWEST // 2
"""URLs of one host in memory: while half of what was taken in is there, no more is. Were there less room, what came to
light last would wait until others are through with theirs.
"""
ALL_AFTER = 30.0
"""Seconds after which all sites are asked: appointments come due by time alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One refill's question."""

    sites: Sequence[str]
    limit: int
    """URLs at most."""
    per_host: int
    full: frozenset[tuple[str, str]]
    """Sites and their hosts of which enough is in memory."""


class Appetite:
    """Which sites may have more than is in memory."""

    def __init__(self, sites: Iterable[str]) -> None:
        self._sites = tuple(sites)
        self._fresh: set[str] = set()
        self._cut_off: set[str] = set()
        self._all_at: float | None = None

    @property
    def more(self) -> bool:
        """Whether the index had more than was taken."""
        return bool(self._cut_off)

    def fed(self, site: str) -> None:
        """A commit of a site's may have brought something."""
        self._fresh.add(site)

    def wanted(self, hosts: Hosts, clock: float, *, at_end: bool) -> Wanted:
        """What to ask for now; `at_end`, where nothing else is left to do."""
        if at_end or self._all_at is None or clock - self._all_at >= ALL_AFTER:
            self._all_at = clock
            sites = self._sites
        else:
            known = self._fresh | self._cut_off
            sites = tuple(site for site in self._sites if site in known)
        self._fresh = set()
        per_host = min(max(WINDOW // (2 * len(hosts) + 1), FEWEST), MOST)
        return Wanted(
            sites=sites,
            limit=max(WINDOW, FULLEST * len(hosts)) - hosts.waiting,
            per_host=per_host,
            full=frozenset(lane for lane, count in hosts.lanes.items() if count > per_host // 2),
        )

    def served(self, wanted: Wanted, found: Sequence[Due]) -> None:
        """Take note of what came."""
        # Where there was no room, nothing was asked for: that nothing came says nothing.
        if len(found) >= wanted.limit:
            self._cut_off.update(wanted.sites)
            return
        by_host = Counter(hostname_of(due.url) for due in found)
        self._cut_off.difference_update(wanted.sites)
        self._cut_off.update(site for site, _ in wanted.full if site in wanted.sites)
        # A host's share is taken by the first of its lanes: those of other sites may have had none of it.
        if any(count >= wanted.per_host for count in by_host.values()):
            self._cut_off.update(wanted.sites)
