"""Histories of articles: spans of looks, changes of metadata, and lists of changes, from all captures of their URLs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, tuple_

from storage.article_fields import ArticleFields, from_columns
from storage.grouping import group_pairs
from storage.index.conditions.visibility import conditions_on_time, load_site_ids, visible_articles, visible_captures
from storage.index.conditions.withheld import load_text_masks
from storage.index.engine.dialect import utc_day
from storage.index.engine.statements import IDS, AnySelect, batches
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
from storage.index.views.exclusions import Exclusions
from storage.index.views.history import ALL_CHANGES, ChangeFilters, ChangeView, EditToClassify
from storage.observations import MetadataEvent, ObservedSpan, build_spans

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


NO_HISTORY = ArticleHistory()


def load_histories(connection: Connection, exclude: Exclusions, ids: Sequence[int]) -> dict[int, ArticleHistory]:
    """Return the history of each article, from its visible captures."""
    histories: dict[int, ArticleHistory] = {}
    for some in batches(set(ids)):
        looks = load_looks(connection, some, visible_captures(connection, exclude))
        parts = group_pairs((row[0], (row[1], row[2] or "")) for row in connection.execute(_PARTS, {"ids": some}))
        changes = _load_changes(connection, exclude, some)
        for article_id in some:
            spans = build_spans(looks.get(article_id, ()), dict(parts.get(article_id, ())))
            histories[article_id] = ArticleHistory(spans, tuple(changes.get(article_id, ())))
    return histories


_PARTS = select(VersionRow.article_id, VersionRow.number, VersionRow.parts).where(
    VersionRow.article_id.in_(IDS), VersionRow.parts.is_not(None)
)


def _load_changes(connection: Connection, exclude: Exclusions, ids: Sequence[int]) -> dict[int, list[MetadataEvent]]:
    query = (
        select(
            MetadataChangeRow.article_id, MetadataChangeRow.field, MetadataChangeRow.old, MetadataChangeRow.new,
            _BEFORE.c.fetched_at, CaptureRow.fetched_at, _BEFORE.c.record_id, CaptureRow.record_id,
        )
        .join(CaptureRow, CaptureRow.id == MetadataChangeRow.capture_id)
        .join(_BEFORE, _BEFORE.c.id == MetadataChangeRow.before_id)
        .where(
            MetadataChangeRow.article_id.in_(IDS),
            and_(True, *visible_captures(connection, exclude), *visible_captures(connection, exclude, _BEFORE)),
        )
        .order_by(MetadataChangeRow.article_id, CaptureRow.fetched_at, CaptureRow.record_id, MetadataChangeRow.field)
    )  # fmt: skip
    rows = connection.execute(query, {"ids": list(ids)})
    return group_pairs((article_id, MetadataEvent(*values)) for article_id, *values in rows)


# Changes of all articles: a list that is filtered, and the edits whose kinds are still to be told.


def _is_version(versions: Any, number: Any) -> ColumnElement[bool]:
    """Return a condition: a row of versions is the article's version with a number, the first of its variants."""
    return and_(versions.c.article_id == ChangeRow.article_id, versions.c.number == number, ~versions.c.is_variant)


_SHOWN = VersionRow.__table__.alias("shown_versions")


def _select_changes(
    connection: Connection, exclude: Exclusions, filters: ChangeFilters, *columns: Any, with_text: bool
) -> AnySelect:
    """Select columns of changes; other tables are joined only where a condition needs them: counts read all rows."""
    query = select(*columns).select_from(ChangeRow)
    if with_text or exclude or filters.site is not None:
        query = query.join(ArticleRow, ArticleRow.id == ChangeRow.article_id)
    if filters.site is not None:
        query = query.where(ArticleRow.site_id.in_(load_site_ids(connection, list_values(filters.site)).values()))
    query = query.where(*visible_articles(connection, exclude))
    # An article with a capture of a blocked URL is withheld as a whole.
    if others := replace(exclude, urlkeys=()):
        query = query.join(CaptureRow, CaptureRow.id == ChangeRow.capture_id)
        query = query.join(_BEFORE, _BEFORE.c.id == ChangeRow.before_id)
        query = query.where(*visible_captures(connection, others), *visible_captures(connection, others, _BEFORE))
    if with_text or filters.section is not None or filters.author is not None:
        number = func.coalesce(ChangeRow.number, ChangeRow.before_number)
        query = query.join(_SHOWN, _is_version(_SHOWN, number))
    return query.where(*_change_conditions(filters))


