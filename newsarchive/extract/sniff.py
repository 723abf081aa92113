"""What kind of payload this is, by its content first: servers call feeds HTML and error pages images."""

import re
from collections.abc import Sequence
from enum import Enum, auto

from newsarchive.extract.urls import parts_of
from storage.model import Discovery, UrlKind

_ROOT = re.compile(r"<(?:\w+:)?(urlset|sitemapindex|rss|feed|rdf|channel|html|!doctype\s+html)\b", re.IGNORECASE)
_HTML = re.compile(r"<(?:html|head|body|!doctype html|title|meta|div|table|article|script|p|h1)\b", re.IGNORECASE)
_HEAD = 8192
_BEFORE_MARKUP = "\ufeff\xef\xbb\xbf \t\r\n\0"


class Form(Enum):
    """The forms that are read, and what is only kept."""

    ROBOTS = auto()
    SITEMAP = auto()
    FEED = auto()
    JSON_FEED = auto()
    URL_LIST = auto()
    HTML = auto()
    ASSET = auto()


_BY_ROOT = {
    "urlset": Form.SITEMAP,
    "sitemapindex": Form.SITEMAP,
    "rss": Form.FEED,
    "feed": Form.FEED,
    "rdf": Form.FEED,
    "channel": Form.FEED,
    "html": Form.HTML,
}


def sniff(payload: bytes, url: str, headers: Sequence[tuple[str, str]], discovery: Discovery | None) -> Form:
    """Return the form of a payload that has some bytes."""
    asked_for = discovery.kind if discovery else None
    start = payload[:_HEAD]
    wide = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    if asked_for is UrlKind.ASSET or (b"\0" in start[:512] and not wide):
        return Form.ASSET
    text = start.decode("utf-16" if wide else "latin-1", "replace").lstrip(_BEFORE_MARKUP)
    mime = media_type(headers)
    if text.startswith("<"):
        return _markup(text, mime)
    if text.startswith("{") and "jsonfeed.org/version" in text:
        return Form.JSON_FEED
    if asked_for is UrlKind.ROBOTS or parts_of(url).path == "/robots.txt":
        return Form.ROBOTS
    if asked_for is UrlKind.SITEMAP and text.startswith(("http://", "https://")):
        return Form.URL_LIST
    return Form.HTML if "html" in mime or (not mime and _HTML.search(text)) else Form.ASSET


def _markup(text: str, mime: str) -> Form:
    """Return the form of what begins with "<": its first telling element decides."""
    root = _ROOT.search(text)
    if root is not None:
        return _BY_ROOT.get(root[1].lower(), Form.HTML)
    return Form.HTML if _HTML.search(text) or "html" in mime or not mime else Form.ASSET


def media_type(headers: Sequence[tuple[str, str]]) -> str:
    """Return the media type that HTTP names, lower case; "" where it names none."""
    for name, value in headers:
        if name.lower() == "content-type":
            return value.partition(";")[0].strip().lower()
    return ""
