"""Histories of articles: spans of looks, and changes of metadata, from all captures of their URLs."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select, union

from storage.index.conditions.visibility import visible_captures
from storage.index.engine.statements import IDS, AnyRow, batches
from storage.index.schema.tables import ArticleRow, CaptureRow, MetadataChangeRow, VersionRow
from storage.index.views.exclusions import Exclusions
from storage.model import Outcome
from storage.observations import MetadataEvent, ObservedSpan, build_spans, look_of

_BEFORE = CaptureRow.__table__.alias("captures_before")


@dataclass(frozen=True, slots=True)
class ArticleHistory:
    """History of one article."""

    spans: tuple[ObservedSpan, ...] = ()
    """Oldest first."""
    metadata_changes: tuple[MetadataEvent, ...] = ()
    """Oldest first."""


NO_HISTORY = ArticleHistory()


def load_histories(
    connection: Connection, exclude: Exclusions, article_ids: Sequence[int]
) -> dict[int, ArticleHistory]:
    """Return the history of each article, from its visible captures."""
    histories: dict[int, ArticleHistory] = {}
    for some in batches(set(article_ids)):
        looks = _load_looks(connection, exclude, some)
        parts = _load_parts(connection, some)
        changes = _load_changes(connection, exclude, some)
        for article_id in some:
            spans = _build_article_spans(article_id, looks.get(article_id, ()), parts.get(article_id, {}))
            histories[article_id] = ArticleHistory(spans, tuple(changes.get(article_id, ())))
    return histories


def _build_article_spans(article_id: int, rows: Sequence[AnyRow], parts: dict[int, str]) -> tuple[ObservedSpan, ...]:
    own_urls = {row.url_id for row in rows}
    looks = (
        look_of(
            row.fetched_at,
            Outcome(row.outcome),
            row.number if row.article_id == article_id else None,
            is_moved=row.redirect_url_id not in own_urls,
        )
        for row in rows
        if row.article_id in (article_id, None)
    )
    return build_spans((look for look in looks if look is not None), parts)


def _load_looks(connection: Connection, exclude: Exclusions, article_ids: Sequence[int]) -> dict[int, list[AnyRow]]:
    """Return the captures of all URLs of articles, in the order of time, with the numbers of versions."""
    shown = select(CaptureRow.article_id.label("article"), CaptureRow.url_id.label("url")).where(
        CaptureRow.article_id.in_(IDS)
    )
    places = union(shown, select(ArticleRow.id, ArticleRow.url_id).where(ArticleRow.id.in_(IDS))).subquery()
    query = (
        select(
            places.c.article, CaptureRow.url_id, CaptureRow.fetched_at, CaptureRow.outcome, CaptureRow.article_id,
            CaptureRow.redirect_url_id, VersionRow.number,
        )
        .select_from(places)
        .join(CaptureRow, CaptureRow.url_id == places.c.url)
        .join(VersionRow, VersionRow.id == CaptureRow.version_id, isouter=True)
        .where(*visible_captures(connection, exclude))
        .order_by(places.c.article, CaptureRow.fetched_at, CaptureRow.record_id)
    )  # fmt: skip
    looks: dict[int, list[AnyRow]] = {}
    for row in connection.execute(query, {"ids": list(article_ids)}):
        looks.setdefault(row.article, []).append(row)
    return looks


_PARTS = select(VersionRow.article_id, VersionRow.number, VersionRow.parts).where(
    VersionRow.article_id.in_(IDS), VersionRow.parts.is_not(None)
)


def _load_parts(connection: Connection, article_ids: Sequence[int]) -> dict[int, dict[int, str]]:
    """Return the digests of the parts of versions, by article and number."""
    parts: dict[int, dict[int, str]] = {}
    for row in connection.execute(_PARTS, {"ids": list(article_ids)}):
        parts.setdefault(row.article_id, {})[row.number] = row.parts
    return parts


def _load_changes(
    connection: Connection, exclude: Exclusions, article_ids: Sequence[int]
) -> dict[int, list[MetadataEvent]]:
    query = (
        select(
            MetadataChangeRow.article_id, MetadataChangeRow.field, MetadataChangeRow.old, MetadataChangeRow.new,
            CaptureRow.fetched_at, CaptureRow.record_id,
            _BEFORE.c.fetched_at.label("before_at"), _BEFORE.c.record_id.label("before_record"),
        )
        .join(CaptureRow, CaptureRow.id == MetadataChangeRow.capture_id)
        .join(_BEFORE, _BEFORE.c.id == MetadataChangeRow.before_id)
        .where(
            MetadataChangeRow.article_id.in_(IDS),
            and_(True, *visible_captures(connection, exclude), *visible_captures(connection, exclude, _BEFORE)),
        )
        .order_by(MetadataChangeRow.article_id, CaptureRow.fetched_at, CaptureRow.record_id, MetadataChangeRow.field)
    )  # fmt: skip
    changes: dict[int, list[MetadataEvent]] = {}
    for row in connection.execute(query, {"ids": list(article_ids)}):
        change = MetadataEvent(
            row.field, row.old, row.new, row.before_at, row.fetched_at, row.before_record, row.record_id
        )
        changes.setdefault(row.article_id, []).append(change)
    return changes
