"""The walk over a page's tree that leaves only what is safe, and notes the addresses that are to be filled in."""

import re
from urllib.parse import urldefrag

from lxml.html import Element, HtmlElement

from newsarchive.web.snapshot import allowlist, css
from newsarchive.web.snapshot.replay_links import Kind
from newsarchive.web.snapshot.url_slots import Form, Slot, absolute

_REFRESH = re.compile(r"\s*\d*(?:\.\d*)?\s*[;,]?\s*(?:url\s*=)?\s*['\"]?([^'\"]*)", re.IGNORECASE)
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-hi-res-src", "data-srclazy", "data-url")
_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set")
_LAZY_BACKGROUNDS = ("data-bg", "data-background-image", "data-background")
_LAZY_CLASS = re.compile(r"\b(?:lazyload|lazyloading|lazy|b-lazy)\b")
_CUSTOM = re.compile(r"[a-z][a-z0-9]*-[-a-z0-9]*")
_ATTRIBUTE = re.compile(r"(?:data|aria)-[-\w.]+")
_LONGEST_DATA = 300


class Cleaner:
    """Walks a page once; notes slots and links as it goes."""

    def __init__(self, url: str, base: str) -> None:
        self.url, self.base = url, base
        self.leads_to: str | None = None
        self.slots: list[Slot] = []
        self.links: list[tuple[HtmlElement, str, str]] = []

    def clean(self, root: HtmlElement) -> None:
        """Make all of a tree safe."""
        if root.tag != "html":
            root.tag = "html"
        _without_frames(root, self.base)
        self._attributes(root)
        waiting = list(root)[::-1]
        while waiting:
            element = waiting.pop()
            waiting += reversed(self._element(element))
        head = root.find("head")
        if head is None:
            head = Element("head")
            root.insert(0, head)
        head.insert(0, Element("meta", charset="utf-8"))

    def _element(self, element: HtmlElement) -> list[HtmlElement]:
        """Make one element safe; returns those below it that are still to be looked at."""
        tag = element.tag.lower() if isinstance(element.tag, str) else "script"
        below = list(element)
        if tag in ("meta", "link"):
            (self._meta if tag == "meta" else self._link)(element)
            return below
        if tag == "template" and element.get("shadowrootmode"):
            tag = "div"
        if tag in allowlist.DROPPED:
            element.drop_tree()
            return []
        if tag in allowlist.UNWRAPPED:
            element.drop_tag()
            return below
        if tag == "image" and next(element.iterancestors("svg"), None) is None:
            tag = "img"  # as browsers take it
        tag = allowlist.RENAMED.get(tag, tag)
        element.tag = tag if tag in allowlist.KEPT or _CUSTOM.fullmatch(tag) else "span"
        if tag == "style":
            self._sheet(element)
            return []
        self._attributes(element)
        return below

    def _sheet(self, element: HtmlElement) -> None:
        parent = element.getparent()
        if _type(element) not in ("", "text/css") or (parent is not None and parent.tag in ("svg", "defs", "g")):
            element.drop_tree()
            return
        media = element.get("media")
        text = element.text_content()
        element.clear(keep_tail=True)
        if media:
            element.set("media", media)
        self._slot(element, "", Form.SHEET, Kind.STYLE, text)

    def _meta(self, element: HtmlElement) -> None:
        if (element.get("http-equiv") or "").strip().lower() == "refresh" and self.leads_to is None:
            found = _REFRESH.match(element.get("content") or "")
            target = absolute(self.base, found[1]) if found and found[1] else None
            self.leads_to = target if target and urldefrag(target)[0] != self.url else None
        if (element.get("name") or "").lower() == "viewport":
            content = element.get("content") or ""
            element.attrib.clear()
            element.set("name", "viewport")
            element.set("content", content)
        else:
            element.drop_tag()

    def _link(self, element: HtmlElement) -> None:
        names = (element.get("rel") or "").lower().split()
        # Sheets that a script would have let in later: they belong to how the page looked.
        preloaded = "preload" in names and (element.get("as") or "").lower() == "style"
        wanted = ("stylesheet" in names and "alternate" not in names) or preloaded
        href = element.get("href") or ""
        media = element.get("media") or ""
        if "media" in (element.get("onload") or "").lower():
            media = ""
        if not wanted or not absolute(self.base, href):
            element.drop_tag()
            return
        element.attrib.clear()
        element.set("rel", "stylesheet")
        if media:
            element.set("media", media)
        self._slot(element, "href", Form.ADDRESS, Kind.STYLE, href)

    def _attributes(self, element: HtmlElement) -> None:
        given = {name.lower(): value for name, value in element.attrib.items()}
        element.attrib.clear()
        for name, value in given.items():
            if name in allowlist.ATTRIBUTES or (_ATTRIBUTE.fullmatch(name) and _is_harmless(value)):
                if "url(" in value.lower() and not re.fullmatch(r"\s*url\(['\"]?#[^()]*\)\s*", value):
                    continue
                element.set(name, value)
        self._addresses(element, given)
        style = given.get("style", "")
        for name in _LAZY_BACKGROUNDS:
            if given.get(name) and "background" not in style:
                style += f";background-image:url({css.quoted_url(given[name])})"
                break
        if style:
            self._slot(element, "style", Form.CSS, Kind.IMAGE, style)

    def _addresses(self, element: HtmlElement, given: dict[str, str]) -> None:
        tag = element.tag
        if tag in ("a", "area"):
            self._anchor(element, given)
        elif tag in ("img", "source", "input", "video", "audio"):
            self._media(element, given)
        elif tag == "use" and (given.get("href") or given.get("xlink:href") or "").startswith("#"):
            element.set("href", given.get("href") or given["xlink:href"])
        elif tag == "image" and (given.get("href") or given.get("xlink:href")):
            self._slot(element, "href", Form.ADDRESS, Kind.IMAGE, given.get("href") or given["xlink:href"])
        if given.get("background"):
            self._slot(element, "background", Form.ADDRESS, Kind.IMAGE, given["background"])
        if tag == "input":
            kind = (given.get("type") or "text").strip().lower()
            if kind == "image":
                element.set("type", "image")
            elif kind not in allowlist.INPUTS:
                element.set("type", "text")
                element.set("disabled", "disabled")

    def _anchor(self, element: HtmlElement, given: dict[str, str]) -> None:
        written = (given.get("href") or given.get("xlink:href") or "").strip()
        if not written:
            return
        if written.startswith("#"):
            element.set("href", written)
            return
        whole = absolute(self.base, written)
        if whole is None:
            return
        url, fragment = urldefrag(whole)
        if fragment and url == self.url:
            element.set("href", f"#{fragment}")
            return
        element.set("target", "_top")
        element.set("rel", "nofollow noreferrer")
        self.links.append((element, url, f"#{fragment}" if fragment else ""))

    def _media(self, element: HtmlElement, given: dict[str, str]) -> None:
        kind = Kind.IMAGE if element.tag in ("img", "input") else Kind.OTHER
        parent = element.getparent()
        if element.tag == "source" and parent is not None and parent.tag == "picture":
            kind = Kind.IMAGE
        src, lazy = given.get("src", ""), next((given[name] for name in _LAZY if given.get(name)), "")
        if lazy and absolute(self.base, lazy) and not lazy.startswith(("{", "[")):
            src = lazy
        sets = given.get("srcset", "")
        lazy_sets = next((given[name] for name in _LAZY_SETS if given.get(name)), "")
        if lazy_sets and (not sets or sets.startswith("data:")):
            sets = lazy_sets
        if (lazy or lazy_sets) and given.get("class"):
            element.set("class", _LAZY_CLASS.sub("lazyloaded", given["class"]))
        if src:
            self._slot(element, "src", Form.ADDRESS, kind, src)
        if sets:
            self._slot(element, "srcset", Form.SRCSET, Kind.IMAGE, sets)
        if given.get("poster"):
            self._slot(element, "poster", Form.ADDRESS, Kind.IMAGE, given["poster"])
        if element.tag in ("video", "audio"):
            element.set("controls", "controls")
            element.set("preload", "none")

    def _slot(self, element: HtmlElement, attribute: str, form: Form, kind: Kind, value: str) -> None:
        self.slots.append(Slot(element=element, attribute=attribute, form=form, kind=kind, value=value))


def _type(element: HtmlElement) -> str:
    return (element.get("type") or "").partition(";")[0].strip().lower()


def _is_harmless(value: str) -> bool:
    """True for data of an attribute that a stylesheet may ask for, and not for the scripts' own, which may be long."""
    return len(value) <= _LONGEST_DATA and "//" not in value


def _without_frames(root: HtmlElement, base: str) -> None:
    """Make a list of links of a frameset: each frame was a page of its own."""
    sets = root.findall(".//frameset")
    if not sets:
        return
    body = Element("body")
    for frame in root.iter("frame"):
        url = absolute(base, frame.get("src") or "")
        if url:
            line, anchor = Element("p"), Element("a", href=url)
            anchor.text = frame.get("name") or url
            line.append(anchor)
            body.append(line)
    for one in sets:
        parent = one.getparent()
        if parent is not None:
            parent.remove(one)
    root.append(body)
