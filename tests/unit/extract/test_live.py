"""Which pages are live blogs for what they say of themselves, without markup."""

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
def test_a_title_that_says_so(title: str) -> None:
    """With posts that have times of their own; not without."""
    assert is_live(title)
    assert not is_live(title, posts=POSTS.replace(" GMT", " is when the ferry leaves from the quay on weekdays"))


@pytest.mark.parametrize(
    "title",
    ["Ferry is back on the river - Hull Live", "Derbyshire Live | Ferry is back", "Live music returns", "Storm"],
)
def test_the_name_of_a_site_or_a_concert_says_nothing(title: str) -> None:
    """Though times stand on the page, as on one of what is on."""
    assert not is_live(title)


def test_an_address_that_says_so() -> None:
    """Whatever the title is."""
    assert is_live("Storm", "https://news.example/live/2026/storm-hits-the-coast", POSTS * 2)


def test_prices_are_no_times() -> None:
    """Of a live page on markets."""
    assert not is_live("Markets live: oil", posts=POSTS.replace(":05 GMT", ".80 EUR"))
