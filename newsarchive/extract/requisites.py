"""Find the requisites of a page: stylesheets, images, fonts, icons. Of several sizes, the one that a desktop loads.

    page --> <link>, <img>, <picture>, <video poster>, inline styles --> URLs in page order, each once
    stylesheet --> @import and url() --> the same

Scripts are not included, as archived pages run none; exports include them, see `embedded_urls`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from urllib.parse import urlsplit

from lxml.etree import XPath
from lxml.html import HtmlElement

from newsarchive.extract.tree import Page, resolve_link
from newsarchive.extract.urls import split_url

MAX_REQUISITES = 300
"""URLs of one page or stylesheet, at most."""
MAX_CSS = 2_000_000
"""Characters of a stylesheet that are read."""
DESKTOP_WIDTH = 1_280
"""Width of a desktop window in pixels, by which srcset and media queries are evaluated."""

_ICONS = frozenset({"icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon", "fluid-icon"})
_IMAGE_TYPES = frozenset({"", "image/jpeg", "image/png", "image/gif", "image/webp", "image/svg+xml", "image/avif"})
_LAZY = ("data-src", "data-lazy-src", "data-original", "data-lazy", "data-hi-res-src")
_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set")
_OTHERS = {
    "video": ("poster",), "input": ("src",), "body": ("background",), "table": ("background",), "td": ("background",),
    "image": ("href", "{http://www.w3.org/1999/xlink}href", "xlink:href"),
}  # fmt: skip
"""Attributes that name a requisite, by tag."""
_TAGS = ("link", "img", "source", "style", *_OTHERS)

_EMBEDDING = frozenset("img script source video audio iframe embed object input body".split())
_LINKS = frozenset({"stylesheet", "icon", "preload", "apple-touch-icon", "manifest"})

# By way of the attribute: testing each element of a page takes twelve times as long.
_STYLED_ELEMENTS = XPath("/descendant::*/@style[contains(., 'url(')]/..")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)  # the end of a stylesheet ends a comment, too
# Searched for by its bracket: to find a letter in either case, each character of a stylesheet would be tried.
_URL = re.compile(r"""\((?<=url\()\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^"'()\s]+))\s*\)""", re.IGNORECASE)
_IMPORT = re.compile(r"""@import\s+(?:"([^"\n]*)"|'([^'\n]*)')""", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\r\n\f])?|(\r\n|[\n\r\f])|(.))", re.DOTALL)
_NEXT = re.compile(r"[\s,]*+(\S++)", re.ASCII)
_DESCRIPTOR = re.compile(r"((?:\([^)]*+\)|[^,(])*+)(?:,|\Z)")
_SIZE = re.compile(r"([\d.]{1,20})([wx])")
MAX_CANDIDATES = 100
"""Candidates of a srcset that are read."""
_WIDTH = re.compile(r"(min|max)-width\s*:\s*(\d+(?:\.\d+)?|\.\d+)(px|em|rem)")


def page_requisites(page: Page) -> tuple[str, ...]:
    """Return the absolute URLs of the requisites of a page, in page order."""
    return _unique_absolute(page.base, _find_urls(page.root))


def embedded_urls(page: Page) -> tuple[str, ...]:
    """Return the URLs of all that a page embeds: its requisites, then scripts, frames, media, images of other sizes.

    >>> from newsarchive.extract.tree import parse_page
    >>> page = parse_page(b'<img src=a.png srcset="b.png 2x"><script src=/c.js></script><a href=/d>', "https://n.example/")
    >>> embedded_urls(page)
    ('https://n.example/b.png', 'https://n.example/a.png', 'https://n.example/c.js')
    """
    return _unique_absolute(page.base, chain(_find_urls(page.root), _find_other_urls(page.root)))


def _find_other_urls(root: HtmlElement) -> Iterator[str]:
    for element, attribute, url, _ in root.iterlinks():
        is_link = element.tag == "link" and not _LINKS.isdisjoint((element.get("rel") or "").lower().split())
        if is_link or (element.tag in _EMBEDDING and attribute != "action"):
            yield url
    for element in root.iter("img", "source"):
        yield from (url for url, _ in parse_srcset(element.get("srcset") or ""))


