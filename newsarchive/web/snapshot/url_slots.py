"""URL slots: attributes and stylesheets with URLs, collected first and filled in once the archived ones are known."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urldefrag

from lxml.html import HtmlElement

from newsarchive.extract.requisites import parse_srcset
from newsarchive.web.snapshot import css
from newsarchive.web.snapshot.replay_links import EmbedKind
from storage.urls import resolve_url

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class SlotSyntax(Enum):
    """Syntaxes of a slot's value."""

    ADDRESS = auto()
    SRCSET = auto()
    CSS = auto()
    SHEET = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSlot:
    """An attribute or stylesheet with URLs."""

    element: HtmlElement
    attribute: str
    """"" for the text of a <style>."""
    syntax: SlotSyntax
    kind: EmbedKind
    value: str


def xml_text(text: str, instead: str = "") -> str:
    r"""Return a text with something instead of characters that XML forbids: lxml reads them and does not write them.

    >>> xml_text("a\x0b\x00b\ud800c\ufffed")
    'abcd'
    """
    return _ILLEGAL.sub(instead, text)


def fill_slot(slot: UrlSlot, base: str, map_url: css.UrlMapper) -> None:
    """Write the rewritten value into the tree; an attribute without an archived URL is left out."""
    value = rewrite_slot(slot, base, map_url)
    if slot.syntax is SlotSyntax.SHEET:
        slot.element.text = xml_text(css.escape_for_style_element(value or ""))
    elif value is not None:
        slot.element.set(slot.attribute, xml_text(value))
    elif slot.attribute == "href":
        slot.element.drop_tag()


def rewrite_slot(slot: UrlSlot, base: str, map_url: css.UrlMapper) -> str | None:
    """Return the slot's value with its URLs replaced; None if none is archived."""
    if slot.syntax in (SlotSyntax.CSS, SlotSyntax.SHEET):
        return css.rewrite_css(slot.value, base, map_url)
    if slot.syntax is SlotSyntax.SRCSET:
        mapped = [(_map_url(url, base, slot.kind, map_url), descriptor) for url, descriptor in parse_srcset(slot.value)]
        return format_srcset([(url, descriptor) for url, descriptor in mapped if url]) or None
    return _map_url(slot.value, base, slot.kind, map_url)


def _map_url(reference: str, base: str, kind: EmbedKind, map_url: css.UrlMapper) -> str | None:
    reference = reference.strip()
    if reference[:11].lower() == "data:image/" and kind is EmbedKind.IMAGE:
        return reference
    url = resolve_http_url(base, reference) if reference else None
    return map_url(urldefrag(url)[0], kind) if url else None


def resolve_http_url(base: str, reference: str) -> str | None:
    """Resolve a reference to an http(s) URL; None if it is not one."""
    try:
        url = resolve_url(base, "".join(reference.split("\n")).replace("\t", "").replace("\r", "").strip())
    except ValueError:
        return None
    return url if url[:8].lower().startswith(("http://", "https://")) else None


def format_srcset(found: list[tuple[str, str]]) -> str:
    """Return a srcset attribute; commas in URLs are escaped, because they would end a URL."""
    return ", ".join(f"{url.replace(',', '%2C')} {descriptor}".strip() for url, descriptor in found)
