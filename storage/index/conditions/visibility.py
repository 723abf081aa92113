"""SQL conditions for Exclusions and Filters. Each is self-contained: the query need not join further tables for it.

This module decides for every query what is withheld:

    article   one of its URLs is blocked, its site is hidden, it is younger than its site's embargo, or it asks for it
              by the newest page at one of its URLs, or by a later X-Robots-Tag
    capture   the same holds for itself, for the article that it shows, or for the target of its redirect; or it is a
              picture that such an article named first, and that is no other article's lead image
    link      the same holds for its target
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, or_, select, tuple_, union

from storage.index.engine.dialect import values_table
from storage.index.engine.statements import IDS, fetch_by_ids
from storage.index.reader import ReadScope, keep_while_unchanged
from storage.index.schema.tables import (
    ArticleRow,
    CaptureRow,
    FrontierRow,
    SiteRow,
    UrlRow,
    VersionMediaRow,
    VersionRow,
)
from storage.index.views.articles import Exclusions, Filters, list_values
from storage.model import UrlKind

Conditions: TypeAlias = list[ColumnElement[bool]]


class WithheldIds(NamedTuple):
    """Selections of the ids that are withheld by URL or on request."""

    articles: Select[int]
    pages: Select[int]
    """URLs of the articles."""
    pictures: Select[int]
    """URLs of their pictures."""


_BLOCKED = UrlRow.__table__.alias("blocked_urls")
_TARGET = UrlRow.__table__.alias("redirect_targets")
_READ = CaptureRow.__table__.alias("captures_of_blocked")
_NAMED = ArticleRow.__table__.alias("articles_of_blocked")
_SAME = UrlRow.__table__.alias("same_urls")
_ASKING = CaptureRow.__table__.alias("noarchive_captures")
_LATER = CaptureRow.__table__.alias("later_captures")
_REPEAT = CaptureRow.__table__.alias("repeated_captures")
_LEAD = VersionRow.__table__.alias("versions_with_image")
_PLACED = VersionMediaRow.__table__.alias("placed_media")
_EMBEDDED = FrontierRow.__table__.alias("embedded_urls")
_MOVED = CaptureRow.__table__.alias("redirects_of_pictures")
_PICTURE = CaptureRow.__table__.alias("captures_of_pictures")
_LATE = ArticleRow.__table__.alias("embargoed_articles")
_HELD = CaptureRow.__table__.alias("withheld_captures")
_FIRST = CaptureRow.__table__.alias("first_captures")
_NEWEST = CaptureRow.__table__.alias("newest_captures")


_MEDIA_TYPES = ("image/%", "video/%", "audio/%", "application/%mpegurl", "application/dash+xml")
"""Patterns of the media types of pictures and media, and of lists of the parts of a stream."""


def prefix_end(prefix: str) -> str:
    """Return a text that sorts after all texts with a prefix."""
    return prefix + chr(0x10FFFF)


def prefix_condition(column: ColumnElement[Any], prefixes: Iterable[str]) -> ColumnElement[bool]:
    """Return a condition: the urlkey has one of the prefixes."""
    return or_(false(), *(and_(column >= prefix, column < prefix_end(prefix)) for prefix in prefixes))


def conditions_on_time(time: Any, since: datetime | None, until: datetime | None) -> Conditions:
    """Return conditions: then or later, and before then; a bound that is None sets none."""
    return ([] if since is None else [time >= since]) + ([] if until is None else [time < until])


def load_site_ids(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of sites by name, without names that no site has."""
    query = select(SiteRow.name, SiteRow.id).where(SiteRow.name.in_(IDS))
    return {row.name: row.id for row in fetch_by_ids(connection, query, names)}


def load_site_names(connection: Connection) -> dict[int, str]:
    """Return the names of all sites by id."""
    return {row.id: row.name for row in connection.execute(select(SiteRow.id, SiteRow.name)).all()}


