"""Duplicates: pages with the same text at different URLs that name no canonical URL, or each its own.

They stay separate articles, because the index must not depend on which was captured first. But a duplicate brings
nothing new: it is not visited again, and a URL pattern that brings duplicates is parked.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, or_, select
from sqlalchemy.orm import aliased

from storage.index.engine.statements import batches
from storage.index.rows.entry import CommitEntry
from storage.index.schema.tables import ArticleRow, CaptureRow, FrontierRow, VersionRow
from storage.model import Outcome, UrlKind


def duplicate_captures(connection: Connection, entries: Sequence[CommitEntry]) -> set[int]:
    """Return ids of the captures whose text an older article of the same site has too."""
    digests = {entry.digest for entry in entries if entry.digest}
    articles: dict[tuple[int, str], list[tuple[object, int]]] = {}
    for some in batches(digests):
        for row in connection.execute(_ARTICLES_BY_DIGEST, {"digests": some}):
            articles.setdefault((row.site_id, row.digest), []).append((row.first_seen_at, row.id))
    found: set[int] = set()
    for entry in entries:
        same = articles.get((entry.site_id, entry.digest or ""), [])
        if len(same) > 1 and min(same)[1] != entry.article_id:
            found.add(entry.capture_id)
    return found


def alternate_url_captures(connection: Connection, entries: Sequence[CommitEntry], urls: Mapping[str, int]) -> set[int]:
    """Return ids of captures at alternate URLs (AMP, print, campaign) of articles whose canonical URL was fetched."""
    other = {
        entry.capture_id: urls[entry.article.canonical_url]
        for entry in entries
        if entry.article and entry.article.canonical_url != entry.capture.url
    }
    # A capture with the same bytes as an earlier one has no reading of its own: it shows that one's article.
    same = {
        entry.capture_id: (entry.article_id, entry.url_id)
        for entry in entries
        if entry.article is None and entry.article_id is not None
    }
    canonical: dict[int, int] = {}
    for some in batches({article_id for article_id, _ in same.values()}):
        rows = connection.execute(_CANONICAL_URLS, {"ids": some})
        canonical.update({row.id: row.url_id for row in rows})
    for capture_id, (article_id, url_id) in same.items():
        if canonical.get(article_id, url_id) != url_id:
            other[capture_id] = canonical[article_id]
    fetched: set[int] = set()
    for some in batches(set(other.values())):
        fetched.update(connection.scalars(_FETCHED_ARTICLES, {"ids": some}))
    return {capture_id for capture_id, url_id in other.items() if url_id in fetched}


def redirects_to_articles(connection: Connection, entries: Sequence[CommitEntry], urls: Mapping[str, int]) -> set[int]:
    """Return ids of the redirects to a URL that was captured as an article."""
    targets = {
        entry.capture_id: urls[entry.capture.redirect_url]
        for entry in entries
        if entry.outcome is Outcome.REDIRECT and entry.capture.redirect_url
    }
    articles: set[int] = set()
    for some in batches(set(targets.values())):
        articles.update(connection.scalars(_URLS_WITH_ARTICLES, {"ids": some}))
    return {capture_id for capture_id, url_id in targets.items() if url_id in articles}


def is_duplicate_text() -> ColumnElement[bool]:
    """Return the condition that an older article of the same site has the same text as a version."""
    other, mine = aliased(VersionRow), aliased(ArticleRow)
    theirs = aliased(ArticleRow)
    older = or_(
        theirs.first_seen_at < mine.first_seen_at,
        and_(theirs.first_seen_at == mine.first_seen_at, theirs.id < mine.id),
    )
    return exists().where(
        mine.id == VersionRow.article_id,
        other.digest == VersionRow.digest,
        other.article_id != VersionRow.article_id,
        theirs.id == other.article_id,
        # The sum keeps SQLite from using the index on sites: it would read all articles of a site for each text.
        theirs.site_id + 0 == mine.site_id,
        older,
    )


_CANONICAL_URLS: Any = select(ArticleRow.id, ArticleRow.url_id).where(
    ArticleRow.id.in_(bindparam("ids", expanding=True))
)
_FETCHED_ARTICLES = select(FrontierRow.url_id).where(
    FrontierRow.url_id.in_(bindparam("ids", expanding=True)),
    FrontierRow.last_fetched_at.is_not(None),
    FrontierRow.kind == UrlKind.ARTICLE.value,
    FrontierRow.failure_count == 0,
)
_URLS_WITH_ARTICLES = (
    select(CaptureRow.url_id)
    .where(CaptureRow.url_id.in_(bindparam("ids", expanding=True)), CaptureRow.article_id.is_not(None))
    .distinct()
)
_ARTICLES_BY_DIGEST = (
    select(VersionRow.digest, ArticleRow.site_id, ArticleRow.id, ArticleRow.first_seen_at)
    .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
    .where(VersionRow.digest.in_(bindparam("digests", expanding=True)))
)
