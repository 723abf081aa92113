"""Sizes that listings declare for the boxes of their links."""

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from lxml.etree import SubElement
from lxml.html import Element

from newsarchive.extract.box_size import find_box_size
from newsarchive.extract.page import extract_page
from newsarchive.extract.page_input import PageInput
from newsarchive.extract.site_layout import Layouts, read_layout

HOME = "https://news.example/"
WORDS = "harbour bridge council market school regatta ferry museum garden railway theatre library".split()
TITLES = [f"The {word} opens again after nine years" for word in WORDS]
LENGTHS = r"(width|height|flex-basis|grid-column)?:? ?(span )?[0-9]{1,5}(\.[0-9]{1,3})?(px|%|em| columns|)(;|)"


def path(title: str) -> str:
    """Return the path of an article."""
    return f"/{title.lower().replace(' ', '-')}-2001"


CARDS = {
    # What the box itself declares, in attributes, styles and the names of grids.
    '<article style="width: 66%"><a href="/a">x</a></article>': "66%",
    '<article style="color:red;WIDTH:640px;height: 360px !important"><a href="/a">x</a></article>': "640x360",
    '<article style="max-width: 640px"><a href="/a">x</a></article>': "",
    '<article style="flex-basis:50%"><a href="/a">x</a></article>': "50%",
    '<article style="grid-column: span 2"><a href="/a">x</a></article>': "2 columns",
    '<article style="grid-column: 1 / span 3; width: 10px"><a href="/a">x</a></article>': "3 columns",
    '<article style="grid-column: 1 / 3"><a href="/a">x</a></article>': "",
    '<td width="300"><a href="/a">x</a></td>': "300px",
    '<td width="50%" height="20"><a href="/a">x</a></td>': "50%",
    '<div class="card col-8"><a href="/a">x</a></div>': "8 columns",
    '<div class="col-xs-12 col-md-6 col-lg-4"><a href="/a">x</a></div>': "4 columns",
    '<div class="col-span-4 md:col-span-1"><a href="/a">x</a></div>': "1 column",
    '<div class="small-12 large-7 columns"><a href="/a">x</a></div>': "7 columns",
    '<div class="card-2 collapse-3 protocol-4 top-10 h-6"><a href="/a">x</a></div>': "",
    # The outermost element counts, whatever is within.
    '<div class="col-6"><p style="width: 100%"><a href="/a">x</a></p></div>': "6 columns",
    # Else the largest picture, unless it is an icon.
    '<div><img width="320" height="180"><a href="/a">x</a></div>': "320x180",
    '<a href="/a"><img width="320px" height="180px"> x</a>': "320x180",
    '<div><img width="48" height="48"><img width="640" height="360"><a href="/a">x</a></div>': "640x360",
    '<div><img width="24" height="24"><a href="/a">x</a></div>': "",
    '<div><img width="1" height="1000"><a href="/a">x</a></div>': "",
    '<div><img width="100%" height="360"><a href="/a">x</a></div>': "",
    '<div><img width="auto" height="-1"><a href="/a">x</a></div>': "",
    '<div><img style="width: 320.5px; height: 180px"><a href="/a">x</a></div>': "320.5x180",
    '<div><img width="320"><a href="/a">x</a></div>': "",
    '<div><img style="width:320px"><img height="200"><a href="/a">x</a></div>': "",
    '<div><img width="640.0" height="360"><a href="/a">x</a></div>': "640x360",
    # What is no size, and sizes written in another way.
    '<div style="width:0px"><a href="/a">x</a></div>': "",
    '<div class="col-0"><a href="/a">x</a></div>': "",
    '<div class="col-99"><a href="/a">x</a></div>': "",
    '<td width="640.0"><a href="/a">x</a></td>': "640px",
    '<td width="٣٠٠"><a href="/a">x</a></td>': "",
    '<div style="width: 33.30%"><a href="/a">x</a></div>': "33.3%",
    # Nothing is declared.
    '<div><a href="/a">x</a></div>': "",
    '<div width="" style="" class=""><a href="/a">x</a></div>': "",
    f'<div style="{"a" * 2600};width:50%"><a href="/a">x</a></div>': "",
    f'<div class="{"a " * 1000}col-12"><a href="/a">x</a></div>': "",
}


