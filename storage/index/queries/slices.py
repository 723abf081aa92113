"""Which captures belong to the articles that were chosen for an export, in the order of a CDX file."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from storage.index.conditions.visibility import shown_captures
from storage.index.queries import cdx
from storage.index.queries.export import chosen_versions
from storage.index.schema.tables import CaptureRow, SiteRow, VersionRow
from storage.index.views.articles import Filters
from storage.index.views.cdx import CdxLine, CdxQuery, KeyRange

ALL_KEYS = (KeyRange("", chr(0x10FFFF)),)
_MOST_SORTED = 1000
"""Articles whose captures are found by their ids and sorted; for more, all URLs are walked over in order."""


def slice_lines(connection: Connection, filters: Filters) -> Iterator[CdxLine]:
    """Captures of the articles that filters choose. Where nothing but a site is asked for: all that was captured for
    it, listings, feeds and images too; where nothing at all is: everything.
    """
    shown = shown_captures(connection, filters.exclude)
    everything = CdxQuery(keys=ALL_KEYS)
    if not filters.names_articles:
        if filters.site is not None:
            site_id = select(SiteRow.id).where(SiteRow.name == filters.site).scalar_subquery()
            shown = [*shown, CaptureRow.site_id == site_id]
        yield from cdx.of_keys(connection, everything, shown)
        return
    versions = chosen_versions(connection, filters, all_versions=False).order_by(None)
    chosen = select(VersionRow.article_id).where(VersionRow.id.in_(versions))
    ids = connection.scalars(chosen.limit(_MOST_SORTED + 1)).all()
    if len(ids) <= _MOST_SORTED:
        yield from cdx.in_order(connection, [*shown, CaptureRow.article_id.in_(ids)])
    else:
        yield from cdx.of_keys(connection, everything, [*shown, CaptureRow.article_id.in_(chosen)])
