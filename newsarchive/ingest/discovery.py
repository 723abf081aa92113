"""Which URLs a capture brings to light, and how much they matter. Live crawl and rebuild ask the same function."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from urllib.parse import urlsplit

from newsarchive.ingest.backfill_priority import (
    LAST_PAGE,
    is_deep,
    is_old,
    latest,
    latest_in,
    names_everything,
    page_number,
    waits,
)
from storage.model import (
    Capture,
    Discovery,
    Found,
    LinkGroup,
    LinkKind,
    Outcome,
    Reading,
    Site,
    Source,
    UrlKind,
)

# Lower goes first: what is fresh before what is merely complete.
FRESH_SOURCE = 0
NAMED_BY_FEED = 10
ON_A_LISTING = 20
NEXT_PAGE = 30
RELATED = 40
IN_A_SITEMAP = 50
UNLIKELY = 55
"""Of links whose addresses have the form of pages that were no articles."""
REQUISITE = 60

_PAGES = (UrlKind.ARTICLE, UrlKind.LISTING)
Likes = Callable[[str], bool | None]
IsCaptured = Callable[[str], bool]


def of_no_opinion(url: str) -> bool | None:
    """Say of no address whether it looks like an article's."""


def is_unknown(url: str) -> bool:
    """Say of no address that it has been captured."""
    del url
    return False


_DEFAULT_PORT = {"http": 80, "https": 443}
_ORIGIN = re.compile(r"[^/?#]*//[^/?#]*")


def site_host(url: str) -> str:
    """Return the host that a site is known by: lower case, "www." gone, port only where it is unusual; "" for no URL.

    >>> site_host("https://www.News.example:443/a")
    'news.example'
    >>> site_host("http://127.0.0.1:8000/")
    '127.0.0.1:8000'
    """
    origin = _ORIGIN.match(url)
    return _host_at(origin[0]) if origin else ""


@lru_cache(maxsize=4096)
def _host_at(origin: str) -> str:
    # A page names its own host a hundred times.
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").removeprefix("www.")
    return host if port in (None, _DEFAULT_PORT.get(parts.scheme)) else f"{host}:{port}"


def owns(site: Site, url: str) -> bool:
    """Tell whether a URL stands on one of the site's own hosts."""
    if not url.startswith(("http://", "https://")):
        return False
    host = site_host(url)
    return bool(host) and host in _hosts_of(site)


@lru_cache(maxsize=4096)
def _hosts_of(site: Site) -> frozenset[str]:
    return frozenset({site_host(site.url), *(name.lower().removeprefix("www.") for name in site.hosts)})


def found_in(
    capture: Capture,
    discovery: Discovery,
    reading: Reading,
    site: Site,
    likes: Likes = of_no_opinion,
    is_captured: IsCaptured = is_unknown,
) -> tuple[Found, ...]:
    """Return what a capture makes due, first naming first, each URL once.

    What links on pages lead to that `likes` takes for no article comes last; what is due does not depend on it.
    An article's links to what is captured already are left out: they bring nothing to light.
    """
    found: dict[str, Found] = {}
    for one in _every(capture, discovery, reading, site, is_captured):
        if one.url != capture.url:
            found.setdefault(one.url, one)
    return tuple(_unlikely_last(one, likes) for one in found.values())


def _unlikely_last(one: Found, likes: Likes) -> Found:
    on_a_page = one.discovery.kind is UrlKind.ARTICLE and one.discovery.via_kind in _PAGES
    if on_a_page and one.priority < UNLIKELY and likes(one.url) is False:
        return replace(one, priority=UNLIKELY)
    return one


def _every(
    capture: Capture, discovery: Discovery, reading: Reading, site: Site, is_captured: IsCaptured
) -> Iterator[Found]:
    if reading.outcome is Outcome.REDIRECT and capture.redirect_url:
        yield from _redirect(capture, discovery, site)
    elif reading.outcome is Outcome.ARTICLE and reading.article:
        yield from _canonical(capture, reading.article.canonical_url, site)
        fresh = _uncaptured(reading.article.link_groups, is_captured)
        yield from _groups(capture, discovery, fresh, site, RELATED)
    elif reading.outcome in (Outcome.LISTING, Outcome.OTHER, Outcome.MEDIA):
        yield from _groups(capture, discovery, reading.link_groups, site, ON_A_LISTING)
        yield from _sources(capture, discovery, UrlKind.LISTING, reading.sources, site)
    elif reading.outcome in (Outcome.FEED, Outcome.SITEMAP, Outcome.ROBOTS):
        yield from _entries(capture, reading, site)
        via_kind = UrlKind.ROBOTS if reading.outcome is Outcome.ROBOTS else UrlKind.SITEMAP
        yield from _sources(capture, discovery, via_kind, reading.sources, site)
    yield from _requisites(capture, reading, site)


def _redirect(capture: Capture, discovery: Discovery, site: Site) -> Iterator[Found]:
    # robots.txt is chased by the crawl itself (RFC 9309 2.3.1.2), and elsewhere is somebody else's page.
    if discovery.kind is UrlKind.ROBOTS or not capture.redirect_url:
        return
    if discovery.kind is not UrlKind.ASSET and not owns(site, capture.redirect_url):
        return
    onward = Discovery(
        site=discovery.site,
        kind=discovery.kind,
        via=capture.url,
        via_kind=discovery.via_kind,
        title=discovery.title,
        published=discovery.published,
        anchor=discovery.anchor,
    )
    priority = REQUISITE if discovery.kind is UrlKind.ASSET else NAMED_BY_FEED
    yield Found(url=capture.redirect_url, discovery=onward, due_at=capture.fetched_at, priority=priority)


