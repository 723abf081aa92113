"""Page requisites of exported captures: stylesheets, images, scripts, fonts, each captured nearest in time."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from newsarchive.export.request import ExportRequest
from newsarchive.extract.requisites import embedded_urls, stylesheet_requisites
from newsarchive.extract.tree import Page, parse_page
from storage.errors import ArchiveError
from storage.index.queries.cdx import get_cdx_line, iter_cdx_lines, match_exact
from storage.index.views.cdx import CdxLine, CdxQuery
from storage.warc.codings import decode_entity
from storage.warc.streaming import open_response

_MAX_SIZE = 10_000_000
"""Bytes of a page or stylesheet; larger ones are not parsed."""
_HTML = frozenset({"text/html", "application/xhtml+xml"})


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


def _embedded_urls(request: ExportRequest, line: CdxLine) -> tuple[str, ...]:
    original = line
    if line.kind == "revisit" and line.refers_to_id is not None:
        original = request.index.ask(get_cdx_line, line.refers_to_id) or line
    mime = line.mime or original.mime
    if original.kind == "revisit" or (mime not in _HTML and mime != "text/css"):
        return ()
    with suppress(ArchiveError, OSError, ValueError):
        text = _read_text(request, original)
        if mime == "text/css":
            return stylesheet_requisites(text, line.url)
        page = parse_page(text.encode("utf-8", "replace"), line.url)
        return embedded_urls(page) if isinstance(page, Page) else ()
    return ()


def _read_text(request: ExportRequest, line: CdxLine) -> str:
    entity = bytearray()
    with open_response(request.places.file(line.warc), line.offset) as flow:
        for piece in flow.chunks:
            entity += piece
            if len(entity) > _MAX_SIZE:
                return ""
    # URLs are ASCII in all encodings of pages.
    return decode_entity(bytes(entity), flow.headers, _MAX_SIZE).decode("utf-8", "replace")
