"""Errors are reported as a page or as JSON, in terms of the client."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from newsarchive.web.concurrency import TooBusy
from newsarchive.web.context import Context
from storage.errors import ArchiveError, BadRecord, IndexFailure, NotFound, QueryTooLong, StorageError

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
DATABASE = "postgresql://ada:***@db.internal/news"


@pytest.fixture
def failing(paper: Archive) -> Callable[[BaseException], TestClient]:
    """Makes a client of an application whose routes all fail."""

    def make(error: BaseException) -> TestClient:
        app = create_app(paper)

        def broken(context: Context) -> None:
            raise error

        app.add_api_route("/broken", broken)
        app.add_api_route("/api/broken", broken)
        return TestClient(app)

    return make


@pytest.mark.parametrize(
    ("error", "status", "expected"),
    [
        (NotFound("no such article"), 404, "no such article"),
        (IndexFailure(f"the index {DATABASE} cannot be used"), 503, "it is unknown what is archived"),
        (QueryTooLong(), 503, "exceeded the time limit"),
        (TooBusy(), 503, "Try again"),
        (StorageError("/srv/morgue/a.warc.gz cannot be read"), 503, "cannot be read now"),
        (BadRecord("a.warc.gz", 17, "torn"), 500, "damaged"),
        (ZeroDivisionError("<script>"), 500, "The archive was not changed"),
    ],
)
def test_each_error_has_its_response(
    failing: Callable[[BaseException], TestClient], error: BaseException, status: int, expected: str
) -> None:
    """As a page for people, as JSON for programs; without paths or tracebacks; with all headers."""
    with failing(error) as client:
        page, data = client.get("/broken"), client.get("/api/broken")
    assert (page.status_code, data.status_code) == (status, status)
    assert page.headers["content-type"].startswith("text/html")
    assert data.headers["content-type"] == "application/problem+json"
    assert expected in page.text
    assert expected in data.json()["detail"]
    assert data.json()["status"] == status
    assert ("retry-after" in page.headers) == (status == 503)
    for secret in (DATABASE, "/srv", "Traceback", "<script>"):
        assert secret not in page.text
        assert secret not in data.text
    assert "content-security-policy" in page.headers


def test_an_outage_does_not_look_like_a_gap(failing: Callable[[BaseException], TestClient]) -> None:
    """A page that is not archived and an unavailable index differ in status and text."""
    with failing(IndexFailure("away")) as away, failing(NotFound("nothing")) as gap:
        assert "Not in the archive" not in away.get("/broken").text
        assert "The index is unavailable" in away.get("/broken").text
        assert "Not in the archive" in gap.get("/broken").text


@pytest.mark.parametrize(
    ("path", "accept", "is_json"),
    [
        ("/nowhere", "text/html,application/json", False),
        ("/nowhere", "*/*", False),
        ("/nowhere", "application/json", True),
        ("/api/nowhere", "text/html", True),
        ("/nowhere.json", "*/*", True),
        ("/nowhere.json", "text/html", False),
        ("/nowhere", "text/html;q=0.5, application/problem+json", True),
        ("/nowhere", "text/html, application/json;q=0.9", False),
        ("/nowhere", "application/json;q=x", True),
        ("/nowhere", "application/json;q=0", False),
        ("/article/999999.wacz", "*/*", True),
        ("/article/999999.wacz", BROWSER, False),
        ("/warcs/none.warc.gz", "*/*", True),
        ("/warcs/none.warc.gz", BROWSER, False),
        ("/exports/none/none.csv", BROWSER, False),
        ("/timegate/http://nobody.example/", "*/*", True),
        ("/timegate/http://nobody.example/", BROWSER, False),
        ("/timemap/link/http://nobody.example/", "application/link-format", True),
        ("/timemap/json/http://nobody.example/", BROWSER, False),
        ("/web/2026id_/http://nobody.example/", "*/*", True),
        ("/web/2026id_/http://nobody.example/", BROWSER, False),
        ("/web/2026/http://nobody.example/a.json", BROWSER, False),
        ("/web/2026/http://nobody.example/a.json", "*/*", False),
    ],
)
def test_programs_get_json(browser: TestClient, path: str, accept: str, is_json: bool) -> None:
    """By the Accept header, else by the path; browsers get a page on every path."""
    answer = browser.get(path, headers={"accept": accept})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json" if is_json else "text/html")


def test_hostile_addresses_are_text(browser: TestClient) -> None:
    """The requested path is escaped."""
    answer = browser.get("/site/<script>alert(1)</script>")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


def test_every_archive_error_has_a_response(failing: Callable[[BaseException], TestClient]) -> None:
    """No error class falls through to an unhandled 500."""
    kinds: list[type[ArchiveError]] = [ArchiveError, *ArchiveError.__subclasses__()]
    for kind in kinds:
        error = kind.__new__(kind)
        with failing(error) as client:
            answer = client.get("/broken")
        assert answer.status_code in {404, 500, 503}
        assert "Internal error" not in answer.text
