"""Display of an archived response by media type: its bytes take precedence over its Content-Type."""

import re
import tomllib
from enum import Enum, auto
from importlib.resources import files

from newsarchive.web.snapshot.replay_links import EmbedKind

_BEGINNINGS = tomllib.loads(files("newsarchive.web.snapshot").joinpath("magic.toml").read_text("utf-8"))
_MAGIC = [(re.compile(pattern.encode(), re.DOTALL), mime) for mime, pattern in _BEGINNINGS.items()]
_SVG = re.compile(rb"\s*+(?:\xef\xbb\xbf)?\s*+(?:<\?xml|<!doctype svg|<!--|<svg)", re.IGNORECASE)
_MARKUP = re.compile(r"\s*\ufeff?\s*<(?:!doctype\s+html|html|head|body|!--|title|meta|div|frameset)\b", re.IGNORECASE)
_STYLES = frozenset({"text/css", "text/plain", "application/octet-stream", "application/x-css", ""})
_AUDIO_VIDEO = re.compile(r"(?:audio|video)/[-\w.+]+|application/ogg")
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_TEXT = re.compile(r"text/(?!html)[-\w.+]+|application/(?:[-\w.]+\+)?(?:json|xml|javascript|x-javascript|ecmascript)")


class Display(Enum):
    """Ways of showing an archived response."""

    HTML = auto()
    IMAGE = auto()
    TEXT = auto()
    FILE = auto()
    """Not shown; it can be downloaded."""
    EMPTY = auto()


def choose_display(mime: str | None, body: bytes) -> Display:
    """Return the way of showing a response."""
    if not body:
        return Display.EMPTY
    if (safe_media_type(EmbedKind.IMAGE, mime, body) or "").startswith("image/"):
        return Display.IMAGE
    start = body[:2048].decode("latin-1")
    if (mime or "") in _HTML or ((mime or "") in ("", "text/plain") and _MARKUP.match(start)):
        return Display.HTML
    if _TEXT.fullmatch(mime or "") or ("\0" not in start and not mime):
        return Display.TEXT
    return Display.FILE


def safe_media_type(kind: EmbedKind, mime: str | None, body: bytes) -> str | None:
    """Return the media type for serving an embedded resource; None if it may only be downloaded.

    Images, fonts, audio and video, and stylesheets if requested; nothing that might be taken for a page or script.

    >>> [safe_media_type(EmbedKind.IMAGE, "text/html", body) for body in (b"GIF89a", b"<script>")]
    ['image/gif', None]
    """
    mime = (mime or "").lower()
    if kind is EmbedKind.STYLE:
        return "text/css" if mime in _STYLES else None
    for pattern, found in _MAGIC:
        if pattern.match(body):
            return found
    if mime == "image/svg+xml" and _SVG.match(body):
        return mime
    return mime if _AUDIO_VIDEO.fullmatch(mime) else None
