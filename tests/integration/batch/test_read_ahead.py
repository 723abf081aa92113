"""Whole files read elsewhere make the index that reading here makes, whatever becomes of a task."""

import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from newsarchive import Archive, read_warc
from newsarchive.archive import IN_BULK
from newsarchive.batch import ahead, reading, task
from newsarchive.batch.ahead import Ahead
from newsarchive.batch.executor import Hands
from newsarchive.batch.readings import write
from newsarchive.batch.terms import Terms, terms_of
from newsarchive.ingest.index_warcs import ReadBack, Stretch, read_back
from newsarchive.reader_pool.forkserver import Nature
from newsarchive.reader_pool.pool import Readers
from storage.errors import DaskFailure, WarcError
from storage.model import Outcome, Reading, Site
from storage.places import Places, Readable
from storage.warc.reader import Kept, kept

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


class Dead(Executor):
    """Workers that die over some files."""

    def __init__(self, pool: Executor, *over: str) -> None:
        self.pool = pool
        self.over = over
        self.asked: list[str] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.asked.append(args[0].file.name)
        if args[0].file.name in self.over:
            none: Future[Any] = Future()
            none.set_result(None)
            return none
        return self.pool.submit(fn, *args, **kwargs)


@contextmanager
def walk(archive: Archive, executor: Executor | None = None, terms: Terms | None = None) -> Iterator[Ahead]:
    """Files are read by two threads, as by workers of a cluster."""
    with ThreadPoolExecutor(2) as pool:
        own = Hands(executor or pool, 2)
        made = Ahead(own, archive.scratch, lambda: terms or terms_of(archive.config, archive.index.sites()))
        yield made
        made.close()


def take_in(folder: Path, papers: list[Path], *, elsewhere: Callable[[Archive], Any] | None = None) -> ReadBack:
    """Put files into an archive and read them, here or elsewhere."""
    for path in papers:
        shutil.copy(path, folder / "warc")
    with Archive.open(folder) as archive, archive.ingestor(batching=IN_BULK) as ingestor:
        stretches = [Stretch(file=file) for file in archive.places.files()]
        if elsewhere is None:
            return read_back(stretches, archive.places, archive.index, ingestor)
        with elsewhere(archive) as made:
            return read_back(stretches, archive.places, archive.index, ingestor, walk=made)


def offsets_in(file: Readable) -> list[int]:
    return [item.capture.place.offset for item in kept(file) if isinstance(item, Kept)]


def rows(folder: Path, dump: Dump) -> dict[str, list[str]]:
    with Archive.open(folder) as archive:
        return dump(archive.index)


def test_files_read_elsewhere_make_the_same_index(
    new: Callable[..., Path], papers: list[Path], dump: Dump, different: Different
) -> None:
    """Row for row, revisits of other addresses included; afterwards nothing lies about."""
    here, there = new("here"), new("there")
    one, other = take_in(here, papers), take_in(there, papers, elsewhere=walk)
    assert one == other
    assert one.captures == 72
    assert different(rows(here, dump), rows(there, dump)) == {}
    assert not list((there / "batch").glob("*"))


def test_a_file_that_nobody_can_read_there_is_read_here(
    new: Callable[..., Path], papers: list[Path], dump: Dump, different: Different
) -> None:
    """Its workers died over it; the others are not read again for it."""
    here, there = new("here"), new("there")
    take_in(here, papers)
    with ThreadPoolExecutor(2) as pool:
        dead = Dead(pool, papers[1].name)
        take_in(there, papers, elsewhere=partial(walk, executor=dead))
        assert dead.asked == [path.name for path in papers]
    assert different(rows(here, dump), rows(there, dump)) == {}


def test_what_was_read_for_another_site_is_read_again_here(
    new: Callable[..., Path], papers: list[Path], dump: Dump, different: Different
) -> None:
    """Law 1: what a worker thinks of a page counts only if it is what would be thought here."""
    here, there = new("here"), new("there")
    take_in(here, papers)
    wrong = Terms(sites=(Site(name="other", url="https://www.paper1.example/"),))
    take_in(there, papers, elsewhere=partial(walk, terms=wrong))
    assert different(rows(here, dump), rows(there, dump)) == {}


def test_damage_is_told_as_here(
    new: Callable[..., Path], papers: list[Path], tmp_path: Path, dump: Dump, different: Different
) -> None:
    """What stands before and behind it is read."""
    whole = papers[0].read_bytes()
    spoilt = tmp_path / "spoilt.warc.gz"
    spoilt.write_bytes(whole[:3000] + b"\0" * 100 + whole[3100:])
    here, there = new("here"), new("there")
    one, other = take_in(here, [spoilt, papers[1]]), take_in(there, [spoilt, papers[1]], elsewhere=walk)
    assert one.problems == other.problems
    assert len(one.problems) == 1
    assert different(rows(here, dump), rows(there, dump)) == {}


