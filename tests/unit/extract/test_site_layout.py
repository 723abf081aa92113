"""Site layouts: their fields come before those of the page; all other fields are read as on any site."""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pytest

from newsarchive.extract import article, extract_page
from newsarchive.extract.blocks import PageBlocks
from newsarchive.extract.page_input import Evidence, PageInput
from newsarchive.extract.select_body import SelectedBody, select_body
from newsarchive.extract.site_layout import FIELDS, Layouts, read_layout
from newsarchive.extract.tree import Page
from storage.model import Access, Article, LinkKind, Outcome, Role

URL = "https://courier.example/news/2026/05/lift-bridge-closes-to-lorries"
FETCHED = datetime(2026, 5, 20, 12, tzinfo=UTC)
DATA = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "headline": "Bridge shuts",
    "description": "What the machine says of it.",
    "datePublished": "2026-05-19T06:00:00Z",
    "dateModified": "2026-05-19T07:00:00Z",
    "author": {"@type": "Person", "name": "Ada Berg"},
    "articleSection": "News",
    "keywords": ["bridges"],
    "image": "https://courier.example/machine.jpg",
}
LONG = "Paragraph {} says at some length what the harbour board decided on Monday, and why it did so, and for how long."
PAGE = f"""<html lang="en"><head><title>Bridge shuts | The Courier</title>
<meta property="og:type" content="article"><link rel="shortlink" href="/b/17"><meta name="desk" content="Harbour desk">
<meta name="edition" content="DE-at">
<script type="application/ld+json">{json.dumps(DATA)}</script></head><body>
<main><h1>Bridge shuts</h1><div class="alt-head">Lift bridge closes to lorries</div>
<div class="lede">Cracks were found in two of its hangers on Sunday.</div>
<div class="who"><b>Jo Li</b><b>Mia Ott</b></div>
<p class="when"><time datetime="2026-05-18T04:30:00+02:00">Monday</time> <span>19 May 2026, 10:00</span></p>
<img class="lead" data-src="/lead.jpg" src="/lead.jpg">
<div class="poll"><p>{LONG.format("of the poll")}</p></div>
<div class="story">{"".join(f"<p>{LONG.format(number)}</p>" for number in range(5))}<h2>What comes next</h2>
<p>{LONG.format("five")}</p><div class="box"><p>{LONG.format("of the box")}</p></div></div>
<ul class="topics"><li>Harbour</li><li>Lorries</li></ul>
<div class="see"><span class="cap">From the harbour</span>
<a href="/news/2026/05/dairy-buys-a-smaller-tanker">Dairy buys a smaller tanker</a>
<a class="no" href="/shop">Shop</a></div>
<div class="see"><span class="cap">From the town</span>
<a href="/news/2026/05/reading-room-gets-new-lamps">Reading room gets new lamps</a></div>
</main></body></html>""".encode()


def read(*tables: dict[str, Any], fetched_at: datetime | None = FETCHED) -> Article:
    """Return the article of the page, read with these layouts."""
    layouts = Layouts(entries=tuple(read_layout(table) for table in tables))
    reading = extract_page(PAGE, URL, page_input=PageInput(layouts=layouts, fetched_at=fetched_at))
    assert reading.outcome is Outcome.ARTICLE
    assert reading.article is not None
    return reading.article


def test_a_headline_of_a_layout_is_claimed_by_it() -> None:
    """An explanation of the page can say where it is from."""
    evidence, layouts = Evidence(), Layouts(entries=(read_layout({"headline": "div.alt-head"}),))
    extract_page(PAGE, URL, page_input=PageInput(layouts=layouts, evidence=evidence))
    taken = [(claim.source, claim.value) for claim in evidence.claims if claim.field == "headline" and claim.taken]
    assert taken == [("layout", "Lift bridge closes to lorries")]


