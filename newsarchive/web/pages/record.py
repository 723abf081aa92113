"""/record/17: one WARC record as stored, with its digests recomputed."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from fastapi import APIRouter, Response

from newsarchive.export.withheld_records import WITHHELD_BYTES, names_withheld
from newsarchive.extract.content_credentials import describe_credentials
from newsarchive.extract.decode import decode
from newsarchive.maintenance.rfc3161 import find_tokens
from newsarchive.web.context import Context, RequestContext
from storage.errors import BucketRefused, BucketUnreachable, PayloadError, StorageError, WarcError
from storage.index.queries import articles, cdx, timeline
from storage.index.views.articles import CaptureView
from storage.places import WarcFile
from storage.warc.check import matches_digest
from storage.warc.payload import decode_line, decode_payload, parse_http_headers, parse_message, split_message
from storage.warc.reader import is_http, read_record, read_records
from storage.warc.record import Record

router = APIRouter()

PREVIEW_SIZE = 2_048
"""Bytes of a block that are shown."""
MAX_HEADERS_SIZE = 30_000
MAX_PAYLOAD_SIZE = 64_000_000
"""Maximum payload that is read and verified during a request."""
_MAGIC = re.compile(rb"\x1f\x8b|\x89PNG|\xff\xd8\xff|GIF8|RIFF|%PDF|PK\x03\x04|wOF")
MAX_COMPANIONS = 4
"""Records after a capture that may be its request or metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDigest:
    """A digest of a record, and the result of verifying it."""

    of: str
    named: str
    agrees: bool | None
    """None if it cannot be verified: the payload is in another record, or the algorithm is unknown."""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """A record as shown on the page."""

    headers: tuple[tuple[str, str], ...]
    message: str
    """HTTP start line and headers as sent; "" if the block is not HTTP."""
    size: int
    """Size of the block in bytes."""
    body_size: int
    digests: tuple[RecordDigest, ...]
    head: str
    """Hex dump of the beginning of the body."""
    text: str
    """Beginning of the decoded body if it is text, else ""."""
    is_cut: bool
    credentials: str
    """Content Credentials of a picture, in words."""


@router.get("/record/{capture_id}")
def record(context: Context, capture_id: int) -> Response:
    """Return the page of a capture's record."""
    capture = context.find(articles.get_capture, capture_id, what="capture with this id.")
    original = context.index.ask(articles.get_capture, capture.refers_to_id) if capture.refers_to_id else None
    view, companions, problem = _load_records(context, capture, original)
    place = (capture.url, capture.fetched_at, capture.record_id)
    return context.render(
        "record.html", capture=capture, view=view, companions=companions, problem=problem,
        tokens=find_tokens(context.archive.config, capture.place.warc),
        before=context.index.ask(timeline.find_adjacent_capture, *place, later=False),
        after=context.index.ask(timeline.find_adjacent_capture, *place, later=True), original=original,
    )  # fmt: skip


def _load_records(
    context: RequestContext, capture: CaptureView, original: CaptureView | None
) -> tuple[RecordView | None, tuple[tuple[str, RecordView], ...], str]:
    if capture.payload_size > MAX_PAYLOAD_SIZE:
        return None, (), "The record is too large to be read during a request."
    line = context.index.ask(cdx.get_cdx_line, capture.id)
    try:
        if line is None or names_withheld(context.index, context.archive.places, line):
            return None, (), WITHHELD_BYTES
        path = context.archive.places.file(capture.place.warc)
        found = read_record(path, capture.place.offset)
        companions = tuple(_read_companions(path, found)) if found.type != "resource" else ()
        if context.index.exclude:
            companions = tuple(each for each in companions if each[0] != "metadata")  # names the page it was found on
        source = None
        if original and original.kind == "response" and original.payload_size <= MAX_PAYLOAD_SIZE:
            with suppress(WarcError, StorageError, OSError):
                source = read_record(context.archive.places.file(original.place.warc), original.place.offset)
        return _view_record(found, source), companions, ""
    except (BucketUnreachable, BucketRefused):
        return None, (), "The record cannot be read now: its bucket does not answer. Try again later."
    except (WarcError, StorageError, OSError) as problem:
        what = problem.what if isinstance(problem, WarcError) else "the file cannot be read"
        remedy = "The archive's owner can list damage with: newsarchive verify"
        return None, (), f"The record cannot be read: {what}. {remedy}"


def _read_companions(path: WarcFile, found: Record) -> Iterator[tuple[str, RecordView]]:
    """Yield the request and metadata records that follow a capture."""
    behind = found.place.offset + found.place.length
    # The following records are not part of this capture; `verify` reports damage.
    with suppress(WarcError, StorageError, OSError):
        for each in islice(read_records(path, behind), MAX_COMPANIONS):
            named = (each.get("WARC-Concurrent-To") or each.get("WARC-Refers-To") or "").strip("<> ")
            if named != found.id or each.type not in ("request", "metadata"):
                break
            yield each.type, _view_record(each)


def _view_record(found: Record, original: Record | None = None) -> RecordView:
    http = found.type != "resource" and is_http(found)
    head, body = split_message(found.block) if http else (b"", found.block)
    shown, payload = body[:PREVIEW_SIZE], b""
    with suppress(PayloadError):
        payload = decode_payload(found.block, MAX_PAYLOAD_SIZE) if http else found.block
    # More than is shown is decoded, since the end may split a character.
    start, sent = payload[: 4 * PREVIEW_SIZE], parse_http_headers(found.block)[1] if http else ()
    return RecordView(
        headers=found.headers,
        message="\n".join(map(decode_line, head[:MAX_HEADERS_SIZE].split(b"\n"))).strip(),
        size=len(found.block),
        body_size=len(body),
        digests=tuple(_check_digests(found, original, http=http)),
        head=hex_dump(shown),
        text="" if b"\0" in start or _MAGIC.match(start) else decode(start, sent)[:PREVIEW_SIZE],
        is_cut=len(body) > PREVIEW_SIZE,
        credentials=describe_credentials(payload),
    )


def _check_digests(found: Record, original: Record | None, *, http: bool) -> Iterator[RecordDigest]:
    if block := found.get("WARC-Block-Digest"):
        yield RecordDigest(of="block", named=block, agrees=matches_digest(block, found.block))
    if payload := found.get("WARC-Payload-Digest"):
        is_revisit, agrees, remark = found.type == "revisit", None, ""
        source = original if is_revisit else found
        if source is not None:
            entity = parse_message(source.block).body if is_revisit or http else source.block
            agrees = matches_digest(payload, entity)
        if is_revisit:
            remark = "payload of the original"
        elif agrees is False and http and matches_digest(payload, split_message(found.block)[1]):
            agrees, remark = True, "over the stored body including chunked transfer coding"
        yield RecordDigest(of="payload", named=payload, agrees=agrees, remark=remark)


def hex_dump(data: bytes) -> str:
    """Return a hex dump: offsets, hexadecimal digits, printable characters.

    >>> print(hex_dump(b"<html>"))
    00000000  3c 68 74 6d 6c 3e                                <html>
    """
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{at:08x}  {row.hex(' '):<48} {text}")
    return "\n".join(lines)
