"""Check a WARC file: framing, lengths, both digests, gzip trailers, torn tail, references between records.

It finds all that `gzip -t` finds, and goes on behind damage. The payload digest is over the entity (WARC 1.1, 5.9); a
foreign file that has it over the body as stored gets a note, since that is not damage.
"""

import base64
import hashlib
import os
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from storage.errors import BadRecord, StorageError, WarcError
from storage.places.digests import HashingReader
from storage.places.file_names import Readable, warc_name
from storage.warc.payload import parse_message, split_message
from storage.warc.provenance import RUN_FIELD
from storage.warc.reader import is_capture, is_http, parse_date, read_open_file
from storage.warc.record import END, Record, header, parse_fields
from storage.warc.writer import HEAD_FIELD, PREFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcProblem:
    """One defect of a file."""

    offset: int
    what: str
    record_id: str | None = None


@dataclass(slots=True, kw_only=True)
class FileReport:
    """Result of a check. The file is intact if `problems` is empty."""

    name: str
    size: int
    records: int = 0
    problems: list[WarcProblem] = field(default_factory=list)
    notes: list[WarcProblem] = field(default_factory=list)
    """Unusual, but not damage."""
    captures: list[tuple[str, int]] = field(default_factory=list)
    """Record ids and offsets of the captures, to compare with the index."""
    sha256: str = ""
    """Of the file, 64 hexadecimal digits."""
    chain_head: str = ""
    """Head of the chain when the file was opened, of its first warcinfo; "" if it has none."""


def check_file(path: Readable) -> FileReport:
    """Check one file, in memory of its largest record. Never raises: a file that cannot be read is a problem too."""
    report = FileReport(name=warc_name(path), size=0)
    reader = HashingReader(path)
    try:
        with reader.open() as file:
            report.size = file.seek(0, os.SEEK_END)
            _check(file, report)
        report.sha256 = reader.size_and_sha256()[1]
    except (OSError, StorageError) as problem:
        why = problem.strerror or problem if isinstance(problem, OSError) else problem
        report.problems.append(WarcProblem(offset=0, what=f"the file cannot be read ({why})"))
    return report


def _check(file: BinaryIO, report: FileReport) -> None:
    is_ours = report.name.startswith(PREFIX)
    ids: set[str] = set()
    references: dict[str, Record] = {}
    """A record that refers to each of these ids."""
    missing: list[WarcProblem] = []
    """Records without a mandatory field that can be read nevertheless."""

    def add_damage(damage: WarcError) -> None:
        report.problems.append(WarcProblem(offset=damage.offset, what=damage.what))

    for record in read_open_file(file, report.name, 0, add_damage):
        report.records += 1
        if record.type == "warcinfo":
            is_ours = is_ours or RUN_FIELD in record.block
            if report.records == 1:
                report.chain_head = header(parse_fields(record.block), HEAD_FIELD) or ""
        _check_record(record, report)
        if record.id in ids:
            _add(report.problems, record, "duplicate record id")
        ids.add(record.id)
        bare = replace(record, block=b"")
        for name in (*record.get_all("WARC-Concurrent-To"), *record.get_all("WARC-Warcinfo-ID")):
            references.setdefault(name.strip("<> "), bare)
        for needed in ("WARC-Record-ID", "WARC-Date"):
            if record.get(needed) is None:
                _add(missing, record, f"record without {needed}")
    # Other tools omit fields and refer to records in other files: that is not damage.
    for name, record in references.items() if is_ours else ():
        if name not in ids:
            _add(report.problems, record, f"record that refers to <{name}>, which is not in the file")
    (report.problems if is_ours else report.notes).extend(missing)
    if not report.records:
        report.problems.append(WarcProblem(offset=0, what="no records"))


def _check_record(record: Record, report: FileReport) -> None:
    if record.tail != END:
        _add(report.problems, record, "record that does not end with two line ends")
    if not record.type:
        _add(report.problems, record, "record without WARC-Type")
    block_digest = record.get("WARC-Block-Digest")
    if block_digest and matches_digest(block_digest, record.block) is False:
        _add(report.problems, record, "block that does not match its digest")
    digest = record.get("WARC-Payload-Digest")
    # A revisit has the digest of its original (WARC 1.1, 6.7.2).
    if digest and record.type != "revisit":
        http = is_http(record)
        if matches_digest(digest, parse_message(record.block).body if http else record.block) is False:
            if http and matches_digest(digest, split_message(record.block)[1]):
                _add(report.notes, record, "payload digest over the body as stored, chunk framing included")
            else:
                _add(report.problems, record, "payload that does not match its digest")
    if is_capture(record):
        try:
            parse_date(record)
        except BadRecord as problem:
            _add(report.problems, record, problem.what)
        else:
            report.captures.append((record.id, record.place.offset))


def matches_digest(labelled: str, data: bytes) -> bool | None:
    """Return whether a labelled digest, in Base16 or Base32, is that of `data`; None for an unknown algorithm.

    >>> matches_digest("sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ", b"")
    True
    """
    label, _, value = labelled.strip().partition(":")
    algorithm = label.lower().replace("-", "")
    if algorithm not in ("md5", "sha1", "sha256", "sha384", "sha512"):
        return None
    digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    try:
        if len(value) == 2 * len(digest):
            return bytes.fromhex(value) == digest
        return base64.b32decode(value.upper() + "=" * (-len(value) % 8)) == digest
    except ValueError:
        return False


def _add(to: list[WarcProblem], record: Record, what: str) -> None:
    to.append(WarcProblem(offset=record.place.offset, what=what, record_id=record.id))
