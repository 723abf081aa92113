"""Is the archive what it says? Every WARC file checked, and the index held against the files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from newsarchive.batch.ahead import seen_from_all
from newsarchive.batch.checked import Checked, key_of
from newsarchive.batch.executor import Hands
from newsarchive.batch.task import check
from newsarchive.maintenance.recover import mend_all
from storage.errors import FileMissing
from storage.index import Index
from storage.index.views.articles import CaptureFilters, WarcFileView
from storage.places import Places, WarcFile
from storage.places.other_machines import keeper_of
from storage.warc.check import FileReport, Problem, check_file
from storage.warc.repair import Mended


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found about one WARC file."""

    name: str
    size: int
    records: int
    captures: int
    problems: tuple[Problem, ...] = ()
    """Damage, and where file and index disagree; none where the file is sound."""
    notes: tuple[Problem, ...] = ()
    """What is unusual and no damage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What was found about all of them."""

    files: tuple[Verified, ...]
    mended: tuple[Mended, ...] = ()
    taken: int = 0
    """Files that a verify had checked within a day, before it was broken off: they were not checked again."""

    @property
    def damaged(self) -> bool:
        """True where any file has a problem."""
        return any(file.problems for file in self.files)


def unheard(file: Verified) -> None:
    """Tell nobody of a file that was checked."""


def verify(
    places: Places, index: Index, own: Hands, before: Checked, report: Callable[[Verified], None], *, repair: bool
) -> VerifyReport:
    """Check every WARC file, open ones included; `repair` first mends those a crash left open.

    Files are checked by those who work (`own`), but for those that were checked `before`.

    BucketUnreachable or BucketRefused where nobody can say which files there are.
    """
    mended = mend_all(places.folder) if repair else ()
    # In this order: a file that a crawl opens from here on is in neither list, or only in the index's.
    there = places.files()
    known = {file.name: file for file in index.warc_files()}
    spoilt = {file.name: file for file in there if file.is_local and file.stored not in {None, file.size}}
    files: list[Verified] = []
    for found in _checked(there, own, before):
        file = _verified(found, known.pop(found.name, None), index, places)
        if found.name in spoilt:
            file = replace(file, problems=(*file.problems, _spoilt(spoilt[found.name])))
        report(file)
        files.append(file)
    for missing in known.values():
        if _size(places, missing.name):
            continue
        file = _missing(
            missing, keeper_of(missing.name, datetime.now(UTC), bucket=bool(places.bucket), shared=index.is_shared)
        )
        report(file)
        files.append(file)
    return VerifyReport(files=tuple(files), mended=mended, taken=before.taken)


def _checked(files: Sequence[WarcFile], own: Hands, before: Checked) -> Iterator[FileReport]:
    new: list[tuple[WarcFile, str]] = []
    for file in files:
        key = key_of(file)
        if known := before.report(key):
            yield known
        else:
            new.append((seen_from_all(file), key))
    reports = own.each(check if own.is_remote else check_file, (file for file, _ in new))
    for (file, key), found in zip(new, reports, strict=True):
        found = found or check_file(file)  # here, where workers died over it
        before.note(key, found)
        yield found


def _size(places: Places, name: str) -> int:
    """Bytes of a file by now: one that a crawl writes grows while it is checked."""
    with suppress(FileMissing):
        return places.look(name).size
    return 0


def _verified(found: FileReport, known: WarcFileView | None, index: Index, places: Places) -> Verified:
    problems = list(found.problems)
    if known is None:
        problems.append(Problem(offset=0, what="a file that the index does not know; run: newsarchive rebuild"))
    else:
        problems += _disagreements(found, known, index, places)
    return Verified(
        name=found.name,
        size=found.size,
        records=found.records,
        captures=len(found.captures),
        problems=tuple(problems),
        notes=tuple(found.notes),
    )


def _disagreements(found: FileReport, known: WarcFileView, index: Index, places: Places) -> Iterator[Problem]:
    if known.state == "closed" and known.sha256 and known.sha256 != found.sha256:
        what = (
            "the file is not the one that was closed: its sha256 has changed. Put it back from a copy; if there is "
            "none, have the index say what this one holds with: newsarchive rebuild"
        )
        yield Problem(offset=0, what=what)
    in_file = {one.record_id: one.offset for one in found.captures}
    for row in index.captures(CaptureFilters(warc=found.name), order="oldest"):
        offset = in_file.pop(row.record_id, None)
        if offset != row.place.offset and not found.size <= row.place.offset < _size(places, found.name):
            what = f"the index has a capture of {row.url} that the file does not hold there"
            yield Problem(offset=row.place.offset, what=what, record_id=row.record_id)
    if known.state == "closed":
        for record_id, offset in in_file.items():
            what = "a capture that the index does not have; run: newsarchive rebuild"
            yield Problem(offset=offset, what=what, record_id=record_id)


def _spoilt(file: WarcFile) -> Problem:
    what = (
        f"the bucket's file of that name has {file.stored} bytes instead of {file.size}, those of the folder. Take "
        "that one away there, then: newsarchive places --upload"
    )
    return Problem(offset=0, what=what)


def _missing(file: WarcFileView, machine: str | None) -> Verified:
    if machine is not None:
        note = Problem(offset=0, what=f"the file lies in the folder of {machine}, and cannot be read from here yet")
        return Verified(name=file.name, size=0, records=0, captures=0, notes=(note,))
    what = (
        f"the file is missing: {file.captures} captures that the index lists cannot be read. Put it back from a copy; "
        "if there is none, have the index forget them with: newsarchive rebuild"
    )
    return Verified(name=file.name, size=0, records=0, captures=0, problems=(Problem(offset=0, what=what),))
