"""Decode payloads to text, and detect their type. Any bytes can be decoded: invalid sequences become U+FFFD."""

import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum, auto

from charset_normalizer import from_bytes

from newsarchive.extract.urls import split_url
from newsarchive.extract.word_tables import table_lines
from storage.model import UrlKind

_CODECS = {label: codec for codec, *labels in map(str.split, table_lines("codec")) for label in labels}
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HEADER_CHARSET = re.compile(r"charset\s*=\s*+[\"']?\s*+([\w.:-]+)", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*+[\"']?\s*+([\w.:-]+)", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)
_HEAD_SIZE = 8192  # bytes in which a page may declare its encoding. HTML says 1,024; real pages exceed that.
_SAMPLE_SIZE = 16384  # bytes examined to guess an encoding of single bytes
_MAX_GUESSED = 400_000  # bytes examined to guess an encoding of Chinese, Japanese or Korean text
_FREQUENT_CHARACTERS = {
    codec: (letters, float(share)) for codec, letters, share in map(str.split, table_lines("frequent_characters"))
}
"""The most frequent characters of the language of an encoding, and their usual share of a text."""
_LEAST_SHARE = 0.4  # part of that share from which a text is in the language
_ISO_2022_JP = (b"\x1b$B", b"\x1b$@")
"""Sequences that switch to Japanese in ISO-2022-JP, which consists of ASCII bytes only."""
_UTF16_SAMPLE = 1024


def decode(payload: bytes, headers: Sequence[tuple[str, str]] = ()) -> str:
    """Return the text of a payload, without byte order mark and NULs.

    A payload that is valid UTF-8 is decoded as UTF-8 whatever it declares: text in another encoding is hardly ever
    valid.

    >>> decode("Zürich".encode("latin-1"), [("Content-Type", "text/html; charset=ISO-8859-1")])
    'Zürich'
    """
    mark, codec = _find_named_codec(payload)
    text = payload[len(mark) :].decode(codec, "replace") if codec else _decode_undeclared(payload, headers)
    # libxml2 ends a text at the first NUL.
    return text.replace("\0", "")


def _find_named_codec(payload: bytes) -> tuple[bytes, str | None]:
    """Return the byte order mark of a payload, empty for none, and the codec that its bytes name; None for none."""
    mark, codec = next((each for each in _BOMS if payload.startswith(each[0])), (b"", utf16_codec(payload)))
    if codec is None and b"\x1b" in payload and any(switch in payload for switch in _ISO_2022_JP):
        codec = "iso2022_jp_ext"
    return mark, codec


def _decode_undeclared(payload: bytes, headers: Sequence[tuple[str, str]]) -> str:
    """Decode a payload whose bytes name no encoding."""
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        declared = declared_codec(payload, headers)
    text = payload.decode(declared or "utf-8", "replace")
    # Few invalid bytes are damage, not the sign of another encoding. Where nothing is declared, the text is UTF-8 only
    # if most of its characters beyond ASCII are.
    if (invalid := _count_invalid(text)) * 200 <= len(text) and (
        declared or 2 * invalid <= len(text) - len(text.encode("ascii", "ignore"))
    ):
        return text
    guess = _guess_cjk_codec(payload) or _guess_codec(payload) or declared or "cp1252"
    return min(text, payload.decode(guess, "replace"), key=_count_invalid)


def utf16_codec(payload: bytes) -> str | None:
    """Return the codec of UTF-16 without a byte order mark, by the NULs in its markup; None for another encoding."""
    start = payload[:_UTF16_SAMPLE]
    if b"\0" not in start or (b"<\0" not in start and b"\0<" not in start):  # one byte is found faster than two
        return None
    units = [start[at : at + 2] for at in range(0, len(start), 2)]
    little, big = (sum(map(units.count, marks)) for marks in ((b"<\0", b">\0"), (b"\0<", b"\0>")))
    if max(little, big) < max(4, 8 * min(little, big), len(re.findall(rb"<[!/a-z]", start))):
        return None
    return "utf-16-le" if little > big else "utf-16-be"


def _count_invalid(text: str) -> int:
    return text.count("\ufffd")


def to_utf8(payload: bytes, headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """Return the text of a payload in UTF-8. A payload that is UTF-8 already is returned as it is, including NULs.

    >>> to_utf8("Zürich".encode("latin-1"), [("Content-Type", "text/html; charset=ISO-8859-1")]).decode()
    'Zürich'
    """
    if _find_named_codec(payload)[1] is None:
        with suppress(UnicodeDecodeError):
            payload.decode("utf-8")
            return payload
    return decode(payload, headers).encode("utf-8", "replace")


def declared_codec(payload: bytes, headers: Sequence[tuple[str, str]] = ()) -> str | None:
    """Return the codec declared by HTTP, the XML declaration or a meta element; None for an unknown one or none."""
    for name, value in headers:
        found = _HEADER_CHARSET.search(value) if name.lower() == "content-type" else None
        if found and (codec := _CODECS.get(found[1].lower())):
            return codec
    head = payload[:_HEAD_SIZE]
    for pattern in (_XML_ENCODING, _META_CHARSET):
        if match := pattern.search(head):
            codec = _CODECS.get(match[1].decode("ascii", "replace").lower())
            # A declaration that can be read byte by byte is not in UTF-16 (HTML standard, section 13.2.3.2).
            return "utf-8" if codec is not None and codec.startswith("utf-16") else codec
    return None


def _guess_cjk_codec(payload: bytes) -> str | None:
    """Return the codec in which a text is valid Chinese, Japanese or Korean; None for none."""
    sample = payload[:_MAX_GUESSED]
    best: tuple[float, str] | None = None
    for codec, (characters, usual) in _FREQUENT_CHARACTERS.items():
        text = sample.decode(codec, "replace")
        others = len(text) - len(text.encode("ascii", "ignore"))
        if not others or _count_invalid(text) * 100 > others:
            continue
        share = sum(map(text.count, characters)) / others / usual
        if share >= _LEAST_SHARE and (best is None or share > best[0]):
            best = share, codec
    return best[1] if best else None


_HTML_LANGUAGE = re.compile(rb"<html\b[^>]{0,500}?\slang\s*=\s*[\"']?([a-z]{2})\b", re.IGNORECASE)
_WESTERN = frozenset("ca da de es eu fi fr gl id is it nb nl nn no pt sv".split())
_CENTRAL_EUROPEAN = frozenset("bs cs hr hu pl ro sk sl".split())
_CP1250_ONLY = re.compile(rb"[\x80-\x9f]")  # control characters in ISO 8859-2


def _guess_codec(payload: bytes) -> str | None:
    """Guess the codec from the bytes that are not ASCII: the markup around them only adds noise."""
    sample = payload
    if len(payload) > _SAMPLE_SIZE:
        sample = b" ".join(re.findall(rb"[^\x00-\x7f][^<>]{0,200}", payload)[:400])
    best = from_bytes(sample[:_SAMPLE_SIZE]).best()
    return (_find_usual_codec(payload, best.encoding) or best.encoding) if best else None


def _find_usual_codec(payload: bytes, guess: str) -> str | None:
    """Return the codec that is usual for the language that a page states, if it is guessed to be in Latin letters.

    The letters of Western and Central European codecs have the same bytes: a short text fits several.
    """
    if (language := _HTML_LANGUAGE.search(payload[:_HEAD_SIZE])) is None:
        return None
    text = payload[:_MAX_GUESSED].decode(guess, "replace")
    letters = {each for each in text if each.isalpha() and not each.isascii()}
    if not all(unicodedata.name(each, "LATIN").startswith("LATIN") for each in letters):
        return None
    if (code := language[1].decode().lower()) in _CENTRAL_EUROPEAN:
        return "cp1250" if _CP1250_ONLY.search(payload) else "iso8859_2"
    return "cp1252" if code in _WESTERN else None


# Detect the type of a payload, by content before media type: servers send feeds as HTML and error pages as images.

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


def sniff_type(payload: bytes, url: str, headers: Sequence[tuple[str, str]], expected: UrlKind | None) -> PayloadType:
    """Return the type of a payload that is not empty; `expected`: the kind of its URL, if that is known."""
    start = payload[:_SNIFFED]
    codec = "utf-16" if start.startswith((b"\xff\xfe", b"\xfe\xff")) else utf16_codec(start) or "latin-1"
    text = start.decode(codec, "replace").lstrip(_BEFORE_MARKUP)
    # A stray NUL is damage in a page, but the mark of a binary file elsewhere.
    if expected is UrlKind.ASSET or ("\0" in text[:512] and not _MARKUP.match(text)):
        return PayloadType.ASSET
    mime = media_type(headers)
    if text.startswith("<"):
        # The first significant element decides.
        root = _ROOT.search(text)
        is_page = root is not None or _HTML.search(text) is not None or "html" in mime or not mime
        return _BY_ROOT.get(root[1].lower() if root else "", PayloadType.HTML if is_page else PayloadType.ASSET)
    if text.startswith("{") and "jsonfeed.org/version" in text:
        return PayloadType.JSON_FEED
    if expected is UrlKind.ROBOTS or split_url(url).path == "/robots.txt":
        return PayloadType.ROBOTS
    if expected is UrlKind.SITEMAP and text.startswith(("http://", "https://")):
        return PayloadType.URL_LIST
    return PayloadType.HTML if "html" in mime or (not mime and _HTML.search(text)) else PayloadType.ASSET


def media_type(headers: Sequence[tuple[str, str]]) -> str:
    """Return the media type from the HTTP headers, lower case; "" for none."""
    stated = next((value for name, value in headers if name.lower() == "content-type"), "")
    return stated.partition(";")[0].strip().lower()
