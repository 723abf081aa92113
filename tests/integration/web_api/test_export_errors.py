"""Exports where something is in the way: no room, damage, a package that is not there, a reader who thinks again."""

import gzip
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from newsarchive.archive import Archive
from newsarchive.export.background import ExportJob, ExportJobs
from newsarchive.export.formats import FORMATS, Format
from newsarchive.export.request import ExportRequest, MissedCaptures
from storage.errors import BucketUnreachable, ConfigError, DiskFull
from storage.index.queries.cdx import iter_cdx_lines_of_articles
from storage.index.views.articles import Filters
from storage.places import Bucket, Places
from storage.places.folder import PART, open_atomic
from storage.warc.check import check_file
from storage.warc.reader import read_records
from tests.file_systems import mount, unmount
from tests.rebuilding import rebuild

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOBODY = 2**22 - 3
"""A process that is not there: the largest number that Linux gives is below."""
STORY = "http://news.example/2026/03/01/harbour-wall"


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system on which files can be made, and nothing written into them."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", folder)
    fill(folder)
    yield folder
    unmount(folder)


def fill(folder: Path) -> None:
    """Leave no room."""
    with (folder / "ballast").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


@pytest.fixture
def choice(small: Archive) -> ExportRequest:
    """All of the small archive."""
    return ExportRequest(index=small.index, places=small.places)


@pytest.fixture
def jobs_in(choice: ExportRequest) -> Callable[[Path], ExportJobs]:
    """Opens the jobs of a folder, as a server does when it starts."""
    return lambda folder: ExportJobs(folder, lambda filters: replace(choice, filters=filters), now=lambda: NOON)


def done(jobs: ExportJobs, job: ExportJob) -> ExportJob:
    """What became of it."""
    jobs.wait()
    found = jobs.get(job.id)
    assert found
    return found


@pytest.mark.parametrize("form", list(Format))
def test_a_full_disk_ends_the_export(choice: ExportRequest, full_disk: Path, form: Format) -> None:
    """DiskFull, which says so and no capture is blamed; no part of a file is left, and one of before is as it was."""
    missed = MissedCaptures()
    into = full_disk / f"all{FORMATS[form].suffix}"
    (full_disk / "ballast").unlink()
    into.write_bytes(b"of last week")
    fill(full_disk)
    with pytest.raises(DiskFull, match="no space is left"), open_atomic(into) as file:
        FORMATS[form].write(replace(choice, report_missed=missed.add), file)
    assert sorted(path.name for path in full_disk.iterdir()) == [into.name, "ballast"]
    assert into.read_bytes() == b"of last week"
    assert missed.count == 0


def test_a_server_outlives_a_full_disk(jobs_in: Callable[[Path], ExportJobs], full_disk: Path) -> None:
    """The export that had no room is failed, with the reason; the next one, for which there is room, is made."""
    (full_disk / "ballast").unlink()
    jobs = jobs_in(full_disk / "exports")
    first = jobs.submit(Format.JSONL)
    assert done(jobs, first).state == "done"
    jobs.remove(first.id)
    going, filled = threading.Event(), threading.Event()

    def write(choice: ExportRequest, into: BinaryIO) -> int:
        going.set()
        assert filled.wait(60)
        return FORMATS[Format.SQLITE].write(choice, into)

    usual = FORMATS[Format.JSONL]
    FORMATS[Format.JSONL] = replace(usual, write=write)  # type: ignore[index]
    try:
        second = jobs.submit(Format.JSONL)
        assert going.wait(60)
        fill(full_disk)
        filled.set()
        failed = done(jobs, second)
    finally:
        FORMATS[Format.JSONL] = usual  # type: ignore[index]
    assert (failed.state, "no space is left" in failed.problem) == ("failed", True)
    (full_disk / "ballast").unlink()
    assert done(jobs, jobs.submit(Format.CSV)).state == "done"


