"""Live blogs that are recognised by title or URL, without markup."""

import pytest

from newsarchive.extract import extract_page

URL = "https://news.example/2026/03/01/storm-hits-the-coast"
POSTS = "".join(
    f"<p>1{i}:05 GMT</p><p>Post number {i} of a text that is long enough to be read by all of us here.</p>"
    for i in range(8)
)


def is_live(title: str, url: str = URL, posts: str = POSTS) -> bool:
    """Read a page of posts with times under a title."""
    page = f"<html><head><title>{title}</title></head><body><article><h1>Storm</h1>{posts}</article></body></html>"
    article = extract_page(page.encode(), url).article
    assert article is not None
    return article.live


@pytest.mark.parametrize(
    "title",
    ["Storm live: bridges close", "Storm hits the coast – live | The Post", "LIVE - Storm hits the coast",
     "Storm: live updates", "En direct : la tempête", "Storm liveblog"],
)  # fmt: skip
def test_live_by_title(title: str) -> None:
    """Only with posts that have times of their own."""
    assert is_live(title)
    assert not is_live(title, posts=POSTS.replace(" GMT", " is when the ferry leaves from the quay on weekdays"))


@pytest.mark.parametrize(
    "title",
    ["Ferry is back on the river - Hull Live", "Derbyshire Live | Ferry is back", "Live music returns", "Storm"],
)
def test_names_of_sites_and_concerts_are_not_live(title: str) -> None:
    """Even with times on the page, as in a calendar of events."""
    assert not is_live(title)


def test_live_by_url() -> None:
    """Whatever the title is."""
    assert is_live("Storm", "https://news.example/live/2026/storm-hits-the-coast", POSTS * 2)


def test_prices_are_no_times() -> None:
    """On a live page about markets."""
    assert not is_live("Markets live: oil", posts=POSTS.replace(":05 GMT", ".80 EUR"))
