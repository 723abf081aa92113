"""An explanation shows what the reading code did: the same reading, each paragraph, each field."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsarchive.explain.explanation import Explanation, SelectorCount, explain
from newsarchive.explain.report import describe_outcome, render_report, summarize_field
from newsarchive.extract import extract_page
from newsarchive.extract.page_input import PageInput
from newsarchive.extract.site_layout import Layouts, read_layout
from storage.model import BODY_ROLES, Role
from tests.unit.extract.stories import ENGLISH, Story
from tests.unit.extract.test_further_markups import styled_components
from tests.unit.extract.test_unnamed_markups import items_of_prose

PAGES = sorted(folder for folder in (Path(__file__).parents[2] / "pages").iterdir() if folder.is_dir())
URL = "https://courier.example/news/2026/05/lift-bridge-closes-to-lorries"
DATA = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "headline": "Lift bridge closes to lorries",
    "datePublished": "2026-05-19T06:00:00Z",
    "author": {"@type": "Person", "name": "Ada Berg"},
}
LONG = "Paragraph {} says at some length what the harbour board decided on Monday, and why it did so, and for how long."
PAGE = f"""<html lang="en"><head><title>Lift bridge closes to lorries | The Courier</title>
<meta property="og:type" content="article"><meta property="og:title" content="Bridge shuts">
<script type="application/ld+json">{json.dumps(DATA)}</script></head><body>
<nav><a href="/">Home</a></nav>
<main><article><h1>Lift bridge closes to lorries</h1>
<div class="story">{"".join(f"<p>{LONG.format(number)}</p>" for number in range(9))}
<h2>What comes next</h2><p>{LONG.format("ten")} <a href="/news/2026/04/bridge-plan-approved-by-board">The plan</a>.</p>
<figure><img src="/a.jpg"><figcaption>The bridge in May</figcaption></figure><p>{LONG.format("eleven")}</p></div>
<aside class="more"><h3>Read also</h3><ul>
<li><a href="/news/2026/05/dairy-buys-a-smaller-tanker">Dairy buys a smaller tanker</a></li>
<li><a href="/news/2026/05/reading-room-gets-new-lamps">Reading room gets new lamps</a></li></ul></aside>
</article></main></body></html>""".encode()


def payload_of(folder: Path) -> tuple[bytes, str]:
    """Return one of our pages and its URL."""
    return (folder / "page.html").read_bytes(), (folder / "url.txt").read_text("utf-8").strip()


def lines_with_role(explanation: Explanation) -> list[tuple[Role, str]]:
    """Return the lines with a role, without white space."""
    return [(line.role, "".join(line.text.split())) for line in explanation.lines if line.role is not None]


@pytest.mark.parametrize("folder", PAGES, ids=lambda folder: folder.name)
def test_explaining_does_not_change_the_reading(folder: Path) -> None:
    """The reading is the one without an explanation, and the lines with a role are its paragraphs, in order."""
    payload, url = payload_of(folder)
    explanation = explain(payload, url)
    assert explanation.reading == extract_page(payload, url)
    if explanation.reading.article is not None:
        text = "".join("".join(paragraph.text.split()) for paragraph in explanation.reading.article.paragraphs)
        assert "".join(words for _, words in lines_with_role(explanation)) == text
        body = [p for p in explanation.reading.article.paragraphs if p.role in BODY_ROLES]
        assert {role for role, _ in lines_with_role(explanation) if role in BODY_ROLES} == {p.role for p in body}
    assert render_report(explanation).startswith("<!DOCTYPE html>")


def test_each_field_has_its_claims() -> None:
    """The chosen claim comes first, then those that agree and those that differ."""
    shown = {each.name: each for each in map(summarize_field, explain(PAGE, URL).fields)}
    assert (shown["headline"].value, shown["headline"].by) == ("Lift bridge closes to lorries", "<h1> on the page")
    assert "JSON-LD" in shown["headline"].why
    assert ("og:title", "Bridge shuts") in shown["headline"].others
    assert (shown["published"].value, shown["published"].by) == ("2026-05-19 06:00 UTC", "JSON-LD")
    assert (shown["authors"].value, shown["authors"].by) == ("Ada Berg", "JSON-LD")
    assert (shown["section"].value, shown["section"].why) == ("", "not given on the page")


def test_each_line_has_role_rule_and_place() -> None:
    """Headline, body, caption and links are distinguished, and their place is given as a selector."""
    lines = {line.text: line for line in explain(PAGE, URL).lines}
    assert lines["Lift bridge closes to lorries"].is_headline
    assert lines["What comes next"].role is Role.HEADING
    caption = lines["The bridge in May"]
    assert (caption.role, caption.rule, caption.around) == (
        Role.CAPTION, "its surrounding elements", ("figure", "figcaption", "caption"),
    )  # fmt: skip
    assert lines[LONG.format(0)].place == "div.story > p"
    assert lines[LONG.format(0)].is_body
    assert lines["Home"].role is None
    explanation = explain(PAGE, URL)
    groups = {line.text: explanation.groups[line.group].label for line in explanation.lines if line.group is not None}
    assert groups["Dairy buys a smaller tanker"] == groups["Reading room gets new lamps"] == "Read also"


def test_the_score_decides_the_outcome() -> None:
    """The score reaches the threshold exactly if the page is an article."""
    explanation = explain(PAGE, URL)
    assert explanation.score >= explanation.threshold > 0
    assert re.fullmatch(r"Article, (over 99|\d\d)% sure", describe_outcome(explanation))
    front = explain(*payload_of(next(folder for folder in PAGES if folder.name == "marren-front-2026-05-19")))
    assert front.score < front.threshold
    assert describe_outcome(front).startswith("Listing, ")


def test_matches_of_layout_selectors_are_counted() -> None:
    """Each selector is listed with the number of its matches, also those that match nothing."""
    layout = read_layout({"headline": "h1", "body": "div.story", "dek": "p.lede", "drop": ["nav", "figure"],
                          "related": [{"box": "//aside"}]})  # fmt: skip
    explanation = explain(
        PAGE, URL, PageInput(layouts=Layouts(entries=(layout,)), fetched_at=datetime(2026, 5, 19, tzinfo=UTC))
    )
    assert explanation.matches == (
        SelectorCount(field="drop", selector="nav", found=1),
        SelectorCount(field="drop", selector="figure", found=1),
        SelectorCount(field="headline", selector="h1", found=1),
        SelectorCount(field="dek", selector="p.lede", found=0),
        SelectorCount(field="body", selector="div.story", found=1),
        SelectorCount(field="related", selector="//aside", found=1),
    )
    shown = {each.name: each for each in map(summarize_field, explanation.fields)}
    assert shown["headline"].by == "the site's layout"
    assert "The bridge in May" not in {line.text for line in explanation.lines}


@pytest.mark.parametrize("payload", [b"", b"   ", b"\0", b"<html></html>", b"\xff\xfe"])
def test_payloads_without_a_page_are_explained(payload: bytes) -> None:
    """Any bytes have an explanation and a report."""
    explanation = explain(payload, URL)
    assert explanation.reading == extract_page(payload, URL)
    assert "The page has no text." in render_report(explanation)


def test_the_densest_text_of_a_page_is_explained_where_links_were_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of fifty headlines is no running text: how much is in its place, and how much was selected, is told."""
    monkeypatch.setattr("newsarchive.extract.article.find_only_text", lambda *_: (set(), set()))
    story = Story.generate(ENGLISH, 21)
    explanation = explain(f"<title>{story.headline}</title>{styled_components(story)}".encode(), URL)
    [selection] = [each for each in explanation.fields if each.name == "selection"]
    assert summarize_field(selection).by == "densest text"
    assert re.fullmatch(r"2\d{3} characters, not \d\d outside of links", selection.value)


