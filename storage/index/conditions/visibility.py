"""Exclusions as conditions. Each stands on its own: the query that takes it need not have joined anything for it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, false, not_, or_, select

from storage.index.schema.tables import ArticleRow, CaptureRow, SiteRow, UrlRow, VersionRow
from storage.index.views.exclusions import Exclusions

_BLOCKED = UrlRow.__table__.alias("blocked_urls")
_FIRST = CaptureRow.__table__.alias("first_captures")
_NEWEST = CaptureRow.__table__.alias("newest_captures")


def after(prefix: str) -> str:
    """The least text that is greater than all that begin with a prefix."""
    return prefix + chr(0x10FFFF)


def begins(column: ColumnElement[Any], prefixes: Iterable[str]) -> ColumnElement[bool]:
    """True where a urlkey begins with one of the prefixes."""
    return or_(false(), *(and_(column >= prefix, column < after(prefix)) for prefix in prefixes))


def site_ids(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """Ids of sites by their names; a name that no site has is not there."""
    wanted = sorted(names)
    if not wanted:
        return {}
    rows = connection.execute(select(SiteRow.name, SiteRow.id).where(SiteRow.name.in_(wanted)))
    return {row.name: row.id for row in rows}


def shown_urls(exclude: Exclusions, url_id: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """What a URL's id has to fulfil to be shown."""
    if not exclude.urlkeys:
        return []
    return [~exists().where(_BLOCKED.c.id == url_id, begins(_BLOCKED.c.urlkey, exclude.urlkeys))]


def shown_captures(
    connection: Connection, exclude: Exclusions, captures: Any = CaptureRow.__table__
) -> list[ColumnElement[bool]]:
    """What captures (the table, or an alias of it) have to fulfil to be shown."""
    if not exclude:
        return []
    ids = site_ids(connection, {*exclude.hidden, *(name for name, _ in exclude.embargoes)})
    wanted = shown_urls(exclude, captures.c.url_id)
    if hidden := sorted(ids[name] for name in exclude.hidden if name in ids):
        wanted.append(captures.c.site_id.not_in(hidden))
    wanted += [
        not_(and_(captures.c.site_id == ids[name], captures.c.fetched_at > until))
        for name, until in exclude.embargoes
        if name in ids
    ]
    return wanted


def shown_articles(connection: Connection, exclude: Exclusions) -> list[ColumnElement[bool]]:
    """What articles have to fulfil to be shown."""
    if not exclude:
        return []
    ids = site_ids(connection, {*exclude.hidden, *(name for name, _ in exclude.embargoes)})
    wanted = shown_urls(exclude, ArticleRow.url_id.expression)
    if hidden := sorted(ids[name] for name in exclude.hidden if name in ids):
        wanted.append(ArticleRow.site_id.not_in(hidden))
    wanted += [
        not_(and_(ArticleRow.site_id == ids[name], or_(ArticleRow.first_seen_at > until, ArticleRow.dated_at > until)))
        for name, until in exclude.embargoes
        if name in ids
    ]
    return wanted


def shown_versions(connection: Connection, exclude: Exclusions) -> list[ColumnElement[bool]]:
    """What versions have to fulfil to be shown: the capture that they were read from is."""
    conditions = shown_captures(connection, exclude, _FIRST)
    if not conditions:
        return []
    return [exists().where(_FIRST.c.id == VersionRow.capture_id, *conditions)]


def current_version(connection: Connection, exclude: Exclusions) -> ColumnElement[bool]:
    """True for an article's newest version. Under an embargo that is the newest of those before it."""
    ids = site_ids(connection, (name for name, _ in exclude.embargoes))
    held = {ids[name]: until for name, until in exclude.embargoes if name in ids}
    if not held:
        return VersionRow.current.expression
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
        for site_id, until in held.items()
    ]
    return or_(and_(ArticleRow.site_id.not_in(sorted(held)), VersionRow.current), *newest)
