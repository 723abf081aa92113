"""Repair WARC files that a crash left open: truncate the torn tail, save the bytes cut off, and close the file.

NAME.warc.gz.open  -->  NAME.warc.gz                complete exchanges only
                        NAME.warc.gz.torn-OFFSET    the bytes that were cut off, if any

Only the end is cut. Damage with complete exchanges behind it stays, and `newsarchive verify` reports it.
"""

import hashlib
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from storage.errors import StorageError
from storage.places import Readable, WarcFile, warc_name
from storage.places.chain import Chain, ChainLink
from storage.places.digests import HashingReader
from storage.places.folder import lock_file, open_atomic, report_write_errors, sync_folder
from storage.warc.reader import belongs_to_file, ignore_damage, read_records


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairedFile:
    """Result of a repair."""

    name: str
    """Name of the closed file, also if it was deleted because no exchange was complete."""
    end: int
    """Bytes kept; 0 if no exchange was complete and the file was deleted."""
    cut_bytes: int
    """Bytes cut off the end."""
    torn_name: str | None
    """Name of the file with the bytes cut off; None if there are none."""

    def __str__(self) -> str:
        """Return a line for the log."""
        if self.cut_bytes:
            what = f"its last {self.cut_bytes} bytes were moved to {self.torn_name}"
            return f"{self.name} was left incomplete by a crash; {what}"
        if not self.end:
            return f"{self.name} was left empty by a crash and was deleted"
        return f"{self.name} was left open by a crash; it is complete and was closed"


def repair_file(path: Path, chain: Chain | None = None) -> RepairedFile | None:
    """Repair a file that was left open, and link it; None if a process is writing it, or it is gone.

    DiskFull or StorageError if the bytes cut off cannot be saved; the file is then unchanged.
    """
    with report_write_errors(path), suppress(FileNotFoundError), lock_file(path, os.O_RDWR) as fd:
        return None if fd is None else _repair(path, fd, chain)
    return None


def digest_records(file: Readable) -> list[bytes]:
    """Return the SHA-256 of each record of a file, as it is stored."""
    with file.open("rb") as raw:
        spans = [(each.place.offset, each.place.length) for each in read_records(file, on_damage=ignore_damage)]
        return [hashlib.sha256(raw.read(length)).digest() for offset, length in spans if raw.seek(offset) >= 0]


def measure_link(file: Path | WarcFile, reason: str, note: str = "", sha256: str | None = None) -> ChainLink:
    """Return a link for a file, which is read if its SHA-256 is not known."""
    size = file.size if isinstance(file, WarcFile) else file.stat().st_size
    records = "" if sha256 else hashlib.sha256(b"".join(digest_records(file))).hexdigest()
    sha256 = sha256 or HashingReader(file).size_and_sha256()[1]
    return ChainLink(reason=reason, file=warc_name(file), size=size, sha256=sha256, note=note, records=records)


def last_complete_end(path: Path) -> int:
    """Return the end of the last complete exchange of a file.

    The writer lists all records of an exchange in the capture's WARC-Concurrent-To, so a missing one is detected; a
    record that refers to a missing capture is detected too.
    """
    end = 0
    info: str | None = None
    waiting: set[str] = set()
    for record in read_records(path, on_damage=ignore_damage):
        if end == 0:
            info = record.id if record.type == "warcinfo" else record.get("WARC-Warcinfo-ID")
        elif not belongs_to_file(record, info):
            continue
        if record.type in ("response", "revisit"):
            waiting = {other.strip("<> ") for other in record.get_all("WARC-Concurrent-To")}
        elif record.get("WARC-Concurrent-To") is not None:
            if record.id not in waiting:
                continue
            waiting.discard(record.id)
        else:
            waiting = set()
        if not waiting:
            end = record.place.offset + record.place.length
    return end


def _repair(path: Path, fd: int, chain: Chain | None) -> RepairedFile:
    final = path.with_name(warc_name(path))
    if final.exists():
        raise StorageError.create("left-open-twice", path=path, name=final.name)
    end, size = last_complete_end(path), os.fstat(fd).st_size
    torn = None
    if end < size:
        torn = final.with_name(f"{final.name}.torn-{end}")
        with path.open("rb") as file, open_atomic(torn) as saved:
            file.seek(end)
            shutil.copyfileobj(file, saved)
        os.ftruncate(fd, end)
    os.fsync(fd)
    if end:
        if chain is not None:
            chain.append(measure_link(path, "crash", f"cut off: {size - end} bytes" if torn else ""))
        path.rename(final)
    else:
        path.unlink()
    sync_folder(path.parent)
    return RepairedFile(name=final.name, end=end, cut_bytes=size - end, torn_name=torn.name if torn else None)
