"""Verify an archive: check every WARC file, and compare the index with the files."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from newsarchive.batch.chunks import make_folder_absolute, verify_file
from newsarchive.batch.executor import BatchExecutor
from newsarchive.maintenance.recover import complete_rewrites, repair_open_files
from newsarchive.maintenance.verify_chain import ChainReport, HeadProof, check_chains, latest_links
from newsarchive.maintenance.verify_statements import StatementReport
from storage.callbacks import ProgressCallback, ignore_progress, utc_now
from storage.errors import FileMissing
from storage.index import Index
from storage.index.queries.articles import get_capture_of_record, iter_captures
from storage.index.queries.status import list_warc_files
from storage.index.views.articles import CaptureFilters, WarcFileView
from storage.places import Places
from storage.places.file_names import owning_machine
from storage.warc.check import FileReport, WarcProblem, check_file
from storage.warc.repair import RepairedFile, measure_link


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVerification:
    """The result for one WARC file."""

    name: str
    size: int
    records: int
    captures: int
    problems: tuple[WarcProblem, ...] = ()
    """Damage, and differences between file and index."""
    notes: tuple[WarcProblem, ...] = ()
    """Unusual findings that are no damage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """The results for all WARC files."""

    files: tuple[FileVerification, ...]
    repaired: tuple[RepairedFile, ...] = ()
    chain: ChainReport
    """The chain of files, compared with them."""
    statements: StatementReport | None = None
    """Statements of the index about articles, compared with their records; None if only files were checked."""

    @property
    def damaged(self) -> bool:
        """True if any file or the chain has a problem, or the index says something else than the records."""
        false = bool(self.statements and self.statements.problems)
        return any(file.problems for file in self.files) or bool(self.chain.problems) or false


def verify(
    places: Places, index: Index, executor: BatchExecutor, progress: ProgressCallback = ignore_progress, *,
    repair: bool, proofs: Sequence[HeadProof] = (),
) -> VerifyReport:  # fmt: skip
    """Check every WARC file, also open ones; with `repair`, first repair files that a crash left open.

    `proofs` are heads of the chains that are known from elsewhere. Files are checked by `executor`. Progress is told in
    files. BucketUnreachable or BucketRefused if the bucket cannot be listed.
    """
    if repair:
        complete_rewrites(places, index)
        places.restore_chain()
    repaired = repair_open_files(places) if repair else ()
    # Files first: one that a crawl opens meanwhile is in neither list, or in the index's only.
    stored = places.files()
    known = {file.name: file for file in index.read(list_warc_files)}
    differing = {file.name: file for file in stored if file.is_local and file.bucket_size not in {None, file.size}}
    total = len({file.name for file in stored} | known.keys())
    files: list[FileVerification] = []
    reports: list[FileReport] = []

    def add(file: FileVerification) -> None:
        files.append(file)
        progress(len(files), total, file.name)

    check = verify_file if executor.is_remote else check_file
    for file, read in zip(stored, executor.map(check, list(map(make_folder_absolute, stored))), strict=True):
        found = read or check_file(file)  # in this process, if workers died over it
        reports.append(found)
        notes = list(found.notes)
        problems = [*found.problems, *_differences(found, known.pop(found.name, None), index, places, notes)]
        if other := differing.get(found.name):
            what = f"the file in the bucket has {other.bucket_size} bytes, the one in the folder {other.size}"
            what = f"{what}. Delete the one in the bucket, then run: newsarchive bucket --upload"
            problems.append(WarcProblem(offset=0, what=what))
        counts = {"size": found.size, "records": found.records, "captures": len(found.captures)}
        add(FileVerification(name=found.name, problems=tuple(problems), notes=tuple(notes), **counts))

    def find_machine(name: str) -> str | None:
        return owning_machine(name, utc_now(), places.machine, bucket=bool(places.bucket), shared=index.is_shared)

    for missing in known.values():
        if not _size(places, missing.name):
            hint = "Restore it from a backup; without one, remove them from the index: newsarchive rebuild --forget"
            kind, what = "problems", f"the file is missing: {missing.captures:,} of its captures cannot be read. {hint}"
            if machine := find_machine(missing.name):
                kind, what = "notes", f"the file is in the folder of {machine}, and was not checked here"
            stated = {kind: (WarcProblem(offset=0, what=what),)}
            add(FileVerification(name=missing.name, size=0, records=0, captures=0, **stated))
    if repair:
        linked = {name for chain in places.load_chains() for name in chain.files}
        unlinked = (file for file in stored if not file.is_open and file.name not in linked)
        places.chain.append(*(measure_link(file, "found") for file in unlinked))
    still_open = {file.name for file in stored if file.is_open}
    chain = check_chains(places.load_chains(), reports, still_open, find_machine, proofs)
    return VerifyReport(files=tuple(files), repaired=repaired, chain=chain)


def _size(places: Places, name: str) -> int:
    """Return the present size of a file: one that a crawl writes grows while it is checked."""
    with suppress(FileMissing):
        return places.stat(name).size
    return 0


def _differences(
    found: FileReport, known: WarcFileView | None, index: Index, places: Places, notes: list[WarcProblem]
) -> Iterator[WarcProblem]:
    """Yield the differences between a file and the index; records that are in another file, too, go into the notes."""
    if known is None:
        yield WarcProblem(offset=0, what="the index does not have this file; run: newsarchive rebuild")
        return
    if known.state == "closed" and known.sha256 and known.sha256 != found.sha256:
        advice = "Restore it from a backup; without one, index the file as it is now: newsarchive rebuild --forget"
        closed = {name: chain.links[at].sha256 for name, (chain, at) in latest_links(places.load_chains()).items()}
        what = f"the file has changed since it was closed: its sha256 differs. {advice}"
        if closed.get(found.name) == found.sha256:
            what = (
                "the index was made of another state of the file, which is as it was closed. Run: newsarchive rebuild"
            )
        yield WarcProblem(offset=0, what=what)
    in_file = dict(found.captures)
    for row in index.stream(iter_captures, CaptureFilters(warc=found.name), order="oldest"):
        offset = in_file.pop(row.record_id, None)
        if offset != row.place.offset and not found.size <= row.place.offset < _size(places, found.name):
            what = f"the index has a capture of {row.url} here that the file does not contain"
            yield WarcProblem(offset=row.place.offset, what=what, record_id=row.record_id)
    if known.state == "closed":
        for record_id, offset in in_file.items():
            if (held := index.ask(get_capture_of_record, record_id)) is None:
                what = "the index lacks this capture; run: newsarchive rebuild"
                yield WarcProblem(offset=offset, what=what, record_id=record_id)
            else:
                what = f"the same record as in {held.place.warc}, which the index has"
                notes.append(WarcProblem(offset=offset, what=what, record_id=record_id))
