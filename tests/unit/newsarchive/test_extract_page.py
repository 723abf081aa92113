"""The public function `extract_page`."""

import json
from pathlib import Path
from typing import Any

import pytest

import newsarchive
from newsarchive import Outcome, extract_page
from newsarchive.extract import extract_page as read_payload
from newsarchive.extract.serialize import reading_to_json

TEXT = "".join(
    f"<p>Am Hafen von Zürich standen gestern {number} Leute, und keiner von ihnen hatte einen Regenschirm dabei.</p>"
    for number in range(9)
)
CANONICAL = '<link rel="canonical" href="https://news.example/2026/regen-am-hafen">'
LINKED = '<p><a href="/2026/noch-mehr-regen">Noch mehr Regen ist angesagt</a> und es bleibt kalt bis Sonntag.</p>'
URL = "https://news.example/2026/regen-am-hafen"


def make_page(head: str = "") -> str:
    fields = {"@type": "NewsArticle", "headline": "Regen am Hafen", "datePublished": "2026-05-04"}
    declared = f'<script type="application/ld+json">{json.dumps(fields)}</script>'
    body = f"<article><h1>Regen am Hafen</h1>{TEXT}{LINKED}</article>"
    return f"<html><head><title>Regen am Hafen</title>{declared}{head}</head><body>{body}</body></html>"


def test_text_and_bytes_are_read_alike() -> None:
    """Text is not decoded again, whatever encoding its markup declares; bytes of any encoding give the same article."""
    page = make_page('<meta charset="iso-8859-1">')
    wanted = read_payload(page.encode(), URL)
    assert wanted.article is not None
    assert "Zürich" in wanted.article.body
    assert extract_page(page, URL) == extract_page(page.encode(), URL) == wanted
    assert extract_page(bytearray(page.encode()), URL) == wanted  # type: ignore[arg-type]  # a buffer will do
    assert extract_page(page.encode("latin-1"), URL).article == wanted.article
    assert extract_page("<p>\ud800</p>").outcome is not Outcome.ARTICLE


def test_without_a_url_the_page_names_its_own() -> None:
    """The result is that with the URL that the page names; without one it is an article still, its links unknown."""
    page = make_page(CANONICAL)
    assert extract_page(page) == extract_page(page, URL)
    assert extract_page(make_page(f'<meta property="og:url" content="{URL}">')).article == extract_page(page).article
    unnamed = extract_page(make_page())
    assert unnamed.outcome is Outcome.ARTICLE
    assert unnamed.article is not None
    assert (unnamed.article.url, unnamed.article.canonical_url, unnamed.article.link_groups) == ("", "", ())


def test_the_fields_are_those_of_the_one_serialiser() -> None:
    """`to_dict` gives what `newsarchive extract` prints, and `body` the text in it."""
    reading = extract_page(make_page(), URL)
    assert reading.article is not None
    fields = reading.article.to_dict()
    assert {"outcome": reading.outcome, "reason": reading.reason} | fields == reading_to_json(reading)
    assert reading.article.body == fields["body"]
    assert reading.article.body.count("\n\n") == 9
    assert json.loads(json.dumps(fields)) == fields


@pytest.mark.parametrize(
    ("page", "outcome"),
    [
        ("", Outcome.EMPTY),
        (b"\0\1\2", Outcome.EMPTY),
        (
            "<title>Just a moment...</title><h1>Checking your browser</h1><p>Enable JavaScript and cookies to continue",
            0,
        ),
    ],
)
def test_a_page_that_is_none_has_a_reason(page: str | bytes, outcome: Outcome | int) -> None:
    """Nothing found is a value, never an error."""
    reading = extract_page(page)
    assert reading.article is None
    assert reading.reason
    assert not outcome or reading.outcome is outcome


def test_the_public_names_are_shown() -> None:
    """`dir` and a star import have the public names and no others; an unknown one is an AttributeError."""
    assert dir(newsarchive) == newsarchive.__all__ == sorted(newsarchive.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'extract_pages'"):
        _ = newsarchive.extract_pages  # type: ignore[attr-defined]  # which type checkers refuse, too


@pytest.mark.parametrize("page", [None, 3, Path("page.html"), ["<p>"]])
def test_only_text_and_bytes_are_a_page(page: Any) -> None:
    """A number is no page of as many zero bytes, and a path none of its name; all that holds bytes is one."""
    with pytest.raises(TypeError, match="bytes-like"):
        extract_page(page)
    text = b"<p>Closed on Mondays.</p>"
    assert extract_page(bytearray(text)) == newsarchive.extract_page(text)  # type: ignore[arg-type]
