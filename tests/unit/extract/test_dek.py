"""Lines under a headline that are its dek, and lines that are not."""

import pytest

from newsarchive.extract import extract_page
from storage.model import BODY_ROLES, Outcome

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


DEK = "Cracks in two of its stones mean a detour of a mile until autumn"
BYLINE, DATE, SHARE, TIME = "<p>By Jane Doe</p>", "<p>March 1, 2026</p>", "<p>Share</p>", "<p>4 min read</p>"
FIGURE = "<figure><img src=/a.jpg><figcaption>The wall on Monday. Photo: Jane Moor</figcaption></figure>"


def read_lines(lines: str, text: str = TEXT, description: str = "") -> tuple[str | None, list[str]]:
    """Read a page whose lines stand in one box with its text; return dek and body."""
    meta = f'<meta name=description content="{description}">' if description else ""
    page = (
        f"<html><head><title>Harbour wall is repaired</title>{meta}</head><body><div>The Dispatch</div>"
        f"<main><h1>Harbour wall is repaired</h1>{lines}{text}</main></body></html>"
    )
    article = extract_page(page.encode(), URL).article
    assert article is not None
    return article.dek, [paragraph.text for paragraph in article.paragraphs if paragraph.role in BODY_ROLES]


@pytest.mark.parametrize(
    "after", [BYLINE, DATE, TIME, SHARE, BYLINE + DATE, "<p>By Jane Doe | March 1, 2026</p>", FIGURE + BYLINE]
)
def test_a_line_above_the_byline_or_the_like_is_the_dek(after: str) -> None:
    """It is in the same tag as the text, and has no name."""
    dek, body = read_lines(f"<p>{DEK}</p>{after}") if not after.startswith("<figure") else (DEK, [])
    assert dek == DEK
    assert DEK not in body


@pytest.mark.parametrize(
    "before", ["", BYLINE, DATE, SHARE, TIME, FIGURE, BYLINE + DATE + FIGURE, BYLINE + SHARE + DATE]
)
@pytest.mark.parametrize(
    "markup",
    ["<p><b>{}</b></p>", "<p><em>{}</em></p>", "<p class=q5>{}</p>", "<div class=q5><p>{}</p></div>", "<div>{}</div>"],
)
def test_a_line_unlike_the_text_is_the_dek(markup: str, before: str) -> None:
    """Whatever stands between it and the headline."""
    dek, body = read_lines(before + markup.format(DEK))
    assert dek == DEK
    assert DEK not in body


@pytest.mark.parametrize("before", ["", BYLINE, DATE, SHARE, TIME, FIGURE, BYLINE + DATE + FIGURE])
@pytest.mark.parametrize(
    "markup",
    [
        "<p>{}</p>",
        "<p class=first>{}</p>",
        "<p>{}</p><figure><img src=/a.jpg></figure>",
        "<p><b>HARBOUR TOWN, March 1 — {}</b></p>",
        "<p>Harbour Town (dpa) – {}</p>",
        "<p><b>{} The town is to pay. It has no money.</b></p>",
        "<div><p>{}</p></div>" + FIGURE + "<div>" + TEXT + "</div>",
    ],
)
@pytest.mark.parametrize("is_described", [False, True])
def test_the_first_paragraph_is_no_dek(markup: str, before: str, is_described: bool) -> None:
    """Neither with a class of first paragraphs nor in bold nor before a picture, even if the metadata repeats it."""
    first = f"{DEK}." if "<b>{}" in markup else DEK
    dek, body = read_lines(before + markup.format(first), description=first if is_described else "")
    assert dek is None
    assert any(first in text for text in body)


@pytest.mark.parametrize(
    "line",
    [
        "<p class=q5>Image: courtesy of the Harbour Museum, with many thanks to its keepers</p>",
        "<figure><img src=/a.jpg><p class=q5>The wall as it was when the first of its stones had cracked</p></figure>",
        "<ul><li>The wall has two cracks, and is closed until the autumn</li><li>There is a detour</li></ul>",
    ],
)
def test_other_lines_unlike_the_text_are_no_dek(line: str) -> None:
    """A credit, a caption, key points."""
    assert read_lines(BYLINE + line)[0] is None


