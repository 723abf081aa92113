"""Pauses of a site's known pages while its articles fail together: one page is requested, and decides on the others.

    three known articles in a row are none --> pause --over--> one page --> fails       --> the next, longer pause
                                                                        +-> an article --> all that are due

A run that finds this out goes on; the pause is for the runs that follow. It says nothing of a single page: each stays
due. New pages are requested all the same, and each page at least once a month.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.grouping import group_by
from storage.index import Index
from storage.index.frontier.url_queue import DueQuery
from storage.index.queries.visit_schedule import list_failed_looks
from storage.model import DueUrl, UrlKind

MIN_FAILED = 3
"""Known articles in a row that were none."""
SHORTEST, LONGEST = timedelta(hours=1), timedelta(hours=6)
"""Bounds of a pause: it is as long as the articles have failed."""
MONTH = timedelta(days=28)
"""Time within which captures are compared, and pages are requested in pauses, too."""


class ArticlePauses:
    """Pauses of the run's sites, by the captures in the index."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._began: datetime | None = None
        """Time of the run's first query. New texts since then are compared with others at its end."""
        self._healthy: set[str] = set()
        """Sites whose articles have not failed, or not any more, since the run began."""
        self._probes: dict[str, int] = {}
        """By site, the id of the page that decides."""

    def divide(self, found: Sequence[DueUrl], query: DueQuery) -> tuple[list[DueUrl], dict[int, datetime]]:
        """Return the URLs to request, and the times to which others are put off. The rest waits for a page's answer."""
        self._began = self._began or query.now
        waiting: set[int] = set()
        postponed: dict[int, datetime] = {}
        for site, pages in group_by(found, lambda due: due.discovery.site).items():
            if site in self._healthy:
                continue
            known = [due for due in pages if due.discovery.kind is UrlKind.ARTICLE]
            known.sort(key=lambda due: due.failure_count)  # the answer of one that was never an article says little
            ids = [due.url_id for due in known if due.last_fetched_at and due.last_fetched_at > query.now - MONTH]
            if self._probes.get(site) in query.exclude:
                waiting.update(ids)
            elif ids and (until := self._paused_until(site, query.now)) is not None:
                if until > query.now:
                    postponed |= dict.fromkeys(ids, until)
                else:
                    self._probes[site] = ids[0]
                    waiting.update(ids[1:])
        return [due for due in found if due.url_id not in waiting and due.url_id not in postponed], postponed

    def _paused_until(self, site: str, now: datetime) -> datetime | None:
        """Return the end of a site's pause; None if there is none."""
        failed = [at for at, _ in self._index.ask(list_failed_looks, site, now - MONTH, self._began)]
        if len(failed) >= MIN_FAILED:
            last = now if site in self._probes else max(failed)  # one page in a run, whatever it answered
            return last + min(max(max(failed) - min(failed), SHORTEST), LONGEST)
        self._healthy.add(site)
        return None
