"""Duplicates: pages whose text another page of the site has too, as a commit knows them.

Whether they are one article or soft errors is decided by `compare_pages`, over all captures. Until then a duplicate
brings nothing new: it is not visited again, and a URL pattern that brings duplicates is parked. A text without evidence
of an article is taken for a soft error: the page is visited again, as after any failure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from storage.index.engine.statements import build_query, fetch_by_ids, find_by_ids, load_statements
from storage.index.rows.entry import CommitEntry
from storage.model import Outcome


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Ids of captures of a batch whose text another page of the site has too."""

    copies: frozenset[int]
    """An older page has the text of an article."""
    soft_errors: frozenset[int]
    """There is no evidence that the text is an article's."""


def find_duplicates(connection: Connection, entries: Sequence[CommitEntry]) -> Duplicates:
    """Return the captures whose text other pages of the site have."""
    captures = {entry.capture_id: entry.page_version_id for entry in entries if entry.page_version_id is not None}
    texts = {row.id: row for row in fetch_by_ids(connection, _TEXTS, set(captures.values()))}
    shared = fetch_by_ids(connection, SHARED_TEXTS, {row.masked_digest for row in texts.values()})
    groups = {(row.site_id, row.masked_digest): row for row in shared}
    oldest = fetch_by_ids(connection, _FIRST_OF_DIGEST, {row.digest for row in texts.values()})
    first = {(row.site_id, row.digest): row.first for row in oldest}
    copies, soft_errors = set(), set()
    for capture_id, version_id in captures.items():
        text = texts[version_id]
        group = groups[text.site_id, text.masked_digest]
        if group.first != group.last and group.evidence == 0:
            soft_errors.add(capture_id)
        elif first[text.site_id, text.digest] != version_id:
            copies.add(capture_id)
    return Duplicates(frozenset(copies), frozenset(soft_errors))


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
    rows = fetch_by_ids(connection, _CANONICAL_URLS, {article_id for article_id, _ in same.values()})
    canonical = {row.id: row.url_id for row in rows}
    for capture_id, (article_id, url_id) in same.items():
        if canonical.get(article_id, url_id) != url_id:
            other[capture_id] = canonical[article_id]
    fetched = find_by_ids(connection, _FETCHED_ARTICLES, set(other.values()))
    return {capture_id for capture_id, url_id in other.items() if url_id in fetched}


def redirects_to_articles(connection: Connection, entries: Sequence[CommitEntry], urls: Mapping[str, int]) -> set[int]:
    """Return ids of the redirects to a URL that was captured as an article."""
    targets = {
        entry.capture_id: urls[entry.capture.redirect_url]
        for entry in entries
        if entry.outcome is Outcome.REDIRECT and entry.capture.redirect_url
    }
    articles = find_by_ids(connection, _URLS_WITH_ARTICLES, set(targets.values()))
    return {capture_id for capture_id, url_id in targets.items() if url_id in articles}


ROWS_SQL = load_statements("storage.index.rows", "rows.sql")
SHARED_TEXTS, _TEXTS, _FIRST_OF_DIGEST, _CANONICAL_URLS, _FETCHED_ARTICLES, _URLS_WITH_ARTICLES = (
    build_query(ROWS_SQL[name], ["ids"])
    for name in ("shared-texts", "texts", "first-of-digest", "canonical-urls", "fetched-articles", "urls-with-articles")
)