def test_first_paragraph_in_the_box_of_the_text_is_no_dek_for_its_class() -> None:
    """Outside of the box of the headline, only bold or italic type makes a dek of it."""
    text = f"<section><p class=q5>{DEK}</p>{TEXT}</section>"
    assert read_lines(BYLINE, text)[0] is None
    assert read_lines(BYLINE, text.replace(DEK, f"<b>{DEK}</b>"))[0] == DEK


def test_line_named_as_dek_counts_before_one_that_only_stands_there() -> None:
    lines = f"<div>Joint statement of the town and of its neighbours</div>{DATE}<div class=standfirst>{DEK}</div>"
    assert read_lines(lines)[0] == DEK


@pytest.mark.parametrize("label", ["", "<p>By Jane Doe</p>", "<time>March 1, 2026</time>"])
def test_only_paragraph_above_the_notice_of_a_paywall_is_no_dek(label: str) -> None:
    """It is all the text that is shown, and the page stays a stub of its article."""
    notice = "<div class=wall><p>This article is for members only. Subscribe to continue reading.</p></div>"
    first = "For three hundred years the wall kept the sea out of the town. Then somebody asked whose the sea was."
    head = "<meta property=og:type content=article><meta property=article:published_time content=2026-03-01T08:00:00Z>"
    page = f"<title>Harbour wall | News</title>{head}<main><h1>Harbour wall</h1>{label}<p>{first}</p>{notice}</main>"
    reading = extract_page(page.encode(), "https://news.example/long-reads/harbour-wall-90001")
    assert reading.outcome is Outcome.PAYWALL_STUB
    assert reading.article is not None
    assert (reading.article.dek, reading.article.paragraphs[-2].text) == (None, first)


LINE = "Cracks in two of its stones mean a detour of a mile until autumn."


def read_dek(body: str) -> str | None:
    """Return the dek of a page whose metadata names none."""
    page = f"<html lang=en><head><title>Harbour wall is repaired</title></head><body>{body}</body></html>"
    article = extract_page(page.encode(), URL).article
    assert article is not None
    return article.dek


@pytest.mark.parametrize("tag", ["h2", "h3"])
def test_labels_in_the_same_tag_make_a_dek_no_subheading(tag: str) -> None:
    notice = "<p>This article was written with the help of artificial intelligence. It may contain errors.</p>"
    labels = f"<{tag}>AI notice</{tag}>{notice}<{tag}>Newsletter</{tag}><p>The best of the harbour every morning.</p>"
    body = f"<h1>Harbour wall is repaired</h1><{tag}>{LINE}</{tag}><div>March 1, 2026</div>{TEXT}"
    assert read_dek(f"<article>{body}{labels}</article>") == LINE
    other = f"{body.replace(LINE, LINE[:-1])}<{tag}>The wall</{tag}>{TEXT}"
    assert read_dek(f"<article>{other}{labels}</article>") is None


@pytest.mark.parametrize("tag", ["h2", "h3"])
def test_a_heading_between_byline_and_text_is_the_dek_if_it_is_a_sentence(tag: str) -> None:
    top = "<div><h1>Harbour wall is repaired</h1><p>By Jane Doe</p></div>"
    assert read_dek(f"{top}<div><{tag}>{LINE}</{tag}></div><div>{TEXT}</div>") == LINE
    assert read_dek(f"{top}<div><{tag}>{LINE[:-1]}</{tag}></div><div>{TEXT}</div>") is None


def test_a_time_in_a_sentence_is_no_date_line() -> None:
    line = "Cracks in two of its stones, which were found 12 hours ago, mean a detour of a mile."
    body = f"<h1>Harbour wall is repaired</h1><p>{line}</p><p>March 1, 2026</p><div>{TEXT}</div>"
    assert read_dek(f"<main>{body}</main>") == line
