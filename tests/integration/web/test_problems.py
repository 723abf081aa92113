"""What went wrong is said in the form and the words that the asker can use."""

from collections.abc import Callable
from typing import Annotated

import pytest
from fastapi import Depends
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from newsarchive.web.context import Door, opened
from newsarchive.web.middleware.rate_limit import TooBusy
from storage.errors import ArchiveError, BadRecord, IndexFailure, NotFound, QueryTooLong, StorageError

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
DATABASE = "postgresql://ada:***@db.internal/news"


@pytest.fixture
def failing(paper: Archive) -> Callable[[BaseException], TestClient]:
    """Makes a client whose pages all end with an error."""

    def make(error: BaseException) -> TestClient:
        app = create_app(paper)

        def broken(door: Annotated[Door, Depends(opened)]) -> None:
            raise error

        app.add_api_route("/broken", broken)
        app.add_api_route("/api/broken", broken)
        return TestClient(app)

    return make


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (NotFound("no such article"), 404, "no such article"),
        (IndexFailure(f"the index {DATABASE} cannot be used"), 503, "nothing can be said about what is archived"),
        (QueryTooLong("the question takes too long"), 503, "the question takes too long"),
        (TooBusy(), 503, "Try again"),
        (StorageError("/srv/morgue/a.warc.gz cannot be read"), 503, "cannot be read now"),
        (BadRecord("a.warc.gz", 17, "torn"), 500, "damaged"),
        (ZeroDivisionError("<script>"), 500, "The archive is as it was"),
    ],
)
def test_each_error_has_its_answer(
    failing: Callable[[BaseException], TestClient], error: BaseException, status: int, told: str
) -> None:
    """As a page for people, as JSON for programs; never where things lie, never a traceback; with all headers."""
    with failing(error) as client:
        page, data = client.get("/broken"), client.get("/api/broken")
    assert (page.status_code, data.status_code) == (status, status)
    assert page.headers["content-type"].startswith("text/html")
    assert data.headers["content-type"] == "application/problem+json"
    assert told in page.text
    assert told in data.json()["detail"]
    assert data.json()["status"] == status
    assert ("retry-after" in page.headers) == (status == 503)
    for secret in (DATABASE, "/srv", "Traceback", "<script>"):
        assert secret not in page.text
        assert secret not in data.text
    assert "content-security-policy" in page.headers


def test_an_outage_does_not_look_like_a_gap(failing: Callable[[BaseException], TestClient]) -> None:
    """A page never archived and an index that is away: two answers, by status and by words."""
    with failing(IndexFailure("away")) as away, failing(NotFound("nothing")) as gap:
        assert "Not in the archive" not in away.get("/broken").text
        assert "The index cannot be reached" in away.get("/broken").text
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
    """By what they say they accept, else by the door they knock at; people get a page, whatever door that was."""
    answer = browser.get(path, headers={"accept": accept})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json" if is_json else "text/html")


def test_hostile_addresses_are_text(browser: TestClient) -> None:
    """What a reader typed comes back escaped."""
    answer = browser.get("/site/<script>alert(1)</script>")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


def test_every_error_of_ours_has_an_answer(failing: Callable[[BaseException], TestClient]) -> None:
    """None of the tree falls through to a bare 500."""
    kinds: list[type[ArchiveError]] = [ArchiveError, *ArchiveError.__subclasses__()]
    for kind in kinds:
        error = kind.__new__(kind)
        with failing(error) as client:
            answer = client.get("/broken")
        assert answer.status_code in {404, 500, 503}
        assert "A mistake of newsarchive" not in answer.text
