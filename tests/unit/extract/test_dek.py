"""Lines under a headline that are its dek, and lines that are not."""

import pytest

from newsarchive.extract import extract_page
from storage.model import BODY_ROLES

URL = "https://news.example/2026/03/01/harbour-wall-is-repaired"
TEXT = "".join(f"<p>Sentence number {i} of a text that is long enough to be read by all.</p>" for i in range(8))


def dek_of(line: str) -> str | None:
    """Read a page with a line beside the headline, in a box of their own."""
    page = (
        "<html><head><title>Harbour wall is repaired</title></head><body>"
        f"<div><h1>Harbour wall is repaired</h1>{line}</div><div>{TEXT}</div></body></html>"
    )
    article = extract_page(page.encode(), URL).article
    assert article is not None
    return article.dek


def test_a_line_alone_with_the_headline_is_its_dek() -> None:
    """Even without a class or tag that marks it."""
    line = "Cracks in two of its stones mean a detour of a mile until autumn"
    assert dek_of(f"<p>{line}</p>") == line


@pytest.mark.parametrize(
    "line",
    [
        "<div class='share'>Share on Facebook, share on Twitter, share by mail, copy the link</div>",
        "<div class='comments'>Be the first to comment on this story of the harbour</div>",
        "<p>Subscribe to our newsletter and get the news of the harbour every day</p>",
        "<p>Listen to this article, 12 minutes, read aloud by a synthetic voice</p>",
        "<p class='subtitle'>Nov. 20, 2019 Updated: Nov. 20, 2019 1:35 a.m.</p>",
        "<p>By Jane Doe, Chief Correspondent for Politics and the Economy in Rome</p>",
    ],
)
def test_other_lines_there_are_no_dek(line: str) -> None:
    """A share bar, a comment, an advertisement, a player, dates, a byline too long to be read as one."""
    assert dek_of(line) is None


@pytest.mark.parametrize(
    "lines",
    [
        "<div class=part><p>{}</p></div>" * 4,
        "<ul><li>{}</li><li>{}</li></ul>" + TEXT,
        "<section><h2>{}</h2><p>{}</p></section>" + TEXT,
    ],
)
def test_the_first_of_several_parts_is_no_dek(lines: str) -> None:
    """Even if the metadata repeats it: a first paragraph in a box as the next, a key point, a subheading."""
    first = "Cracks in two of its stones mean a detour of a mile until autumn"
    others = (f"Another line of the text, number {number}, about the harbour and its wall." for number in range(3))
    description = "" if "h2" in lines else f'<meta name=description content="{first}">'
    page = (
        f"<html><head><title>Harbour wall is repaired</title>{description}</head><body>"
        f"<h1>Harbour wall is repaired</h1><main>{lines.format(first, *others)}</main></body></html>"
    )
    article = extract_page(page.encode(), URL).article
    assert article is not None
    assert article.dek is None
    assert first in "\n".join(paragraph.text for paragraph in article.paragraphs if paragraph.role in BODY_ROLES)


def test_its_own_class_names_a_dek_in_the_box_of_the_byline() -> None:
    """Publishers put dek, byline and share bar into one box."""
    line = "Two stones, one crack"
    box = f"<div class=byline-social><p>By Jane Doe</p><p class=strapline>{line}</p></div>"
    assert dek_of(box) == line


@pytest.mark.parametrize(
    "name", ["alcim", "podnaslov", "untertitel", "underrubrik", "doc-header__subheader", "catenaccio", "lid"]
)
def test_dek_of_a_class_in_another_language(name: str) -> None:
    line = "Two stones, one crack"
    assert dek_of(f"<p>By Jane Doe</p><p class={name}>{line}</p><p>1 March 2026</p>") == line
