"""Check a WARC file: framing, lengths, both digests, gzip trailers, torn tail, records that belong together.

Whatever `gzip -t` finds is found here, and the records behind damage are checked all the same. The payload digest is
taken over the entity, as WARC 1.1 (5.9) has it; where a foreign file has it over the body as stored, that is noted, and
is no damage.
"""

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass, field
from typing import BinaryIO

from storage.errors import BadRecord, StorageError, WarcError
from storage.places.hashing_reader import Measured
from storage.places.readable import Readable, warc_name
from storage.warc.payload import entity, split_message
from storage.warc.provenance import OURS
from storage.warc.reader import is_capture, is_http, parse_date, records_in
from storage.warc.record import END, Record
from storage.warc.writer import PREFIX


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


def check_file(path: Readable) -> FileReport:
    """Check one file from end to end. Never raises: a file that cannot be read is reported like any damage.

    Memory stays that of its largest record.
    """
    report = FileReport(name=warc_name(path), size=0)
    measured = Measured(path)
    try:
        with measured.open() as file:
            report.size = file.seek(0, os.SEEK_END)
            _check(file, report)
        report.sha256 = measured.measure()[1]
    except (OSError, StorageError) as problem:
        why = problem.strerror or problem if isinstance(problem, OSError) else problem
        what = f"the file cannot be read ({why})"
        report.problems.append(Problem(offset=0, what=what))
    return report


def _check(file: BinaryIO, report: FileReport) -> None:
    ties = _Ties(is_ours=report.name.startswith(PREFIX))
    for record in records_in(file, report.name, 0, lambda damage: _damaged(damage, report)):
        report.records += 1
        _check_record(record, report)
        if ties.has(record.id):
            _add(report.problems, record, "a record id that stood before in this file")
        ties.take(record)
    _check_record_needs(ties, report)
    if not report.records:
        report.problems.append(Problem(offset=0, what="no record at all"))


def _damaged(damage: WarcError, report: FileReport) -> None:
    report.problems.append(Problem(offset=damage.offset, what=damage.what))


class _Ties:
    """Which records are there, and which are named by others. In files of ours nobody names what is not there."""

    def __init__(self, *, is_ours: bool) -> None:
        self._ids: set[str] = set()
        self._named: dict[str, Record] = {}
        self.is_ours = is_ours
        self.nameless: list[Problem] = []
        """Records that lack a field that WARC wants, and that can be read all the same."""

    def has(self, record_id: str) -> bool:
        """Tell whether a record of that id stood before."""
        return record_id in self._ids

    def take(self, record: Record) -> None:
        """Note a record."""
        self._ids.add(record.id)
        self.is_ours = self.is_ours or (record.type == "warcinfo" and OURS in record.block)
        bare = Record(place=record.place, type=record.type, headers=record.headers, block=b"")
        for name in (*record.get_all("WARC-Concurrent-To"), *record.get_all("WARC-Warcinfo-ID")):
            self._named.setdefault(name.strip("<> "), bare)
        for needed in ("WARC-Record-ID", "WARC-Date"):
            if record.get(needed) is None:
                _add(self.nameless, record, f"a record without {needed}")

    def broken(self) -> list[Problem]:
        """Return what is named and is not there."""
        lost: list[Problem] = []
        for name, record in self._named.items():
            if name not in self._ids:
                _add(lost, record, f"a record whose companion <{name}> is not in the file")
        return lost


def _check_record_needs(ties: _Ties, report: FileReport) -> None:
    if ties.is_ours:
        report.problems += ties.broken() + ties.nameless
    else:
        # Other tools leave fields out, and companions in other files: that is how they are, and no damage.
        report.notes += ties.nameless


def _check_record(record: Record, report: FileReport) -> None:
    if record.tail != END:
        _add(report.problems, record, "a record that does not end with two line ends")
    if not record.type:
        _add(report.problems, record, "a record without WARC-Type")
    block_digest = record.get("WARC-Block-Digest")
    if block_digest and matches(block_digest, record.block) is False:
        _add(report.problems, record, "a block that is not what its digest says")
    _check_payload(record, report)
    if is_capture(record):
        _check_capture(record, report)


def _check_payload(record: Record, report: FileReport) -> None:
    digest = record.get("WARC-Payload-Digest")
    # A revisit's is that of the record it stands for (WARC 1.1, 6.7.2).
    if not digest or record.type == "revisit":
        return
    http = is_http(record)
    payload = entity(record.block) if http else record.block
    if matches(digest, payload) is not False:
        return
    if http and matches(digest, split_message(record.block)[1]):
        _add(report.notes, record, "a payload digest over the body as stored, chunk framing included")
    else:
        _add(report.problems, record, "a payload that is not what its digest says")


def _check_capture(record: Record, report: FileReport) -> None:
    try:
        parse_date(record)
    except BadRecord as problem:
        _add(report.problems, record, problem.what)
        return
    place = record.place
    report.captures.append(CheckedCapture(offset=place.offset, length=place.length, record_id=record.id))


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
