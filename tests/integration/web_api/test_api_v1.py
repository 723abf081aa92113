"""The JSON API: models, pagination, robustness."""

import json
import re
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

from newsarchive.web.api.openapi import build_openapi

STORY = "http://news.example/2026/03/01/harbour-wall"


def story(client: TestClient) -> dict[str, Any]:
    """Return the list entry of the article that the tests use."""
    lines: list[dict[str, Any]] = client.get("/api/v1/articles").json()["articles"]
    return next(line for line in lines if line["url"] == STORY)


def test_an_article_with_its_versions(client: TestClient) -> None:
    """Current version, both versions by number, and their captures."""
    line = story(client)
    assert (line["headline"], line["versions"], line["site"]) == ("The wall falls", 2, "news")
    article = client.get(f"/api/v1/articles/{line['id']}").json()
    assert article["current"]["body"].startswith("Paragraph 0 tells of the fallen wall")
    versions = client.get(f"/api/v1/articles/{line['id']}").json()["versions"]
    assert [(one["number"], one["headline"]) for one in versions] == [(1, "The wall holds"), (2, "The wall falls")]
    first = client.get(f"/api/v1/versions/{versions[0]['id']}").json()
    assert first["capture"]["fetched_at"] == "2026-03-01T06:00:00Z"
    captures = client.get(f"/api/v1/articles/{line['id']}/captures").json()["captures"]
    assert [one["kind"] for one in captures if one["url"] == STORY] == ["response", "revisit", "revisit", "response"]
    assert client.get(f"/api/v1/articles/{line['id']}/links").status_code == 200
    alike = client.get(f"/api/v1/articles/{line['id']}/similar").json()["similar"]
    assert {one["article"]["id"] for one in alike}.isdisjoint({line["id"]})
    assert all(one["is_copy"] is (one["share"] >= 0.35) for one in alike)
    assert alike


def test_versions_are_compared(client: TestClient) -> None:
    """By paragraph and word, in either order; the newest two without numbers. Unknown numbers are named."""
    number = story(client)["id"]
    found = client.get(f"/api/v1/articles/{number}/compare", params={"a": 2, "b": 1}).json()
    assert found == client.get(f"/api/v1/articles/{number}/compare").json()
    assert [found[side]["number"] for side in ("older", "newer")] == [1, 2]
    differences = found["differences"]
    assert differences["changed"] == ["headline", "body"]
    pieces = {(piece["change"], piece["text"]) for piece in differences["headline"]["pieces"]}
    assert pieces == {("same", "The wall "), ("removed", "holds"), ("added", "falls")}
    changed = [row for row in differences["paragraphs"] if row["kind"] == "changed"]
    assert len(changed) == len(differences["paragraphs"]) > 5
    assert "".join(piece["text"] for piece in changed[0]["pieces"] if piece["change"] != "removed").startswith(
        "Paragraph 0 tells of the fallen wall at some length"
    )
    assert differences["notice"]["verdict"] in {"silent", "dated"}
    for query, pair in (("a=1", (1, 2)), ("b=2", (1, 2)), ("b=1", (1, 1)), ("a=2&b=2", (2, 2))):
        one = client.get(f"/api/v1/articles/{number}/compare?{query}").json()
        assert (one["older"]["number"], one["newer"]["number"]) == pair
        assert bool(one["differences"]["changed"]) is (pair[0] != pair[1])
    missing = client.get(f"/api/v1/articles/{number}/compare?a=7")
    assert (missing.status_code, missing.json()["detail"]) == (404, "This article has no version 7, only 1, 2")
    assert client.get("/api/v1/articles/999/compare").status_code == 404


@pytest.mark.parametrize("path", ["articles", f"captures?url={STORY}", "search?q=paragraph", "crawls"])
def test_pages_have_every_item_once(client: TestClient, path: str) -> None:
    """The pages of a cursor have the same items as one large page."""
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


def test_responses_have_etags(client: TestClient) -> None:
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
        ("articles?since=0001-01-01T00:00%2B02:00", 400),
        ("search", 400),
        ("search?q=%00", 400),
    ],
)
def test_errors_are_problem_details(client: TestClient, path: str, status: int) -> None:
    """RFC 9457, with a documented status."""
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status


