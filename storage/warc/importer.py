"""Import WARC files of other tools as files with one gzip member per record, blocks and headers unchanged.

    one member per record    members copied byte for byte
    one member for all       records compressed one by one
    not compressed           records compressed one by one
    .arc, .arc.gz            records converted to WARC
    .wacz                    its WARC files

Damaged records are left out and reported; the records around them are imported.
"""

import fcntl
import hashlib
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from storage.errors import StorageError
from storage.places.chain import Chain, ChainLink
from storage.places.folder import PART, is_same_file, report_write_errors, sync_folder
from storage.warc.arc import ArcSplitter
from storage.warc.byte_stream import READ_SIZE, BrokenStream, ByteStream, GzipByteStream
from storage.warc.framing import WARC_START, WarcSplitter
from storage.warc.gzip_members import MAGIC, find_member
from storage.warc.record import header, parse_fields
from storage.warc.tombstones import digest_url

_CHUNK = 1 << 20
_ARC = b"filedesc:"
_UNCOMPRESSED = re.compile(rb"\A%b|%b" % (_ARC, WARC_START.pattern))
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|.\x2a\x4d\x18", re.DOTALL)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_SUFFIX = re.compile(r"(\.w?arc)?(\.gz)?(\.open)?$", re.IGNORECASE)
_WACZ_MEMBER = re.compile(r"archive/.*\.w?arc(\.gz)?", re.IGNORECASE | re.DOTALL)
# Errors of zipfile: damage; an unknown method of compression, or a password (RuntimeError).
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile:
    """Result of importing one file."""

    source: str
    files: tuple[Path, ...] = ()
    """New files in the archive's folder; none if it had been imported before."""
    record_count: int = 0
    damage: tuple[str, ...] = ()
    """What could not be read, with file and offset."""
    already_imported: tuple[str, ...] = ()
    """Files of the archive that have this content already."""


@dataclass(slots=True)
class _Input:
    """A file that is being imported."""

    name: str
    source: str
    is_known: Callable[[str], bool]
    taken_down: frozenset[str]
    chain: Chain | None
    damage: list[str] = field(default_factory=list)

    def report_damage(self, offset: int, what: str) -> None:
        """Record damage at an offset."""
        self.damage.append(f"{self.name}: {what} at byte {offset}")


def import_file(
    path: Path, into: Path, is_known: Callable[[str], bool] = lambda _: False,
    taken_down: frozenset[str] = frozenset(), chain: Chain | None = None,
) -> ImportedFile:  # fmt: skip
    """Import one .warc, .warc.gz, .arc, .arc.gz or .wacz file, unless `is_known` knows the name of the new file.

    Records `taken_down`, by id or digest of their URL, are left out. The new file is linked in the `chain`.

    StorageError if it cannot be opened, or the archive's disk cannot be written: then nothing was imported.
    """
    with StorageError.replace_os_errors("import-unreadable", path=path), path.open("rb") as file:
        is_zip = file.read(4) == b"PK\x03\x04"
        file.seek(0)
        taking = _Input(name=path.name, source=str(path), is_known=is_known, taken_down=taken_down, chain=chain)
        return _import_wacz(file, path, into, taking) if is_zip else _import_stream(file, taking, into)


def _import_wacz(file: BinaryIO, path: Path, into: Path, whole: _Input) -> ImportedFile:
    try:
        container = zipfile.ZipFile(file)
    except _ZIP_ERRORS as problem:
        raise StorageError.create("damaged-zip", path=path, problem=problem) from problem
    with container:
        members = [info for info in container.infolist() if _WACZ_MEMBER.fullmatch(info.filename)]
        parts = []
        for info in members:
            # Only the last part of the name is used: a zip may name paths outside the folder.
            taking = replace(whole, name=f"{path.stem}-{PurePosixPath(info.filename).name}", damage=[])
            try:
                with container.open(info) as part:
                    parts.append(_import_stream(cast("BinaryIO", part), taking, into))
            except _ZIP_ERRORS as problem:
                taking.report_damage(0, f"damaged part of the .wacz ({problem})")
                parts.append(ImportedFile(source=taking.source, damage=tuple(taking.damage)))
    nothing = () if parts else (f"{path.name}: no WARC file in it",)
    return ImportedFile(
        source=str(path),
        files=tuple(new for part in parts for new in part.files),
        record_count=sum(part.record_count for part in parts),
        damage=tuple(one for part in parts for one in part.damage) + nothing,
        already_imported=tuple(name for part in parts for name in part.already_imported),
    )


