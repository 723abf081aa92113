"""Articles that were edited after they had been published: those whose latest version is not their first."""

from sqlalchemy import Connection, func, select

from storage.index.queries.articles import article_lines
from storage.index.schema.tables import VersionRow
from storage.index.views.articles import ArticleLine
from storage.index.views.exclusions import NOTHING, Exclusions

NEWEST = 1_000
"""Versions that are looked at, so that an archive in which nothing is ever edited costs no more than another."""
ROOM = 4
"""Some of those that are found may not be shown: so many times as many are looked for."""


def edited(connection: Connection, *, limit: int, exclude: Exclusions = NOTHING) -> tuple[ArticleLine, ...]:
    """The articles that were edited last, by when the archive saw it; the last one first."""
    last = connection.scalar(select(func.max(VersionRow.id))) or 0
    found = connection.scalars(
        select(VersionRow.article_id)
        .where(VersionRow.id > last - NEWEST, VersionRow.number > 1)
        .order_by(VersionRow.id.desc())
        .limit(ROOM * limit)
    )
    ids = tuple(dict.fromkeys(found))
    lines = {line.id: line for line in article_lines(connection, ids, exclude) if line.versions > 1}
    return tuple(lines[one] for one in ids if one in lines)[:limit]
