"""Page requisites of exported captures: stylesheets, images, scripts, fonts, each captured nearest in time."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import urldefrag

import lxml.html
from lxml.etree import LxmlError

from newsarchive.export.request import ExportRequest
from newsarchive.extract.requisites import stylesheet_requisites
from storage.errors import ArchiveError
from storage.index.queries.cdx import get_cdx_line, iter_cdx_lines, match_exact
from storage.index.views.cdx import CdxLine, CdxQuery
from storage.urls import resolve_url
from storage.warc.codings import decode_entity
from storage.warc.streaming import open_response

MAX_REQUISITES = 200
"""Requisites of one page."""
_MAX_SIZE = 10_000_000
"""Bytes of a page or stylesheet; larger ones are not parsed."""
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_EMBEDDING = frozenset(
    {"img", "script", "source", "video", "audio", "iframe", "embed", "object", "input", "style", "body"}
)
_LINKS = frozenset({"stylesheet", "icon", "preload", "apple-touch-icon", "manifest"})


def add_requisites(request: ExportRequest, lines: Iterable[CdxLine]) -> Iterator[CdxLine]:
    """Yield captures, each followed by what it embeds."""
    for line in lines:
        yield line
        yield from _find_requisites(request, line, depth=0)


def _find_requisites(request: ExportRequest, line: CdxLine, depth: int) -> Iterator[CdxLine]:
    for url in _embedded_urls(request, line):
        query = CdxQuery(keys=match_exact(url), url=url, closest=line.fetched_at)
        found = next(request.index.stream(iter_cdx_lines, query), None)
        if found is not None:
            yield found
            if found.mime == "text/css" and depth < 2:
                yield from _find_requisites(request, found, depth + 1)


def _embedded_urls(request: ExportRequest, line: CdxLine) -> list[str]:
    original = line
    if line.kind == "revisit" and line.refers_to_id is not None:
        original = request.index.ask(get_cdx_line, line.refers_to_id) or line
    mime = line.mime or original.mime
    if original.kind == "revisit" or (mime not in _HTML and mime != "text/css"):
        return []
    with suppress(ArchiveError, OSError, ValueError):
        text = _read_text(request, original)
        found = stylesheet_requisites(text, line.url) if mime == "text/css" else _page_urls(text, line.url)
        return list(dict.fromkeys(found))[:MAX_REQUISITES]
    return []


def _read_text(request: ExportRequest, line: CdxLine) -> str:
    entity = bytearray()
    with open_response(request.places.file(line.warc), line.offset) as flow:
        for piece in flow.chunks:
            entity += piece
            if len(entity) > _MAX_SIZE:
                return ""
    # URLs are ASCII in all encodings of pages.
    return decode_entity(bytes(entity), flow.headers, _MAX_SIZE).decode("utf-8", "replace")


def _page_urls(text: str, url: str) -> Iterator[str]:
    """Yield the URLs that a page embeds.

    >>> list(_page_urls('<link rel=stylesheet href=/a.css><a href=/b></a><img src=c.png srcset="d.png 2x">', "http://n.x/"))
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
    base = resolve_url(url, found.get("href") or "") if found is not None else url
    for element, attribute, link, _ in root.iterlinks():
        tag = element.tag if isinstance(element.tag, str) else ""
        is_link = tag == "link" and not _LINKS.isdisjoint((element.get("rel") or "").lower().split())
        if is_link or (tag in _EMBEDDING and attribute != "action") or attribute in {None, "style"}:
            yield from _absolute_url(base, link)
        if element.get("srcset") and attribute == "src":
            for candidate in (element.get("srcset") or "").split(","):
                yield from _absolute_url(base, candidate.strip().partition(" ")[0])


def _absolute_url(base: str, link: str) -> Iterator[str]:
    with suppress(ValueError):
        absolute = urldefrag(resolve_url(base, link.strip()))[0]
        if link.strip() and absolute.startswith(("http://", "https://")):
            yield absolute
