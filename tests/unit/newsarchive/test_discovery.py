"""The URLs that a capture makes due."""

import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from newsarchive.ingest.discovery import (
    FEED_ENTRY,
    LISTING_LINK,
    NEXT_PAGE,
    SITEMAP_ENTRY,
    discover_urls,
    is_on_site_host,
)
from storage.article_parts import Image
from storage.model import (
    Article,
    Capture,
    DiscoveredUrl,
    Discovery,
    FeedEntry,
    Link,
    LinkGroup,
    LinkKind,
    Outcome,
    Reading,
    RecordPlace,
    Site,
    UrlKind,
    UrlSource,
)
from storage.page_date import PageDate

SITE = Site(name="gazette", url="https://www.gazette.example/", hosts=("m.gazette.example",))
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def capture(url: str = "https://www.gazette.example/", redirect: str | None = None) -> Capture:
    return Capture(
        url=url,
        record_id="urn:uuid:1",
        place=RecordPlace(warc="a.warc.gz", offset=0, length=1),
        kind="response",
        fetched_at=AT,
        date="2026-03-01T12:00:00Z",
        status=301 if redirect else 200,
        mime="text/html",
        payload_digest=None,
        payload_size=1,
        redirect_url=redirect,
    )


def how(kind: UrlKind = UrlKind.LISTING) -> Discovery:
    return Discovery(site="gazette", kind=kind)


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://gazette.example/a", True),
        ("http://www.gazette.example:80/a", True),
        ("https://M.Gazette.example/a", True),
        ("https://gazette.example:8443/a", False),
        ("https://gazette.example.evil.example/a", False),
        ("https://blog.gazette.example/a", False),
        ("javascript:alert(1)//gazette.example", False),
        ("https://gazette.example:port/a", False),
        ("https://[gazette.example/a", False),
        ("https:///a", False),
    ],
)
def test_a_site_owns_its_hosts_and_no_others(url: str, own: bool) -> None:
    """Whole hosts are compared, without "www." and default ports."""
    assert is_on_site_host(SITE, url) is own


def test_a_listing_makes_its_articles_and_its_next_page_due() -> None:
    """Links to the site's hosts in every group, each once, and the next page after them."""
    links = tuple(
        Link(url=url, anchor="Harbour reopens")
        for url in ("https://gazette.example/a", "https://gazette.example/a", "https://elsewhere.example/b")
    )
    reading = Reading(
        outcome=Outcome.LISTING,
        reason="",
        link_groups=(LinkGroup(kind=LinkKind.LISTING, label="", links=links),),
        sources=(
            UrlSource(url="https://gazette.example/?page=2", kind=UrlKind.LISTING),
            UrlSource(url="https://gazette.example/?page=9999", kind=UrlKind.LISTING),
            UrlSource(url="https://elsewhere.example/feed", kind=UrlKind.FEED),
        ),
    )
    assert discover_urls(capture(), how(), reading, SITE) == (
        DiscoveredUrl(
            url="https://gazette.example/a",
            discovery=Discovery(
                site="gazette",
                kind=UrlKind.ARTICLE,
                via="https://www.gazette.example/",
                via_kind=UrlKind.LISTING,
                anchor="Harbour reopens",
            ),
            due_at=AT,
            priority=LISTING_LINK,
        ),
        DiscoveredUrl(
            url="https://gazette.example/?page=2",
            discovery=Discovery(
                site="gazette", kind=UrlKind.LISTING, via="https://www.gazette.example/", via_kind=UrlKind.LISTING
            ),
            due_at=AT,
            priority=NEXT_PAGE,
        ),
    )


def test_no_page_is_kept_in_memory() -> None:
    """A run indexes many pages: each reading is freed once its URLs are known."""
    reading = Reading(outcome=Outcome.OTHER, reason="")
    references = sys.getrefcount(reading)
    discover_urls(capture(), how(), reading, SITE)
    assert sys.getrefcount(reading) == references


