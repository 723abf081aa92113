"""A sanitised archived page: everything that runs or fetches is removed, the rest leads into the archive.

    text --lxml--> tree --element by element--> sanitised tree + slots --URLs filled in--> HTML

A slot is an attribute or stylesheet with URLs. Slots are collected first, so that one index query looks up all of them;
URLs that are not archived are removed, which spares a request for each.

This is the first of three layers of protection, beside the policy and the sandbox.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from itertools import islice, takewhile

from lxml.etree import LxmlError, tostring
from lxml.html import Element, HtmlElement, HTMLParser, document_fromstring

from newsarchive.extract.urls import score_article_url
from newsarchive.extract.zones import HEADINGS
from newsarchive.web.snapshot import css
from newsarchive.web.snapshot.replay_links import EmbedKind
from newsarchive.web.snapshot.sanitizer import Sanitizer
from newsarchive.web.snapshot.url_slots import SlotSyntax, UrlSlot, fill_slot, resolve_http_url, rewrite_slot, xml_text
from storage.index.conditions.withheld import WITHHELD, WORD

MAX_CHARACTERS = 8_000_000
MAX_ELEMENTS = 150_000
MAX_REQUISITES = 3_000
"""URLs of a page that are looked up; further ones count as missing."""

_PARSER = HTMLParser(collect_ids=False, default_doctype=False, encoding="utf-8", remove_comments=True, remove_pis=True)
_ILLEGAL_REFERENCE = re.compile(
    r"&#(?:x0*(?:[1-8bcef]|1[0-9a-f]|fff[ef])(?![0-9a-f])|0*(?:[1-8]|1[124-9]|2[0-9]|3[01]|6553[45])(?![0-9]));?",
    re.IGNORECASE,
)
"""References to characters that `xml_text` removes."""
_MIN_SCORE = 1.5  # of an article's URL
_MOST_NAME = 4  # words of a link to an author or section
_MOST_LINKS = 5  # of a teaser to other pages, such as its author and section
_PICTURES = frozenset({"figure", "img", "picture"})
_NO_TEASERS = HEADINGS | {"link", "style"}
_DOCTYPE = re.compile(r"<!doctype\b[^>]{0,400}>", re.IGNORECASE)
_PUBLIC = re.compile(r"public\s+[\"']([-\w /.:+]+)[\"']", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLarge:
    """A page beyond the limits, and the limit that it exceeds."""

    reason: str


@dataclass(slots=True, kw_only=True)
class SanitizedPage:
    """A sanitised page whose URLs are not filled in yet. `to_html` may be called once."""

    base: str
    title: str
    refresh_url: str | None
    """Target of its meta refresh."""
    doctype: str
    root: HtmlElement
    slots: list[UrlSlot]
    links: list[tuple[HtmlElement, str, str]]

    def requisites(self) -> dict[str, EmbedKind]:
        """Return the kinds of the resources that the page embeds by their URLs, in document order."""
        found: dict[str, EmbedKind] = {}
        for slot in self.slots:
            rewrite_slot(slot, self.base, found.setdefault)
        return dict(islice(found.items(), MAX_REQUISITES))

    def withhold(self, urls: Collection[str], mask: Callable[[str], str], own_text: str = "") -> None:
        """Replace links to these URLs with their teasers, and what `mask` replaces in texts and attributes."""
        self.title = mask(self.title)
        self.refresh_url = None if self.refresh_url in urls else self.refresh_url
        self._remove_teasers(urls, _split_grams(own_text))
        kept = set(self.root.iter())
        self.links = [link for link in self.links if link[1] not in urls and link[0] in kept]
        self.slots = [slot for slot in self.slots if slot.element in kept]
        for element in self.root.iter():
            element.text, element.tail = element.text and mask(element.text), element.tail and mask(element.tail)
            for name, value in element.attrib.items():
                if name.startswith("data-") and "/" in value:
                    del element.attrib[name]  # may be a URL of any form
                else:
                    element.set(name, mask(value))

    def _remove_teasers(self, urls: Collection[str], own: set[tuple[str, ...]]) -> None:
        """Replace the widest element around each link without other articles or own text, and what is beside it."""
        texts, others = set[HtmlElement](), Counter[HtmlElement]()
        for element in self.root.iter() if own else ():
            for holder, text in ((element, element.text), (element.getparent(), element.tail)):
                if holder is not None and text and (grams := _split_grams(text)) and grams <= own:
                    texts.add(holder)
        weights = [(each, _MOST_LINKS + 1) for each in texts] + [(each, 0) for each in self.root.iter(*_NO_TEASERS)]
        for element, url, _ in self.links:
            words = len(WORD.findall(element.text_content()))
            is_article = words > _MOST_NAME or score_article_url(url, "") >= _MIN_SCORE
            weights.append((element, 0 if url in urls else _MOST_LINKS * is_article + 1))
        for element, weight in weights:
            others.update(dict.fromkeys((element, *element.iterancestors()), weight))
        for card in [element for element, url, _ in self.links if url in urls]:
            while (box := card.getparent()) is not None and others[box] <= _MOST_LINKS and box.tag != "body":
                card = box
            card.clear(keep_tail=True)
            card.text = WITHHELD
            if box is not None and box not in texts:
                card.tail = None
                pictures = takewhile(lambda each: each.tag in _PICTURES, card.itersiblings(preceding=True))
                for beside in (pictures, card.itersiblings()):
                    for each in [*takewhile(lambda each: each not in others, beside)]:
                        box.remove(each)

    def hide_overlays(self) -> None:
        """Hide what the page's own styles fix to the window, and dialogs."""
        is_css = (SlotSyntax.CSS, SlotSyntax.SHEET)
        self.slots = [
            replace(slot, value=css.hide_fixed(slot.value)) if slot.syntax in is_css else slot for slot in self.slots
        ]
        style = Element("style")
        style.text = css.UNCOVER
        self.root.append(style)

    def to_html(self, page_url: Callable[[str, str], str], map_url: css.UrlMapper) -> str:
        """Return the HTML, with `page_url(url, fragment)` for links and `map_url(url, kind)` for embedded resources."""
        for element, url, fragment in self.links:
            element.set("href", page_url(url, fragment))
        for slot in self.slots:
            fill_slot(slot, self.base, map_url)
        text: str = tostring(self.root, method="html", encoding="unicode")
        return f"{self.doctype}{text}"


