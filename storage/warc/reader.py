"""Read WARC files: record by record, by offset, or capture by capture with what is known of how each was found."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import BinaryIO

from storage.errors import BadRecord, TornRecord, WarcError
from storage.model import Capture, CrawlRun, Discovery, RecordPlace, RefersTo
from storage.places.readable import Readable, warc_name
from storage.references import resolved
from storage.warc.members import members, next_member
from storage.warc.payload import Message, entity_of, http_headers
from storage.warc.provenance import RUN_URI, discovery_of, run_of
from storage.warc.record import Headers, Record, header, parse_record, sha256
from storage.warc.uncompressed import is_plain, next_plain, plain_records

KEPT_TYPES = frozenset({"response", "revisit", "resource"})

_PROFILE = re.compile(r"/revisit/([a-z-]+)")
_OUR_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,18})", re.IGNORECASE | re.ASCII)
_NEVER_FRESH = re.compile(r"(?:^|[\s,])no-(?:cache|store)\b", re.IGNORECASE)
_YEAR_MONTH = re.compile(r"(\d{4})(?:-(\d\d))?")

Damage = Callable[[WarcError], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A capture as a file holds it: the record, and how its URL was found where a metadata record says so."""

    capture: Capture
    discovery: Discovery | None
    block: bytes
    """An HTTP message; for a resource record the payload alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBegan:
    """The warcinfo record of one of our own files."""

    run: CrawlRun


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """The metadata record that ends a run."""

    run: CrawlRun


def records(path: Readable, start: int = 0, damage: Damage | None = None) -> Iterator[Record]:
    """Yield the records of a file with one gzip member a record, or of one that is not compressed.

    TornRecord or BadRecord where it is damaged; with `damage` that is told instead, and what is whole behind follows.
    """
    with path.open("rb") as file:
        yield from records_in(file, warc_name(path), start, damage)


def records_in(file: BinaryIO, name: str, start: int, damage: Damage | None) -> Iterator[Record]:
    """Yield the records of a file that is open already, as `records` does."""
    plain = is_plain(file)
    begin: int | None = start
    while begin is not None:
        at, begin = begin, None
        try:
            yield from plain_records(file, name, at) if plain else _member_records(file, name, at, damage)
        except WarcError as problem:
            _tell(problem, damage)
            begin = (next_plain if plain else next_member)(file, problem.offset + 1)


def _member_records(file: BinaryIO, name: str, start: int, damage: Damage | None) -> Iterator[Record]:
    for member in members(file, name, start):
        place = RecordPlace(warc=name, offset=member.offset, length=member.length)
        try:
            record = parse_record(member.data, place)
        except BadRecord as problem:
            _tell(problem, damage)
        else:
            yield record


def passed_over(problem: WarcError) -> None:
    """Tell nobody of damage."""


def _tell(problem: WarcError, damage: Damage | None) -> None:
    if damage is None:
        raise problem
    damage(problem)


def read_record(path: Readable, offset: int) -> Record:
    """Return the record whose member begins at `offset`."""
    record = next(records(path, offset), None)
    if record is None:
        raise TornRecord(path.name, offset, "the file ends where a record should begin,")
    return record


def kept(path: Readable, start: int = 0) -> Iterator[Kept | RunBegan | RunEnded]:
    """Yield what the index wants to know of a file, in its order.

    A capture waits for the metadata record written with it: the next capture or the end of the file ends the wait.
    Wherever `start` is, the run that the file's own warcinfo record names is told first. What stands behind damage is
    yielded too; the first damage is raised at the end.
    """
    damage: list[WarcError] = []
    waiting: Kept | None = None
    for told in _told(path, start, damage):
        if isinstance(told, Record):
            if waiting and _is_of(told, waiting):
                waiting = replace(waiting, discovery=discovery_of(told))
            continue
        if waiting:
            yield waiting
        waiting = told if isinstance(told, Kept) else None
        if not isinstance(told, Kept):
            yield told
    if waiting:
        yield waiting
    if damage:
        raise damage[0]


def _told(path: Readable, start: int, damage: list[WarcError]) -> Iterator[Kept | RunBegan | RunEnded | Record]:
    """Yield what each record tells; metadata records as they are."""
    run: str | None = None
    info: str | None = None
    for record in _with_warcinfo(path, start, damage):
        if damage and info and not is_of_file(record, info):
            continue
        try:
            told = _meaning(record, run)
        except BadRecord as problem:
            damage.append(problem)
            continue
        if record.type == "warcinfo":
            run, info = (told.run.id, record.id) if isinstance(told, RunBegan) else (None, None)
        if told:
            yield told


def _meaning(record: Record, run: str | None) -> Kept | RunBegan | RunEnded | Record | None:
    if record.type in KEPT_TYPES:
        capture = capture_of(record, run)
        return Kept(capture=capture, discovery=None, block=record.block) if capture else None
    if record.type == "warcinfo":
        began = run_of(record)
        return RunBegan(run=began) if began else None
    if record.type == "metadata" and record.uri.startswith(RUN_URI):
        ended = run_of(record)
        return RunEnded(run=ended) if ended else None
    return record if record.type == "metadata" else None


def _with_warcinfo(path: Readable, start: int, damage: list[WarcError]) -> Iterator[Record]:
    if start:
        first = next(records(path, 0, damage=passed_over), None)
        if first and first.type == "warcinfo" and first.place.offset < start:
            yield first
    yield from records(path, start, damage.append)


def is_of_file(record: Record, info: str | None) -> bool:
    """Tell whether a record is of the file that a warcinfo record begins.

    A page may be a WARC file itself: where its own record is damaged, those that it holds come to light. They are not
    ours.
    """
    return (record.get("WARC-Warcinfo-ID") or "").strip("<> ") == (info or "").strip("<> ")


def _is_of(record: Record, waiting: Kept) -> bool:
    if record.type != "metadata" or b"site: " not in record.block:
        return False
    named = record.get("WARC-Concurrent-To") or record.get("WARC-Refers-To") or ""
    return named.strip("<> ") == waiting.capture.record_id


def is_capture(record: Record) -> bool:
    """Tell whether a record is a capture: no dns:, ftp: or urn: record is one, nor a request."""
    return record.type in KEPT_TYPES and record.uri[:8].lower().startswith(("http://", "https://"))


def capture_of(record: Record, run: str | None = None, message: Message | None = None) -> Capture | None:
    """Return the capture that a record holds, or None. BadRecord where its WARC-Date is missing or none.

    `message` is what its block says, where that has been parsed before.
    """
    if not is_capture(record):
        return None
    http = record.type != "resource" and is_http(record)
    said = message or _message(record, http=http)
    status, headers = said.status, said.headers
    body = b"" if record.type == "revisit" else said.body
    return Capture(
        url=record.uri,
        record_id=record.id,
        place=record.place,
        kind=record.type if http else "resource",
        fetched_at=parse_date(record),
        date=record.get("WARC-Date") or "",
        status=status,
        mime=_mime(header(headers, "Content-Type") if http else record.get("Content-Type")),
        payload_digest=_payload_digest(record, body, is_ours=run is not None),
        payload_size=len(body),
        truncated=_truncated(record),
        refers_to=_refers_to(record),
        profile=_profile(record),
        redirect_url=redirect_of(record.uri, status, headers),
        crawl=run,
        etag=header(headers, "ETag"),
        last_modified=header(headers, "Last-Modified"),
        max_age=_max_age(header(headers, "Cache-Control")),
    )


def _message(record: Record, *, http: bool) -> Message:
    if not http:
        return Message(status=None, headers=(), body=record.block)
    status, headers = http_headers(record.block)
    body = b"" if record.type == "revisit" else entity_of(record.block, headers)
    return Message(status=status, headers=headers, body=body)


def _max_age(control: str | None) -> int | None:
    """Seconds of Cache-Control's max-age; 0 where the answer is not to be used again unasked."""
    if not control:
        return None
    if _NEVER_FRESH.search(control):
        return 0
    found = _MAX_AGE.search(control)
    return min(int(found[1]), 10**9) if found else None


