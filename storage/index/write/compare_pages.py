"""Compare the texts of pages: which pages are one article, and which texts are soft errors. See rows/identity.py.

Commits take each page for an article of its own. `compare_pages` reads the pages whose texts are not compared yet,
with all pages that share a text with them or that a permanent redirect connects, and stores what they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, or_, select, text, update

from storage.index.engine.statements import IDS, AnyRow, build_query, change_by_ids, fetch_by_ids, find_by_ids
from storage.index.rows.connected_pages import PERMANENT, ConnectedPages, load_body_lengths, page_of, walk_redirects
from storage.index.rows.entry import CommitEntry
from storage.index.rows.identity import Identities, Identity, Page, identify
from storage.index.rows.metadata_changes import delete_article_changes
from storage.index.rows.site_registry import lock_registry
from storage.index.schema.tables import ArticleRow, CaptureRow, SiteRow, VersionRow
from storage.index.write.articles import SQL, add_articles, recompute_articles
from storage.model import Outcome

COMPARED_AT_ONCE = 500
"""Texts whose pages are compared in one transaction."""


def compare_pages(connection: Connection) -> int:
    """Compare some of the texts that are not compared yet. Return how many; 0 if there are none."""
    waiting = select(VersionRow.site_id).where(~VersionRow.is_compared).order_by(VersionRow.id).limit(1)
    site_id = connection.scalar(waiting)
    if site_id is None:
        return 0
    # One site at a time: syndicated copies are an article of each site that prints them.
    wanted = (
        select(VersionRow.id)
        .where(~VersionRow.is_compared, VersionRow.site_id == site_id)
        .order_by(VersionRow.id)
        .limit(COMPARED_AT_ONCE)
    )
    # No commit may add a capture to a text while it is decided what the text is.
    lock_registry(connection, exclusive=True)
    started = list(connection.scalars(wanted))
    pages = ConnectedPages(connection)
    pages.add(started)
    found = identify(pages.to_comparison(), lambda version_ids: load_body_lengths(connection, version_ids))
    _store_identities(connection, found, pages.rows)
    # Also those that were to be compared later: nothing else can be said of them then.
    done = [row.id for row in pages.rows.values() if not row.is_compared]
    change_by_ids(connection, update(VersionRow).where(VersionRow.id.in_(IDS)).values(is_compared=True), done)
    return len(done)


def _mark_uncompared(connection: Connection, condition: ColumnElement[bool], ids: Iterable[Any]) -> None:
    """Have the texts compared again that the condition names by IDS."""
    marking = update(VersionRow).where(condition, VersionRow.is_compared).values(is_compared=False)
    change_by_ids(connection, marking, ids)


def mark_redirected_pages(connection: Connection, entries: Sequence[CommitEntry]) -> None:
    """Have the texts of pages compared again that a permanent redirect of this batch leads to or from."""
    redirecting = {one.url_id for one in entries if one.capture.status in PERMANENT and one.capture.redirect_url}
    if not redirecting:
        return
    url_ids = redirecting | walk_redirects(connection, redirecting, {})
    captured = select(CaptureRow.page_version_id).where(CaptureRow.url_id.in_(IDS))
    _mark_uncompared(connection, or_(VersionRow.page_url_id.in_(IDS), VersionRow.id.in_(captured)), url_ids)


def mark_alternates(connection: Connection, entries: Sequence[CommitEntry]) -> None:
    """Have the texts of pages compared again that are captured under another URL than their canonical one."""
    captured = {entry.page_version_id for entry in entries if entry.article and entry.page_url_id != entry.url_id}
    _mark_uncompared(connection, VersionRow.id.in_(IDS), captured - {None})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What becomes of a text."""

    row: AnyRow
    article_id: int | None
    """Of the version; None for a duplicate or soft error."""
    duplicate_of: int | None
    shown_in: int | None
    """The article whose captures show it; None for a soft error."""

    @property
    def is_change(self) -> bool:
        """Return whether the index says something else."""
        return (self.row.article_id, self.row.duplicate_of_id) != (self.article_id, self.duplicate_of)


def _store_identities(connection: Connection, found: Identities, rows: Mapping[int, AnyRow]) -> None:
    """Store articles and soft errors; `rows` are those of all texts, by id."""
    if not (changes := _find_changes(connection, found, rows)):
        return
    before = find_by_ids(connection, _SHOWING, (change.row.id for change in changes))
    # Recomputed for articles, as are version numbers; of the others only counted paragraphs matter.
    connection.execute(
        _UPDATE_VERSION,
        [
            {"of": one.row.id, "article_id": one.article_id, "duplicate_of_id": one.duplicate_of}
            | {"is_current": False, "is_counted": one.article_id is None}
            for one in changes
        ],
    )
    counted = {change.row.site_id for change in changes if change.row.is_counted and change.row.article_id}
    connection.execute(update(SiteRow).where(SiteRow.id.in_(counted)).values(needs_relearning=True))
    for outcome_before, outcome in ((Outcome.SOFT_ERROR, Outcome.ARTICLE), (Outcome.ARTICLE, Outcome.SOFT_ERROR)):
        are_soft = outcome is Outcome.SOFT_ERROR
        these = (CaptureRow.page_version_id.in_(IDS), CaptureRow.outcome == outcome_before.value)
        changed = (change.row.id for change in changes if (change.shown_in is None) == are_soft)
        change_by_ids(connection, update(CaptureRow).where(*these).values(outcome=outcome.value), changed)
    shown = ((one, one.duplicate_of or (one.row.id if one.article_id is not None else None)) for one in changes)
    captures = [{"of": one.row.id, "article": one.shown_in, "version": version_id} for one, version_id in shown]
    connection.execute(_UPDATE_CAPTURES, captures)
    touched = before | {change.shown_in for change in changes if change.shown_in is not None}
    recompute_articles(connection, touched - delete_empty_articles(connection, touched))


