"""Articles: the one that a capture shows, and its fields by all captures together."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Boolean, Connection, bindparam, select, text, update

from storage.grouping import group_by, group_pairs
from storage.index.engine import statements
from storage.index.engine.dialect import lock_rows
from storage.index.rows.article_changes import recompute_changes
from storage.index.rows.entry import CommitEntry
from storage.index.rows.metadata_changes import recompute_metadata_changes
from storage.index.rows.version_parts import load_part_digests
from storage.index.schema.tables import ArticleRow, CaptureRow
from storage.model import Outcome
from storage.observations import compare_parts

_ORDER = attrgetter("sort_key")
_STATES = {Outcome.GONE.value: "gone", Outcome.REDIRECT.value: "moved"}


def ensure_articles(
    connection: Connection, showing: Mapping[tuple[int, int], Sequence[CommitEntry]]
) -> tuple[dict[tuple[int, int], int], int]:
    """Return the ids of the articles of pages, given with their new captures, and how many of them are new."""
    seen: dict[tuple[int, int], dict[str, datetime]] = {}
    for page, entries in showing.items():  # by the captures of this batch: mostly `recompute_articles` changes nothing
        first, last = min(entries, key=_ORDER), max(entries, key=_ORDER)
        seen_at, published = first.capture.fetched_at, last.article.published if last.article else None
        dated_at = published.at if published else seen_at
        seen[page] = {"first_seen_at": seen_at, "last_seen_at": last.capture.fetched_at, "dated_at": dated_at}
    return add_articles(connection, seen)


def add_articles(
    connection: Connection, seen: Mapping[tuple[int, int], Mapping[str, datetime]]
) -> tuple[dict[tuple[int, int], int], int]:
    """Return the ids of the articles of pages, given with the dates of those that are new, and the number of these."""
    ids = article_ids(connection, seen)
    new = sorted(seen.keys() - ids.keys())
    ids.update(zip(new, statements.reserve_ids(connection, ArticleRow, len(new)), strict=True))
    rows = [{"id": ids[page], "site_id": page[0], "url_id": page[1], "state": "live", **seen[page]} for page in new]
    if statements.insert_rows(connection, ArticleRow, rows, conflict_columns=["site_id", "url_id"]) < len(rows):
        ids = article_ids(connection, seen)
    return ids, len(new)


def article_ids(connection: Connection, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Return the ids of existing articles, by site and canonical URL."""
    wanted = set(keys)
    rows = statements.fetch_by_ids(connection, _BY_URL, {url_id for _, url_id in wanted})
    return {(row.site_id, row.url_id): row.id for row in rows if (row.site_id, row.url_id) in wanted}


SQL = statements.load_statements("storage.index.write", "articles.sql")
_BY_URL = select(ArticleRow.site_id, ArticleRow.url_id, ArticleRow.id).where(ArticleRow.url_id.in_(statements.IDS))
_UPDATE_ARTICLE = (
    update(ArticleRow)
    .where(ArticleRow.id == bindparam("of"))
    .values({name: bindparam(name) for name in ("first_seen_at", "last_seen_at", "dated_at", "state")})
)
_MARK_UNCOUNTED = text(SQL["mark-uncounted"]).bindparams(statements.IDS)
"""First and last dates of boilerplate paragraphs are those of the articles that carry them."""


def recompute_articles(connection: Connection, article_ids: Iterable[int]) -> None:
    """Compute dates, state, current version and version numbers of articles from all their captures."""
    if not (ids := sorted(set(article_ids))):
        return
    # Wait for other writers of these articles: else their changes or ours would be lost.
    lock_rows(connection, ArticleRow.id, ids)
    captures = group_pairs((row.article_id or 0, row) for row in connection.execute(_CAPTURES, {"ids": ids}))
    states = {row.article: row.outcome for row in connection.execute(_OUTCOMES, {"ids": ids})}
    published = _order_versions(connection, captures)
    recompute_metadata_changes(connection, captures, ids)
    recompute_changes(connection, ids)
    changed: list[dict[str, Any]] = []
    redated: list[int] = []
    for row in connection.execute(_STORED, {"ids": ids}):
        if row.id not in captures:
            continue
        first, last = captures[row.id][0].fetched_at, captures[row.id][-1].fetched_at
        state = _STATES.get(states.get(row.id, ""), "live")
        dated = published[row.id] or first
        if dated != row.dated_at:
            redated.append(row.id)
        now = {"first_seen_at": first, "last_seen_at": last, "dated_at": dated, "state": state}
        if any(getattr(row, name) != value for name, value in now.items()):
            changed.append({"of": row.id, **now})
    statements.update_rows(connection, _UPDATE_ARTICLE, changed)
    statements.change_by_ids(connection, _MARK_UNCOUNTED, redated)


