"""Captures read by workers give the same index as captures read here, whatever happens to a task."""

import pickle
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from newsarchive import read_warc
from newsarchive.archive import BULK_BATCHING, Archive
from newsarchive.batch import chunks
from newsarchive.batch import read_warc as read_warc_module
from newsarchive.batch.chunks import ReadAheadWalk
from newsarchive.batch.executor import BatchExecutor
from newsarchive.batch.read_warc import ReadingSettings, build_reading_settings
from newsarchive.ingest.index_warcs import IndexingResult, WarcRange, index_warcs
from newsarchive.ingest.tasks import CaptureReading
from newsarchive.reader_pool.forkserver import WorkerSpec
from newsarchive.reader_pool.pool import ReaderPool
from storage.errors import DaskFailure, WarcError
from storage.model import Outcome, Reading, RecordPlace, Site
from storage.places import Places, Readable, WarcFile
from storage.warc.reader import CaptureRecord, RunEnded, RunStarted, read_captures

ROOT = Path(__file__).parents[3]
Dump = Callable[..., dict[str, list[str]]]
Different = Callable[..., dict[str, tuple[set[str], set[str]]]]

BAD_READER = """
import os, time
from newsarchive.reader_pool.read_page import read_task

def read(asked):
    number = int(asked[0].url.rpartition("-")[2])
    if number == 7:
        os._exit(9)
    if number == 21:
        time.sleep(1000)
    return read_task(asked)
"""


class DyingWorkers(Executor):
    """Runs tasks, except those of some files, over which its workers die; notes the files of all."""

    def __init__(self, pool: Executor, *over: str) -> None:
        self.pool = pool
        self.over = over
        self.submitted: list[str] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        names = {place.warc for place in args[0]}
        self.submitted += sorted(names)
        if names & {*self.over}:
            none: Future[Any] = Future()
            none.set_result(None)
            return none
        return self.pool.submit(fn, *args, **kwargs)


@contextmanager
def walk(
    archive: Archive, executor: Executor | None = None, settings: ReadingSettings | None = None
) -> Iterator[ReadAheadWalk]:
    """Read files in two threads, as workers of a cluster do."""
    with ThreadPoolExecutor(2) as pool:
        executor_here = BatchExecutor(executor or pool, 2)
        yield ReadAheadWalk(
            executor_here, lambda: settings or build_reading_settings(archive.config, archive.index.sites())
        )


def index_files(folder: Path, papers: list[Path], *, workers: Callable[[Archive], Any] | None = None) -> IndexingResult:
    """Copy files into an archive and index them, read here or by workers."""
    for path in papers:
        shutil.copy(path, folder / "warc")
    with Archive.open(folder) as archive, archive.ingestor(batching=BULK_BATCHING) as ingestor:
        ranges = [WarcRange(file=file) for file in archive.places.files()]
        if workers is None:
            return index_warcs(ranges, archive.places, ingestor)
        with workers(archive) as made:
            return index_warcs(ranges, archive.places, ingestor, walk=made)


def offsets_in(file: Readable, *, torn: bool = False) -> list[int]:
    found: list[int] = []
    with pytest.raises(WarcError) if torn else nullcontext():
        found.extend(item.capture.place.offset for item in read_captures(file) if isinstance(item, CaptureRecord))
    return found


def offset_of(item: object) -> int:
    assert isinstance(item, CaptureReading)
    return item.record.capture.place.offset


def rows(folder: Path, dump: Dump) -> dict[str, list[str]]:
    with Archive.open(folder) as archive:
        return dump(archive.index)


@pytest.mark.slow
def test_files_read_by_workers_give_the_same_index(
    new: Callable[..., Path], papers: list[Path], dump: Dump, different: Different
) -> None:
    """Row for row, with revisits of other URLs; no temporary files are left."""
    here, there = new("here"), new("there")
    one, other = index_files(here, papers), index_files(there, papers, workers=walk)
    assert one == other
    assert one.captures == 72
    assert different(rows(here, dump), rows(there, dump)) == {}
    assert not (there / "batch").exists()


@pytest.mark.slow
def test_a_file_that_workers_cannot_read_is_read_here(
    new: Callable[..., Path], papers: list[Path], dump: Dump, different: Different
) -> None:
    """Its workers died over it; each chunk is asked for once, in the order of the files."""
    here, there = new("here"), new("there")
    index_files(here, papers)
    with ThreadPoolExecutor(2) as pool:
        dying = DyingWorkers(pool, papers[1].name)
        index_files(there, papers, workers=partial(walk, executor=dying))
        assert dying.submitted == [path.name for path in papers]
    assert different(rows(here, dump), rows(there, dump)) == {}


