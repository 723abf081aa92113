"""SQL conditions for Exclusions. Each is self-contained: the query need not join further tables for it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, false, not_, or_, select

from storage.index.schema.tables import ArticleRow, CaptureRow, SiteRow, UrlRow, VersionRow
from storage.index.views.exclusions import Exclusions

_BLOCKED = UrlRow.__table__.alias("blocked_urls")
_FIRST = CaptureRow.__table__.alias("first_captures")
_NEWEST = CaptureRow.__table__.alias("newest_captures")


def prefix_end(prefix: str) -> str:
    """Return a text that sorts after all texts with a prefix."""
    return prefix + chr(0x10FFFF)


def prefix_condition(column: ColumnElement[Any], prefixes: Iterable[str]) -> ColumnElement[bool]:
    """Return a condition: the urlkey has one of the prefixes."""
    return or_(false(), *(and_(column >= prefix, column < prefix_end(prefix)) for prefix in prefixes))


def load_site_ids(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of sites by name, without names that no site has."""
    wanted = sorted(names)
    if not wanted:
        return {}
    rows = connection.execute(select(SiteRow.name, SiteRow.id).where(SiteRow.name.in_(wanted)))
    return {row.name: row.id for row in rows}


def visible_urls(exclude: Exclusions, url_id: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """Return conditions on the id of a visible URL."""
    if not exclude.urlkeys:
        return []
    return [~exists().where(_BLOCKED.c.id == url_id, prefix_condition(_BLOCKED.c.urlkey, exclude.urlkeys))]


def visible_captures(
    connection: Connection, exclude: Exclusions, captures: Any = CaptureRow.__table__
) -> list[ColumnElement[bool]]:
    """Return conditions on visible captures (the table or an alias of it)."""
    if not exclude:
        return []
    ids = load_site_ids(connection, {*exclude.hidden, *(name for name, _ in exclude.embargoes)})
    conditions = visible_urls(exclude, captures.c.url_id)
    if hidden := sorted(ids[name] for name in exclude.hidden if name in ids):
        conditions.append(captures.c.site_id.not_in(hidden))
    conditions += [
        not_(and_(captures.c.site_id == ids[name], captures.c.fetched_at > until))
        for name, until in exclude.embargoes
        if name in ids
    ]
    return conditions


def visible_articles(connection: Connection, exclude: Exclusions) -> list[ColumnElement[bool]]:
    """Return conditions on visible articles."""
    if not exclude:
        return []
    ids = load_site_ids(connection, {*exclude.hidden, *(name for name, _ in exclude.embargoes)})
    conditions = visible_urls(exclude, ArticleRow.url_id.expression)
    if hidden := sorted(ids[name] for name in exclude.hidden if name in ids):
        conditions.append(ArticleRow.site_id.not_in(hidden))
    conditions += [
        not_(and_(ArticleRow.site_id == ids[name], or_(ArticleRow.first_seen_at > until, ArticleRow.dated_at > until)))
        for name, until in exclude.embargoes
        if name in ids
    ]
    return conditions


def visible_versions(connection: Connection, exclude: Exclusions) -> list[ColumnElement[bool]]:
    """Return conditions on visible versions: the capture that they were read from is visible."""
    conditions = visible_captures(connection, exclude, _FIRST)
    if not conditions:
        return []
    return [exists().where(_FIRST.c.id == VersionRow.capture_id, *conditions)]


def current_version(connection: Connection, exclude: Exclusions) -> ColumnElement[bool]:
    """Return a condition: the version is its article's current one; under an embargo the newest one before that."""
    ids = load_site_ids(connection, (name for name, _ in exclude.embargoes))
    limits = {ids[name]: until for name, until in exclude.embargoes if name in ids}
    if not limits:
        return VersionRow.is_current.expression
    newest = [
        and_(
            ArticleRow.site_id == site_id,
            VersionRow.id
            == select(_NEWEST.c.version_id)
            .where(
                _NEWEST.c.article_id == ArticleRow.id,
                _NEWEST.c.version_id.is_not(None),
                _NEWEST.c.fetched_at <= until,
            )
            .order_by(_NEWEST.c.fetched_at.desc(), _NEWEST.c.record_id.desc())
            .limit(1)
            .correlate(ArticleRow)
            .scalar_subquery(),
        )
        for site_id, until in limits.items()
    ]
    return or_(and_(ArticleRow.site_id.not_in(sorted(limits)), VersionRow.is_current), *newest)
