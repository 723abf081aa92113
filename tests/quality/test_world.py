"""The quality of readings on pages of four other public sets: news, blogs, guides, in many languages and scripts."""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any, Protocol

import pytest
from lxml.etree import ParserError, XPath
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from newsarchive.extract.decode import to_utf8
from storage.model import BODY_ROLES, Reading, Role
from tests.quality.scoring import TOKEN, LinkTally, fold, gathered_groups, read_page, world_figures

pytestmark = pytest.mark.slow

NAMES = {
    "f1": "body F1",
    "exact": "bodies exactly right",
    "sentences": "F1 of sentences",
    "title": "title",
    "persons": "persons",
    "day": "day",
}


class Figures(Protocol):
    """The table of measurements (conftest.py)."""

    def add(self, part: str, key: str, value: float, name: str, *, slower: float = 1.0) -> None:
        """Record a figure, and fail if it is worse than its floor."""


@dataclass(frozen=True, slots=True)
class World:
    """The pages with their right answers, and what was read."""

    folder: Path
    gold: Mapping[str, Mapping[str, Any]]
    readings: Mapping[str, Reading]


@pytest.fixture(scope="module")
def world(eval_folder: Path) -> World:
    gold = json.loads((eval_folder / "world" / "world.json").read_text("utf-8"))
    readings = {
        page: read_page(eval_folder, f"world/pages/{page}.html.gz", answer["url"]) for page, answer in gold.items()
    }
    return World(eval_folder, gold, readings)


@pytest.mark.parametrize("part", ["all", "aed", "wcxb-dev", "traf", "zh"])
def test_pages_of_other_sets(world: World, figures: Figures, part: str) -> None:
    """Bodies, titles, persons and days are read as well as before, in each of the sets and over all."""
    gold = {page: answer for page, answer in world.gold.items() if part in ("all", answer["set"])}
    for key, value in world_figures(gold, world.readings).items():
        figures.add("world" if part == "all" else f"world-{part}", key, value, f"world, {part}: {NAMES[key]}")


def test_links_on_pages_of_other_sets(world: World, figures: Figures) -> None:
    """Links are found and grouped under their labels as well as before, on 60 sites in eleven languages."""
    tally = LinkTally()
    for right in json.loads((world.folder / "links_world.json").read_text("utf-8"))["pages"]:
        reading = world.readings[right["id"]]
        if right["url"] != world.gold[right["id"]]["url"]:
            # The set names a file of its own instead of a URL, against which no link can be resolved.
            reading = read_page(world.folder, right["file"], right["url"])
        tally.page(right, gathered_groups(reading))
    figures.add("world-links", "listing_macro_f1", mean(tally.macro), "world links: listing, macro F1")
    figures.add("world-links", "none_left_empty", tally.left_empty, "world links: without a listing left empty, of 15")
    figures.add("world-links", "groups_matched", tally.matched, "world links: groups matched, of 135")
    figures.add("world-links", "label_exact", tally.same_label / tally.matched, "world links: label, of matched groups")
    figures.add("world-links", "kind_exact", tally.same_kind / tally.matched, "world links: kind, of matched groups")
    figures.add("world-links", "inline_micro_f1", tally.inline_f1, "world links: inline, micro F1")


# --- captions ---

CAPTION_CLASS = re.compile(r"(?:^|[\s_-])(?:fig)?captions?(?:[\s_-]|$)|\w(?:Caption|_caption)(?:\b|_)", re.IGNORECASE)
BESIDE = re.compile(
    r"(?:^|[\s_-])(?:related|teasers?|recommend(?:ed|ations?)?|promos?|latest|popular|trending|sidebar|cards?|"
    r"read-?(?:more|next)|outbrain|taboola|comments?)(?:[\s_-]|$)",
    re.IGNORECASE,
)
"""Classes and ids of boxes with other articles."""
COVERED = 0.8
"""Share of a caption's words that must be read; a credit may be set apart."""
LENGTHS = range(15, 401)
READ_TEXT = XPath(".//text()[not(ancestor::style or ancestor::script or ancestor::noscript or ancestor::svg)]")


def is_caption(element: HtmlElement) -> bool:
    return (
        element.tag == "figcaption"
        or element.get("itemprop") == "caption"
        or (element.tag != "body" and CAPTION_CLASS.search(element.get("class") or "") is not None)
    )


def is_beside(element: HtmlElement, article: HtmlElement) -> bool:
    """Return whether an element is hidden, or in a box of other articles within an article's element."""
    for above in (element, *element.iterancestors()):
        if above is article:
            return False
        if above.tag in ("a", "article", "aside", "nav", "footer", "script", "noscript", "template"):
            return True
        if BESIDE.search(f"{above.get('class') or ''} {above.get('id') or ''}"):
            return True
        if above.get("hidden") is not None or "display:none" in (above.get("style") or "").replace(" ", ""):
            return True
    return True


def marked_captions(payload: bytes) -> Iterator[str]:
    """Yield the captions that markup names within the page's own article: the longest <article>, or <main>."""
    try:
        root = document_fromstring(to_utf8(payload, ()), parser=HTMLParser(encoding="utf-8", huge_tree=True))
    except ParserError:
        return
    places = list(root.iter("article")) or list(root.iter("main"))
    if not places:
        return
    article = max(places, key=lambda place: len(str(place.text_content())))
    seen: set[HtmlElement] = set()
    for element in article.iter():
        if not isinstance(element.tag, str) or not is_caption(element) or is_beside(element, article):
            continue
        if seen.isdisjoint(element.iterancestors()):
            seen.add(element)
            text = " ".join("".join(map(str, READ_TEXT(element))).split())
            # A box of picture and text with such a class is no caption.
            if len(text) in LENGTHS:
                yield text


def is_covered(caption: str, lines: list[str]) -> bool:
    """Return whether lines have a caption: one has all of it, or those that are parts of it have most of its words."""
    key = fold(caption)
    keys = [fold(line) for line in lines]
    if any(key in each for each in keys):
        return True
    parts = {each for each in keys if each and each in key}
    return sum(len(TOKEN.findall(part)) for part in parts) >= COVERED * len(TOKEN.findall(key)) > 0


def test_captions_within_articles_are_kept(world: World, figures: Figures) -> None:
    """Captions have the role of captions, and are not lost or taken for text.

    No one has labelled captions on these pages. The evidence is their markup: figcaption, itemprop="caption", or a
    class with the word, of 15 to 400 characters, within the page's own <article> or <main>, not in a link or a box of
    other articles, and not hidden. It is as good as the sites' markup: captions in other elements are not counted, and
    what a site calls a caption that is none counts as lost. Each caption counts once, so that a page with a long
    gallery weighs as much as its captions.
    """
    kept = text = total = 0
    for page, reading in world.readings.items():
        payload = gzip.decompress((world.folder / "world" / "pages" / f"{page}.html.gz").read_bytes())
        article = reading.article
        paragraphs = article.paragraphs if article else ()
        lines = [each.text for each in paragraphs if each.role is Role.CAPTION]
        if article and article.image and article.image.caption:
            lines.append(article.image.caption)
        body = [each.text for each in paragraphs if each.role in BODY_ROLES]
        for caption in dict.fromkeys(marked_captions(payload)):
            total += 1
            is_kept = is_covered(caption, lines)
            kept += is_kept
            text += not is_kept and is_covered(caption, body)
    figures.add("captions", "kept", kept / total, f"world: captions within articles kept, of {total}")
    figures.add("captions", "read_as_text_at_most", text / total, "world: captions read as text")
