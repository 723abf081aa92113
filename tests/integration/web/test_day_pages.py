"""/2026/05/04, /2026/05 and /2026: articles of a day, and calendars of days with articles."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from lxml import html
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app

AT = datetime(2026, 5, 4, 6, tzinfo=UTC)
STORIES = [
    ("news.example", "2026-05-04T05:00:00Z", "Sport", "Late goal decides the harbour derby"),
    ("news.example", "2026-05-04", "", "Council debates the new ferry timetable"),
    ("news.example", "2026-05-03T23:30:00-02:00", "Sport", "Rowers prepare for the spring regatta"),
    ("other.example", "2026-05-04T22:00:00Z", "Town", "Bridge closes for a week of repairs"),
    ("other.example", "2026-05-05T01:00:00+03:00", "Town", "Market moves to the old square"),
    ("other.example", "2026-04-30T12:00:00Z", "Town", "School opens its garden to neighbours"),
]


def story(published: str, section: str, title: str) -> bytes:
    """An article page; each has its own text."""
    data = {"@type": "NewsArticle", "headline": title, "datePublished": published, "articleSection": section}
    text = "".join(
        f"<p>{title}, as was told on the {word} day of the week by all who had seen it.</p>" for word in "abcd"
    )
    return (
        f'<html lang="en"><head><title>{title}</title>'
        f'<script type="application/ld+json">{json.dumps(data)}</script></head>'
        f"<body><article><h1>{title}</h1>{text}</article></body></html>"
    ).encode()


def front(*titles: str) -> bytes:
    """A front page."""
    cards = "".join(
        f'<article><h2><a href="/{t.lower().replace(" ", "-")}-2001">{t}</a></h2></article>' for t in titles
    )
    return f"<html><head><title>News</title></head><body><main>{cards}</main></body></html>".encode()


@pytest.fixture(scope="module")
def client(shared_archive_of: Callable[..., Archive]) -> TestClient:
    """A browser of an archive with articles of a few days."""
    answers: list[dict[str, object]] = [
        {"url": f"https://{site}/{title.lower().replace(' ', '-')}-2001", "body": story(published, section, title)}
        for site, published, section, title in STORIES
    ]
    home = front(
        *(
            f"{word} story of the long day"
            for word in "First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth".split()
        )
    )
    answers += [{"url": "https://news.example/", "body": home, "at": AT + timedelta(hours=n)} for n in (0, 9)]
    return TestClient(create_app(shared_archive_of(*answers)), base_url="http://127.0.0.1:8000", follow_redirects=False)


def read(client: TestClient, path: str) -> html.HtmlElement:
    """Return the main part of a page."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    [main] = html.document_fromstring(answer.text).xpath("//main")
    assert isinstance(main, html.HtmlElement)
    return main


def headlines(page: html.HtmlElement) -> dict[str, list[str]]:
    """Return the headlines by site and section, as "site/section"."""
    found: dict[str, list[str]] = {}
    for site in page.xpath(".//section"):
        section = ""
        for element in site.iter("h3", "h4"):
            if "day-section" in element.get("class", ""):
                section = element.text_content()
            else:
                found.setdefault(f"{site.xpath('string(h2)')}/{section}", []).append(element.text_content().strip())
    return found


def test_a_day_has_its_articles_by_site_and_section(client: TestClient) -> None:
    """A time counts in UTC, a date without a time on its day."""
    assert headlines(read(client, "/2026/05/04")) == {
        "news.example/": ["Council debates the new ferry timetable"],
        "news.example/Sport": ["Late goal decides the harbour derby", "Rowers prepare for the spring regatta"],
        "other.example/Town": ["Bridge closes for a week of repairs", "Market moves to the old square"],
    }
    assert read(client, "/2026/5/4").text_content() == read(client, "/2026/05/04").text_content()
    assert list(headlines(read(client, "/2026/05/04?site=news.example"))) == ["news.example/", "news.example/Sport"]


def test_a_day_leads_to_the_front_page_that_stood_last(client: TestClient) -> None:
    """And to the days before and after that have articles."""
    page = read(client, "/2026/05/04")
    assert page.xpath(".//a[contains(., 'Front page at 15:00 UTC')]/@href") == [
        "/listing?url=https%3A%2F%2Fnews.example%2F&at=20260504150000"
    ]
    assert page.xpath(".//a[@rel='prev']/@href") == ["/2026/04/30"]
    assert not page.xpath(".//a[@rel='next']")
    assert read(client, "/2026/04/30").xpath(".//a[@rel='next']/@href") == ["/2026/05/04"]
    empty = read(client, "/2026/05/03")
    assert "No article is dated on this day" in empty.text_content()
    assert empty.xpath(".//a[@rel='prev']/@href") == ["/2026/04/30"]


def test_calendars_lead_to_days(client: TestClient) -> None:
    """With their numbers; the menu leads to the newest day."""
    assert client.get("/days").headers["location"] == "/2026/05/04"
    assert client.get("/days?site=news.example").headers["location"] == "/2026/05/04?site=news.example"
    year = read(client, "/2026")
    days = {link.get("href"): link.get("title") for link in year.xpath(".//td/a")}
    assert days == {"/2026/04/30": "1 article", "/2026/05/04": "5 articles"}
    assert year.xpath(".//caption/a/@href") == ["/2026/04", "/2026/05"]
    month = read(client, "/2026/05")
    assert month.xpath(".//td/a/@href") == ["/2026/05/04"]
    assert month.xpath(".//a[@rel='prev' or @rel='next']/@href") == ["/2026/04"]
    assert read(client, "/2026/01").xpath(".//a[@rel='next']/@href") == ["/2026/04"]
    assert read(client, "/2027").xpath(".//a[@rel='prev']/@href") == ["/2026"]
    assert len(month.xpath(".//table")) == 1
    assert read(client, "/2026?site=other.example").xpath(".//td/a/@title") == ["1 article", "2 articles"]


@pytest.mark.parametrize("path", ["/2026/05/04", "/2026/05", "/2026"])
def test_an_unknown_site_has_no_articles(client: TestClient, path: str) -> None:
    """Whatever its name is made of."""
    for site in ("nowhere", "%00news", "x" * 300):
        page = read(client, f"{path}?site={site}")
        assert not page.xpath(".//article | .//td/a"), site


@pytest.mark.parametrize("path", ["/2026/02/30", "/2026/13", "/0", "/99999", "/9999/12/31"])
def test_a_day_that_there_is_not_is_not_found(client: TestClient, path: str) -> None:
    """With the forms that there are."""
    answer = client.get(path, headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "/2026/05/04" in answer.text
