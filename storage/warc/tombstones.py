"""Remove records from a WARC file. A tombstone of the same length takes their place: other records stay where they are.

response | request | metadata | next          before
tombstone, padded             | next          after: metadata record with the time, the reason, the URLs' digests
"""

import hashlib
import json
import shutil
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from storage.errors import BadRecord, BucketRefused, BucketUnreachable, FileMissing, WarcError
from storage.places import Places
from storage.places.chain import PREFIX, parse_chain
from storage.places.file_names import Readable
from storage.places.folder import open_atomic, write_atomic
from storage.urls import surt
from storage.warc.reader import read_records
from storage.warc.record import END, VERSION, WARC_FIELDS, Record, format_fields, new_record_id, parse_fields, warc_date
from storage.warc.uncompressed import is_uncompressed

LIST = "takedowns.jsonl"
"""File in the archive's folder: a line of JSON for each URL, or single record, that was taken down."""
REWRITTEN = ".takedown"
"""Suffix of a file that was written anew, until its link is in the chain."""
MARK = "takedown-of"
"""Field of a tombstone with the digest of a URL, or the id of a record that was removed alone."""
_SPARE = 400
"""Bytes that are padded in the gzip header, where any number fits; the rest is padded in the block."""

Span = tuple[int, int, tuple[str, ...]]
"""Begin and end of removed records, and the digests and ids by which their tombstone names them."""


def digest_url(url: str) -> str:
    """Return the digest by which tombstones name a URL, whatever its spelling."""
    return hashlib.sha256(surt(url).encode()).hexdigest()


def load_takedowns(folder: Path, places: Places, *, restores: bool = False) -> frozenset[str]:
    """Return what was taken down from the archive in a folder: digests of URLs, and ids of single records.

    If the list is missing, they are read from the tombstones of the files that a takedown has rewritten; if it
    `restores`, the list is written again.
    """
    found: set[str] = set()
    for file in () if (folder / LIST).exists() else _list_rewritten(places):
        with suppress(WarcError, FileMissing):  # `verify` reports it
            for record in read_records(places.file(file)):
                if record.type == "metadata" and record.block.startswith(MARK.encode()):
                    fields = parse_fields(record.block)
                    found.update(names := [value for field, value in fields if field == MARK])
                    if restores:
                        add_takedowns(folder, names, record.get("WARC-Date") or "", dict(fields).get("reason", ""))
    return _read_list(folder) | found


def _list_rewritten(places: Places) -> list[str]:
    """Return the files that a takedown has rewritten, by the chains in the folder, else by those in the bucket."""
    chains = filter(Path.is_file, places.folder.glob(f"{PREFIX}*"))
    lines = [line for path in chains for line in path.read_bytes().splitlines()]
    with suppress(BucketUnreachable, BucketRefused):
        lines = lines or [line for chain in places.load_chains() for line in chain.lines]
    # To parse a whole chain takes long.
    links = parse_chain("", b"".join(line + b"\n" for line in lines if b'"reason":"takedown"' in line)).links
    return sorted({link.file for link in links if link.file})


def _read_list(folder: Path) -> frozenset[str]:
    with suppress(FileNotFoundError):
        listed = [json.loads(line) for line in (folder / LIST).read_text("utf-8").splitlines() if line.strip()]
        return frozenset(each.get("url_sha256") or each["record"] for each in listed)
    return frozenset()


def add_takedowns(folder: Path, names: Iterable[str], at: str, reason: str) -> None:
    """Add digests of URLs, and ids of single records, to the list of what was taken down."""
    file, new = folder / LIST, sorted({*names} - _read_list(folder))
    before = file.read_text("utf-8") if file.exists() else ""
    lines = [json.dumps({"record" if ":" in name else "url_sha256": name, "at": at, "reason": reason}) for name in new]
    write_atomic(file, before + "".join(f"{line}\n" for line in lines), mode=0o640)


def find_spans(path: Readable, name_removed: Callable[[Record], str]) -> tuple[int, list[Span]]:
    """Return the number of records to remove, and where they are; adjacent ones together.

    `name_removed` returns the digest of the URL or the id by which a tombstone names a record; "" for one that stays.
    """
    spans: list[Span] = []
    count = 0
    for record in read_records(path):
        if not (name := name_removed(record)):
            continue
        count += 1
        begin, end = record.place.offset, record.place.offset + record.place.length
        if spans and spans[-1][1] == begin:
            spans[-1] = (spans[-1][0], end, tuple(dict.fromkeys((*spans[-1][2], name))))
        else:
            spans.append((begin, end, (name,)))
    return count, spans


def replace_spans(path: Path, spans: Sequence[Span], reason: str, now: datetime) -> Path:
    """Write the file anew beside itself with tombstones for these spans, and return its path."""
    written = path.with_name(path.name + REWRITTEN)
    with path.open("rb") as old, open_atomic(written, mode=path.stat().st_mode & 0o777) as new:
        if is_uncompressed(old):
            raise BadRecord(path.name, 0, "records can be removed from compressed files only; import the file first")
        old.seek(0)
        shutil.copyfileobj(old, new)
        for begin, end, names in spans:
            new.seek(begin)
            new.write(_build_tombstone(end - begin, names, reason, now))
    return written


def _build_tombstone(size: int, names: Sequence[str], reason: str, now: datetime) -> bytes:
    """Return a gzip member of exactly this many bytes. For a short one the reason is cut, then left out."""
    record_id, date = f"<{new_record_id()}>", warc_date(now)
    fields = (("WARC-Type", "metadata"), ("WARC-Record-ID", record_id), ("WARC-Date", date))
    for length in (len(reason), 40, 0, None):
        named = [(MARK, name) for name in names]
        text = b"" if length is None else format_fields([*named, ("reason", reason[:length] or None)])
        # What is padded in the block is stored in pieces of 65,535 bytes, each with a header of five.
        for padding in (0, max(0, size - len(text) - size // 13_000 - _SPARE - 300)):
            block = text + b"\n" * padding
            type_, size_ = WARC_FIELDS if block else None, str(len(block))
            head = format_fields([*fields, ("Content-Type", type_), ("Content-Length", size_)])
            member = zlib.compress(VERSION + head + b"\r\n" + block + END, 0 if padding else 9, wbits=31)
            gap = size - len(member)
            # The extra field of the gzip header (RFC 1952, 2.3.1.1) takes two bytes for its length, and up to 65,535.
            if 2 <= gap <= 65_537:
                extra = (gap - 2).to_bytes(2, "little") + bytes(gap - 2)
                return member[:3] + b"\x04" + member[4:10] + extra + member[10:]
    raise BadRecord("tombstone", 0, f"a record of {size} bytes is too short to be replaced")
