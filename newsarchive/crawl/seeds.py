"""Where a site's crawl begins: what its [[site]] names."""

from collections.abc import Iterator
from datetime import datetime

from newsarchive.config.schema import SiteConfig
from newsarchive.ingest.discovery import FRESH_SOURCE
from storage.model import Discovery, Found, UrlKind


def seeds(site: SiteConfig, now: datetime) -> Iterator[Found]:
    """The front page, and the listings, feeds and sitemaps that the owner has named."""
    named = (
        (UrlKind.LISTING, (site.url, *site.listings)),
        (UrlKind.FEED, site.feeds),
        (UrlKind.SITEMAP, site.sitemaps),
    )
    for kind, urls in named:
        for url in urls:
            yield Found(url=url, discovery=Discovery(site=site.name, kind=kind), due_at=now, priority=FRESH_SOURCE)
