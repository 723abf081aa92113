"""The quality of readings on pages of four other public sets: news, blogs, guides, in many languages and scripts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any, Protocol

import pytest

from storage.model import Reading
from tests.quality.scoring import LinkTally, ReadPage, caption_tally, gathered_groups, world_figures

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
def world(eval_folder: Path, read_once: ReadPage) -> World:
    gold = json.loads((eval_folder / "world" / "world.json").read_text("utf-8"))
    readings = {
        page: read_once(eval_folder, f"world/pages/{page}.html.gz", answer["url"]) for page, answer in gold.items()
    }
    return World(eval_folder, gold, readings)


@pytest.mark.parametrize("part", ["all", "aed", "wcxb-dev", "traf", "zh"])
def test_pages_of_other_sets(world: World, figures: Figures, part: str) -> None:
    """Bodies, titles, persons and days are read as well as before, in each of the sets and over all."""
    gold = {page: answer for page, answer in world.gold.items() if part in ("all", answer["set"])}
    for key, value in world_figures(gold, world.readings).items():
        figures.add("world" if part == "all" else f"world-{part}", key, value, f"world, {part}: {NAMES[key]}")


def test_links_on_pages_of_other_sets(world: World, read_once: ReadPage, figures: Figures) -> None:
    """Links are found and grouped under their labels as well as before, on 60 sites in eleven languages."""
    tally = LinkTally()
    for right in json.loads((world.folder / "links_world.json").read_text("utf-8"))["pages"]:
        reading = world.readings[right["id"]]
        if right["url"] != world.gold[right["id"]]["url"]:
            # The set names a file of its own instead of a URL, against which no link can be resolved.
            reading = read_once(world.folder, right["file"], right["url"])
        tally.page(right, gathered_groups(reading))
    figures.add("world-links", "listing_macro_f1", mean(tally.macro), "world links: listing, macro F1")
    figures.add("world-links", "none_left_empty", tally.left_empty, "world links: without a listing left empty, of 15")
    figures.add("world-links", "groups_matched", tally.matched, "world links: groups matched, of 135")
    figures.add("world-links", "label_exact", tally.same_label / tally.matched, "world links: label, of matched groups")
    figures.add("world-links", "kind_exact", tally.same_kind / tally.matched, "world links: kind, of matched groups")
    figures.add("world-links", "inline_micro_f1", tally.inline_f1, "world links: inline, micro F1")


def test_captions_within_articles_are_kept(world: World, figures: Figures) -> None:
    """Captions have the role of captions, and are not lost or taken for text.

    No one has labelled captions on these pages. The evidence is their markup: figcaption, itemprop="caption", or a
    class with the word, of 15 to 400 characters, within the page's own <article> or <main>, not in a link or a box of
    other articles, and not hidden. It is as good as the sites' markup: captions in other elements are not counted, and
    what a site calls a caption that is none counts as lost. Each caption counts once, so that a page with a long
    gallery weighs as much as its captions.
    """
    tallies = [caption_tally(world.folder, page, reading) for page, reading in world.readings.items()]
    kept, text, total = (sum(each) for each in zip(*tallies, strict=True))
    figures.add("captions", "kept", kept / total, f"world: captions within articles kept, of {total}")
    figures.add("captions", "read_as_text_at_most", text / total, "world: captions read as text")
