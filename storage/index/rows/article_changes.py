"""Changes of articles: edits, and articles that were gone, moved or back, as rows that pages list and filter.

    looks     1 1 2 gone 2 1
    changes       ^ ^    ^ ^     edited, gone, back, edited

They are computed from all captures of an article's URLs, whatever the order in which these came. What kind of edit it
was is decided afterwards from the two texts, and again when one of the texts changes: `texts` tells them apart.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, union, update

from storage.grouping import group_by
from storage.index.engine.statements import IDS, build_query, fetch_by_ids, insert_rows
from storage.index.rows.duplicates import ROWS_SQL
from storage.index.schema.tables import ArticleRow, CaptureRow, ChangeRow, VersionRow
from storage.model import Outcome
from storage.observations import STATES_WITHOUT_TEXT, ChangeEvent, Look, look_of


def load_looks(
    connection: Connection, article_ids: Iterable[int], visible: Sequence[ColumnElement[bool]] = ()
) -> dict[int, list[Look]]:
    """Return the looks at articles in the order of time, from the captures of all their URLs."""
    looks: dict[int, list[Look]] = {}
    rows = fetch_by_ids(connection, _LOOKS.where(*visible), article_ids)
    for article_id, its_rows in group_by(rows, attrgetter("article")).items():
        own_urls = {row.url_id for row in its_rows}
        looks[article_id] = []
        numbers: dict[tuple[int, str], int] = {}
        for row in its_rows:
            if row.article_id in (article_id, None):
                number = row.number if row.article_id == article_id else None
                if number is not None and row.is_read:  # another reading of the same bytes is no edit
                    number = numbers.setdefault((row.url_id, row.payload), number)
                moved = row.redirect_url_id not in own_urls
                look = look_of(row.fetched_at, Outcome(row.outcome), number, is_moved=moved)
                if look is not None:
                    looks[article_id].append(look._replace(capture_id=row.id))
    return looks


_PLACES = union(
    select(CaptureRow.article_id.label("article"), CaptureRow.url_id.label("url")).where(
        CaptureRow.article_id.in_(IDS)
    ),
    select(ArticleRow.id, ArticleRow.url_id).where(ArticleRow.id.in_(IDS)),
).subquery()
"""The URLs of articles: the canonical one, and all that showed it."""
_PAYLOAD = func.coalesce(CaptureRow.payload_digest, CaptureRow.record_id).label("payload")
"""Digest by which captures of a URL with the same bytes are found."""
_LOOKS = (
    select(
        _PLACES.c.article, CaptureRow.id, CaptureRow.url_id, CaptureRow.fetched_at, CaptureRow.outcome,
        CaptureRow.article_id, CaptureRow.redirect_url_id, CaptureRow.is_read, _PAYLOAD, VersionRow.number,
    )
    .select_from(_PLACES)
    .join(CaptureRow, CaptureRow.url_id == _PLACES.c.url)
    .join(VersionRow, VersionRow.id == CaptureRow.version_id, isouter=True)
    .order_by(_PLACES.c.article, CaptureRow.fetched_at, CaptureRow.record_id)
)  # fmt: skip
_CHANGED = build_query(ROWS_SQL["changed-articles"], ["ids", "outcomes"])
_WITHOUT_TEXT = [outcome.value for outcome in STATES_WITHOUT_TEXT]
_STORED = build_query(ROWS_SQL["changes"], ["ids"], ["seen_at", "seen_before_at"])
_TEXTS = build_query(ROWS_SQL["digests-of-parts"], ["ids"])


def recompute_changes(connection: Connection, article_ids: Collection[int]) -> None:
    """Compute the changes of articles from all captures of their URLs; their versions are numbered already."""
    rows = fetch_by_ids(connection, _STORED, article_ids)
    stored = {(row.article_id, row.capture_id): row._asdict() for row in rows}
    changed = {article_id for article_id, _ in stored}
    changed.update(row[0] for row in fetch_by_ids(connection, _CHANGED, article_ids, outcomes=_WITHOUT_TEXT))
    rows = fetch_by_ids(connection, _TEXTS, changed)
    texts = {(row.article_id, row.number): f"{row.parts} {row.modified}" for row in rows}
    wanted = {
        (article_id, row["capture_id"]): row
        for article_id, looks in load_looks(connection, changed).items()
        for row in _changes(article_id, looks, texts)
    }
    for article_id, capture_id in sorted(key for key, row in stored.items() if wanted.get(key) != row):
        connection.execute(_DELETE, {"of": article_id, "capture": capture_id})
    new = [row | _NOT_COMPARED for key, row in sorted(wanted.items()) if stored.get(key) != row]
    insert_rows(connection, ChangeRow, new)


_DELETE = delete(ChangeRow).where(ChangeRow.article_id == bindparam("of"), ChangeRow.capture_id == bindparam("capture"))
_NOT_COMPARED: dict[str, Any] = {"kinds": None, "notice": None, "added": 0, "removed": 0, "older": None, "newer": None}


def _changes(article_id: int, looks: Iterable[Look], texts: Mapping[tuple[int, int], str]) -> Iterator[dict[str, Any]]:
    shown: int | None = None
    before: Look | None = None
    for look in looks:
        if shown is not None and before is not None and (look.state, look.version) != (before.state, before.version):
            event = ChangeEvent(look.state.value) if look.version is None else ChangeEvent.EDITED
            if look.version is not None and before.version is None:
                event = ChangeEvent.BACK
            both = f"{texts.get((article_id, shown))} {texts.get((article_id, look.version or shown))}"
            yield {
                "article_id": article_id, "capture_id": look.capture_id, "before_id": before.capture_id,
                "seen_at": look.at, "seen_before_at": before.at, "event": event.value, "number": look.version,
                "before_number": shown, "texts": hashlib.sha256(both.encode()).hexdigest()[:16],
            }  # fmt: skip
        shown = shown if look.version is None else look.version
        before = look


def store_edits(connection: Connection, edits: Sequence[Mapping[str, Any]]) -> None:
    """Store the classification of edits, unless their texts have changed meanwhile."""
    for edit in edits:
        same = (ChangeRow.article_id == edit["article_id"], ChangeRow.capture_id == edit["capture_id"])
        statement = update(ChangeRow).where(*same, ChangeRow.texts == edit["texts"], ChangeRow.kinds.is_(None))
        connection.execute(statement.values({name: edit[name] for name in _NOT_COMPARED}))
