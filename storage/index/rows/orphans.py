"""Delete orphans: shared rows to which no other row refers.

They arise when a capture is committed that is older than the first one of a version: its content replaces the later
one's. The index must not depend on the order in which captures are committed, so orphans are deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

from sqlalchemy import Connection, Select, delete, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.index.engine.statements import IDS, change_by_ids, find_by_ids
from storage.index.schema.tables import (
    AlarmRow,
    ArticleRow,
    AuthorRow,
    Base,
    BoilerplateRow,
    CaptureGroupRow,
    CaptureRow,
    FrontierRow,
    LinkGroupRow,
    LinkRow,
    ParagraphRow,
    SourceRateRow,
    SourceRow,
    TagRow,
    UrlRow,
    VersionAuthorRow,
    VersionParagraphRow,
    VersionRow,
    VersionTagRow,
)


@dataclass(slots=True)
class OrphanCandidates:
    """Ids of rows that may have become orphans."""

    urls: set[int] = field(default_factory=set)
    paragraphs: set[int] = field(default_factory=set)
    authors: set[int] = field(default_factory=set)
    tags: set[int] = field(default_factory=set)
    groups: set[int] = field(default_factory=set)


_User: TypeAlias = InstrumentedAttribute[int] | InstrumentedAttribute[int | None]
_URL_USERS: tuple[_User, ...] = (
    CaptureRow.url_id,
    CaptureRow.refers_to_url_id,
    CaptureRow.redirect_url_id,
    ArticleRow.url_id,
    VersionRow.image_url_id,
    VersionRow.page_url_id,
    LinkRow.url_id,
    FrontierRow.url_id,
    FrontierRow.via_id,
    SourceRow.url_id,
    SourceRateRow.url_id,
    AlarmRow.url_id,
)


def delete_orphans(connection: Connection, candidates: OrphanCandidates) -> bool:
    """Delete those of the candidates to which no row refers. Return whether any was deleted."""
    deleted = False
    if candidates.groups:
        unused = _select_unused(connection, LinkGroupRow, candidates.groups, (CaptureGroupRow.group_id,))
        if unused:
            of_group = LinkRow.group_id.in_(unused)
            candidates.urls.update(connection.scalars(select(LinkRow.url_id).where(of_group)))
            connection.execute(delete(LinkRow).where(of_group))
            connection.execute(delete(LinkGroupRow).where(LinkGroupRow.id.in_(unused)))
            deleted = True
    if candidates.paragraphs:
        unused = _select_unused(connection, ParagraphRow, candidates.paragraphs, (VersionParagraphRow.paragraph_id,))
        connection.execute(delete(BoilerplateRow).where(BoilerplateRow.paragraph_id.in_(unused)))
        deleted |= _delete_rows(connection, ParagraphRow, unused)
    deleted |= _delete_unused(connection, AuthorRow, candidates.authors, (VersionAuthorRow.author_id,))
    deleted |= _delete_unused(connection, TagRow, candidates.tags, (VersionTagRow.tag_id,))
    deleted |= _delete_unused(connection, UrlRow, candidates.urls, _URL_USERS)
    return deleted


def _delete_unused(connection: Connection, table: type[Base], ids: set[int], users: Sequence[_User]) -> bool:
    return bool(ids) and _delete_rows(connection, table, _select_unused(connection, table, ids, users))


def _select_unused(connection: Connection, table: type[Base], ids: set[int], users: Sequence[_User]) -> list[int]:
    return sorted(find_by_ids(connection, _build_unused_query(table, tuple(users)), ids))


@cache
def _build_unused_query(table: type[Base], users: tuple[_User, ...]) -> Select[int]:
    row = table.__table__.c
    used = or_(*(select(user).where(user == row.id).exists() for user in users))
    return select(row.id).where(row.id.in_(IDS), ~used)


def _delete_rows(connection: Connection, table: type[Base], unused: Sequence[int]) -> bool:
    change_by_ids(connection, delete(table).where(table.__table__.c.id.in_(IDS)), unused)
    return bool(unused)
