"""SQL conditions for Filters."""

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.index.conditions.visibility import conditions_on_time, load_site_ids, visible_articles, visible_versions
from storage.index.schema.tables import ArticleRow
from storage.index.views.articles import Filters, list_values
from storage.index.views.exclusions import Exclusions


def filter_conditions(connection: Connection, exclude: Exclusions, filters: Filters) -> list[ColumnElement[bool]]:
    """Return conditions on articles joined with versions. Filters of texts are not among them: they need a search."""
    conditions = visible_articles(connection, exclude) + visible_versions(connection, exclude)
    if filters.site is not None:
        conditions.append(ArticleRow.site_id.in_(load_site_ids(connection, list_values(filters.site)).values()))
    conditions += conditions_on_time(ArticleRow.dated_at, filters.since, filters.until)
    if filters.articles is not None:
        conditions.append(ArticleRow.id.in_(filters.articles))
    return conditions


def list_distinct(connection: Connection, column: InstrumentedAttribute[str | None]) -> list[str]:
    """Return the values of an indexed column, without null, by a loose index scan."""
    least = func.min(column)
    first = select(least.label("value")).cte("skip", recursive=True)
    following = select(least).where(column > first.c.value).scalar_subquery()
    values = first.union_all(select(following).where(first.c.value.is_not(None)))
    return [value for value in connection.scalars(select(values.c.value)) if value is not None]
