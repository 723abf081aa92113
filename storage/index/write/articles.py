"""Articles: the one that a capture shows, and its fields by all captures together."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Connection,
    bindparam,
    func,
    or_,
    select,
    union,
    update,
)

from storage.index.engine.dialect import lock_rows
from storage.index.engine.statements import AnySelect, insert_rows, reserve_ids
from storage.index.rows.entry import CommitEntry
from storage.index.schema.tables import ArticleRow, CaptureRow, VersionRow
from storage.model import Outcome

_STATES = {Outcome.GONE.value: "gone", Outcome.REDIRECT.value: "moved"}


def ensure_articles(
    connection: Connection, showing: Mapping[tuple[int, int], Sequence[CommitEntry]]
) -> tuple[dict[tuple[int, int], int], int]:
    """Return the ids of the articles of pages, given with their new captures, and how many of them are new."""
    if not showing:
        return {}, 0
    ids = article_ids(connection, showing)
    new = sorted(set(showing) - set(ids))
    for key, article_id in zip(new, reserve_ids(connection, ArticleRow, len(new)), strict=True):
        ids[key] = article_id
    rows = [{"id": ids[key], "site_id": key[0], "url_id": key[1], **_initial_values(showing[key])} for key in new]
    if insert_rows(connection, ArticleRow, rows, conflict_columns=["site_id", "url_id"]) < len(rows):
        ids = article_ids(connection, showing)
    return ids, len(new)


def _initial_values(entries: Sequence[CommitEntry]) -> dict[str, Any]:
    """Return the fields of a new article by the captures of its batch; mostly `recompute_articles` changes nothing."""
    first, last = min(entries, key=_ORDER), max(entries, key=_ORDER)
    published = last.article.published if last.article else None
    return {
        "first_seen_at": first.capture.fetched_at, "last_seen_at": last.capture.fetched_at,
        "dated_at": published.at if published else first.capture.fetched_at, "state": "live",
    }  # fmt: skip


_ORDER = attrgetter("sort_key")


def article_ids(connection: Connection, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Return the ids of existing articles, by site and canonical URL."""
    wanted = set(keys)
    rows = connection.execute(_BY_URL, {"urls": sorted({url_id for _, url_id in wanted})})
    return {(row.site_id, row.url_id): row.id for row in rows if (row.site_id, row.url_id) in wanted}


_BY_URL = select(ArticleRow.site_id, ArticleRow.url_id, ArticleRow.id).where(
    ArticleRow.url_id.in_(bindparam("urls", expanding=True))
)


_UPDATE_ARTICLE = (
    update(ArticleRow)
    .where(ArticleRow.id == bindparam("of"))
    .values({name: bindparam(name) for name in ("first_seen_at", "last_seen_at", "dated_at", "state")})
)


_MARK_UNCOUNTED = (
    update(VersionRow)
    .where(VersionRow.article_id.in_(bindparam("ids", expanding=True)), VersionRow.is_counted)
    .values(is_counted=False)
)
"""First and last dates of boilerplate paragraphs are those of the articles that carry them."""


class _ArticleFacts(NamedTuple):
    first: datetime
    last: datetime
    current: int


def recompute_articles(connection: Connection, article_ids: Iterable[int]) -> list[int]:
    """Compute dates, state, current version and version numbers of articles from all their captures.

    Returns the articles whose date changed.
    """
    ids = sorted(set(article_ids))
    if not ids:
        return []
    # Wait for other writers of these articles: else their changes or ours would be lost.
    lock_rows(connection, ArticleRow.id, ids)
    facts = _load_facts(connection, ids)
    states = _load_newest_outcomes(connection, ids)
    published = _order_versions(connection, facts)
    changed: list[dict[str, Any]] = []
    redated: list[int] = []
    for row in connection.execute(_STORED, {"ids": ids}):
        fact = facts.get(row.id)
        if fact is None:
            continue
        state = _STATES.get(states.get(row.id, ""), "live")
        dated = published[row.id] or fact.first
        if dated != row.dated_at:
            redated.append(row.id)
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
        connection.execute(_UPDATE_ARTICLE, changed)
    if redated:
        connection.execute(_MARK_UNCOUNTED, {"ids": redated})
    return redated


