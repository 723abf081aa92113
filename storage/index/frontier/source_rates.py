"""What a source held beside its reading before, and what the schedule has learnt of it.

    captures of a source --> Read: what is fresh, what is news --> plan --> Habits, kept for the next one; alarms

It is the schedule's own memory, as due times are: a rebuild learns it anew from the captures, in their order.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from struct import pack, unpack
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from storage.index.engine.database import insert_rows, parts, upserting
from storage.index.rows.entry import Entry
from storage.index.schema.tables import AlarmRow, HabitsRow
from storage.model import SOURCE_KINDS, SOURCE_OUTCOMES, Habits, Outcome, Read, UrlKind

MOST_REMEMBERED = 2_000
"""Items of a reading that are remembered. Of a sitemap with more, what nothing had named before counts as fresh."""
SILENT, LOST = "silent", "lost"
CALM = 0.99
"""Haste at which a source that lost items counts as one that does not any more."""
_DAY = timedelta(days=1)


@dataclass(slots=True)
class _Held:
    """What is known of one source."""

    habits: Habits | None = None
    items: int = 0
    ids: frozenset[int] | None = None


class Sources:
    """What is known of the sources of one batch."""

    def __init__(self, connection: Connection, entries: Iterable[Entry]) -> None:
        self._connection = connection
        self._held = {entry.url_id: _Held() for entry in entries if entry.discovery.kind in SOURCE_KINDS}
        self._changed: set[int] = set()
        self._raised: list[dict[str, Any]] = []
        self._cleared: list[tuple[int, str, datetime]] = []
        for some in parts(self._held):
            for row in connection.execute(_HELD, {"ids": some}):
                ids = row.item_ids
                known = None if ids is None else frozenset(unpack(f"<{len(ids) // 8}q", ids))
                self._held[row.url_id] = _Held(habits_of(dict(row._mapping)), row.held, known)  # noqa: SLF001 - public

    def habits(self, url_id: int) -> Habits | None:
        """What was learnt of a source until now."""
        held = self._held.get(url_id)
        return held.habits if held else None

    def read(self, entry: Entry, urls: Mapping[str, int]) -> Read | None:
        """What a capture of a source held; None where it is none, or could not be read as one."""
        held = self._held.get(entry.url_id)
        if held is None:
            return None
        if entry.outcome is Outcome.NOT_MODIFIED and held.habits is not None:
            newest = held.habits.newest
            return Read(items=held.items, fresh=(), news=0, before=held.items, newest=newest)
        return _read(entry, held, urls) if entry.outcome in SOURCE_OUTCOMES else None

    def learn(self, entry: Entry, habits: Habits | None, urls: Mapping[str, int]) -> None:
        """Take what the plan made of it."""
        held = self._held.get(entry.url_id)
        if held is None or habits is None or habits == held.habits:
            return
        self._alarm(entry, held.habits, habits)
        held.habits = habits
        self._changed.add(entry.url_id)
        if entry.outcome in SOURCE_OUTCOMES:
            dates = _items(entry, urls)
            held.items = len(dates)
            held.ids = frozenset(dates) if len(dates) <= MOST_REMEMBERED else None

    def save(self) -> None:
        """Write what was learnt."""
        rows = [_row(url_id, self._held[url_id]) for url_id in sorted(self._changed)]
        if rows:
            self._connection.execute(upserting(self._connection.dialect.name, HabitsRow, "url_id"), rows)
        insert_rows(self._connection, AlarmRow, self._raised)
        for url_id, kind, at in self._cleared:
            self._connection.execute(_CLEAR, {"of": url_id, "what": kind, "at": at})

    def _alarm(self, entry: Entry, before: Habits | None, after: Habits) -> None:
        at, url_id = entry.capture.fetched_at, entry.url_id
        was_silent = before.silent_at if before else None
        was_lost = before.lost_at if before else None
        if after.silent_at and not was_silent:
            self._raise(url_id, SILENT, after.silent_at)
        elif was_silent and not after.silent_at:
            self._cleared.append((url_id, SILENT, at))
        if after.lost_at and after.lost_at != was_lost and not (before and before.haste < CALM):
            self._raise(url_id, LOST, after.lost_at)
        elif before and before.haste < CALM <= after.haste:
            self._cleared.append((url_id, LOST, at))

    def _raise(self, url_id: int, kind: str, at: datetime) -> None:
        self._raised.append({"url_id": url_id, "kind": kind, "raised_at": at, "cleared_at": None})


_HELD = select(HabitsRow).where(HabitsRow.url_id.in_(bindparam("ids", expanding=True)))
_CLEAR = (
    update(AlarmRow)
    .where(AlarmRow.url_id == bindparam("of"), AlarmRow.kind == bindparam("what"), AlarmRow.cleared_at.is_(None))
    .values(cleared_at=bindparam("at"))
)


def _items(entry: Entry, urls: Mapping[str, int]) -> dict[int, tuple[datetime | None, datetime | None]]:
    """The articles that a source names, or the sitemaps that an index does: id -> published, changed."""
    for kind in (UrlKind.ARTICLE, UrlKind.SITEMAP):
        found = {
            urls[one.url]: (one.discovery.published, one.modified)
            for one in entry.ingest.found
            if one.discovery.kind is kind
        }
        if found:
            return found
    return {}


def _read(entry: Entry, held: _Held, urls: Mapping[str, int]) -> Read:
    items = _items(entry, urls)
    at = entry.capture.fetched_at
    fresh: Collection[int] = items
    if held.habits is not None:
        known = held.ids is not None and len(items) <= MOST_REMEMBERED
        fresh = items.keys() - (held.ids or ()) if known else items.keys() & entry.news
    dates = [date for pair in items.values() for date in pair if date and date <= at + _DAY]
    return Read(
        items=len(items),
        fresh=tuple(items[url_id][0] for url_id in sorted(fresh)),
        news=len(items.keys() & entry.news),
        before=None if held.habits is None else held.items,
        newest=min(max(dates), at) if dates else None,
    )


def habits_of(row: Mapping[str, Any]) -> Habits:
    """Habits as a row of the table has them."""
    return Habits(
        since=row["since"],
        read_at=row["read_at"],
        fresh_at=row["fresh_at"],
        watched=tuple(row["hours"]["watched"]),
        items=tuple(row["hours"]["items"]),
        **{name: row[name] for name in _PLAIN},
    )


_PLAIN = ("bursts", "fresh", "news", "gap", "capacity", "haste", "newest", "lost_at", "silent_at")


def _row(url_id: int, held: _Held) -> dict[str, Any]:
    habits = held.habits
    assert habits is not None
    watched = sum(habits.watched)
    ids = None if held.ids is None else pack(f"<{len(held.ids)}q", *sorted(held.ids))
    return {
        "url_id": url_id,
        "since": habits.since,
        "read_at": habits.read_at,
        "fresh_at": habits.fresh_at,
        "daily": 24 * sum(habits.items) / watched if watched else 0.0,
        "owed": min(habits.news / habits.fresh, 1.0) if habits.fresh else 0.0,
        **{name: getattr(habits, name) for name in _PLAIN},
        "hours": {"watched": _short(habits.watched), "items": _short(habits.items)},
        "held": held.items,
        "item_ids": ids,
    }


def _short(counts: Sequence[float]) -> list[float]:
    return [round(count, 4) for count in counts]