def affected_articles(connection: Connection, entries: Sequence[CommitEntry]) -> set[int]:
    """Return the articles that these captures show, and those whose URLs they are of."""
    rows = statements.fetch_by_ids(connection, _AFFECTED, {entry.url_id for entry in entries})
    return {row.article_id for row in rows} | {entry.article_id for entry in entries if entry.article_id is not None}


_TIME = CaptureRow.fetched_at.type
_OUTCOMES = statements.build_query(SQL["outcomes"], ["ids"])
_CAPTURES = statements.build_query(SQL["captures"], ["ids"], fetched_at=_TIME, is_read=Boolean)
_VERSIONS = statements.build_query(SQL["versions"], ["ids"], published_at=_TIME, is_variant=Boolean, is_current=Boolean)
_STORED = select(ArticleRow).where(ArticleRow.id.in_(statements.IDS))
_AFFECTED = statements.build_query(SQL["affected-articles"], ["ids"])
_ORDERED = ("number", "is_variant", "is_current", "changed", "parts")
"""Columns of a version that depend on the other versions of its article."""
_RENUMBER = text(SQL["renumber"])


def _order_versions(
    connection: Connection, captures: Mapping[int, Sequence[statements.AnyRow]]
) -> dict[int, datetime | None]:
    """Number each article's versions by first capture, mark the current one, and tell what changed in each.

    Returns the publication date of the current ones.
    """
    rows = connection.execute(_VERSIONS, {"ids": list(captures)}).all()
    by_article = group_by(rows, attrgetter("article_id"))
    # The only version of an article needs no digests of its parts.
    several = [row for its_rows in by_article.values() if len(its_rows) > 1 for row in its_rows]
    parts: dict[int, str | None] = dict.fromkeys(row.id for row in rows) | {row.id: row.parts for row in several}
    parts |= load_part_digests(connection, [row.id for row in several if not row.parts])
    published: dict[int, datetime | None] = {}
    changes: list[dict[str, Any]] = []
    for article_id, its_rows in by_article.items():
        ordered = _order(its_rows, captures[article_id], parts)
        for row in its_rows:
            now = ordered[row.id]
            if now["is_current"]:
                published[article_id] = row.published_at
            if any(now[name] != getattr(row, name) for name in _ORDERED):
                changes.append({"of": row.id, **now})
    statements.update_rows(connection, _RENUMBER, changes)
    return published


def _order(
    versions: Sequence[statements.AnyRow], captures: Sequence[statements.AnyRow], parts: Mapping[int, str | None]
) -> dict[int, dict[str, Any]]:
    """Return what depends on all versions of an article, by id; if only boilerplate differs, they share a number.

    So do readings of the same bytes, of which the newest one counts: the publisher has edited nothing.
    """
    read = [((row.url_id, row.payload), row.version_id) for row in captures if row.is_read]
    first, newest = dict(reversed(read)), dict(read)
    shows = [newest.get((row.url_id, row.payload), row.version_id) for row in captures]
    numbers: dict[str | None, int] = {}
    counted: dict[int, dict[str, Any]] = {}
    ordered: dict[int, dict[str, Any]] = {}
    for row in versions:
        reread = ordered.get(first.get((row.url_id, row.payload), 0))
        is_variant = reread is None and parts[row.id] in numbers
        number = numbers.setdefault(parts[row.id], reread["number"] if reread else len(counted) + 1)
        ordered[row.id] = {
            "number": number, "is_variant": is_variant, "is_current": row.id == shows[-1], "changed": "",
            "parts": parts[row.id],
        }  # fmt: skip
        if not is_variant:
            counted.get(number, {})["is_variant"] = True
            counted[number] = ordered[row.id]
    shown = 0
    told: set[int] = set()
    before: str | None = None
    for version_id in shows:
        version = ordered[version_id]
        if version["number"] not in told and shown:
            version["changed"] = " ".join(compare_parts(before or "", version["parts"] or ""))
        shown, before = version["number"], version["parts"]
        told.add(shown)
    return ordered
