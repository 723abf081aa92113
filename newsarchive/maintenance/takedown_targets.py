"""Choose what goes with an article: requisites of it alone, subresources of its rendering, and pages that name it.

captures of the article --> what they embed --> all other pages, each read once --> embedded there, too? it stays
                                  ^--------- a stylesheet goes, too <--'
"""

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from urllib.parse import unquote

from newsarchive.extract.decode import to_utf8
from newsarchive.extract.requisites import embedded_urls, is_stylesheet, stylesheet_requisites
from newsarchive.extract.tree import Page, parse_page
from storage.callbacks import ProgressCallback
from storage.errors import FileMissing, PayloadError, WarcError
from storage.index import Index
from storage.index.queries.articles import iter_captures
from storage.index.queries.status import count_captures_and_versions
from storage.index.write.replace_readings import TakedownTargets, select_assets, select_takedown
from storage.model import Outcome, UrlKind
from storage.places import Places
from storage.warc.payload import decode_entity, parse_message
from storage.warc.reader import CaptureRecord, read_captures, read_record

NAMING = frozenset({Outcome.LISTING, Outcome.FEED, Outcome.SITEMAP, Outcome.OTHER})
"""Outcomes of captures that can be removed because they name an article."""
_MAX_SIZE = 64_000_000
_WORD = re.compile(r"[\w.-]+", re.ASCII)
_HOST = re.compile(r"\w+://[^/]*")


def choose_targets(
    index: Index, places: Places, urls: Sequence[str], progress: ProgressCallback, *, listings: bool
) -> tuple[TakedownTargets, set[str], set[str], set[str]]:
    """Return what is removed with articles, with `listings` also what names them, and which of it are other records;
    then URLs that stay, as other pages may embed them, and captures that name the articles, with revisits of these.

    Reads all pages of the archive, again for what a removed stylesheet embeds.
    """
    first = found = index.read(select_takedown, urls)
    embedded, read, parts = set[str](), set[str](), set[str]()
    own, shared, naming = set[str](), set[str](), set[str]()
    while new := set(found.record_ids) - read:
        more, more_parts = _find_embedded(places, found, new)
        if read and not more:
            break
        read, embedded, parts = read | new, embedded | more, parts | more_parts
        own, shared, naming = _search_pages(index, places, first, index.read(select_assets, embedded), read, progress)
        found = index.read(select_takedown, urls, own, parts)
    found, wider = (index.read(select_takedown, urls, own, others) for others in (parts, parts | naming))
    naming = {*wider.record_ids} - {*found.record_ids}
    return (wider, parts | naming, shared, naming) if listings else (found, parts, shared, naming)


def _find_embedded(places: Places, found: TakedownTargets, record_ids: Collection[str]) -> tuple[set[str], set[str]]:
    """Return the URLs that captures embed, and the record ids of the subresources of the articles' renderings."""
    urls, parts = set[str](), set[str]()
    for name in found.files:
        with suppress(WarcError, FileMissing):  # `verify` reports it
            for item in read_captures(places.file(name)):
                if not isinstance(item, CaptureRecord):
                    continue
                capture, via = item.capture, item.discovery
                if capture.record_id in record_ids:
                    text = _read_text(item.block, capture.kind)
                    if is_stylesheet(capture.mime or "", capture.url):
                        urls.update(stylesheet_requisites(text.decode(errors="replace"), capture.url))
                    elif isinstance(page := parse_page(text, capture.url), Page):
                        urls.update(embedded_urls(page))
                elif via and via.kind is UrlKind.PART and via.via in found.urls:
                    parts.add(capture.record_id)
    return urls, parts


def _search_pages(
    index: Index, places: Places, first: TakedownTargets, assets: set[str], removed: Collection[str],
    progress: ProgressCallback,
) -> tuple[set[str], set[str], set[str]]:  # fmt: skip
    """Return those of the embedded URLs that no other page has, those that one may have, and captures that name it.

    Reads all pages but the removed records. The last are front pages, feeds and sitemaps.
    """
    own = assets - first.urls
    words = {url: max(_WORD.findall(_HOST.sub("", url)), key=len, default="").encode() for url in own}
    # The forms in which pages name the URLs: with and without host, escaped or not.
    paths = {path if len(path := _HOST.sub("", url)) > 1 else url for url in first.urls}
    forms = {form for path in paths for each in (path, unquote(path)) for form in (each, each.replace("&", "&amp;"))}
    forms |= {form.replace("/", "\\/") for form in forms}
    names = re.compile(b"(?:%b)(?![\\w-])" % b"|".join(re.escape(form).encode() for form in sorted(forms)))
    naming = set[str]()
    total, _ = index.read(count_captures_and_versions)
    for number, capture in enumerate(index.stream(iter_captures)):
        progress(number, total, capture.url)
        is_other = capture.outcome in {Outcome.ASSET, Outcome.ROBOTS, Outcome.REDIRECT}
        is_other = is_other and not is_stylesheet(capture.mime or "", capture.url)
        if capture.record_id in removed or capture.kind == "revisit" or is_other:
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
        message = parse_message(block)
        return to_utf8(decode_entity(message.body, message.headers, _MAX_SIZE), message.headers)
    return b""