def _select_blocked_articles(exclude: Exclusions) -> tuple[Select[Any], ...]:
    """Return the ids of articles with a blocked URL, of those captured at one, and of those that ask to be left out."""
    blocked = select(_BLOCKED.c.id).where(prefix_condition(_BLOCKED.c.urlkey, exclude.urlkeys))
    read = select(_READ.c.article_id).where(_READ.c.url_id.in_(blocked), _READ.c.article_id.is_not(None))
    asking = select(_ASKING.c.article_id).join(SiteRow, SiteRow.id == _ASKING.c.site_id)
    asking = asking.where(_ASKING.c.noarchive, _ASKING.c.article_id.is_not(None), SiteRow.name.in_(exclude.noarchive))
    shows = _LATER.c.article_id == _ASKING.c.article_id, _LATER.c.is_read, ~_LATER.c.noarchive
    repeated = exists().where(_REPEAT.c.refers_to_id == _ASKING.c.id, _REPEAT.c.url_id == _ASKING.c.url_id)
    repeated = repeated.where(_is_later(_REPEAT, _LATER)).correlate(_ASKING, _LATER)
    ends = _LATER.c.url_id == _ASKING.c.url_id, _is_later(_LATER, _ASKING), ~repeated
    asking = asking.where(~exists().where(*ends, *shows))
    return read, select(_NAMED.c.id).where(_NAMED.c.url_id.in_(blocked)), asking


def _is_later(one: Any, other: Any) -> ColumnElement[bool]:
    return tuple_(one.c.fetched_at, one.c.record_id) > tuple_(other.c.fetched_at, other.c.record_id)


def _load_withheld(scope: ReadScope) -> WithheldIds:
    """Return what is withheld by these rules: finding it takes longer than most queries."""
    rules = Exclusions(urlkeys=scope.exclude.urlkeys, noarchive=scope.exclude.noarchive)
    return keep_while_unchanged(ReadScope(scope.connection, rules), _find_withheld)


def _find_withheld(scope: ReadScope) -> WithheldIds:
    def select_ids(query: Any) -> Select[int]:
        ids = sorted({key for key in scope.connection.scalars(query) if key is not None})
        return select(values_table(scope.connection, ids, "withheld")[1])

    articles = select_ids(union(*_select_blocked_articles(scope.exclude)))
    named = select(_NAMED.c.url_id).where(_NAMED.c.id.in_(articles))
    pages = select_ids(select(_READ.c.url_id).where(_READ.c.article_id.in_(articles)).union(named))
    return WithheldIds(articles, pages, select_ids(_select_pictures(articles, pages)))


def _select_pictures(articles: Select[int], pages: Select[int]) -> Select[int]:
    """Return the ids of URLs of pictures and media that are of these articles, whose pages are given, alone."""
    lead = select(_LEAD.c.image_url_id).where(_LEAD.c.article_id.in_(articles))
    placed = select(_PLACED.c.url_id).join(_LEAD, _LEAD.c.id == _PLACED.c.version_id)
    is_placed = _PLACED.c.url_id == _PICTURE.c.url_id
    elsewhere = or_(
        exists().where(_LEAD.c.image_url_id == _PICTURE.c.url_id, _LEAD.c.article_id.not_in(articles)),
        placed.where(is_placed, _LEAD.c.article_id.not_in(articles)).exists(),
    )
    # A page that shows it, too, may be no article.
    named_first = exists().where(_EMBEDDED.c.url_id == _PLACED.c.url_id, _EMBEDDED.c.via_id.not_in(pages))
    alone = placed.where(_LEAD.c.article_id.in_(articles), ~named_first)
    named = select(_EMBEDDED.c.url_id).where(_EMBEDDED.c.via_id.in_(pages))
    is_named = or_(_MOVED.c.url_id.in_(named), _MOVED.c.url_id.in_(alone))
    targets = select(_MOVED.c.redirect_url_id).where(is_named, _MOVED.c.redirect_url_id.is_not(None))
    is_asset = exists().where(_EMBEDDED.c.url_id == _PICTURE.c.url_id, _EMBEDDED.c.kind == UrlKind.ASSET.value)
    is_media = or_(*(_PICTURE.c.mime.like(kind) for kind in _MEDIA_TYPES))
    is_moved = and_(_PICTURE.c.redirect_url_id.is_not(None), or_(is_asset, placed.where(is_placed).exists()))
    found = _PICTURE.c.url_id.in_(union(named, alone, targets, lead))
    return select(_PICTURE.c.url_id).where(found, or_(is_media, is_moved), ~elsewhere)


