"""What a page needs to look as it did: stylesheets, images, fonts, icons. Of several sizes, the one a desktop takes.

    page --> <link>, <img>, <picture>, <video poster>, inline styles --> URLs, in the page's order, each once
    stylesheet --> @import and url() --> the same

Scripts are none of them: archived pages never run any here.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from lxml.etree import XPath
from lxml.html import HtmlElement

from newsarchive.extract.tree import Page, absolute
from newsarchive.extract.urls import parts_of

MOST = 300
"""URLs of one page or stylesheet, at most."""
LONGEST_CSS = 2_000_000
"""Characters of a stylesheet that are looked at."""
WIDTH = 1_280
"""Pixels of a desktop's window: what srcset and media are decided by."""

_ICONS = frozenset({"icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon", "fluid-icon"})
_PRELOADED = frozenset({"style", "font", "image"})
_IMAGE_TYPES = frozenset({"", "image/jpeg", "image/png", "image/gif", "image/webp", "image/svg+xml", "image/avif"})
_LAZY = ("data-src", "data-lazy-src", "data-original", "data-lazy", "data-hi-res-src")
_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set")
_TAGS = ("link", "img", "source", "video", "input", "style", "image", "body", "table", "td")

# By way of the attribute: a test of each element of a page costs twelve times as much.
_STYLED = XPath("/descendant::*/@style[contains(., 'url(')]/..")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_URL = re.compile(r"""url\(\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^"'()\s]+))\s*\)""", re.IGNORECASE)
_IMPORT = re.compile(r"""@import\s+(?:"([^"\n]*)"|'([^'\n]*)')""", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)")
_CANDIDATE = re.compile(r"\s*([^\s,]\S*[^\s,])(?:\s+([\d.]+)([wx]))?\s*(?:,|$)")
_MIN_WIDTH = re.compile(r"min-width\s*:\s*([\d.]+)(px|em|rem)", re.IGNORECASE)
_MAX_WIDTH = re.compile(r"max-width\s*:\s*([\d.]+)(px|em|rem)", re.IGNORECASE)


def of_page(page: Page) -> tuple[str, ...]:
    """The requisites of a page, absolute, in its order."""
    return _each_once(page.base, _named_by(page.root))


def of_stylesheet(text: str, url: str) -> tuple[str, ...]:
    """The requisites that a stylesheet names, absolute.

    >>> of_stylesheet("@import 'a.css'; p { background: url(b.png) } /* url(c.png) */", "https://news.example/x/y.css")
    ('https://news.example/x/a.css', 'https://news.example/x/b.png')
    """
    return _each_once(url, _in_css(text))


def is_stylesheet(mime: str, url: str) -> bool:
    """Whether an answer is a stylesheet: by its media type, and not by its name alone where that says otherwise.

    What is named like an image is none, whatever the server says: so no chain of files leads on for ever.
    """
    path = urlsplit(url).path.lower()
    if path.endswith((".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg", ".ico", ".woff", ".woff2", ".ttf")):
        return False
    return mime == "text/css" or (mime in ("", "text/plain") and path.endswith(".css"))


