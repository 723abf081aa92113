"""Build the WARC records of a capture.

    HTTP exchange    response or revisit, request, metadata (provenance of the URL)
    rendered page    resource (the markup), metadata (provenance, browser)

The records of a group refer to each other by WARC-Concurrent-To. A rendered page is a resource (WARC 1.1, 6.4), since
no server sent these bytes; the responses that the browser received are exchanges of kind "part".
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from storage.model import Capture, Exchange, RecordPlace, RefersTo, RenderedPage
from storage.warc.gzip_members import MAX_RECORD_SIZE
from storage.warc.payload import HttpMessage, final_response_start, parse_message, split_message
from storage.warc.provenance import discovery_fields
from storage.warc.reader import to_capture
from storage.warc.record import (
    HTTP_REQUEST,
    HTTP_RESPONSE,
    WARC_FIELDS,
    Fields,
    Record,
    build_member,
    clean_fields,
    format_fields,
    header,
    sha256,
    warc_date,
)

HTML = "text/html; charset=utf-8"
PROFILE = "http://netpreserve.org/warc/1.1/revisit/"
MIN_REVISIT_PAYLOAD = 256
"""Smallest payload for which a revisit saves space; a smaller one is stored again."""
MAX_RESPONSE = MAX_RECORD_SIZE - (1 << 20)
"""Largest response that a reader accepts; a longer one is truncated (WARC-Truncated)."""
_NOWHERE = RecordPlace(warc="", offset=0, length=0)


class Originals(Protocol):
    """Lookup of the originals of revisits: complete, committed records that are not revisits."""

    def find_original_by_digest(self, payload_digest: str) -> RefersTo | None:
        """Return a complete 200 response with that payload, or None."""

    def find_original_by_url(self, url: str) -> RefersTo | None:
        """Return the record that holds the payload of the newest 200 response of that URL, or None.

        If that response is a revisit, this is its original, not the newest `response` record: texts may come back.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordGroup:
    """The records of a capture as gzip members, the capture's own record first."""

    members: tuple[bytes, ...]
    record: Record
    """The capture's record, as a reader of the file will parse it."""
    message: HttpMessage | None = None
    """Its block, parsed; None for a rendered page."""

    def capture(self, place: RecordPlace, run: str) -> Capture:
        """Return the capture, given the location of its record."""
        if (found := to_capture(self.record, run, self.message)) is None:
            raise ValueError(f"not an http URL: {self.record.uri}")
        return replace(found, place=place)


def build_records(exchange: Exchange, originals: Originals, new_id: Callable[[], str], info_id: str) -> RecordGroup:
    """Build the records of one exchange."""
    # Interim responses (103 Early Hints) are dropped: readers of WARC files take the first status line they see.
    whole, truncated = exchange.response[final_response_start(exchange.response) :], exchange.truncated or None
    if len(whole) > MAX_RESPONSE:
        whole, truncated = whole[:MAX_RESPONSE], truncated or "length"
    message = parse_message(whole)
    own = _Fields(exchange, info_id, [f"<{new_id()}>" for _ in range(3 if exchange.discovery else 2)])
    type_, fields, block = _capture_record(whole, message, truncated, originals, own)
    capture = build_member(type_, fields, block, is_text=not header(message.headers, "Content-Encoding"))
    members = [capture, build_member("request", own.request(exchange), exchange.request)]
    if exchange.discovery:
        found = format_fields(discovery_fields(exchange.discovery))
        members.append(build_member("metadata", own.metadata(found), found))
    record = Record(place=_NOWHERE, type=type_, headers=clean_fields(fields), block=block)
    return RecordGroup(members=tuple(members), record=record, message=message)


