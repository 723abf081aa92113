"""Articles: which one a capture shows, and what all captures together say of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, CompoundSelect, Connection, bindparam, func, select, union, update

from storage.index.engine.database import AnySelect, insert_rows, reserve_ids
from storage.index.rows.entry import Entry
from storage.index.schema.tables import ArticleRow, CaptureRow, VersionRow
from storage.model import Outcome

_STATES = {Outcome.GONE.value: "gone", Outcome.REDIRECT.value: "moved"}


def assign_articles(connection: Connection, entries: Sequence[Entry], urls: Mapping[str, int]) -> int:
    """Give each entry that shows an article its id; returns how many articles are new."""
    showing: dict[tuple[int, int], list[Entry]] = {}
    for entry in entries:
        if entry.article:
            showing.setdefault((entry.site_id, urls[entry.article.canonical_url]), []).append(entry)
    if not showing:
        return 0
    ids = article_ids(connection, showing)
    new = sorted(set(showing) - set(ids))
    for key, article_id in zip(new, reserve_ids(connection, ArticleRow, len(new)), strict=True):
        ids[key] = article_id
    rows = [{"id": ids[key], "site_id": key[0], "url_id": key[1], **_first_told(showing[key])} for key in new]
    if insert_rows(connection, ArticleRow, rows, once_by=["site_id", "url_id"]) < len(rows):
        ids = article_ids(connection, showing)
    for key, its_entries in showing.items():
        for entry in its_entries:
            entry.article_id = ids[key]
    return len(new)


def _first_told(entries: Sequence[Entry]) -> dict[str, Any]:
    """What captures say of an article that the index does not hold: most often `recompute` has nothing to add."""
    first, last = min(entries, key=_ORDER), max(entries, key=_ORDER)
    published = last.article.published if last.article else None
    return {
        "first_seen_at": first.capture.fetched_at, "last_seen_at": last.capture.fetched_at,
        "dated_at": published.at if published else first.capture.fetched_at, "state": "live",
    }  # fmt: skip


_ORDER = attrgetter("order")


def article_ids(connection: Connection, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Ids of articles that are held, by site and canonical URL."""
    wanted = set(keys)
    rows = connection.execute(_BY_URL, {"urls": sorted({url_id for _, url_id in wanted})})
    return {(row.site_id, row.url_id): row.id for row in rows if (row.site_id, row.url_id) in wanted}


_BY_URL = select(ArticleRow.site_id, ArticleRow.url_id, ArticleRow.id).where(
    ArticleRow.url_id.in_(bindparam("urls", expanding=True))
)


_HELD_STILL = (
    select(ArticleRow.id)
    .where(ArticleRow.id.in_(bindparam("ids", expanding=True)))
    .order_by(ArticleRow.id)
    .with_for_update(key_share=True)
)


_CHANGE = (
    update(ArticleRow)
    .where(ArticleRow.id == bindparam("of"))
    .values({name: bindparam(name) for name in ("first_seen_at", "last_seen_at", "dated_at", "state")})
)


_COUNT_AGAIN = (
    update(VersionRow)
    .where(VersionRow.article_id.in_(bindparam("ids", expanding=True)), VersionRow.counted)
    .values(counted=False)
)
"""When a paragraph was seen first and last is told by the dates of the articles that carry it."""


class _Fact(NamedTuple):
    first: datetime
    last: datetime
    current: int


def recompute(connection: Connection, article_ids: Iterable[int]) -> list[int]:
    """Draw anew what all captures of these articles say: dates, state, current version, version numbers.

    Returns the articles whose date changed.
    """
    ids = sorted(set(article_ids))
    if not ids:
        return []
    if connection.dialect.name == "postgresql":
        # What another writer's captures say of them is waited for, or its word or ours would be lost.
        connection.execute(_HELD_STILL, {"ids": ids})
    facts = _facts(connection, ids)
    states = _newest_outcomes(connection, ids)
    published = _order_versions(connection, facts)
    changed: list[dict[str, Any]] = []
    moved: list[int] = []
    for row in connection.execute(_STORED, {"ids": ids}):
        fact = facts.get(row.id)
        if fact is None:
            continue
        state = _STATES.get(states[row.id], "live")
        dated = published[row.id] or fact.first
        if dated != row.dated_at:
            moved.append(row.id)
        now = (fact.first, fact.last, dated, state)
        if now != (row.first_seen_at, row.last_seen_at, row.dated_at, row.state):
            changed.append(
                {
                    "of": row.id,
                    "first_seen_at": fact.first,
                    "last_seen_at": fact.last,
                    "dated_at": dated,
                    "state": state,
                }
            )
    if changed:
        changed.sort(key=lambda row: row["of"])
        connection.execute(_CHANGE, changed)
    if moved:
        connection.execute(_COUNT_AGAIN, {"ids": moved})
    return moved


