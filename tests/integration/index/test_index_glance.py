"""Originals are looked for without a transaction: commits are seen at once, and a lost connection is no loss."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import literal, select, table

from storage.index import Index
from storage.index.engine.database import AutocommitReader, Database, ReaderFailed
from storage.model import Ingest, NextVisit, Site, VisitResult

URL = "https://news.example/a"


def test_a_glance_sees_each_commit_and_outlives_its_connection(
    index: Index, article_at: Callable[..., Ingest], plan: Callable[[VisitResult], NextVisit]
) -> None:
    """Looked for before each commit, as a crawl does; then the connection is taken away under it."""
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


def test_a_glance_that_fails_says_so_and_begins_anew(index_url: str) -> None:
    """Whatever the driver says, whoever asks is sent the usual way; the next glance has a connection of its own."""
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
