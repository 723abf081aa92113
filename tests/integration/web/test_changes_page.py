"""/changes, its feeds and its tables: what was edited, when, and whether the page says so."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from storage.index.queries.export import iter_export_lines

FACTS = (
    '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Harbour opens", "author": "Ada Berg"}'
    "</script>"
)
PAGE = (
    f"{FACTS}<h1>Harbour opens</h1><article><p>The harbour opened on Monday after %s years of work, and the first ships"
    " came in before noon.</p><p>The mayor said that the town had waited for it, and thanked all who had built it.</p>"
    "<p>Fishing boats will use the southern quay, ferries the northern one, as it was planned.</p></article>"
)
URL = "https://news.example/2026/03/harbour.html"


@pytest.fixture(scope="module")
def client(shared_archive_of: Callable[..., Archive]) -> TestClient:
    """The pages of an archive with one article, in which a number was changed without a notice."""
    looks = [
        {"url": URL, "body": (PAGE % years).encode(), "at": datetime(2026, 3, day, 5, tzinfo=UTC)}
        for day, years in ((1, "nine"), (2, "eleven"))
    ]
    return TestClient(create_app(shared_archive_of(*looks)))


def test_the_page_says_what_was_changed_and_leads_to_the_comparison(client: TestClient) -> None:
    """With both texts, the kind, and that the page has neither note nor date."""
    text = client.get("/changes").text
    assert "1 change</h2>" in text
    assert "<del>The harbour opened on Monday after nine years" in text
    assert "<ins>The harbour opened on Monday after eleven years" in text
    assert "without a notice" in text
    assert "/compare?a=1&amp;b=2" in text
    # In the chart and in its table.
    assert text.count('href="/changes?since=2026-03-02&amp;until=2026-03-02"') == 2


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 1), ("kind=numbers", 1), ("kind=typo", 0), ("notice=silent&site=news.example", 1), ("author=ada+berg", 1),
     ("since=2026-03-03", 0), ("event=gone", 0), ("section=Sport", 0), ("size=10", 1), ("size=1000", 0)],
)  # fmt: skip
def test_page_feeds_tables_and_api_show_the_same_changes(client: TestClient, query: str, count: int) -> None:
    """Under any filter."""
    assert client.get(f"/changes?{query}").text.count("<article") == count
    assert len(ET.fromstring(client.get(f"/changes.atom?{query}").text).findall("{*}entry")) == count
    assert len(client.get(f"/changes.json?{query}").json()["items"]) == count
    assert len(list(csv.DictReader(client.get(f"/changes.csv?{query}").text.splitlines()))) == count
    lines = [json.loads(line) for line in client.get(f"/changes.jsonl?{query}").text.splitlines()]
    found = client.get(f"/api/v1/changes?{query}").json()
    assert len(lines) == len(found["changes"]) == found["total"] == count
    assert all(line["kinds"] == ["numbers"] for line in (*lines, *found["changes"]))


def test_a_wrong_filter_is_named_and_never_widens_the_list_in_silence(client: TestClient) -> None:
    """The page says what it ignored; the API refuses."""
    text = client.get("/changes?kind=numberz&since=lately").text
    assert "Kind numberz is not a choice and was ignored" in text
    assert "Since lately is not a date and was ignored" in text
    assert client.get("/api/v1/changes?kind=numberz").status_code == 400


def test_the_home_page_and_the_menu_lead_there(client: TestClient) -> None:
    """From every page in one click."""
    assert 'href="/changes"' in client.get("/help").text


def test_an_edit_that_is_undone_is_changed_back_at_every_door(archive_of: Callable[..., Archive]) -> None:
    """Page, home page, feeds, tables, API, comparison and article: to which version, and when which one was seen."""
    looks = [
        {"url": URL, "body": (PAGE % years).encode(), "at": datetime(2026, 3, day, 5, tzinfo=UTC)}
        for day, years in ((1, "nine"), (2, "eleven"), (3, "nine"))
    ]
    archive = archive_of(*looks)
    client = TestClient(create_app(archive))
    for path in ("/changes", "/changes?kind=changed-back", "/changes.atom", "/changes.json", "/"):
        assert "changed back to version 1" in client.get(path).text
    assert client.get("/changes?kind=changed-back").text.count("<article") == 1
    (row,) = csv.DictReader(client.get("/changes.csv?kind=changed-back").text.splitlines())
    assert (row["kinds"], row["version_before"], row["version"]) == ("changed-back; numbers", "2", "1")
    (change,) = client.get("/api/v1/changes?kind=changed-back").json()["changes"]
    assert (change["kinds"], change["version_before"], change["version"]) == (["changed-back", "numbers"], 2, 1)
    for path in ("/article/1", "/article/1/compare?a=1&b=2", "/article/1/compare?a=2&b=1"):
        assert "hanged back" in client.get(path).text
    (line,) = archive.index.stream(iter_export_lines)
    for history in (line["history"], client.get("/api/v1/articles/1").json()["history"]):
        assert [(span["version"], span["changed_back"]) for span in history] == [(1, False), (2, False), (1, True)]
