"""Zero false versions: real pages served twice, with everything around the article changed in between."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring, fragment_fromstring, tostring

from newsarchive.extract.decode import to_utf8
from newsarchive.extract.page import extract_page
from newsarchive.extract.parse_date import parse_printed_date
from storage.index.rows.entry import version_digest
from storage.model import Article, Outcome
from tests.quality.scoring import ReadPage

pytestmark = pytest.mark.slow

LEAST = {"pages": 175, "sites": 80, "world/pages": 950}
"""Articles of each set."""
KNOWN = frozenset(
    "traf-13e26d20d1f9 traf-3eb5023304ce traf-957d6512e2f1 traf-9e5d231e207d traf-dd6e6fa3e76e wcxb-dev-0051 "
    "wcxb-dev-0250".split()
)
"""Pages of which another version is read. The list may get shorter, not longer.

What was changed is the article's own: the last entry of a breadcrumb, a linked author, a number of the title, a date
with a year of two digits.
"""
MIN_LINK_WORDS = 4
"""Words of a link from which on it is the headline of another story."""
_NO_TEXT = ("head", "link", "meta", "noscript", "script", "style", "title")
_DIGITS = re.compile(r"\d")
_LETTERS = str.maketrans("aeioubcdfgklmnprst", "eiouacdfgbklmnprts")
AROUND = (
    '<div class="related"><h2>Related stories</h2><figure><img src="/r2.jpg"><figcaption>Harbour at noon</figcaption>'
    '</figure><a href="/news/story-7100">Another story of the day with a long title</a></div>'
    "<p class='comments'>37 comments</p><div class='newsletter'><p>Sign up for our newsletter.</p></div>"
)


def pages(folder: Path, part: str) -> Iterator[tuple[str, str, bytes]]:
    """Yield name, URL and bytes of the pages of a set."""
    answers = {"pages": "bodies.json", "sites": "sites.json", "world/pages": "world/world.json"}[part]
    for name, answer in sorted(json.loads((folder / answers).read_text("utf-8")).items()):
        yield name, answer["url"], gzip.decompress((folder / part / f"{name}.html.gz").read_bytes())


def texts_of(article: Article) -> str:
    """Return all text of a reading, without white space."""
    found: list[str] = []

    def collect(value: object) -> None:
        if isinstance(value, str):
            found.append(fold(value))
        elif isinstance(value, dict):
            for key, each in value.items():
                if key != "link_groups":
                    collect(each)
        elif isinstance(value, list | tuple):
            for each in value:
                collect(each)

    collect(article.to_dict())
    return "\n".join(found)


def fold(text: str) -> str:
    """Return a text without white space."""
    return "".join(text.split())


def parse(page: bytes) -> HtmlElement:
    """Return the tree of a page, which says that it is in UTF-8."""
    root: HtmlElement = document_fromstring(to_utf8(page), parser=HTMLParser(encoding="utf-8"))
    for element in root.iter("meta"):
        if "charset" in f"{element.get('charset')}{element.get('content')}":
            element.set("charset", "utf-8")
            element.attrib.pop("content", None)
    return root


def serialize(root: HtmlElement) -> bytes:
    """Return a page as bytes."""
    page: bytes = tostring(root, encoding="utf-8", doctype="<!DOCTYPE html>")
    return page


def change_around(root: HtmlElement, article: Article) -> None:
    """Give a page other stories, other numbers, pictures, identifiers and times around its article."""
    own = texts_of(article)
    days = {each.at.date() for each in (article.published, article.modified) if each}
    for element in list(root.iter(tag=etree.Element)):
        if element.tag in _NO_TEXT:
            continue
        change_attributes(element, own)
        for place in ("text", "tail"):
            text = getattr(element, place)
            if text and text.strip() and fold(text) not in own and not has_date(text, days):
                setattr(element, place, change_text(element, text, is_tail=place == "tail"))
    if (body := root.find("body")) is not None:
        body.append(fragment_fromstring(AROUND, create_parent="section"))


def has_date(text: str, days: set[date]) -> bool:
    """Return whether a line prints a date of the article: that is not around it."""
    printed = parse_printed_date(text)
    return printed is not None and printed.at.date() in days


def change_text(element: HtmlElement, text: str, *, is_tail: bool) -> str:
    """Return a text with other digits; that of a link to another story in other words."""
    inside = [] if is_tail else [element, *element.iterancestors()]
    is_story = any(each.tag == "a" for each in inside) and len(text.split()) >= MIN_LINK_WORDS
    return shift(text.translate(_LETTERS) if is_story else text)


def shift(text: str) -> str:
    """Return a text with each digit raised by one."""
    return _DIGITS.sub(lambda digit: str((int(digit[0]) + 1) % 10), text)


def change_attributes(element: HtmlElement, own: str) -> None:
    """Give links to other stories other addresses, and data attributes other numbers."""
    text = fold(element.text_content())
    for name, value in element.attrib.items():
        is_link = name == "href" and element.tag == "a" and text and text not in own
        if is_link or name.startswith("data-track") or name == "nonce":
            element.set(name, shift(value))


@pytest.mark.parametrize("part", sorted(LEAST))
def test_pages_served_twice_make_one_version(eval_folder: Path, read_once: ReadPage, part: str) -> None:
    """Related stories, counters, times and adverts differ between the captures; the digest of the version does not."""
    read, different = 0, []
    for name, url, page in pages(eval_folder, part):
        before = read_once(eval_folder, f"{part}/{name}.html.gz", url)
        if before.outcome is not Outcome.ARTICLE or before.article is None:
            continue
        read += 1
        root = parse(page)
        whole = serialize(root)
        change_around(root, before.article)
        after = read_digest(serialize(root), url)
        # What differs may come of serializing the page, too, which is no change around its article.
        if after is None or (after != version_digest(before.article) and after != read_digest(whole, url)):
            different.append(name)
    assert read >= LEAST[part]
    assert set(different) <= KNOWN


def read_digest(page: bytes, url: str) -> bytes | None:
    """Return the digest of the version that is read from a page."""
    article = extract_page(page, url).article
    return None if article is None else version_digest(article)
