"""Texts as both databases take them: no NUL (PostgreSQL refuses it), no half of a surrogate pair (both do), and nothing
in an SQL index that is too long for one (PostgreSQL's limit is 2,700 bytes).
"""

import dataclasses
import hashlib
import re
from typing import TypeVar

from storage.model import Discovery, Found, Ingest

T = TypeVar("T")

LONGEST = 400

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    r"""Text without what databases refuse.

    >>> storable("a\x00b\ud800")
    'ab\ufffd'
    """
    return _UNSTORABLE.sub(lambda match: "" if match[0] == "\x00" else "\ufffd", text)


def bounded(text: str) -> str:
    """A name that stands in an SQL index: where it is overlong, its beginning and a digest of it all.

    >>> len(bounded("urn:uuid:" + "0" * 9000))
    365
    """
    if len(text) <= LONGEST:
        return text
    return f"{text[:300]} {hashlib.sha256(text.encode()).hexdigest()}"


def storable_ingest(ingest: Ingest) -> Ingest:
    """An ingest without what databases refuse: itself, nearly always."""
    if not _is_storable("".join(filter(None, _texts(ingest)))):
        ingest = cleaned(ingest)
    if any(name is not None and len(name) > LONGEST for name in _names(ingest)):
        return _shortened(ingest)
    return ingest


def _is_storable(text: str) -> bool:
    """Whether databases take a text as it is: ten times as fast as to look for what they refuse."""
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return "\x00" not in text


def _names(ingest: Ingest) -> tuple[str | None, ...]:
    capture = ingest.capture
    original = capture.refers_to.record_id if capture.refers_to else None
    return (capture.record_id, capture.payload_digest, capture.crawl, capture.place.warc, original,
            ingest.discovery.site)  # fmt: skip


def _shortened(ingest: Ingest) -> Ingest:
    capture, refers_to = ingest.capture, ingest.capture.refers_to
    if refers_to:
        refers_to = dataclasses.replace(refers_to, record_id=refers_to.record_id and bounded(refers_to.record_id))
    capture = dataclasses.replace(
        capture,
        record_id=bounded(capture.record_id),
        payload_digest=capture.payload_digest and bounded(capture.payload_digest),
        crawl=capture.crawl and bounded(capture.crawl),
        place=dataclasses.replace(capture.place, warc=bounded(capture.place.warc)),
        refers_to=refers_to,
    )
    discovery = dataclasses.replace(ingest.discovery, site=bounded(ingest.discovery.site))
    return dataclasses.replace(ingest, capture=capture, discovery=discovery)


def storable_found(found: Found) -> Found:
    """The same for a URL to be fetched."""
    if not _is_storable("".join(filter(None, _texts_of_found(found)))):
        found = cleaned(found)
    if len(found.discovery.site) > LONGEST:
        found = dataclasses.replace(
            found, discovery=dataclasses.replace(found.discovery, site=bounded(found.discovery.site))
        )
    return found


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