def stylesheet_requisites(text: str, url: str) -> tuple[str, ...]:
    """Return the absolute URLs of the requisites of a stylesheet.

    >>> url = "https://news.example/x/y.css"
    >>> stylesheet_requisites("@import 'a.css'; p { background: url(b.png) } /* url(c.png) */", url)
    ('https://news.example/x/a.css', 'https://news.example/x/b.png')
    """
    return _unique_absolute(url, _css_urls(text))


def is_stylesheet(mime: str, url: str) -> bool:
    """Return whether a response is a stylesheet: by its media type, or by its name if the media type is missing or
    generic.

    A file named like an image is none, whatever the server says: otherwise a chain of files could go on for ever.
    """
    path = urlsplit(url).path.lower()
    if path.endswith((".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg", ".ico", ".woff", ".woff2", ".ttf")):
        return False
    return mime == "text/css" or (mime in ("", "text/plain") and path.endswith(".css"))


def _unique_absolute(base: str, urls: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for each in urls:
        url = resolve_link(base, each.strip()) if each.strip() else None
        # A bracket opens an IPv6 address, the only part that can still be invalid.
        if url is not None and ("[" not in url or split_url(url).netloc):
            found.setdefault(url)
        if len(found) >= MAX_REQUISITES:
            break
    return tuple(found)


def _find_urls(root: HtmlElement) -> Iterator[str]:
    readers = {"link": _link_urls, "img": _image_urls, "source": _source_urls}
    for element in root.iter(*_TAGS):
        if read_urls := readers.get(str(element.tag)):
            yield from read_urls(element)
        elif element.tag == "style":
            yield from _css_urls(element.text or "")
        elif element.tag != "input" or (element.get("type") or "").lower() == "image":
            yield next(filter(None, map(element.get, _OTHERS[str(element.tag)])), "")
        if style := element.get("style"):
            yield from _css_urls(style)
    for element in _STYLED_ELEMENTS(root):
        if element.tag not in _TAGS:
            yield from _css_urls(element.get("style", ""))


def _link_urls(link: HtmlElement) -> Iterator[str]:
    rels = set((link.get("rel") or "").lower().split())
    is_style = "stylesheet" in rels and _matches_desktop(link.get("media") or "")
    preloaded = "preload" in rels and (link.get("as") or "").lower() in ("style", "font", "image")
    if is_style or preloaded or rels & _ICONS:
        yield link.get("href") or ""


def _image_urls(image: HtmlElement) -> Iterator[str]:
    """Yield the image that a desktop loads; of an image that a script inserts, the one that it inserts."""
    attributes = dict(image.items())
    candidate = _choose_of_sets(attributes)
    if candidate:
        yield candidate
    lazy = next(filter(None, map(attributes.get, (*_LAZY, *_list_lazy_names(attributes, "src")))), "")
    plain = attributes.get("src", "")
    if lazy:
        yield lazy
    elif not candidate or plain.startswith("data:"):
        yield "" if plain.startswith("data:") else plain


def _list_lazy_names(names: Iterable[str], end: str) -> list[str]:
    """Return the attributes of lazy loading that have other names, such as "nitro-lazy-src"."""
    lazy = [name for name in names if "lazy" in name and name.endswith(f"-{end}")]
    return [name for name in lazy if "placeholder" not in name and "fallback" not in name]


def choose_image_url(image: HtmlElement) -> str:
    """Return the address of the image that a desktop loads, as written; "" without one."""
    picture = image.getparent()
    while picture is not None and picture.tag == "source":
        picture = picture.getparent()
    sources = picture.iter("source") if picture is not None and picture.tag == "picture" else ()
    found = (url for source in sources for url in _source_urls(source))
    return next(filter(None, (*_image_urls(image), *found)), "")


def _source_urls(source: HtmlElement) -> Iterator[str]:
    """Yield the first <source> of a <picture> that fits a desktop."""
    picture = next(source.iterancestors("picture"), None)
    if picture is None:
        return
    for each in picture.iter("source"):  # libxml2 does not know that a source ends where it begins: they nest
        if (each.get("type") or "").lower() in _IMAGE_TYPES and _matches_desktop(each.get("media") or ""):
            if each is source:
                yield _choose_of_sets(dict(source.items())) or ""
            return


def _choose_of_sets(attributes: Mapping[str, str]) -> str | None:
    sets = filter(None, map(attributes.get, ("srcset", *_LAZY_SETS, *_list_lazy_names(attributes, "srcset"))))
    return next(filter(None, map(_choose_candidate, sets)), None)


def parse_srcset(srcset: str) -> Iterator[tuple[str, str]]:
    """Yield the URLs of a srcset attribute and their descriptors ("2x", "640w", or "") (HTML standard, 4.8.4.2).

    >>> list(parse_srcset("a.jpg, b,w_4.jpg 640w,c.jpg 2x"))
    [('a.jpg', ''), ('b,w_4.jpg', '640w'), ('c.jpg', '2x')]
    """
    at = 0
    for _ in range(MAX_CANDIDATES):
        if (found := _NEXT.match(srcset, at)) is None:
            return
        url, at = found[1], found.end()
        bare = url.rstrip(",")
        if bare != url:
            yield bare, ""
            continue
        descriptor = _DESCRIPTOR.match(srcset, at)
        at = descriptor.end() if descriptor else len(srcset)
        yield url, descriptor[1].strip() if descriptor else ""


def _choose_candidate(srcset: str) -> str | None:
    """Return the candidate of a srcset that a desktop loads: the narrowest that fills its window, else the widest.

    >>> _choose_candidate("a.jpg 320w, b.jpg 1400w, c.jpg 3000w"), _choose_candidate("a.jpg, b.jpg 2x")
    ('b.jpg', 'a.jpg')
    >>> _choose_candidate("data:image/gif;base64,R0 1w") is None
    True
    """
    wide: list[tuple[float, str]] = []
    dense: list[tuple[float, str]] = []
    for url, descriptor in parse_srcset(srcset):
        size = _SIZE.match(descriptor)
        if url[:5].lower() == "data:":  # what is shown until a script loads the image
            continue
        with suppress(ValueError):
            (wide if size and size[2] == "w" else dense).append((float(size[1]) if size else 1.0, url))
    enough = [each for each in wide if each[0] >= DESKTOP_WIDTH]
    chosen = min(enough or [max(wide)]) if wide else min(dense, default=None)
    return chosen[1] if chosen else None


def _matches_desktop(media: str) -> bool:
    """Return whether a media query matches a desktop, as far as its widths tell.

    >>> [_matches_desktop(each) for each in ("", "print", "screen and (max-width: 600px)", "(min-width: 1000px)")]
    [True, False, False, True]
    """
    query = media.lower()
    if "print" in query and "screen" not in query and "not" not in query:
        return False
    limits = [(end, float(number) * (1 if unit == "px" else 16)) for end, number, unit in _WIDTH.findall(query)]
    return all(width <= DESKTOP_WIDTH if end == "min" else width >= DESKTOP_WIDTH for end, width in limits)


def _css_urls(text: str) -> Iterator[str]:
    """Yield the URLs in a stylesheet, without those in comments and without data: URLs."""
    if "url(" not in text and "@i" not in text and "@I" not in text and "URL(" not in text:
        return
    plain = _COMMENT.sub(" ", text[:MAX_CSS])
    found = sorted((*_IMPORT.finditer(plain), *_URL.finditer(plain)), key=lambda match: match.start())
    for match in found:
        urls = next((group for group in match.groups() if group), "")
        if urls and not urls.lower().startswith(("data:", "#", "about:")):
            yield unescape_css(urls)


def unescape_css(text: str) -> str:
    """Return a text of a stylesheet with the characters for which its escapes stand."""

    def plain(match: re.Match[str]) -> str:
        number = int(match[1] or "0", 16)
        valid = 0 < number < 0x110000 and not 0xD800 <= number < 0xE000
        return match[3] or "" if match[1] is None else chr(number) if valid else "\ufffd"

    return _ESCAPE.sub(plain, text) if "\\" in text else text
