"""Recover from a crash: repair torn WARC files, and index records that the index lacks (law 3). Import WARC files."""

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from newsarchive.config.units import pluralize
from newsarchive.ingest.index_warcs import IndexingResult, WarcRange, WarcWalk, index_warcs
from newsarchive.ingest.pipeline import Ingestor
from storage.callbacks import ProgressCallback, ignore_progress
from storage.errors import BucketRefused, BucketUnreachable
from storage.index import Index
from storage.index.queries.cdx import has_warc_file
from storage.index.queries.status import list_warc_files
from storage.index.write import warc_files
from storage.model import ClosedWarc
from storage.places import OPEN, Places
from storage.places.chain import ChainLink, format_at
from storage.places.digests import HashingReader
from storage.places.file_names import find_machine_id
from storage.places.folder import replace_durably
from storage.warc.importer import ImportedFile, import_file
from storage.warc.repair import RepairedFile, measure_link, repair_file
from storage.warc.tombstones import REWRITTEN

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryResult:
    """Repaired files, captures indexed, and errors."""

    repaired: tuple[RepairedFile, ...] = ()
    captures: int = 0
    """Captures in the files that the index lacked."""
    versions: int = 0
    """New article versions of these."""
    cause: str = ""
    """Why the index lacked them."""
    problems: tuple[str, ...] = ()


def repair_open_files(places: Places) -> tuple[RepairedFile, ...]:
    """Truncate open files after their last whole record and close them, except those that a running crawl writes."""
    repaired = []
    for path in sorted(places.folder.glob(f"*{OPEN}")):
        if (result := repair_file(path, places.chain)) is not None:
            repaired.append(result)
            log.info("%s", result)
    return tuple(repaired)


def complete_rewrites(places: Places, index: Index) -> None:
    """Put files into place that a takedown had written and linked when it was killed."""
    for written in sorted(places.folder.glob(f"*{REWRITTEN}")):
        path = written.with_name(written.name.removesuffix(REWRITTEN))
        link = places.chain.load([path.name]).find(path.name)
        if link and link.reason == "takedown" and link.sha256 == HashingReader(written).size_and_sha256()[1]:
            closed = ClosedWarc(name=path.name, size=link.size, sha256=link.sha256)
            index.write(warc_files.record_closed_warc, closed, None)
            replace_durably(written, path)
            log.info("%s was rewritten by a takedown that was killed; it is in place now", path.name)


def begin_work(places: Places, index: Index) -> tuple[RepairedFile, ...]:
    """Link files that are older than the chain, by their digests in the index; repair files that were left open.

    Once a day, link the heads of other chains; those in the bucket as of machines of this archive.
    """
    complete_rewrites(places, index)
    with suppress(BucketUnreachable, BucketRefused):  # done at the next start then
        if places.restore_chain():
            log.warning("%s was lost, and is restored from its copy in the bucket", places.chain.path.name)
        chain = places.chain.load([])
        # Nearly always among the first links; to parse all of a long chain takes longer than many a crawl should.
        begun = {"begun", "upgrade"}
        if begun.isdisjoint(link.reason for link in chain.links) and begun.isdisjoint(
            link.reason for link in places.chain.load().links
        ):
            digests = index.read(warc_files.load_warc_digests)
            # Another machine's files are links of its own chain, which it may still have to upload.
            linked = {name for other in places.load_chains() for name in other.files}
            own = [file for file in places.files() if find_machine_id(file.name) in {None, places.machine}]
            old = [file for file in own if not file.is_open and file.name not in linked]
            links = [measure_link(file, "upgrade", sha256=digests.get(file.name)) for file in old]
            places.chain.append(*(links or [ChainLink(reason="begun")]))
        crossed_at = max((link.at for link in chain.links if link.heads), default="")
        if chain.links and crossed_at < format_at(places.chain.now() - timedelta(days=1)):
            others = [other for other in places.load_chains() if other.name != chain.name]
            # Whoever can put a file into the folder can put a chain there, but not into the bucket.
            machines = {other.name: other.heads[other.uploaded - 1] for other in others if other.uploaded}
            rest = {other.name: other.head for other in others if not other.uploaded}
            crossed = ChainLink(reason="machine", heads=machines), ChainLink(reason="crossed", heads=rest)
            places.chain.append(*(link for link in crossed if link.heads))
    return repair_open_files(places)


