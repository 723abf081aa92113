"""Discover the URLs that a capture makes due, with their priorities. Live crawl and rebuild share this function."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from newsarchive.ingest import backfill_priority as backfill
from storage.model import Capture, DiscoveredUrl, Discovery, LinkGroup, LinkKind, Outcome, Reading, Site, UrlKind
from storage.urls import url_host
from storage.warc.spider_output import SpiderOutput

# Lower numbers are fetched first: fresh URLs before those that only complete the archive.
SOURCE = 0
FEED_ENTRY = 10
LISTING_LINK = 20
NEXT_PAGE = 30
RELATED_LINK = 40
SITEMAP_ENTRY = 50
UNLIKELY_LINK = 55
"""Links whose URL template is that of pages that were no articles."""
REQUISITE = 60

MAX_REDIRECTS = 20
"""Redirects and canonical links followed one after the other (WHATWG Fetch, HTTP-redirect fetch), in whichever runs."""

_PAGES = (UrlKind.ARTICLE, UrlKind.LISTING)
LooksLikeArticle = Callable[[str], bool | None]
IsCaptured = Callable[[str], bool]


def site_host(url: str) -> str:
    """Return the host in lower case, without "www." and without a default port; "" if the URL has none.

    >>> site_host("https://www.News.example:443/a")
    'news.example'
    >>> site_host("http://127.0.0.1:8000/")
    '127.0.0.1:8000'
    """
    return url_host(url).removeprefix("www.")


def is_on_site_host(site: Site, url: str) -> bool:
    """Return True if a URL is on one of the site's hosts."""
    hosts = (site_host(site.url), *(name.lower().removeprefix("www.") for name in site.hosts))
    return url.startswith(("http://", "https://")) and site_host(url) in hosts


def discover_urls(
    capture: Capture, discovery: Discovery, reading: Reading, site: Site,
    looks_like_article: LooksLikeArticle = lambda _: None, is_captured: IsCaptured = lambda _: False,
) -> tuple[DiscoveredUrl, ...]:  # fmt: skip
    """Return the URLs that a capture makes due, each once, in the order of the page.

    Links that do not look like an article's are fetched last. An article's links to captured URLs are left out.
    """
    found: dict[str, DiscoveredUrl] = {}
    for one in _find_urls(capture, discovery, reading, site, is_captured):
        if one.url == capture.url or one.url in found:
            continue
        on_a_page = one.discovery.kind is UrlKind.ARTICLE and one.discovery.via_kind in _PAGES
        if on_a_page and one.priority < UNLIKELY_LINK and looks_like_article(one.url) is False:
            one = replace(one, priority=UNLIKELY_LINK)
        found[one.url] = one
    return tuple(found.values())


def _find_urls(
    capture: Capture, discovery: Discovery, reading: Reading, site: Site, is_captured: IsCaptured
) -> Iterator[DiscoveredUrl]:
    if reading.outcome is Outcome.REDIRECT and capture.redirect_url:
        yield from _redirect_target(capture, discovery, site)
    elif reading.outcome is Outcome.ARTICLE and reading.article:
        # Of an AMP page, a print view or a URL with campaign parameters.
        canonical_url, count = reading.article.canonical_url, discovery.redirect_count + 1
        if is_on_site_host(site, canonical_url) and count <= MAX_REDIRECTS:
            yield _linked_url(capture, site, UrlKind.ARTICLE, canonical_url, RELATED_LINK, redirect_count=count)
        groups = reading.article.link_groups
        fresh = (replace(each, links=tuple(one for one in each.links if not is_captured(one.url))) for each in groups)
        yield from _links(capture, discovery, fresh, site, RELATED_LINK)
    elif reading.outcome in (Outcome.LISTING, Outcome.OTHER, Outcome.MEDIA):
        yield from _links(capture, discovery, reading.link_groups, site, LISTING_LINK)
        yield from _sources(capture, discovery, UrlKind.LISTING, reading, site)
    elif reading.outcome in (Outcome.FEED, Outcome.SITEMAP, Outcome.ROBOTS):
        yield from _entries(capture, reading, site)
        via_kind = UrlKind.ROBOTS if reading.outcome is Outcome.ROBOTS else UrlKind.SITEMAP
        yield from _sources(capture, discovery, via_kind, reading, site)
    yield from _requisites(capture, reading, site)


def spider_urls(capture: Capture, reading: Reading, output: SpiderOutput, site: Site) -> Iterator[DiscoveredUrl]:
    """Yield the URLs that the site's own spider requests after a capture, and the requisites of the page."""
    via = UrlKind.ARTICLE if reading.outcome is Outcome.ARTICLE else UrlKind.LISTING
    for url, callback, kind in output.requests:
        if is_on_site_host(site, url) and url != capture.url:
            priority = LISTING_LINK if kind == UrlKind.ARTICLE else NEXT_PAGE
            yield _linked_url(capture, site, via, url, priority, kind=UrlKind(kind), callback=callback)
    yield from _requisites(capture, reading, site)


