"""The copy of a page for trafilatura keeps all attributes by which trafilatura selects elements, and few others."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import fromstring, tostring
from trafilatura import xpaths

from newsarchive.extract import extract_page
from newsarchive.extract.select_body import _is_selected_by, _remove_unread_attributes
from storage.model import BODY_ROLES, Outcome, Role

_EXPRESSIONS = (
    *xpaths.RAW_TREE_PRUNE_XPATH,
    *xpaths.REMOVE_COMMENTS_XPATH,
    *xpaths.REMOVE_COMMENTS_AND_LISTS_XPATH,
    *xpaths.BODY_XPATH,
    *xpaths.OVERALL_DISCARD_XPATH,
    *xpaths.DISCARD_IMAGE_ELEMENTS,
    *xpaths.TEASER_DISCARD_XPATH,
)
_NO_PATTERNS = {"CM", "cm", "CP", "cp", "N", "n", "T", "t", "i"}  # letters to translate, and a flag
_PATTERNS = {pattern for each in _EXPRESSIONS for pattern in re.findall(r"'([^']*)'", each.path)}
_ALTERNATIVES = sorted({each for pattern in _PATTERNS for each in re.split(r"\|(?![^(]*\))", pattern)} - _NO_PATTERNS)


@pytest.mark.parametrize("pattern", _ALTERNATIVES)
@given(data=st.data())
@settings(max_examples=20)
def test_each_pattern_of_trafilatura_is_kept(pattern: str, data: st.DataObject) -> None:
    value = data.draw(st.from_regex(pattern, fullmatch=True, alphabet=st.characters(max_codepoint=126)))
    assert _is_selected_by(value)
    assert _is_selected_by(f"story-7 {value}")  # the value of another attribute before it


def test_there_are_patterns() -> None:
    assert len(_ALTERNATIVES) > 90


def test_attributes_without_meaning_and_spans_without_attributes_go() -> None:
    tree = fromstring(
        '<div class="x9"><p id="k1" data-n="2">One <span class="u">two <b class="v">three</b></span> four.'
        '<span class="share-box">Share</span></p><table><tr><td colspan="2" class="w">Five</td></tr></table></div>'
    )
    _remove_unread_attributes(tree)
    assert tostring(tree, encoding="unicode") == (
        '<div><p>One two <b class="v">three</b> four.<span class="share-box">Share</span></p>'
        '<table><tr><td colspan="2" class="w">Five</td></tr></table></div>'
    )


def test_a_paragraph_of_many_spans_is_one_paragraph() -> None:
    sentences = ["The council met on Monday to discuss the new bridge across the river."] * 4
    marked = " ".join(f'<span data-sort="{n}"><span class="w">{text}</span></span>' for n, text in enumerate(sentences))
    body = f"<h1>A bridge</h1><div class='q'><p>{marked}</p><p>{sentences[0]} It adjourned.</p></div>"
    page = f"<html><body>{body}</body></html>"
    article = extract_page(page.encode(), "https://news.example/bridge").article
    assert article is not None
    assert [each.text for each in article.paragraphs] == [" ".join(sentences), f"{sentences[0]} It adjourned."]


def test_paragraphs_in_divs_beside_links_in_paragraphs_are_the_body() -> None:
    sentences = [
        "The old ferry that linked the two banks of the river will make its last crossing on Friday, officials said.",
        "They blamed rising fuel costs and a steep decline in passengers since the bridge opened upstream in 2019.",
        "“We have looked at every option,” said Martha Ellison, who chairs the harbour authority of the county.",
        "Nobody was surprised.",
        "The decision ends months of speculation, in which a report had recommended to keep the service for years.",
        "Residents of the eastern bank, many of whom work in the shipyards, now face a detour of 23 kilometres.",
        "Figures of the ministry say that some 140,000 people used the ferry last year, down from 410,000 in 2015.",
    ]
    text = "".join(f"<div>{sentence}</div>" for sentence in sentences)
    links = "".join(
        f"<p><a href='/2024/05/{n}-related-story-number'>Mayor opens bridge {n} again</a></p>" for n in range(9)
    )
    page = (
        f"<html><body><h1>Old ferry crosses for the last time</h1><p>It carried the town for sixty years, they say.</p>"
        f"<div>{text}</div><div><p>Related Articles</p>{links}</div></body></html>"
    )
    article = extract_page(page.encode(), "https://news.example/2024/03/05/old-ferry-crosses").article
    assert article is not None
    assert [each.text for each in article.paragraphs if each.role in BODY_ROLES] == sentences


@pytest.mark.parametrize(
    "line", ["<p>ANN LEE: I have seen {} of them.</p>", "<p>Yes, {} then.</p>", "It was {}, I say.<br><br>"]
)
@pytest.mark.parametrize("count", [1_000, 2_500, 4_000])
def test_a_transcript_of_thousands_of_short_lines_is_read(line: str, count: int) -> None:
    """The element with most text is the body of a page too large for trafilatura; its menu and footer are not."""
    lines = "".join(map(line.format, range(count)))
    menu = "".join(f"<li><a href='/section/{number}'>Section {number}</a>" for number in range(20))
    sides = (
        "<div class=side><h3>Weather</h3><p>Rain in the north.</p></div><footer><p>The paper of the town.</p></footer>"
    )
    page = f"<body><nav><ul>{menu}</ul></nav><h1>The hearing on the bridge</h1><article>{lines}</article>{sides}</body>"
    article = extract_page(f"<html>{page}</html>".encode(), "https://news.example/2026/05/hearing.html").article
    assert article is not None
    texts = [each.text for each in article.paragraphs if each.role in BODY_ROLES]
    assert len(texts) == count
    assert [texts[0], texts[-1]] == [re.sub("<.*?>", "", line.format(number)) for number in (0, count - 1)]


@pytest.mark.parametrize("count", [100, 300, 600])
def test_a_live_blog_of_hundreds_of_posts_is_read(count: int) -> None:
    """Trafilatura is not run on so many boxes: all running text outside of menus and the like is the body."""
    text = "<p>The bridge is open again, said the mayor, and the engineers wrote down what they saw, post {}.</p>"
    post = f"<div class=post><div><time>10:15</time></div><div>{text}{text}</div></div>"
    posts = "".join(post.format(2 * number, 2 * number + 1) for number in range(count))
    head = '<title>The bridge opens</title><meta property="og:type" content="article">'
    page = f"<html><head>{head}</head><body><h1>The bridge at the mill opens</h1><div>{posts}</div></body></html>"
    reading = extract_page(page.encode(), "https://news.example/2026/05/the-bridge-at-the-mill-opens.html")
    assert reading.outcome is Outcome.ARTICLE
    assert reading.article is not None
    texts = [each.text for each in reading.article.paragraphs if each.role is Role.TEXT]
    assert len(texts) == 2 * count
    assert texts[-1].endswith(f"post {2 * count - 1}.")