def is_http(record: Record) -> bool:
    """Tell whether a record's block is an HTTP message."""
    return (record.get("Content-Type") or "application/http").lower().startswith("application/http")


def parse_date(record: Record) -> datetime:
    """Parse WARC-Date: W3C's profile of ISO 8601, UTC, as exact as the tool had it (WARC 1.1, 5.4)."""
    text = (record.get("WARC-Date") or "").strip()
    short = _YEAR_MONTH.fullmatch(text)
    try:
        at = datetime.fromisoformat(f"{short[1]}-{short[2] or '01'}-01" if short else text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRecord(record.place.warc, record.place.offset, f"a record with WARC-Date {text!r} stands") from None


def _payload_digest(record: Record, body: bytes, *, is_ours: bool) -> str | None:
    given = record.get("WARC-Payload-Digest")
    if record.type == "revisit" or (is_ours and given and _OUR_DIGEST.fullmatch(given)):
        return given
    # Other tools hash with SHA-1, or over the chunk framing, or wrongly: one digest for all makes equal payloads meet,
    # and a false one would let a later page be dropped as seen before.
    return sha256(body) if body else None


def _truncated(record: Record) -> str | None:
    if record.type == "revisit":
        return None  # only its payload is left out, as it should be
    # The first segment of a record that goes on in `continuation` records (WARC 1.1, 7): a part, for our purposes.
    return record.get("WARC-Truncated") or ("unspecified" if record.get("WARC-Segment-Number") else None)


def _refers_to(record: Record) -> RefersTo | None:
    if record.type != "revisit":
        return None
    return RefersTo(
        record_id=(record.get("WARC-Refers-To") or "").strip("<> ") or None,
        url=(record.get("WARC-Refers-To-Target-URI") or "").strip("<> ") or None,
        date=record.get("WARC-Refers-To-Date"),
    )


def _profile(record: Record) -> str | None:
    found = _PROFILE.search(record.get("WARC-Profile") or "")
    return found[1] if found else None


def _mime(content_type: str | None) -> str | None:
    return (content_type or "").partition(";")[0].strip().lower() or None


def redirect_of(url: str, status: int | None, headers: Headers) -> str | None:
    """Return where an answer sends on to, absolute and without fragment; None where it sends nobody on.

    >>> redirect_of("https://news.example/a", 302, (("Location", "/b#c"),))
    'https://news.example/b'
    >>> redirect_of("https://news.example/a", 302, (("Location", "http://[b/"),)) is None
    True
    """
    location = header(headers, "Location")
    if status is None or not 300 <= status < 400 or status == 304 or not location:
        return None
    try:
        return resolved(url, location).partition("#")[0]
    except ValueError:
        return None
