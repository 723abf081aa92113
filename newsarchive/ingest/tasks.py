"""Decide how a capture is read: from its headers alone, or by a `ReadingTask` for a worker process.

Status, truncation and revisits are decided before anything is parsed.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from newsarchive.version import EXTRACTOR
from storage.errors import ArchiveError
from storage.model import ORIGINAL_MISSING, Capture, Discovery, Outcome, Reading, UrlKind
from storage.pickling import pickle_by_slots
from storage.warc.reader import CaptureRecord

if TYPE_CHECKING:
    from newsarchive.extract.site_layout import Layouts
    from newsarchive.ingest.originals import ArchivedOriginals

# Responses with these statuses may be pages worth reading, most often challenges.
_WORTH_READING = frozenset({403, 429, 503})


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingTask:
    """One payload to read, with everything that a worker process needs."""

    block: bytes
    """The record's block: an HTTP message, or the payload of a resource record."""
    message: bool
    """True if the block is an HTTP message."""
    url: str
    mime: str | None
    status: int
    discovery: Discovery
    fetched_at: datetime
    layouts: "Layouts | None" = None
    """Layouts that the archive's owner configured for the site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureReading:
    """A capture and its reading, made without the index."""

    record: CaptureRecord
    """Without its bytes."""
    discovery: Discovery
    """The discovery that the reading assumed."""
    reading: Reading | None
    """None for a revisit of another URL: the index is needed to find its original."""


def awaits_spider(capture: Capture, discovery: Discovery | None) -> bool:
    """Return True for a complete response that is for the site's own spider."""
    has_callback = discovery is not None and discovery.callback is not None
    return has_callback and 200 <= (capture.status or 0) < 300 and not capture.truncated


def reading_from_headers(record: CaptureRecord) -> Reading | None:  # noqa: PLR0911 - one for each kind
    """Return the reading of a capture if its headers or its site's own spider decide it; None if it must be read."""
    capture = record.capture
    if record.output and (reading := record.output.reading(capture.url, capture.mime, EXTRACTOR)):
        return reading
    if not record.output and awaits_spider(capture, record.discovery):
        return _reading(Outcome.ERROR, "the crawl ended before the site's spider had read it")
    if record.discovery is not None and record.discovery.kind is UrlKind.PART:
        return _reading(Outcome.ASSET, "part of a rendered page, or no answer to a GET")
    if capture.kind == "revisit":
        if capture.profile == "server-not-modified" or capture.status == 304:
            return _reading(Outcome.NOT_MODIFIED, "HTTP 304: not modified")
        same_url = capture.refers_to is not None and capture.refers_to.url in (None, capture.url)
        return _reading(Outcome.NOT_MODIFIED, "the same bytes as an earlier capture") if same_url else None
    if capture.kind == "resource":
        return None
    if capture.status is None:
        return _reading(Outcome.ERROR, "no HTTP answer")
    return _reading_by_status(capture, record.discovery)


def extractor_version(layouts: "Layouts") -> str:
    """Return the extractor version with a digest of the site's layouts."""
    return f"{EXTRACTOR}+{hashlib.sha256(repr(layouts).encode()).hexdigest()[:8]}"


def _reading(outcome: Outcome, reason: str) -> Reading:
    return Reading(outcome=outcome, reason=reason, extractor=EXTRACTOR)


def _reading_by_status(capture: Capture, discovery: Discovery | None) -> Reading | None:
    status, target = capture.status or 0, capture.redirect_url
    if status == 304:
        return _reading(Outcome.NOT_MODIFIED, "HTTP 304: not modified")
    if 300 <= status < 400 and target:
        return _reading(Outcome.REDIRECT, f"{status} to {target}")
    if status in (404, 410):
        return _reading(Outcome.GONE, f"HTTP {status}")
    if status in _WORTH_READING and capture.payload_size:
        return None
    if not 200 <= status < 300:
        return _reading(Outcome.ERROR, f"HTTP {status}{' without a Location' if 300 <= status < 400 else ''}")
    return _reading_by_body(capture, discovery)


def _reading_by_body(capture: Capture, discovery: Discovery | None) -> Reading | None:
    if capture.truncated:
        # A truncated article must not become a version.
        return _reading(Outcome.ERROR, f"truncated ({capture.truncated})")
    if not capture.payload_size:
        robots = discovery is not None and discovery.kind is UrlKind.ROBOTS
        return _reading(Outcome.ROBOTS if robots else Outcome.EMPTY, "the answer has no body")
    return None


def build_task(
    record: CaptureRecord, discovery: Discovery, originals: "ArchivedOriginals | None", layouts: "Layouts | None" = None
) -> ReadingTask | Reading:
    """Return the task for a worker, or a reading if the original of a revisit cannot be read; None: there are none."""
    capture, block = record.capture, record.block
    if capture.kind == "revisit":
        try:
            place = capture.refers_to and originals and originals.find_place(capture.refers_to)
            if not originals or not place:
                return _reading(Outcome.UNREADABLE, ORIGINAL_MISSING)
            # The original's headers too: they say how its body is encoded.
            block = originals.read_block(place)
        except (ArchiveError, OSError) as problem:
            return _reading(Outcome.UNREADABLE, f"the original of a revisit cannot be read: {problem}")
    return ReadingTask(
        block=block,
        message=capture.kind != "resource",
        url=capture.url,
        mime=capture.mime,
        status=capture.status or 200,
        discovery=discovery,
        fetched_at=capture.fetched_at,
        layouts=layouts,
    )
