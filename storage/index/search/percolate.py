"""Percolation: saved searches over new texts, in an index of them in memory, so that they find what a search finds."""

from collections.abc import Collection, Sequence
from functools import lru_cache

from sqlalchemy import Boolean, Connection, func, select, union

from storage.index.engine.dialect import identify_index, list_distinct, read_change_mark
from storage.index.engine.statements import AnyRow, build_query, fetch_by_ids
from storage.index.fulltext.fields import build_document
from storage.index.fulltext.folder import index_in_memory
from storage.index.fulltext.searcher import match_all
from storage.index.schema.tables import ArticleRow, CaptureRow, ChangeRow, VersionRow
from storage.index.search.documents import SEARCH_SQL, load_documents
from storage.index.search.follower import load_changed_articles
from storage.index.search.query import parse_query
from storage.index.search.translate import Translation
from storage.index.views.articles import Filters


def find_changed_articles(connection: Connection, index: str, mark: str) -> tuple[str, str, list[int]]:
    """Return identity and mark of the index, and the articles that changed since a mark of it: all, if that is of no
    use, as after a rebuild.
    """
    now = identify_index(connection), read_change_mark(connection)
    changed = load_changed_articles(connection, mark) if index == now[0] else None
    return (*now, sorted(connection.scalars(select(ArticleRow.id)) if changed is None else changed))


def list_texts(connection: Connection, articles: Collection[int]) -> list[AnyRow]:
    """Return the texts of articles; record, URL and digest are the same in every index of the same captures."""
    return fetch_by_ids(connection, _TEXTS, articles)


_TEXTS = build_query(SEARCH_SQL["texts"], ["ids"], is_variant=Boolean)


def find_classified_changes(connection: Connection, since: int) -> tuple[list[int], int]:
    """Return the articles that may have changes which were classified since a mark, and the mark of now.

    A mark is the id of a capture; 0: all articles with changes. What is not classified yet comes after the mark of now.
    A capture that is new can make a change of an older one, so that all changes of its article may be new.
    """
    query = select(ChangeRow.article_id).where(ChangeRow.kinds.is_not(None)).distinct()
    if since:
        looks = select(CaptureRow.article_id).where(CaptureRow.id > since, CaptureRow.article_id.is_not(None))
        seen = union(looks, select(ChangeRow.article_id).where(ChangeRow.capture_id > since)).subquery()
        query = query.where(ChangeRow.article_id.in_(select(seen)))
    first = connection.scalar(select(func.min(ChangeRow.capture_id)).where(ChangeRow.kinds.is_(None)))
    last = connection.scalar(select(func.max(CaptureRow.id))) or 0
    return list(connection.scalars(query)), max(0, (last if first is None else first - 1) - _UNCOMMITTED)


def list_classified_changes(connection: Connection, articles: Collection[int]) -> list[AnyRow]:
    """Return all changes of articles whose kinds are known, with the records that first show them."""
    return fetch_by_ids(connection, _CLASSIFIED, articles)


_CLASSIFIED = build_query(SEARCH_SQL["classified-changes"], ["ids"])
_UNCOMMITTED = 10_000
"""Ids of captures below the last one that another process may have reserved and not committed yet."""


_parse_search = lru_cache(maxsize=4096)(parse_query)


def match_searches(
    connection: Connection, searches: Sequence[tuple[str, Filters]], texts: Collection[AnyRow]
) -> list[set[int]]:
    """Return for each saved search the ids of the versions among these texts that it finds."""
    if not searches or not texts:
        return [set() for _ in searches]
    wanted = {text.id for text in texts}
    documents = load_documents(connection, sorted({text.article_id for text in texts}))
    engine = index_in_memory(build_document(each) for each in documents if each["version"] in wanted)
    translation, found = Translation(engine, (None, *list_distinct(connection, VersionRow.language))), []
    for query in (_parse_search(*each) for each in searches):
        filters = translation.filters(connection, query.filters)
        found.append(set(engine.list_columns(match_all(translation.words(query), *filters), "version")[0]))
    return found
