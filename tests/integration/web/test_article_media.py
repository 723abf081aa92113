"""Pictures, media, named entities and live updates on the page of an article, in the API, and after a change."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from storage.index.queries.articles import find_article_id
from storage.index.queries.export import iter_export_lines

URL = "https://news.example/2026/05/harbour-wall"
DATA = {
    "@type": "LiveBlogPosting", "headline": "Harbour wall falls", "datePublished": "2026-05-01T10:00:00Z",
    "about": {"@type": "Place", "name": "Alder Bay", "sameAs": "https://www.wikidata.org/wiki/Q1"},
    "mentions": {"@type": "Thing", "name": "Cranes", "url": "javascript:alert(1)"},
    "liveBlogUpdate": [{"headline": "Wall down", "articleBody": "It fell at eleven.", "datePublished": "2026-05-01"}],
}  # fmt: skip
SENTENCE = "<p>Paragraph {} reports at length on the wall, and on what the board will do.</p>"
TEXT = [SENTENCE.format(number) for number in range(8)]
PICTURE = '<img src="/img/wall.jpg" alt="The wall">'
FIGURE = f"<figure>{PICTURE}<figcaption>The wall in May. Photo: Cy Lowe</figcaption></figure>"
VIDEO = '<iframe src="https://www.youtube.com/embed/abcdefghijk" title="The fall"></iframe>'


def page(*parts: str, data: dict[str, Any] = DATA) -> bytes:
    """Return a page of eight paragraphs with `parts` behind the third."""
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    body = "".join((*TEXT[:3], *parts, *TEXT[3:]))
    article = f"<article><h1>{data['headline']}</h1>{body}</article>"
    return f"<html lang=en><head>{script}</head><body>{article}</body></html>".encode()


@pytest.fixture
def archive(archive_of: Callable[..., Archive]) -> Archive:
    """A page with one archived picture, and one video."""
    picture = {"url": "https://news.example/img/wall.jpg", "body": b"\xff\xd8\xff wall", "mime": "image/jpeg"}
    return archive_of({"url": URL, "body": page(FIGURE, VIDEO)}, picture)


@pytest.fixture
def client(archive: Archive) -> Iterator[TestClient]:
    """A client of the browser."""
    with TestClient(create_app(archive), base_url="http://localhost") as opened:
        yield opened


def article_id(archive: Archive) -> int:
    found = archive.index.ask(find_article_id, URL)
    assert found is not None
    return found


def test_media_are_shown_among_the_paragraphs(archive: Archive, client: TestClient) -> None:
    """Each in its place, with caption and credit apart; the archived picture itself."""
    html = client.get(f"/article/{article_id(archive)}").text
    prose = html[html.index('<div class="prose">') :]
    in_order = ("Paragraph 2", "/img/wall.jpg", "The wall in May.", "Cy Lowe", "The fall", "Paragraph 3")
    places = [prose.index(text) for text in in_order]
    assert places == sorted(places)
    assert re.search(r'<img src="/web/\d+\w*[^"]*/https://news.example/img/wall.jpg" alt="The wall"', prose)
    assert "picture caption" not in html


def test_the_caption_of_the_lead_picture_is_shown_with_it(archive_of: Callable[..., Archive]) -> None:
    """The page's data may have it, and the picture none of its own."""
    image = {"url": "https://news.example/img/wall.jpg", "caption": "The wall by the data"}
    archive = archive_of({"url": URL, "body": page(PICTURE, data={**DATA, "image": image})})
    with TestClient(create_app(archive), base_url="http://localhost") as opened:
        html = opened.get(f"/article/{article_id(archive)}").text
    assert html.count("The wall by the data") == html.count("https://news.example/img/wall.jpg</span>") == 1


def test_entities_and_live_updates_are_shown(archive: Archive, client: TestClient) -> None:
    """Links lead to addresses of the web alone."""
    html = client.get(f"/article/{article_id(archive)}").text
    assert '<a href="https://www.wikidata.org/wiki/Q1"' in html
    assert "Cranes" in html
    assert "javascript:" not in html
    assert "It fell at eleven." in html


def test_the_api_has_them(archive: Archive, client: TestClient) -> None:
    """As an export line has them."""
    [line] = archive.index.stream(iter_export_lines)
    answer = client.get(f"/api/v1/articles/{article_id(archive)}").json()["current"]
    for name, count in (("media", 2), ("entities", 2), ("live_updates", 1)):
        assert len(line[name]) == count
        assert answer[name] == line[name]


@pytest.mark.parametrize("is_older_first", [True, False])
def test_media_are_those_of_the_first_capture_of_a_text(
    archive_of: Callable[..., Archive], is_older_first: bool
) -> None:
    """Whatever the order in which captures come; an added video alone makes no version."""
    early, late = (datetime(2026, 5, day, tzinfo=UTC) for day in (1, 2))
    answers = [{"url": URL, "body": page(FIGURE), "at": early}, {"url": URL, "body": page(FIGURE, VIDEO), "at": late}]
    archive = archive_of(*(answers if is_older_first else reversed(answers)))
    [line] = archive.index.stream(iter_export_lines)
    assert (line["versions"], [each["kind"] for each in line["media"]]) == (1, ["image"])


WORDS = "ferry market school bridge winter library garden council river tower harvest station".split()


def test_places_do_not_count_boilerplate(archive_of: Callable[..., Archive]) -> None:
    """As the paragraphs of an export leave it out."""
    notice = "This newspaper is printed every day but Sunday, in the old town, by its own press."
    answers = []
    for word in WORDS:
        text = page(f"<p>{notice}</p>", FIGURE, data={"@type": "NewsArticle", "headline": f"The {word} falls"})
        body = text.replace(b"Paragraph", f"On the {word} it".encode()).replace(b"wall", word.encode())
        answers.append({"url": f"https://news.example/2026/05/the-{word}-falls", "body": body})
    lines = [*archive_of(*answers).index.stream(iter_export_lines)]
    assert [line["boilerplate"] for line in lines] == [[notice]] * len(WORDS)
    assert {media["place"] for line in lines for media in line["media"]} == {3}
