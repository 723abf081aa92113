"""Originals of revisits: each commit is visible at once."""

from collections.abc import Callable
from dataclasses import replace

from storage.index import Index
from storage.model import Ingest, NextVisit, Site, VisitResult

URL = "https://news.example/a"


def test_each_commit_is_visible(
    index: Index, article_at: Callable[..., Ingest], plan: Callable[[VisitResult], NextVisit]
) -> None:
    """Originals are queried before each commit, as a crawl does."""
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
