"""One page as one lxml tree, parsed once. Body, metadata and links all read this tree."""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from lxml.etree import ElementDefaultClassLookup, LxmlError, XPath
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from storage.references import resolved, without_empty_query

_PARSER = HTMLParser(collect_ids=False, default_doctype=False, encoding="utf-8", remove_comments=True, remove_pis=True)
# lxml.html asks a Python method for the class of each element that is touched, some 4,500 times a page, so that forms
# have methods of their own. Here every element is alike, and C answers.
_PARSER.set_element_class_lookup(ElementDefaultClassLookup(element=HtmlElement))

_ELEMENTS = XPath("count(//*)")
_BROKEN_START = re.compile(rb"<!doctype[^>]{0,1000}>|<html[^>]{0,1000}/>", re.IGNORECASE)
_SOUND_START = re.compile(rb"\s*<!doctype\s{1,100}html\s{0,100}>", re.IGNORECASE)

_CONTROLS = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0D})
_NO_CHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
"""U+FFFE and U+FFFF."""
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""The same, in text."""

MAX_CHARACTERS = 8_000_000
"""Longest HTML that is parsed. The largest of 500 news pages at hand has 1.5 million."""
MAX_ELEMENTS = 40_000
"""Most elements of a page that is read; the largest of 500 news pages has 7,217."""
MAX_TEXT = 1_500_000
"""Most characters of text in a page that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A parsed page and where it came from."""

    url: str
    base: str
    """What relative links are relative to: <base href>, or the page's URL."""
    root: HtmlElement
    body: HtmlElement


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversized:
    """A page beyond what is read, and which limit says so."""

    reason: str


def parse(html: bytes, url: str) -> Page | Oversized | None:
    """Return the tree of a page in UTF-8; None where there is no markup to speak of."""
    if len(html) > MAX_CHARACTERS and (length := len(html.decode("utf-8", "replace"))) > MAX_CHARACTERS:
        return Oversized(reason=f"{length} characters of HTML, {MAX_CHARACTERS} are read")
    try:
        root = document_fromstring(_writable(_repaired(html)), parser=_PARSER)
    except (LxmlError, ValueError, AssertionError):
        return None
    body = root.find("body")
    if body is None:
        return None
    elements = int(_ELEMENTS(root))
    if elements > MAX_ELEMENTS:
        return Oversized(reason=f"{elements} elements, {MAX_ELEMENTS} are read")
    return Page(url=url, base=_base(root, url), root=root, body=body)


def _writable(html: bytes) -> bytes:
    """Leave out what no tree may hold once it is written to: libxml2 lets control characters in, and none out."""
    # Most pages have none: to look for each of them takes a fifth of the time of going through all bytes.
    if any(map(html.__contains__, _CONTROLS)):
        html = html.translate(None, _CONTROLS)
    # One byte is found many times as fast as two.
    if b"\xef" in html and b"\xef\xbf" in html:
        for character in _NO_CHARACTERS:
            html = html.replace(character, b"")
    return html


def _repaired(html: bytes) -> bytes:
    """Undo two starts that libxml2 trips over: a doctype with a slash in it, and a self-closed <html/>."""

    def mend(match: re.Match[bytes]) -> bytes:
        return match[0][:-2] + b">" if match[0][1:2] in b"hH" else b""

    head = html[:4096]
    # Most pages begin as they should, and need not be copied.
    sound = _SOUND_START.match(head)
    if _BROKEN_START.search(head, sound.end() if sound else 0) is None:
        return html
    return _BROKEN_START.sub(mend, head, count=2) + html[4096:]


def take_off(element: HtmlElement) -> None:
    """Take an element off its page; the text behind it joins what stands before it.

    drop_tree does so too, and fails where a reference such as &#31; has brought in what no tree may hold.
    """
    parent, before, behind = element.getparent(), element.getprevious(), element.tail
    if parent is None:
        return
    if behind and before is not None:
        before.tail = _UNWRITABLE.sub("", (before.tail or "") + behind)
    elif behind:
        parent.text = _UNWRITABLE.sub("", (parent.text or "") + behind)
    parent.remove(element)


_FROM_ROOT = re.compile(r"/(?!/)(?:[^\s.;?#\\]|(?<!/)\.)*(?:\?[^\s#;]+)?(?:#.*)?")
"""A path from the root as `resolved` leaves it: most links of a page, and the general case is twenty times slower."""


@lru_cache(maxsize=64)
def _origin(base: str) -> str:
    """Return scheme and authority of an http(s) URL; "" where it has none."""
    try:
        parts = urlsplit(base)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""


def _base(root: HtmlElement, url: str) -> str:
    element = root.find(".//base[@href]")
    if element is None:
        return url
    return absolute(url, element.get("href") or "") or url


def absolute(base: str, href: str) -> str | None:
    """Return the absolute http(s) URL without fragment; None where a link leads nowhere on the web.

    >>> absolute("https://a.example/b/", "../c#d")
    'https://a.example/c'
    >>> absolute("https://a.example/", "javascript:void(0)") is None
    True
    """
    href = href.strip()
    if not href or href[0] == "#":
        return None
    # Two slashes name a host, or where none follows the page itself, which is another one each time.
    if href[0] == "/" and href[1:2] not in _NO_PATH:
        return _shared(f"{origin}/" if (origin := _origin(base)) else base, href)
    if href.startswith(("http://", "https://")) and href.isprintable():
        return _shared("", href)
    return _absolute(base, href)


def _absolute(base: str, href: str) -> str | None:
    if _FROM_ROOT.fullmatch(href) and href.isprintable() and (origin := _origin(base)):
        return origin + href.partition("#")[0]
    if not href.startswith(("http://", "https://")) or not href.isprintable():
        try:
            href = resolved(base, "".join(href.split("\n")).replace("\t", "").replace("\r", ""))
        except ValueError:
            return None
        if not href.startswith(("http://", "https://")):
            return None
    return without_empty_query(href.partition("#")[0].replace(" ", "%20"))


_NO_PATH = ("/", "\t", "\r", "\n")
# Most links of a page stand on all of its site's pages: in menus, in lists of what is new.
_shared = lru_cache(maxsize=8192)(_absolute)
