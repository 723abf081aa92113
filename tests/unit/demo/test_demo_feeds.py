"""Feeds, sitemaps and robots.txt against the expected result."""

import gzip
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.robotparser import RobotFileParser

import pytest
from lxml import etree

from storage.model import UrlKind
from tests.newsroom import OPENS, ExpectedArticle, Newsroom

ORIGIN = "http://lantern.example"
SITEMAPS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
ATOM = "{http://www.w3.org/2005/Atom}"
MOMENTS = [OPENS, OPENS + timedelta(hours=1)]


def _xml(newsroom: Newsroom, path: str, at: datetime) -> etree._Element:
    body = newsroom.get_entity(ORIGIN, path, at).body
    return etree.fromstring(gzip.decompress(body) if path.endswith(".gz") else body)


def _expected(newsroom: Newsroom, kind: UrlKind, at: datetime) -> list[ExpectedArticle]:
    articles = newsroom.expected_site(at, origin=ORIGIN).articles
    return [article for article in articles if kind in article.reached_by]


@pytest.mark.parametrize("at", MOMENTS, ids=str)
def test_the_feeds_name_the_twenty_newest(newsroom: Newsroom, at: datetime) -> None:
    """RSS and Atom list the same twenty articles with headlines and dates, newest first."""
    expected = [(a.url, a.current.headline, a.published) for a in _expected(newsroom, UrlKind.FEED, at)][:-21:-1]
    rss = [
        (item.findtext("link"), item.findtext("title"), parsedate_to_datetime(item.findtext("pubDate") or ""))
        for item in _xml(newsroom, "/feed.xml", at).iter("item")
    ]
    atom = [
        (
            entry.find(f"{ATOM}link[@rel='alternate']").get("href"),  # type: ignore[union-attr]
            entry.findtext(f"{ATOM}title"),
            datetime.fromisoformat(entry.findtext(f"{ATOM}published") or ""),
        )
        for entry in _xml(newsroom, "/atom.xml", at).iter(f"{ATOM}entry")
    ]
    assert rss == expected
    assert atom == expected


@pytest.mark.parametrize("at", MOMENTS, ids=str)
def test_the_sitemaps_name_every_article_that_sitemaps_should(newsroom: Newsroom, at: datetime) -> None:
    """The index leads to all of them; withdrawn articles and old URLs are not listed."""
    maps = [loc.text or "" for loc in _xml(newsroom, "/sitemap.xml", at).iter(f"{SITEMAPS}loc")]
    urls = {
        loc.text
        for sitemap in maps
        if "articles" in sitemap
        for loc in _xml(newsroom, sitemap.removeprefix(ORIGIN), at).iter(f"{SITEMAPS}loc")
    }
    assert urls == {article.url for article in _expected(newsroom, UrlKind.SITEMAP, at)}
    assert f"{ORIGIN}/sitemaps/news.xml" in maps


def test_the_news_sitemap_names_two_days(newsroom: Newsroom) -> None:
    """With title, language and date."""
    expected = {
        (a.url, a.current.headline, a.language, a.published)
        for a in _expected(newsroom, UrlKind.SITEMAP, OPENS)
        if newsroom.last_change(OPENS) - a.published <= timedelta(days=2)
    }
    found = {
        (
            url.findtext(f"{SITEMAPS}loc"),
            url.findtext(f".//{NEWS}title"),
            url.findtext(f".//{NEWS}language"),
            datetime.fromisoformat(url.findtext(f".//{NEWS}publication_date") or "").astimezone(UTC),
        )
        for url in _xml(newsroom, "/sitemaps/news.xml", OPENS).iter(f"{SITEMAPS}url")
    }
    assert found == expected


def test_twenty_thousand_articles_fill_several_sitemaps() -> None:
    """No sitemap is longer than allowed; together they list all."""
    newsroom = Newsroom(articles=6_000)
    counts = [len(_xml(newsroom, f"/sitemaps/articles-{part}.xml.gz", OPENS)) for part in (1, 2)]
    assert counts == [5_000, 5_999 - 5_000 - 4]
    assert newsroom.get_entity(ORIGIN, "/sitemaps/articles-3.xml.gz", OPENS).status == 404


def test_robots_txt_keeps_crawlers_from_what_the_answers_say(newsroom: Newsroom) -> None:
    """Only the disallowed URLs are disallowed, and the sitemap is listed."""
    answers = newsroom.expected_site(OPENS, origin=ORIGIN)
    parser = RobotFileParser()
    parser.parse(newsroom.get_entity(ORIGIN, "/robots.txt", OPENS).body.decode().splitlines())
    assert not any(parser.can_fetch("newsarchive", url) for url in answers.disallowed)
    assert all(parser.can_fetch("newsarchive", article.url) for article in answers.articles)
    assert all(parser.can_fetch("newsarchive", page.url) for page in answers.pages)
    assert parser.site_maps() == [f"{ORIGIN}/sitemap.xml"]