@pytest.mark.slow
def test_a_page_read_for_another_site_is_read_again_here(
    new: Callable[..., Path], papers: list[Path], dump: Dump, different: Different
) -> None:
    """Law 1: a worker's reading counts only if this process would have made the same."""
    here, there = new("here"), new("there")
    index_files(here, papers)
    wrong = ReadingSettings(sites=(Site(name="other", url="https://www.paper1.example/"),))
    index_files(there, papers, workers=partial(walk, settings=wrong))
    assert different(rows(here, dump), rows(there, dump)) == {}


def test_damage_is_reported_as_by_this_process(
    new: Callable[..., Path], papers: list[Path], tmp_path: Path, dump: Dump, different: Different
) -> None:
    """Records before and behind it are read."""
    whole = papers[0].read_bytes()
    damaged = tmp_path / "damaged.warc.gz"
    damaged.write_bytes(whole[:3000] + b"\0" * 100 + whole[3100:])
    here, there = new("here"), new("there")
    one, other = index_files(here, [damaged, papers[1]]), index_files(there, [damaged, papers[1]], workers=walk)
    assert one.problems == other.problems
    assert len(one.problems) == 1
    assert different(rows(here, dump), rows(there, dump)) == {}


@pytest.mark.slow
def test_bad_pages_affect_no_other_page(papers: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a task, a page that kills its reader and one that hangs are unreadable; all others are read."""
    (tmp_path / "bad_reader.py").write_text(BAD_READER)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(read_warc_module, "ReaderPool", partial(ReaderPool, spec=WorkerSpec(read="bad_reader:read")))
    got: dict[str, tuple[str, Reading]] = {}
    for path in papers:
        got |= {capture.record_id: (capture.url, said) for capture, said in read_warc(path, timeout=1.5)}
    bad = {url.rpartition("-")[2]: said.reason for url, said in got.values() if said.outcome is Outcome.UNREADABLE}
    assert bad.pop("7") == "the reader process ended"
    assert bad.pop("21") == "reading took longer than 1.5 s"
    assert all(url.endswith("?again") for url in bad)
    assert sum(said.outcome is Outcome.ARTICLE for _, said in got.values()) == 58


def test_a_file_is_read_without_an_archive(papers: list[Path], tmp_path: Path) -> None:
    """`read_warc` yields captures and their readings in the order of the file, then raises its damage."""
    found = list(read_warc(papers[0]))
    assert [capture.place.offset for capture, _ in found] == offsets_in(papers[0])
    assert {said.outcome for _, said in found} == {Outcome.ARTICLE, Outcome.NOT_MODIFIED, Outcome.UNREADABLE}
    article = found[0][1].article
    assert article is not None
    assert article.headline
    torn = tmp_path / "torn.warc.gz"
    torn.write_bytes(papers[0].read_bytes()[:-5])
    some: list[str] = []
    with pytest.raises(WarcError):
        some.extend(capture.record_id for capture, _ in read_warc(torn))
    assert some == [capture.record_id for capture, _ in found[:-1]]


def test_the_documented_function_for_spark_works(papers: list[Path], tmp_path: Path) -> None:
    """As documented, over the paths of one partition: rows of all articles, also of a damaged file."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "batch.md").read_text("utf-8"), re.DOTALL)
    (code,) = (block for block in blocks if "mapPartitions" in block)
    known: dict[str, Any] = {}
    exec(code.partition("\n\n\n")[0], known)
    torn = tmp_path / "torn.warc.gz"
    torn.write_bytes(papers[0].read_bytes()[:-5])
    rows = list(known["articles"]([str(torn), str(papers[1])]))
    assert len(rows) == 30
    url, fetched_at, headline, text = rows[0]
    assert url == "https://www.paper0.example/2025/01/01/story-0"
    assert fetched_at == datetime(2025, 1, 1, tzinfo=UTC)
    assert headline
    assert text.count("\n\n") == 2


def test_workers_read_captures_wherever_they_are(new: Callable[..., Path], papers: list[Path]) -> None:
    """Out of several files, in any order; what cannot be read is missing, and this process reads it."""
    folder = new("archive")
    for path in papers[:2]:
        shutil.copy(path, folder / "warc")
    places = Places(folder=folder / "warc")
    settings = pickle.dumps(ReadingSettings(former_names={"paper4.example": "gazette"}))
    stored = [
        item
        for file in places.files()
        for item in read_captures(file)
        if isinstance(item, CaptureRecord) and item.capture.kind == "response"
    ]
    first, last = stored[0].capture.place, stored[-1].capture.place
    wanted = [last, replace(first, offset=first.offset + 1), first]
    found, runs = chunks.read_on_worker(wanted, places, settings)
    assert runs == []
    sites = {place: read.discovery.site for place, read in found.items()}
    assert sites == {last: "gazette", first: "paper0.example"}
    for place, read in found.items():
        assert read.record.capture.place == place
        assert read.record.block == b""
        assert read.reading is not None
        assert read.reading.outcome is Outcome.ARTICLE
    with pytest.raises(DaskFailure, match=r"does not see papers-00009\.warc\.gz"):
        chunks.read_on_worker([replace(first, warc="papers-00009.warc.gz")], places, settings)


def test_a_worker_that_sees_other_folders_is_reported(new: Callable[..., Path], papers: list[Path]) -> None:
    """Files that it does not see are not taken for missing."""
    folder = new("archive")
    shutil.copy(papers[0], folder / "warc")
    (file,) = Places(folder=folder / "warc").files()
    elsewhere = Places(folder=folder / "not here")
    place = RecordPlace(warc=file.name, offset=0, length=1)
    with pytest.raises(DaskFailure, match=r"does not see papers-00000\.warc\.gz: .*not here does not exist"):
        chunks.read_on_worker([place], elsewhere, pickle.dumps(ReadingSettings()))
    with pytest.raises(DaskFailure, match="does not see"):
        chunks.verify_file(replace(file, places=elsewhere))


def test_neighbouring_captures_are_read_with_one_request(
    new: Callable[..., Path], papers: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a bucket, each opening of a file costs a request; distant captures of a file are requested one by one."""
    folder = new("archive")
    for path in papers[:2]:
        shutil.copy(path, folder / "warc")
    places = Places(folder=folder / "warc")
    captures = [item for file in places.files() for item in read_captures(file) if isinstance(item, CaptureRecord)]
    wanted = [item.capture.place for item in captures]
    opened: list[tuple[str, int]] = []

    def open_and_count(file: WarcFile, start: int = 0) -> Iterator[CaptureRecord | RunStarted | RunEnded]:
        opened.append((file.name, start))
        return read_captures(file, start)

    monkeypatch.setattr(chunks, "read_captures", open_and_count)
    settings = pickle.dumps(ReadingSettings())
    found, _ = chunks.read_on_worker(wanted[::-1], places, settings)
    assert list(found) == sorted(wanted, key=lambda place: (place.warc, place.offset))
    assert opened == [(file.name, offsets_in(file)[0]) for file in places.files()]
    monkeypatch.setattr(chunks, "_MAX_GAP", -1)
    opened.clear()
    chunks.read_on_worker(wanted[:3], places, settings)
    assert [start for _, start in opened] == [place.offset for place in wanted[:3]]


def test_results_that_end_early_are_no_end_of_a_file(new: Callable[..., Path], papers: list[Path]) -> None:
    """Else the files behind would count as read, without captures. So would one that has been emptied meanwhile."""
    folder = new("archive")
    shutil.copy(papers[0], folder / "warc")
    (file,) = Places(folder=folder / "warc").files()

    class LostResults(BatchExecutor):
        def map(self, function: Any, items: Any, report_status: Any = None) -> Iterator[Any]:
            return iter([None for _ in items][: self.count])

    with ThreadPoolExecutor(1) as pool:
        for results, error in ((0, RuntimeError), (1, WarcError)):
            walk = ReadAheadWalk(LostResults(pool, results), ReadingSettings)
            part = WarcRange(file=file)
            walk.begin([part], lambda _: None)
            (folder / "warc" / papers[0].name).write_bytes(b"")
            with pytest.raises(error):
                list(walk.items(part))
            shutil.copy(papers[0], folder / "warc")


@pytest.mark.parametrize(("size", "weight"), [(1, None), (17, None), (18, None), (1000, None), (1000, 1)])
def test_chunks_of_any_size_give_all_items(
    new: Callable[..., Path], papers: list[Path], monkeypatch: pytest.MonkeyPatch, size: int, weight: int | None
) -> None:
    """Also where a file ends with a chunk (each has 18 captures), is torn, is given up, or is walked again."""
    monkeypatch.setattr(chunks, "CHUNK_SIZE", size)
    monkeypatch.setattr(chunks, "MAX_CHUNK_BYTES", weight or chunks.MAX_CHUNK_BYTES)
    folder = new("archive")
    for path in papers[:3]:
        shutil.copy(path, folder / "warc")
    torn = folder / "warc" / papers[1].name
    torn.write_bytes(torn.read_bytes()[:-5])
    places = Places(folder=folder / "warc")
    ranges = [WarcRange(file=file) for file in places.files()]
    with ThreadPoolExecutor(2) as pool:
        made = ReadAheadWalk(BatchExecutor(pool, 2), ReadingSettings)
        for _ in range(2):
            made.begin(ranges, lambda _: None)
            given_up = made.items(ranges[0])
            first = next(given_up)
            assert isinstance(first, CaptureReading)
            assert first.record.capture.place.offset == offsets_in(ranges[0].file)[0]
            some: list[int] = []
            with pytest.raises(WarcError):
                some.extend(offset_of(item) for item in made.items(ranges[1]))
            assert some == offsets_in(places.file(papers[1].name), torn=True)
            assert [offset_of(item) for item in made.items(ranges[2])] == offsets_in(ranges[2].file)
            assert made.measure(ranges[2]).size == ranges[2].file.size