def affected_articles(connection: Connection, entries: Sequence[CommitEntry]) -> set[int]:
    """Return the articles that these captures show, and those whose URLs they are of."""
    url_ids = sorted({entry.url_id for entry in entries})
    parameters = {"urls": url_ids}
    affected = {article_id for article_id in connection.scalars(_AFFECTED, parameters) if article_id is not None}
    return affected | {entry.article_id for entry in entries if entry.article_id is not None}


def _load_facts(connection: Connection, ids: Sequence[int]) -> dict[int, _ArticleFacts]:
    rows = connection.execute(_build_facts_query(), {"ids": list(ids)})
    return {row.article_id: _ArticleFacts(row.first, row.last, row.version_id) for row in rows}


def _load_newest_outcomes(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return the outcome of the newest capture over each article's URLs: the canonical one and all that showed it."""
    return {row.article: row.outcome for row in connection.execute(_build_outcomes_query(), {"ids": list(ids)})}


@cache
def _build_facts_query() -> AnySelect:
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
def _build_outcomes_query() -> AnySelect:
    shown = select(CaptureRow.article_id.label("article"), CaptureRow.url_id.label("url")).where(
        CaptureRow.article_id.in_(_IDS)
    )
    places = union(shown, select(ArticleRow.id, ArticleRow.url_id).where(ArticleRow.id.in_(_IDS))).subquery()
    newest_first = (CaptureRow.fetched_at.desc(), CaptureRow.record_id.desc())
    place = func.row_number().over(partition_by=places.c.article, order_by=newest_first)
    # A redirect from another address of the article says that this address moved, not the article.
    counts = or_(CaptureRow.outcome != Outcome.REDIRECT.value, CaptureRow.url_id == ArticleRow.url_id)
    ranked = (
        select(places.c.article, CaptureRow.outcome, place.label("place"))
        .join(CaptureRow, CaptureRow.url_id == places.c.url)
        .join(ArticleRow, ArticleRow.id == places.c.article)
        .where(counts)
        .subquery()
    )
    return select(ranked.c.article, ranked.c.outcome).where(ranked.c.place == 1)


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_URLS: BindParameter[Any] = bindparam("urls", expanding=True)
_STORED = select(
    ArticleRow.id, ArticleRow.first_seen_at, ArticleRow.last_seen_at, ArticleRow.dated_at, ArticleRow.state
).where(ArticleRow.id.in_(_IDS))
_AFFECTED: CompoundSelect[int | None] = union(
    select(CaptureRow.article_id).where(CaptureRow.url_id.in_(_URLS), CaptureRow.article_id.is_not(None)),
    select(ArticleRow.id).where(ArticleRow.url_id.in_(_URLS)),
)
_IN_ORDER = (
    select(VersionRow.id, VersionRow.article_id, VersionRow.number, VersionRow.is_current, VersionRow.published_at)
    .join(CaptureRow, CaptureRow.id == VersionRow.capture_id)
    .where(VersionRow.article_id.in_(_IDS))
    .order_by(VersionRow.article_id, CaptureRow.fetched_at, CaptureRow.record_id)
)


_RENUMBER = (
    update(VersionRow)
    .where(VersionRow.id == bindparam("of"))
    # Whether articles are one story depends on their current versions.
    .values(number=bindparam("number"), is_current=bindparam("is_current"), is_counted=False)
)


def _order_versions(connection: Connection, facts: Mapping[int, _ArticleFacts]) -> dict[int, datetime | None]:
    """Number each article's versions by first capture and mark the current one. Return its publication date."""
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
        if (number, current) != (row.number, row.is_current):
            changes.append({"of": row.id, "number": number, "is_current": current})
    if changes:
        connection.execute(_RENUMBER, changes)
    return published
