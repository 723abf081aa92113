"""Originals are queried without a transaction: commits are visible at once, and a lost connection does no harm."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import literal, select, table

from storage.index import Index
from storage.index.engine.database import AutocommitReader, Database, ReaderFailed
from storage.model import Ingest, NextVisit, Site, VisitResult

URL = "https://news.example/a"


def test_each_commit_is_visible_and_a_lost_connection_is_replaced(
    index: Index, article_at: Callable[..., Ingest], plan: Callable[[VisitResult], NextVisit]
) -> None:
    """Originals are queried before each commit, as a crawl does; then the connection is closed by the server."""
    index.register_sites([Site(name="news", url="https://news.example/")])
    for minute in range(3):
        page = article_at(URL, "Text.", minute=minute)
        digest = f"sha256:{minute:064d}"
        page = replace(page, capture=replace(page.capture, payload_digest=digest))
        assert index.find_original_by_digest(digest) is None
        index.commit([page], plan)
        found, latest = index.find_original_by_digest(digest), index.find_original_by_url(URL)
        assert found is not None
        assert found == latest
        assert found.record_id == page.capture.record_id
        assert found.url == URL
    index._autocommit_reader._driver.close()
    assert index.find_original_by_digest(digest) == found, "the usual way, where the short one fails"
    assert index._autocommit_reader._driver is None
    assert index.find_original_by_digest(digest) == found


def test_a_failed_query_raises_and_the_next_one_reconnects(index_url: str) -> None:
    """After any error of the driver the caller uses a transaction; the next query has a new connection."""
    database = Database.open(index_url)
    glance = AutocommitReader(database.engine)
    wrong, right = select(literal(1)).select_from(table("no_such")), select(literal(7))
    try:
        assert glance.first_row(right, {}) == (7,)
        with pytest.raises(ReaderFailed):
            glance.first_row(wrong, {})
        assert glance.first_row(right, {}) == (7,)
    finally:
        glance.close()
        database.close()
