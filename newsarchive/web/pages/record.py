"""/record/17: one record of a WARC file, as it lies there, its digests computed while the page is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from fastapi import APIRouter, HTTPException, Response

from newsarchive.web.addresses import in_path
from newsarchive.web.door import AtDoor, Door
from newsarchive.web.holdings import warc_path
from newsarchive.web.pages.look import stamp
from newsarchive.web.snapshot.hexadecimal import dump
from storage.errors import WarcError
from storage.index.views import CaptureView
from storage.warc.check import matches
from storage.warc.payload import entity_of, http_headers, split_message
from storage.warc.reader import is_http, read_record, records
from storage.warc.record import Record

router = APIRouter(include_in_schema=False)

HEAD = 2_048
"""Bytes of a block that are shown."""
LONGEST_HEADERS = 30_000
MOST_BYTES = 64_000_000
"""Of a payload that is read to be checked while somebody waits."""
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
    is_cut: bool


@router.get("/record/{capture_id}")
def record(door: AtDoor, capture_id: int) -> Response:
    """One capture's record."""
    capture = door.index.capture(capture_id)
    if capture is None:
        raise HTTPException(404, "The archive has no record of that number.")
    path = warc_path(door.archive.warc_folder, capture.place.warc)
    look, companions, problem = _read(path, capture)
    return door.page(
        "record.html",
        capture=capture,
        look=look,
        companions=companions,
        problem=problem,
        before=_id_at(door, capture, later=False),
        after=_id_at(door, capture, later=True),
        original=door.index.capture(capture.refers_to_id) if capture.refers_to_id else None,
        here=f"/web/{stamp(capture.fetched_at)}/{in_path(capture.url)}",
        raw=f"/web/{stamp(capture.fetched_at)}id_/{in_path(capture.url)}",
    )


def _id_at(door: Door, capture: CaptureView, *, later: bool) -> int | None:
    """The capture of the same page before or after one."""
    return door.index.neighbour(capture.url, capture.fetched_at, capture.record_id, later=later)


def _read(path: Path, capture: CaptureView) -> tuple[Look | None, tuple[tuple[str, Look], ...], str]:
    if capture.payload_size > MOST_BYTES:
        return None, (), "The record is too large to be read while somebody waits."
    try:
        found = read_record(path, capture.place.offset)
        companions = _companions(path, found) if found.type != "resource" else ()
        return _look(found), companions, ""
    except (WarcError, OSError) as problem:
        what = problem.what if isinstance(problem, WarcError) else "the file cannot be read"
        return None, (), f"The record cannot be read: {what}. The archive's owner sees more with: newsarchive verify"


def _companions(path: Path, found: Record) -> tuple[tuple[str, Look], ...]:
    """The request and the metadata that were written with a capture, behind it."""
    behind = found.place.offset + found.place.length
    shown: list[tuple[str, Look]] = []
    try:
        for each in islice(records(path, behind), COMPANIONS):
            named = (each.get("WARC-Concurrent-To") or each.get("WARC-Refers-To") or "").strip("<> ")
            if named != found.id or each.type not in ("request", "metadata"):
                break
            shown.append((each.type, _look(each)))
    except (WarcError, OSError):
        pass  # What stands behind this record is none of its own; `verify` tells of damage.
    return tuple(shown)


def _look(found: Record) -> Look:
    http = found.type != "resource" and is_http(found)
    head, body = split_message(found.block) if http else (b"", found.block)
    shown = body[:HEAD]
    return Look(
        headers=found.headers,
        message=head[:LONGEST_HEADERS].decode("utf-8", "replace").strip(),
        size=len(found.block),
        body_size=len(body),
        digests=tuple(_digests(found, http=http)),
        head=dump(shown),
        is_cut=len(body) > HEAD,
    )


def _digests(found: Record, *, http: bool) -> Sequence[Digest]:
    told: list[Digest] = []
    block = found.get("WARC-Block-Digest")
    if block:
        told.append(Digest(of="block", named=block, agrees=matches(block, found.block)))
    payload = found.get("WARC-Payload-Digest")
    if payload and found.type == "revisit":
        told.append(Digest(of="payload", named=payload, agrees=None, remark="of the original's payload"))
    elif payload:
        entity = entity_of(found.block, http_headers(found.block)[1]) if http else found.block
        agrees, remark = matches(payload, entity), ""
        if agrees is False and http and matches(payload, split_message(found.block)[1]):
            agrees, remark = True, "over the body as stored, chunk framing included"
        told.append(Digest(of="payload", named=payload, agrees=agrees, remark=remark))
    return told
