"""Parse a page into one lxml tree, from which body, metadata and links are all read."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from weakref import WeakKeyDictionary

from lxml.etree import ElementDefaultClassLookup, LxmlError, SubElement, XPath
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from newsarchive.extract.urls import split_url
from storage.urls import drop_empty_query, resolve_url

_PARSER = HTMLParser(collect_ids=False, default_doctype=False, encoding="utf-8", remove_comments=True, remove_pis=True)
# lxml.html calls a Python function for the class of each element that is touched, some 4,500 times a page, to give
# forms methods of their own. With one class for all elements the lookup stays in C.
_PARSER.set_element_class_lookup(ElementDefaultClassLookup(element=HtmlElement))

COUNT_ELEMENTS = XPath("count(//*)")
_SELF_CLOSED = re.compile(rb"<html[^>]{0,1000}/>", re.IGNORECASE)
_END_OF_BODY = re.compile(rb"</(?:body|html)\s{0,100}>", re.IGNORECASE)
_FRAMES = re.compile(rb"<(/?)(?:frameset|noframes)\b", re.IGNORECASE)
_STREAMED_PARTS = XPath("//div[@hidden][starts-with(@id, 'S:')]")
_SHADOW_ROOTS = frozenset({"shadowrootmode", "shadowroot"})  # of templates shown in place of the elements around them
_IN_HEAD = frozenset("base basefont bgsound isindex link meta noscript object script style template title".split())

_ATTRIBUTE = rb"""(?:[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?+)"""
# Names, values and spaces are bounded, as each of many "<" may begin a tag; what is longer counts as several.
_MANY_ATTRIBUTES = re.compile(
    rb"""<[a-zA-Z](?:[\s/]{60}|[\s/]{0,59}+[^\s/>][^\s/>=<]{0,60}+"""
    rb"""(?:\s{0,60}+=\s{0,60}+(?:"[^"]*+"|'[^']*+'|[^\s><]{0,60}+))?+){350}"""
)
# A comment, or a tag with its name, two hundred attributes, all others, and the text of an element without markup.
_MARKUP = re.compile(
    rb"(?s)<!--.*?(?:-->|\Z)|(?P<first><(?:(?P<raw>(?i:script|style|textarea|title))(?=[\s/>])|[a-zA-Z][^\s/>]*+)"
    rb"%b{0,200}+)(?:%b*+)(?P<text>(?(raw)(?:.*?(?=</(?i:(?P=raw)))|.*)))" % (_ATTRIBUTE, _ATTRIBUTE)
)
_BEFORE_VALUE = frozenset(b"= \t\n\v\f\r")  # bytes that can stand before the value of an attribute
_LONG = 1_500  # bytes in which a tag has no such number of attributes
_MAX_TAGS = 5_000  # signs "<" in longer pieces of a page

_CONTROL_BYTES = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0D})
INVALID_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # the same, in text

MAX_CHARACTERS = 8_000_000
"""Longest HTML that is parsed, in characters. The largest of 500 news pages has 1.5 million."""
MAX_ELEMENTS = 35_000
"""Largest page that is read, in elements. The largest of 1,562 pages has 7,778."""
_MIN_LIMIT, _MIN_BYTES = 10_000, 20
"""Elements up to which a page of any size is read, and bytes for each of more. Pages over 100 kB have 53 or more."""
MAX_TEXT = 1_500_000
"""Longest text of a page that is read, in characters."""
_MANY_ELEMENTS = 1_000  # of a box that holds more than a line, a card or a cell, however little text it has
_LENGTHS: WeakKeyDictionary[HtmlElement, int] = WeakKeyDictionary()  # of texts; many lines may share an element


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A parsed page and its URL."""

    url: str
    base: str
    """Base of relative links: <base href>, or the URL of the page."""
    root: HtmlElement
    body: HtmlElement
    html: bytes
    """The markup, in UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OversizedPage:
    """A page that exceeds a limit; the reason names the limit."""

    reason: str