def touched_articles(connection: Connection, entries: Sequence[Entry]) -> set[int]:
    """Articles of which these captures say something: those they show, and those whose URLs they are of."""
    url_ids = sorted({entry.url_id for entry in entries})
    wanted = {"urls": url_ids}
    touched = {article_id for article_id in connection.scalars(_TOUCHED, wanted) if article_id is not None}
    return touched | {entry.article_id for entry in entries if entry.article_id is not None}


def _facts(connection: Connection, ids: Sequence[int]) -> dict[int, _Fact]:
    rows = connection.execute(_newest_showing(), {"ids": list(ids)})
    return {row.article_id: _Fact(row.first, row.last, row.version_id) for row in rows}


def _newest_outcomes(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Outcome of the newest capture over an article's URLs: the canonical one and all that have shown it."""
    return {row.article: row.outcome for row in connection.execute(_newest_of_urls(), {"ids": list(ids)})}


@cache
def _newest_showing() -> AnySelect:
    article, at = CaptureRow.article_id, CaptureRow.fetched_at
    newest_first = (at.desc(), CaptureRow.record_id.desc())
    ranked = (
        select(
            article,
            CaptureRow.version_id,
            func.min(at).over(partition_by=article).label("first"),
            func.max(at).over(partition_by=article).label("last"),
            func.row_number().over(partition_by=article, order_by=newest_first).label("place"),
        )
        .where(article.in_(_IDS))
        .subquery()
    )
    return select(ranked).where(ranked.c.place == 1)


@cache
def _newest_of_urls() -> AnySelect:
    shown = select(CaptureRow.article_id.label("article"), CaptureRow.url_id.label("url")).where(
        CaptureRow.article_id.in_(_IDS)
    )
    places = union(shown, select(ArticleRow.id, ArticleRow.url_id).where(ArticleRow.id.in_(_IDS))).subquery()
    newest_first = (CaptureRow.fetched_at.desc(), CaptureRow.record_id.desc())
    place = func.row_number().over(partition_by=places.c.article, order_by=newest_first)
    ranked = (
        select(places.c.article, CaptureRow.outcome, place.label("place"))
        .join(CaptureRow, CaptureRow.url_id == places.c.url)
        .subquery()
    )
    return select(ranked.c.article, ranked.c.outcome).where(ranked.c.place == 1)


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_URLS: BindParameter[Any] = bindparam("urls", expanding=True)
_STORED = select(
    ArticleRow.id, ArticleRow.first_seen_at, ArticleRow.last_seen_at, ArticleRow.dated_at, ArticleRow.state
).where(ArticleRow.id.in_(_IDS))
_TOUCHED: CompoundSelect[int | None] = union(
    select(CaptureRow.article_id).where(CaptureRow.url_id.in_(_URLS), CaptureRow.article_id.is_not(None)),
    select(ArticleRow.id).where(ArticleRow.url_id.in_(_URLS)),
)
_IN_ORDER = (
    select(VersionRow.id, VersionRow.article_id, VersionRow.number, VersionRow.current, VersionRow.published_at)
    .join(CaptureRow, CaptureRow.id == VersionRow.capture_id)
    .where(VersionRow.article_id.in_(_IDS))
    .order_by(VersionRow.article_id, CaptureRow.fetched_at, CaptureRow.record_id)
)


_RENUMBER = (
    update(VersionRow)
    .where(VersionRow.id == bindparam("of"))
    # Whether articles are one story is told by their current versions.
    .values(number=bindparam("number"), current=bindparam("current"), counted=False)
)


def _order_versions(connection: Connection, facts: Mapping[int, _Fact]) -> dict[int, datetime | None]:
    """Number each article's versions by their first captures, mark the current one; returns its publication date."""
    rows = connection.execute(_IN_ORDER, {"ids": list(facts)})
    published: dict[int, datetime | None] = {}
    changes: list[dict[str, Any]] = []
    article_id, number = 0, 0
    for row in rows:
        number = number + 1 if row.article_id == article_id else 1
        article_id = row.article_id
        current = row.id == facts[article_id].current
        if current:
            published[article_id] = row.published_at
        if (number, current) != (row.number, row.current):
            changes.append({"of": row.id, "number": number, "current": current})
    if changes:
        connection.execute(_RENUMBER, changes)
    return published
