"""The newsroom as a whole: no unexpected dead links, nothing missing, nothing that depends on the process."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from storage.model import Outcome, UrlKind
from tests.newsroom import OPENS, Newsroom
from tests.newsroom.http_messages import Entity
from tests.newsroom.special_cases import MIN_ARTICLES

ORIGIN = "http://lantern.example"
MOMENTS = [OPENS, OPENS + timedelta(hours=1), OPENS + timedelta(days=2)]

Walk = Callable[[datetime], dict[str, Entity]]


@pytest.mark.parametrize("at", MOMENTS, ids=str)
def test_every_link_leads_where_it_is_meant_to(newsroom: Newsroom, walk: Walk, at: datetime) -> None:
    """A URL that is not 200 is a withdrawn or moved article, or the one dead link, as expected."""
    answers = newsroom.expected_site(at, origin=ORIGIN)
    statuses = {url: entity.status for url, entity in walk(at).items() if entity.status != 200}
    expected = dict.fromkeys(answers.redirects, 301)
    expected |= {page.url: 404 for page in answers.pages if page.outcome is Outcome.GONE}
    expected |= {
        article.url: newsroom.get_entity(ORIGIN, article.url[len(ORIGIN) :], at).status for article in answers.withdrawn
    }
    assert statuses == expected
    assert {expected[article.url] for article in answers.withdrawn} <= {404, 410}


@pytest.mark.parametrize("at", MOMENTS, ids=str)
def test_the_answers_name_every_page_and_no_other(newsroom: Newsroom, walk: Walk, at: datetime) -> None:
    """A crawl finds the expected articles, pages and disallowed URLs, and nothing else."""
    answers = newsroom.expected_site(at, origin=ORIGIN)
    readable = {url for url, entity in walk(at).items() if not entity.mime.startswith(("image/", "text/css"))}
    articles = [*answers.articles, *answers.withdrawn]
    named = {url for article in articles for url in (article.url, *article.other_urls)}
    named |= {page.url for page in answers.pages} | set(answers.redirects) | set(answers.disallowed)
    assert readable == named


def test_each_special_article_has_its_intended_sources(newsroom: Newsroom, walk: Walk) -> None:
    """Some are only in sitemaps, some only on listing pages, some only in related boxes."""
    answers = newsroom.expected_site(OPENS, origin=ORIGIN)
    ways = sorted(sorted(article.reached_by) for article in answers.articles if len(article.reached_by) < 3)
    assert ways == [[], [], [UrlKind.LISTING], [UrlKind.LISTING], [UrlKind.SITEMAP], [UrlKind.SITEMAP]]
    for article in answers.articles:
        path = article.url.removeprefix(ORIGIN)
        doors = {url for url, entity in walk(OPENS).items() if f'"{path}"'.encode() in entity.body}
        if article.reached_by == {UrlKind.SITEMAP}:
            assert not doors
        elif article.reached_by == {UrlKind.LISTING}:
            assert doors
            assert all("/page/" in door or "/author/" in door for door in doors), doors


def test_a_url_answers_alike_in_any_newsroom_of_the_same_seed(newsroom: Newsroom, walk: Walk) -> None:
    """Pages depend on seed, URL and time only, not on earlier requests."""
    again = Newsroom()
    for url, entity in reversed(walk(OPENS).items()):
        assert again.get_entity(ORIGIN, url.removeprefix(ORIGIN), OPENS) == entity


def test_another_seed_or_size_makes_another_site(newsroom: Newsroom) -> None:
    """Sites of different seeds share no headline list; the larger site has every kind of special article."""
    mine = [article.current.headline for article in newsroom.expected_site(OPENS).articles]
    other = [article.current.headline for article in Newsroom(seed="other").expected_site(OPENS).articles]
    large = Newsroom(articles=300).expected_site(OPENS).articles
    assert mine != other
    assert len(large) == 299
    assert {article.encoding for article in large} == {"utf-8", "gb18030", "windows-1251"}


def test_a_newsroom_too_small_for_its_special_articles_is_refused() -> None:
    """The error gives the minimum."""
    with pytest.raises(ValueError, match=str(MIN_ARTICLES)):
        Newsroom(articles=MIN_ARTICLES - 1)


def test_headlines_and_texts_are_told_apart(newsroom: Newsroom) -> None:
    """No two articles have one headline, and no paragraph is so frequent that it looks like boilerplate."""
    answers = newsroom.expected_site(OPENS + timedelta(days=3))
    headlines = [article.current.headline for article in answers.articles]
    assert len(set(headlines)) == len(headlines)
    texts = [text for article in answers.articles for text in {paragraph.text for paragraph in article.current.body}]
    assert max(texts.count(text) for text in set(texts)) < len(answers.articles) / 10


@pytest.mark.parametrize("size", [170_000, 210_000])
def test_heavy_pages_weigh_what_real_ones_do(size: int) -> None:
    """Pages have the given size within a fifth, some 140 links, and the same expected result."""
    heavy, light = Newsroom(page_size=size), Newsroom()
    articles = heavy.expected_site(OPENS).articles
    assert articles == light.expected_site(OPENS).articles
    for article in articles[:12]:
        page = heavy.get_entity(ORIGIN, article.url.removeprefix(ORIGIN), OPENS).body
        assert size * 0.75 < len(page) < size * 1.25
        assert page.count(b"<a ") > 100
