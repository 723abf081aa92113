"""Check a WARC file: framing, lengths, both digests, gzip trailers, torn tail.

Whatever `gzip -t` finds is found here, and the records behind damage are checked all the same. The payload digest is
taken over the entity, as WARC 1.1 (5.9) has it; where a foreign file has it over the body as stored, that is noted, and
is no damage.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from storage.errors import BadRecord, TornRecord, WarcError
from storage.model import RecordPlace
from storage.warc.members import CHUNK, MAGIC, members
from storage.warc.payload import entity, split_message
from storage.warc.reader import KEPT_TYPES, capture_of
from storage.warc.record import END, Record, parse_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a file."""

    offset: int
    what: str
    record_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCapture:
    """A capture that the file holds, for holding the index against it."""

    offset: int
    length: int
    record_id: str


@dataclass(slots=True, kw_only=True)
class FileReport:
    """What a check found. The file is sound where `problems` is empty."""

    name: str
    size: int
    records: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    """What is unusual and no damage."""
    captures: list[CheckedCapture] = field(default_factory=list)
    sha256: str = ""
    """Of the whole file, 64 hexadecimal digits."""


def check_file(path: Path) -> FileReport:
    """Check one file from end to end. Memory stays that of its largest record."""
    name = path.name.removesuffix(".open")
    report = FileReport(name=name, size=path.stat().st_size)
    seen: set[str] = set()
    with path.open("rb") as file:
        for record in _records(file, name, report):
            report.records += 1
            _check_record(record, report)
            if record.id in seen:
                _add(report.problems, record, "a record id that stood before in this file")
            seen.add(record.id)
        file.seek(0)
        report.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if not report.records:
        report.problems.append(Problem(offset=0, what="no record at all"))
    return report


def _records(file: BinaryIO, name: str, report: FileReport) -> Iterator[Record]:
    """Yield what can be read; note damage, and go on behind it."""
    start: int | None = 0
    while start is not None:
        at = start
        start = None
        try:
            for member in members(file, name, at):
                at = member.offset + member.length
                place = RecordPlace(warc=name, offset=member.offset, length=member.length)
                try:
                    yield parse_record(member.data, place)
                except BadRecord as problem:
                    report.problems.append(Problem(offset=member.offset, what=problem.what))
        except (TornRecord, BadRecord) as problem:
            report.problems.append(Problem(offset=problem.offset, what=problem.what))
            start = next_member(file, problem.offset + 1)


def next_member(file: BinaryIO, start: int) -> int | None:
    """Return where, from `start` on, a gzip member begins that holds a WARC record; None where none does."""
    file.seek(start)
    base, window = start, b""
    while piece := file.read(CHUNK):
        window += piece
        at = window.find(MAGIC)
        while at >= 0:
            here = base + at
            if _begins_record(file, here):
                return here
            at = window.find(MAGIC, at + 1)
        keep = len(MAGIC) - 1
        base += len(window) - keep
        window = window[-keep:]
        file.seek(base + len(window))
    return None


def _begins_record(file: BinaryIO, offset: int) -> bool:
    try:
        member = next(members(file, "", offset), None)
    except WarcError:
        return False
    return member is not None and member.data.startswith(b"WARC/")


def _check_record(record: Record, report: FileReport) -> None:
    if record.tail != END:
        _add(report.problems, record, "a record that does not end with two line ends")
    for needed in ("WARC-Type", "WARC-Record-ID", "WARC-Date"):
        if record.get(needed) is None:
            _add(report.problems, record, f"a record without {needed}")
    block_digest = record.get("WARC-Block-Digest")
    if block_digest and matches(block_digest, record.block) is False:
        _add(report.problems, record, "a block that is not what its digest says")
    _check_payload(record, report)
    if record.type in KEPT_TYPES:
        _note_capture(record, report)


def _check_payload(record: Record, report: FileReport) -> None:
    digest = record.get("WARC-Payload-Digest")
    # A revisit's is that of the record it stands for (WARC 1.1, 6.7.2).
    if not digest or record.type == "revisit":
        return
    http = "application/http" in (record.get("Content-Type") or "")
    payload = entity(record.block) if http else record.block
    if matches(digest, payload) is not False:
        return
    if http and matches(digest, split_message(record.block)[1]):
        _add(report.notes, record, "a payload digest over the body as stored, chunk framing included")
    else:
        _add(report.problems, record, "a payload that is not what its digest says")


def _note_capture(record: Record, report: FileReport) -> None:
    try:
        capture = capture_of(record)
    except BadRecord as problem:
        _add(report.problems, record, problem.what)
        return
    if capture:
        place = record.place
        report.captures.append(CheckedCapture(offset=place.offset, length=place.length, record_id=capture.record_id))


def matches(labelled: str, data: bytes) -> bool | None:
    """Tell whether a labelled digest is that of `data`, in Base16 or Base32; None for an algorithm not known here.

    >>> matches("sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ", b"")
    True
    """
    label, _, value = labelled.strip().partition(":")
    algorithm = label.lower().replace("-", "")
    if algorithm not in ("md5", "sha1", "sha256", "sha384", "sha512"):
        return None
    digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    return _bytes_of(value, len(digest)) == digest


def _bytes_of(value: str, size: int) -> bytes | None:
    try:
        if len(value) == 2 * size:
            return bytes.fromhex(value)
        return base64.b32decode(value.upper() + "=" * (-len(value) % 8))
    except (ValueError, binascii.Error):
        return None


def _add(to: list[Problem], record: Record, what: str) -> None:
    to.append(Problem(offset=record.place.offset, what=what, record_id=record.id))
