"""A newsroom, and a crawl over all of its links."""

import gzip
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from urllib.parse import urljoin

import pytest

from tests.newsroom import Newsroom
from tests.newsroom.http_messages import Entity

ORIGIN = "http://lantern.example"
_LINK = re.compile(r'(?:href="|src="|<loc>|<link>|Sitemap: )([^"<\s]+)')

Walk = Callable[[datetime], dict[str, Entity]]


@pytest.fixture(scope="session")
def newsroom() -> Newsroom:
    """The standard newsroom."""
    return Newsroom()


@pytest.fixture(scope="session")
def walk(newsroom: Newsroom) -> Walk:
    """Return a function that collects all that links, feeds and sitemaps lead to at a given time, by URL."""

    @cache
    def from_the_front_page(at: datetime) -> dict[str, Entity]:
        found: dict[str, Entity] = {}
        todo = [f"{ORIGIN}/", f"{ORIGIN}/robots.txt"]
        while todo:
            url = todo.pop()
            if url in found or not url.startswith(f"{ORIGIN}/"):
                continue
            entity = newsroom.get_entity(ORIGIN, url.removeprefix(ORIGIN), at)
            found[url] = entity
            todo += [urljoin(url, link) for link in _links(entity)]
        return found

    return from_the_front_page


def _links(entity: Entity) -> list[str]:
    """Return the links of an entity."""
    if entity.location:
        return [entity.location]
    if entity.mime == "application/gzip":
        return _LINK.findall(gzip.decompress(entity.body).decode())
    if entity.mime.startswith(("text/", "application/")):
        return _LINK.findall(entity.body.decode("utf-8", "replace"))
    return []
