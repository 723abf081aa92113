"""Sanitiser: the walk over a page's tree that keeps only safe elements and collects URL slots."""

import re
import tomllib
from pathlib import Path
from urllib.parse import urldefrag

from lxml.html import Element, HtmlElement

from newsarchive.web.snapshot import css
from newsarchive.web.snapshot.replay_links import EmbedKind
from newsarchive.web.snapshot.url_slots import SlotSyntax, UrlSlot, resolve_http_url

_ALLOWLIST = tomllib.loads(Path(__file__).with_name("allowlist.toml").read_text("utf-8"))
_DROPPED, _UNWRAPPED, _KEPT, _ATTRIBUTES, _INPUTS = (
    frozenset(_ALLOWLIST[name].split()) for name in ("dropped", "unwrapped", "kept", "attributes", "inputs")
)
_REFRESH = re.compile(r"\s*\d*(?:\.\d*)?\s*[;,]?\s*(?:url\s*=)?\s*['\"]?([^'\"]*)", re.IGNORECASE)
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-hi-res-src", "data-srclazy", "data-url")
_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set")
_LAZY_BACKGROUNDS = ("data-bg", "data-background-image", "data-background")
_LAZY_CLASS = re.compile(r"\b(?:lazyload|lazyloading|lazy|b-lazy)\b")
_CUSTOM = re.compile(r"[a-z][a-z0-9]*-[-a-z0-9]*")
_ATTRIBUTE = re.compile(r"(?:data|aria)-[-\w.]+")
_MAX_DATA = 300


