"""The records that one exchange becomes: response or revisit, request, and how the URL was found."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from storage.model import Capture, Exchange, RecordPlace, RefersTo
from storage.warc.members import LARGEST
from storage.warc.payload import Headers, Message, entity_of, header, http_headers, interim_end, split_message
from storage.warc.provenance import discovery_fields
from storage.warc.reader import capture_of
from storage.warc.record import (
    HTTP_REQUEST,
    HTTP_RESPONSE,
    WARC_FIELDS,
    Fields,
    Record,
    member,
    sha256,
    warc_date,
    warc_fields,
    written,
)

PROFILE = "http://netpreserve.org/warc/1.1/revisit/"
SMALLEST = 256
"""Bytes of a payload below which a revisit would take as much room as the payload itself: it is kept whole again."""
LONGEST = LARGEST - (1 << 20)
"""Bytes of an answer that a reader will still take; what is longer is cut, and said to be."""
_NOWHERE = RecordPlace(warc="", offset=0, length=0)


class Originals(Protocol):
    """Which records a revisit may stand for: whole, committed, and never another revisit."""

    def by_digest(self, payload_digest: str) -> RefersTo | None:
        """Return a whole 200 response with that payload, or None."""
        ...

    def by_url(self, url: str) -> RefersTo | None:
        """Return the response that holds what the newest 200 answer of that URL showed, or None.

        Where that answer was a revisit, this is the record it stands for, and not the newest response: a site may have
        gone back to an earlier text.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An exchange as gzip members, the capture first."""

    members: tuple[bytes, ...]
    record: Record
    """The response or revisit, as a reader of the file will see it."""
    message: Message | None = None
    """What its block says, where it was parsed before."""

    def capture(self, place: RecordPlace, run: str) -> Capture:
        """Return the capture, now that its place is known."""
        found = capture_of(self.record, run, self.message)
        if found is None:
            raise ValueError(f"not an http URL: {self.record.uri}")
        return replace(found, place=place)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What decides between response and revisit."""

    block: bytes
    headers: Headers
    status: int | None
    body: bytes
    """Entity: transfer coding undone."""
    truncated: str | None


def group(exchange: Exchange, originals: Originals, new_id: Callable[[], str], info_id: str) -> Group:
    """Make the records of one exchange."""
    answer = _answer(exchange)
    ids = [f"<{new_id()}>" for _ in range(3 if exchange.discovery else 2)]
    own = _Fields(exchange, answer, info_id, ids)
    type_, fields, block = _capture_record(exchange.url, answer, originals, own)
    capture = member(type_, fields, block, dense=not header(answer.headers, "Content-Encoding"))
    made = [capture, member("request", own.request(), exchange.request)]
    if exchange.discovery:
        found = warc_fields(discovery_fields(exchange.discovery))
        made.append(member("metadata", own.metadata(found), found))
    record = Record(place=_NOWHERE, type=type_, headers=written(fields), block=block)
    # A block that was cut short to its head says the same, but for the body.
    said = Message(status=answer.status, headers=answer.headers, body=answer.body)
    return Group(members=tuple(made), record=record, message=said)


def _answer(exchange: Exchange) -> _Answer:
    # Interim responses (103 Early Hints) are left out: readers of WARC files take the first status line for the answer.
    block = exchange.response[interim_end(exchange.response) :]
    truncated = exchange.truncated
    if len(block) > LONGEST:
        block, truncated = block[:LONGEST], truncated or "length"
    status, headers = http_headers(block)
    return _Answer(
        block=block, headers=headers, status=status, body=entity_of(block, headers), truncated=truncated or None
    )


def _capture_record(url: str, answer: _Answer, originals: Originals, own: "_Fields") -> tuple[str, Fields, bytes]:
    digest = sha256(answer.body)
    if answer.truncated is None and answer.status is not None:
        if answer.status == 304 and (original := originals.by_url(url)):
            return "revisit", own.revisit("server-not-modified", original, original.payload_digest), answer.block
        # Only for 200: a revisit shows what its original shows, and an error or a redirect never shows an article.
        if answer.status == 200 and len(answer.body) >= SMALLEST and (original := originals.by_digest(digest)):
            head, _ = split_message(answer.block)
            return "revisit", own.revisit("identical-payload-digest", original, digest, cut=head), head
    return "response", own.response(digest), answer.block


class _Fields:
    """The header fields of the records of one exchange (WARC 1.1, clause 5)."""

    def __init__(self, exchange: Exchange, answer: _Answer, info_id: str, ids: list[str]) -> None:
        self._exchange = exchange
        self._answer = answer
        self._ids = ids
        self._date = warc_date(exchange.started_at)
        self._info = f"<{info_id}>"

    def response(self, digest: str) -> Fields:
        return (
            *self._capture(),
            ("WARC-Truncated", self._answer.truncated),
            ("WARC-Block-Digest", sha256(self._answer.block)),
            ("WARC-Payload-Digest", digest),
            ("Content-Type", HTTP_RESPONSE),
        )

    def revisit(self, profile: str, original: RefersTo, digest: str | None, *, cut: bytes | None = None) -> Fields:
        """All that replay tools look for: pywb goes by URL and date, others by id, or by digest (also of a 304)."""
        return (
            *self._capture(),
            ("WARC-Profile", PROFILE + profile),
            ("WARC-Refers-To", f"<{original.record_id}>" if original.record_id else None),
            ("WARC-Refers-To-Target-URI", original.url),
            ("WARC-Refers-To-Date", original.date),
            ("WARC-Truncated", None if cut is None else "length"),
            ("WARC-Block-Digest", sha256(self._answer.block if cut is None else cut)),
            ("WARC-Payload-Digest", digest),
            ("Content-Type", HTTP_RESPONSE),
        )

    def request(self) -> Fields:
        return (
            *self._concurrent(1),
            ("WARC-IP-Address", self._exchange.peer),
            ("WARC-Block-Digest", sha256(self._exchange.request)),
            ("Content-Type", HTTP_REQUEST),
        )

    def metadata(self, block: bytes) -> Fields:
        return (*self._concurrent(2), ("WARC-Block-Digest", sha256(block)), ("Content-Type", WARC_FIELDS))

    def _capture(self) -> tuple[tuple[str, str | None], ...]:
        exchange = self._exchange
        return (
            ("WARC-Record-ID", self._ids[0]),
            ("WARC-Date", self._date),
            ("WARC-Target-URI", exchange.url),
            *(("WARC-Concurrent-To", other) for other in self._ids[1:]),
            ("WARC-Warcinfo-ID", self._info),
            ("WARC-IP-Address", exchange.peer),
            *(("WARC-Protocol", protocol) for protocol in exchange.protocols),
            ("WARC-Cipher-Suite", exchange.cipher),
        )

    def _concurrent(self, number: int) -> tuple[tuple[str, str | None], ...]:
        return (
            ("WARC-Record-ID", self._ids[number]),
            ("WARC-Date", self._date),
            ("WARC-Target-URI", self._exchange.url),
            ("WARC-Concurrent-To", self._ids[0]),
            ("WARC-Warcinfo-ID", self._info),
        )
