"""SQL conditions for Filters."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, false, func, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.index.conditions.visibility import load_site_ids, visible_articles, visible_versions
from storage.index.schema.tables import (
    ArticleRow,
    AuthorRow,
    MetadataChangeRow,
    TagRow,
    VersionAuthorRow,
    VersionRow,
    VersionTagRow,
)
from storage.index.text.analyzer import fold_text
from storage.index.views.articles import Filters, list_values
from storage.index.views.exclusions import Exclusions
from storage.observations import MetadataField

_MOST_AUTHORS = 500
"""Authors that are listed by id in a condition."""


def filter_conditions(connection: Connection, exclude: Exclusions, filters: Filters) -> list[ColumnElement[bool]]:
    """Return conditions on articles joined with versions. `filters.query` is not among them: it needs a search."""
    conditions = visible_articles(connection, exclude) + visible_versions(connection, exclude)
    if filters.site is not None:
        conditions.append(ArticleRow.site_id.in_(load_site_ids(connection, list_values(filters.site)).values()))
    if filters.since is not None:
        conditions.append(ArticleRow.dated_at >= filters.since)
    if filters.until is not None:
        conditions.append(ArticleRow.dated_at < filters.until)
    if filters.articles is not None:
        conditions.append(ArticleRow.id.in_(filters.articles))
    return conditions + list(_version_conditions(connection, filters))


def _version_conditions(connection: Connection, filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.language is not None:
        yield VersionRow.language.in_([one.lower() for one in list_values(filters.language)])
    if filters.section is not None:
        sections = _matching_sections(connection, list_values(filters.section))
        yield VersionRow.section.in_(sections) if sections else false()
    if filters.author is not None:
        folded = fold_text(filters.author)
        is_part = AuthorRow.folded.contains(folded, autoescape=True)
        yield _author_condition(connection, is_part) if folded else false()
    if filters.byline is not None:
        yield _author_condition(connection, AuthorRow.folded.in_([*map(fold_text, list_values(filters.byline))]))
    if filters.tag is not None:
        yield _tag_condition(connection, list_values(filters.tag))
    if filters.corrected is not None:
        corrected = VersionRow.id.in_(select(_NOTED.c.id).where(_NOTED.c.is_corrected))
        yield corrected if filters.corrected else ~VersionRow.is_corrected
    if filters.edited is not None:
        yield VersionRow.number > 1 if filters.edited else VersionRow.number == 1
    yield from map(_changed_condition, filters.changed or ())
    if filters.newest_only:
        yield VersionRow.is_current.expression


def _matching_sections(connection: Connection, sections: Sequence[str]) -> list[str]:
    folded = set(map(fold_text, sections))
    return [one for one in list_distinct_values(connection, VersionRow.section) if one and fold_text(one) in folded]


def _author_condition(connection: Connection, author: ColumnElement[bool]) -> ColumnElement[bool]:
    # Few authors are listed by id: otherwise the planner may scan all rows and look up the author of each.
    ids = connection.scalars(select(AuthorRow.id).where(author).limit(_MOST_AUTHORS + 1)).all()
    written = select(VersionAuthorRow.version_id)
    if len(ids) > _MOST_AUTHORS:
        return VersionRow.id.in_(written.join(AuthorRow, AuthorRow.id == VersionAuthorRow.author_id).where(author))
    return VersionRow.id.in_(written.where(VersionAuthorRow.author_id.in_(ids)))


def _tag_condition(connection: Connection, tags: Sequence[str]) -> ColumnElement[bool]:
    # By their ids, for which PostgreSQL has statistics. For a name it assumes a rare tag, and would scan all versions
    # with the tag for each version that matches the words.
    ids = connection.scalars(select(TagRow.id).where(TagRow.name.in_(tags))).all()
    return VersionRow.id.in_(select(VersionTagRow.version_id).where(VersionTagRow.tag_id.in_(ids))) if ids else false()


_NOTED = VersionRow.__table__.alias("noted_versions")


def _changed_condition(kind: str) -> ColumnElement[bool]:
    """Return a condition: the version was made by a change of this kind, or the article's metadata changed so."""
    if kind in set(MetadataField):
        return ArticleRow.id.in_(select(MetadataChangeRow.article_id).where(MetadataChangeRow.field == kind))
    # Of the names of kinds none contains another.
    changed = select(_NOTED.c.id).where(_NOTED.c.changed != "", _NOTED.c.changed.contains(kind, autoescape=True))
    return VersionRow.id.in_(changed)


def list_distinct_values(connection: Connection, column: InstrumentedAttribute[str | None]) -> Sequence[str]:
    """Return all values of an indexed column with few distinct values, by a loose index scan."""
    least = func.min(column)
    first = select(least.label("value")).cte("skip", recursive=True)
    values = first.union_all(
        select(select(least).where(column > first.c.value).scalar_subquery()).where(first.c.value.is_not(None))
    )
    return [value for value in connection.scalars(select(values.c.value)) if value is not None]


def list_languages(connection: Connection) -> tuple[str | None, ...]:
    """Return the languages of all articles; None stands for articles without one."""
    return (None, *list_distinct_values(connection, VersionRow.language))
