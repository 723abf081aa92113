"""The records that one exchange becomes: response or revisit, request, and how the URL was found."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from storage.model import Capture, Discovery, Exchange, RecordPlace, RefersTo
from storage.warc.payload import Headers, header, http_headers, interim_end, is_chunked, split_message, without_chunks
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
)

PROFILE = "http://netpreserve.org/warc/1.1/revisit/"
_NOWHERE = RecordPlace(warc="", offset=0, length=0)


class Originals(Protocol):
    """Which records a revisit may stand for (see writer.Originals)."""

    def by_digest(self, payload_digest: str) -> RefersTo | None:
        """Return a response with that payload, or None."""
        ...

    def by_url(self, url: str) -> RefersTo | None:
        """Return the latest whole 200 response of that URL, or None."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An exchange as gzip members, the capture first."""

    members: tuple[bytes, ...]
    record: Record
    """The response or revisit, as a reader of the file will see it."""

    def capture(self, place: RecordPlace, run: str) -> Capture:
        """Return the capture, now that its place is known."""
        found = capture_of(self.record, run)
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


def group(exchange: Exchange, originals: Originals, new_id: Callable[[], str], info_id: str) -> Group:
    """Make the records of one exchange."""
    answer = _answer(exchange.response)
    ids = [f"<{new_id()}>" for _ in range(3 if exchange.discovery else 2)]
    own = _Fields(exchange, info_id, ids)
    type_, fields, block = _capture_record(exchange, answer, originals, own)
    capture = member(type_, fields, block, dense=not header(answer.headers, "Content-Encoding"))
    made = [capture, member("request", own.request(), exchange.request)]
    if exchange.discovery:
        found = warc_fields(_discovery(exchange.discovery))
        made.append(member("metadata", own.metadata(found), found))
    record = Record(
        place=_NOWHERE,
        type=type_,
        headers=tuple((name, value) for name, value in fields if value is not None),
        block=block,
    )
    return Group(members=tuple(made), record=record)


def _answer(response: bytes) -> _Answer:
    # Interim responses (103 Early Hints) are left out: readers of WARC files take the first status line for the answer.
    block = response[interim_end(response) :]
    status, headers = http_headers(block)
    _, body = split_message(block)
    return _Answer(
        block=block, headers=headers, status=status, body=without_chunks(body) if is_chunked(headers) else body
    )


def _capture_record(
    exchange: Exchange, answer: _Answer, originals: Originals, own: "_Fields"
) -> tuple[str, tuple[tuple[str, str | None], ...], bytes]:
    digest = sha256(answer.body)
    whole = exchange.truncated is None and answer.status is not None
    if whole and answer.status == 304 and (original := originals.by_url(exchange.url)):
        return "revisit", own.revisit("server-not-modified", original, None, answer.block, cut=False), answer.block
    if whole and answer.body and (original := originals.by_digest(digest)):
        head, _ = split_message(answer.block)
        return "revisit", own.revisit("identical-payload-digest", original, digest, head, cut=True), head
    return "response", own.response(answer.block, digest), answer.block


class _Fields:
    """The header fields of the records of one exchange (WARC 1.1, clause 5)."""

    def __init__(self, exchange: Exchange, info_id: str, ids: list[str]) -> None:
        self._exchange = exchange
        self._ids = ids
        self._date = warc_date(exchange.started_at)
        self._info = f"<{info_id}>"

    def response(self, block: bytes, digest: str) -> tuple[tuple[str, str | None], ...]:
        return (
            *self._capture(),
            ("WARC-Truncated", self._exchange.truncated),
            ("WARC-Block-Digest", sha256(block)),
            ("WARC-Payload-Digest", digest),
            ("Content-Type", HTTP_RESPONSE),
        )

    def revisit(
        self, profile: str, original: RefersTo, digest: str | None, block: bytes, *, cut: bool
    ) -> tuple[tuple[str, str | None], ...]:
        return (
            *self._capture(),
            ("WARC-Profile", PROFILE + profile),
            ("WARC-Refers-To", f"<{original.record_id}>" if original.record_id else None),
            ("WARC-Refers-To-Target-URI", original.url),
            ("WARC-Refers-To-Date", original.date),
            ("WARC-Truncated", "length" if cut else None),
            ("WARC-Block-Digest", sha256(block)),
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


def _discovery(discovery: Discovery) -> Fields:
    yield "site", discovery.site
    yield "kind", discovery.kind.value
    yield "via", discovery.via
    yield "viaKind", discovery.via_kind.value if discovery.via_kind else None
    yield "title", discovery.title
    yield "published", discovery.published.isoformat() if discovery.published else None
    yield "anchor", discovery.anchor
