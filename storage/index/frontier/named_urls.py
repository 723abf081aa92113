"""URLs that feeds, sitemaps and listings name at present, by the newest reading of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from struct import unpack
from typing import Any

from sqlalchemy import Connection

from storage.index.engine.statements import build_query
from storage.index.frontier.url_queue import FRONTIER_SQL
from storage.index.schema.tables import SourceRateRow

READ_WITHIN = timedelta(days=60)
"""Time after which the newest reading of a source says nothing of the present."""
ARCHIVE_AFTER = timedelta(days=45)
"""Age of the newest item from which on a source lists old pages only, whose changes it reports by lastmod."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceItems:
    """Content of a source by its newest reading."""

    url_id: int
    read_at: datetime
    newest_item_at: datetime | None
    ids: frozenset[int] | None
    """Ids of the URLs that it names; None: too many to be remembered."""

    def names(self, url_id: int, via_id: int | None) -> bool:
        """Return whether it names a URL, which was discovered through the source `via_id`."""
        return self.url_id == via_id if self.ids is None else url_id in self.ids


def is_archive(newest_item_at: datetime | None, at: datetime) -> bool:
    """Return whether a source with a newest item of this date lists old pages only."""
    return newest_item_at is not None and at - newest_item_at > ARCHIVE_AFTER


def unpack_ids(packed: bytes | None) -> frozenset[int] | None:
    """Return the ids of `source_rates.item_ids`."""
    return None if packed is None else frozenset(unpack(f"<{len(packed) // 8}q", packed))


class NamedUrls:
    """Tells which URLs the sources of a site name. The sources are read when a site is first asked about."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._by_site: dict[str, dict[int, SourceItems]] = {}
        self._unwritten: dict[str, dict[int, SourceItems]] = {}

    def list_sources(self, row: Mapping[str, Any], at: datetime, *, by_archives: bool = True) -> list[int]:
        """Return the ids of the sources that name a row's URL; `by_archives`: those that list old pages only, too."""
        return [
            source.url_id
            for source in self._sources(row["site"]).values()
            if at - source.read_at <= READ_WITHIN
            and (by_archives or not is_archive(source.newest_item_at, at))
            and source.names(row["url_id"], row["via_id"])
        ]

    def update(self, site: str, source: SourceItems) -> None:
        """Take a source's content, which is not written yet."""
        self._unwritten.setdefault(site, {})[source.url_id] = source
        self._by_site.pop(site, None)

    def _sources(self, site: str) -> dict[int, SourceItems]:
        if site not in self._by_site:
            rows = self._connection.execute(_SOURCES_OF_SITE, {"site": site})
            found = (SourceItems(**row._asdict() | {"ids": unpack_ids(row.ids)}) for row in rows)
            self._by_site[site] = {each.url_id: each for each in found} | self._unwritten.get(site, {})
        return self._by_site[site]


_SOURCES_OF_SITE = build_query(
    FRONTIER_SQL["sources-of-site"], **dict.fromkeys(("read_at", "newest_item_at"), SourceRateRow.last_read_at.type)
)
