"""Texts as both databases take them: no NUL (PostgreSQL refuses it), no half of a surrogate pair (both do)."""

import dataclasses
import re
from collections.abc import Iterator
from typing import TypeVar

from storage.model import Discovery, Found, Ingest

T = TypeVar("T")

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Text without what databases refuse.

    >>> storable("a\\x00b\\ud800")
    'ab\\ufffd'
    """
    return _UNSTORABLE.sub(lambda match: "" if match[0] == "\x00" else "\ufffd", text)


def storable_ingest(ingest: Ingest) -> Ingest:
    """An ingest without what databases refuse: itself, nearly always."""
    everything = "".join(_texts(ingest))
    if (everything.isascii() and "\x00" not in everything) or not _UNSTORABLE.search(everything):
        return ingest
    return cleaned(ingest)


def storable_found(found: Found) -> Found:
    """The same for a URL to be fetched."""
    return cleaned(found) if _UNSTORABLE.search("".join(_texts_of_found(found))) else found


def cleaned(value: T) -> T:
    """A noun with all its texts made storable, however deep they lie."""
    if isinstance(value, str):
        return type(value)(storable(value))
    if isinstance(value, tuple):
        return type(value)(cleaned(item) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: cleaned(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    return value


def _texts(ingest: Ingest) -> Iterator[str]:
    capture, reading, article = ingest.capture, ingest.reading, ingest.reading.article
    yield from filter(None, (capture.url, capture.redirect_url, capture.etag, capture.last_modified, capture.mime))
    yield from filter(None, (capture.record_id, capture.crawl, capture.payload_digest, capture.truncated, capture.date))
    if capture.refers_to:
        yield from filter(None, (capture.refers_to.record_id, capture.refers_to.url, capture.refers_to.date))
    yield from filter(None, (reading.reason, reading.title))
    yield from _texts_of_discovery(ingest.discovery)
    groups = reading.link_groups
    if article:
        groups += article.link_groups
        yield from filter(None, (article.url, article.canonical_url, article.headline, article.dek, article.section))
        yield from filter(None, (article.language, *article.authors, *article.tags))
        yield from filter(None, (article.image.url, article.image.caption) if article.image else ())
        for paragraph in article.paragraphs:
            yield paragraph.text
    for group in groups:
        yield group.label
        for link in group.links:
            yield link.url
            yield link.anchor
    for found in ingest.found:
        yield from _texts_of_found(found)


def _texts_of_found(found: Found) -> Iterator[str]:
    yield found.url
    yield from _texts_of_discovery(found.discovery)


def _texts_of_discovery(discovery: Discovery) -> Iterator[str]:
    yield discovery.site
    yield from filter(None, (discovery.via, discovery.title, discovery.anchor))