class Sanitizer:
    """Sanitises a page in one walk; collects slots and links."""

    def __init__(self, url: str, base: str) -> None:
        self.url, self.base = url, base
        self.refresh_url: str | None = None
        self.slots: list[UrlSlot] = []
        self.links: list[tuple[HtmlElement, str, str]] = []

    def sanitize(self, root: HtmlElement) -> None:
        """Sanitise a tree."""
        root.tag = "html"
        _replace_frameset(root, self.base)
        self._clean_attributes(root)
        waiting = list(root)[::-1]
        while waiting:
            waiting += reversed(self._clean_element(waiting.pop()))
        if (head := root.find("head")) is None:
            head = Element("head")
            root.insert(0, head)
        head.insert(0, Element("meta", charset="utf-8"))

    def _clean_element(self, element: HtmlElement) -> list[HtmlElement]:
        """Sanitise one element and return its children that are still to be visited."""
        tag = element.tag.lower() if isinstance(element.tag, str) else "script"
        below = list(element)
        if tag in ("meta", "link"):
            (self._clean_meta if tag == "meta" else self._clean_link)(element)
            return below
        if tag == "template" and element.get("shadowrootmode"):
            tag = "div"
        if tag in _DROPPED:
            element.drop_tree()
            return []
        if tag in _UNWRAPPED:
            element.drop_tag()
            return below
        if tag == "image" and next(element.iterancestors("svg"), None) is None:
            tag = "img"  # as browsers parse it
        tag = _ALLOWLIST["renamed"].get(tag, tag)
        element.tag = tag if tag in _KEPT or _CUSTOM.fullmatch(tag) else "span"
        if tag == "style":
            self._clean_style_element(element)
            return []
        self._clean_attributes(element)
        return below

    def _clean_style_element(self, element: HtmlElement) -> None:
        parent = element.getparent()
        type_ = (element.get("type") or "").partition(";")[0].strip().lower()
        if type_ not in ("", "text/css") or (parent is not None and parent.tag in ("svg", "defs", "g")):
            element.drop_tree()
            return
        media, text = element.get("media"), element.text_content()
        element.clear(keep_tail=True)
        if media:
            element.set("media", media)
        self._add_slot(element, "", SlotSyntax.SHEET, EmbedKind.STYLE, text)

    def _clean_meta(self, element: HtmlElement) -> None:
        if (element.get("http-equiv") or "").strip().lower() == "refresh" and self.refresh_url is None:
            found = _REFRESH.match(element.get("content") or "")
            target = resolve_http_url(self.base, found[1]) if found and found[1] else None
            self.refresh_url = target if target and urldefrag(target)[0] != self.url else None
        if (element.get("name") or "").lower() == "viewport":
            content = element.get("content") or ""
            element.attrib.clear()
            element.set("name", "viewport")
            element.set("content", content)
        else:
            element.drop_tag()

    def _clean_link(self, element: HtmlElement) -> None:
        names, href = (element.get("rel") or "").lower().split(), element.get("href") or ""
        # Stylesheets that a script would have enabled later are part of the page's appearance.
        preloaded = "preload" in names and (element.get("as") or "").lower() == "style"
        is_stylesheet = ("stylesheet" in names and "alternate" not in names) or preloaded
        media = "" if "media" in (element.get("onload") or "").lower() else element.get("media")
        if not is_stylesheet or not resolve_http_url(self.base, href):
            element.drop_tag()
            return
        element.attrib.clear()
        element.set("rel", "stylesheet")
        if media:
            element.set("media", media)
        self._add_slot(element, "href", SlotSyntax.ADDRESS, EmbedKind.STYLE, href)

    def _clean_attributes(self, element: HtmlElement) -> None:
        attributes = {name.lower(): value for name, value in element.attrib.items()}
        element.attrib.clear()
        for name, value in attributes.items():
            # A stylesheet may select a short value; others are data of scripts.
            is_short = len(value) <= _MAX_DATA and "//" not in value
            is_external = "url(" in value.lower() and not re.fullmatch(r"\s*url\(['\"]?#[^()]*\)\s*", value)
            if (name in _ATTRIBUTES or (_ATTRIBUTE.fullmatch(name) and is_short)) and not is_external:
                element.set(name, value)
        self._clean_urls(element, attributes)
        style = attributes.get("style", "")
        lazy = next(filter(None, map(attributes.get, _LAZY_BACKGROUNDS)), None)
        if lazy and "background" not in style:
            style += f';background-image:url("{css.quote_css(lazy.strip())}")'
        self._add_slot(element, "style", SlotSyntax.CSS, EmbedKind.IMAGE, style)

    def _clean_urls(self, element: HtmlElement, attributes: dict[str, str]) -> None:
        tag, href = element.tag, attributes.get("href") or attributes.get("xlink:href") or ""
        if tag in ("a", "area"):
            self._clean_anchor(element, href.strip())
        elif tag in ("img", "source", "input", "video", "audio"):
            self._clean_media(element, attributes)
        elif tag == "use" and href.startswith("#"):
            element.set("href", href)
        elif tag == "image":
            self._add_slot(element, "href", SlotSyntax.ADDRESS, EmbedKind.IMAGE, href)
        self._add_slot(element, "background", SlotSyntax.ADDRESS, EmbedKind.IMAGE, attributes.get("background"))
        if tag == "input":
            kind = (attributes.get("type") or "text").strip().lower()
            if kind == "image":
                element.set("type", "image")
            elif kind not in _INPUTS:
                element.set("type", "text")
                element.set("disabled", "disabled")

    def _clean_anchor(self, element: HtmlElement, reference: str) -> None:
        if reference.startswith("#"):
            element.set("href", reference)
            return
        if (resolved := resolve_http_url(self.base, reference) if reference else None) is None:
            return
        url, fragment = urldefrag(resolved)
        if fragment and url == self.url:
            element.set("href", f"#{fragment}")
            return
        element.set("target", "_top")
        element.set("rel", "nofollow noreferrer")
        self.links.append((element, url, f"#{fragment}" if fragment else ""))

    def _clean_media(self, element: HtmlElement, attributes: dict[str, str]) -> None:
        kind = EmbedKind.IMAGE if element.tag in ("img", "input") else EmbedKind.OTHER
        parent = element.getparent()
        if element.tag == "source" and parent is not None and parent.tag == "picture":
            kind = EmbedKind.IMAGE
        src, lazy = attributes.get("src", ""), next((attributes[name] for name in _LAZY if attributes.get(name)), "")
        if lazy and resolve_http_url(self.base, lazy) and not lazy.startswith(("{", "[")):
            src = lazy
        sets = attributes.get("srcset", "")
        lazy_sets = next((attributes[name] for name in _LAZY_SETS if attributes.get(name)), "")
        if lazy_sets and (not sets or sets.startswith("data:")):
            sets = lazy_sets
        if (lazy or lazy_sets) and attributes.get("class"):
            element.set("class", _LAZY_CLASS.sub("lazyloaded", attributes["class"]))
        self._add_slot(element, "src", SlotSyntax.ADDRESS, kind, src)
        self._add_slot(element, "srcset", SlotSyntax.SRCSET, EmbedKind.IMAGE, sets)
        self._add_slot(element, "poster", SlotSyntax.ADDRESS, EmbedKind.IMAGE, attributes.get("poster"))
        if element.tag in ("video", "audio"):
            element.set("controls", "controls")
            element.set("preload", "none")

    def _add_slot(
        self, element: HtmlElement, attribute: str, form: SlotSyntax, kind: EmbedKind, value: str | None
    ) -> None:
        if value:
            self.slots.append(UrlSlot(element=element, attribute=attribute, syntax=form, kind=kind, value=value))


def _replace_frameset(root: HtmlElement, base: str) -> None:
    """Replace a frameset by a list of links: each frame was a page of its own."""
    if not (sets := root.findall(".//frameset")):
        return
    body = Element("body")
    for frame in root.iter("frame"):
        if url := resolve_http_url(base, frame.get("src") or ""):
            line, anchor = Element("p"), Element("a", href=url)
            anchor.text = frame.get("name") or url
            line.append(anchor)
            body.append(line)
    for one in sets:
        one.drop_tree()
    root.append(body)
