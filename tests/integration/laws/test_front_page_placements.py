"""Placements of a front page are what the newsroom itself had on it, at each time that it was captured."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from newsarchive.archive import Archive
from storage.index.queries.articles import find_article_id
from storage.index.queries.links import list_article_placements, list_listing_placements
from storage.index.queries.listings import list_listing_times
from storage.index.views.articles import ALL_CAPTURES
from tests.newsroom.newspaper import SECTIONS

pytestmark = pytest.mark.slow


def test_placements_are_those_of_the_newsroom(build: Callable[..., Any], index_url: str) -> None:
    """Row for row: at each capture the articles in the order in which the newsroom printed them, and no others."""
    rig = build(index=index_url)
    rig.crawl()
    for hours in (2, 3, 20):
        rig.crawl(rig.server.clock.advance(timedelta(hours=hours)))
    origin = rig.server.url.rstrip("/")
    with Archive.open(rig.folder) as archive:
        times = archive.index.ask(list_listing_times, f"{origin}/", limit=100)
        placements = archive.index.ask(list_listing_placements, f"{origin}/", ALL_CAPTURES)
        assert len(times) == 4
        for at in times:
            site = rig.server.newsroom.expected_site(at, origin=origin)
            links = {page.url: page.links for page in site.pages}
            # The newest articles, then three of each section.
            urls = [*links[f"{origin}/"], *(url for one in SECTIONS for url in links[f"{origin}/{one.name}/"][:3])]
            shown = [one for one in placements if one.first <= at <= one.last]
            printed = dict.fromkeys(archive.index.ask(find_article_id, url) for url in urls)
            assert None not in printed
            assert [one.article_id for one in shown_in_order(shown)] == list(printed), at
        for article_id in {one.article_id for one in placements}:
            own = [one for one in archive.index.ask(list_article_placements, article_id) if one.url == f"{origin}/"]
            assert own == [one for one in placements if one.article_id == article_id]
        moved = [one for one in placements if one.until is not None]
        assert moved, "nothing moved on the front page within a day"


def shown_in_order(placements: list[Any]) -> list[Any]:
    """Return placements by their place on the page."""
    return sorted(placements, key=lambda one: (one.block, one.position))
