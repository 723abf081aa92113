"""An archived page as it may be shown: what runs or fetches is gone, what is left leads into the archive.

    text --lxml--> tree --element by element--> safe tree + slots --places filled in--> HTML

A slot is an attribute or stylesheet that names addresses. They are collected first, so that the index is asked once
for all of them; what the archive does not hold is left out, for a browser would only be told so, image by image.

The sandbox and the policy that the page is served under hold by themselves. This is the first wall of three.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from lxml.etree import LxmlError, tostring
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from newsarchive.web.snapshot import css
from newsarchive.web.snapshot.replay_links import Kind
from newsarchive.web.snapshot.sanitizer import Cleaner
from newsarchive.web.snapshot.url_slots import Slot, absolute, fill, note_all

MAX_CHARACTERS = 8_000_000
MAX_ELEMENTS = 150_000
MAX_REQUISITES = 3_000
"""Addresses of a page that are looked up; further ones are taken for missing."""

_PARSER = HTMLParser(collect_ids=False, default_doctype=False, encoding="utf-8", remove_comments=True, remove_pis=True)
_DOCTYPE = re.compile(r"<!doctype\b[^>]{0,400}>", re.IGNORECASE)
_PUBLIC = re.compile(r"public\s+[\"']([-\w /.:+]+)[\"']", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requisite:
    """Something that a page embeds."""

    url: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLarge:
    """A page beyond what is rewritten, and which limit says so."""

    reason: str


@dataclass(slots=True, kw_only=True)
class Snapshot:
    """A page, made safe, whose addresses are still to be filled in. It is filled in once."""

    url: str
    base: str
    title: str
    leads_to: str | None
    """Where the page would have sent its readers by itself (meta refresh)."""
    doctype: str
    root: HtmlElement
    slots: list[Slot]
    links: list[tuple[HtmlElement, str, str]]

    def requisites(self) -> tuple[Requisite, ...]:
        """What the page embeds, each once, in its order."""
        found: dict[str, Requisite] = {}

        def note(url: str, kind: Kind) -> None:
            if len(found) < MAX_REQUISITES:
                found.setdefault(url, Requisite(url=url, kind=kind))

        for slot in self.slots:
            note_all(slot, self.base, note)
        return tuple(found.values())

    def html(self, page: Callable[[str, str], str], place: css.Place) -> str:
        """Return the page, with `page(url, fragment)` for links and `place(url, kind)` for what it embeds."""
        for element, url, fragment in self.links:
            element.set("href", page(url, fragment))
        for slot in self.slots:
            fill(slot, self.base, place)
        text: str = tostring(self.root, method="html", encoding="unicode")
        return f"{self.doctype}{text}"


def read(text: str, url: str) -> Snapshot | TooLarge | None:
    """Return a page made safe; None where there is no markup to speak of."""
    if len(text) > MAX_CHARACTERS:
        return TooLarge(reason=f"{len(text):,} characters of HTML; up to {MAX_CHARACTERS:,} are shown")
    try:
        root = document_fromstring(text.encode("utf-8", "replace"), parser=_PARSER)
    except (LxmlError, ValueError, AssertionError):
        return None
    elements = int(root.xpath("count(//*)"))
    if elements > MAX_ELEMENTS:
        return TooLarge(reason=f"{elements:,} elements; up to {MAX_ELEMENTS:,} are shown")
    based = root.find(".//base[@href]")
    base = absolute(url, based.get("href") or "") if based is not None else None
    titled = root.find(".//title")
    title = " ".join((titled.text_content() if titled is not None else "").split())[:300]
    cleaner = Cleaner(url, base or url)
    cleaner.clean(root)
    return Snapshot(
        url=url, base=base or url, title=title, leads_to=cleaner.leads_to, doctype=_doctype(text), root=root,
        slots=cleaner.slots, links=cleaner.links,
    )  # fmt: skip


def _doctype(text: str) -> str:
    """Return the doctype as far as it decides how browsers lay out; "" where there is none: that decides, too."""
    found = _DOCTYPE.search(text[:8192])
    if not found:
        return ""
    public = _PUBLIC.search(found[0])
    system = ' "http://www.w3.org/TR/html4/loose.dtd"' if public and "http" in found[0] else ""
    return f'<!DOCTYPE html PUBLIC "{public[1]}"{system}>\n' if public else "<!DOCTYPE html>\n"
