"""Rows that stand for a text and are shared: URLs, paragraphs, names, link groups. Here texts become row ids."""

import hashlib
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from itertools import islice
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, bindparam, select

from storage.index.engine.database import insert_columns, insert_rows, reserve_ids
from storage.index.rows.site_book import SiteBook
from storage.index.schema.tables import AuthorRow, Base, LinkGroupRow, LinkRow, ParagraphRow, TagRow, UrlRow
from storage.index.text.analyzer import folded
from storage.model import LinkGroup
from storage.surt import surt

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

LONGEST_NAME = 300
"""Kept of names that stand in an SQL index (authors, tags, sections): PostgreSQL refuses entries over 2,700 bytes."""

_AT_ONCE = 900


def short_digest(text: str) -> bytes:
    """The first 16 bytes of a text's SHA-256: enough to tell texts apart, half as long in an index."""
    return hashlib.sha256(text.encode()).digest()[:16]


def drop_oldest(known: dict[K, V], remember: int) -> None:
    """Keep a memory from growing: what came first goes first, a tenth at a time."""
    if len(known) > remember:
        for key in list(islice(known, len(known) - remember + remember // 10)):
            del known[key]


class Shared(Generic[K]):
    """The ids of one table of shared rows. The newest are remembered, as most texts are seen again soon."""

    def __init__(
        self,
        table: type[Base],
        found_by: str,
        *,
        value_of: Callable[[K], Any],
        row_of: Callable[[K], dict[str, Any]],
        remember: int,
        mostly_new: bool = False,
    ) -> None:
        """`found_by` is the unique column, `value_of` gives its value for a key, `row_of` the other columns.

        Of texts that are mostly new, rows are made first, and looked for only where some were there.
        """
        self._table = table
        self._found_by = found_by
        self._value_of = value_of
        self._row_of = row_of
        self._remember = remember
        self._mostly_new = mostly_new
        self._known: dict[K, int] = {}
        columns = table.__table__.c
        self._finding = select(columns[found_by], columns.id).where(
            columns[found_by].in_(bindparam("wanted", expanding=True))
        )

    def forget(self) -> None:
        """Drop what is remembered: rows may be gone."""
        self._known = {}

    def remembered(self, key: K) -> int | None:
        """The id of a key that was asked for of late; None does not mean that it has none."""
        return self._known.get(key)

    def ids(self, connection: Connection, keys: Iterable[K]) -> tuple[dict[K, int], list[K]]:
        """Ids for keys, and those keys whose rows were made for it."""
        ids: dict[K, int] = {}
        missing: dict[Any, K] = {}
        for key in dict.fromkeys(keys):  # most are named more than once
            known = self._known.get(key)
            if known is not None:
                ids[key] = known
            else:
                missing[self._value_of(key)] = key
        made: list[K] = []
        if missing:
            found = {} if self._mostly_new else self._find(connection, missing)
            new = {value: missing[value] for value in sorted(missing) if missing[value] not in found}
            if new:
                more, made = self._make(connection, new)
                found.update(more)
            ids.update(found)
            self._note(found)
        return ids, made

    def held(self, connection: Connection, keys: Collection[K]) -> dict[K, int]:
        """Ids for those keys that have a row; none is made."""
        ids = {key: self._known[key] for key in keys if key in self._known}
        found = self._find(connection, {self._value_of(key): key for key in keys if key not in ids})
        self._note(found)
        return ids | found

    def _find(self, connection: Connection, missing: Mapping[Any, K]) -> dict[K, int]:
        values = list(missing)
        found: dict[K, int] = {}
        for start in range(0, len(values), _AT_ONCE):
            rows = connection.execute(self._finding, {"wanted": values[start : start + _AT_ONCE]}).all()
            found.update((missing[value], row_id) for value, row_id in rows)
        return found

    def _make(self, connection: Connection, new: Mapping[Any, K]) -> tuple[dict[K, int], list[K]]:
        """Make rows, in key order: writers that insert the same rows in different orders deadlock."""
        ids = reserve_ids(connection, self._table, len(new))
        rows = [
            {"id": row_id, self._found_by: value, **self._row_of(key)}
            for row_id, (value, key) in zip(ids, new.items(), strict=True)
        ]
        ours = dict(zip(new.values(), ids, strict=True))
        if insert_rows(connection, self._table, rows, once_by=[self._found_by]) == len(rows):
            return ours, list(ours)
        # Some were there: not looked for before, or made by another writer just now.
        found = self._find(connection, new)
        return found, [key for key, row_id in found.items() if row_id == ours[key]]

    def _note(self, found: Mapping[K, int]) -> None:
        self._known.update(found)
        drop_oldest(self._known, self._remember)


class Names:
    """All shared rows of one index."""

    def __init__(self) -> None:
        self.book = SiteBook(())
        self.urls = Shared[str](UrlRow, "digest", value_of=short_digest, row_of=self._url_row, remember=100_000)
        self.paragraphs = Shared[str](
            ParagraphRow,
            "digest",
            value_of=short_digest,
            row_of=lambda text: {"text": text},
            remember=10_000,
            mostly_new=True,
        )
        self.authors = Shared[str](
            AuthorRow, "name", value_of=str, row_of=lambda name: {"folded": folded(name)}, remember=10_000
        )
        self.tags = Shared[str](TagRow, "name", value_of=str, row_of=lambda name: {}, remember=10_000)  # noqa: ARG005
        self.groups = Shared[bytes](
            LinkGroupRow, "digest", value_of=bytes, row_of=self._group_row, remember=10_000, mostly_new=True
        )
        self._groups: dict[bytes, LinkGroup] = {}
        self.captured: dict[int, None] = {}
        """Ids of URLs that are known to have been captured: nothing can be found out about them any more."""
        self.waiting: dict[int, tuple[Any, int]] = {}
        """Ids of URLs that wait in the frontier: how good the source is that named them, and their priority."""

    def is_captured(self, url: str) -> bool:
        """Whether a URL is remembered as captured."""
        return self.urls.remembered(url) in self.captured

    def note_captured(self, url_id: int) -> None:
        """Remember that a URL has been captured."""
        self.captured[url_id] = None
        self.waiting.pop(url_id, None)
        drop_oldest(self.captured, 200_000)

    def note_waiting(self, url_id: int, rank: Any, priority: int) -> None:
        """Remember that a URL waits."""
        self.waiting[url_id] = (rank, priority)
        drop_oldest(self.waiting, 50_000)

    def forget(self) -> None:
        """Drop what is remembered: rows may be gone."""
        self.captured.clear()
        self.waiting.clear()
        for shared in (self.urls, self.paragraphs, self.authors, self.tags):
            shared.forget()
        self.groups.forget()

    def group_ids(
        self, connection: Connection, pages: Iterable[tuple[LinkGroup, ...]], urls: Mapping[str, int]
    ) -> list[list[int]]:
        """Ids of pages' link groups; the links of new groups are written too."""
        pages = list(pages)
        digests = [[_group_digest(group) for group in groups] for groups in pages]
        self._groups = {
            digest: group
            for of_page, groups in zip(digests, pages, strict=True)
            for digest, group in zip(of_page, groups, strict=True)
        }
        ids, made = self.groups.ids(connection, self._groups)
        columns: dict[str, list[Any]] = {"group_id": [], "position": [], "url_id": [], "anchor": []}
        for digest in made:
            links = self._groups[digest].links
            columns["group_id"] += [ids[digest]] * len(links)
            columns["position"] += range(len(links))
            columns["url_id"] += [urls[link.url] for link in links]
            columns["anchor"] += [link.anchor for link in links]
        insert_columns(connection, LinkRow, columns, once_by=["group_id", "position"])
        self._groups = {}
        return [[ids[digest] for digest in of_page] for of_page in digests]

    def _group_row(self, digest: bytes) -> dict[str, Any]:
        group = self._groups[digest]
        return {"kind": group.kind.value, "label": group.label}

    def _url_row(self, url: str) -> dict[str, Any]:
        return {"url": url, "urlkey": surt(url), "site_id": self.book.site_of(url)}


def _group_digest(group: LinkGroup) -> bytes:
    lines = [group.kind, group.label]
    for link in group.links:
        lines += (link.url, link.anchor)
    return hashlib.sha256("\0".join(lines).encode()).digest()[:16]
