"""What an explanation says is what the reading code did: the same reading, each paragraph, each field."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsarchive.explain.explanation import Explanation, Match, explain
from newsarchive.explain.report import proof
from newsarchive.explain.wording import kind, verdict
from newsarchive.extract import extract_page
from newsarchive.extract.page_input import Asked
from newsarchive.extract.site_layout import Layouts, read_layout
from storage.model import BODY_ROLES, Role

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
    """A page of ours and its address."""
    return (folder / "page.html").read_bytes(), (folder / "url.txt").read_text("utf-8").strip()


def told_lines(told: Explanation) -> list[tuple[Role, str]]:
    """The lines with a role, white space aside."""
    return [(line.role, "".join(line.text.split())) for line in told.lines if line.role is not None]


@pytest.mark.parametrize("folder", PAGES, ids=lambda folder: folder.name)
def test_nothing_is_read_otherwise_for_being_explained(folder: Path) -> None:
    """The reading is the one without an explanation, and the lines with a role are its paragraphs, in their order."""
    payload, url = payload_of(folder)
    told = explain(payload, url)
    assert told.reading == extract_page(payload, url)
    if told.reading.article is not None:
        text = "".join("".join(paragraph.text.split()) for paragraph in told.reading.article.paragraphs)
        assert "".join(words for _, words in told_lines(told)) == text
        body = [p for p in told.reading.article.paragraphs if p.role in BODY_ROLES]
        assert {role for role, _ in told_lines(told) if role in BODY_ROLES} == {p.role for p in body}
    assert proof(told).startswith("<!DOCTYPE html>")


def test_each_field_has_what_gave_it() -> None:
    """What was taken stands first; who agrees and who does not is told apart."""
    shown = {each.name: each for each in map(verdict, explain(PAGE, URL).fields)}
    assert (shown["headline"].value, shown["headline"].by) == ("Lift bridge closes to lorries", "<h1> on the page")
    assert "JSON-LD" in shown["headline"].agree
    assert ("og:title", "Bridge shuts") in shown["headline"].others
    assert (shown["published"].value, shown["published"].by) == ("2026-05-19 06:00 UTC", "JSON-LD")
    assert (shown["authors"].value, shown["authors"].by) == ("Ada Berg", "JSON-LD")
    assert (shown["section"].value, shown["section"].why) == ("", "nothing on the page gives it")


def test_each_line_has_its_role_its_rule_and_its_place() -> None:
    """Headline, body, caption and links are told apart, and where they stand is named as a selector names it."""
    lines = {line.text: line for line in explain(PAGE, URL).lines}
    assert lines["Lift bridge closes to lorries"].is_headline
    assert lines["What comes next"].role is Role.HEADING
    caption = lines["The bridge in May"]
    assert (caption.role, caption.rule, caption.around) == (
        Role.CAPTION, "what stands around it", ("figure", "figcaption", "caption"),
    )  # fmt: skip
    assert lines[LONG.format(0)].place == "div.story > p"
    assert lines[LONG.format(0)].is_body
    assert lines["Home"].role is None
    told = explain(PAGE, URL)
    groups = {line.text: told.groups[line.group].label for line in told.lines if line.group is not None}
    assert groups["Dairy buys a smaller tanker"] == groups["Reading room gets new lamps"] == "Read also"


def test_what_was_weighed_adds_up_to_the_verdict() -> None:
    """The points' sum is beyond what an article needs exactly where the page is taken for one."""
    told = explain(PAGE, URL)
    assert told.weight >= told.enough > 0
    assert re.fullmatch(r"Article, (over 99|\d\d)% sure", kind(told))
    front = explain(*payload_of(next(folder for folder in PAGES if folder.name == "marren-front-2026-05-19")))
    assert front.weight < front.enough
    assert kind(front).startswith("Listing, ")


def test_a_layouts_selectors_are_counted_on_the_page() -> None:
    """Who writes a layout sees what each selector finds, and above all which finds nothing."""
    layout = read_layout({"headline": "h1", "body": "div.story", "dek": "p.lede", "drop": ["nav", "figure"],
                          "related": [{"box": "//aside"}]})  # fmt: skip
    told = explain(PAGE, URL, Asked(layouts=Layouts(entries=(layout,)), fetched_at=datetime(2026, 5, 19, tzinfo=UTC)))
    assert told.matches == (
        Match(field="drop", selector="nav", found=1),
        Match(field="drop", selector="figure", found=1),
        Match(field="headline", selector="h1", found=1),
        Match(field="dek", selector="p.lede", found=0),
        Match(field="body", selector="div.story", found=1),
        Match(field="related", selector="//aside", found=1),
    )
    shown = {each.name: each for each in map(verdict, told.fields)}
    assert shown["headline"].by == "the site's layout"
    assert "The bridge in May" not in {line.text for line in told.lines}


@pytest.mark.parametrize("payload", [b"", b"   ", b"\0", b"<html></html>", b"\xff\xfe"])
def test_what_is_no_page_is_explained_too(payload: bytes) -> None:
    """Whatever the bytes are, there is an explanation and a file of it."""
    told = explain(payload, URL)
    assert told.reading == extract_page(payload, URL)
    assert "The page has no text." in proof(told)


def test_a_body_that_only_scripts_would_print_is_told_as_such() -> None:
    """Its paragraphs are lines of their own, with JSON-LD as the rule; what little is printed is no body."""
    story = "\n\n".join(LONG.format(number) for number in range(12))
    data = json.dumps(DATA | {"articleBody": story})
    page = f"""<html lang="en"><head><title>Lift bridge closes to lorries</title>
    <meta property="og:type" content="article"><script type="application/ld+json">{data}</script></head><body>
    <main><article><h1>Lift bridge closes to lorries</h1><p>{LONG.format(0)}</p></article></main></body></html>"""
    told = explain(page.encode(), URL)
    assert told.reading.article is not None
    assert "\n\n".join(p.text for p in told.reading.article.paragraphs) == story
    lines = [line for line in told.lines if line.is_body]
    assert [line.text for line in lines] == [LONG.format(number) for number in range(12)]
    assert {line.rule for line in lines} == {"json-ld articleBody"}
    body = next(each for each in told.fields if each.name == "body")
    assert (body.value, verdict(body).by) == ("12 paragraphs", "json-ld articleBody")