def build_rendered_records(page: RenderedPage, new_id: Callable[[], str], info_id: str) -> RecordGroup:
    """Build the records of a rendered page."""
    own = _Fields(page, info_id, [f"<{new_id()}>", f"<{new_id()}>"])
    digest = sha256(page.response)
    digests = (("WARC-Block-Digest", digest), ("WARC-Payload-Digest", digest))
    fields: Fields = (*own.capture(), *digests, ("Content-Type", HTML))
    metadata = format_fields([*discovery_fields(page.discovery), ("rendered-by", page.browser)])
    members = (
        build_member("resource", fields, page.response, is_text=True),
        build_member("metadata", own.metadata(metadata), metadata),
    )
    record = Record(place=_NOWHERE, type="resource", headers=clean_fields(fields), block=page.response)
    return RecordGroup(members=members, record=record)


def _capture_record(
    block: bytes, message: HttpMessage, truncated: str | None, originals: Originals, own: "_Fields"
) -> tuple[str, Fields, bytes]:
    """Return type, fields and block of the record; the block of a revisit is cut to its head."""
    digest = sha256(message.body)
    if truncated is None and message.status is not None:
        if message.status == 304 and (original := originals.find_original_by_url(own.url)):
            fields = own.revisit("server-not-modified", original, original.payload_digest, block, is_cut=False)
            return "revisit", fields, block
        # Only for 200: a revisit is replayed as its original, and an error must not be replayed as an article.
        if (
            message.status == 200
            and len(message.body) >= MIN_REVISIT_PAYLOAD
            and (original := originals.find_original_by_digest(digest))
        ):
            head, _ = split_message(block)
            return "revisit", own.revisit("identical-payload-digest", original, digest, head, is_cut=True), head
    return "response", own.response(block, truncated, digest), block


class _Fields:
    """The header fields of the records of one capture (WARC 1.1, clause 5)."""

    def __init__(self, given: Exchange | RenderedPage, info_id: str, ids: list[str]) -> None:
        self.url = given.url
        self._given = given
        self._ids = ids
        self._date = warc_date(given.started_at)
        self._info = f"<{info_id}>"

    def response(self, block: bytes, truncated: str | None, digest: str | None, of_revisit: Fields = ()) -> Fields:
        digests = (("WARC-Block-Digest", sha256(block)), ("WARC-Payload-Digest", digest))
        return (*self.capture(), *of_revisit, ("WARC-Truncated", truncated), *digests, ("Content-Type", HTTP_RESPONSE))

    def revisit(self, profile: str, original: RefersTo, digest: str | None, block: bytes, *, is_cut: bool) -> Fields:
        """Return the fields that replay tools use: URL and date (pywb), id, or digest (also for a 304)."""
        of_revisit = (
            ("WARC-Profile", PROFILE + profile),
            ("WARC-Refers-To", f"<{original.record_id}>" if original.record_id else None),
            ("WARC-Refers-To-Target-URI", original.url),
            ("WARC-Refers-To-Date", original.date),
        )
        return self.response(block, "length" if is_cut else None, digest, of_revisit)

    def request(self, exchange: Exchange) -> Fields:
        digest = ("WARC-Block-Digest", sha256(exchange.request))
        return (*self._concurrent(1), ("WARC-IP-Address", exchange.peer), digest, ("Content-Type", HTTP_REQUEST))

    def metadata(self, block: bytes) -> Fields:
        return (*self._concurrent(-1), ("WARC-Block-Digest", sha256(block)), ("Content-Type", WARC_FIELDS))

    def capture(self) -> tuple[tuple[str, str | None], ...]:
        common = self._concurrent(0, *self._ids[1:])
        if isinstance(self._given, RenderedPage):
            return common
        return (
            *common,
            ("WARC-IP-Address", self._given.peer),
            *(("WARC-Protocol", protocol) for protocol in self._given.protocols),
            ("WARC-Cipher-Suite", self._given.cipher),
        )

    def _concurrent(self, number: int, *others: str) -> tuple[tuple[str, str | None], ...]:
        """Return the fields of a record that refers to these others, by default to the capture's record."""
        return (
            ("WARC-Record-ID", self._ids[number]),
            ("WARC-Date", self._date),
            ("WARC-Target-URI", self.url),
            *(("WARC-Concurrent-To", other) for other in others or self._ids[:1]),
            ("WARC-Warcinfo-ID", self._info),
        )
