"""Detect the type of a payload, by content before media type: servers send feeds as HTML and error pages as images."""

import re
from collections.abc import Sequence
from enum import Enum, auto

from newsarchive.extract.decode import utf16_codec
from newsarchive.extract.urls import split_url
from storage.model import Discovery, UrlKind

_ROOT = re.compile(r"<(?:\w+:)?(urlset|sitemapindex|rss|feed|rdf|channel|html|!doctype\s+html)\b", re.IGNORECASE)
_HTML = re.compile(r"<(?:html|head|body|!doctype html|title|meta|div|table|article|script|p|h1)\b", re.IGNORECASE)
_MARKUP = re.compile(r"<(?:!doctype|!--|\?xml|[a-z][a-z0-9]*[\s>])", re.IGNORECASE)
_SNIFFED = 8192
_BEFORE_MARKUP = "\ufeff\xef\xbb\xbf \t\r\n\0"


class PayloadType(Enum):
    """The types of payload that are read, and ASSET for all others."""

    ROBOTS = auto()
    SITEMAP = auto()
    FEED = auto()
    JSON_FEED = auto()
    URL_LIST = auto()
    HTML = auto()
    ASSET = auto()


_BY_ROOT = {
    **dict.fromkeys(("urlset", "sitemapindex"), PayloadType.SITEMAP),
    **dict.fromkeys(("rss", "feed", "rdf", "channel"), PayloadType.FEED),
}
"""Other roots are those of pages."""


def sniff_type(
    payload: bytes, url: str, headers: Sequence[tuple[str, str]], discovery: Discovery | None
) -> PayloadType:
    """Return the type of a payload that is not empty."""
    expected = discovery.kind if discovery else None
    start = payload[:_SNIFFED]
    codec = "utf-16" if start.startswith((b"\xff\xfe", b"\xfe\xff")) else utf16_codec(start) or "latin-1"
    text = start.decode(codec, "replace").lstrip(_BEFORE_MARKUP)
    # A stray NUL is damage in a page, but the mark of a binary file elsewhere.
    if expected is UrlKind.ASSET or ("\0" in text[:512] and not _MARKUP.match(text)):
        return PayloadType.ASSET
    mime = media_type(headers)
    if text.startswith("<"):
        return _markup_type(text, mime)
    if text.startswith("{") and "jsonfeed.org/version" in text:
        return PayloadType.JSON_FEED
    if expected is UrlKind.ROBOTS or split_url(url).path == "/robots.txt":
        return PayloadType.ROBOTS
    if expected is UrlKind.SITEMAP and text.startswith(("http://", "https://")):
        return PayloadType.URL_LIST
    return PayloadType.HTML if "html" in mime or (not mime and _HTML.search(text)) else PayloadType.ASSET


def _markup_type(text: str, mime: str) -> PayloadType:
    """Return the type of a payload that begins with "<", by its first significant element."""
    root = _ROOT.search(text)
    if root is not None:
        return _BY_ROOT.get(root[1].lower(), PayloadType.HTML)
    return PayloadType.HTML if _HTML.search(text) or "html" in mime or not mime else PayloadType.ASSET


def media_type(headers: Sequence[tuple[str, str]]) -> str:
    """Return the media type from the HTTP headers, lower case; "" for none."""
    for name, value in headers:
        if name.lower() == "content-type":
            return value.partition(";")[0].strip().lower()
    return ""
