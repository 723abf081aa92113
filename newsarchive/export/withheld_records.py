"""Records of visible pages whose bytes name what is withheld: a front page with the headline, a feed, a sitemap.

Bytes are handed out as they are or not at all. Whether a record may be is decided from the URLs in it.
"""

import html
import re
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urldefrag

from newsarchive.extract.decode import decode
from storage.errors import PayloadError
from storage.index.conditions.withheld import find_withheld_urls
from storage.index.queries.cdx import get_cdx_line
from storage.index.reader import Reader
from storage.index.views.cdx import CdxLine
from storage.places import Places
from storage.urls import resolve_url
from storage.warc.payload import MAX_CODINGS, decode_entity, parse_message
from storage.warc.reader import is_http, read_record
from storage.warc.record import Headers, Record

MAX_SIZE = 32_000_000
"""Bytes of a body that is read for URLs. A longer text is not handed out."""
WITHHELD_BYTES = (
    "These bytes name a page that the archive does not publish, and bytes are shown unchanged or not at all. The page "
    "without that name is at /web/TIMESTAMP/URL"
)
_MEDIA = re.compile(r"(?:image(?!/svg)|video|audio|font)/")
_URL = re.compile(
    r"""(?:https?:)?//[^\s"'<>`|\\^{}]+|(?:["'=(]|^)\s*(\.{0,2}/[^\s"'<>]*)""", re.IGNORECASE | re.MULTILINE
)
_REFERENCE = re.compile(
    r"""\b(?:href|src|action|content|url)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE
)
_FILE_CODINGS = (("content-encoding", "gzip"),) * MAX_CODINGS
_END = re.compile(r"[),.;:!?\]]+$")


def names_withheld(reader: Reader, places: Places, line: CdxLine) -> bool:
    """Return True if the record of a capture, or the body that it confirms, names what the reader excludes."""
    if not reader.exclude:
        return False
    if line.length > MAX_SIZE and not _MEDIA.match(line.mime or ""):
        return True
    urls: set[str] = set()
    if line.kind == "revisit" and line.refers_to_id is not None:
        original = reader.ask(get_cdx_line, line.refers_to_id)
        if original is None or (original.kind != "revisit" and names_withheld(reader, places, original)):
            return True
        urls.add(original.url)
    if line.kind == "revisit" or not _MEDIA.match(line.mime or ""):
        try:
            urls |= set(_find_record_urls(read_record(places.file(line.warc), line.offset), line.url))
        except PayloadError:
            return True
    return bool(reader.ask(find_withheld_urls, urls))


def _find_record_urls(record: Record, base: str) -> Iterator[str]:
    """Yield the URLs in a record; PayloadError if its body cannot be decoded."""
    yield from filter(None, [record.get("WARC-Refers-To-Target-URI")])
    headers: Headers = ()
    body = record.block
    if is_http(record):
        message = parse_message(record.block)
        headers = message.headers
        for _, value in headers:
            yield from find_urls(value, base)
        body = decode_entity(message.body, headers, MAX_SIZE)
    # The .gz of a sitemap is part of the resource, whatever coding it was sent with.
    decoded = decode_entity(body, _FILE_CODINGS, MAX_SIZE)
    if (decoded or body).startswith(b"\x1f\x8b"):
        raise PayloadError("the gzip file cannot be decoded completely")
    yield from find_urls(decode(decoded, headers), base)


def find_urls(text: str, base: str) -> Iterator[str]:
    r"""Yield the URLs in a text of any form, such as HTML, XML, JSON: absolute ones, and relative ones in attributes.

    >>> sorted(set(find_urls('<a href="b?c=1&amp;d">{"u":"https:\\/\\/n.example\\/e"}', "http://n.example/a")))
    ['http://n.example/b?c=1&d', 'https://n.example/e']
    """
    text = html.unescape(text.replace("\\/", "/"))
    found = {each for match in _URL.finditer(text) for each in (match[1] or match[0],)}
    found |= {each for match in _REFERENCE.finditer(text) for each in match.groups() if each}
    for each in found | {_END.sub("", each) for each in found}:
        with suppress(ValueError):
            url = urldefrag(resolve_url(base, each.strip()))[0]
            if url.startswith(("http://", "https://")):
                yield url
