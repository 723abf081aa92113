"""Read WARC files: all records, a record by its offset, or all captures with their provenance."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import BinaryIO

from storage.article_fields import asks_noarchive
from storage.errors import BadRecord, TornRecord, WarcError
from storage.model import Capture, CrawlRun, Discovery, RefersTo
from storage.places.file_names import Readable, warc_name
from storage.urls import resolve_url
from storage.warc.gzip_members import find_member, read_members
from storage.warc.payload import HttpMessage, parse_message
from storage.warc.provenance import RUN_URI, parse_discovery, parse_run
from storage.warc.record import Headers, Record, header, parse_record, sha256
from storage.warc.spider_output import SpiderOutput, parse_output
from storage.warc.uncompressed import find_uncompressed, is_uncompressed, read_uncompressed

CAPTURE_TYPES = frozenset({"response", "revisit", "resource"})

_PROFILE = re.compile(r"/revisit/([a-z-]+)")
_OUR_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,18})", re.IGNORECASE | re.ASCII)
_NEVER_FRESH = re.compile(r"(?:^|[\s,])no-(?:cache|store)\b", re.IGNORECASE)
_YEAR_MONTH = re.compile(r"(\d{4})(?:-(\d\d))?")

OnDamage = Callable[[WarcError], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRecord:
    """A capture with its block, and its provenance if a metadata record has it."""

    capture: Capture
    discovery: Discovery | None
    block: bytes
    """An HTTP message; for a resource record the payload."""
    output: SpiderOutput | None = None
    """Output of the site's own spider for it; None if no metadata record has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The warcinfo record of one of our own files."""

    run: CrawlRun


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """The metadata record that ends a run."""

    run: CrawlRun


def raise_damage(problem: WarcError) -> None:
    """Raise damage."""
    raise problem


def ignore_damage(problem: WarcError) -> None:
    """Ignore damage."""


def read_records(path: Readable, start: int = 0, on_damage: OnDamage = raise_damage) -> Iterator[Record]:
    """Yield the records of a file that has one gzip member per record, or is not compressed.

    TornRecord or BadRecord at damage; if `on_damage` does not raise it, the records behind follow.
    """
    with path.open("rb") as file:
        yield from read_open_file(file, warc_name(path), start, on_damage)


def read_open_file(file: BinaryIO, name: str, start: int, on_damage: OnDamage) -> Iterator[Record]:
    """Yield the records of an open file, as `read_records` does."""
    plain = is_uncompressed(file)
    begin: int | None = start
    while begin is not None:
        at, begin = begin, None
        try:
            yield from read_uncompressed(file, name, at) if plain else _member_records(file, name, at, on_damage)
        except WarcError as problem:
            on_damage(problem)
            begin = (find_uncompressed if plain else find_member)(file, problem.offset + 1)


def _member_records(file: BinaryIO, name: str, start: int, on_damage: OnDamage) -> Iterator[Record]:
    for place, data in read_members(file, name, start):
        try:
            record = parse_record(data, place)
        except BadRecord as problem:
            on_damage(problem)
        else:
            yield record


def read_record(path: Readable, offset: int) -> Record:
    """Return the record at an offset."""
    if (record := next(read_records(path, offset), None)) is None:
        raise TornRecord(path.name, offset, "the file ends where a record should begin")
    return record


def read_captures(path: Readable, start: int = 0) -> Iterator[CaptureRecord | RunStarted | RunEnded]:
    """Yield the captures and the run records of a file, in order.

    A capture is yielded after the metadata record written with it, if there is one. With a `start` other than 0 the
    run of the file's warcinfo record is yielded first. Records behind damage are yielded too; the first damage is
    raised at the end.
    """
    damage: list[WarcError] = []
    waiting: CaptureRecord | None = None
    for item in _interpret_records(path, start, damage):
        if isinstance(item, Record):
            named = item.get("WARC-Concurrent-To") or item.get("WARC-Refers-To") or ""
            if waiting is None or named.strip("<> ") != waiting.capture.record_id:
                continue
            if item.block.startswith(b"newsarchive-spider: "):
                # In a file that another tool wrote, it would be a claim that nothing bears out.
                waiting = replace(waiting, output=parse_output(item) if waiting.capture.crawl else None)
            elif b"site: " in item.block:
                waiting = replace(waiting, discovery=parse_discovery(item))
            continue
        if waiting:
            yield waiting
        waiting = item if isinstance(item, CaptureRecord) else None
        if not isinstance(item, CaptureRecord):
            yield item
    if waiting:
        yield waiting
    if damage:
        raise damage[0]


def _interpret_records(
    path: Readable, start: int, damage: list[WarcError]
) -> Iterator[CaptureRecord | RunStarted | RunEnded | Record]:
    """Yield each record as a capture, run or metadata record."""
    run: str | None = None
    info: str | None = None
    records = read_records(path, start, damage.append)
    if start:
        first = next(read_records(path, 0, on_damage=ignore_damage), None)
        if first and first.type == "warcinfo" and first.place.offset < start:
            records = chain([first], records)
    for record in records:
        if damage and info and not belongs_to_file(record, info):
            continue
        try:
            item = _interpret_record(record, run)
        except BadRecord as problem:
            damage.append(problem)
            continue
        if record.type == "warcinfo":
            run, info = (item.run.id, record.id) if isinstance(item, RunStarted) else (None, None)
        if item:
            yield item


