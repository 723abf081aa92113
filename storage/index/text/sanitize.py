"""Make texts acceptable to both databases: without NUL (PostgreSQL rejects it) and lone surrogates (both do), and short
enough for an SQL index (PostgreSQL's limit is 2,700 bytes).
"""

import dataclasses
import hashlib
import re
from typing import Any, TypeVar

from storage.model import DiscoveredUrl, Discovery, Ingest

T = TypeVar("T")

MAX_NAME_LENGTH = 400

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def shorten_name(text: str) -> str:
    """Return a name for a column with an SQL index; a long one is replaced by its beginning and a digest of all of it.

    >>> len(shorten_name("urn:uuid:" + "0" * 9000))
    365
    """
    if len(text) <= MAX_NAME_LENGTH:
        return text
    return f"{text[:300]} {hashlib.sha256(text.encode()).hexdigest()}"


def sanitize_ingest(ingest: Ingest) -> Ingest:
    """Return an ingest without what databases reject; nearly always itself."""
    if not _is_storable("".join(filter(None, _texts(ingest)))):
        ingest = sanitize(ingest)
    capture, site = ingest.capture, ingest.discovery.site
    original = capture.refers_to.record_id if capture.refers_to else None
    names = (capture.record_id, capture.payload_digest, capture.crawl, capture.place.warc, original, site)
    return _shorten_names(ingest) if any(name and len(name) > MAX_NAME_LENGTH for name in names) else ingest


def _is_storable(text: str) -> bool:
    """Return True if a text needs no change. Ten times as fast as searching for what has to be replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return "\x00" not in text


def _shorten_names(ingest: Ingest) -> Ingest:
    capture, refers_to = ingest.capture, ingest.capture.refers_to
    if refers_to:
        refers_to = dataclasses.replace(refers_to, record_id=refers_to.record_id and shorten_name(refers_to.record_id))
    capture = dataclasses.replace(
        capture,
        record_id=shorten_name(capture.record_id),
        payload_digest=capture.payload_digest and shorten_name(capture.payload_digest),
        crawl=capture.crawl and shorten_name(capture.crawl),
        place=dataclasses.replace(capture.place, warc=shorten_name(capture.place.warc)),
        refers_to=refers_to,
    )
    discovery = dataclasses.replace(ingest.discovery, site=shorten_name(ingest.discovery.site))
    return dataclasses.replace(ingest, capture=capture, discovery=discovery)


def sanitize_discovered_url(found: DiscoveredUrl) -> DiscoveredUrl:
    """Return a discovered URL without what databases reject."""
    if not _is_storable("".join(filter(None, _texts_of_url(found)))):
        found = sanitize(found)
    if len(found.discovery.site) > MAX_NAME_LENGTH:
        found = dataclasses.replace(
            found, discovery=dataclasses.replace(found.discovery, site=shorten_name(found.discovery.site))
        )
    return found


def sanitize(value: T) -> T:
    r"""Return a value without characters that a database rejects in any text, at any depth.

    >>> sanitize(("a\x00b\ud800", 7))
    ('ab\ufffd', 7)
    """
    if isinstance(value, str):
        return type(value)(_UNSTORABLE.sub(lambda match: "" if match[0] == "\x00" else "\ufffd", value))
    if isinstance(value, tuple):
        return type(value)(sanitize(item) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: sanitize(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    return value


def _texts(ingest: Ingest) -> list[str | None]:
    capture, reading = ingest.capture, ingest.reading
    article, refers_to = reading.article, capture.refers_to
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
        texts += article.authors + article.tags + article.organisations + article.author_links
        texts.append(article.kicker)
        texts += (article.image.url, article.image.caption) if article.image else ()
        texts += [paragraph.text for paragraph in article.paragraphs]
        parts: tuple[Any, ...] = (*article.media, *article.entities, *article.live_updates)
        texts += [value for part in parts for value in dataclasses.asdict(part).values() if isinstance(value, str)]
    for group in groups:
        texts.append(group.label)
        texts += [link.url for link in group.links]
        texts += [link.anchor for link in group.links]
    for found in ingest.discovered_urls:
        texts += _texts_of_url(found)
    return texts


def _texts_of_url(found: DiscoveredUrl) -> tuple[str | None, ...]:
    return (found.url, *_texts_of_discovery(found.discovery))


def _texts_of_discovery(discovery: Discovery) -> tuple[str | None, ...]:
    return (discovery.site, discovery.via, discovery.title, discovery.anchor)
