"""Filters as conditions on articles and their versions."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, false, func, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.index.conditions.visibility import shown_articles, shown_versions
from storage.index.schema.tables import (
    ArticleRow,
    AuthorRow,
    SiteRow,
    TagRow,
    VersionAuthorRow,
    VersionRow,
    VersionTagRow,
)
from storage.index.text.analyzer import folded
from storage.index.views.articles import Filters

_MOST_AUTHORS = 500
_MOST_NAMES = 50
"""More are not looked for by name."""


def conditions(connection: Connection, filters: Filters) -> list[ColumnElement[bool]]:
    """What articles joined with versions have to fulfil; `filters.query` is the search's."""
    wanted = shown_articles(connection, filters.exclude) + shown_versions(connection, filters.exclude)
    if filters.site is not None:
        wanted.append(ArticleRow.site_id == _one(connection, filters.site))
    if filters.since is not None:
        wanted.append(ArticleRow.dated_at >= filters.since)
    if filters.until is not None:
        wanted.append(ArticleRow.dated_at < filters.until)
    if filters.language is not None:
        wanted.append(VersionRow.language == filters.language.lower())
    if filters.section is not None:
        sections = _sections(connection, filters.section)
        wanted.append(VersionRow.section.in_(sections) if sections else false())
    if filters.author is not None:
        asked = folded(filters.author)
        wanted.append(_written_by(connection, AuthorRow.folded.contains(asked, autoescape=True)) if asked else false())
    if filters.byline is not None:
        wanted.append(_written_by(connection, AuthorRow.folded == folded(filters.byline)))
    if filters.tag is not None:
        wanted.append(_tagged(connection, filters.tag))
    if filters.articles is not None:
        wanted.append(ArticleRow.id.in_(filters.articles))
    return wanted


def names_asked(connection: Connection, filters: Filters) -> Iterator[Sequence[str]]:
    """For each filter that asks for a name of a version (section, author, byline, tag): the names that it allows.

    They are as printed. A filter that allows a great many is passed over.
    """
    if filters.section is not None:
        yield _sections(connection, filters.section)
    for asked, is_asked in (
        (filters.author, lambda part: AuthorRow.folded.contains(part, autoescape=True)),
        (filters.byline, lambda whole: AuthorRow.folded == whole),
    ):
        if asked is not None:
            found = select(AuthorRow.name).where(is_asked(folded(asked))).limit(_MOST_NAMES + 1)
            names = connection.scalars(found).all()
            if len(names) <= _MOST_NAMES:
                yield names
    if filters.tag is not None:
        yield (filters.tag,)


def _sections(connection: Connection, section: str) -> list[str]:
    asked = folded(section)
    return [one for one in distinct(connection, VersionRow.section) if one and folded(one) == asked]


def _one(connection: Connection, site: str) -> int:
    return connection.scalar(select(SiteRow.id).where(SiteRow.name == site)) or 0


def _written_by(connection: Connection, author: ColumnElement[bool]) -> ColumnElement[bool]:
    # Few authors are named by their ids: else all that anybody wrote might be gone through, and each author looked up.
    ids = connection.scalars(select(AuthorRow.id).where(author).limit(_MOST_AUTHORS + 1)).all()
    written = select(VersionAuthorRow.version_id)
    if len(ids) > _MOST_AUTHORS:
        return VersionRow.id.in_(written.join(AuthorRow, AuthorRow.id == VersionAuthorRow.author_id).where(author))
    return VersionRow.id.in_(written.where(VersionAuthorRow.author_id.in_(ids)))


def _tagged(connection: Connection, tag: str) -> ColumnElement[bool]:
    # By its id: of that PostgreSQL knows how often it stands. A name that it has to look up it takes to be seldom, and
    # would go through all that have the tag for each version that has the words.
    tag_id = connection.scalar(select(TagRow.id).where(TagRow.name == tag))
    if tag_id is None:
        return false()
    return VersionRow.id.in_(select(VersionTagRow.version_id).where(VersionTagRow.tag_id == tag_id))


def distinct(connection: Connection, column: InstrumentedAttribute[str | None]) -> Sequence[str]:
    """All values of an indexed column, by skipping through its index: there are few of many rows."""
    least = func.min(column)
    first = select(least.label("value")).cte("skip", recursive=True)
    values = first.union_all(
        select(select(least).where(column > first.c.value).scalar_subquery()).where(first.c.value.is_not(None))
    )
    return [value for value in connection.scalars(select(values.c.value)) if value is not None]


def languages(connection: Connection) -> tuple[str | None, ...]:
    """Languages that the archive's articles are in; None for texts that name none."""
    return (None, *distinct(connection, VersionRow.language))
