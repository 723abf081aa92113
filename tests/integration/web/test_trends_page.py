"""/trends, its files and the API: several searches over the same periods, as numbers and as shares."""

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from storage.index.search.facets import MIN_ARCHIVED

FIRST = datetime(2026, 3, 2, 5, tzinfo=UTC)
TEXT = (
    '<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{0} no {1}", "datePublished": "{2}"}}'
    "</script><h1>{0} no {1}</h1><article><p>The {0} was discussed at length in the town hall on that day, number {1}"
    " of them all.</p><p>The mayor said that the town had waited for it, and thanked all who had come, {1} times.</p>"
    "<p>It will be discussed again next week, as the council decided in its session number {1}.</p></article>"
)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def client(shared_archive_of: Callable[..., Archive]) -> TestClient:
    """Two sites: 24 articles of the first week, six of which are of the harbour; four of the third, one of them."""
    looks = []
    for number in range(28):
        day = FIRST + timedelta(days=number % 5 if number < 24 else 14)
        subject = "harbour" if number % 4 == 0 else "bridge"
        looks.append(
            {
                "url": f"https://{'news' if number % 2 == 0 else 'other'}.example/2026/03/{subject}-{number}.html",
                "body": TEXT.format(subject, number, day.isoformat()).encode(),
                "at": day,
            }
        )
    return TestClient(create_app(shared_archive_of(*looks)))


def rows(client: TestClient, query: str) -> list[tuple[str, int, int, str]]:
    lines = csv.DictReader(client.get(f"/trends.csv?{query}").text.removeprefix("\ufeff").splitlines())
    return [(one["begin"], int(one["articles"]), int(one["archived"]), one["of_few"]) for one in lines]


def test_csv_has_each_period_of_each_search_with_its_reference(client: TestClient) -> None:
    """The same periods for both, without gaps; fewer than twenty archived articles are marked."""
    assert MIN_ARCHIVED == 20
    assert rows(client, "q=harbour&q=bridge&step=week") == [
        ("2026-03-02", 6, 24, "false"), ("2026-03-09", 0, 0, "true"), ("2026-03-16", 1, 4, "true"),
        ("2026-03-02", 18, 24, "false"), ("2026-03-09", 0, 0, "true"), ("2026-03-16", 3, 4, "true"),
    ]  # fmt: skip


def test_no_share_is_above_all(client: TestClient) -> None:
    """The scale ends at 100 %, also where a search finds nearly all."""
    text = client.get("/trends?q=mayor&step=week&chart=share").text
    assert "100 %" in text
    assert "200 %" not in text


def test_each_search_is_counted_in_each_site_against_that_site(client: TestClient) -> None:
    """A site without a search is counted against the whole archive, of which it is a share."""
    sites = "site=news.example&site=other.example&step=month"
    assert rows(client, f"q=harbour&{sites}") == [("2026-03-01", 7, 14, "true"), ("2026-03-01", 0, 14, "true")]
    assert rows(client, sites) == [("2026-03-01", 14, 28, "false"), ("2026-03-01", 14, 28, "false")]


def test_dates_bound_the_reference_too(client: TestClient) -> None:
    """A share of a week that is half within the dates is of that half."""
    assert rows(client, "q=harbour&step=week&until=2026-03-03") == [("2026-03-02", 3, 10, "true")]


@pytest.mark.parametrize("query", ["q=harbour&q=bridge&step=week", "q=harbour&q=bridge&step=week&chart=share"])
def test_the_svg_is_the_chart_of_the_page_and_names_itself(client: TestClient, query: str) -> None:
    """It is well-formed, has title and description, and no script; the page holds all of it but its style."""
    answer = client.get(f"/trends.svg?{query}")
    drawing = ET.fromstring(answer.text)
    assert drawing.get("aria-labelledby") == "trends-title trends-desc"
    assert "harbour, bridge" in (drawing.findtext(f"{SVG}title") or "")
    assert "7 articles" in (drawing.findtext(f"{SVG}desc") or "")
    assert not list(drawing.iter(f"{SVG}script"))
    assert re.sub("<style>.*?</style>", "", answer.text) in client.get(f"/trends?{query}").text
    hollow = [one for one in drawing.iter(f"{SVG}circle") if one.get("fill") is None]
    # In the second week nothing is archived, so that it has no share; the third has four articles.
    assert len(list(drawing.iter(f"{SVG}circle"))) == (4 if "share" in query else 6)
    assert len(hollow) == (2 if "share" in query else 0)


def test_page_has_a_table_beside_the_chart_and_links_to_each_search(client: TestClient) -> None:
    """All numbers can be read without the drawing."""
    text = client.get("/trends?q=harbour&q=bridge&step=week&chart=share").text
    assert text.count('<th scope="row">') == 4
    assert '<a href="/search?q=harbour"' in text
    assert "of 24, 25 %" in text
    assert "(few)" in text
    assert 'href="/trends"' in client.get("/").text
    assert "/trends?q=harbour" in client.get("/search?q=harbour").text


def test_api_counts_the_same(client: TestClient) -> None:
    """With all articles of each period beside those that match."""
    found = client.get("/api/v1/trends?q=harbour&q=bridge&step=week").json()
    assert found["step"] == "week"
    assert [[one["articles"] for one in trend["periods"]] for trend in found["trends"]] == [[6, 0, 1], [18, 0, 3]]
    assert [one["archived"] for one in found["trends"][0]["periods"]] == [24, 0, 4]
    assert client.get("/api/v1/trends?" + "&".join(f"q={n}" for n in range(9))).status_code == 400


def test_eight_lines_are_drawn_and_more_are_reported(client: TestClient) -> None:
    """Neither silently cut nor refused."""
    text = client.get("/trends?" + "&".join(f"q=harbour+{n}" for n in range(0, 40, 4))).text
    assert "Only the first 8 lines" in text
    assert text.count("stroke-dasharray") == 8


def test_too_many_periods_are_joined(client: TestClient) -> None:
    """The step that was asked for is kept where it fits; an unknown one is chosen by what fits."""
    assert "drawn by" not in client.get("/trends?q=harbour&step=day").text
    assert len(rows(client, "q=harbour&step=day")) == 15
    assert len(rows(client, "q=harbour&step=century")) == 15


def test_nothing_found_is_said(client: TestClient) -> None:
    """Without a search there is the form alone."""
    assert "No article matches" in client.get("/trends?q=zzzzz").text
    assert "No article matches" not in client.get("/trends").text
    ET.fromstring(client.get("/trends.svg?q=%00%EF%BF%BFzz").text)


def test_texts_of_readers_are_escaped(client: TestClient) -> None:
    """In the drawing, in the page, and as no formula in the table."""
    query = "q=harbour+%22%3E%3Cscript%3E&q=%3D1%2B1+OR+harbour"
    for form in ("", ".svg"):
        assert "<script>" not in client.get(f"/trends{form}?{query}").text
    assert "'=1+1 OR harbour" in client.get(f"/trends.csv?{query}").text


def test_the_chart_has_its_style_in_the_file_alone(client: TestClient) -> None:
    """In the page its policy would block it, and a browser would report that."""
    assert "<style>" in client.get("/trends.svg?q=harbour").text
    assert "<style>" not in client.get("/trends?q=harbour").text
