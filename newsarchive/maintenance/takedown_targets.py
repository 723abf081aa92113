"""Choose what goes with an article: requisites of it alone, subresources of its rendering, and pages that name it.

captures of the article --> what they embed --> all other pages, each read once --> embedded there, too? it stays
"""

import re
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import unquote

from newsarchive.extract.decode import to_utf8
from newsarchive.extract.requisites import embedded_urls
from newsarchive.extract.tree import Page, parse_page
from storage.callbacks import ProgressCallback
from storage.errors import FileMissing, PayloadError, WarcError
from storage.index import Index
from storage.index.queries.articles import iter_captures
from storage.index.queries.status import count_captures_and_versions
from storage.index.write.replace_readings import TakedownTargets, select_assets
from storage.model import Outcome, UrlKind
from storage.places import Places
from storage.warc.payload import decode_payload, parse_http_headers
from storage.warc.reader import CaptureRecord, read_captures, read_record

NAMING = frozenset({Outcome.LISTING, Outcome.FEED, Outcome.SITEMAP, Outcome.OTHER})
"""Outcomes of captures that can be removed because they name an article."""
_MAX_SIZE = 64_000_000
_WORD = re.compile(r"[\w.-]+", re.ASCII)
_HOST = re.compile(r"\w+://[^/]*")


def find_embedded(places: Places, found: TakedownTargets) -> tuple[set[str], set[str]]:
    """Return the URLs that the captures of an article embed, and the record ids of its rendering's subresources."""
    urls, record_ids = set[str](), set[str]()
    for name in found.files:
        with suppress(WarcError, FileMissing):  # `verify` reports it
            for item in read_captures(places.file(name)):
                if not isinstance(item, CaptureRecord):
                    continue
                capture, via = item.capture, item.discovery
                if capture.record_id in found.record_ids:
                    page = parse_page(_read_text(item.block, capture.kind), capture.url)
                    urls.update(embedded_urls(page) if isinstance(page, Page) else ())
                elif via and via.kind is UrlKind.PART and via.via in found.urls:
                    record_ids.add(capture.record_id)
    return urls, record_ids


def search_pages(
    index: Index, places: Places, found: TakedownTargets, embedded: Collection[str], progress: ProgressCallback
) -> tuple[set[str], set[str], set[str]]:
    """Return those of the embedded URLs that no other page has, those that one may have, and captures that name it.

    Reads all pages of the archive. The last are front pages, feeds and sitemaps.
    """
    own = index.read(select_assets, embedded) - found.urls
    words = {url: max(_WORD.findall(_HOST.sub("", url)), key=len, default="").encode() for url in own}
    names, naming = _compile_names(found.urls), set[str]()
    total, _ = index.read(count_captures_and_versions)
    for number, capture in enumerate(index.stream(iter_captures)):
        progress(number, total, capture.url)
        is_other = capture.outcome in {Outcome.ASSET, Outcome.ROBOTS, Outcome.REDIRECT} and capture.mime != "text/css"
        if capture.record_id in found.record_ids or capture.kind == "revisit" or is_other:
            continue
        try:
            text = _read_text(read_record(places.file(capture.place.warc), capture.place.offset).block, capture.kind)
        except (WarcError, FileMissing):
            words.clear()  # such a page may embed each of them
            continue
        words = {url: word for url, word in words.items() if word not in text}
        if capture.outcome in NAMING and names.search(text):
            naming.add(capture.record_id)
    return set(words), own - words.keys(), naming


def _read_text(block: bytes, kind: str) -> bytes:
    """Return a page in UTF-8; b"" if it cannot be decoded."""
    with suppress(PayloadError):
        if kind == "resource":
            return to_utf8(block)
        return to_utf8(decode_payload(block, _MAX_SIZE), parse_http_headers(block)[1])
    return b""


def _compile_names(urls: Collection[str]) -> re.Pattern[bytes]:
    """Return a pattern for the forms in which pages name URLs: with and without host, escaped or not."""
    paths = {path if len(path := _HOST.sub("", url)) > 1 else url for url in urls}
    forms = {form for path in paths for each in (path, unquote(path)) for form in (each, each.replace("&", "&amp;"))}
    forms |= {form.replace("/", "\\/") for form in forms}
    return re.compile(b"(?:%b)(?![\\w-])" % b"|".join(re.escape(form).encode() for form in sorted(forms)))