def test_a_list_that_is_the_article_is_explained() -> None:
    """A box that is read as the article, whatever its element or class, is named."""
    story = Story.generate(ENGLISH, 21)
    explanation = explain(f"<title>{story.headline}</title>{items_of_prose(story)}".encode(), URL)
    [selection] = [each for each in explanation.fields if each.name == "selection"]
    assert (summarize_field(selection).by, selection.value) == ("a box with most of the text", "<ul>")


def test_a_body_from_jsonld_is_explained() -> None:
    """Its paragraphs are lines of their own, with JSON-LD as the rule; the little printed text is no body."""
    story = "\n\n".join(LONG.format(number) for number in range(12))
    data = json.dumps(DATA | {"articleBody": story})
    page = f"""<html lang="en"><head><title>Lift bridge closes to lorries</title>
    <meta property="og:type" content="article"><script type="application/ld+json">{data}</script></head><body>
    <main><article><h1>Lift bridge closes to lorries</h1><p>{LONG.format(0)}</p></article></main></body></html>"""
    explanation = explain(page.encode(), URL)
    assert explanation.reading.article is not None
    assert "\n\n".join(p.text for p in explanation.reading.article.paragraphs) == story
    lines = [line for line in explanation.lines if line.is_body]
    assert [line.text for line in lines] == [LONG.format(number) for number in range(12)]
    assert {line.rule for line in lines} == {"json-ld articleBody"}
    body = next(each for each in explanation.fields if each.name == "body")
    assert (body.value, summarize_field(body).by) == ("paragraphs: 12", "json-ld articleBody")