def _embargoed_articles(site_id: int, until: datetime) -> Select[int]:
    late = or_(_LATE.c.first_seen_at > until, _LATE.c.dated_at > until)
    return select(_LATE.c.id).where(_LATE.c.site_id == site_id, late)


def _load_embargoes(scope: ReadScope) -> list[tuple[int, datetime]]:
    ids = load_site_ids(scope.connection, (name for name, _ in scope.exclude.embargoes))
    return [(ids[name], until) for name, until in scope.exclude.embargoes if name in ids]


def _load_hidden(scope: ReadScope) -> list[int]:
    return sorted(load_site_ids(scope.connection, scope.exclude.hidden).values())


def visible_captures(scope: ReadScope, captures: Any = CaptureRow.__table__) -> Conditions:
    """Return conditions on visible captures (the table or an alias of it)."""
    if not scope.exclude:
        return []
    conditions, elsewhere, article_id = Conditions(), Conditions(), captures.c.article_id
    if scope.exclude.urlkeys:
        blocked = _BLOCKED.c.id == captures.c.url_id, prefix_condition(_BLOCKED.c.urlkey, scope.exclude.urlkeys)
        conditions.append(~exists().where(*blocked))
    if scope.exclude.urlkeys or scope.exclude.noarchive:
        withheld = _load_withheld(scope)
        conditions.append(or_(article_id.is_(None), article_id.not_in(withheld.articles)))
        conditions.append(or_(article_id.is_not(None), captures.c.url_id.not_in(withheld.pictures)))
        elsewhere.append(prefix_condition(_TARGET.c.urlkey, scope.exclude.urlkeys))
    if hidden := _load_hidden(scope):
        conditions.append(captures.c.site_id.not_in(hidden))
        elsewhere.append(_TARGET.c.site_id.in_(hidden))
    for site_id, until in _load_embargoes(scope):
        late = captures.c.fetched_at > until
        shown = and_(article_id.is_not(None), article_id.in_(_embargoed_articles(site_id, until)))
        conditions.append(~and_(captures.c.site_id == site_id, or_(late, shown)))
        elsewhere.append(and_(_TARGET.c.site_id == site_id, late))
    if elsewhere:
        conditions.append(~exists().where(_TARGET.c.id == captures.c.redirect_url_id, or_(*elsewhere)))
    return conditions


def select_withheld_captures(scope: ReadScope) -> Any:
    """Return a selection of the ids of captures that are not visible, by keys; all of hidden sites are left out."""
    withheld = _load_withheld(scope)
    blocked = select(_BLOCKED.c.id).where(prefix_condition(_BLOCKED.c.urlkey, scope.exclude.urlkeys))
    parts = [
        select(_HELD.c.id).where(_HELD.c.url_id.in_(blocked.union(withheld.pictures))),
        select(_HELD.c.id).where(_HELD.c.article_id.in_(withheld.articles)),
        select(_HELD.c.id).where(_HELD.c.redirect_url_id.in_(blocked)),
    ]
    hidden = _load_hidden(scope)
    targets: Conditions = [_TARGET.c.site_id.in_(hidden)] if hidden else []
    for site_id, until in _load_embargoes(scope):
        late, of_site = _HELD.c.fetched_at > until, select(_HELD.c.id).where(_HELD.c.site_id == site_id)
        parts += [of_site.where(late), of_site.where(_HELD.c.article_id.in_(_embargoed_articles(site_id, until)))]
        targets.append(and_(_TARGET.c.site_id == site_id, late))
    redirects = select(_HELD.c.id).join(_TARGET, _TARGET.c.id == _HELD.c.redirect_url_id)
    return union(*parts, *(redirects.where(target) for target in targets))


