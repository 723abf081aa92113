"""/sites with many sites, and links of pages of sites that are known only from imported files."""

import json
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import pytest
from lxml import html
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from newsarchive.web.pages.sites import SITES_PER_PAGE

COUNT = SITES_PER_PAGE + 10
ADDRESS = "http://127.0.0.1:8000"


def article(number: int) -> bytes:
    """An article page, in odd numbers one whose canonical URL was never fetched."""
    canonical = f"https://site-{number:03}.example/other" if number % 2 else f"https://site-{number:03}.example/a-story"
    data = {"@type": "NewsArticle", "headline": f"Story {number} of the day", "datePublished": "2026-03-01T05:00:00Z"}
    text = "<p>The harbour of the town opened again on Monday after nine years in which no ship had come there.</p>" * 4
    return (
        f'<html lang="en"><head><title>Story</title><link rel="canonical" href="{canonical}">'
        f'<script type="application/ld+json">{json.dumps(data)}</script></head>'
        f"<body><article><h1>Story {number} of the day</h1>{text}"
        f"<p>Story {number} ends here.</p></article></body></html>"
    ).encode()


@pytest.fixture(scope="module")
def client(shared_archive_of: Callable[..., Archive]) -> TestClient:
    """A browser of an archive with one article of each of many sites, and two of one of them."""
    answers = [{"url": f"https://site-{n:03}.example/a-story", "body": article(n)} for n in range(COUNT)]
    other = article(42).replace(b"a-story", b"another").replace(b"Story 42", b"School").replace(b"harbour", b"school")
    answers.append({"url": "https://site-042.example/another", "body": other})
    return TestClient(create_app(shared_archive_of(*answers)), base_url=ADDRESS)


def names(client: TestClient, query: str) -> list[str]:
    """Return the names of the sites on a page."""
    page = html.fromstring(client.get(f"/sites{query}").text)
    return [link.get("href").removeprefix("/site/") for link in page.xpath("//tbody//th/a")]


def test_sites_are_shown_in_pages(client: TestClient) -> None:
    """Each site is on exactly one page."""
    first, second = names(client, ""), names(client, "?page=2")
    assert len(first) == SITES_PER_PAGE
    assert len({*first, *second}) == COUNT
    assert first == sorted(first)
    assert "No site on this page" in client.get("/sites?page=3").text


def test_sites_are_filtered_by_words_of_their_name_or_address(client: TestClient) -> None:
    """Whatever their order and case."""
    assert names(client, "?q=SITE-007") == ["site-007.example"]
    assert names(client, "?q=example+040") == ["site-040.example"]
    assert "No site matches" in client.get("/sites?q=nothing").text


def test_sites_are_sorted(client: TestClient) -> None:
    """The site with two articles is the first by articles; an unknown order is that by name."""
    assert names(client, "?sort=articles")[:2] == ["site-042.example", "site-000.example"]
    assert names(client, "?sort=nonsense") == names(client, "")
    page = html.fromstring(client.get("/sites?sort=articles&q=site").text)
    assert [link.get("href") for link in page.xpath("//a[@rel='next']")] == ["/sites?q=site&sort=articles&page=2"]


@pytest.mark.slow
def test_no_link_of_a_site_is_broken(client: TestClient) -> None:
    """Neither on its page nor on those of its articles: front page, sources and canonical URL may not be captured."""
    waiting = ["/site/site-000.example", "/site/site-001.example"]
    seen = set(waiting)
    while waiting:
        here = waiting.pop()
        for link in html.fromstring(client.get(here).text).xpath("//main//a/@href"):
            target = urlsplit(urljoin(ADDRESS + here, link))
            further = target.path + (f"?{target.query}" if target.query else "")
            if not target.geturl().startswith(ADDRESS) or further in seen or target.path.startswith("/web/"):
                continue
            seen.add(further)
            answer = client.get(further)
            assert answer.status_code == 200, (here, further)
            if target.path.startswith("/article/") and "html" in answer.headers["content-type"]:
                waiting.append(further)
    assert len(seen) > 10
    assert sum(path.startswith("/article/") for path in seen) > 1


def test_the_page_of_a_site_lists_what_its_pages_teach(shared_archive_of: Callable[..., Archive]) -> None:
    """Two articles that have their dek in one box teach it, in words."""
    dek = b'</h1><p class="standfirst">Of ships that wait, number %d, and of the town behind them</p>'
    pages = [article(number).replace(b"</h1>", dek % number).replace(b"canonical", b"x") for number in (2, 4, 6)]
    answers = [{"url": f"https://harbour.example/{number}", "body": page} for number, page in enumerate(pages)]
    client = TestClient(create_app(shared_archive_of(*answers)), base_url=ADDRESS)
    shown = " ".join(html.fromstring(client.get("/site/harbour.example").text).text_content().split())
    assert "p.standfirst holds the dek in 3 articles, and holds something else in none" in shown