def _change_conditions(filters: ChangeFilters) -> list[Any]:
    conditions: list[Any] = []
    for column, values in (
        (_SHOWN.c.section, filters.section), (ChangeRow.event, filters.event), (ChangeRow.notice, filters.notice),
    ):  # fmt: skip
        if values is not None:
            conditions.append(column.in_(list_values(values)))
    if filters.kind is not None:
        kinds = " " + func.coalesce(ChangeRow.kinds, "") + " "
        conditions.append(or_(*(kinds.contains(f" {kind} ", autoescape=True) for kind in list_values(filters.kind))))
    if filters.author is not None:
        written = select(VersionAuthorRow.version_id).join(AuthorRow, AuthorRow.id == VersionAuthorRow.author_id)
        conditions.append(_SHOWN.c.id.in_(written.where(AuthorRow.folded == fold_text(filters.author))))
    if filters.size is not None:
        conditions.append(ChangeRow.added + ChangeRow.removed >= filters.size)
    conditions += conditions_on_time(ChangeRow.seen_at, filters.since, filters.until)
    if filters.article_id is not None:
        conditions.append(ChangeRow.article_id == filters.article_id)
    if filters.records is not None:
        shown = select(_RECORDS.c.id).where(_RECORDS.c.record_id.in_(filters.records))
        conditions.append(ChangeRow.capture_id.in_(shown))
    return conditions


def list_changes(
    connection: Connection, exclude: Exclusions, filters: ChangeFilters = ALL_CHANGES, *, limit: int, offset: int = 0,
    after: ChangeView | None = None,
) -> tuple[ChangeView, ...]:  # fmt: skip
    """Return changes of articles, those seen last first; all, or those behind one."""
    columns = (
        *ChangeRow.__table__.c, SiteRow.name.label("site"), UrlRow.url, _SHOWN.c.id.label("version_id"),
        _SHOWN.c.headline, _SHOWN.c.language, _SHOWN.c.section,
    )  # fmt: skip
    query = _select_changes(connection, exclude, filters, *columns, with_text=True)
    by = (ChangeRow.seen_at, ChangeRow.article_id, ChangeRow.capture_id)
    if after is not None:
        query = query.where(ChangeRow.seen_at <= after.seen, tuple_(*by) < (after.seen, after.article, after.capture))
    rows = connection.execute(
        query.join(SiteRow, SiteRow.id == ArticleRow.site_id)
        .join(UrlRow, UrlRow.id == ArticleRow.url_id)
        .order_by(*(column.desc() for column in by))
        .limit(limit)
        .offset(offset)
    ).all()
    masks = load_text_masks(connection, exclude, sorted({row.version_id for row in rows}))
    return tuple(
        ChangeView(
            article=row.article_id, url=row.url, site=row.site, headline=row.headline, section=row.section,
            language=row.language, event=row.event, kinds=tuple((row.kinds or "").split()), notice=row.notice,
            seen_before=row.seen_before_at, seen=row.seen_at, version_before=row.before_number, version=row.number,
            added=row.added, removed=row.removed, before=row.older and masks[row.version_id].apply(row.older),
            after=row.newer and masks[row.version_id].apply(row.newer), capture=row.capture_id,
        )
        for row in rows
    )  # fmt: skip


def iter_changes(
    connection: Connection, exclude: Exclusions, filters: ChangeFilters, *, limit: int | None = None
) -> Iterator[ChangeView]:
    """Yield changes of articles, those seen last first; a bounded number is in memory."""
    left, last = 1 << 31 if limit is None else limit, None
    while some := list_changes(connection, exclude, filters, limit=min(_AT_ONCE, left), after=last):
        yield from some
        left, last = left - len(some), some[-1]


def count_changes(connection: Connection, exclude: Exclusions, filters: ChangeFilters = ALL_CHANGES) -> dict[date, int]:
    """Return the number of changes by the day (UTC) on which they were seen, newest first."""
    day = utc_day(connection, ChangeRow.seen_at)
    query = _select_changes(connection, exclude, filters, day, func.count(), with_text=False)
    counted = query.group_by(day).order_by(day.desc())
    return {date.fromisoformat(text): changes for text, changes in connection.execute(counted)}


def list_edits_to_classify(connection: Connection, limit: int) -> list[EditToClassify]:
    """Return changes whose kinds are not told yet, with the two texts of each."""
    rows = connection.execute(_UNCLASSIFIED.limit(limit)).all()
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


_OLDER, _NEWER = VersionRow.__table__.alias("older_versions"), VersionRow.__table__.alias("newer_versions")
_UNCLASSIFIED = (
    select(
        ChangeRow.article_id, ChangeRow.capture_id, ChangeRow.texts, ChangeRow.number, _OLDER.c.id.label("older_id"),
        _NEWER.c.id.label("newer_id"),
    )
    .join(_OLDER, _is_version(_OLDER, ChangeRow.before_number), isouter=True)
    .join(_NEWER, _is_version(_NEWER, ChangeRow.number), isouter=True)
    .where(ChangeRow.kinds.is_(None))
    .order_by(ChangeRow.article_id, ChangeRow.capture_id)
)  # fmt: skip
