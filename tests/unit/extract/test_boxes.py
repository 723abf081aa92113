"""Named boxes of a page: what each holds of the article, for learning from a site's pages."""

import time
from dataclasses import replace
from typing import Any

import pytest

from newsarchive.extract import extract_page
from newsarchive.extract.page_input import PageInput
from storage.index.boilerplate.boxes import SiteBox, apply_site_boxes, find_site_boxes, unpack_boxes

SENTENCES = (
    "The bridge over the river Marren was opened on Monday, and hundreds of people walked over it in the rain.",
    "The mayor said that the costs had been higher than planned, but that the town had needed it for a very long time.",
    "Traffic will be allowed from next week, when the last tests have been made by the engineers of the county.",
    "Not everyone is happy: the ferry, which has crossed the river since 1904, will stop at the end of the year.",
)


def boxes_of(*parts: str, top: str = "") -> dict[str, Any]:
    """Read the boxes of an article of four paragraphs, with `top` in the box of its headline and `parts` at its end."""
    body = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES) + "".join(parts)
    page = f'<header class="top"><h1>Bridge opens</h1>{top}</header><article class="story p7">{body}</article>'
    page = f'<html><body><main id="main">{page}</main></body></html>'
    reading = extract_page(
        page.encode(), "https://courier.example/news/2026/05/bridge", page_input=PageInput(for_archive=True)
    )
    assert reading.article is not None
    assert reading.article.boxes is not None
    boxes: dict[str, Any] = unpack_boxes(reading.article.boxes)
    return boxes


def test_boxes_and_requisites_are_read_for_an_archive() -> None:
    """Boxes and page requisites take time that a reading outside of an archive does not spend."""
    body = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    page = f'<link rel="stylesheet" href="/a.css"><h1>Bridge opens</h1><div class="story">{body}</div>'.encode()
    url = "https://courier.example/news/2026/05/bridge"
    plain, archived = extract_page(page, url), extract_page(page, url, page_input=PageInput(for_archive=True))
    assert plain.article is not None
    assert archived.article is not None
    assert (plain.requisites, plain.article.boxes) == ((), None)
    assert archived.requisites == ("https://courier.example/a.css",)
    assert replace(archived.article, boxes=None) == plain.article


def test_boxes_are_named_without_digits() -> None:
    """The body's boxes are named by tag, id and classes, but not by those with digits."""
    assert boxes_of()["body"] == ["article.story", "main#main"]


def test_a_box_of_the_body_says_which_paragraphs_it_holds() -> None:
    """A small box with body tells positions and their share of it, so that it can be taken for one beside the text."""
    note = "The editors of this paper walked over the bridge, too, and liked it."
    found = boxes_of(f'<div class="note" data-testid="aside-note"><p>{note}</p></div>')
    assert found["narrow"] == {"div.note[data-testid=aside-note]": [[4, 135]]}


@pytest.mark.parametrize("tag", ["blockquote", "pre"])
def test_what_markup_calls_a_quotation_is_text(tag: str) -> None:
    """A box with a quotation or code is never told apart from the body."""
    found = boxes_of(f'<div class="note"><{tag}>I have waited for this bridge all my life.</{tag}></div>')
    assert "narrow" not in found


def test_a_line_that_may_be_the_dek_is_kept_with_its_boxes() -> None:
    """A page that is not sure of its dek names the lines that stand alone in a box under its headline."""
    line = "A walk in the rain over the river"
    top = f'<div class="kopf">{line}</div>'
    assert boxes_of(top=top)["lines"] == {"div.kopf": line, "header.top": line}
    share = '<div class="share">Photograph by the editors</div>'
    assert boxes_of(top=top + share)["lines"] == {"div.kopf": line, "div.share": "Photograph by the editors"}
    assert "lines" not in boxes_of(top=top.replace("kopf", "standfirst"))


def test_boxes_cost_little_on_any_page() -> None:
    """Elements nested a hundred deep around nine hundred paragraphs take no time worth naming."""
    deep = "".join(f'<div class="{chr(97 + level % 26)}{"x" * level}">' for level in range(90))
    begin = time.process_time()
    boxes_of(deep, "<p>A short line of text.</p>" * 900)
    with_boxes = time.process_time() - begin
    assert with_boxes < 5


def test_nothing_is_learnt_from_one_article() -> None:
    """Two other articles must agree."""
    assert find_site_boxes([{"dek": ["p.lead"], "beside": ["div.more"]}]) == []


def test_one_article_in_ten_may_differ() -> None:
    """A box holds the dek in nine of ten articles at least; one beside the text, the page in doubt apart, as well."""
    agree, differ = {"dek": ["p.lead"], "beside": ["div.more"]}, {"other": ["p.lead"], "body": ["div.more"]}
    assert find_site_boxes([agree] * 9 + [differ]) == [
        SiteBox("div.more", "beside", 9, 1),
        SiteBox("p.lead", "dek", 9, 1),
    ]
    assert find_site_boxes([agree] * 9 + [differ] * 2) == [SiteBox("div.more", "beside", 9, 2)]
    assert find_site_boxes([agree] * 9 + [differ] * 3) == []


def test_a_page_that_names_no_learnt_box_stays_as_it_is() -> None:
    """Without a line or a small box in doubt nothing changes."""
    learnt = [SiteBox("p.lead", "dek", 3, 0), SiteBox("div.more", "beside", 3, 0)]
    assert apply_site_boxes(learnt, {"body": ["div.more"], "lines": {"div.more": "Some line"}}) == (None, None)


def test_a_page_in_doubt_takes_what_others_agree_on() -> None:
    """The line in the box of deks is its dek, the paragraphs in a box beside the text are told by their positions."""
    two = [{"dek": ["p.lead"], "beside": ["div.more"]}] * 2
    page = {"lines": {"p.lead": "Ships wait outside"}, "narrow": {"div.more": [[4, 20], [11, 30]]}}
    learnt = find_site_boxes([page, *two])
    assert learnt == [SiteBox("div.more", "beside", 2, 1), SiteBox("p.lead", "dek", 2, 0)]
    assert apply_site_boxes(learnt, page) == ("Ships wait outside", " 4 11 ")
