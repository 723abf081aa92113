"""What is left out before trafilatura looks at a page: only what can hold nothing of the article."""

from newsarchive.extract.blocks import walk
from newsarchive.extract.tree import Page, parse


def boxes(html: str) -> list[str]:
    page = parse(f"<html><body>{html}</body></html>".encode(), "https://news.example/a")
    assert isinstance(page, Page)
    return [str(box.get("id")) for box in walk(page.body).boxes]


def test_the_outermost_of_nested_boxes_stands_for_all() -> None:
    """A box within a box is not named again."""
    assert boxes('<nav id="a"><div id="b" class="menu"><a href="/x">X</a></div></nav><p>Text</p>') == ["a"]


def test_empty_containers_are_boxes() -> None:
    """Slots that a script would fill hold no text; a picture or a script in them is none."""
    html = '<div id="a"><div id="b"><script>1</script><img src="x.png"></div></div><p>Text</p><div id="c">Text</div>'
    assert boxes(html) == ["a"]


def test_a_formula_is_text() -> None:
    """Mathematical markup is not read as a block, but it is part of the article."""
    assert boxes('<div id="a"><math><mi>x</mi></math></div>') == []


def test_a_box_that_holds_a_body_is_none() -> None:
    """A theme that calls its wrapper "related" or "latest" does not hide the article in it."""
    assert boxes('<div id="a" class="latest-news"><div class="article-body"><p>Text</p></div></div>') == []


def test_what_surrounds_the_headline_is_no_box() -> None:
    """The same for a wrapper around the <h1>."""
    assert boxes('<section id="a" class="related"><h1>Headline</h1><p>Text</p></section>') == []


def test_table_cells_and_list_items_are_left_alone() -> None:
    """A stock table's cell may be called "ticker"."""
    assert boxes('<table><tr><td id="a" class="ticker">HD</td><td id="b"></td></tr></table>') == []
