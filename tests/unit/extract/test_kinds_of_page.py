"""What a page is, and why."""

import pytest

from newsarchive.extract import read
from newsarchive.extract.asked import Asked
from storage.model import Discovery, Outcome, UrlKind

URL = "https://news.example/world/104233/rain-falls-on-the-hills"
TEXT = "".join(
    f"<p>Paragraph number {i} of a story about rain that falls on hills, and about people who do not mind it.</p>"
    for i in range(12)
)
HEAD = "<head><title>Rain falls on the hills</title></head>"
ARTICLE = f"<html>{HEAD}<body><article><h1>Rain falls on the hills</h1>{TEXT}</article></body></html>"
CHALLENGE = "<html><head><title>Just a moment...</title></head><body><p>Verify you are human</p></body></html>"


def outcome(page: str, url: str = URL, status: int = 200, discovery: Discovery | None = None) -> Outcome:
    reading = read(page.encode(), Asked(url=url, headers=(), status=status, discovery=discovery))
    assert reading.reason
    assert (reading.article is not None) == (reading.outcome is Outcome.ARTICLE)
    return reading.outcome


@pytest.mark.parametrize(
    ("page", "status", "expected"),
    [
        (ARTICLE, 200, Outcome.ARTICLE),
        (ARTICLE, 404, Outcome.GONE),
        (ARTICLE, 503, Outcome.ERROR),
        (CHALLENGE, 200, Outcome.CHALLENGE),
        (CHALLENGE, 403, Outcome.CHALLENGE),
        ("<html><body><h1>Page not found</h1><p>Try the search.</p></body></html>", 200, Outcome.SOFT_404),
        (
            "<html><head><title>Seite nicht gefunden</title></head><body><p>Leider.</p></body></html>",
            200,
            Outcome.SOFT_404,
        ),
        ("<html><body></body></html>", 200, Outcome.OTHER),
        (" \n ", 200, Outcome.EMPTY),
    ],
)
def test_outcomes(page: str, status: int, expected: Outcome) -> None:
    """Every page has one outcome; only an article comes with an article."""
    assert outcome(page, status=status) is expected


def test_a_story_about_a_404_is_a_story() -> None:
    """Words of an error page in a whole article are its subject."""
    page = ARTICLE.replace("Rain falls on the hills", "The story of 404, page not found")
    assert outcome(page.replace(TEXT, TEXT * 3)) is Outcome.ARTICLE


def test_what_is_asked_for_as_an_asset_is_not_read() -> None:
    """An error page under an image's address is no article."""
    assert outcome(ARTICLE, discovery=Discovery(site="x", kind=UrlKind.ASSET)) is Outcome.ASSET


def test_a_listing_that_is_asked_for_is_a_listing() -> None:
    """A section page with a single story is a listing where the site's owner says so."""
    story = '<h3><a href="/world/104111/a-story-about-the-sea-and-salt">A story about the sea and salt</a></h3>'
    page = f"<html><body><h1>World</h1><div>{story}</div></body></html>"
    discovery = Discovery(site="x", kind=UrlKind.LISTING)
    assert outcome(page, "https://news.example/world/", discovery=discovery) is Outcome.LISTING


@pytest.mark.parametrize(
    "magic", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"%PDF-1.7\n", b"\xff\xd8\xff\xe0\0\x10JFIF", b"body{color:red}"]
)
def test_files_are_assets(magic: bytes) -> None:
    """Images, documents and stylesheets are kept, and not read."""
    mime = "text/css" if magic.startswith(b"body") else "application/octet-stream"
    assert read(magic, Asked(url="https://news.example/x", headers=[("content-type", mime)])).outcome is Outcome.ASSET
