from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.crawl.traps import trap_reason, url_patterns

TODAY = datetime(2026, 11, 25, tzinfo=UTC)
FINE = [
    "https://news.example/",
    "https://news.example/2026/11/25/a-story-about-a-story-about-trade.html?page=2&lang=en",
    "https://news.example/2009/05/an-old-story",
    "https://news.example/plan-for-2050-10-points-to-watch",
    "https://news.example/story/205001",
    "https://news.example/world/asia/china/world/",
    "https://news.example/events/2026/12/christmas-market",
    "https://news.example/sidebar/sidney?besides=1",
    "https://news.example/search?q=trade",
    "https://news.example/archive?page=400",
    "https://news.example/?" + "&".join(f"f{n}=1" for n in range(12)),
]
TRAPS = {
    "path too deep": ["/" + "/".join(str(n) for n in range(25))],
    "path is a loop": ["/a/b/a/b/a/b", "/x/x/x/x", "/a/x/a/y/a/z/a", "/en/news/en/news/en/news/story"],
    "session id": ["/a;jsessionid=0A1B", "/?PHPSESSID=1", "/?a=1&sid=2", "/(s(4hqa0555fwsecu455xqckv45))/a.aspx"],
    "calendar": [
        "/events/?ical=1",
        "/events/?tribe-bar-date=2031-01",
        "/events/2031/05/",
        "/calendar/2019-05-01",
        "/kalender/2031/5",
        "/list?year=2031&month=5",
        "/agenda?date=20310501",
    ],
    "endless query": ["/?" + "&".join(f"f{n}=1" for n in range(13))],
    "faceted search": [
        "/shop?colour=red&price=10&brand=x",
        "/list?filter[a]=1&filter[b]=2&filter[c]=3",
        "/search?q=trade&sort=date",
        "/list?tag=a&tag=b&tag=c",
    ],
    "endless pagination": ["/archive?page=5001", "/archive/page/999999", "/archive/page/99999999999"],
    "URL within a URL within a URL": ["/go?to=https%3A%2F%2Fa.example%2Fgo%3Fto%3Dhttps%253A%252F%252Fb.example"],
}


@pytest.mark.parametrize("url", FINE)
def test_usual_urls_of_news_sites_are_no_traps(url: str) -> None:
    """A rule that matched an article would lose it."""
    assert trap_reason(url, today=TODAY) is None


@pytest.mark.parametrize(("why", "path"), [(why, path) for why, paths in TRAPS.items() for path in paths])
def test_a_trap_has_its_reason(why: str, path: str) -> None:
    """Calendars, session ids, loops, facets, endless pagination."""
    assert trap_reason(f"https://news.example{path}", today=TODAY) == why


@pytest.mark.parametrize(("why", "path"), [(why, path) for why, paths in TRAPS.items() for path in paths])
def test_trap_exceptions_are_no_traps(why: str, path: str) -> None:
    """trap_exceptions are prefixes of paths, or URL patterns as status prints them."""
    del why
    url = f"https://news.example{path}"
    assert trap_reason(url, today=TODAY, exempt=["/"]) is None
    assert trap_reason(url, today=TODAY, exempt=[url_patterns(url)[-1]]) is None


@given(st.text(max_size=80).map(lambda text: f"http://news.example/{text}") | st.text(max_size=60))
def test_any_text_has_a_result(url: str) -> None:
    """A reason or None, and patterns, for any text; never an exception."""
    assert trap_reason(url, today=TODAY) is None or isinstance(trap_reason(url, today=TODAY), str)
    assert all(isinstance(each, str) for each in url_patterns(url))


def test_urls_of_one_form_share_a_pattern() -> None:
    """Numbers, dates, random names and slugs are placeholders; other segments are kept."""
    urls = ["https://news.example/cal/2026/11?view=a", "https://news.example/cal/1999/1?view=b"]
    assert {url_patterns(url)[0] for url in urls} == {"news.example/cal/{n}/{n}?view"}
    assert url_patterns("https://news.example/a-story/x8f9a0b1.html")[0] == "news.example/{s}/{id}.html"


def test_the_urls_of_one_article_share_a_pattern() -> None:
    """With a slug or a query field that the server ignores, the article's own path is part of the pattern."""
    one, other = (url_patterns(f"https://news.example/story/12345/{slug}") for slug in ("a-good-day", "x"))
    assert "news.example/story/12345/*" in set(one) & set(other)
    one, other = (url_patterns(f"https://news.example/story/a-good-day?ref={ref}") for ref in ("a", "b"))
    assert "news.example/story/a-good-day?ref" in set(one) & set(other)