def reopen_changed_files(places: Places, index: Index, names: Collection[str]) -> None:
    """Leave files incomplete in the index that are not as this machine's chain has them: the next crawl reads on.

    One that was cut before it was indexed is so complete as soon as it is restored.
    """
    chain = places.chain.load(names)
    for file in index.read(list_warc_files):
        link = chain.find(file.name) if file.name in names and file.state == "closed" else None
        if link and link.sha256 != file.sha256:
            index.write(warc_files.reopen_warc, file.name)


def unindexed_ranges(places: Places, index: Index) -> list[WarcRange]:
    """Return the parts of closed files that the index lacks; with a bucket, also those of other machines.

    BucketUnreachable or BucketRefused if the bucket cannot be listed.
    """
    # Files first: one that another crawl closes and indexes meanwhile is then found to be indexed completely.
    files = places.files()
    complete = {file.name for file in index.read(list_warc_files) if file.state == "closed"}
    return [
        WarcRange(file=file, start=index.read(warc_files.find_indexed_end, file.name))
        for file in files
        if file.name not in complete and not file.is_open
    ]


def recover(
    places: Places, ingestor: Ingestor, progress: ProgressCallback, walk: WarcWalk | None = None
) -> RecoveryResult:
    """Repair open files, and index what the index lacks. Takes little time if there is nothing to do.

    An unreachable bucket is reported among the problems; the files of the folder are indexed all the same.
    """
    index = ingestor.index
    is_new = not index.read(warc_files.has_files)
    repaired = begin_work(places, index)
    captures = versions = files = 0
    problems: list[str] = []
    # The folder first: its files must not wait for an unreachable bucket.
    for some in (replace(places, bucket=None), places) if places.bucket else (places,):
        try:
            if ranges := unindexed_ranges(some, index):
                indexed = index_warcs(ranges, some, ingestor, progress, walk)
                captures += indexed.captures - indexed.known
                versions += indexed.versions
                files += indexed.files
                reopen_changed_files(places, index, {part.file.name for part in ranges})
                problems += indexed.problems
        except (BucketUnreachable, BucketRefused) as problem:
            problems.append(f"{problem}. Files in the bucket that the index lacks are indexed by the next crawl")
    once = tuple(dict.fromkeys(problems))
    remade = f"the index was missing and was made again from {pluralize(files, 'file')}"
    cause = remade if is_new else "an earlier run was interrupted"
    return RecoveryResult(repaired=repaired, captures=captures, versions=versions, cause=cause, problems=once)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """The imported files, and the result of indexing them."""

    adopted: tuple[ImportedFile, ...]
    read: IndexingResult
    recovered: RecoveryResult = field(default_factory=RecoveryResult)
    """Captures that an interrupted import or crawl had left to index."""


def import_files(
    paths: Sequence[Path], places: Places, ingestor: Ingestor,
    progress: ProgressCallback = ignore_progress, walk: WarcWalk | None = None,
) -> ImportResult:  # fmt: skip
    """Copy each file into the archive's folder and index its captures.

    Of a damaged file, everything readable is imported; the rest is listed in its `ImportedFile`. Records that were
    imported before are recognized by the content of their file and not imported again.
    """
    bucket = places.bucket

    def is_in_bucket(name: str) -> bool:
        """Return True for a file that only the bucket holds; one that is lost everywhere is imported again."""
        return bucket is not None and ingestor.index.read(has_warc_file, name) and bucket.exists(name)

    taken_down, chain = ingestor.taken_down, places.chain
    adopted = tuple(import_file(path, places.folder, is_in_bucket, taken_down, chain) for path in paths)
    # Not their paths: a crawl that ended meanwhile may have uploaded a file, and deleted it here.
    names = [path.name for each in adopted for path in each.files]
    ranges = [WarcRange(file=replace(places.file(name), size=places.stat(name).size)) for name in names]
    return ImportResult(adopted=adopted, read=index_warcs(ranges, places, ingestor, progress, walk))