def test_an_export_removed_while_running_stops(
    jobs_in: Callable[[Path], ExportJobs], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it is left, neither in the folder nor in the list, and the next one begins."""
    going, removed, stopped = threading.Event(), threading.Event(), threading.Event()

    def write(choice: ExportRequest, into: BinaryIO) -> int:
        into.write(b"half")
        going.set()
        assert removed.wait(60)
        try:
            choice.report_progress(1)
        except BaseException:
            stopped.set()
            raise
        return 2

    monkeypatch.setitem(FORMATS, Format.JSONL, replace(FORMATS[Format.JSONL], write=write))
    jobs = jobs_in(tmp_path / "exports")
    job = jobs.submit(Format.JSONL)
    assert going.wait(60)
    jobs.remove(job.id)
    removed.set()
    jobs.wait()
    assert stopped.is_set()
    assert jobs.list_jobs() == ()
    assert list((tmp_path / "exports").iterdir()) == []
    assert done(jobs, jobs.submit(Format.CSV)).state == "done"


def test_unfinished_exports_of_a_killed_server_are_deleted(
    jobs_in: Callable[[Path], ExportJobs], tmp_path: Path
) -> None:
    """It may be many gigabytes, and nobody would ever see it."""
    first = jobs_in(tmp_path / "exports")
    job = done(first, first.submit(Format.WACZ))
    first._save(replace(job, state="running", server=NOBODY))
    path = first.path(job)
    part = path.with_name(f"{path.name}.0a1b2c3d{PART}")
    part.write_bytes(bytes(100))
    found = jobs_in(tmp_path / "exports").get(job.id)
    assert found
    assert found.state == "failed"
    assert not part.exists()


def test_a_record_cut_short_costs_itself_alone(small: Archive, tmp_path: Path) -> None:
    """A file torn within a record: no half of it comes into the slice, which is sound and has all the others."""
    folder = tmp_path / "torn"
    folder.mkdir()
    newest = max(small.config.warc_folder.glob("*.warc.gz"))
    last = max(
        (line for line in small.index.stream(iter_cdx_lines_of_articles) if line.warc == newest.name),
        key=lambda line: line.offset,
    )
    for path in small.config.warc_folder.glob("*.warc.gz"):
        (folder / path.name).write_bytes(path.read_bytes()[: last.offset + 30 if path == newest else None])
    missed = MissedCaptures()
    into = tmp_path / "some.warc.gz"
    with into.open("w+b") as file:
        count = FORMATS[Format.WARC].write(
            ExportRequest(index=small.index, places=Places(folder=folder), report_missed=missed.add), file
        )  # fmt: skip
    assert (count, missed.count, newest.name in next(iter(missed.by_cause))) == (10, 1, True)
    assert check_file(into).problems == []


def test_bytes_outside_records_are_not_copied(small: Archive, tmp_path: Path) -> None:
    """An index that is wrong about a file would else put pieces of records into the slice."""
    folder = tmp_path / "other"
    folder.mkdir()
    for path in small.config.warc_folder.glob("*.warc.gz"):
        (folder / path.name).write_bytes(b"x" * path.stat().st_size)
    missed = MissedCaptures()
    into = tmp_path / "none.warc.gz"
    with into.open("w+b") as file:
        assert (
            FORMATS[Format.WARC].write(
                ExportRequest(index=small.index, places=Places(folder=folder), report_missed=missed.add), file
            )
            == 0
        )
    assert missed.count == 11
    assert [record.type for record in read_records(into)] == ["warcinfo"]


def test_the_first_missing_files_are_named(tmp_path: Path) -> None:
    """The count is right however many; their names do not fill the memory."""
    missed = MissedCaptures()
    for number in range(1000):
        missed.add(f"capture {number}")
    assert (missed.count, len(missed.by_cause), next(iter(missed.by_cause))) == (1000, 20, "capture 0")


def test_records_of_a_plain_file_become_members(small: Archive, tmp_path: Path) -> None:
    """A WARC file that is not compressed, as other tools write them: sliced record by record, each what it was."""
    Archive.init(tmp_path / "morgue").close()
    source = tmp_path / "morgue" / "warc" / "plain.warc.gz"
    source.write_bytes(
        b"".join(gzip.decompress(path.read_bytes()) for path in sorted(small.config.warc_folder.glob("*.gz")))
    )
    with Archive.open(tmp_path / "morgue") as archive:
        rebuild(archive)
        into = tmp_path / "slice.warc.gz"
        with into.open("w+b") as file:
            count = FORMATS[Format.WARC].write(ExportRequest(index=archive.index, places=archive.places), file)
        lines = {line.record_id: line for line in archive.index.stream(iter_cdx_lines_of_articles)}
    assert count == 11
    report = check_file(into)
    assert report.problems == []
    for record in read_records(into):
        if record.id in lines:
            line = lines[record.id]
            assert (
                gzip.decompress(into.read_bytes()[record.place.offset :][: record.place.length])
                == (source.read_bytes()[line.offset : line.offset + line.length])
            )


def test_a_missing_extra_is_named(
    choice: ExportRequest, jobs_in: Callable[[Path], ExportJobs], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what pip calls it, on the command line and in the browser; no file is left."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    into = tmp_path / "all.parquet"
    with pytest.raises(ConfigError, match=r"Install it with: .*\[parquet\]"), open_atomic(into) as file:
        FORMATS[Format.PARQUET].write(choice, file)
    assert list(tmp_path.iterdir()) == []
    jobs = jobs_in(tmp_path / "exports")
    failed = done(jobs, jobs.submit(Format.PARQUET))
    assert (failed.state, "[parquet]" in failed.problem) == ("failed", True)


def test_an_internal_error_fails_only_its_export(
    jobs_in: Callable[[Path], ExportJobs],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its reader is told so much and no more, the log has the traceback, and the next one is made."""

    def write(choice: ExportRequest, into: BinaryIO) -> int:
        raise ZeroDivisionError("/srv/secret")

    monkeypatch.setitem(FORMATS, Format.JSONL, replace(FORMATS[Format.JSONL], write=write))
    jobs = jobs_in(tmp_path / "exports")
    failed = done(jobs, jobs.submit(Format.JSONL, Filters(site="news")))
    assert (failed.state, failed.problem) == ("failed", "Internal error; see the log of the server")
    assert "ZeroDivisionError" in caplog.text
    assert done(jobs, jobs.submit(Format.CSV)).state == "done"


def test_a_bucket_that_is_away_ends_an_export(small: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be said of every capture: an export of none is no export, and leaves no file."""
    pytest.importorskip("obstore")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a test's")
    bucket = Bucket(url="s3://away", endpoint="http://127.0.0.1:1", region="x", timeout=0.2, retries=0)
    away = ExportRequest(index=small.index, places=Places(folder=tmp_path / "nothing", bucket=bucket))
    into = tmp_path / "all.warc.gz"
    with pytest.raises(BucketUnreachable), open_atomic(into) as file:
        FORMATS[Format.WARC].write(away, file)
    assert not into.exists()
