"""From a capture to the reading that a worker makes of it, or to the one that needs no worker.

Status, truncation and revisits decide before anything is parsed; what is left becomes a `Task` for a worker process.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from newsarchive.version import EXTRACTOR
from storage.carried import carried
from storage.errors import ArchiveError
from storage.model import NOT_HELD, Capture, Discovery, Outcome, Reading, RecordPlace, RefersTo, UrlKind
from storage.warc.reader import Kept

if TYPE_CHECKING:
    from newsarchive.extract.site_layout import Layouts

# An answer with one of these may be a page for humans that says more than its number: a challenge, most often.
_WORTH_READING = frozenset({403, 429, 503})


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One payload to read, with all that a worker process needs to do it."""

    block: bytes
    """The record's block: an HTTP message, or for a resource record the payload alone."""
    message: bool
    """True where the block is an HTTP message."""
    url: str
    mime: str | None
    status: int
    discovery: Discovery
    fetched_at: datetime
    layouts: "Layouts | None" = None
    """How the site's pages are built, where the archive's owner says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRead:
    """A capture that was read apart from the index."""

    kept: Kept
    """Without its bytes."""
    discovery: Discovery
    """As which it was read."""
    reading: Reading | None
    """None for a revisit of what was captured under another URL: where that lies the index must say."""


class OriginalRecords(Protocol):
    """Where the record lies that a revisit stands for, and its bytes."""

    def place_of(self, refers_to: RefersTo) -> RecordPlace | None:
        """Return the place of the original; None where the archive does not hold it."""
        ...

    def block_at(self, place: RecordPlace) -> bytes:
        """Return that record's block."""
        ...


def at_once(kept: Kept) -> Reading | None:
    """Return the reading that follows from the record's header alone, or None where the payload must be read."""
    capture = kept.capture
    if kept.discovery is not None and kept.discovery.kind is UrlKind.PART:
        return _said(Outcome.ASSET, "part of a page that a browser drew")
    if capture.kind == "revisit":
        return _revisit(capture)
    if capture.kind == "resource":
        return None
    if capture.status is None:
        return _said(Outcome.ERROR, "no HTTP answer")
    return _by_status(capture, kept.discovery)


def extractor_with(layouts: "Layouts") -> str:
    """Return the version of the reading code together with what its owner says of a site's pages."""
    return f"{EXTRACTOR}+{hashlib.sha256(repr(layouts).encode()).hexdigest()[:8]}"


def _said(outcome: Outcome, reason: str) -> Reading:
    return Reading(outcome=outcome, reason=reason, extractor=EXTRACTOR)


def _revisit(capture: Capture) -> Reading | None:
    same_url = capture.refers_to is not None and capture.refers_to.url in (None, capture.url)
    if capture.profile == "server-not-modified" or capture.status == 304:
        return _said(Outcome.NOT_MODIFIED, "304: the server says nothing changed")
    if same_url:
        return _said(Outcome.NOT_MODIFIED, "the same bytes as an earlier capture")
    return None


def _by_status(capture: Capture, discovery: Discovery | None) -> Reading | None:
    status = capture.status or 0
    if 300 <= status < 400:
        return _elsewhere(capture, status)
    if status in (404, 410):
        return _said(Outcome.GONE, f"HTTP {status}")
    if status in _WORTH_READING and capture.payload_size:
        return None
    if not 200 <= status < 300:
        return _said(Outcome.ERROR, f"HTTP {status}")
    return _by_body(capture, discovery)


def _elsewhere(capture: Capture, status: int) -> Reading:
    if status == 304:
        return _said(Outcome.NOT_MODIFIED, "304: the server says nothing changed")
    if capture.redirect_url:
        return _said(Outcome.REDIRECT, f"{status} to {capture.redirect_url}")
    return _said(Outcome.ERROR, f"HTTP {status} without a Location")


def _by_body(capture: Capture, discovery: Discovery | None) -> Reading | None:
    if capture.truncated:
        # Half an article must not become a version of the whole one.
        return _said(Outcome.ERROR, f"cut short ({capture.truncated})")
    if not capture.payload_size:
        robots = discovery is not None and discovery.kind is UrlKind.ROBOTS
        return _said(Outcome.ROBOTS if robots else Outcome.EMPTY, "the answer has no body")
    return None


def task_for(
    kept: Kept, discovery: Discovery, originals: OriginalRecords, layouts: "Layouts | None" = None
) -> Task | Reading:
    """Return the work for a worker, or a reading where the original of a revisit cannot be had."""
    capture = kept.capture
    block = kept.block
    if capture.kind == "revisit":
        found = _original_block(capture, originals)
        if isinstance(found, Reading):
            return found
        # The original whole, head included: its body is coded as its own head says.
        block = found
    return Task(
        block=block,
        message=capture.kind != "resource",
        url=capture.url,
        mime=capture.mime,
        status=capture.status or 200,
        discovery=discovery,
        fetched_at=capture.fetched_at,
        layouts=layouts,
    )


def _original_block(capture: Capture, originals: OriginalRecords) -> bytes | Reading:
    try:
        place = capture.refers_to and originals.place_of(capture.refers_to)
        if not place:
            return _said(Outcome.UNREADABLE, NOT_HELD)
        return originals.block_at(place)
    except (ArchiveError, OSError) as problem:
        return _said(Outcome.UNREADABLE, f"the original of a revisit cannot be read: {problem}")
