"""Histories of articles: spans of looks, and changes of metadata, from all captures of their URLs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, select

from storage.index.conditions.visibility import visible_captures
from storage.index.engine.statements import batches
from storage.index.rows.article_changes import load_looks
from storage.index.schema.tables import CaptureRow, MetadataChangeRow, VersionRow
from storage.index.views.exclusions import Exclusions
from storage.observations import MetadataEvent, ObservedSpan, build_spans

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
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
        looks = load_looks(connection, some, visible_captures(connection, exclude))
        parts = _load_parts(connection, some)
        changes = _load_changes(connection, exclude, some)
        histories.update(
            (
                article_id,
                ArticleHistory(
                    build_spans((each.look for each in looks.get(article_id, ())), parts.get(article_id, {})),
                    tuple(changes.get(article_id, ())),
                ),
            )
            for article_id in some
        )
    return histories


_PARTS = select(VersionRow.article_id, VersionRow.number, VersionRow.parts).where(
    VersionRow.article_id.in_(_IDS), VersionRow.parts.is_not(None)
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
            MetadataChangeRow.article_id.in_(_IDS),
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
