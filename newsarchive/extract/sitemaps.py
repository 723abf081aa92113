"""Sitemaps (sitemaps.org, and Google's news extension) and the Sitemap lines of robots.txt.

Parsed with recovery, entities left unresolved, nothing fetched. A sitemap may hold 50,000 URLs and 50 MB: as much is
read.
"""

import re
import zlib
from collections.abc import Iterator

from lxml.etree import LxmlError, XMLPullParser, _Element

from newsarchive.extract.parse_date import iso
from newsarchive.extract.tree import absolute
from storage.model import Entry, Source, UrlKind

MOST_URLS = 50_000
MOST_BYTES = 52_428_800
_CHUNK = 1 << 16
_BARE_AMPERSAND = re.compile(rb"&(?!#?\w{1,10};)")
_ENTITY = re.compile(rb"<!ENTITY[^>]{0,10000}>", re.IGNORECASE)


def gunzipped(payload: bytes) -> bytes:
    """Undo gzip that is part of the resource (.xml.gz), up to the size that sitemaps may have; damaged ends are cut."""
    if not payload.startswith(b"\x1f\x8b"):
        return payload
    try:
        return zlib.decompressobj(wbits=31).decompress(payload, MOST_BYTES)
    except zlib.error:
        return b""


def without_entities(payload: bytes) -> bytes:
    """Drop entity declarations: nothing of ours expands what a stranger declares."""
    return _ENTITY.sub(b"", payload) if b"<!ENTITY" in payload[:65536].upper() else payload


def _with_ampersands(payload: bytes) -> bytes:
    """Write out ampersands that stand bare in addresses; recovery would drop them with the name behind."""
    return payload if b"<![CDATA[" in payload else _BARE_AMPERSAND.sub(b"&amp;", payload)


def read_sitemap(payload: bytes, url: str) -> tuple[tuple[Entry, ...], tuple[Source, ...]]:
    """Return the pages that a sitemap names, or the sitemaps that an index names."""
    entries: dict[str, Entry] = {}
    sources: dict[str, Source] = {}
    for kind, fields in _items(_with_ampersands(without_entities(payload[:MOST_BYTES]))):
        target = absolute(url, fields.get("loc", ""))
        if target is None:
            continue
        if kind == "sitemap":
            modified = iso(fields.get("lastmod", ""))
            sources.setdefault(target, Source(url=target, kind=UrlKind.SITEMAP, modified=modified))
        else:
            entries.setdefault(target, _entry(target, fields))
        if len(entries) + len(sources) >= MOST_URLS:
            break
    return tuple(entries.values()), tuple(sources.values())


def _items(payload: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield ("url" or "sitemap", its fields by local name) as they come, in constant memory."""
    parser = XMLPullParser(
        events=("end",), recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    for start in range(0, len(payload) + _CHUNK, _CHUNK):
        try:
            # Nothing left to feed: what recovery held back comes with the end.
            parser.feed(payload[start : start + _CHUNK]) if start < len(payload) else parser.close()
        except LxmlError:
            return
        for _event, element in parser.read_events():
            if not isinstance(element, _Element) or not isinstance(element.tag, str):
                continue
            name = _local(element)
            if name in ("url", "sitemap"):
                yield name, _fields(element)
                element.clear()
                while (before := element.getprevious()) is not None and (parent := element.getparent()) is not None:
                    parent.remove(before)


def _local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()


def _fields(element: _Element) -> dict[str, str]:
    fields: dict[str, str] = {}
    for child in element.iterdescendants():
        if isinstance(child.tag, str):
            # An image's or a video's own <loc> and <title> are not the page's.
            holder = child.getparent()
            if holder is not None and _local(holder) in ("image", "video"):
                continue
            name = _local(child)
            text = " ".join((child.text or "").split())
            if name == "news":
                fields["news"] = "yes"
            elif text:
                fields.setdefault(name, text)
    return fields


def _entry(url: str, fields: dict[str, str]) -> Entry:
    return Entry(
        url=url,
        title=fields.get("title"),
        published=iso(fields.get("publication_date", "")),
        modified=iso(fields.get("lastmod", "")),
        news="news" in fields,
    )


def read_url_list(text: str, url: str) -> tuple[Entry, ...]:
    """Read a sitemap in plain text: one URL a line."""
    found = (absolute(url, line) for line in text.splitlines()[:MOST_URLS] if line.strip())
    return tuple(Entry(url=target) for target in dict.fromkeys(found) if target)


def read_robots(text: str, url: str) -> tuple[Source, ...]:
    """Return the sitemaps that robots.txt names (sitemaps.org, "Specifying the Sitemap location").

    >>> [s.url for s in read_robots("Sitemap: /map.xml # all", "https://a.example/robots.txt")]
    ['https://a.example/map.xml']
    """
    found: dict[str, Source] = {}
    for line in text.splitlines()[:100_000]:
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() == "sitemap":
            target = absolute(url, value.partition(" #")[0])
            if target:
                found.setdefault(target, Source(url=target, kind=UrlKind.SITEMAP))
    return tuple(found.values())