def _interpret_record(record: Record, run: str | None) -> CaptureRecord | RunStarted | RunEnded | Record | None:
    if record.type in CAPTURE_TYPES:
        capture = to_capture(record, run)
        return CaptureRecord(capture=capture, discovery=None, block=record.block) if capture else None
    if record.type == "warcinfo":
        began = parse_run(record)
        return RunStarted(run=began) if began else None
    if record.type == "metadata" and record.uri.startswith(RUN_URI):
        ended = parse_run(record)
        return RunEnded(run=ended) if ended else None
    return record if record.type == "metadata" else None


def belongs_to_file(record: Record, info: str | None) -> bool:
    """Return whether a record belongs to the file of a warcinfo record.

    A payload may be a WARC file itself: if its own record is damaged, the records inside it are found. They are not
    ours.
    """
    return (record.get("WARC-Warcinfo-ID") or "").strip("<> ") == (info or "").strip("<> ")


def is_capture(record: Record) -> bool:
    """Return whether a record is a capture: not a request, and not of a dns:, ftp: or urn: URI."""
    return record.type in CAPTURE_TYPES and record.uri[:8].lower().startswith(("http://", "https://"))


def to_capture(record: Record, run: str | None = None, message: HttpMessage | None = None) -> Capture | None:
    """Return the capture of a record, or None. BadRecord if its WARC-Date is missing or malformed.

    `message` is its block, if the caller has parsed it.
    """
    if not is_capture(record):
        return None
    http = record.type != "resource" and is_http(record)
    if message is None:
        message = parse_message(record.block) if http else HttpMessage(status=None, headers=(), body=record.block)
    status, headers = message.status, message.headers
    body = b"" if record.type == "revisit" else message.body
    content_type = header(headers, "Content-Type") if http else record.get("Content-Type")
    profile = _PROFILE.search(record.get("WARC-Profile") or "")
    # The first segment of a record that continues in `continuation` records (WARC 1.1, 7) is incomplete.
    truncated = record.get("WARC-Truncated") or ("unspecified" if record.get("WARC-Segment-Number") else None)
    refers_to = None
    if record.type == "revisit":
        original, url = ((record.get(f"WARC-Refers-To{of}") or "").strip("<> ") or None for of in ("", "-Target-URI"))
        refers_to = RefersTo(record_id=original, url=url, date=record.get("WARC-Refers-To-Date"))
    control = header(headers, "Cache-Control") or ""
    lifetime = _MAX_AGE.search(control)
    return Capture(
        url=record.uri,
        record_id=record.id,
        place=record.place,
        kind=record.type if http else "resource",
        fetched_at=parse_date(record),
        date=record.get("WARC-Date") or "",
        status=status,
        mime=(content_type or "").partition(";")[0].strip().lower() or None,
        payload_digest=_payload_digest(record, body, is_ours=run is not None),
        payload_size=len(body),
        truncated=None if record.type == "revisit" else truncated,  # only its payload is omitted, as is usual
        refers_to=refers_to,
        profile=profile[1] if profile else None,
        redirect_url=redirect_target(record.uri, status, headers),
        crawl=run,
        etag=header(headers, "ETag"),
        last_modified=header(headers, "Last-Modified"),
        max_age=0 if _NEVER_FRESH.search(control) else min(int(lifetime[1]), 10**9) if lifetime else None,
        noarchive=asks_noarchive(headers),
    )


def is_http(record: Record) -> bool:
    """Return whether a record's block is an HTTP message."""
    return (record.get("Content-Type") or "application/http").lower().startswith("application/http")


def parse_date(record: Record) -> datetime:
    """Parse WARC-Date: the W3C profile of ISO 8601, UTC, in any precision (WARC 1.1, 5.4)."""
    text = (record.get("WARC-Date") or "").strip()
    short = _YEAR_MONTH.fullmatch(text)
    try:
        at = datetime.fromisoformat(f"{short[1]}-{short[2] or '01'}-01" if short else text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRecord(record.place.warc, record.place.offset, f"record with WARC-Date {text!r}") from None


def _payload_digest(record: Record, body: bytes, *, is_ours: bool) -> str | None:
    given = record.get("WARC-Payload-Digest")
    if record.type == "revisit" or (is_ours and given and _OUR_DIGEST.fullmatch(given)):
        return given
    # Other tools use SHA-1, hash the chunk framing too, or hash wrongly: with one digest for all, equal payloads are
    # found, and a wrong digest cannot make a later page look like a duplicate.
    return sha256(body) if body else None


def redirect_target(url: str, status: int | None, headers: Headers) -> str | None:
    """Return the absolute target of a redirect without fragment; None if the response is not a redirect.

    >>> redirect_target("https://news.example/a", 302, (("Location", "/b#c"),))
    'https://news.example/b'
    >>> redirect_target("https://news.example/a", 302, (("Location", "http://[b/"),)) is None
    True
    """
    location = header(headers, "Location")
    if status is None or not 300 <= status < 400 or status == 304 or not location:
        return None
    try:
        return resolve_url(url, location).partition("#")[0]
    except ValueError:
        return None