def _import_stream(file: BinaryIO, taking: _Input, into: Path) -> ImportedFile:
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # a zip's part reads like any file
    file.seek(0)
    stem = _UNSAFE.sub("-", _SUFFIX.sub("", taking.name)).strip(".-")[:100] or "warc"
    final = into / f"import-{stem}-{digest[:16]}.warc.gz"
    is_known = final.exists() or taking.is_known(final.name)
    count = None if is_known else _write_file(final, _split_records(file, taking), taking.chain)
    if count is None:
        return ImportedFile(source=taking.source, already_imported=(final.name,))
    if not count and not taking.damage:
        taking.report_damage(0, "no WARC record")
    files, damage = (final,) if count else (), tuple(taking.damage)
    return ImportedFile(source=taking.source, files=files, record_count=count, damage=damage)


def _write_file(final: Path, records: Iterable[bytes], chain: Chain | None) -> int | None:
    """Write records into a new file atomically; returns their number. None if another process has just imported it."""
    part = final.with_name(final.name + PART)
    # Only of the archive's disk, not of the source that is being read.
    with report_write_errors(part):
        # A file of an interrupted import is overwritten; a file of a running one is waited for.
        out = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640), "wb", buffering=_CHUNK)
        fcntl.flock(out, fcntl.LOCK_EX)
    try:
        if final.exists():
            return None
        with report_write_errors(part):
            out.truncate(0)
        count = size = 0
        digest, digests = hashlib.sha256(), hashlib.sha256()
        for record in records:
            with report_write_errors(part):
                out.write(record)
            digest.update(record)
            digests.update(hashlib.sha256(record).digest())
            size += len(record)
            count += 1
        with report_write_errors(part):
            out.flush()
            os.fsync(out.fileno())
            if count:
                if chain is not None:
                    sha256, digested = digest.hexdigest(), digests.hexdigest()
                    link = ChainLink(reason="import", file=final.name, size=size, sha256=sha256, records=digested)
                    chain.append(link)
                part.rename(final)
                sync_folder(final.parent)
        return count
    finally:
        if is_same_file(part, out.fileno()):  # it is empty, or was not finished
            part.unlink()
        with report_write_errors(part):
            out.close()


def _split_records(file: BinaryIO, taking: _Input) -> Iterator[bytes]:
    """Yield each record as one gzip member."""
    begin = file.read(_CHUNK)
    is_gzip = begin.startswith(MAGIC)
    if not is_gzip and not _UNCOMPRESSED.search(begin):
        if find_member(file, 0) is None:
            what = "zstd (recompress it as .warc.gz first)" if _ZSTD.match(begin) else "no WARC or ARC data"
            taking.report_damage(0, what)
            return
        is_gzip = True  # its beginning is lost
    file.seek(0)
    source = GzipByteStream(file) if is_gzip else ByteStream(iter(partial(file.read, READ_SIZE), b""))
    with suppress(BrokenStream):  # reported when the splitter reaches it
        source.ensure(len(_ARC))
    splitter = ArcSplitter if source.buffer.startswith(_ARC) else WarcSplitter
    for member in splitter(source, taking.report_damage):
        if not (taking.taken_down and _is_taken_down(member, taking.taken_down)):
            yield member


def _is_taken_down(member: bytes, digests: frozenset[str]) -> bool:
    head = zlib.decompressobj(31).decompress(member, _CHUNK).partition(b"\r\n\r\n")[0]
    fields = parse_fields(head.partition(b"\n")[2])
    uri, record_id = header(fields, "WARC-Target-URI"), header(fields, "WARC-Record-ID") or ""
    return record_id.strip("<> ") in digests or (uri is not None and digest_url(uri.strip("<> ")) in digests)
