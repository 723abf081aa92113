"""An explanation on the screen."""

import json

import pytest

from newsarchive.cli.output import stdout
from newsarchive.cli.render_explanation import print_explanation
from newsarchive.explain.explanation import explain
from newsarchive.extract.page_input import PageInput
from newsarchive.extract.site_layout import Layouts, read_layout

URL = "https://courier.example/news/2026/05/lift-bridge-closes-to-lorries"
DATA = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": "Lift bridge closes to lorries"}
LONG = "Paragraph {} says at some length what the harbour board decided on Monday, and why it did so, and for how long."
STORY = "".join(f"<p>{LONG.format(number)}</p>" for number in range(1, 9))
MENU = "".join(f"<div>Share with network {number}</div>" for number in range(5))
PAGE = f"""<html lang="en"><head><title>Lift bridge closes to lorries</title>
<script type="application/ld+json">{json.dumps(DATA)}</script></head><body><header>The Courier</header>
<main><h1>Lift bridge closes to lorries</h1><div class="story"><p>{LONG.format(0)}</p><nav>{MENU}</nav>{STORY}
<p>\x1b[2J\x9b31m{LONG.format(9)}</p></div>
<aside class="more"><h3>Read also</h3>
<a href="/news/2026/05/dairy-buys-a-smaller-tanker">Dairy buys a smaller tanker</a>
<a href="/news/2026/05/reading-room-gets-new-lamps">Reading room gets new lamps</a></aside></main></body></html>"""


def shown(capsys: pytest.CaptureFixture[str], page: str = PAGE, page_input: PageInput | None = None) -> list[str]:
    """What is printed, white space folded."""
    print_explanation(stdout(), explain(page.encode(), URL, page_input or PageInput()))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x9b" not in out
    return [" ".join(line.split()) for line in out.splitlines()]


def test_an_article_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """Kind and what was weighed, fields with their sources, lines with roles, what was left folded, links."""
    lines = shown(capsys)
    assert lines[:2] == ["Lift bridge closes to lorries", URL]
    assert lines[3].startswith("Article, ")
    assert "an article needs 2.8: +" in lines[4]
    assert "headline Lift bridge closes to lorries" in lines
    assert "<h1> on the page; JSON-LD agrees" in lines
    assert any(line.startswith("text Paragraph 0 says") for line in lines)
    assert any(line.startswith("- Share with network 0 · Share") and "5 lines left out" in line for line in lines)
    assert any(line.startswith("related 2 Read also Dairy buys") for line in lines)


def test_a_page_that_is_no_article_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """It is said that the roles are those that the lines would have."""
    lines = shown(capsys, "<html><body><h1>Contact</h1><p>Write to us.</p></body></html>")
    assert lines[3].startswith("Other, ")
    assert "Fields, as if it were an article" in lines


def test_a_selector_that_finds_nothing_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    """The layout's part lists each selector with the count of what it finds."""
    layouts = Layouts(entries=(read_layout({"body": "div.story", "dek": "p.lede"}),))
    lines = shown(capsys, page_input=PageInput(layouts=layouts))
    assert {"dek 0 p.lede", "body 1 div.story"} <= set(lines)


def test_an_empty_page_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to show is shown as such."""
    lines = shown(capsys, "")
    assert lines[0] == "(untitled)"
    assert lines[3] == "Empty, 100% sure: no markup that can be read"
