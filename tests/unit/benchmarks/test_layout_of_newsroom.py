"""The layout that the benchmark's newsroom is told: what it drops is none of what is kept."""

import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from newsarchive.extract.page import read
from newsarchive.extract.page_input import PageInput
from newsarchive.extract.site_layout import DatedLayout, Layouts, read_layout
from newsarchive.extract.tree import Page, parse_page
from storage.model import Discovery, Outcome, UrlKind
from tests.newsroom.clock import OPENS
from tests.newsroom.newsroom import Newsroom

ROOT = str(Path(__file__).parents[3])
if ROOT not in sys.path:
    sys.path.append(ROOT)

from benchmarks.peers.crawlers import LAYOUT  # noqa: E402 - benchmarks/ is no installed package

ORIGIN = "http://lantern.example"


def pages() -> Iterator[tuple[str, UrlKind, bytes]]:
    """Some fifty heavy pages of all templates, the front page and a section."""
    newsroom = Newsroom(page_size=120_000)
    listings = ["/", "/town/"]
    articles = [newsroom.catalogue.summary(number).path_at(OPENS) for number in range(50)]
    for path in (*listings, *articles):
        kind = UrlKind.LISTING if path in listings else UrlKind.ARTICLE
        entity = newsroom.get_entity(ORIGIN, path, OPENS)
        if entity.status == 200:  # one has been taken back
            yield f"{ORIGIN}{path}", kind, entity.body


@pytest.fixture(scope="module")
def told() -> DatedLayout:
    """The benchmark's layout."""
    (table,) = tomllib.loads(LAYOUT.replace("[[site.layout]]", "[[layout]]"))["layout"]
    return read_layout(table)


def test_a_page_is_read_the_same_without_what_the_layout_drops(told: DatedLayout) -> None:
    whole = DatedLayout(layout=replace(told.layout, drop=()))
    kinds = set()
    for url, kind, body in pages():
        asked = PageInput(fetched_at=OPENS, discovery=Discovery(site="lantern", kind=kind))
        headers = (("Content-Type", "text/html"),)
        less, more = (
            read(body, replace(asked, url=url, headers=headers, layouts=Layouts(entries=(layout,))))
            for layout in (told, whole)
        )
        # What is dropped counts in how sure the reader is of a page's kind.
        assert replace(less, confidence=more.confidence) == more, url
        assert less.confidence > 0.9
        kinds.add(less.outcome)
    assert kinds == {Outcome.ARTICLE, Outcome.LISTING}


def test_a_layout_drops_most_elements(told: DatedLayout) -> None:
    dropped = everything = 0
    for url, _, body in pages():
        page = parse_page(body, url)
        assert isinstance(page, Page)
        everything += len(list(page.root.iter()))
        for selector in told.layout.drop:
            dropped += sum(len(list(element.iter())) for element in selector.elements(page.root))
    assert dropped > everything / 2
