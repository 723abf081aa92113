"""Decide how a capture is read: from its headers alone, or by a `ReadingTask` for a worker process.

Status, truncation and revisits are decided before anything is parsed.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from newsarchive.version import EXTRACTOR
from storage.errors import ArchiveError
from storage.model import ORIGINAL_MISSING, Capture, Discovery, Outcome, Reading, RecordPlace, RefersTo, UrlKind
from storage.pickling import pickle_by_slots
from storage.warc.reader import CaptureRecord

if TYPE_CHECKING:
    from newsarchive.extract.site_layout import Layouts

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


class OriginalRecords(Protocol):
    """Finds and reads the original records of revisits."""

    def find_place(self, refers_to: RefersTo) -> RecordPlace | None:
        """Return the place of the original; None if the archive lacks it."""

    def read_block(self, place: RecordPlace) -> bytes:
        """Return that record's block."""


def reading_from_headers(record: CaptureRecord) -> Reading | None:
    """Return the reading of a capture whose headers decide it, or None if its payload must be read."""
    capture = record.capture
    if record.discovery is not None and record.discovery.kind is UrlKind.PART:
        return _reading(Outcome.ASSET, "subresource of a rendered page")
    if capture.kind == "revisit":
        return _revisit_reading(capture)
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


def _revisit_reading(capture: Capture) -> Reading | None:
    same_url = capture.refers_to is not None and capture.refers_to.url in (None, capture.url)
    if capture.profile == "server-not-modified" or capture.status == 304:
        return _reading(Outcome.NOT_MODIFIED, "HTTP 304: not modified")
    return _reading(Outcome.NOT_MODIFIED, "the same bytes as an earlier capture") if same_url else None


def _reading_by_status(capture: Capture, discovery: Discovery | None) -> Reading | None:
    status = capture.status or 0
    if 300 <= status < 400:
        return _redirect_reading(capture, status)
    if status in (404, 410):
        return _reading(Outcome.GONE, f"HTTP {status}")
    if status in _WORTH_READING and capture.payload_size:
        return None
    if not 200 <= status < 300:
        return _reading(Outcome.ERROR, f"HTTP {status}")
    return _reading_by_body(capture, discovery)


def _redirect_reading(capture: Capture, status: int) -> Reading:
    if status == 304:
        return _reading(Outcome.NOT_MODIFIED, "HTTP 304: not modified")
    if capture.redirect_url:
        return _reading(Outcome.REDIRECT, f"{status} to {capture.redirect_url}")
    return _reading(Outcome.ERROR, f"HTTP {status} without a Location")


def _reading_by_body(capture: Capture, discovery: Discovery | None) -> Reading | None:
    if capture.truncated:
        # A truncated article must not become a version.
        return _reading(Outcome.ERROR, f"truncated ({capture.truncated})")
    if not capture.payload_size:
        robots = discovery is not None and discovery.kind is UrlKind.ROBOTS
        return _reading(Outcome.ROBOTS if robots else Outcome.EMPTY, "the answer has no body")
    return None


def build_task(
    record: CaptureRecord, discovery: Discovery, originals: OriginalRecords, layouts: "Layouts | None" = None
) -> ReadingTask | Reading:
    """Return the task for a worker, or a reading if the original of a revisit cannot be read."""
    capture = record.capture
    block = record.block
    if capture.kind == "revisit":
        try:
            place = capture.refers_to and originals.find_place(capture.refers_to)
            if not place:
                return _reading(Outcome.UNREADABLE, ORIGINAL_MISSING)
            # The original's headers too: they say how its body is encoded.
            block = originals.read_block(place)
        except (ArchiveError, OSError) as problem:
            return _reading(Outcome.UNREADABLE, f"the original of a revisit cannot be read: {problem}")
    return ReadingTask(
        block=block, message=capture.kind != "resource", url=capture.url, mime=capture.mime,
        status=capture.status or 200, discovery=discovery, fetched_at=capture.fetched_at, layouts=layouts,
    )  # fmt: skip
