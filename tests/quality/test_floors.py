"""The quality of readings, measured on real pages that are not part of the project (see NEWSARCHIVE_EVAL)."""

import gzip
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import mean, median
from typing import Any, Protocol

import pytest
from trafilatura import bare_extraction

from newsarchive.extract import extract_page
from storage.model import Outcome, Reading
from tests.quality.scoring import LinkTally, ReadPage, body, body_figures, gathered_groups, read_together

pytestmark = pytest.mark.slow


class Figures(Protocol):
    """The table of measurements (conftest.py)."""

    def add(self, part: str, key: str, value: float, name: str, *, slower: float = 1.0) -> None:
        """Record a figure, and fail if it is worse than its floor."""


def read_all(
    eval_folder: Path, folder: str, gold: Mapping[str, Any], *, times: int
) -> Iterator[tuple[str, Reading, float]]:
    """Yield page id, reading, and the CPU seconds of the fastest of several readings: other load only adds to them."""
    for page, right in gold.items():
        payload = gzip.decompress((eval_folder / folder / f"{page}.html.gz").read_bytes())
        spent = []
        for _ in range(times):
            began = time.process_time()
            reading = extract_page(payload, right["url"])
            spent.append(time.process_time() - began)
        yield page, reading, min(spent)


def seconds_of_trafilatura(file: Path, url: str, *, times: int) -> float:
    """Return the CPU seconds of the fastest of several readings of a page by trafilatura, with metadata."""
    payload, spent = gzip.decompress(file.read_bytes()), []
    for _ in range(times):
        began = time.process_time()
        bare_extraction(payload, url=url, with_metadata=True)
        spent.append(time.process_time() - began)
    return min(spent)


def test_bodies_of_many_sites(eval_folder: Path, figures: Figures) -> None:
    """Bodies of single pages are read as well as before, and as fast. Raise the floor when you beat it."""
    gold = json.loads((eval_folder / "bodies.json").read_text("utf-8"))
    found, seconds, beside = {}, [], []
    for page, reading, cost in read_all(eval_folder, "pages", gold, times=3):
        found[page] = body(reading)
        seconds.append(cost)
        # Right after our own reading: the load of the machine is the same for both.
        beside.append(seconds_of_trafilatura(eval_folder / "pages" / f"{page}.html.gz", gold[page]["url"], times=3))
    f1, exact = body_figures({page: right["body"] for page, right in gold.items()}, found)
    figures.add("pages", "f1", f1, "pages: body F1")
    figures.add("pages", "exact", exact, "pages: bodies exactly right")
    ratio = median(seconds) / median(beside)
    figures.add("cpu", "beside_trafilatura_at_most", ratio, "pages: CPU, in that of trafilatura with metadata")
    by_length = sorted(seconds)
    # CPU time, including metadata and links. The figure beside trafilatura tells more: a busy machine is slower at all.
    figures.add("cpu", "median_ms_at_most", median(seconds) * 1e3, "pages: CPU ms, median", slower=4)
    figures.add("cpu", "p99_ms_at_most", by_length[len(by_length) * 99 // 100] * 1e3, "pages: CPU ms, p99", slower=4)
    figures.add("cpu", "longest_ms_at_most", by_length[-1] * 1e3, "pages: CPU ms, longest", slower=4)


def test_bodies_of_sibling_pages(eval_folder: Path, read_once: ReadPage, figures: Figures, tmp_path: Path) -> None:
    """Pages of a site are read together, with their common paragraphs learnt; the gold contains the dek."""
    gold = json.loads((eval_folder / "sites.json").read_text("utf-8"))
    readings = {page: read_once(eval_folder, f"sites/{page}.html.gz", answer["url"]) for page, answer in gold.items()}
    right = {page: "\n".join(answer["body"]) for page, answer in gold.items()}
    alone = body_figures(right, {page: body(reading, dek=True) for page, reading in readings.items()})
    f1, exact = body_figures(right, read_together(gold, readings, f"sqlite:///{tmp_path / 'index.sqlite3'}"))
    figures.add("sites", "alone_f1", alone[0], "sites: body F1, each page alone")
    figures.add("sites", "alone_exact", alone[1], "sites: bodies exactly right, each page alone")
    figures.add("sites", "f1", f1, "sites: body F1, a site's five pages together")
    figures.add("sites", "exact", exact, "sites: bodies exactly right, five pages together")


# --- kinds ---


def test_kinds(eval_folder: Path, read_once: ReadPage, figures: Figures) -> None:
    """Articles are distinguished from listings, shops, manuals and forums as well as before."""
    gold = json.loads((eval_folder / "kinds.json").read_text("utf-8"))
    taken = Counter(
        right["kind"]
        for page, right in gold.items()
        if read_once(eval_folder, f"kinds/{page}.html.gz", right["url"]).outcome
        in (Outcome.ARTICLE, Outcome.PAYWALL_STUB)
    )
    right, all_articles = taken["article"], sum(page["kind"] == "article" for page in gold.values())
    figures.add("kinds", "article_f1", 2 * right / (taken.total() + all_articles), "kinds: article F1")
    listings = taken["listing"] + taken["collection"]
    figures.add("kinds", "listings_taken_for_articles_at_most", listings, "kinds: listings taken for articles, of 80")


# --- links ---


@pytest.fixture(scope="module")
def link_tally(eval_folder: Path, read_once: ReadPage) -> LinkTally:
    tally = LinkTally()
    for right in json.loads((eval_folder / "links.json").read_text("utf-8"))["pages"]:
        tally.page(right, gathered_groups(read_once(eval_folder, right["file"], right["url"])))
    return tally


def test_links_in_groups(link_tally: LinkTally, figures: Figures) -> None:
    """Related and latest links are found, distinguished from others, and grouped under their labels as well as
    before.
    """
    tally = link_tally
    figures.add("links", "listing_macro_f1", mean(tally.macro), "links: listing, macro F1")
    figures.add("links", "none_left_empty", tally.left_empty, "links: pages without a listing left empty, of 10")
    figures.add("links", "groups_matched", tally.matched, "links: groups matched, of 89")
    figures.add("links", "label_exact", tally.label_right / tally.labelled, "links: labels exact, of matched groups")
    figures.add("links", "kind_exact", tally.same_kind / tally.matched, "links: kind, of matched groups")


def test_links_in_text(link_tally: LinkTally, figures: Figures) -> None:
    """Links in running text are found as well as before."""
    figures.add("links", "inline_micro_f1", link_tally.inline_f1, "links: inline, micro F1")