@pytest.mark.parametrize(
    ("field", "selector", "value"),
    [
        ("headline", "div.alt-head", "Lift bridge closes to lorries"),
        ("headline", "//div[@class='alt-head']/text()", "Lift bridge closes to lorries"),
        ("dek", "div.alt-head", "Lift bridge closes to lorries"),
        ("authors", ".who b", ("Jo Li", "Mia Ott")),
        ("section", "meta[name=desk]", "Harbour desk"),
        ("section", "//meta[@name='desk']/@content", "Harbour desk"),
        ("tags", ".topics li", ("Harbour", "Lorries")),
        ("tags", "(//ul[@class='topics']/li)[2]", ("Lorries",)),
        ("canonical_url", "link[rel=shortlink]", "https://courier.example/b/17"),
        ("language", "//meta[@name='edition']/@content", "de"),
        ("live", ".who", True),
        ("access", ".who", Access.PAYWALLED),
        ("access", ".gone", Access.FREE),
    ],
)
def test_a_field_is_the_match_of_its_selector(field: str, selector: str, value: object) -> None:
    """By CSS or XPath: the text of an element, the attribute with its value, or a named attribute; other fields
    stay.
    """
    found, usual = read({"paywalled" if field == "access" else field: selector}), read()
    assert getattr(found, field) == value
    assert getattr(usual, field) != value
    if field != "headline":
        assert found.headline == usual.headline == "Bridge shuts"
    if field != "authors":
        assert found.authors == usual.authors == ("Ada Berg",)


def test_dates_from_a_layout() -> None:
    """From the datetime attribute or the text of an element; the source is the layout."""
    found = read({"published": ".when time", "modified": ".when span"})
    assert found.published is not None
    assert (found.published.at, found.published.source) == (datetime(2026, 5, 18, 2, 30, tzinfo=UTC), "layout")
    assert found.modified is not None
    assert found.modified.source == "layout"
    assert found.modified.at.date() == datetime(2026, 5, 19, tzinfo=UTC).date()


def test_the_url_of_the_image_is_absolute() -> None:
    """Relative URLs are resolved."""
    image = read({"image": "img.lead"}).image
    assert image is not None
    assert image.url == "https://courier.example/lead.jpg"


def test_a_caption_from_a_layout() -> None:
    """With the image that the layout names, or the page's own."""
    image = read({"image": "img.lead", "image_caption": "div.alt-head"}).image
    assert image is not None
    assert image.caption == "Lift bridge closes to lorries"
    own = read({"image_caption": "div.alt-head"}).image
    assert own is not None
    assert (own.url, own.caption) == ("https://courier.example/machine.jpg", "Lift bridge closes to lorries")


def test_the_body_is_the_text_in_its_element() -> None:
    """Roles are assigned as usual within it; nothing outside is body, whatever it looks like."""
    found = read({"body": "div.story"})
    assert [p.role for p in found.paragraphs if p.role is Role.HEADING] == [Role.HEADING]
    texts = [p.text for p in found.paragraphs if p.role in (Role.TEXT, Role.HEADING)]
    assert texts == [
        *(LONG.format(number) for number in range(5)),
        "What comes next", LONG.format("five"), LONG.format("of the box"),
    ]  # fmt: skip


def test_the_body_can_be_selected_by_paragraph() -> None:
    """An XPath for the paragraphs excludes everything between them."""
    found = read({"body": "//div[@class='story']/p"})
    assert [p.text for p in found.paragraphs if p.role is Role.TEXT] == [
        *(LONG.format(number) for number in range(5)), LONG.format("five"),
    ]  # fmt: skip