def visible_articles(scope: ReadScope) -> Conditions:
    """Return conditions on visible articles."""
    conditions: Conditions = []
    if scope.exclude.urlkeys or scope.exclude.noarchive:
        conditions.append(ArticleRow.id.not_in(_load_withheld(scope).articles))
    if hidden := _load_hidden(scope):
        conditions.append(ArticleRow.site_id.not_in(hidden))
    return conditions + [
        ~and_(ArticleRow.site_id == site_id, or_(ArticleRow.first_seen_at > until, ArticleRow.dated_at > until))
        for site_id, until in _load_embargoes(scope)
    ]


def select_withheld_articles(scope: ReadScope) -> Any:
    """Return a selection of the ids of withheld articles."""
    parts = [_load_withheld(scope).articles]
    parts += [_embargoed_articles(site_id, until) for site_id, until in _load_embargoes(scope)]
    parts.append(select(_LATE.c.id).where(_LATE.c.site_id.in_(_load_hidden(scope))))
    return union(*parts)


def visible_targets(scope: ReadScope) -> Conditions:
    """Return conditions on URLs that links may name.

    A URL of a site under an embargo may not be named if it was captured and no capture of it is visible.
    """
    conditions: Conditions = []
    if scope.exclude.urlkeys or scope.exclude.noarchive:
        pages = _load_withheld(scope).pages
        conditions.append(~prefix_condition(UrlRow.urlkey, scope.exclude.urlkeys))
        conditions.append(UrlRow.urlkey.not_in(select(_SAME.c.urlkey).where(_SAME.c.id.in_(pages))))
    if hidden := _load_hidden(scope):
        conditions.append(or_(UrlRow.site_id.is_(None), UrlRow.site_id.not_in(hidden)))
    if embargoed := [site_id for site_id, _ in _load_embargoes(scope)]:
        same = and_(_SAME.c.urlkey == UrlRow.urlkey, _SAME.c.id == _FIRST.c.url_id)
        seen = exists().where(same, *visible_captures(scope, _FIRST))
        of_others = or_(UrlRow.site_id.is_(None), UrlRow.site_id.not_in(embargoed))
        conditions.append(or_(of_others, ~exists().where(same), seen))
    return conditions


def visible_versions(scope: ReadScope, versions: Any = VersionRow.__table__) -> Conditions:
    """Return conditions on visible versions (or an alias): the capture that they were read from is visible."""
    conditions = visible_captures(scope, _FIRST)
    return [exists().where(_FIRST.c.id == versions.c.capture_id, *conditions)] if conditions else []


def current_version(scope: ReadScope) -> ColumnElement[bool]:
    """Return a condition: the version is its article's current one; under an embargo the newest one before that."""
    limits = dict(_load_embargoes(scope))
    if not limits:
        return VersionRow.is_current.expression
    shown = select(_NEWEST.c.version_id).where(_NEWEST.c.article_id == ArticleRow.id, _NEWEST.c.version_id.is_not(None))
    newest = shown.order_by(_NEWEST.c.fetched_at.desc(), _NEWEST.c.record_id.desc()).limit(1).correlate(ArticleRow)
    embargoed = (
        and_(
            ArticleRow.site_id == site_id,
            VersionRow.id == newest.where(_NEWEST.c.fetched_at <= until).scalar_subquery(),
        )
        for site_id, until in limits.items()
    )
    return or_(and_(ArticleRow.site_id.not_in(sorted(limits)), VersionRow.is_current), *embargoed)


def filter_conditions(scope: ReadScope, filters: Filters) -> Conditions:
    """Return conditions on articles joined with versions. Filters of texts are not among them: they need a search."""
    conditions = visible_articles(scope) + visible_versions(scope)
    if filters.site is not None:
        conditions.append(ArticleRow.site_id.in_(load_site_ids(scope.connection, list_values(filters.site)).values()))
    conditions += conditions_on_time(ArticleRow.dated_at, filters.since, filters.until)
    if filters.articles is not None:
        conditions.append(ArticleRow.id.in_(filters.articles))
    return conditions
