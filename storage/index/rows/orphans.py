"""Delete orphans: shared rows to which no other row refers.

They arise when a capture is committed that is older than the first one of a version: its content replaces the later
one's. The index must not depend on the order in which captures are committed, so orphans are deleted.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection, delete, or_, select

from storage.index.engine.statements import IDS, change_by_ids, find_by_ids
from storage.index.schema.base import Base
from storage.index.schema.tables import AuthorRow, BoilerplateRow, LinkGroupRow, LinkRow, ParagraphRow, TagRow, UrlRow

_OWNED = {"links.group_id", "boilerplate.paragraph_id"}
"""References by rows that are deleted with the row to which they refer."""


@dataclass(slots=True)
class OrphanCandidates:
    """Ids of rows that may have become orphans."""

    urls: set[int] = field(default_factory=set)
    paragraphs: set[int] = field(default_factory=set)
    authors: set[int] = field(default_factory=set)
    tags: set[int] = field(default_factory=set)
    groups: set[int] = field(default_factory=set)


def delete_orphans(connection: Connection, candidates: OrphanCandidates) -> bool:
    """Delete those of the candidates to which no row refers. Return whether any was deleted."""
    groups = find_by_ids(connection, _build_unused_query(LinkGroupRow), candidates.groups)
    of_groups = LinkRow.group_id.in_(IDS)
    candidates.urls |= find_by_ids(connection, select(LinkRow.url_id).where(of_groups), groups)
    change_by_ids(connection, delete(LinkRow).where(of_groups), groups)
    paragraphs = find_by_ids(connection, _build_unused_query(ParagraphRow), candidates.paragraphs)
    change_by_ids(connection, delete(BoilerplateRow).where(BoilerplateRow.paragraph_id.in_(IDS)), paragraphs)
    unused: dict[type[Base], set[int]] = {LinkGroupRow: groups, ParagraphRow: paragraphs}
    unused[AuthorRow] = find_by_ids(connection, _build_unused_query(AuthorRow), candidates.authors)
    unused[TagRow] = find_by_ids(connection, _build_unused_query(TagRow), candidates.tags)
    unused[UrlRow] = find_by_ids(connection, _build_unused_query(UrlRow), candidates.urls)
    for table, ids in unused.items():
        change_by_ids(connection, delete(table).where(table.__table__.c.id.in_(IDS)), ids)
    return any(unused.values())


@cache
def _build_unused_query(table: type[Base]) -> Any:
    """Return a query for those of some rows to which no foreign key refers."""
    row_id = table.__table__.c.id
    keys = (key for other in Base.metadata.sorted_tables for key in other.foreign_keys if key.column is row_id)
    users = sorted((key.parent for key in keys if str(key.parent) not in _OWNED), key=str)
    return select(row_id).where(row_id.in_(IDS), ~or_(*(select(user).where(user == row_id).exists() for user in users)))
