"""Zero false versions: real pages served twice, with everything around the article changed in between."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from lxml.etree import ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring, fragment_fromstring, tostring

from newsarchive.extract.decode import to_utf8
from newsarchive.extract.page import extract_page
from storage.index.rows.entry import version_digest
from storage.model import Article, Outcome, Reading

pytestmark = pytest.mark.slow

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


def pages(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    """Yield name, URL and bytes of the pages of all sets that are articles, as their people say."""
    for part, answers in (("pages", "bodies.json"), ("sites", "sites.json"), ("world/pages", "world/world.json")):
        for name, answer in sorted(json.loads((folder / answers).read_text("utf-8")).items()):
            yield f"{part}/{name}", answer["url"], gzip.decompress((folder / part / f"{name}.html.gz").read_bytes())


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


def change_around(page: bytes, article: Article) -> bytes:
    """Return a page with other stories linked, other numbers, pictures, identifiers and times around its article."""
    root = document_fromstring(to_utf8(page), parser=HTMLParser(encoding="utf-8"))
    own = texts_of(article)
    for element in list(root.iter(tag=etree.Element)):
        if element.tag == "meta" and "charset" in f"{element.get('charset')}{element.get('content')}":
            element.set("charset", "utf-8")
            element.attrib.pop("content", None)
        if element.tag in _NO_TEXT:
            continue
        change_attributes(element, own)
        for place in ("text", "tail"):
            text = getattr(element, place)
            if text and text.strip() and fold(text) not in own:
                setattr(element, place, change_text(element, text, is_tail=place == "tail"))
    body = root.find("body")
    if body is not None:
        body.append(fragment_fromstring(AROUND, create_parent="section"))
    changed: bytes = tostring(root, encoding="utf-8", doctype="<!DOCTYPE html>")
    return changed


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


def read(page: bytes, url: str) -> Reading:
    """Return the reading of a page."""
    return extract_page(page, url)


def test_pages_served_twice_make_one_version(eval_folder: Path) -> None:
    """Related stories, counters, times and adverts differ between the captures; the digest of the version does not."""
    counted: Counter[str] = Counter()
    different: list[str] = []
    for name, url, page in pages(eval_folder):
        before = read(page, url)
        if before.outcome is not Outcome.ARTICLE or before.article is None:
            continue
        try:
            changed = change_around(page, before.article)
        except (ParserError, ValueError):
            counted["unparsed"] += 1
            continue
        after = read(changed, url)
        counted["pages"] += 1
        if after.article is None or version_digest(after.article) != version_digest(before.article):
            different.append(name)
    print(counted, len(different))
    assert counted["pages"] >= 1000
    assert different == []