def _each_once(base: str, named: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for each in named:
        url = absolute(base, each.strip()) if each.strip() else None
        # A bracket opens an IPv6 address, and is all that can still be wrong with one.
        if url is not None and ("[" not in url or parts_of(url).netloc):
            found.setdefault(url)
        if len(found) >= MOST:
            break
    return tuple(found)


def _named_by(root: HtmlElement) -> Iterator[str]:
    for element in root.iter(*_TAGS):
        if element.tag == "link":
            yield from _of_link(element)
        elif element.tag == "style":
            yield from _in_css(element.text or "")
        elif element.tag == "img":
            yield from _of_image(element)
        elif element.tag == "source":
            yield from _of_source(element)
        else:
            yield from _of_other(element)
        if style := element.get("style"):
            yield from _in_css(style)
    for element in _STYLED(root):
        if element.tag not in _TAGS:
            yield from _in_css(element.get("style", ""))


def _of_link(link: HtmlElement) -> Iterator[str]:
    rels = set((link.get("rel") or "").lower().split())
    is_style = "stylesheet" in rels and _for_screens(link.get("media") or "")
    preloaded = "preload" in rels and (link.get("as") or "").lower() in _PRELOADED
    if is_style or preloaded or rels & _ICONS:
        yield link.get("href") or ""


def _of_image(image: HtmlElement) -> Iterator[str]:
    """The one that a desktop would take; where a script was to put it in, what the script would have put in."""
    chosen = _chosen(_first(image, ("srcset", *_LAZY_SETS)))
    if chosen:
        yield chosen
    lazy = _first(image, _LAZY)
    plain = image.get("src") or ""
    if lazy:
        yield lazy
    elif not chosen or plain.startswith("data:"):
        yield "" if plain.startswith("data:") else plain


def _of_source(source: HtmlElement) -> Iterator[str]:
    """The first <source> of a <picture> that fits a desktop."""
    picture = next(source.iterancestors("picture"), None)
    if picture is None:
        return
    for each in picture.iter("source"):  # libxml2 does not know that a source ends where it begins: they nest
        if (each.get("type") or "").lower() in _IMAGE_TYPES and _for_screens(each.get("media") or ""):
            if each is source:
                yield _chosen(_first(source, ("srcset", *_LAZY_SETS))) or ""
            return


def _of_other(element: HtmlElement) -> Iterator[str]:
    if element.tag == "video":
        yield element.get("poster") or ""
    elif element.tag == "input":
        yield (element.get("src") or "") if (element.get("type") or "").lower() == "image" else ""
    elif element.tag == "image":
        yield (
            element.get("href") or element.get("{http://www.w3.org/1999/xlink}href") or element.get("xlink:href") or ""
        )
    else:
        yield element.get("background") or ""


def _first(element: HtmlElement, names: Iterable[str]) -> str:
    return next((value for name in names if (value := element.get(name))), "")


def _chosen(srcset: str) -> str | None:
    """The candidate of a srcset that a desktop takes: the narrowest that fills its window, else the widest.

    >>> _chosen("a.jpg 320w, b.jpg 1400w, c.jpg 3000w"), _chosen("a.jpg, b.jpg 2x")
    ('b.jpg', 'a.jpg')
    """
    wide: list[tuple[float, str]] = []
    dense: list[tuple[float, str]] = []
    for url, number, unit in _CANDIDATE.findall(srcset[:20_000]):
        try:
            (wide if unit == "w" else dense).append((float(number or 1), url))
        except ValueError:
            continue
    enough = [each for each in wide if each[0] >= WIDTH]
    if enough:
        return min(enough)[1]
    if wide:
        return max(wide)[1]
    return min(dense)[1] if dense else None


def _for_screens(media: str) -> bool:
    """Whether a media query speaks of a desktop, as far as that can be told from its widths.

    >>> [_for_screens(each) for each in ("", "print", "screen and (max-width: 600px)", "(min-width: 1000px)")]
    [True, False, False, True]
    """
    query = media.lower()
    if "print" in query and "screen" not in query and "not" not in query:
        return False
    least = [_pixels(*found) for found in _MIN_WIDTH.findall(query)]
    most = [_pixels(*found) for found in _MAX_WIDTH.findall(query)]
    return all(width <= WIDTH for width in least) and all(width >= WIDTH for width in most)


def _pixels(number: str, unit: str) -> float:
    try:
        return float(number) * (1 if unit == "px" else 16)
    except ValueError:
        return WIDTH


def _in_css(text: str) -> Iterator[str]:
    """What a stylesheet names; comments and data: left out."""
    if "url(" not in text and "@i" not in text and "@I" not in text and "URL(" not in text:
        return
    plain = _COMMENT.sub(" ", text[:LONGEST_CSS])
    found = sorted((*_IMPORT.finditer(plain), *_URL.finditer(plain)), key=lambda match: match.start())
    for match in found:
        named = next((group for group in match.groups() if group), "")
        if named and not named.lower().startswith(("data:", "#", "about:")):
            yield _unescaped(named)


def _unescaped(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        number = int(match[1], 16) if match[1] else 0
        return match[2] or (chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "")

    return _ESCAPE.sub(plain, text) if "\\" in text else text
