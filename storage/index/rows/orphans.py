"""Taking out shared rows that nothing points to any more.

They come to be when a capture arrives that is older than the one a version stood on: its words take the place of the
later ones. The index has to be the same whatever the order in which captures arrive, so what nobody points to goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

from sqlalchemy import Connection, Select, bindparam, delete, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.index.engine.database import parts
from storage.index.schema.tables import (
    AlarmRow,
    ArticleRow,
    AuthorRow,
    Base,
    BoilerplateRow,
    CaptureGroupRow,
    CaptureRow,
    FrontierRow,
    HabitsRow,
    LinkGroupRow,
    LinkRow,
    ParagraphRow,
    SourceRow,
    TagRow,
    UrlRow,
    VersionAuthorRow,
    VersionParagraphRow,
    VersionRow,
    VersionTagRow,
)


@dataclass(slots=True)
class Swept:
    """Ids of rows that may be of no use any more."""

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
    LinkRow.url_id,
    FrontierRow.url_id,
    FrontierRow.via_id,
    SourceRow.url_id,
    HabitsRow.url_id,
    AlarmRow.url_id,
)


def sweep(connection: Connection, swept: Swept) -> bool:
    """Take out those that nothing points to; True where there were any to look at."""
    gone = False
    if swept.groups:
        unused = _unused(connection, LinkGroupRow, swept.groups, (CaptureGroupRow.group_id,))
        if unused:
            of_group = LinkRow.group_id.in_(unused)
            swept.urls.update(connection.scalars(select(LinkRow.url_id).where(of_group)))
            connection.execute(delete(LinkRow).where(of_group))
            connection.execute(delete(LinkGroupRow).where(LinkGroupRow.id.in_(unused)))
            gone = True
    if swept.paragraphs:
        unused = _unused(connection, ParagraphRow, swept.paragraphs, (VersionParagraphRow.paragraph_id,))
        connection.execute(delete(BoilerplateRow).where(BoilerplateRow.paragraph_id.in_(unused)))
        gone |= _take_out(connection, ParagraphRow, unused)
    gone |= _sweep(connection, AuthorRow, swept.authors, (VersionAuthorRow.author_id,))
    gone |= _sweep(connection, TagRow, swept.tags, (VersionTagRow.tag_id,))
    gone |= _sweep(connection, UrlRow, swept.urls, _URL_USERS)
    return gone


def _sweep(connection: Connection, table: type[Base], ids: set[int], users: Sequence[_User]) -> bool:
    return bool(ids) and _take_out(connection, table, _unused(connection, table, ids, users))


def _unused(connection: Connection, table: type[Base], ids: set[int], users: Sequence[_User]) -> list[int]:
    asked = _asking(table, tuple(users))
    unused: list[int] = []
    for some in parts(ids):
        unused += connection.scalars(asked, {"ids": some})
    return unused


@cache
def _asking(table: type[Base], users: tuple[_User, ...]) -> Select[int]:
    row = table.__table__.c
    used = or_(*(select(user).where(user == row.id).exists() for user in users))
    return select(row.id).where(row.id.in_(bindparam("ids", expanding=True)), ~used)


def _take_out(connection: Connection, table: type[Base], unused: Sequence[int]) -> bool:
    row = table.__table__.c
    for some in parts(unused):
        connection.execute(delete(table).where(row.id.in_(some)))
    return bool(unused)
