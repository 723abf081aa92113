"""Listings are read without a body search if no body could change the outcome."""

import re
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from newsarchive.extract import article, read
from newsarchive.extract.page_input import NO_EVIDENCE, Evidence, PageInput
from storage.model import Discovery, Outcome, Reading, UrlKind

PAGES = sorted((Path(__file__).parents[2] / "pages").glob("*/page.html"))
ADDRESSES = ("", "world/", "town/page/7/", "world/2024/05/19/rain-falls-on-the-hills-and-nobody-minds")
CARD = "<div><h2><a href='/world/1041{0}/a-story-about-the-sea-{0}'>A story about sea and salt, {0}</a></h2></div>"
FRONT = "<html><head><title>News</title></head><body><main>{}</main></body></html>".format(
    "".join(CARD.format(n) for n in range(10, 40))
)


def page_input(address: str, evidence: Evidence | None = None) -> PageInput:
    listing = Discovery(site="x", kind=UrlKind.LISTING)
    return PageInput(url=f"https://news.example/{address}", discovery=listing, evidence=evidence or NO_EVIDENCE)


@pytest.mark.slow
@pytest.mark.parametrize("page", [FRONT.encode(), *(page.read_bytes() for page in PAGES)])
def test_a_skipped_search_changes_nothing(page: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole reading is the same as with the search, including its confidence; its weight is more exact then."""

    def read_all() -> list[Reading]:
        readings = [read(page, page_input(address)) for address in ADDRESSES]
        return [replace(each, reason=re.sub(r"^weight -?[\d.]+, .*", "weight", each.reason)) for each in readings]

    short = read_all()
    monkeypatch.setattr(article, "score_without_body", lambda *_: None)
    assert read_all() == short


@pytest.mark.parametrize("address", ["", "town/page/7/"])
def test_a_front_page_of_links_is_not_searched(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its outcome follows from its URL, its links, and how it was requested."""
    for search in ("select_body", "find_only_text"):
        monkeypatch.setattr(article, search, Mock(side_effect=AssertionError("searched")))
    assert read(FRONT.encode(), page_input(address)).outcome is Outcome.LISTING


def test_a_soft_404_is_searched() -> None:
    """A soft 404 at the URL of a section is detected by its lack of text."""
    page = "<html><head><title>Page not found</title></head><body><h1>Page not found</h1></body></html>"
    assert read(page.encode(), page_input("town/page/7/")).outcome is Outcome.SOFT_404


def test_recording_evidence_requires_the_search() -> None:
    """`newsarchive extract --explain` shows the role of each block, also of a listing."""
    story = "".join(
        f"<p>Paragraph {n} of a story about rain that falls on hills and those who live there.</p>" for n in range(9)
    )
    evidence = Evidence()
    read(FRONT.replace("</main>", f"<article>{story}</article></main>").encode(), page_input("", evidence))
    assert evidence.roles
