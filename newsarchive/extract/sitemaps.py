"""Read sitemaps (sitemaps.org, and Google's news extension) and the Sitemap lines of robots.txt.

Sitemaps are parsed with error recovery; entities are not resolved and nothing is fetched. At most 50,000 URLs and 50 MB
are read, the limits of the protocol.
"""

import re
import zlib
from collections.abc import Iterator
from datetime import datetime

from lxml.etree import LxmlError, XMLPullParser, _Element

from newsarchive.extract.parse_date import parse_iso_date
from newsarchive.extract.tree import resolve_link
from storage.model import FeedEntry, UrlKind, UrlSource

MAX_URLS = 50_000
MAX_BYTES = 52_428_800
_CHUNK = 1 << 16
_UNESCAPED_AMPERSAND = re.compile(rb"&(?!#?\w{1,10};)")
_ENTITY = re.compile(rb"<!ENTITY[^>]{0,10000}>", re.IGNORECASE)


def decompress_gzip(payload: bytes) -> bytes:
    """Decompress gzip that is part of the resource (.xml.gz), up to the size limit, and as far as it is intact."""
    if not payload.startswith(b"\x1f\x8b"):
        return payload
    try:
        return zlib.decompressobj(wbits=31).decompress(payload, MAX_BYTES)
    except zlib.error:
        return b""


def remove_entities(payload: bytes) -> bytes:
    """Remove entity declarations, so that none is ever expanded."""
    return _ENTITY.sub(b"", payload) if b"<!ENTITY" in payload[:65536].upper() else payload


def _escape_ampersands(payload: bytes) -> bytes:
    """Escape bare ampersands in URLs: error recovery would drop them and the parameter name that follows."""
    return payload if b"<![CDATA[" in payload else _UNESCAPED_AMPERSAND.sub(b"&amp;", payload)


def read_sitemap(payload: bytes, url: str) -> tuple[tuple[FeedEntry, ...], tuple[UrlSource, ...]]:
    """Return the pages listed in a sitemap, or the sitemaps listed in a sitemap index."""
    entries: dict[str, FeedEntry] = {}
    sources: dict[str, UrlSource] = {}
    for kind, fields in _items(_escape_ampersands(remove_entities(payload[:MAX_BYTES]))):
        target = resolve_link(url, fields.get("loc", ""))
        if target is None:
            continue
        if kind == "sitemap":
            modified = _parse_time(fields.get("lastmod", ""))
            sources.setdefault(target, UrlSource(url=target, kind=UrlKind.SITEMAP, modified=modified))
        else:
            entries.setdefault(target, _entry(target, fields))
        if len(entries) + len(sources) >= MAX_URLS:
            break
    return tuple(entries.values()), tuple(sources.values())


def _items(payload: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield ("url" or "sitemap", its fields by local name) one by one, in constant memory."""
    parser = XMLPullParser(
        events=("end",), recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    for start in range(0, len(payload) + _CHUNK, _CHUNK):
        try:
            # At the end, close() returns what error recovery has held back.
            parser.feed(payload[start : start + _CHUNK]) if start < len(payload) else parser.close()
        except LxmlError:
            return
        for _event, element in parser.read_events():
            if not isinstance(element, _Element) or not isinstance(element.tag, str):
                continue
            name = _local_name(element)
            if name in ("url", "sitemap"):
                yield name, _fields(element)
                element.clear()
                while (before := element.getprevious()) is not None and (parent := element.getparent()) is not None:
                    parent.remove(before)


def _local_name(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()


def _fields(element: _Element) -> dict[str, str]:
    fields: dict[str, str] = {}
    for child in element.iterdescendants():
        if isinstance(child.tag, str):
            # <loc> and <title> of an image or video are not those of the page.
            holder = child.getparent()
            if holder is not None and _local_name(holder) in ("image", "video"):
                continue
            name = _local_name(child)
            text = " ".join((child.text or "").split())
            if name == "news":
                fields["news"] = "yes"
            elif text:
                fields.setdefault(name, text)
    return fields


def _entry(url: str, fields: dict[str, str]) -> FeedEntry:
    return FeedEntry(
        url=url,
        title=fields.get("title"),
        published=parse_iso_date(fields.get("publication_date", "")),
        modified=_parse_time(fields.get("lastmod", "")),
        news="news" in fields,
    )


def _parse_time(text: str) -> datetime | None:
    date = parse_iso_date(text)
    return date.at if date else None


def read_url_list(text: str, url: str) -> tuple[FeedEntry, ...]:
    """Read a sitemap in plain text: one URL per line."""
    found = (resolve_link(url, line) for line in text.splitlines()[:MAX_URLS] if line.strip())
    return tuple(FeedEntry(url=target) for target in dict.fromkeys(found) if target)


def read_robots(text: str, url: str) -> tuple[UrlSource, ...]:
    """Return the sitemaps named in robots.txt (sitemaps.org, "Specifying the Sitemap location").

    >>> [s.url for s in read_robots("Sitemap: /map.xml # all", "https://a.example/robots.txt")]
    ['https://a.example/map.xml']
    """
    found: dict[str, UrlSource] = {}
    for line in text.splitlines()[:100_000]:
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() == "sitemap":
            target = resolve_link(url, value.partition(" #")[0])
            if target:
                found.setdefault(target, UrlSource(url=target, kind=UrlKind.SITEMAP))
    return tuple(found.values())