def test_a_feed_hands_on_title_and_date_and_goes_before_a_sitemap() -> None:
    """A feed's facts about an item are stored with its discovery; entries of a sitemap have lower priority."""
    entry = FeedEntry(url="https://gazette.example/a", title="Harbour reopens", published=PageDate.from_time(AT))
    for outcome, via, priority in (
        (Outcome.FEED, UrlKind.FEED, FEED_ENTRY),
        (Outcome.SITEMAP, UrlKind.SITEMAP, SITEMAP_ENTRY),
    ):
        (found,) = discover_urls(capture(), how(via), Reading(outcome=outcome, reason="", entries=(entry,)), SITE)
        assert found == DiscoveredUrl(
            url=entry.url,
            discovery=Discovery(
                site="gazette",
                kind=UrlKind.ARTICLE,
                via="https://www.gazette.example/",
                via_kind=via,
                title="Harbour reopens",
                published=PageDate.from_time(AT),
            ),
            due_at=AT,
            priority=priority,
        )


def test_a_redirect_is_followed_within_the_site_only() -> None:
    """The target is fetched as the same kind; a page of another site is not fetched."""
    reading = Reading(outcome=Outcome.REDIRECT, reason="")
    (found,) = discover_urls(capture(redirect="https://gazette.example/new"), how(UrlKind.ARTICLE), reading, SITE)
    assert found.discovery.kind is UrlKind.ARTICLE
    assert found.url == "https://gazette.example/new"
    assert discover_urls(capture(redirect="https://elsewhere.example/"), how(), reading, SITE) == ()


def test_robots_may_name_a_sitemap_elsewhere_and_a_page_may_not() -> None:
    """Sitemaps on other hosts count only if robots.txt names them (sitemaps.org)."""
    source = UrlSource(url="https://maps.elsewhere.example/s.xml", kind=UrlKind.SITEMAP)
    robots = Reading(outcome=Outcome.ROBOTS, reason="", sources=(source,))
    page = Reading(outcome=Outcome.LISTING, reason="", sources=(source,))
    assert [found.url for found in discover_urls(capture(), how(UrlKind.ROBOTS), robots, SITE)] == [source.url]
    assert discover_urls(capture(), how(), page, SITE) == ()


@pytest.mark.parametrize("requisites", [True, False])
def test_images_of_social_cards_are_requisites(requisites: bool) -> None:
    """The lead image is a requisite, once and last; unless it is no web URL, or requisites are off."""
    shown, card = "https://img.example/shown.jpg", "https://img.example/card.jpg"
    for url, wanted in ((card, [shown, card]), (shown, [shown]), ("data:image/png;base64,AAAA", [shown])):
        article = Article(
            url="https://gazette.example/a",
            canonical_url="https://gazette.example/a",
            headline="Harbour reopens",
            image=Image(url=url),
        )
        reading = Reading(outcome=Outcome.ARTICLE, reason="", article=article, requisites=(shown,))
        found = discover_urls(
            capture("https://gazette.example/a"), how(UrlKind.ARTICLE), reading, replace(SITE, requisites=requisites)
        )
        assert [one.url for one in found if one.discovery.kind is UrlKind.ASSET] == (wanted if requisites else [])


def test_an_article_names_only_what_is_not_captured_and_a_listing_everything() -> None:
    """All links of a listing are recorded for the schedule; of an article only those not captured yet."""
    urls = ("https://gazette.example/held", "https://gazette.example/fresh")
    groups = (LinkGroup(kind=LinkKind.RELATED, label="", links=tuple(Link(url=url, anchor="") for url in urls)),)
    address = "https://gazette.example/a"
    article = Article(url=address, canonical_url=address, headline="Harbour reopens", link_groups=groups)
    for reading, named in (
        (Reading(outcome=Outcome.ARTICLE, reason="", article=article), urls[1:]),
        (Reading(outcome=Outcome.LISTING, reason="", link_groups=groups), urls),
    ):
        found = discover_urls(capture(address), how(), reading, SITE, is_captured=urls[0].__eq__)
        assert tuple(one.url for one in found) == named
