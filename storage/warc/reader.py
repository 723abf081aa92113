"""Read WARC files: record by record, by offset, or capture by capture with what is known of how each was found."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin

from storage.errors import BadRecord, TornRecord, WarcError
from storage.model import (
    Capture,
    CrawlRun,
    Discovery,
    RecordPlace,
    RefersTo,
    Site,
    UrlKind,
)
from storage.warc.members import members
from storage.warc.payload import Headers, entity, header, http_headers
from storage.warc.record import Record, parse_fields, parse_record, sha256

RUN_URI = "urn:newsarchive:crawl:"
KEPT_TYPES = frozenset({"response", "revisit", "resource"})

_FRACTION = re.compile(r"\.(\d{6})\d+")
_PROFILE = re.compile(r"/revisit/([a-z-]+)")
_OUR_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


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


def records(path: Path, start: int = 0) -> Iterator[Record]:
    """Yield the records of a file with one gzip member a record; TornRecord or BadRecord where it is damaged."""
    name = path.name.removesuffix(".open")
    with path.open("rb") as file:
        for member in members(file, name, start):
            yield parse_record(member.data, RecordPlace(warc=name, offset=member.offset, length=member.length))


def read_record(path: Path, offset: int) -> Record:
    """Return the record whose member begins at `offset`."""
    record = next(records(path, offset), None)
    if record is None:
        raise TornRecord(path.name, offset, "the file ends where a record should begin,")
    return record


def kept(path: Path, start: int = 0) -> Iterator[Kept | RunBegan | RunEnded]:
    """Yield what the index wants to know of a file, in its order.

    A capture waits for the metadata record written with it: the next capture or the end of the file ends the wait.
    """
    waiting: Kept | None = None
    run: str | None = None
    damage: WarcError | None = None
    read = records(path, start)
    while True:
        try:
            record = next(read, None)
        except WarcError as problem:
            record, damage = None, problem
        if record is None or record.type in KEPT_TYPES:
            if waiting:
                yield waiting
            waiting = _kept(record, run) if record else None
        elif waiting and record.type == "metadata" and _is_of(record, waiting):
            waiting = Kept(capture=waiting.capture, discovery=discovery_of(record), block=waiting.block)
        elif (event := _event(record)) is not None:
            run = event.run.id
            if waiting:
                yield waiting
            waiting = None
            yield event
        if damage:
            raise damage
        if record is None:
            return


def _is_of(record: Record, waiting: Kept) -> bool:
    named = (record.get("WARC-Concurrent-To") or record.get("WARC-Refers-To") or "").strip("<> ")
    return named == waiting.capture.record_id and b"site: " in record.block


def _event(record: Record) -> RunBegan | RunEnded | None:
    if record.type == "warcinfo" and b"newsarchive-run: " in record.block:
        return RunBegan(run=_run(record))
    if record.type == "metadata" and record.uri.startswith(RUN_URI):
        return RunEnded(run=_run(record))
    return None


def _kept(record: Record, run: str | None) -> Kept | None:
    capture = capture_of(record, run)
    return Kept(capture=capture, discovery=None, block=record.block) if capture else None


def capture_of(record: Record, run: str | None = None) -> Capture | None:
    """Return the capture that a record holds; None for records of other schemes than http (dns:, ftp:, urn:)."""
    date = record.get("WARC-Date") or ""
    if not record.uri.startswith(("http://", "https://")):
        return None
    http = record.type != "resource" and "http" in (record.get("Content-Type") or "application/http")
    status, headers = http_headers(record.block) if http else (None, ())
    body = b"" if record.type == "revisit" else (entity(record.block) if http else record.block)
    location = header(headers, "Location") if status and 300 <= status < 400 else None
    return Capture(
        url=record.uri,
        record_id=record.id,
        place=record.place,
        kind=record.type if http else "resource",
        fetched_at=parse_date(date, record),
        date=date,
        status=status,
        mime=_mime(header(headers, "Content-Type") if http else record.get("Content-Type")),
        payload_digest=_payload_digest(record, body),
        payload_size=len(body),
        truncated=record.get("WARC-Truncated") if record.type != "revisit" else None,
        refers_to=_refers_to(record),
        profile=_profile(record),
        redirect_url=_absolute(record.uri, location),
        crawl=run,
        etag=header(headers, "ETag"),
        last_modified=header(headers, "Last-Modified"),
    )


def parse_date(text: str, record: Record) -> datetime:
    """Parse WARC-Date: W3C's profile of ISO 8601, UTC, any number of fraction digits (WARC 1.1, 5.4)."""
    try:
        at = datetime.fromisoformat(_FRACTION.sub(r".\1", text.strip()))
    except ValueError:
        raise BadRecord(record.place.warc, record.place.offset, f"a record with WARC-Date {text!r} stands") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _payload_digest(record: Record, body: bytes) -> str | None:
    given = record.get("WARC-Payload-Digest")
    if record.type == "revisit" or (given and _OUR_DIGEST.fullmatch(given)):
        return given
    # Other tools hash with SHA-1, or over the chunk framing: one digest for all makes equal payloads meet.
    return sha256(body) if body else None


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


def _absolute(base: str, location: str | None) -> str | None:
    if not location:
        return None
    try:
        return urljoin(base, location).partition("#")[0]
    except ValueError:
        return None


def discovery_of(record: Record) -> Discovery | None:
    """Return how a URL was found, from the metadata record beside its capture."""
    fields = dict(parse_fields(record.block))
    try:
        return Discovery(
            site=fields["site"],
            kind=UrlKind(fields["kind"]),
            via=fields.get("via"),
            via_kind=UrlKind(fields["viaKind"]) if "viaKind" in fields else None,
            title=fields.get("title"),
            published=datetime.fromisoformat(fields["published"]) if "published" in fields else None,
            anchor=fields.get("anchor"),
        )
    except (KeyError, ValueError):
        return None


def _run(record: Record) -> CrawlRun:
    fields: Headers = parse_fields(record.block)
    finished = header(fields, "finished")
    try:
        return CrawlRun(
            id=header(fields, "newsarchive-run") or "",
            sites=tuple(_site(value) for key, value in fields if key == "newsarchive-site"),
            started_at=datetime.fromisoformat(header(fields, "started") or ""),
            finished_at=datetime.fromisoformat(finished) if finished else None,
            outcome=header(fields, "outcome"),
            counters=json.loads(header(fields, "counters") or "{}"),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise BadRecord(
            record.place.warc, record.place.offset, f"a run that cannot be read ({problem}) stands"
        ) from None


def _site(text: str) -> Site:
    told = json.loads(text)
    return Site(name=told["name"], url=told["url"], hosts=tuple(told["hosts"]))
