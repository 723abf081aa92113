"""/record/17: one record of a WARC file, as it lies there, its digests computed while the page is made."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from fastapi import APIRouter, HTTPException, Response

from newsarchive.extract.decode import decode
from newsarchive.web.context import AtDoor, Door
from newsarchive.web.snapshot.hexdump import dump
from newsarchive.web.timestamps import stamp
from newsarchive.web.wb_url import in_path
from storage.errors import BucketRefused, BucketUnreachable, PayloadError, StorageError, WarcError
from storage.index.views.articles import CaptureView
from storage.places import WarcFile
from storage.warc.check import matches
from storage.warc.payload import decoded, entity_of, http_headers, split_message
from storage.warc.reader import is_http, read_record, records
from storage.warc.record import Record

router = APIRouter(include_in_schema=False)

HEAD = 2_048
"""Bytes of a block that are shown."""
LONGEST_HEADERS = 30_000
MOST_BYTES = 64_000_000
"""Of a payload that is read to be checked while somebody waits."""
_MAGIC = re.compile(rb"\x1f\x8b|\x89PNG|\xff\xd8\xff|GIF8|RIFF|%PDF|PK\x03\x04|wOF")
COMPANIONS = 4
"""Records behind a capture's that may be its request or metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A digest that a record names, and what its bytes say."""

    of: str
    named: str
    agrees: bool | None
    """None where it cannot be told: another record's payload, or an algorithm that is not known here."""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A record as it is shown."""

    headers: tuple[tuple[str, str], ...]
    message: str
    """Start line and headers of HTTP, as sent; "" where the block is no HTTP."""
    size: int
    """Of the block, in bytes."""
    body_size: int
    digests: tuple[Digest, ...]
    head: str
    """The first bytes of the body, in hexadecimal and as text."""
    text: str
    """The beginning of the body with codings undone, where that reads as text; else ""."""
    is_cut: bool


@router.get("/record/{capture_id}")
def record(door: AtDoor, capture_id: int) -> Response:
    """One capture's record."""
    capture = door.index.capture(capture_id)
    if capture is None:
        raise HTTPException(404, "The archive has no record of that number.")
    original = door.index.capture(capture.refers_to_id) if capture.refers_to_id else None
    look, companions, problem = _read(door, capture, original)
    return door.page(
        "record.html",
        capture=capture,
        look=look,
        companions=companions,
        problem=problem,
        before=_id_at(door, capture, later=False),
        after=_id_at(door, capture, later=True),
        original=original,
        here=f"/web/{stamp(capture.fetched_at)}/{in_path(capture.url)}",
        raw=f"/web/{stamp(capture.fetched_at)}id_/{in_path(capture.url)}",
    )


def _id_at(door: Door, capture: CaptureView, *, later: bool) -> int | None:
    """The capture of the same page before or after one."""
    return door.index.neighbour(capture.url, capture.fetched_at, capture.record_id, later=later)


def _read(
    door: Door, capture: CaptureView, original: CaptureView | None
) -> tuple[Look | None, tuple[tuple[str, Look], ...], str]:
    if capture.payload_size > MOST_BYTES:
        return None, (), "The record is too large to be read while somebody waits."
    try:
        path = door.archive.places.file(capture.place.warc)
        found = read_record(path, capture.place.offset)
        companions = _companions(path, found) if found.type != "resource" else ()
        return _look(found, _stored(door, original)), companions, ""
    except (BucketUnreachable, BucketRefused):
        return None, (), "The record cannot be read now: the bucket in which it lies does not answer. Try again later."
    except (WarcError, StorageError, OSError) as problem:
        what = problem.what if isinstance(problem, WarcError) else "the file cannot be read"
        return None, (), f"The record cannot be read: {what}. The archive's owner sees more with: newsarchive verify"


def _stored(door: Door, original: CaptureView | None) -> Record | None:
    """The original's record; None where it cannot be read now."""
    if original is None or original.kind != "response" or original.payload_size > MOST_BYTES:
        return None
    with suppress(WarcError, StorageError, OSError):
        return read_record(door.archive.places.file(original.place.warc), original.place.offset)
    return None


def _companions(path: WarcFile, found: Record) -> tuple[tuple[str, Look], ...]:
    """The request and the metadata that were written with a capture, behind it."""
    behind = found.place.offset + found.place.length
    shown: list[tuple[str, Look]] = []
    try:
        for each in islice(records(path, behind), COMPANIONS):
            named = (each.get("WARC-Concurrent-To") or each.get("WARC-Refers-To") or "").strip("<> ")
            if named != found.id or each.type not in ("request", "metadata"):
                break
            shown.append((each.type, _look(each)))
    except (WarcError, StorageError, OSError):
        pass  # What stands behind this record is none of its own; `verify` tells of damage.
    return tuple(shown)


def _look(found: Record, original: Record | None = None) -> Look:
    http = found.type != "resource" and is_http(found)
    head, body = split_message(found.block) if http else (b"", found.block)
    shown = body[:HEAD]
    return Look(
        headers=found.headers,
        message=_readable(head[:LONGEST_HEADERS]),
        size=len(found.block),
        body_size=len(body),
        digests=tuple(_digests(found, original, http=http)),
        head=dump(shown),
        text=_text(found.block, http=http)[:HEAD],
        is_cut=len(body) > HEAD,
    )


def _readable(head: bytes) -> str:
    """The head of a message, each of its lines in UTF-8; what is none is Latin-1, as HTTP has it (RFC 9110, 5.5).

    >>> _readable("X-Editor: Jürgen".encode("latin-1")), _readable("X-Editor: Jürgen".encode())
    ('X-Editor: Jürgen', 'X-Editor: Jürgen')
    """
    return "\n".join(_line(line) for line in head.split(b"\n")).strip()


def _line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _text(block: bytes, *, http: bool) -> str:
    """The beginning of a body as people read it."""
    headers = http_headers(block)[1] if http else ()
    try:
        body = decoded(block, MOST_BYTES) if http else block
    except PayloadError:
        return ""
    # A character may be cut in two at the end: more than is shown is decoded.
    start = body[: 4 * HEAD]
    return "" if b"\0" in start or _MAGIC.match(start) else decode(start, headers)


def _digests(found: Record, original: Record | None, *, http: bool) -> Sequence[Digest]:
    told: list[Digest] = []
    block = found.get("WARC-Block-Digest")
    if block:
        told.append(Digest(of="block", named=block, agrees=matches(block, found.block)))
    payload = found.get("WARC-Payload-Digest")
    if payload and found.type == "revisit":
        agrees = (
            None if original is None else matches(payload, entity_of(original.block, http_headers(original.block)[1]))
        )
        told.append(Digest(of="payload", named=payload, agrees=agrees, remark="of the original's payload"))
    elif payload:
        entity = entity_of(found.block, http_headers(found.block)[1]) if http else found.block
        agrees, remark = matches(payload, entity), ""
        if agrees is False and http and matches(payload, split_message(found.block)[1]):
            agrees, remark = True, "over the body as stored, chunk framing included"
        told.append(Digest(of="payload", named=payload, agrees=agrees, remark=remark))
    return told
