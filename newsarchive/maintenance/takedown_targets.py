"""Choose what goes with an article: requisites of it alone, subresources of its rendering, and pages that name it.

captures of the article --> what they embed --> all other pages, each read once --> embedded there, too? it stays
"""

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from newsarchive.extract.decode import to_utf8
from newsarchive.extract.requisites import embedded_urls
from newsarchive.extract.tree import Page, parse_page
from storage.errors import PayloadError, WarcError
from storage.index import Index
from storage.index.queries.articles import iter_captures
from storage.index.views.articles import CaptureView
from storage.index.write.replace_readings import TakedownTargets, select_assets
from storage.model import Outcome, UrlKind
from storage.places import Places
from storage.warc.payload import decode_payload, parse_http_headers
from storage.warc.reader import CaptureRecord, read_captures, read_record

NAMING = frozenset({Outcome.LISTING, Outcome.FEED, Outcome.SITEMAP, Outcome.OTHER})
"""Outcomes of captures that can be removed because they name an article."""
_MAX_SIZE = 64_000_000
_WORD = re.compile(r"[\w.-]+", re.ASCII)


@dataclass(slots=True, kw_only=True)
class Companions:
    """What goes with an article, and what does not."""

    urls: set[str] = field(default_factory=set)
    """Requisites of it alone."""
    record_ids: set[str] = field(default_factory=set)
    """Captures of subresources of its rendering."""
    shared: set[str] = field(default_factory=set)
    """Requisites that other pages may use."""
    naming: set[str] = field(default_factory=set)
    """Captures of front pages, feeds and sitemaps that name it."""
    naming_articles: set[str] = field(default_factory=set)
    """Captures of other pages that name it."""


def find_companions(index: Index, places: Places, found: TakedownTargets) -> Companions:
    """Return what goes with the captures of an article. Reads the pages of the whole archive."""
    companions, embedded = Companions(), set[str]()
    for item in _iter_records(places, found.files):
        url, record_id, via = item.capture.url, item.capture.record_id, item.discovery
        if record_id in found.record_ids:
            page = parse_page(_read_text(item.block, is_http=item.capture.kind != "resource"), url)
            embedded.update(embedded_urls(page) if isinstance(page, Page) else ())
        elif via and via.kind is UrlKind.PART and via.via in found.urls:
            companions.record_ids.add(record_id)
    own = index.read(select_assets, embedded) - found.urls
    words = {url: max(_WORD.findall(_path(url)), key=len, default="").encode() for url in own}
    names = _compile_names(found.urls)
    gone = companions.record_ids.union(found.record_ids)
    for capture in index.stream(iter_captures):
        if capture.record_id in gone or not _is_text(capture):
            continue
        with suppress(WarcError):  # damage, which `verify` reports
            block = read_record(places.file(capture.place.warc), capture.place.offset).block
            text = _read_text(block, is_http=capture.kind != "resource")
            for url in [url for url, word in words.items() if word in text]:
                companions.shared.add(url)
                del words[url]
            if names.search(text):
                of = companions.naming if capture.outcome in NAMING else companions.naming_articles
                of.add(capture.record_id)
    companions.urls = set(words)
    return companions


def _iter_records(places: Places, files: Collection[str]) -> Iterator[CaptureRecord]:
    for name in files:
        with suppress(WarcError):
            yield from (item for item in read_captures(places.file(name)) if isinstance(item, CaptureRecord))


def _is_text(capture: CaptureView) -> bool:
    is_page = capture.outcome not in {Outcome.ASSET, Outcome.ROBOTS, Outcome.REDIRECT} or capture.mime == "text/css"
    return is_page and capture.kind != "revisit"


def _read_text(block: bytes, *, is_http: bool) -> bytes:
    """Return a page in UTF-8; b"" if it cannot be decoded."""
    with suppress(PayloadError):
        return to_utf8(*(decode_payload(block, _MAX_SIZE), parse_http_headers(block)[1]) if is_http else (block,))
    return b""


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _compile_names(urls: Collection[str]) -> re.Pattern[bytes]:
    """Return a pattern for the forms in which pages name URLs: with and without host, escaped or not."""
    paths = {_path(url) if len(_path(url)) > 1 else url for url in urls}
    forms = {form for path in paths for each in (path, unquote(path)) for form in (each, each.replace("&", "&amp;"))}
    forms |= {form.replace("/", "\\/") for form in forms}
    return re.compile(b"(?:%b)(?![\\w-])" % b"|".join(re.escape(form).encode() for form in sorted(forms)))
