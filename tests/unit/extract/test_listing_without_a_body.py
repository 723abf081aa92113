"""A listing is read without a search for a body where no body could make it anything else."""

from pathlib import Path
from unittest.mock import Mock

import pytest

from newsarchive.extract import article, read
from newsarchive.extract.evidence import Evidence, Silence
from newsarchive.extract.page_input import Asked
from storage.model import Discovery, Outcome, UrlKind

PAGES = sorted((Path(__file__).parents[2] / "pages").glob("*/page.html"))
ADDRESSES = ("", "world/", "town/page/7/", "world/2024/05/19/rain-falls-on-the-hills-and-nobody-minds")
CARD = "<div><h2><a href='/world/1041{0}/a-story-about-the-sea-{0}'>A story about sea and salt, {0}</a></h2></div>"
FRONT = "<html><head><title>News</title></head><body><main>{}</main></body></html>".format(
    "".join(CARD.format(n) for n in range(10, 40))
)


def asked(address: str, hear: Silence | None = None) -> Asked:
    listing = Discovery(site="x", kind=UrlKind.LISTING)
    return Asked(url=f"https://news.example/{address}", discovery=listing, hear=hear or Silence())


@pytest.mark.parametrize("page", [FRONT.encode(), *(page.read_bytes() for page in PAGES)])
def test_the_search_decides_nothing_where_it_is_left_out(page: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole reading is the same as with the search, its confidence included."""
    short = [read(page, asked(address)) for address in ADDRESSES]
    monkeypatch.setattr(article, "is_none_anyway", lambda *_: False)
    assert [read(page, asked(address)) for address in ADDRESSES] == short


@pytest.mark.parametrize("address", ["", "town/page/7/"])
def test_a_front_page_of_links_is_not_searched(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its kind is known from its address, its links, and how it came to be asked for."""
    monkeypatch.setattr(article, "select", Mock(side_effect=AssertionError("searched")))
    assert read(FRONT.encode(), asked(address)).outcome is Outcome.LISTING


def test_a_page_that_says_it_is_not_there_is_searched() -> None:
    """A soft 404 at a section's address is told by the text that it lacks."""
    page = "<html><head><title>Page not found</title></head><body><h1>Page not found</h1></body></html>"
    assert read(page.encode(), asked("town/page/7/")).outcome is Outcome.SOFT_404


def test_who_listens_is_told_all() -> None:
    """`newsarchive extract --explain` shows what was decided of each block, of a listing's too."""
    story = "".join(
        f"<p>Paragraph {n} of a story about rain that falls on hills and those who live there.</p>" for n in range(9)
    )
    hear = Evidence()
    read(FRONT.replace("</main>", f"<article>{story}</article></main>").encode(), asked("", hear))
    assert hear.told
