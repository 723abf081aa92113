"""What was seen of an article when is told in spans of captures: on pages, by the API, on the terminal."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from tests.in_process import run_in_process

ArchiveOf = Callable[..., Archive]
AT = datetime(2026, 3, 1, 6, tzinfo=UTC)
URL = "https://news.example/town/harbour-opens-1001"
SENTENCES = (
    "The harbour of the town opened again on Monday after nine years in which no ship had come there.",
    "Ships from three countries lay at the north quay by noon, and the harbour master wrote down their names.",
    "The mayor, who had spoken against it for years, said nothing and went home before the music began.",
    "Some four hundred people stood in the rain to see it, more than the town had asked to come.",
)
NOTE = "Correction: The harbour was closed for ten years, and not for nine."


def page(*, author: str = "Ada Berg", tags: str = "sea", foot: str = "") -> bytes:
    """Return an article page."""
    data: dict[str, Any] = {
        "@type": "NewsArticle", "headline": "Harbour opens", "datePublished": "2026-03-01T05:00:00Z",
        "author": {"@type": "Person", "name": author}, "keywords": tags,
    }  # fmt: skip
    text = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Harbour opens</title>'
        f'<link rel="canonical" href="{URL}"><script type="application/ld+json">{json.dumps(data)}</script></head>'
        f"<body><article><h1>Harbour opens</h1>{text}{foot}</article></body></html>"
    ).encode()


def words(client: TestClient, address: str) -> str:
    """Return the words of the main part of a page."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    markup = answer.text[answer.text.index("<main") : answer.text.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", "", markup)).split())


@pytest.fixture
def archive(archive_of: ArchiveOf) -> Archive:
    """An article whose byline was changed and changed back, then corrected; between two looks its tags changed."""
    looks = [
        page(),
        page(author="Jo Li"),
        page(),
        page(tags="sea, quay"),
        page(foot=f"<p>{NOTE}</p>", tags="sea, quay"),
    ]
    return archive_of(*({"url": URL, "body": body, "at": AT + timedelta(hours=n)} for n, body in enumerate(looks)))


def test_the_article_page_tells_spans_and_never_unchanged_until(archive: Archive) -> None:
    """The byline that was changed back is said so; time between captures is not known; a correction comes first."""
    client = TestClient(create_app(archive), base_url="http://127.0.0.1:8000")
    shown = words(client, "/article/1")
    assert "unchanged until" not in shown
    assert "changed back" in shown
    assert "changed: byline" in shown
    assert re.search(r"What stood from 1 Mar 2026, \d\d:00 UTC until then is not known\.", shown)
    assert shown.index(NOTE) < shown.index(SENTENCES[0])
    assert "Tags: sea sea; quay" in shown
    compared = words(client, "/article/1/compare?a=1&b=2")
    assert "changed: byline" in compared
    assert "Changed back: version 1 was seen again after another version." in compared
    assert "What stood between two captures is not known." in compared


def test_the_api_tells_the_same_spans(archive: Archive) -> None:
    """Of the article, of each version, and each change of metadata."""
    client = TestClient(create_app(archive), base_url="http://127.0.0.1:8000")
    told = client.get("/api/v1/articles/1").json()
    spans = [(span["version"], span["captures"], span["changed"], span["changed_back"]) for span in told["history"]]
    assert spans == [
        (1, 1, [], False),
        (2, 1, ["byline"], False),
        (1, 2, ["byline"], True),
        (3, 1, ["correction"], False),
    ]
    assert [version["changed"] for version in told["versions"]] == [[], ["byline"], ["correction"]]
    assert [len(version["spans"]) for version in told["versions"]] == [2, 1, 1]
    assert told["current"]["corrections"] == [NOTE]
    assert [(each["field"], each["old"], each["new"]) for each in told["metadata_changes"]] == [
        ("tags", "sea", "sea; quay")
    ]


def test_the_terminal_compares_bylines_and_corrections_too(archive: Archive) -> None:
    """Those parts that differ are shown, and whether the page mentions it."""
    byline = run_in_process("show", "1", "--diff", "1", "2", "-A", archive.folder).stdout
    assert "Ada Berg" in byline
    assert "Jo Li" in byline
    noted = run_in_process("show", "1", "--diff", "1", "3", "-A", archive.folder).stdout
    assert NOTE in noted
    assert "(noted: with a new correction or note)" in noted
