"""Interning: ids of shared rows (URLs, paragraphs, names, link groups) by the text that each stands for."""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, select

from storage.index.engine.statements import IDS, fetch_by_ids, insert_columns, insert_rows, reserve_ids
from storage.index.rows.site_registry import SiteRegistry
from storage.index.schema.base import Base
from storage.index.schema.tables import AuthorRow, LaneRow, LinkGroupRow, LinkRow, ParagraphRow, TagRow, UrlRow
from storage.index.text.analyzer import fold_text
from storage.model import Link, LinkGroup
from storage.urls import surt

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_NAME_LENGTH = 300
"""Characters of names with an SQL index (authors, tags, sections): PostgreSQL refuses entries over 2,700 bytes."""


def short_digest(text: str) -> bytes:
    """Return the first 16 bytes of a text's SHA-256: unique enough, and half as long in an index."""
    return hashlib.sha256(text.encode()).digest()[:16]


def drop_oldest(cache: dict[K, V], size: int) -> None:
    """Delete the oldest items of a cache that has exceeded its size, a tenth of it at a time."""
    if len(cache) > size:
        for key in list(islice(cache, len(cache) - size + size // 10)):
            del cache[key]


@dataclass(eq=False)
class LookupTable(Generic[K]):
    """Ids of one table of shared rows. The newest are cached, as most texts are seen again soon."""

    table: type[Base]
    unique_column: str
    value_of: Callable[[K], Any]
    """Returns the value of the unique column for a key."""
    row_of: Callable[[K], dict[str, Any]]
    """Returns the other columns."""
    cache_size: int = 10_000
    mostly_new: bool = False
    """True: rows are inserted first, and selected only if some existed."""
    cached_ids: dict[K, int] = field(default_factory=dict)
    """The newest ids: a key that is not here may have a row all the same."""

    def __post_init__(self) -> None:
        columns = self.table.__table__.c
        self._finding = select(columns[self.unique_column], columns.id).where(columns[self.unique_column].in_(IDS))

    def ensure_ids(self, connection: Connection, keys: Iterable[K]) -> tuple[dict[K, int], list[K]]:
        """Return the ids of keys, and those keys whose rows were inserted."""
        ids: dict[K, int] = {}
        missing: dict[Any, K] = {}
        for key in dict.fromkeys(keys):  # most are named more than once
            known = self.cached_ids.get(key)
            if known is not None:
                ids[key] = known
            else:
                missing[self.value_of(key)] = key
        found = {} if self.mostly_new else self._find(connection, missing)
        new = {value: missing[value] for value in sorted(missing) if missing[value] not in found}
        more, made = self._insert(connection, new)
        found.update(more)
        ids.update(found)
        self.cached_ids.update(found)
        drop_oldest(self.cached_ids, self.cache_size)
        return ids, made

    def _find(self, connection: Connection, missing: Mapping[Any, K]) -> dict[K, int]:
        return {missing[value]: row_id for value, row_id in fetch_by_ids(connection, self._finding, missing)}

    def _insert(self, connection: Connection, new: Mapping[Any, K]) -> tuple[dict[K, int], list[K]]:
        """Insert rows in key order: writers that insert the same rows in different orders deadlock."""
        ids = reserve_ids(connection, self.table, len(new))
        rows = [
            {"id": row_id, self.unique_column: value, **self.row_of(key)}
            for row_id, (value, key) in zip(ids, new.items(), strict=True)
        ]
        ours = dict(zip(new.values(), ids, strict=True))
        if insert_rows(connection, self.table, rows, conflict_columns=[self.unique_column]) == len(rows):
            return ours, list(ours)
        # Some existed: not selected before, or inserted by another writer just now.
        found = self._find(connection, new)
        return found, [key for key, row_id in found.items() if row_id == ours[key]]


def split_key(url: str) -> tuple[str, int]:
    """Return the beginning of a URL's SURT key, and the place in the URL from which on the key is the same.

    >>> split_key("https://www.News.example/A?b=2"), split_key("https://news.example/a?b=2&a=1")
    (('example,news)', 25), ('example,news)/a?a=1&b=2', 31))
    """
    key = surt(url)
    path = key.partition(")")[2]
    # ASCII only: databases differ in the lower case of other letters.
    rest = len(path) if path.isascii() and url.encode().lower().endswith(path.encode()) else 0
    return key[: len(key) - rest], len(url) - rest + 1


class LookupTables:
    """Lookup tables of one index, and its sites."""

    def __init__(self) -> None:
        def url_row(url: str) -> dict[str, Any]:
            head, place = split_key(url)
            return {"url": url, "key_head": head, "key_at": place, "site_id": self.sites.find_id(url)}

        def group_row(digest: bytes) -> dict[str, Any]:
            return {"kind": self._groups[digest].kind.value, "label": self._groups[digest].label}

        self.sites = SiteRegistry(())
        self.urls = LookupTable[str](UrlRow, "digest", value_of=short_digest, row_of=url_row, cache_size=100_000)
        self.paragraphs = LookupTable[str](
            ParagraphRow, "digest", value_of=short_digest, row_of=lambda text: {"text": text}, mostly_new=True
        )
        self.authors = LookupTable[str](AuthorRow, "name", value_of=str, row_of=lambda one: {"folded": fold_text(one)})
        self.tags = LookupTable[str](TagRow, "name", value_of=str, row_of=lambda name: {})  # noqa: ARG005
        self.groups = LookupTable[bytes](LinkGroupRow, "digest", value_of=bytes, row_of=group_row, mostly_new=True)
        self._groups: dict[bytes, LinkGroup] = {}
        self._lanes: dict[tuple[str, str], int] = {}
        self.captured: dict[int, None] = {}
        """Ids of URLs that are known to have been captured: their discovery does not change any more."""
        self.waiting: dict[int, tuple[Any, int]] = {}
        """Discovery ranks and priorities of URLs that wait in the frontier, by id."""

    def is_captured(self, url: str) -> bool:
        """Return whether a URL is known to have been captured; False may also mean that it is not cached."""
        return self.urls.cached_ids.get(url) in self.captured

    def mark_captured(self, url_id: int) -> None:
        """Note that a URL has been captured."""
        self.captured[url_id] = None
        self.waiting.pop(url_id, None)
        drop_oldest(self.captured, 200_000)

    def mark_waiting(self, url_id: int, rank: Any, priority: int) -> None:
        """Note that a URL waits in the frontier."""
        self.waiting[url_id] = (rank, priority)
        drop_oldest(self.waiting, 50_000)

    def clear_cache(self) -> None:
        """Forget all ids, as rows may have been deleted."""
        self._lanes.clear()
        self.captured.clear()
        self.waiting.clear()
        for shared in (self.urls, self.paragraphs, self.authors, self.tags, self.groups):
            shared.cached_ids.clear()

    def ensure_lane_ids(
        self, connection: Connection, lanes: Iterable[tuple[str, str]]
    ) -> Mapping[tuple[str, str], int]:
        """Return ids of lanes, those of these pairs of a site's name and a host among them."""
        drop_oldest(self._lanes, 100_000)
        if missing := sorted(set(lanes) - self._lanes.keys()):
            rows = [{"site": site, "host": host} for site, host in missing]
            insert_rows(connection, LaneRow, rows, conflict_columns=["site", "host"])
            found = fetch_by_ids(connection, _LANES, {host for _, host in missing})
            self._lanes.update({(row.site, row.host): row.id for row in found})
        return self._lanes

    def ensure_group_ids(
        self, connection: Connection, pages: Iterable[tuple[LinkGroup, ...]], urls: Mapping[str, int]
    ) -> list[list[int]]:
        """Return the ids of pages' link groups; the links of new groups are inserted too."""
        self._groups, digests = {}, list[list[bytes]]()
        for groups in pages:
            parts = (
                [group.kind, group.label, *[part for link in group.links for part in _describe(link)]]
                for group in groups
            )
            digests.append([short_digest("\0".join(lines)) for lines in parts])
            self._groups.update(zip(digests[-1], groups, strict=True))
        ids, made = self.groups.ensure_ids(connection, self._groups)
        columns: dict[str, list[Any]] = {"group_id": [], "position": [], "url_id": [], "anchor": [], "box_size": []}
        for digest in made:
            links = self._groups[digest].links
            columns["group_id"] += [ids[digest]] * len(links)
            columns["position"] += range(len(links))
            columns["url_id"] += [urls[link.url] for link in links]
            columns["anchor"] += [link.anchor for link in links]
            columns["box_size"] += [link.box_size or None for link in links]
        insert_columns(connection, LinkRow, columns, conflict_columns=["group_id", "position"])
        self._groups = {}
        return [[ids[digest] for digest in of_page] for of_page in digests]


def _describe(link: Link) -> tuple[str, ...]:
    return (link.url, link.anchor, link.box_size) if link.box_size else (link.url, link.anchor)


_LANES = select(LaneRow.id, LaneRow.site, LaneRow.host).where(LaneRow.host.in_(IDS))