def test_a_file_that_was_read_is_not_read_again(
    new: Callable[..., Path], papers: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begun anew, a batch reads what is missing: a file that has grown, readings that are torn or of other terms."""
    folder = new("archive")
    for path in papers:
        shutil.copy(path, folder / "warc")
    places = Places(folder=folder / "warc")
    into = folder / "batch" / "x"
    task.lay_out(into, Terms())
    written: list[str] = []

    def noted(path: Path, *rest: Any, **more: Any) -> None:
        written.append(path.name)
        write(path, *rest, **more)

    monkeypatch.setattr(task, "write", noted)

    def all_of(**more: Any) -> list[str]:
        written.clear()
        for file in places.files():
            assert task.read_file(task.Job(file=file, into=into, **more)) == ""
        return [name.partition(".")[0] for name in written]

    names = [path.name.partition(".")[0] for path in papers]
    assert all_of() == names
    assert all_of() == []
    readings = sorted(into.glob("*.readings"))
    readings[1].write_bytes(readings[1].read_bytes()[:-1])
    with (folder / "warc" / papers[2].name).open("ab") as file:
        file.write(papers[3].read_bytes())
    assert all_of() == names[1:3]
    offsets = offsets_in(places.file(papers[0].name))
    assert all_of(wanted=frozenset(offsets[:3])) == []
    readings[0].unlink()
    one = task.Job(file=places.files()[0], into=into, wanted=frozenset(offsets[:3]))
    assert task.read_file(one) == ""
    assert task.is_done(one)
    assert task.is_done(replace(one, wanted=frozenset(offsets[1:2])))
    assert not task.is_done(replace(one, wanted=frozenset(offsets[:4])))
    assert not task.is_done(replace(one, wanted=None))
    path = folder / "warc" / papers[0].name
    path.write_bytes(path.read_bytes())
    assert not task.is_done(one), "it may have other bytes of the same length"


def test_a_damaged_file_that_was_read_is_read_again(new: Callable[..., Path], papers: list[Path]) -> None:
    """It may have been put back from a copy since, which is as long as it was."""
    folder = new("archive")
    into = folder / "batch" / "x"
    task.lay_out(into, Terms())
    path = folder / "warc" / papers[0].name
    whole = papers[0].read_bytes()
    path.write_bytes(whole[:3000] + b"\0" * 100 + whole[3100:])
    job = task.Job(file=Places(folder=folder / "warc").files()[0], into=into)
    assert task.read_file(job) == ""
    path.write_bytes(whole)
    assert not task.is_done(job)
    assert task.read_file(job) == ""
    assert task.is_done(job)


def test_bad_pages_cost_no_other_page_anything(
    papers: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a task too: a page that kills its reader and one that hangs are unreadable, all others are read."""
    (tmp_path / "bad_reader.py").write_text(BAD_READER)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(reading, "Readers", partial(Readers, nature=Nature(read="bad_reader:read")))
    got: dict[str, tuple[str, Reading]] = {}
    for path in papers:
        got |= {capture.record_id: (capture.url, said) for capture, said in read_warc(path, timeout=1.5)}
    reading.let_go()
    bad = {url.rpartition("-")[2]: said.reason for url, said in got.values() if said.outcome is Outcome.UNREADABLE}
    assert bad.pop("7") == "the process that read it died"
    assert bad.pop("21") == "reading took longer than 1.5 s"
    assert all(url.endswith("?again") for url in bad)
    assert sum(said.outcome is Outcome.ARTICLE for _, said in got.values()) == 58


def test_a_file_is_read_without_an_archive(papers: list[Path], tmp_path: Path) -> None:
    """`read_warc`: captures and what they say, in the order of the file; its damage comes last."""
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


def test_the_function_for_spark_does_what_the_docs_say(papers: list[Path], tmp_path: Path) -> None:
    """As it stands there, over the paths of one partition: rows of all articles, also of a damaged file."""
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


def test_a_folder_that_is_late_is_waited_for(
    new: Callable[..., Path], papers: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that a worker has written may show on another machine only after a while; not for ever."""
    folder = new("archive")
    shutil.copy(papers[0], folder / "warc")
    (file,) = Places(folder=folder / "warc").files()
    job = task.Job(file=file, into=folder / "batch" / "x")
    task.lay_out(job.into, Terms())
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            assert task.read_file(job) == ""

    monkeypatch.setattr("newsarchive.batch.ahead.time.sleep", sleep)
    readings = ahead.awaited(job.path)
    assert readings is not None
    readings.close()
    assert len(waits) == 3
    assert ahead.awaited(job.path.with_name("never")) is None
    assert len(waits) == 3 + ahead.LATE


def test_a_worker_that_sees_another_folder_says_so(new: Callable[..., Path], papers: list[Path]) -> None:
    """Neither its folder nor the files are taken for missing."""
    folder = new("archive")
    shutil.copy(papers[0], folder / "warc")
    (file,) = Places(folder=folder / "warc").files()
    into = folder / "batch" / "x"
    with pytest.raises(DaskFailure, match=f"a worker does not see the folder {into}"):
        task.read_file(task.Job(file=file, into=into))
    task.lay_out(into, Terms())
    elsewhere = replace(file, places=Places(folder=folder / "not here"))
    with pytest.raises(DaskFailure, match=r"does not see papers-00000\.warc\.gz: .*not here is not there"):
        task.read_file(task.Job(file=elsewhere, into=into))
    with pytest.raises(DaskFailure, match="does not see"):
        task.check(elsewhere)
    with Archive.open(folder) as archive, ThreadPoolExecutor(1) as pool:
        own = Hands(pool, 1)
        job = task.Job(file=file, into=into)
        with pytest.raises(DaskFailure, match="--scratch"):
            ahead.said_of("", own, job)
        assert archive.scratch == folder / "batch"
