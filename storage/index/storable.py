"""Texts as both databases take them: no NUL (PostgreSQL refuses it), no half of a surrogate pair (both do)."""

import dataclasses
import re
from typing import TypeVar

from storage.model import Discovery, Found, Ingest

T = TypeVar("T")

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    r"""Text without what databases refuse.

    >>> storable("a\x00b\ud800")
    'ab\ufffd'
    """
    return _UNSTORABLE.sub(lambda match: "" if match[0] == "\x00" else "\ufffd", text)


def storable_ingest(ingest: Ingest) -> Ingest:
    """An ingest without what databases refuse: itself, nearly always."""
    everything = "".join(filter(None, _texts(ingest)))
    if (everything.isascii() and "\x00" not in everything) or not _UNSTORABLE.search(everything):
        return ingest
    return cleaned(ingest)


def storable_found(found: Found) -> Found:
    """The same for a URL to be fetched."""
    return cleaned(found) if _UNSTORABLE.search("".join(filter(None, _texts_of_found(found)))) else found


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


def _texts(ingest: Ingest) -> list[str | None]:
    capture, reading, article, refers_to = (
        ingest.capture,
        ingest.reading,
        ingest.reading.article,
        ingest.capture.refers_to,
    )
    texts: list[str | None] = [
        capture.url, capture.redirect_url, capture.etag, capture.last_modified, capture.mime, capture.record_id,
        capture.crawl, capture.payload_digest, capture.truncated, capture.date, reading.reason, reading.title,
        *_texts_of_discovery(ingest.discovery),
    ]  # fmt: skip
    if refers_to:
        texts += (refers_to.record_id, refers_to.url, refers_to.date)
    groups = reading.link_groups
    if article:
        groups += article.link_groups
        texts += (article.url, article.canonical_url, article.headline, article.dek, article.section, article.language)
        texts += article.authors + article.tags
        texts += (article.image.url, article.image.caption) if article.image else ()
        texts += [paragraph.text for paragraph in article.paragraphs]
    for group in groups:
        texts.append(group.label)
        texts += [link.url for link in group.links]
        texts += [link.anchor for link in group.links]
    for found in ingest.found:
        texts += _texts_of_found(found)
    return texts


def _texts_of_found(found: Found) -> tuple[str | None, ...]:
    return (found.url, *_texts_of_discovery(found.discovery))


def _texts_of_discovery(discovery: Discovery) -> tuple[str | None, ...]:
    return (discovery.site, discovery.via, discovery.title, discovery.anchor)
