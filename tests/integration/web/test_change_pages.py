"""Pages of changes: two versions of an article, two captures of a front page; over an imported archive."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from lxml import html
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app

ArchiveOf = Callable[..., Archive]
AT = datetime(2026, 3, 1, 6, tzinfo=UTC)
HOME = "https://news.example/"
ARTICLE = "https://news.example/town/harbour-opens-after-nine-years-1001"


def browse(archive: Archive) -> TestClient:
    """Return a client of the web interface."""
    return TestClient(create_app(archive), base_url="http://127.0.0.1:8000")


def main(client: TestClient, address: str) -> str:
    """Return the main part of a page."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text[answer.text.index("<main") : answer.text.index("</main>")]


def words(markup: str) -> str:
    """Return the text, white space folded."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", markup)).split())


SENTENCES = (
    "The harbour of the town opened again on Monday after nine years in which no ship had come there.",
    "Ships from three countries lay at the north quay by noon, and the harbour master wrote down their names.",
    "The mayor, who had spoken against it for years, said nothing and went home before the music began.",
    "Some four hundred people stood in the rain to see it, more than the town had asked to come.",
    "The council will decide in spring whether the south quay is to be built anew as well.",
)


def article(*sentences: str, title: str = "Harbour opens after nine years", language: str = "en") -> bytes:
    """An article page."""
    data = json.dumps(
        {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": title,
            "datePublished": "2026-03-01T05:00:00Z",
            "mainEntityOfPage": ARTICLE,
        }
    )
    text = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<script type="application/ld+json">{data}</script></head>'
        f"<body><article><h1>{title}</h1>{text}</article></body></html>"
    ).encode()


def headline(name: str) -> str:
    """Return the headline of an article on the front page."""
    return name.rpartition("-")[0].replace("-", " ").capitalize()


def front(*names: str) -> bytes:
    """A front page: cards with headlines, which are the names with spaces."""
    cards = "".join(
        f'<div class="card"><h3><a href="/town/{name}">{headline(name)}</a></h3><p>A line about it.</p></div>'
        for name in names
    )
    return f"<!doctype html><title>The News</title><body><h1>Latest</h1><section><h2>Top</h2>{cards}</section>".encode()


def test_two_versions_are_shown_side_by_side_and_as_one(archive_of: ArchiveOf) -> None:
    """Removed and added words are marked, by elements that screen readers announce."""
    changed = [SENTENCES[0].replace("Monday", "Sunday"), *SENTENCES[1:]]
    archive = archive_of(
        {"url": ARTICLE, "body": article(*SENTENCES)},
        {"url": ARTICLE, "body": article(*changed, title="Harbour open again"), "at": AT + timedelta(hours=1)},
    )
    client = browse(archive)
    shown = main(client, "/article/1/compare?a=1&b=2")
    assert "<del>Monday</del>" in shown
    assert "<ins>Sunday</ins>" in shown
    assert "Changed without a notice." in shown
    assert "changed: headline, body" in shown
    assert "1 paragraph changed" in words(shown)
    assert main(client, "/article/1/compare") == shown
    assert main(client, "/article/1/compare?a=2&b=1") == shown
    assert re.findall(r'<option value="(\d)" selected\b', shown) == ["1", "2"]
    assert "3 paragraphs unchanged" in words(shown)
    assert "Version 2" in words(main(client, "/article/1/compare?a=2&b=2"))
    assert "Unchanged." in main(client, "/article/1/compare?a=2&b=2")
    assert client.get("/article/1/compare?a=1&b=3").status_code == 404
    assert client.get("/article/9/compare").status_code == 404
    assert client.get(f"/article/{10**30}/compare").status_code == 404
    assert client.get("/article/1/compare?a=x").status_code == 400


def test_a_comparison_has_an_etag(archive_of: ArchiveOf) -> None:
    """It has an ETag over its bytes."""
    client = browse(archive_of({"url": ARTICLE, "body": article(*SENTENCES)}))
    first = client.get("/article/1/compare")
    assert "there is nothing to compare" in first.text
    assert "Unchanged." not in first.text
    again = client.get("/article/1/compare", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


def test_times_are_in_the_readers_time_zone(archive_of: ArchiveOf) -> None:
    """In the table of a comparison, and in the durations of a front page."""
    changed = article(*SENTENCES[1:]).replace(b"T05:00", b"T05:30")
    archive = archive_of(
        {"url": ARTICLE, "body": article(*SENTENCES)},
        {"url": ARTICLE, "body": changed, "at": AT + timedelta(hours=1)},
        {"url": HOME, "body": front(*NAMES)},
        {"url": HOME, "body": front(*NAMES), "at": AT + timedelta(hours=1)},
    )
    client = browse(archive)
    table = html.fromstring(main(client, "/article/1/compare")).xpath("//table//td/time[@data-local]/@datetime")
    assert table == ["2026-03-01T05:00:00Z", "2026-03-01T05:30:00Z"]
    listing = html.fromstring(main(client, f"/listing?url={HOME}"))
    assert listing.xpath("//form//time[@data-local]/@datetime") == ["2026-03-01T06:00:00Z", "2026-03-01T07:00:00Z"]
    assert listing.xpath("//time[@data-local='clock']")[0].text == "06:00 UTC"
    times = listing.xpath("(//*[@class='lst-duration'])[1]/time[@data-local]/@datetime")
    assert times == ["2026-03-01T06:00:00Z"]


def test_long_version_lists_are_folded_around_the_current_one(archive_of: ArchiveOf) -> None:
    """Beyond eight; each links to the comparison with the previous one, on both sides of the fold."""
    texts = [article(*SENTENCES, title=f"Harbour opens after {word} years") for word in WORDS[:11]]
    client = browse(
        archive_of(*({"url": ARTICLE, "body": t, "at": AT + timedelta(hours=n)} for n, t in enumerate(texts)))
    )
    for asked, is_open in (("", False), ("?version=4", False), ("?version=3", True)):
        page = html.fromstring(main(client, f"/article/1{asked}"))
        assert page.xpath("//ol[@class='versions']/li/@data-version") == [str(number) for number in range(11, 0, -1)]
        assert page.xpath("//details/ol[@class='versions']/li/@data-version") == ["3", "2", "1"]
        assert bool(page.xpath("//details[ol/@class='versions']/@open")) is is_open, asked
        pairs = [f"/article/1/compare?a={number}&b={number + 1}" for number in range(10, 0, -1)]
        assert page.xpath("//ol[@class='versions']//a[contains(@href, 'compare')]/@href") == pairs


def test_no_headline_reverses_the_citation(archive_of: ArchiveOf) -> None:
    """Bidirectional controls of a headline are not in the citation."""
    client = browse(archive_of({"url": ARTICLE, "body": article(*SENTENCES, title="Harbour \u202enepo")}))
    page = html.fromstring(main(client, "/article/1"))
    assert page.xpath("//h1")[0].text == "Harbour \u202enepo"
    assert page.xpath("//section[@aria-labelledby='cite']/p")[0].text.startswith("“Harbour nepo”, news.example")


WORDS = "one two three four five six seven eight nine ten eleven twelve".split()
NAMES = [f"story-number-{word}-of-the-day-{number}" for number, word in enumerate(WORDS, 2001)]


def test_a_front_page_is_shown_over_time(archive_of: ArchiveOf) -> None:
    """By groups, in the order of the page, with durations."""
    archive = archive_of(
        {"url": HOME, "body": front(*NAMES[:11])},
        {"url": HOME, "body": front(NAMES[11], *NAMES[:10]), "at": AT + timedelta(hours=1)},
        {"url": HOME, "body": front(NAMES[2], NAMES[11], *NAMES[:2], *NAMES[3:10]), "at": AT + timedelta(hours=3)},
    )
    client = browse(archive)
    newest = words(main(client, f"/listing?url={HOME}"))
    assert "capture 3 of 3" in newest
    assert "Story number three of the day shown for 3 hours" in newest
    assert "Story number twelve of the day shown for 2 hours" in newest
    assert "in this capture only" not in newest
    first = words(main(client, f"/listing?url={HOME}&at=20260301060000"))
    assert first == words(main(client, f"/listing?url={HOME}&at=2026-03-01T06:00"))
    assert "capture 1 of 3" in first
    assert "Story number eleven of the day in this capture only" in first
    assert words(main(client, f"/listing?url={HOME}&at=2026")) == newest
    assert words(main(client, f"/listing?url={HOME}&at=2026-03-01T06:00Z")) == first
    assert client.get(f"/listing?url={HOME}&at=never").status_code == 400
    for last in ("9999", "99991231235959", "9999-12-31T23:59"):  # an hour and a day are added to it
        assert words(main(client, f"/listing?url={HOME}&at={last}")) == newest
        assert client.get(f"/listing?url={HOME}&a={last}&b={last}").status_code == 200
    assert HOME in main(client, "/listing")


def test_a_front_page_at_a_time_leads_to_the_day_and_its_neighbours(archive_of: ArchiveOf) -> None:
    """A field for day and hour, the captures of the UTC day, and arrows to the same hour of the days around it."""
    hours = (0, 1, 19, 25, 97)
    archive = archive_of(
        *(
            {"url": HOME, "body": front(*NAMES[: 11 - n]), "at": AT + timedelta(hours=hour)}
            for n, hour in enumerate(hours)
        )
    )
    client = browse(archive)

    def arrows(at: str) -> dict[str, str]:
        page = html.fromstring(main(client, f"/listing?url={HOME}&at={at}"))
        return {
            link.text.strip("← →"): link.get("href").rpartition("at=")[2]
            for link in page.xpath("//nav/a[@class='button']")
        }

    page = html.fromstring(main(client, f"/listing?url={HOME}&at=2026-03-02T07:30"))
    [field] = page.xpath("//input[@name='at']")
    assert (field.get("type"), field.get("value")) == ("datetime-local", "2026-03-02T07:00:00")
    assert page.xpath("//nav[@aria-labelledby='lst-day']//a/time/@datetime") == [
        "2026-03-02T01:00:00Z",
        "2026-03-02T07:00:00Z",
    ]
    assert page.xpath("//nav//a[@aria-current]/time/@datetime") == ["2026-03-02T07:00:00Z"]
    middle = arrows("2026-03-02T07:00:00")
    assert middle["Day before"] == "20260301070000"
    # The next day has no capture: the arrow leads to the next one there is.
    assert middle["Day after"] == middle["Next"] == "20260305070000"
    assert "Day before" not in arrows("2026-03-01T06:00:00")
    assert arrows("2026-03-01T07:00:00")["Day before"] == "20260301060000"
    assert "Day after" not in arrows("2026-03-05T07:00:00")
    # The hour after the time that was asked for, not after the capture, which may be older.
    [within] = page.xpath("//a[text()='Changes within the hour']/@href")
    assert within.endswith("&a=20260302070000&b=20260302083059")


def test_two_captures_of_a_front_page_are_compared(archive_of: ArchiveOf) -> None:
    """Added, removed and moved links; links that only shifted are not moved."""
    archive = archive_of(
        {"url": HOME, "body": front(*NAMES[:11])},
        {"url": HOME, "body": front(NAMES[11], NAMES[2], *NAMES[:2], *NAMES[3:10]), "at": AT + timedelta(hours=1)},
    )
    client = browse(archive)
    shown = main(client, f"/listing?url={HOME}&a=20260301060000&b=20260301070000")
    told = re.findall(r'<li class="lst-(\w+)" value="(\d+)">', shown)
    stayed = [("stayed", str(place)) for place in range(3, 12)]
    assert told == [("came", "1"), ("up", "2"), *stayed, ("left", "11")]
    assert "↑ from 3" in shown
    assert main(client, f"/listing?url={HOME}&b=20260301070000") == shown
    assert main(client, f"/listing?url={HOME}&a=2026-03-01T06:00:00&b=2026-03-01T07:00:00") == shown
    assert "no other capture up to that time" in main(client, f"/listing?url={HOME}&a=20260301070000&b=20260301070000")


def test_a_page_without_listings_says_so(archive_of: ArchiveOf) -> None:
    """It is archived, but not a front page."""
    client = browse(archive_of({"url": ARTICLE, "body": article(*SENTENCES)}))
    answer = client.get(f"/listing?url={ARTICLE}")
    assert answer.status_code == 404
    assert "Not a listing" in answer.text


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_a_moved_paragraph_stands_where_it_was_and_where_it_is(
    archive_of: ArchiveOf, chromium: Any, width: int
) -> None:
    """Side by side, its old position is in the older column and its new one in the newer, each below its mark."""
    first, second, third, *others = SENTENCES
    client = browse(
        archive_of(
            {"url": ARTICLE, "body": article(*SENTENCES), "at": AT},
            {"url": ARTICLE, "body": article(second, third, *others, first), "at": AT + timedelta(days=1)},
        )
    )

    def answer(route: Any) -> None:
        found = client.get(route.request.url.removeprefix("http://127.0.0.1:8000"))
        route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.content)

    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.route("**/*", answer)
    page.goto("http://127.0.0.1:8000/article/1/compare")
    side_by_side = width > 960
    places = {}
    for kind, column in (("left", "old"), ("moved", "new")):
        row = page.locator(f".cmp-{kind}")
        mark = row.locator(".cmp-mark").bounding_box()
        text = row.locator(f".cmp-{column if side_by_side else 'both'} p")
        assert text.inner_text().strip() == first
        box = text.bounding_box()
        assert 0 <= box["y"] - mark["y"] - mark["height"] < 10
        places[kind] = box["x"] + box["width"] / 2
    assert (places["left"] < width / 2 < places["moved"]) == side_by_side
    page.close()
