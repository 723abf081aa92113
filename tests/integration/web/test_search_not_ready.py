"""A search that cannot be answered yet is a page that says so, and never a file of no lines."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from storage.errors import SearchNotReady
from storage.index.queries import export


@pytest.mark.parametrize("path", ["/search.csv?q=wall", "/search.jsonl?q=wall", "/search?q=wall"])
def test_a_search_that_is_not_ready_is_503(
    archive_of: Callable[..., Archive], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """The error is raised before anything is sent."""

    def refuse(*_: object, **__: object) -> None:
        raise SearchNotReady(percent="40 %", folder="/morgue/search")

    archive = archive_of({"url": "https://news.example/1", "body": b"<p>A wall.</p>"})
    app = create_app(archive)
    monkeypatch.setattr(export, "find_version_ids", refuse)
    monkeypatch.setattr("newsarchive.web.pages.search.search_with_facets", refuse)
    with TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        answer = client.get(path)
    assert answer.status_code == 503
    assert "still being indexed" in answer.text