def parse_page(html: bytes, url: str) -> Page | OversizedPage | None:
    """Return the tree of a page in UTF-8; None if it has no markup."""
    if len(html) > MAX_CHARACTERS and (length := len(html.decode("utf-8", "replace"))) > MAX_CHARACTERS:
        return OversizedPage(reason=f"{length} characters of HTML, {MAX_CHARACTERS} are read")
    try:
        markup = _cut_attributes(_repair_ends(_remove_control_characters(html)))
        root = document_fromstring(markup, parser=_PARSER)
        if next(root.iter("noframes"), None) is not None:  # libxml2 reads no elements in it
            root = document_fromstring(_FRAMES.sub(rb"<\1div", markup), parser=_PARSER)
    except (LxmlError, ValueError, AssertionError):
        return None
    body = root.find("body")
    # libxml2 opens no <body> before elements that HTML 4 did not have: they are left in the <head>.
    late = [each for each in root.iterfind("head/*") if each.tag not in _IN_HEAD]
    if body is None and not late:
        return None
    body = SubElement(root, "body") if body is None else body
    body[:0] = late
    for hint in root.iterfind(".//p//noindex") if b"noindex>" in html else ():
        hint.tag = "span"  # it is for search engines alone
    if templates := [*root.iter("template")]:
        _place_streamed_parts(root, templates)
        for template in templates:
            if not _SHADOW_ROOTS.isdisjoint(template.keys()):
                template.tag = "div"
    limit = min(max(_MIN_LIMIT, len(html) // _MIN_BYTES), MAX_ELEMENTS)
    if (elements := int(COUNT_ELEMENTS(root))) > limit:
        return OversizedPage(reason=f"{elements} elements in {len(html)} bytes, up to {limit} are read")
    stated = root.find(".//base[@href]")
    base = resolve_link(url, stated.get("href") or "") if stated is not None else None
    return Page(url=url, base=base or url, root=root, body=body, html=html)


def _remove_control_characters(html: bytes) -> bytes:
    """Remove characters that must not be set in a tree: libxml2 parses control characters, but does not write them."""
    # Most pages have none: searching for each takes a fifth of the time of translating all bytes.
    if any(map(html.__contains__, _CONTROL_BYTES)):
        html = html.translate(None, _CONTROL_BYTES)
    # A single byte is found many times faster than two.
    if b"\xef" in html and b"\xef\xbf" in html:
        html = html.replace(b"\xef\xbf\xbe", b"").replace(b"\xef\xbf\xbf", b"")  # U+FFFE and U+FFFF
    return html


def _cut_attributes(html: bytes) -> bytes:
    """Leave a tag of very many attributes two hundred: libxml2 takes time in the square of their number."""
    start = tags = 0
    while start < len(html):
        # `">` ends a tag, unless it opens a value, or stands in one that the last single quote before it has opened.
        end = html.rfind(b'">', start + 1, start + _LONG)
        is_long = end < 0
        end = end if end > 0 else html.find(b'">', start + _LONG) % (len(html) + 1)  # -1 is the end of the page
        quotes = end, max(start, html.rfind(b"'", start, end))
        # The byte before a quote tells most of them.
        if any(html[at - 1] in _BEFORE_VALUE and html[start:at].rstrip().endswith(b"=") for at in quotes):
            is_long, end = True, len(html)
        tags += html.count(b"<", start, end) if is_long else 0
        # Each "<" is looked at alone: of thousands, removing the attributes takes less time than looking for them.
        if is_long and (tags > _MAX_TAGS or _MANY_ATTRIBUTES.search(html, start, end)):
            return _MARKUP.sub(lambda found: found["first"] + found["text"] if found["first"] else found[0], html)
        start = end + 2
    return html


def _repair_ends(html: bytes) -> bytes:
    """Open a self-closed <html/>, and remove </body> and </html>: browsers read on after them, libxml2 does not."""
    if start := _SELF_CLOSED.search(html, 0, 4096):
        html = html[: start.end() - 2] + html[start.end() - 1 :]
    end = _END_OF_BODY.search(html)
    return html[: end.start()] + _END_OF_BODY.sub(b"", html[end.start() :]) if end else html


def _place_streamed_parts(root: HtmlElement, templates: list[HtmlElement]) -> None:
    """Put the parts that React sends after a page where its scripts put them: S:1 for the template B:1 or P:1."""
    places = {template.get("id", ""): template for template in templates}
    for part in _STREAMED_PARTS(root):
        number = (part.get("id") or "")[2:]
        place = places.get(f"P:{number}", places.get(f"B:{number}"))
        if place is None or part in place.iterancestors():
            continue
        place.tag, place.text = "div", part.text
        place.attrib.clear()
        place.extend(part[:])
        remove_element(part)


def remove_element(element: HtmlElement) -> None:
    """Remove an element from its page; the text after it is joined to the text before it.

    lxml's drop_tree does the same, but fails if a reference such as &#31; has put an invalid character into the text.
    """
    parent, before, behind = element.getparent(), element.getprevious(), element.tail
    if parent is None:
        return
    if behind and before is not None:
        before.tail = INVALID_CHARACTERS.sub("", (before.tail or "") + behind)
    elif behind:
        parent.text = INVALID_CHARACTERS.sub("", (parent.text or "") + behind)
    parent.remove(element)


def has_children(element: HtmlElement, least: int = 1) -> bool:
    """Return whether an element has at least so many children, without counting all: many lines may share it."""
    return next(islice(element, least - 1, None), None) is not None


def has_more_text(element: HtmlElement, most: int) -> bool:
    """Return whether an element has more text than a limit, or more elements than so little text is ever in."""
    if not has_children(element):
        return len((element.text or "").strip()) > most
    if element not in _LENGTHS:
        is_large = next(islice(element.iter(), _MANY_ELEMENTS, None), None) is not None
        _LENGTHS[element] = MAX_TEXT if is_large else sum(len(text.strip()) for text in element.itertext())
    return _LENGTHS[element] > most


_ROOT_RELATIVE = re.compile(r"/(?!/)(?:[^\s.;?#\\]|(?<!/)\.)*(?:\?[^\s#;]+)?(?:#.*)?")
"""A path from the root that needs no resolving, as of most links: storage.urls.resolve_url takes 20 times as long."""


@lru_cache(maxsize=64)
def _origin(base: str) -> str:
    """Return scheme and authority of an http(s) URL; "" for none."""
    parts = split_url(base)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""


def resolve_link(base: str, href: str) -> str | None:
    """Return the absolute http(s) URL of a link, without fragment; None if it is no link on the web.

    >>> resolve_link("https://a.example/b/", "../c#d")
    'https://a.example/c'
    >>> resolve_link("https://a.example/", "javascript:void(0)") is None
    True
    """
    href = href.strip()
    if not href or href[0] == "#":
        return None
    # Two slashes begin a host; a slash before white space may resolve to the page itself, a different one each time.
    if href[0] == "/" and href[1:2] not in _NOT_A_PATH:
        return _resolve_cached(f"{origin}/" if (origin := _origin(base)) else base, href)
    if href.startswith(("http://", "https://")) and href.isprintable():
        return _resolve_cached("", href)
    return _resolve(base, href)


def _resolve(base: str, href: str) -> str | None:
    if _ROOT_RELATIVE.fullmatch(href) and href.isprintable() and (origin := _origin(base)):
        return origin + href.partition("#")[0]
    if not href.startswith(("http://", "https://")) or not href.isprintable():
        try:
            href = resolve_url(base, "".join(href.split("\n")).replace("\t", "").replace("\r", ""))
        except ValueError:
            return None
        if not href.startswith(("http://", "https://")):
            return None
    return drop_empty_query(href.partition("#")[0].replace(" ", "%20"))


_NOT_A_PATH = ("/", "\t", "\r", "\n")
# Most links of a page are on all pages of its site: in menus, in lists of latest articles.
_resolve_cached = lru_cache(maxsize=8192)(_resolve)
