"""What an archived answer is, as far as it decides how it is shown: its bytes are believed before its label."""

import re
from enum import Enum, auto

from newsarchive.web.snapshot.replay_links import Kind

_MAGIC = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "image/avif"),
    (re.compile(rb"BM....\x00\x00\x00\x00", re.DOTALL), "image/bmp"),
    (re.compile(rb"\x00\x00\x01\x00[\x01-\x40]\x00"), "image/x-icon"),
    (re.compile(rb"wOF2"), "font/woff2"),
    (re.compile(rb"wOFF"), "font/woff"),
    (re.compile(rb"OTTO\0"), "font/otf"),
    (re.compile(rb"(?:\x00\x01\x00\x00|true)\x00"), "font/ttf"),
)
_SVG = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml|<!doctype svg|<!--|<svg)", re.IGNORECASE)
_MARKUP = re.compile(r"\s*\ufeff?\s*<(?:!doctype\s+html|html|head|body|!--|title|meta|div|frameset)\b", re.IGNORECASE)
_STYLES = frozenset({"text/css", "text/plain", "application/octet-stream", "application/x-css", ""})
_STREAMED = re.compile(r"(?:audio|video)/[-\w.+]+|application/ogg")
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_TEXT = re.compile(r"text/(?!html)[-\w.+]+|application/(?:[-\w.]+\+)?(?:json|xml|javascript|x-javascript|ecmascript)")


class Look(Enum):
    """How an archived answer is shown in its frame."""

    HTML = auto()
    IMAGE = auto()
    TEXT = auto()
    FILE = auto()
    """Not at all: it can be downloaded."""
    EMPTY = auto()


def look(mime: str | None, body: bytes) -> Look:
    """Return how to show an answer."""
    if not body:
        return Look.EMPTY
    if (served(Kind.IMAGE, mime, body) or "").startswith("image/"):
        return Look.IMAGE
    start = body[:2048].decode("latin-1")
    if (mime or "") in _HTML or ((mime or "") in ("", "text/plain") and _MARKUP.match(start)):
        return Look.HTML
    if _TEXT.fullmatch(mime or "") or ("\0" not in start and not mime):
        return Look.TEXT
    return Look.FILE


def served(kind: Kind, mime: str | None, body: bytes) -> str | None:
    """Return the media type under which something embedded is handed over; None where it only may be downloaded.

    Images, fonts, sound and film, and stylesheets where one is asked for. What a browser might take for a page or a
    script is none of these.

    >>> served(Kind.IMAGE, "text/html", b"GIF89a"), served(Kind.IMAGE, "text/html", b"<script>")
    ('image/gif', None)
    """
    mime = (mime or "").lower()
    if kind is Kind.STYLE:
        return "text/css" if mime in _STYLES else None
    for pattern, found in _MAGIC:
        if pattern.match(body):
            return found
    if mime == "image/svg+xml" and _SVG.match(body):
        return mime
    return mime if _STREAMED.fullmatch(mime) else None


def is_font(media_type: str) -> bool:
    """True for what browsers fetch with a cross-origin request even from a page's own host."""
    return media_type.startswith("font/")