def _requisites(capture: Capture, reading: Reading, site: Site) -> Iterator[Found]:
    """What the page or stylesheet needs, on whatever host: after everything else that is due."""
    via = {Outcome.ARTICLE: UrlKind.ARTICLE, Outcome.ASSET: UrlKind.ASSET}.get(reading.outcome, UrlKind.LISTING)
    for url in _needed(reading) if site.requisites else ():
        how = Discovery(site=site.name, kind=UrlKind.ASSET, via=capture.url, via_kind=via)
        yield Found(url=url, discovery=how, due_at=capture.fetched_at, priority=REQUISITE)


def _needed(reading: Reading) -> Iterable[str]:
    """What a page shows, and the picture that it gives to others to show: that may stand nowhere on the page itself."""
    yield from reading.requisites
    image = reading.article.image if reading.article else None
    if image is not None and image.url.startswith(("http://", "https://")):
        yield image.url


def _canonical(capture: Capture, url: str, site: Site) -> Iterator[Found]:
    """The address that an AMP page, a page for print or one with a campaign's name behind it gives as its own."""
    if owns(site, url):
        how = Discovery(site=site.name, kind=UrlKind.ARTICLE, via=capture.url, via_kind=UrlKind.ARTICLE)
        yield Found(url=url, discovery=how, due_at=capture.fetched_at, priority=RELATED)


def _uncaptured(groups: Iterable[LinkGroup], is_captured: IsCaptured) -> Iterator[LinkGroup]:
    for group in groups:
        links = tuple(link for link in group.links if not is_captured(link.url))
        yield group if len(links) == len(group.links) else replace(group, links=links)


def _groups(
    capture: Capture, discovery: Discovery, groups: Iterable[LinkGroup], site: Site, priority: int
) -> Iterator[Found]:
    via = UrlKind.ARTICLE if priority == RELATED else UrlKind.LISTING
    deep = via is UrlKind.LISTING and is_deep(capture.url, discovery)
    for group in groups:
        urgency = ON_A_LISTING if group.kind is LinkKind.LATEST else priority
        for link in group.links:
            if owns(site, link.url):
                how = Discovery(
                    site=site.name,
                    kind=UrlKind.ARTICLE,
                    via=capture.url,
                    via_kind=via,
                    anchor=link.anchor or None,
                )
                at, printed = capture.fetched_at, latest_in(link.url)
                # What stands on a front or section page is news to its editors, however old its address says it is.
                old = deep or (via is UrlKind.ARTICLE and is_old(printed, at))
                wanted = waits(urgency, min(printed or at, at)) if old else urgency
                yield Found(url=link.url, discovery=how, due_at=at, priority=wanted)


def _entries(capture: Capture, reading: Reading, site: Site) -> Iterator[Found]:
    via = UrlKind.FEED if reading.outcome is Outcome.FEED else UrlKind.SITEMAP
    everything = via is UrlKind.SITEMAP and names_everything(reading.entries, capture.url)
    for entry in reading.entries:
        if not owns(site, entry.url):
            continue
        how = Discovery(
            site=site.name,
            kind=UrlKind.ARTICLE,
            via=capture.url,
            via_kind=via,
            title=entry.title,
            published=entry.published,
        )
        priority = NAMED_BY_FEED if via is UrlKind.FEED or entry.news else IN_A_SITEMAP
        if via is UrlKind.SITEMAP and not entry.news:
            newest = latest(entry, capture.url)
            if is_old(newest, capture.fetched_at) or (everything and newest is None):
                priority = waits(priority, newest or capture.fetched_at)
        yield Found(url=entry.url, discovery=how, due_at=capture.fetched_at, priority=priority, modified=entry.modified)


def _sources(
    capture: Capture, discovery: Discovery, via: UrlKind, sources: tuple[Source, ...], site: Site
) -> Iterator[Found]:
    for source in sources:
        # robots.txt may name a sitemap on another host (sitemaps.org, "Sitemaps & Cross Submits"); a page may not.
        if not owns(site, source.url) and via is not UrlKind.ROBOTS:
            continue
        if source.kind is UrlKind.LISTING and page_number(source.url) > LAST_PAGE:
            continue
        how = Discovery(site=site.name, kind=source.kind, via=capture.url, via_kind=via, title=source.title or None)
        priority = NEXT_PAGE if source.kind is UrlKind.LISTING else FRESH_SOURCE
        newest = source.modified or latest_in(source.url) if source.kind is UrlKind.SITEMAP else None
        below = source.kind is UrlKind.LISTING and (is_deep(source.url, how) or is_deep(capture.url, discovery))
        if below or is_old(newest, capture.fetched_at):
            priority = waits(priority, newest or capture.fetched_at)
        yield Found(
            url=source.url, discovery=how, due_at=capture.fetched_at, priority=priority, modified=source.modified
        )
