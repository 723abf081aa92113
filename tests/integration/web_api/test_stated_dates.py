"""The date of a page is shown and exported as the page states it: its offset is kept, and a day is not midnight."""

import json
import re
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.cli import app
from newsarchive.export.articles import csv_cell
from newsarchive.web.app import create_app
from storage.article_fields import table_row
from storage.index.queries.export import iter_export_lines

STATED = {
    "beijing": "2026-06-11T06:30:00+08:00",
    "day": "2026-06-11",
    "no-zone": "2026-06-11T06:30:00",
    "midnight": "2026-06-11T00:00:00Z",
}


def page(name: str, stated: str) -> bytes:
    text = "".join(f"<p>Paragraph {n} tells at length of the wall and the ships of {name}.</p>" for n in range(9))
    facts = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": f"The {name} of the wall",
        "datePublished": stated,
    }
    return (
        '<!doctype html><html lang=en><head><meta property="og:type" content="article">'
        f'<script type="application/ld+json">{json.dumps(facts)}</script></head><body>'
        f"<article><h1>The {name} of the wall</h1>{text}</article></body></html>"
    ).encode()


@pytest.fixture(scope="module")
def archive(shared_archive_of: Callable[..., Archive]) -> Archive:
    """One article for each form of a date."""
    return shared_archive_of(
        *({"url": f"https://news.example/{name}", "body": page(name, text)} for name, text in STATED.items())
    )


@pytest.fixture(scope="module")
def client(archive: Archive) -> Iterator[TestClient]:
    """The browser of the archive."""
    with TestClient(create_app(archive), base_url="http://localhost") as opened:
        yield opened


@pytest.fixture(scope="module")
def ids(client: TestClient) -> dict[str, int]:
    """The ids of the articles."""
    found = client.get("/api/v1/articles").json()["articles"]
    return {line["url"].rpartition("/")[2]: line["id"] for line in found}


def test_exports_and_api_keep_the_date_as_stated(archive: Archive, client: TestClient, ids: dict[str, int]) -> None:
    """The same text in JSON Lines, CSV, the JSON API of articles and of searches, and the list of articles."""
    lines = {line["url"].rpartition("/")[2]: line for line in archive.index.stream(iter_export_lines)}
    assert {name: line["published"] for name, line in lines.items()} == STATED
    assert all(STATED[name] in [*map(csv_cell, table_row(line))] for name, line in lines.items())
    details = {name: client.get(f"/api/v1/articles/{number}").json()["current"] for name, number in ids.items()}
    assert {name: version["published"] for name, version in details.items()} == STATED
    for path, key in (("/api/v1/search?q=wall", "hits"), ("/api/v1/articles", "articles")):
        listed = {each["url"].rpartition("/")[2]: each["published"] for each in client.get(path).json()[key]}
        assert listed == STATED


def test_a_story_of_11_june_in_beijing_is_never_shown_as_of_10_june_without_its_offset(
    client: TestClient, ids: dict[str, int]
) -> None:
    """A page shows the time in UTC, named, and beside it as stated; a citation has the day of the page."""
    number = ids["beijing"]
    for path in (f"/article/{number}", "/search?q=beijing", "/site/news.example", "/"):
        text = re.sub(r"<[^>]+>", "", client.get(path).text)
        assert "10 Jun 2026, 22:30 UTC (11 Jun 2026, 06:30 UTC+08:00 as stated)" in text
        assert not re.search(r"10 Jun 2026(?!, 22:30 UTC \(11 Jun)", text.replace("10 Jun 2026 UTC", ""))
    assert "date = {2026-06-11}" in client.get(f"/article/{number}/cite.bib").text
    assert json.loads(client.get(f"/article/{number}/cite.json").text)[0]["issued"] == {"date-parts": [[2026, 6, 11]]}
    feed = client.get("/search.json?q=beijing").json()
    assert [item["date_published"] for item in feed["items"]] == [STATED["beijing"]]


def test_a_date_without_a_time_is_a_day(client: TestClient, ids: dict[str, int]) -> None:
    """It is shown as one, has no time to convert, and feeds, which require a time, have none."""
    text = client.get(f"/article/{ids['day']}").text.partition('id="same"')[0]
    assert '<time datetime="2026-06-11">11 Jun 2026</time>' in text
    assert "11 Jun 2026, 00:00" not in text
    assert "11 Jun 2026, 00:00 UTC" in client.get(f"/article/{ids['midnight']}").text
    for path in ("/search.json?q=day", "/search.atom?q=day"):
        assert "2026-06-11" not in client.get(path).text


def test_a_time_without_a_zone_is_given_none(client: TestClient, ids: dict[str, int]) -> None:
    """It is not converted, and the page says that the zone is not known."""
    text = client.get(f"/article/{ids['no-zone']}").text
    assert '<time datetime="2026-06-11T06:30:00">11 Jun 2026, 06:30 (no time zone)</time>' in text


def test_the_command_line_shows_the_date_as_stated(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    """In the head of an article, and in the list of a search."""
    capsys.readouterr()
    assert app.run(["show", "https://news.example/beijing", "--archive", str(archive.folder)]) == 0
    assert "2026-06-11 06:30 UTC+08:00, by json-ld" in capsys.readouterr().out
    assert app.run(["search", "wall", "--archive", str(archive.folder)]) == 0
    found = capsys.readouterr().out
    shown = ("2026-06-11 06:30 UTC+08:00", "2026-06-11", "2026-06-11 06:30 (no time zone)", "2026-06-11 00:00 UTC")
    assert [each for each in shown if f"       {each} · " not in found] == []