def sanitize_page(text: str, url: str) -> SanitizedPage | TooLarge | None:
    """Return a sanitised page; None if there is no markup."""
    if len(text) > MAX_CHARACTERS:
        return TooLarge(reason=f"{len(text):,} characters of HTML; up to {MAX_CHARACTERS:,} are shown")
    try:
        root = document_fromstring(_ILLEGAL_REFERENCE.sub("\ufffd", xml_text(text)).encode(), parser=_PARSER)
    except (LxmlError, ValueError, AssertionError):
        return None
    elements = int(root.xpath("count(//*)"))
    if elements > MAX_ELEMENTS:
        return TooLarge(reason=f"{elements:,} elements; up to {MAX_ELEMENTS:,} are shown")
    based = root.find(".//base[@href]")
    base = resolve_http_url(url, based.get("href") or "") if based is not None else None
    titled = root.find(".//title")
    title = " ".join((titled.text_content() if titled is not None else "").split())[:300]
    sanitizer = Sanitizer(url, base or url)
    sanitizer.sanitize(root)
    return SanitizedPage(
        base=base or url, title=title, refresh_url=sanitizer.refresh_url, doctype=_doctype(text), root=root,
        slots=sanitizer.slots, links=sanitizer.links,
    )  # fmt: skip


def _split_grams(text: str) -> set[tuple[str, ...]]:
    """Return the sequences of three words of a text."""
    words = WORD.findall(text)
    return set(zip(words, words[1:], words[2:], strict=False))


def _doctype(text: str) -> str:
    """Return the doctype as far as it determines the layout mode of browsers; "" if there is none (quirks mode)."""
    if not (found := _DOCTYPE.search(text[:8192])):
        return ""
    public = _PUBLIC.search(found[0])
    system = ' "http://www.w3.org/TR/html4/loose.dtd"' if public and "http" in found[0] else ""
    return f'<!DOCTYPE html PUBLIC "{public[1]}"{system}>\n' if public else "<!DOCTYPE html>\n"