def test_no_body_search_with_a_body_selector(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search takes a third of the time of a page; it runs only if the selector matches nothing."""
    searches: list[str] = []

    def search(page: Page, content: PageBlocks, candidates: Collection[int], evidence: Evidence) -> SelectedBody:
        searches.append(page.url)
        return select_body(page, content, candidates, evidence)

    monkeypatch.setattr(article, "select_body", search)
    named = read({"body": "div.story"})
    assert named.paragraphs
    assert not searches
    assert read({"body": "div.none"}) == read()
    assert searches == [URL, URL]


def test_dropped_elements_are_nowhere_in_the_reading() -> None:
    """Neither in the body, nor among the links, nor in any other field."""
    found = read({"drop": [".poll", ".box", "//a[contains(., 'Dairy')]", ".who"]})
    said = repr(found)
    for gone in ("of the poll", "of the box", "Dairy buys", "Jo Li"):
        assert gone in repr(PAGE)
        assert gone not in said
    assert read({"drop": "body"}).headline == "Bridge shuts"


@pytest.mark.parametrize("reference", ["&#2;", "&#31;", "&#xFFFE;"])
@pytest.mark.parametrize("before", ["{0} rain", "<b>rain</b>{0}", ""])
def test_dropped_elements_beside_invalid_characters(reference: str, before: str) -> None:
    """libxml2 accepts invalid characters from a reference; the text around the dropped element is read without them."""
    line = f"<p>{before.format(reference)}<i class='badge'>New</i>{reference} on the hills. {LONG}</p>"
    layouts = Layouts(entries=(read_layout({"body": ".story", "drop": ".badge"}),))
    page = PAGE.replace(b'<div class="story">', b'<div class="story">' + line.encode())
    reading = extract_page(page, URL, page_input=PageInput(layouts=layouts, fetched_at=FETCHED))
    assert reading.article is not None
    first = next(each.text for each in reading.article.paragraphs if "on the hills" in each.text)
    assert first == f"{'rain ' if before else ''}on the hills. {LONG}"


def test_related_boxes_are_groups_in_file_order() -> None:
    """Each element that matches the selector is a group, with its label, its kind, and only its links."""
    boxes = [{"box": "div.see", "label": ".cap", "kind": "latest", "links": "a:not(.no)"}]
    groups = read({"related": boxes}).link_groups
    assert [(group.kind, group.label, [link.url for link in group.links]) for group in groups[:2]] == [
        (LinkKind.LATEST, "From the harbour", ["https://courier.example/news/2026/05/dairy-buys-a-smaller-tanker"]),
        (LinkKind.LATEST, "From the town", ["https://courier.example/news/2026/05/reading-room-gets-new-lamps"]),
    ]
    urls = [link.url for group in groups for link in group.links]
    assert len(urls) == len(set(urls))


def test_a_selector_without_matches_changes_nothing() -> None:
    """A layout that no longer matches costs no more than none."""
    gone = dict.fromkeys((name for name in FIELDS if name not in ("paywalled", "live")), "p.gone")
    assert read({**gone, "drop": ["p.gone"], "related": [{"box": "p.gone"}]}) == read()


def test_a_page_is_read_by_the_layout_in_force() -> None:
    """By the time of the capture; at an unknown time the present layout applies."""
    old, new = {"until": "2026-01-01", "headline": "div.alt-head"}, {"from": "2026-01-01", "section": "meta[name=desk]"}
    before = read(old, new, fetched_at=datetime(2025, 12, 31, 23, 59, tzinfo=UTC))
    after = read(old, new, fetched_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert (before.headline, before.section) == ("Lift bridge closes to lorries", "News")
    assert (after.headline, after.section) == ("Bridge shuts", "Harbour desk")
    assert read(old, new, fetched_at=None) == after


@pytest.mark.parametrize(
    "selector", ["//p[contains(., 1 div 0)]", "//*[starts-with()]", "count(//p)", "//p/@class | //p"]
)
def test_a_failing_xpath_matches_nothing(selector: str) -> None:
    """XPath functions can fail on a page; then the selector matches nothing, and the page is read."""
    try:
        layout = {"headline": selector if selector.startswith("/") else f"({selector})"}
        read_layout(layout)
    except ValueError:
        return
    assert read(layout).paragraphs