def _linked_url(capture: Capture, site: Site, via: UrlKind, url: str, priority: int, **facts: Any) -> DiscoveredUrl:
    """Return a URL that a page or source of a kind (`via`) names; `facts`: what it says of the URL, an article's."""
    discovery = Discovery(site=site.name, via=capture.url, via_kind=via, **{"kind": UrlKind.ARTICLE, **facts})
    return DiscoveredUrl(url=url, discovery=discovery, due_at=capture.fetched_at, priority=priority)


def _redirect_target(capture: Capture, discovery: Discovery, site: Site) -> Iterator[DiscoveredUrl]:
    # The crawl itself follows redirects of robots.txt (RFC 9309 2.3.1.2); other sites' pages are not ours to fetch.
    if discovery.kind is UrlKind.ROBOTS or not capture.redirect_url or discovery.redirect_count >= MAX_REDIRECTS:
        return
    if discovery.kind is not UrlKind.ASSET and not is_on_site_host(site, capture.redirect_url):
        return
    onward = replace(discovery, via=capture.url, redirect_count=discovery.redirect_count + 1)
    priority = REQUISITE if discovery.kind is UrlKind.ASSET else FEED_ENTRY
    yield DiscoveredUrl(url=capture.redirect_url, discovery=onward, due_at=capture.fetched_at, priority=priority)


def _requisites(capture: Capture, reading: Reading, site: Site) -> Iterator[DiscoveredUrl]:
    """Yield the requisites of a page or stylesheet, on any host, with the lowest priority."""
    via = {Outcome.ARTICLE: UrlKind.ARTICLE, Outcome.ASSET: UrlKind.ASSET}.get(reading.outcome, UrlKind.LISTING)
    # The lead image may be named in the metadata only.
    image = reading.article.image if reading.article else None
    images = (image.url,) if image is not None and image.url.startswith(("http://", "https://")) else ()
    for url in (*reading.requisites, *images) if site.requisites else ():
        yield _linked_url(capture, site, via, url, REQUISITE, kind=UrlKind.ASSET)


def _links(
    capture: Capture, discovery: Discovery, groups: Iterable[LinkGroup], site: Site, priority: int
) -> Iterator[DiscoveredUrl]:
    via = UrlKind.ARTICLE if priority == RELATED_LINK else UrlKind.LISTING
    deep = via is UrlKind.LISTING and backfill.is_deep(capture.url, discovery)
    for group in groups:
        own_priority = LISTING_LINK if group.kind is LinkKind.LATEST else priority
        for link in group.links:
            if is_on_site_host(site, link.url):
                at, dated = capture.fetched_at, backfill.latest_date_in_url(link.url)
                # Links on a front or section page are current for its editors, whatever date is in their URLs.
                old = deep or (via is UrlKind.ARTICLE and backfill.is_old(dated, at))
                link_priority = backfill.backfill_priority(own_priority, min(dated or at, at)) if old else own_priority
                yield _linked_url(capture, site, via, link.url, link_priority, anchor=link.anchor or None)


def _entries(capture: Capture, reading: Reading, site: Site) -> Iterator[DiscoveredUrl]:
    via = UrlKind.FEED if reading.outcome is Outcome.FEED else UrlKind.SITEMAP
    whole_history = via is UrlKind.SITEMAP and backfill.lists_whole_history(reading.entries, capture.url)
    for entry in reading.entries:
        if not is_on_site_host(site, entry.url):
            continue
        priority = FEED_ENTRY if via is UrlKind.FEED or entry.news else SITEMAP_ENTRY
        if via is UrlKind.SITEMAP and not entry.news:
            newest = backfill.latest_date(entry, capture.url)
            if backfill.is_old(newest, capture.fetched_at) or (whole_history and newest is None):
                priority = backfill.backfill_priority(priority, newest or capture.fetched_at)
        found = _linked_url(capture, site, via, entry.url, priority, title=entry.title, published=entry.published)
        yield replace(found, modified=entry.modified) if entry.modified else found


def _sources(
    capture: Capture, discovery: Discovery, via: UrlKind, reading: Reading, site: Site
) -> Iterator[DiscoveredUrl]:
    for source in reading.sources:
        # robots.txt may name a sitemap on another host (sitemaps.org, "Sitemaps & Cross Submits"); a page may not.
        if not is_on_site_host(site, source.url) and via is not UrlKind.ROBOTS:
            continue
        if source.kind is UrlKind.LISTING and backfill.page_number(source.url) > backfill.LAST_PAGE:
            continue
        priority = NEXT_PAGE if source.kind is UrlKind.LISTING else SOURCE
        newest = source.modified or backfill.latest_date_in_url(source.url) if source.kind is UrlKind.SITEMAP else None
        found = _linked_url(capture, site, via, source.url, priority, kind=source.kind, title=source.title or None)
        below = source.kind is UrlKind.LISTING and (
            backfill.is_deep(source.url, found.discovery) or backfill.is_deep(capture.url, discovery)
        )
        if below or backfill.is_old(newest, capture.fetched_at):
            priority = backfill.backfill_priority(priority, newest or capture.fetched_at)
        yield replace(found, priority=priority, modified=source.modified)
