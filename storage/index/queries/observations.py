"""Histories of articles: spans of looks, changes of metadata, and lists of changes, from all captures of their URLs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select, text, tuple_

from storage.article_fields import ArticleFields, from_columns
from storage.grouping import group_pairs
from storage.index.conditions.visibility import conditions_on_time, load_site_ids, visible_articles, visible_captures
from storage.index.conditions.withheld import TextMask, find_withheld_urls, load_mask, load_text_masks
from storage.index.engine.dialect import list_distinct, utc_day
from storage.index.engine.statements import IDS, AnySelect, batches, build_query, fetch_by_ids, load_statements
from storage.index.reader import Reader, ReadScope
from storage.index.rows.article_changes import load_looks
from storage.index.rows.version_parts import load_authors, load_paragraphs
from storage.index.schema.tables import (
    ArticleRow,
    AuthorRow,
    CaptureRow,
    ChangeRow,
    MetadataChangeRow,
    SiteRow,
    UrlRow,
    VersionAuthorRow,
    VersionRow,
)
from storage.index.text.analyzer import fold_text
from storage.index.views.articles import list_values
from storage.index.views.history import ALL_CHANGES, ChangeFilters, ChangeView, EditToClassify, FoundChanges
from storage.observations import CHANGED_BACK, MetadataEvent, MetadataField, ObservedSpan, build_spans

_BEFORE = CaptureRow.__table__.alias("captures_before")
_RECORDS = CaptureRow.__table__.alias("captures_of_records")
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ArticleHistory:
    """History of one article."""

    spans: tuple[ObservedSpan, ...] = ()
    """Oldest first."""
    metadata_changes: tuple[MetadataEvent, ...] = ()
    """Oldest first."""


def load_histories(scope: ReadScope, ids: Sequence[int]) -> dict[int, ArticleHistory]:
    """Return the history of each article, from its visible captures."""
    wanted = set(ids)
    looks = load_looks(scope.connection, wanted, visible_captures(scope))
    parts = group_pairs((row[0], (row[1], row[2] or "")) for row in fetch_by_ids(scope.connection, _PARTS, wanted))
    changes, histories = _load_changes(scope, wanted), dict[int, ArticleHistory]()
    for article_id in wanted:
        spans = build_spans(looks.get(article_id, ()), dict(parts.get(article_id, ())))
        histories[article_id] = ArticleHistory(spans, tuple(changes.get(article_id, ())))
    return histories


def _load_changes(scope: ReadScope, ids: Iterable[int]) -> dict[int, list[MetadataEvent]]:
    query = (
        select(
            MetadataChangeRow.article_id, MetadataChangeRow.field, MetadataChangeRow.old, MetadataChangeRow.new,
            _BEFORE.c.fetched_at, CaptureRow.fetched_at, _BEFORE.c.record_id, CaptureRow.record_id,
        )
        .join(CaptureRow, CaptureRow.id == MetadataChangeRow.capture_id)
        .join(_BEFORE, _BEFORE.c.id == MetadataChangeRow.before_id)
        .where(
            MetadataChangeRow.article_id.in_(IDS),
            and_(True, *visible_captures(scope), *visible_captures(scope, _BEFORE)),
        )
        .order_by(MetadataChangeRow.article_id, CaptureRow.fetched_at, CaptureRow.record_id, MetadataChangeRow.field)
    )  # fmt: skip
    events = [(row[0], MetadataEvent(*row[1:])) for row in fetch_by_ids(scope.connection, query, ids)]
    images = {url for _, each in events if each.field == MetadataField.IMAGE for url in (each.old, each.new) if url}
    withheld = find_withheld_urls(scope, images)
    mask = load_mask(scope, withheld) if events else TextMask()
    shown = ((one, each) for one, each in events if withheld.isdisjoint((each.old, each.new)))
    return group_pairs((one, each) for one, each in shown if not mask.names_withheld(f"{each.old}; {each.new}"))


# Changes of all articles: a list that is filtered, and the edits whose kinds are still to be told.


def _is_version(versions: Any, number: Any) -> ColumnElement[bool]:
    """Return a condition: a row of versions is the one that counts of those of the article with a number."""
    return and_(versions.c.article_id == ChangeRow.article_id, versions.c.number == number, ~versions.c.is_variant)


_SHOWN, _OLDER = VersionRow.__table__.alias("shown_versions"), VersionRow.__table__.alias("older_versions")
_IS_SHOWN = _is_version(_SHOWN, func.coalesce(ChangeRow.number, ChangeRow.before_number))
_KEY = (ChangeRow.seen_at, ChangeRow.article_id, ChangeRow.capture_id)
"""By which changes are ordered; time is the first column, as an index has it."""
_FEW, _MOST = 2_000, 5_000
"""Articles, or their versions, of which all changes are read; changes that are read where there are more."""


def _select_changes(scope: ReadScope, filters: ChangeFilters) -> tuple[AnySelect, bool]:
    """Select times and keys of changes, the last first; and return True if these are found by a few articles.

    Conditions on other tables are subqueries: joined, these tables would be read first, and whole.
    """
    conditions, is_few = _filter_articles(scope.connection, filters)
    query = select(*_KEY).where(*_change_conditions(scope, filters), *conditions)
    if scope.exclude:
        shown = ArticleRow.id == ChangeRow.article_id, *visible_articles(scope)
        query = query.where(select(ArticleRow.id).where(*shown).exists())
    # An article with a capture of a blocked URL is withheld as a whole.
    if others := replace(scope.exclude, urlkeys=()):
        for captures, key in ((CaptureRow.__table__, ChangeRow.capture_id), (_BEFORE, ChangeRow.before_id)):
            visible = captures.c.id == key, *visible_captures(ReadScope(scope.connection, others), captures)
            query = query.where(select(captures.c.id).where(*visible).exists())
    return query.order_by(*(column.desc() for column in _KEY)), is_few


def _filter_articles(connection: Connection, filters: ChangeFilters) -> tuple[list[ColumnElement[bool]], bool]:
    """Return conditions on the site of changes, and on the section and author of the versions that they show."""
    chosen: list[tuple[AnySelect, ColumnElement[bool]]] = []
    if filters.site is not None:
        ids = load_site_ids(connection, list_values(filters.site)).values()
        articles = select(ArticleRow.id).where(ArticleRow.site_id.in_(ids))
        chosen.append((articles, articles.where(ArticleRow.id == ChangeRow.article_id).exists()))
    if filters.section is not None:
        wanted = {fold_text(name) for name in list_values(filters.section)}
        printed = [name for name in list_distinct(connection, VersionRow.section) if fold_text(name) in wanted]
        shown = select(_SHOWN.c.id).where(_IS_SHOWN, _SHOWN.c.section.in_(printed))
        chosen.append((select(VersionRow.article_id).where(VersionRow.section.in_(printed)), shown.exists()))
    if filters.author is not None:
        named = AuthorRow.id == VersionAuthorRow.author_id, AuthorRow.folded == fold_text(filters.author)
        shown = select(_SHOWN.c.id).where(_IS_SHOWN, VersionAuthorRow.version_id == _SHOWN.c.id, *named)
        written = select(VersionRow.article_id).where(VersionRow.id == VersionAuthorRow.version_id, *named)
        chosen.append((written, shown.exists()))
    conditions = [condition for _, condition in chosen]
    for articles, _ in chosen:
        if connection.scalar(articles.limit(1).offset(_FEW)) is None:
            return [ChangeRow.article_id.in_(articles), *conditions], True
    return conditions, filters.article_id is not None or filters.records is not None


def _change_conditions(scope: ReadScope, filters: ChangeFilters) -> list[Any]:
    lists = ((ChangeRow.event, filters.event), (ChangeRow.notice, filters.notice))
    conditions: list[Any] = [column.in_(list_values(values)) for column, values in lists if values is not None]
    if filters.kind is not None:
        kinds = " " + func.coalesce(ChangeRow.kinds, "") + " "
        wanted = list_values(filters.kind)
        back = [_is_changed_back(scope)] * (CHANGED_BACK in wanted)
        conditions.append(or_(false(), *(kinds.contains(f" {kind} ", autoescape=True) for kind in wanted), *back))
    if filters.size is not None:
        conditions.append(ChangeRow.added + ChangeRow.removed >= filters.size)
    conditions += conditions_on_time(ChangeRow.seen_at, filters.since, filters.until)
    if filters.article_id is not None:
        conditions.append(ChangeRow.article_id == filters.article_id)
    if filters.records is not None:
        shown = select(_RECORDS.c.id).where(_RECORDS.c.record_id.in_(filters.records))
        conditions.append(ChangeRow.capture_id.in_(shown))
    return conditions


def _is_changed_back(scope: ReadScope) -> ColumnElement[bool]:
    """Return a condition: another version was shown last, and a visible capture before shows this one."""
    earlier = select(CaptureRow.id).join(VersionRow, VersionRow.id == CaptureRow.version_id)
    same = (VersionRow.article_id == ChangeRow.article_id, VersionRow.number == ChangeRow.number)
    earlier = earlier.where(*same, CaptureRow.fetched_at < ChangeRow.seen_at, *visible_captures(scope))
    return and_(ChangeRow.number != ChangeRow.before_number, earlier.exists())


def list_changes(
    scope: ReadScope, filters: ChangeFilters = ALL_CHANGES, *, limit: int, after: ChangeView | None = None
) -> tuple[ChangeView, ...]:
    """Return changes of articles, those seen last first; all, or those behind one."""
    query, _ = _select_changes(scope, filters)
    if after is not None:
        last = (after.seen, after.article, after.capture)
        query = query.where(ChangeRow.seen_at <= after.seen, tuple_(*_KEY) < last)
    return _load_changes_by_key(scope, scope.connection.execute(query.limit(limit)).all())


_VIEWS = (
    select(
        *ChangeRow.__table__.c, SiteRow.name.label("site"), UrlRow.url, _SHOWN.c.id.label("version_id"),
        func.coalesce(_OLDER.c.id, _SHOWN.c.id).label("older_id"), _SHOWN.c.headline, _SHOWN.c.language,
        _SHOWN.c.section,
    )
    .join(ArticleRow, ArticleRow.id == ChangeRow.article_id)
    .join(_SHOWN, _IS_SHOWN)
    .join(_OLDER, _is_version(_OLDER, ChangeRow.before_number), isouter=True)
    .join(SiteRow, SiteRow.id == ArticleRow.site_id)
    .join(UrlRow, UrlRow.id == ArticleRow.url_id)
    .where(ChangeRow.capture_id.in_(IDS))
)  # fmt: skip


def _load_changes_by_key(scope: ReadScope, keys: Iterable[Sequence[Any]]) -> tuple[ChangeView, ...]:
    wanted = [(article_id, capture_id) for _, article_id, capture_id in keys]
    views = _VIEWS.add_columns(_is_changed_back(scope).label("is_back"))
    rows = fetch_by_ids(scope.connection, views, {capture_id for _, capture_id in wanted})
    found = {(row.article_id, row.capture_id): row for row in rows}
    rows = [found[key] for key in wanted if key in found]
    shown = {version for row in rows for version in (row.older_id, row.version_id)}
    masks = load_text_masks(scope, sorted(shown))
    return tuple(
        ChangeView(
            article=row.article_id, url=row.url, site=row.site, headline=row.headline, section=row.section,
            language=row.language, event=row.event, notice=row.notice,
            kinds=(CHANGED_BACK,) * bool(row.is_back) + tuple((row.kinds or "").split()),
            seen_before=row.seen_before_at, seen=row.seen_at, version_before=row.before_number, version=row.number,
            added=row.added, removed=row.removed, before=row.older and masks[row.older_id].apply(row.older),
            after=row.newer and masks[row.version_id].apply(row.newer), capture=row.capture_id,
        )
        for row in rows
    )  # fmt: skip


def find_changes(
    scope: ReadScope, filters: ChangeFilters = ALL_CHANGES, *, limit: int, offset: int = 0, most: int = _MOST
) -> FoundChanges:
    """Return a page of changes with the numbers of all by day: of all, or of the last days, which have `most` of them.

    The days are whole. Changes that the filters leave out are among the `most`, unless they select few articles.
    """
    query, is_few = _select_changes(scope, filters)
    since = None if is_few else _limit_days(scope.connection, filters, most)
    query = query if since is None else query.where(ChangeRow.seen_at >= since)
    # The day as text: thousands of times are not made objects to be counted.
    query = query.with_only_columns(utc_day(scope.connection, ChangeRow.seen_at), *_KEY[1:])
    keys = scope.connection.execute(query).all()
    return FoundChanges(
        total=len(keys),
        days={date.fromisoformat(day): count for day, count in Counter(day for day, _, _ in keys).items()},
        changes=_load_changes_by_key(scope, keys[offset : offset + limit]),
        since=since and since.date(),
    )


def _limit_days(connection: Connection, filters: ChangeFilters, most: int) -> datetime | None:
    """Return the beginning of the last days that have no more changes than `most`, or one day; None if all have."""
    at = ChangeRow.seen_at
    times = select(at).where(*conditions_on_time(at, filters.since, filters.until)).order_by(at.desc()).limit(1)
    newest, last = (connection.scalar(times.offset(place)) for place in (0, most))
    if newest is None or last is None:
        return None
    begin, end = (at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) for at in (last, newest))
    return min(begin + timedelta(days=1), end)


def iter_changes(reader: Reader, filters: ChangeFilters, *, limit: int | None = None) -> Iterator[ChangeView]:
    """Yield changes of articles, those seen last first; a bounded number is in memory."""
    return islice(reader.walk(lambda scope, last: list_changes(scope, filters, limit=_AT_ONCE, after=last)), limit)


def list_edits_to_classify(connection: Connection, limit: int) -> list[EditToClassify]:
    """Return changes whose kinds are not told yet, with the two texts of each."""
    rows = connection.execute(text(_SQL["unclassified"]), {"limit": limit}).all()
    versions = {version_id for row in rows for version_id in (row.older_id, row.newer_id) if row.number}
    # Without what is no text: addresses, tags, links and the picture.
    texts: dict[int, ArticleFields] = {}
    for some in batches(version_id for version_id in versions if version_id is not None):
        authors, paragraphs = load_authors(connection, some), load_paragraphs(connection, some)
        for row in connection.execute(select(VersionRow.__table__).where(VersionRow.id.in_(some))):
            texts[row.id] = ArticleFields(
                url="", canonical_url="", authors=authors[row.id], tags=(), links=(), image=None,
                all_paragraphs=tuple(paragraphs[row.id]), **from_columns(row),
            )  # fmt: skip
    return [
        EditToClassify(
            article_id=row.article_id, capture_id=row.capture_id, texts=row.texts,
            older=texts.get(row.older_id) if row.older_id != row.newer_id else None,
            newer=texts.get(row.newer_id) if row.older_id != row.newer_id else None,
        )
        for row in rows
    ]  # fmt: skip


_SQL = load_statements("storage.index.queries", "queries.sql")
_PARTS = build_query(_SQL["parts"], ["ids"])
