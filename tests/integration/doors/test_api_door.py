"""The JSON API: its shapes, its pages, and that no request makes it fall over."""

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from newsarchive.web.api.openapi import description

STORY = "http://news.example/2026/03/01/harbour-wall"


def story(client: TestClient) -> dict[str, Any]:
    """The line of the article that the tests are about."""
    lines: list[dict[str, Any]] = client.get("/api/v1/articles").json()["articles"]
    return next(line for line in lines if line["url"] == STORY)


def test_an_article_with_its_versions(client: TestClient) -> None:
    """Current text, both texts by number, and the captures behind them."""
    line = story(client)
    assert (line["headline"], line["versions"], line["site"]) == ("The wall falls", 2, "news")
    article = client.get(f"/api/v1/articles/{line['id']}").json()
    assert article["current"]["body"].startswith("Paragraph 0 tells of the fallen wall")
    versions = client.get(f"/api/v1/articles/{line['id']}/versions").json()["versions"]
    assert [(one["number"], one["headline"]) for one in versions] == [(1, "The wall holds"), (2, "The wall falls")]
    first = client.get(f"/api/v1/versions/{versions[0]['id']}").json()
    assert first["capture"]["fetched_at"] == "2026-03-01T06:00:00Z"
    captures = client.get(f"/api/v1/articles/{line['id']}/captures").json()["captures"]
    assert [one["kind"] for one in captures if one["url"] == STORY] == ["response", "revisit", "revisit", "response"]
    assert client.get(f"/api/v1/articles/{line['id']}/links").status_code == 200


@pytest.mark.parametrize("path", ["articles", f"captures?url={STORY}", "search?q=paragraph", "crawls"])
def test_pages_give_everything_once(client: TestClient, path: str) -> None:
    """The cursor leads through the same list that one large page gives."""
    name = path.partition("?")[0].replace("search", "hits")
    glue = "&" if "?" in path else "?"
    whole = client.get(f"/api/v1/{path}{glue}limit=100").json()[name]
    found: list[Any] = []
    cursor = ""
    while True:
        page = client.get(f"/api/v1/{path}{glue}limit=1{cursor}").json()
        found += page[name]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == whole
    assert len(whole) > 1


def test_an_answer_that_is_known_is_not_sent_again(client: TestClient) -> None:
    """ETag and If-None-Match."""
    first = client.get("/api/v1/sites")
    assert client.get("/api/v1/sites", headers={"if-none-match": first.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("articles/999999", 404),
        ("versions/999999", 404),
        ("captures/999999", 404),
        ("articles/x", 404),
        ("articles?cursor=x", 400),
        ("captures?url=a&cursor=x", 400),
        ("articles?limit=0", 400),
        ("articles?since=soon", 400),
        ("search", 400),
        ("search?q=%00", 400),
    ],
)
def test_what_is_wrong_is_a_problem(client: TestClient, path: str, status: int) -> None:
    """RFC 9457, with the status that the description names."""
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status


def test_blocked_articles_are_in_no_answer(opened: Callable[..., TestClient]) -> None:
    """Lists, searches, single articles, captures."""
    url = "http://news.example/private/salaries"
    before = opened()
    line = next(one for one in before.get("/api/v1/articles").json()["articles"] if one["url"] == url)
    capture = before.get(f"/api/v1/captures?url={url}").json()["captures"][0]
    client = opened(blocked=("example,news)/private",))
    assert "salaries" not in client.get("/api/v1/articles").text
    assert client.get("/api/v1/search?q=salary").json()["total"] == 0
    for path in ("", "/versions", "/links", "/captures"):
        assert client.get(f"/api/v1/articles/{line['id']}{path}").status_code == 404
    assert client.get(f"/api/v1/captures?url={url}").json()["captures"] == []
    for path in (f"captures/{capture['id']}", f"versions/{capture['version_id']}"):
        assert client.get(f"/api/v1/{path}").status_code == 404


def test_the_description_can_be_read_by_people(client: TestClient) -> None:
    """Every call and every shape stands on the page, and nothing on it is fetched from elsewhere."""
    schema = client.get("/openapi.json").json()
    text = client.get("/api").text
    assert all(path in text for path in schema["paths"])
    assert all(f'id="shape-{name}"' in text for name in schema["components"]["schemas"])
    assert "https://" not in text


@pytest.mark.parametrize("times", [20, pytest.param(300, marks=pytest.mark.slow)])
@pytest.mark.parametrize("path", sorted(description()["paths"]))
def test_no_request_makes_the_api_fall_over(client: TestClient, path: str, times: int) -> None:
    """What the description allows, and what it does not: no 5xx, no answer or shape that it does not declare."""
    operation = schemathesis.openapi.from_asgi("/openapi.json", client.app)[path]["GET"]

    @settings(max_examples=times, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
    @given(case=operation.as_strategy())
    def holds(case: schemathesis.Case[Any]) -> None:
        answer = case.call(base_url="http://127.0.0.1:8000")
        case.validate_response(
            answer,
            checks=[
                not_a_server_error,
                status_code_conformance,
                content_type_conformance,
                response_schema_conformance,
            ],
        )

    holds()
