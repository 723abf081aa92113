"""Stylesheets: every URL is replaced.

Only tokens that can contain a URL are examined: comments, strings, url(), @import. The tokenizer is one regular
expression after CSS Syntax 3; everything else is left as it is.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from newsarchive.extract.requisites import unescape_css
from newsarchive.web.snapshot.replay_links import EmbedKind
from storage.urls import resolve_url

UrlMapper: TypeAlias = Callable[[str, EmbedKind], str | None]
"""Returns the archive's URL of an absolute URL; None if it is not archived."""

EMPTY_URL = "data:,"
"""Replacement of a URL that is not archived: causes no request."""
_HEX = re.compile(r"\\0{0,4}([0-9a-fA-F]{2})(?![0-9a-fA-F])(?:\r\n|[ \t\r\n\f])?")
_LETTER = re.compile(r"\\([g-zG-Z])")
_STRING = r"\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\\\n]|\\.)*+'"
_URL = rf"url\(\s*+(?:{_STRING}|(?:[^\s\"'()\\]|\\.)*+)\s*+\)"
_TOKEN = re.compile(
    rf"/\*.*?(?:\*/|\Z)"
    rf"|@charset\b[^;]*+;?"
    rf"|@namespace\b[^;{{}}]*+;?"
    rf"|(?P<import>@import\s*+(?P<target>{_URL}|{_STRING}))"
    rf"|(?P<set>image-set\(\s*+(?:{_STRING}))"
    rf"|(?P<url>{_URL})"
    rf"|{_STRING}",
    re.IGNORECASE | re.DOTALL,
)
_FONT = re.compile(r"\.(?:woff2?|ttf|otf|eot)(?:[?#]|$)", re.IGNORECASE)
_TAG = re.compile(r"<(?=[a-zA-Z!?])")
_FIXED = re.compile(r"(?<![-\w])position\s*+:\s*+fixed\b(?:\s*+!\s*+important)?", re.IGNORECASE)
_DATA = re.compile(r"data:(?:image/|font/|application/(?:x-)?font)", re.IGNORECASE)


def rewrite_css(css: str, base: str, map_url: UrlMapper) -> str:
    """Return a stylesheet whose URLs all lead into the archive, or nowhere.

    >>> rewrite_css("a{background:url(b.png)}", "https://n.example/c/", lambda url, kind: f"/web/1{kind}/{url}")
    'a{background:url("/web/1im_/https://n.example/c/b.png")}'
    """

    def replace(found: re.Match[str]) -> str:
        if found["import"]:
            return f'@import url("{_rewrite_url(found["target"], base, map_url, EmbedKind.STYLE)}")'
        if found["url"]:
            return f'url("{_rewrite_url(found["url"], base, map_url, None)}")'
        if found["set"]:
            name, _, text = found["set"].partition("(")
            return f'{name}("{_rewrite_url(text, base, map_url, EmbedKind.IMAGE)}"'
        return "" if found[0][0] in "/@" and not found[0].lower().startswith("@namespace") else found[0]

    if "\\" in css:
        css = _LETTER.sub(r"\1", _HEX.sub(_unescape_letter, css))
    return _TOKEN.sub(replace, css)


UNCOVER = (
    "html:not(#_):not(#_),body:not(#_):not(#_){display:block!important;position:static!important;"
    "overflow:visible!important;height:auto!important;max-height:none!important}"
    "dialog,[role=dialog],[aria-modal=true]{display:none!important}"
)
"""Stylesheet of a page without overlays: it scrolls, which pages prevent below an overlay, and dialogs are hidden."""


def hide_fixed(css: str) -> str:
    """Return a stylesheet that hides what it fixes to the window.

    >>> hide_fixed(".wall{position: fixed !important;top:0} .head{position:sticky}")
    '.wall{display:none!important;top:0} .head{position:sticky}'
    """
    return _FIXED.sub("display:none!important", css)


def escape_for_style_element(css: str) -> str:
    r"""Return a stylesheet for a <style> element: nothing in it can be taken for its end or for a tag.

    >>> escape_for_style_element("a{content:'</style><img src=x>'} @media (400px<w){}")
    "a{content:'<\\/style>< img src=x>'} @media (400px< w){}"
    """
    return _TAG.sub("< ", css.replace("</", "<\\/"))


def _unescape_letter(found: re.Match[str]) -> str:
    char = chr(int(found[1], 16))
    return char if char.isascii() and char.isalpha() else found[0]


def _rewrite_url(text: str, base: str, map_url: UrlMapper, kind: EmbedKind | None) -> str:
    """Return the replacement of a URL, for use between double quotes."""
    text = (text[4:-1] if text[:4].lower() == "url(" else text).strip()
    if text[:1] in ('"', "'"):
        text = text[1:-1]
    reference = unescape_css(text).strip()
    if reference.startswith("#") or _DATA.match(reference):
        return quote_css(reference)
    try:
        url = resolve_url(base, reference)
    except ValueError:
        return EMPTY_URL
    if not reference or not url.startswith(("http://", "https://")):
        return EMPTY_URL
    mapped = map_url(url, kind or (EmbedKind.OTHER if _FONT.search(url) else EmbedKind.IMAGE))
    return EMPTY_URL if mapped is None else quote_css(mapped)


def quote_css(text: str) -> str:
    """Return a URL for use between double quotes."""
    return re.sub(r"[\x00-\x1f\x7f\"\\<>]", lambda found: f"%{ord(found[0]):02X}", text)