def separate_pages(connection: Connection, version_ids: Sequence[int]) -> None:
    """Take the pages of these texts, and all that are one article with them, for an article each.

    Before texts are deleted or moved to another site: afterwards they have to be compared again.
    """
    pages: set[Page] = set()
    rows: dict[int, AnyRow] = {}
    mates = {page_of(row) for row in connection.execute(_PAGES.where(VersionRow.id.in_(version_ids)))}
    while mates:
        pages |= mates
        texts = fetch_by_ids(connection, _TEXTS_OF_PAGES, {url_id for _, url_id in pages})
        rows = {row.id: row for row in texts if page_of(row) in pages}
        originals = {row.duplicate_of_id for row in rows.values() if row.duplicate_of_id}
        articles = find_by_ids(connection, _ARTICLES, originals)
        articles |= {row.article_id for row in rows.values() if row.article_id}
        mates = {page_of(row) for row in fetch_by_ids(connection, _PAGES_OF_ARTICLES, articles)} - pages
    identities = tuple(
        Identity(page=page, shown={row.id: row.id for row in rows.values() if page_of(row) == page}) for page in pages
    )
    if rows:
        _store_identities(connection, Identities(articles=identities, soft=frozenset()), rows)
    _mark_uncompared(connection, VersionRow.masked_digest.in_(IDS), {row.masked_digest for row in rows.values()})
    _mark_uncompared(connection, VersionRow.id.in_(IDS), rows)


_PAGES: Any = select(VersionRow.site_id, VersionRow.page_url_id).distinct()
_IS_FIRST = CaptureRow.id == VersionRow.capture_id
TEXTS: Any = select(VersionRow, CaptureRow.fetched_at, CaptureRow.record_id).join(CaptureRow, _IS_FIRST)
"""Texts with their first captures."""
_TEXTS_OF_PAGES = TEXTS.where(VersionRow.page_url_id.in_(IDS))
_ARTICLES = select(VersionRow.article_id).where(VersionRow.id.in_(IDS), VersionRow.article_id.is_not(None))
_SHOWN = select(VersionRow.id).where(VersionRow.article_id.in_(IDS))
_PAGES_OF_ARTICLES = _PAGES.where(or_(VersionRow.article_id.in_(IDS), VersionRow.duplicate_of_id.in_(_SHOWN)))


def _find_changes(connection: Connection, found: Identities, rows: Mapping[int, AnyRow]) -> list[_Change]:
    """Return what differs from the index, after inserting the articles that are new."""
    seen = {
        article.page: min(rows[version_id].fetched_at for version_id in article.shown) for article in found.articles
    }
    dates = ("first_seen_at", "last_seen_at", "dated_at")
    ids, _ = add_articles(connection, {page: dict.fromkeys(dates, first) for page, first in seen.items()})
    changes: list[_Change] = []
    for article in found.articles:
        article_id = ids[article.page]
        for version_id, shown_by in article.shown.items():
            own_id, duplicate_of = (article_id, None) if version_id == shown_by else (None, shown_by)
            row = rows[version_id]
            changes.append(_Change(row=row, article_id=own_id, duplicate_of=duplicate_of, shown_in=article_id))
    changes += [_Change(row=rows[one], article_id=None, duplicate_of=None, shown_in=None) for one in found.soft]
    # A duplicate whose version moves to another article stays a duplicate of it, and its captures move too.
    moved = {change.row.id for change in changes if change.is_change}
    changes = [change for change in changes if change.is_change or change.duplicate_of in moved]
    return sorted(changes, key=lambda change: change.row.id)


_SHOWING = build_query(SQL["showing"], ["ids"])
_UPDATE_VERSION, _UPDATE_CAPTURES = text(SQL["update-version"]), text(SQL["update-captures"])


def delete_empty_articles(connection: Connection, article_ids: Iterable[int]) -> set[int]:
    """Delete those of some articles that no capture shows any more, and return their ids."""
    wanted = set(article_ids)
    shown = select(CaptureRow.article_id).where(CaptureRow.article_id.in_(IDS)).distinct()
    empty = wanted - find_by_ids(connection, shown, wanted)
    delete_article_changes(connection, empty)
    change_by_ids(connection, delete(ArticleRow).where(ArticleRow.id.in_(IDS)), empty)
    return empty