def test_every_call_refuses_parameters_that_it_does_not_take(client: TestClient) -> None:
    """A mistyped filter would return everything; each parameter that the description names is taken."""
    calls = {path: call["get"] for path, call in build_openapi()["paths"].items()}
    assert len(calls) > 12
    for path, call in calls.items():
        address = re.sub(r"\{\w+\}", "1", path)
        answer = client.get(f"{address}?sites=news")
        assert (answer.status_code, "Unknown parameter sites" in answer.text) == (400, True), path
        for each in call.get("parameters", ()):
            if each["in"] == "query":
                assert "Unknown parameter" not in client.get(address, params={each["name"]: "1"}).text, (path, each)
        if "{" in path:
            assert client.get(f"{address}?{re.findall(r'{(.*?)}', path)[0]}=1").status_code == 400


@pytest.mark.parametrize("bound", ["since", "until"])
def test_a_generated_client_can_name_a_day_month_or_year(bound: str) -> None:
    """The description has both forms of a bound."""
    for path, call in build_openapi()["paths"].items():
        for each in call["get"].get("parameters", ()):
            if path.startswith("/api/v1/") and each["name"] == bound:
                time, period, _ = each["schema"]["anyOf"]
                assert time["format"] == "date-time"
                assert all(re.search(period["pattern"], text) for text in ("2026", "2026-05", "2026-05-04"))
                assert not any(re.search(period["pattern"], text) for text in ("20260504", "7", "2026-W10"))


def test_blocked_articles_are_in_no_response(opened: Callable[..., TestClient]) -> None:
    """Lists, searches, single articles, captures."""
    url = "http://news.example/private/salaries"
    before = opened()
    line = next(one for one in before.get("/api/v1/articles").json()["articles"] if one["url"] == url)
    capture = before.get(f"/api/v1/captures?url={url}").json()["captures"][0]
    client = opened(blocked=("example,news)/private",))
    assert "salaries" not in client.get("/api/v1/articles").text
    assert client.get("/api/v1/search?q=salary").json()["total"] == 0
    suggested = [one.get("/api/v1/search?q=salery").json()["suggestion"] for one in (before, client)]
    assert suggested == ["salary", None]
    for path in ("", "/links", "/captures", "/compare"):
        assert client.get(f"/api/v1/articles/{line['id']}{path}").status_code == 404
    assert client.get(f"/api/v1/captures?url={url}").json()["captures"] == []
    for path in (f"captures/{capture['id']}", f"versions/{capture['version_id']}"):
        assert client.get(f"/api/v1/{path}").status_code == 404


def test_each_field_of_a_comparison_and_a_listing_is_described(client: TestClient) -> None:
    """In the OpenAPI document, where programs and people look for it."""
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    names = ("Differences", "ParagraphDifference", "FieldDifference", "EditNoticeItem")
    fields = [(name, field, each) for name in names for field, each in schemas[name]["properties"].items()]
    own = {"ListingDetail": ("number", "captures", "first", "after"), "PlacementSpan": ("block", "box_size", "until")}
    fields += [(name, field, schemas[name]["properties"][field]) for name, some in own.items() for field in some]
    assert [(name, field) for name, field, each in fields if not {"description", "$ref"} & each.keys()] == []


def test_the_api_page_documents_every_call(client: TestClient) -> None:
    """Every call and every schema is on the page, which fetches nothing from elsewhere."""
    schema = client.get("/openapi.json").json()
    text = client.get("/api").text
    assert all(path in text for path in schema["paths"])
    assert all(f'id="schema-{name}"' in text for name in schema["components"]["schemas"])
    assert "https://" not in text
    referred = re.findall(r"#/components/schemas/(\w+)", json.dumps(schema))
    assert {*referred} == schema["components"]["schemas"].keys()


@pytest.mark.parametrize("times", [10, pytest.param(150, marks=pytest.mark.slow)])
@pytest.mark.parametrize("path", sorted(build_openapi()["paths"]))
def test_no_request_causes_a_server_error(client: TestClient, path: str, times: int) -> None:
    """Valid and invalid requests: no 5xx, and no response that is not declared."""
    operation = schemathesis.openapi.from_asgi("/openapi.json", client.app)[path]["GET"]

    @settings(max_examples=times, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
    @given(case=operation.as_strategy())
    def holds(case: schemathesis.Case[Any]) -> None:
        answer = case.call(base_url="http://127.0.0.1:8000")
        case.validate_response(
            answer,
            checks=[not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance],
        )

    holds()
