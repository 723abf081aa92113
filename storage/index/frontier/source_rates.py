"""Publication rates of sources: what each check of a feed, sitemap or listing adds to them.

    captures of a source --> SourceCheck: new items, first named items --> plan --> SourceRates, stored

Rates belong to the schedule, as due times do: a rebuild learns them again from the captures, in their order.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from struct import pack
from typing import Any

from sqlalchemy import Connection, select

from storage.index.engine.statements import IDS, AnyRow, fetch_by_ids, insert_rows
from storage.index.frontier.named_urls import NamedUrls, SourceItems, is_archive, unpack_ids
from storage.index.rows.entry import CommitEntry
from storage.index.schema.tables import SourceRateRow
from storage.model import SOURCE_KINDS, SOURCE_OUTCOMES, Outcome, SourceCheck, SourceRates, UrlKind

MAX_REMEMBERED_ITEMS = 2_000
"""Items of a reading that are remembered. In a sitemap with more, an item is new if nothing had named it before."""
_MAX_ADDED = 50
"""New items of a sitemap read before that are current whatever date it gives them; more are an imported history."""
_RATE_COLUMNS = sorted(SourceRateRow.__table__.c.keys() & SourceRates.__dataclass_fields__.keys())
"""Columns that are fields of SourceRates of the same name."""


@dataclass(slots=True)
class _SourceState:
    """State of one source after its newest check."""

    rates: SourceRates | None = None
    item_count: int = 0
    ids: frozenset[int] | None = None


class SourceRateBatch:
    """Rates of the sources that a batch has captures of."""

    def __init__(self, connection: Connection, entries: Iterable[CommitEntry]) -> None:
        self._connection = connection
        self._states = {entry.url_id: _SourceState() for entry in entries if entry.discovery.kind in SOURCE_KINDS}
        self._changed: set[int] = set()
        self.mentions: dict[int, datetime] = {}
        """Times at which a source named a URL that its previous reading did not name, by the ids of these URLs."""
        self.added: set[int] = set()
        """Ids of URLs that nothing had named before a sitemap that was read before did."""
        for row in fetch_by_ids(connection, _BY_IDS, self._states):
            self._states[row.url_id] = _SourceState(read_rates(row), row.item_count, unpack_ids(row.item_ids))

    def rates(self, url_id: int) -> SourceRates | None:
        """Return the rates of a source as learnt so far."""
        state = self._states.get(url_id)
        return state.rates if state else None

    def check(self, entry: CommitEntry, urls: Mapping[str, int]) -> SourceCheck | None:
        """Return the content of a captured source; None if it is no source or could not be read as one."""
        state = self._states.get(entry.url_id)
        if state is None:
            return None
        # A capture with the bytes of the one before, too: it shows a listing, and is not read again.
        if entry.ingest.reading.outcome is Outcome.NOT_MODIFIED and state.rates is not None:
            count, newest = state.item_count, state.rates.newest_item_at
            return SourceCheck(
                item_count=count, new_item_dates=(), first_named_count=0, previous_count=count, newest_item_at=newest
            )
        return _check_items(entry, state, urls) if entry.outcome in SOURCE_OUTCOMES else None

    def update(self, entry: CommitEntry, rates: SourceRates | None, urls: Mapping[str, int], named: NamedUrls) -> None:
        """Take the rates that the schedule computed from a check, and tell `named` what the source names now."""
        state = self._states.get(entry.url_id)
        if state is None or rates is None or rates == state.rates:
            return
        if state.item_count and entry.outcome is Outcome.SITEMAP and len(entry.first_named_ids) <= _MAX_ADDED:
            self.added |= entry.first_named_ids
        state.rates = rates
        self._changed.add(entry.url_id)
        if entry.ingest.reading.outcome in SOURCE_OUTCOMES:
            items = _named_items(entry, urls)
            before = state.ids if state.item_count else frozenset()
            state.item_count = len(items)
            state.ids = frozenset(items) if len(items) <= MAX_REMEMBERED_ITEMS else None
            newest, read_at = rates.newest_item_at, rates.last_read_at
            content = SourceItems(url_id=entry.url_id, read_at=read_at, newest_item_at=newest, ids=state.ids)
            named.update(entry.discovery.site, content)
            if before is not None and state.ids is not None and not is_archive(newest, read_at):
                self.mentions.update(dict.fromkeys(state.ids - before, entry.capture.fetched_at))

    def save(self) -> None:
        """Write changed rates."""
        rows = [_row(url_id, self._states[url_id]) for url_id in sorted(self._changed)]
        insert_rows(self._connection, SourceRateRow, rows, conflict_columns=["url_id"], update_columns=_UPDATED_COLUMNS)


_UPDATED_COLUMNS = [column.name for column in SourceRateRow.__table__.c if column.name != "url_id"]
_BY_IDS = select(SourceRateRow).where(SourceRateRow.url_id.in_(IDS))


def _named_items(entry: CommitEntry, urls: Mapping[str, int]) -> dict[int, tuple[datetime | None, datetime | None]]:
    """Return publication and modification dates by the source of the articles, or sitemaps, that it names, by id."""
    for kind in (UrlKind.ARTICLE, UrlKind.SITEMAP):
        items = {
            urls[one.url]: (published.at if (published := one.discovery.published) else None, one.modified)
            for one in entry.ingest.discovered_urls
            if one.discovery.kind is kind
        }
        if items:
            return items
    return {}


def _check_items(entry: CommitEntry, state: _SourceState, urls: Mapping[str, int]) -> SourceCheck:
    items = _named_items(entry, urls)
    at = entry.capture.fetched_at
    new: Collection[int] = items
    if state.rates is not None:
        is_known = state.ids is not None and len(items) <= MAX_REMEMBERED_ITEMS
        new = items.keys() - (state.ids or ()) if is_known else items.keys() & entry.first_named_ids
    dates = [date for pair in items.values() for date in pair if date and date <= at + timedelta(days=1)]
    return SourceCheck(
        item_count=len(items),
        new_item_dates=tuple(items[url_id][0] for url_id in sorted(new)),
        first_named_count=len(items.keys() & entry.first_named_ids),
        previous_count=None if state.rates is None else state.item_count,
        newest_item_at=min(max(dates), at) if dates else None,
    )


def read_rates(row: AnyRow) -> SourceRates:
    """Return the rates in a row of source_rates."""
    return SourceRates(
        watched_hours=tuple(row.hours["watched"]),
        items_by_hour=tuple(row.hours["items"]),
        **{name: getattr(row, name) for name in _RATE_COLUMNS},
    )


def _row(url_id: int, state: _SourceState) -> dict[str, Any]:
    rates = state.rates
    assert rates is not None
    watched = sum(rates.watched_hours)
    return {
        "url_id": url_id,
        **{name: getattr(rates, name) for name in _RATE_COLUMNS},
        "items_per_day": 24 * sum(rates.items_by_hour) / watched if watched else 0.0,
        "discovery_share": min(rates.first_named_items / rates.new_items, 1.0) if rates.new_items else 0.0,
        "hours": {"watched": _round_counts(rates.watched_hours), "items": _round_counts(rates.items_by_hour)},
        "item_count": state.item_count,
        "item_ids": None if state.ids is None else pack(f"<{len(state.ids)}q", *sorted(state.ids)),
    }


def _round_counts(counts: Sequence[float]) -> list[float]:
    return [round(count, 4) for count in counts]
