"""Stretches of days, from the newest back: PostgreSQL's inverted index is asked for one after the other.

|<------------------ older ------------------|<---- before ----|<- newest ->|
as many as it takes, or all                   each day is asked for once
"""

from dataclasses import dataclass, replace
from typing import Self

from sqlalchemy import Connection, select

from storage.index.schema.tables import SearchDocumentRow
from storage.index.text.docids import BEHIND_ALL, first_doc_id
from storage.index.text.filter_terms import day_of_key, days_between
from storage.index.views.articles import Filters

_MORE = 1.2
"""Of what was seen so far, and of the days that would bring enough if all were like it."""
_LEAST, _MOST = 3, 32
"""Times as many days as were asked for so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Days from `first` to `last`, counted from 1800 on."""

    first: int
    last: int
    oldest: int
    """The last stretch begins with it."""
    newest: int
    is_dated: bool
    """True where filters leave days out."""

    @classmethod
    def at_first(cls, connection: Connection, filters: Filters, size: int) -> Self | None:
        """The days of so many of the newest documents; None where filters let none in."""
        key = SearchDocumentRow.doc_id
        behind = first_doc_id(filters.until) if filters.until is not None else BEHIND_ALL
        newest_key = connection.scalar(select(key).order_by(key.desc()).limit(1))
        oldest_key = connection.scalar(select(key).order_by(key).limit(1))
        if newest_key is None or oldest_key is None:
            return None
        if filters.since is not None:
            oldest_key = max(oldest_key, first_doc_id(filters.since))
        key_of_first = connection.scalar(select(key).where(key < behind).order_by(key.desc()).limit(1).offset(size))
        oldest, last = day_of_key(oldest_key), day_of_key(min(newest_key, behind))
        if oldest > last:
            return None
        first = oldest if key_of_first is None else max(oldest, day_of_key(key_of_first))
        is_dated = filters.since is not None or filters.until is not None
        return cls(first=first, last=last, oldest=oldest, newest=last, is_dated=is_dated)

    @property
    def is_last(self) -> bool:
        """True where nothing older is meant."""
        return self.first <= self.oldest

    @property
    def marks(self) -> list[str]:
        """Any of which its documents have; none where all documents are meant, whatever their day."""
        if self.is_last and self.last == self.newest and not self.is_dated:
            return []
        return days_between(self.first, self.last)

    def before(self, found: int, enough: int) -> Self | None:
        """The days before these, as many as are likely to bring enough where those up to now brought so few.

        None where there are none.

        >>> Stretch(first=990, last=999, oldest=0, newest=999, is_dated=False).before(50, 250)
        Stretch(first=940, last=989, oldest=0, newest=999, is_dated=False)
        """
        if self.is_last:
            return None
        times = min(max(_MORE * enough / max(found, 1), _LEAST), _MOST)
        first = self.newest + 1 - int((self.newest + 1 - self.first) * times)
        return replace(self, first=max(first, self.oldest), last=self.first - 1)
