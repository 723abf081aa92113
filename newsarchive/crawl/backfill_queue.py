"""The frontier of a backfill: what is due, and after that what is old, back to a date.

due now --> of the daily crawl: yes
        --> dated before the date: no
        --> next page of a listing: not while pages that the last one named are under way; no more once most of
            what it named is older than the date
        --> yes
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from newsarchive.crawl.refill import Queue
from newsarchive.ingest.backfill_priority import deepest, latest_in, series
from storage.index.frontier.backlog import Named
from storage.model import BACKFILL, Due, UrlKind

MOSTLY = 0.8
"""Share of what a page names that is to be older than the date: a box of the latest may stand on every page."""
ENOUGH = 3
"""Dates from which on a share means something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """How far a backfill goes."""

    until: datetime
    """Nothing that is dated before is asked for."""
    max_bytes: int = 0
    """On the wire; 0: no limit but the site's own."""


class Past(Queue, Protocol):
    """The SQL frontier, as far as a backfill asks it (storage.index.Index)."""

    def due(  # noqa: PLR0913 - each narrows the question
        self,
        now: datetime,
        *,
        sites: Sequence[str],
        limit: int,
        per_host: int,
        exclude: Collection[int] = (),
        full: Collection[tuple[str, str]] = (),
        deepest: int = BACKFILL - 1,
    ) -> list[Due]:
        """What may be fetched now, most urgent first, to a priority number."""
        ...

    def named_by(self, url: str) -> tuple[Named, ...]:
        """What a listing names."""
        ...


class Older:
    """Hands out what is due and what is old. A `Queue` of the frontier."""

    def __init__(self, index: Past, until: datetime) -> None:
        self._index = index
        self._until = until
        self._deepest = deepest(until)
        self._passed: set[int] = set()
        self._last: dict[str, tuple[int, str]] = {}
        self._ended: set[str] = set()

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
        away = set(exclude)
        held: set[int] = set()
        while True:
            found = self._index.due(
                now, sites=sites, limit=limit, per_host=per_host,
                exclude=away | self._passed | held, full=full,
                deepest=self._deepest,
            )  # fmt: skip
            chosen = self._choose(found, away, held)
            if chosen or not found:
                return chosen

    def put_off(self, until: Mapping[int, datetime | None]) -> None:
        """Move URLs, by their ids, to another moment; None: never."""
        self._index.put_off(until)

    def _choose(self, found: Sequence[Due], away: Collection[int], held: set[int]) -> list[Due]:
        chosen: list[Due] = []
        busy = set(away)
        for due in found:
            if due.priority >= BACKFILL and self._is_too_old(due):
                self._passed.add(due.url_id)
            elif due.priority >= BACKFILL and due.discovery.kind is UrlKind.LISTING:
                self._turn(due, busy, held, chosen)
            else:
                chosen.append(due)
                busy.add(due.url_id)
        return chosen

    def _turn(self, due: Due, busy: set[int], held: set[int], chosen: list[Due]) -> None:
        """Decide over the next page of a listing: turn to it, not yet, or not any more."""
        of = series(due.url)
        last_id, last = self._last.get(of, (0, due.discovery.via or ""))
        if last_id in busy:
            held.add(due.url_id)  # what the page before names is not known yet
            return
        named = self._index.named_by(last) if last and of not in self._ended else ()
        if of in self._ended or self._is_over(named):
            self._ended.add(of)
            self._passed.add(due.url_id)
        elif any(one.url_id in busy for one in named):
            held.add(due.url_id)
        else:
            self._last[of] = due.url_id, due.url
            chosen.append(due)
            busy.add(due.url_id)

    def _is_too_old(self, due: Due) -> bool:
        dates = filter(None, (due.discovery.published, latest_in(due.url)))
        return any(date < self._until for date in dates)

    def _is_over(self, named: Iterable[Named]) -> bool:
        dates = [date for one in named if (date := one.dated_at or latest_in(one.url))]
        return len(dates) >= ENOUGH and sum(date < self._until for date in dates) >= MOSTLY * len(dates)
