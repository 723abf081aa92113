"""Stylesheets: every address in them is replaced, whatever stands around it.

Only what can name an address is looked at: comments, strings, url(), @import. A tokenizer in one regular expression,
after CSS Syntax 3; what it does not know is left as it stands.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from newsarchive.web.snapshot.replay_links import Kind
from storage.references import resolved

Place: TypeAlias = Callable[[str, Kind], str | None]
"""Where in the archive an absolute URL leads; None where the archive has nothing there."""

NOTHING = "data:,"
"""What stands for an address that leads nowhere: it asks nobody."""
_HEX = re.compile(r"\\0{0,4}([0-9a-fA-F]{2})(?![0-9a-fA-F])(?:\r\n|[ \t\r\n\f])?")
_LETTER = re.compile(r"\\([g-zG-Z])")
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\r\n\f])?|(\r\n|[\n\r\f])|(.))", re.DOTALL)
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
_DATA = re.compile(r"data:(?:image/|font/|application/(?:x-)?font)", re.IGNORECASE)


def rewritten(css: str, base: str, place: Place) -> str:
    """Return a stylesheet whose addresses all lead into the archive, or nowhere.

    >>> rewritten("a{background:url(b.png)}", "https://n.example/c/", lambda url, kind: f"/web/1{kind}/{url}")
    'a{background:url("/web/1im_/https://n.example/c/b.png")}'
    """

    def replaced(found: re.Match[str]) -> str:
        if found["import"]:
            return f'@import url("{_led(found["target"], base, place, Kind.STYLE)}")'
        if found["url"]:
            return f'url("{_led(found["url"], base, place, None)}")'
        if found["set"]:
            name, _, text = found["set"].partition("(")
            return f'{name}("{_led(text, base, place, Kind.IMAGE)}"'
        return "" if found[0][0] in "/@" and not found[0].lower().startswith("@namespace") else found[0]

    return _TOKEN.sub(replaced, _plain(css))


def inline(css: str) -> str:
    r"""Return a stylesheet as it may stand within <style>: nothing in it can be taken for its end, or for a tag.

    >>> inline("a{content:'</style><img src=x>'} @media (400px<w){}")
    "a{content:'<\\/style>< img src=x>'} @media (400px< w){}"
    """
    return _TAG.sub("< ", css.replace("</", "<\\/"))


def _plain(css: str) -> str:
    """Return CSS in which letters are not hidden behind escapes."""
    if "\\" not in css:
        return css

    def letter(found: re.Match[str]) -> str:
        char = chr(int(found[1], 16))
        return char if char.isascii() and char.isalpha() else found[0]

    return _LETTER.sub(r"\1", _HEX.sub(letter, css))


def _led(text: str, base: str, place: Place, kind: Kind | None) -> str:
    """Return where an address leads, as it may stand between double quotes."""
    if text[:4].lower() == "url(":
        text = text[4:-1].strip()
    text = text.strip()
    if text[:1] in ('"', "'"):
        text = text[1:-1]
    written = _ESCAPE.sub(_unescaped, text).strip()
    if written.startswith("#"):
        return _quoted(written)
    if _DATA.match(written):
        return _quoted(written)
    try:
        url = resolved(base, written)
    except ValueError:
        return NOTHING
    if not written or not url.startswith(("http://", "https://")):
        return NOTHING
    led = place(url, kind or (Kind.OTHER if _FONT.search(url) else Kind.IMAGE))
    return NOTHING if led is None else _quoted(led)


def quoted_url(url: str) -> str:
    """Return an address as a string of CSS."""
    return f'"{_quoted(url.strip())}"'


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        point = int(found[1], 16)
        return chr(point) if 0 < point < 0x110000 and not 0xD800 <= point < 0xE000 else "\ufffd"
    return "" if found[2] else found[3]


def _quoted(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f\"\\<>]", lambda found: f"%{ord(found[0]):02X}", text)
