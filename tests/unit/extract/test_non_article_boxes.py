"""Containers without article text, removed before trafilatura searches a page."""

import pytest
from lxml.html import tostring

from newsarchive.extract.blocks import collect_blocks
from newsarchive.extract.select_body import select_body
from newsarchive.extract.tree import Page, parse_page


def boxes(html: str) -> list[str]:
    page = parse_page(f"<html><body>{html}</body></html>".encode(), "https://news.example/a")
    assert isinstance(page, Page)
    return [str(box.get("id")) for box in collect_blocks(page.body).non_article]


def test_only_the_outermost_of_nested_boxes_is_listed() -> None:
    """Boxes within a box are not listed again."""
    assert boxes('<nav id="a"><div id="b" class="menu"><a href="/x">X</a></div></nav><p>Text</p>') == ["a"]


def test_empty_containers_are_boxes() -> None:
    """Slots that a script fills have no text; those with a picture or a script in them are not empty."""
    html = '<div id="a"><div id="b"><script>1</script><img src="x.png"></div></div><p>Text</p><div id="c">Text</div>'
    assert boxes(html) == ["a"]


def test_a_formula_is_text() -> None:
    """MathML is not read as a block, but belongs to the article."""
    assert boxes('<div id="a"><math><mi>x</mi></math></div>') == []


def test_a_box_with_a_body_is_no_related_box() -> None:
    """A theme that names its wrapper "related" or "latest" does not hide the article in it."""
    assert boxes('<div id="a" class="latest-news"><div class="article-body"><p>Text</p></div></div>') == []


def test_a_wrapper_of_the_headline_is_no_box() -> None:
    """The same holds for a wrapper around the <h1>."""
    assert boxes('<section id="a" class="related"><h1>Headline</h1><p>Text</p></section>') == []


def test_table_cells_and_list_items_are_no_boxes() -> None:
    """The cell of a stock table may have the class "ticker"."""
    assert boxes('<table><tr><td id="a" class="ticker">HD</td><td id="b"></td></tr></table>') == []


@pytest.mark.parametrize("reference", ["&#1;", "&#11;", "&#x1F;", "&#xFFFE;", " and the rest"])
def test_the_tree_is_as_before_after_the_search_of_the_body(reference: str) -> None:
    """Boxes that are left out come back with their elements and texts, whatever is written behind them."""
    line = "of a story about rain that falls on hills and on those who live there, and do not mind it at all."
    text = "".join(f"<p>Paragraph {number} {line}</p>" for number in range(9))
    box = f"<nav>Read <i>this</i>{reference}<b>box</b> too</nav>{reference}"
    page = parse_page(f"<body><h1>Rain</h1>{box}{text}<p>See {box}</p></body>".encode(), "https://news.example/rain")
    assert isinstance(page, Page)
    content = collect_blocks(page.body)
    before = tostring(page.root)
    assert len(content.non_article) == 2
    assert select_body(page, content).chosen
    assert tostring(page.root) == before