@pytest.mark.parametrize("card", CARDS, ids=range(len(CARDS)))
def test_the_declared_size_is_found(card: str) -> None:
    """Other elements in the box, and those around it, do not count."""
    row = f'<table><tr id="box" class="col-11" style="width: 99%">{card}</tr></table>'
    section = f'<section id="box" class="col-11" width="9"><b>y</b>{card}</section>'
    page = html.document_fromstring(row if card.startswith("<td") else section)
    (link,) = page.iter("a")
    assert find_box_size(link, page.get_element_by_id("box"), {}) == CARDS[card]


@given(
    st.dictionaries(
        st.sampled_from(["width", "height", "style", "class"]), st.text() | st.from_regex(LENGTHS, fullmatch=True)
    ),
    st.sampled_from(["img", "div", "td"]),
)
def test_no_attribute_is_an_error(attributes: dict[str, str], tag: str) -> None:
    """Any text in them gives one of the four forms, or no size."""
    box = Element("section")
    card = SubElement(box, "div")
    other = SubElement(card, tag)
    for name, value in attributes.items():
        with contextlib.suppress(ValueError):  # characters that no document has
            other.set(name, value)
    size = find_box_size(SubElement(card if tag == "img" else other, "a"), box, {})
    assert re.fullmatch(r"|[\d.]+x[\d.]+|[\d.]+(?:px|%|vw|r?em)|\d{1,2} columns?", size, re.ASCII), size


def test_links_in_boxes_of_a_layout_have_it() -> None:
    """A site's layout names the boxes of its front page; the sizes of the cards in them are the same."""
    cards = "".join(f'<p class="col-{place + 1}"><a href="{path(t)}">{t}</a></p>' for place, t in enumerate(TITLES))
    page = f"<html><body><main><h2>News</h2><section class=lead>{cards}</section></main></body></html>".encode()
    layouts = Layouts(entries=(read_layout({"related": [{"box": ".lead", "links": "a"}]}),))
    listing = extract_page(page, HOME, page_input=PageInput(layouts=layouts))
    sizes = [link.box_size for group in listing.link_groups for link in group.links]
    assert sizes == [f"{place + 1} column{'s' * (place > 0)}" for place in range(len(TITLES))]


def test_links_of_listings_have_it() -> None:
    """Those of an article's related list have none: what a version says does not depend on it."""
    cards = "".join(
        f'<div class="col-{12 - number}"><a href="{path(title)}"><img src="/{number}.jpg"></a>'
        f'<h3><a href="{path(title)}">{title}</a></h3></div>'
        for number, title in enumerate(TITLES)
    )
    listing = extract_page(f"<html><body><main><h2>News</h2>{cards}</main></body></html>".encode(), HOME)
    sizes = [link.box_size for group in listing.link_groups for link in group.links]
    assert sizes == [f"{12 - number} column{'s' * (number < 11)}" for number in range(len(TITLES))]
    text = "".join(f"<p>The {word} harbour wall has stood in the sea for ninety years.</p>" for word in TITLES)
    cards = cards.replace('href="/', 'href="/2026/05/04/')
    page = f"<article><h1>The wall falls</h1>{text}</article><aside><h2>Related articles</h2>{cards}</aside>"
    article = extract_page(f"<html><body>{page}</body></html>".encode(), f"{HOME}2026/05/04/the-wall-falls-4711.html")
    assert article.article is not None
    links = [link for group in article.article.link_groups for link in group.links]
    assert links
    assert not any(link.box_size for link in links)
