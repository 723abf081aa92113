"""What a page needs to look as it did: stylesheets, images, scripts, fonts; each as captured nearest in time."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import urldefrag

import lxml.html
from lxml.etree import LxmlError

from newsarchive.export.choice import Choice
from storage.errors import ArchiveError
from storage.index.queries.cdx import exactly
from storage.index.views.cdx import CdxLine, CdxQuery
from storage.references import resolved
from storage.warc.codings import decode_entity
from storage.warc.streaming import flowing

MOST = 200
"""Of one page."""
_LIMIT = 10_000_000
"""Bytes of a page or stylesheet; larger ones are not looked through."""
_CSS_URL = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", re.IGNORECASE)
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_EMBEDDING = frozenset(
    {"img", "script", "source", "video", "audio", "iframe", "embed", "object", "input", "style", "body"}
)
_LINKS = frozenset({"stylesheet", "icon", "preload", "apple-touch-icon", "manifest"})


def with_requisites(choice: Choice, lines: Iterable[CdxLine]) -> Iterator[CdxLine]:
    """Captures, each followed by what its page embeds, stylesheets by what they embed."""
    for line in lines:
        yield line
        yield from _of(choice, line, depth=0)


def _of(choice: Choice, line: CdxLine, depth: int) -> Iterator[CdxLine]:
    for url in _embedded(choice, line):
        asked = CdxQuery(keys=exactly(url), url=url, closest=line.fetched_at)
        found = next(choice.index.cdx(asked), None)
        if found is not None:
            yield found
            if found.mime == "text/css" and depth < 2:
                yield from _of(choice, found, depth + 1)


def _embedded(choice: Choice, line: CdxLine) -> list[str]:
    original = line
    if line.kind == "revisit" and line.refers_to_id is not None:
        original = choice.index.cdx_line(line.refers_to_id) or line
    mime = line.mime or original.mime
    if original.kind == "revisit" or (mime not in _HTML and mime != "text/css"):
        return []
    with suppress(ArchiveError, OSError, ValueError):
        text = _text(choice, original)
        found = _of_sheet(text, line.url) if mime == "text/css" else _of_page(text, line.url)
        return list(dict.fromkeys(found))[:MOST]
    return []


def _text(choice: Choice, line: CdxLine) -> str:
    entity = bytearray()
    with flowing(choice.places.file(line.warc), line.offset) as flow:
        for piece in flow.pieces:
            entity += piece
            if len(entity) > _LIMIT:
                return ""
    # Addresses are ASCII in any encoding that a page may have.
    return decode_entity(bytes(entity), flow.headers, _LIMIT).decode("utf-8", "replace")


def _of_sheet(text: str, base: str) -> Iterator[str]:
    for found in _CSS_URL.finditer(text):
        yield from _absolute(base, found[1] or found[2])


def _of_page(text: str, url: str) -> Iterator[str]:
    """Addresses that a page embeds.

    >>> list(_of_page('<link rel=stylesheet href=/a.css><a href=/b></a><img src=c.png srcset="d.png 2x">', "http://n.x/"))
    ['http://n.x/a.css', 'http://n.x/c.png', 'http://n.x/d.png']
    """
    if not text.strip():
        return
    try:
        root = lxml.html.document_fromstring(
            text.encode("utf-8", "replace"), parser=lxml.html.HTMLParser(encoding="utf-8")
        )
    except (LxmlError, ValueError):
        return
    found = root.find(".//base[@href]")
    base = resolved(url, found.get("href") or "") if found is not None else url
    for element, attribute, link, _ in root.iterlinks():
        tag = element.tag if isinstance(element.tag, str) else ""
        is_link = tag == "link" and not _LINKS.isdisjoint((element.get("rel") or "").lower().split())
        if is_link or (tag in _EMBEDDING and attribute != "action") or attribute in {None, "style"}:
            yield from _absolute(base, link)
        if element.get("srcset") and attribute == "src":
            for candidate in (element.get("srcset") or "").split(","):
                yield from _absolute(base, candidate.strip().partition(" ")[0])


def _absolute(base: str, link: str) -> Iterator[str]:
    with suppress(ValueError):
        address = urldefrag(resolved(base, link.strip()))[0]
        if link.strip() and address.startswith(("http://", "https://")):
            yield address
