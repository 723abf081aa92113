"""Interrupted commands resume, with the same result as without the interruption."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.papers import Papers
from newsarchive.archive import BULK_BATCHING, Archive
from newsarchive.batch.verify_progress import VALID_FOR, VerifyProgress, open_verify_progress
from newsarchive.ingest.pipeline import Batching
from newsarchive.maintenance.verify_chain import HeadProof
from newsarchive.version import VERSION
from storage.callbacks import ProgressCallback, utc_now
from storage.warc.check import FileReport, WarcProblem

pytestmark = pytest.mark.slow

Dump = Callable[..., dict[str, list[str]]]
Different = Callable[..., dict[str, tuple[set[str], set[str]]]]


class Interrupted(Exception):
    """Ends a command as Ctrl-C, a full disk or a lost connection do."""


def interrupt_after(captures: int) -> ProgressCallback:
    """Return a callback that interrupts a command after this many captures."""

    def report(done: int, total: int, item: str) -> None:
        if int(item.partition(" ")[0]) >= captures:
            raise Interrupted

    return report


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit every ten captures, so that some are in the index at the interruption."""
    monkeypatch.setattr(
        "newsarchive.archive.BULK_BATCHING",
        Batching(max_captures=10, max_delay=BULK_BATCHING.max_delay, max_in_flight=10),
    )


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, papers: list[Path]) -> Path:
    """An archive that holds all papers, to be copied."""
    folder = tmp_path_factory.mktemp("imported") / "archive"
    Archive.init(folder).close()
    with Archive.open(folder) as archive:
        archive.import_files(papers)
    return folder


@pytest.fixture
def copied(tmp_path: Path, imported: Path) -> Path:
    """A copy of that archive."""
    return Path(shutil.copytree(imported, tmp_path / "archive"))


@pytest.fixture
def full(new: Callable[..., Path], papers: list[Path], index_url: str, request: pytest.FixtureRequest) -> Path:
    """An archive that holds all papers, in each database."""
    if not index_url:
        copy: Path = request.getfixturevalue("copied")
        return copy
    folder = new("archive", index_url)
    with Archive.open(folder) as archive:
        archive.import_files(papers)
    return folder


def rows(folder: Path, dump: Dump) -> dict[str, list[str]]:
    with Archive.open(folder) as archive:
        return dump(archive.index)


def test_a_rebuild_resumes(full: Path, dump: Dump, different: Different) -> None:
    """Only what is missing is read; the index is equal to the former one row for row."""
    before = rows(full, dump)
    with pytest.raises(Interrupted):
        Archive.rebuild_in(full, interrupt_after(50))
    assert (full / "rebuild.json").exists()
    for path in (full / "warc").glob("*.warc.gz"):
        path.touch()  # written to since then, and the same
    result = Archive.rebuild_in(full)
    assert result.resumed
    assert 0 < result.captures < 72
    assert different(before, rows(full, dump)) == {}
    assert not list(full.glob("*rebuild*"))
    again = Archive.rebuild_in(full)
    assert (again.resumed, again.captures) == (False, 72)


@pytest.mark.parametrize(
    "cause", ["file gone", "other bytes", "other settings", "asked for", "half a marker", "marker of version 0.1.0"]
)
def test_a_rebuild_starts_anew_if_it_cannot_resume(copied: Path, dump: Dump, different: Different, cause: str) -> None:
    """If its first half was made from other files, with other settings, or by another version."""
    full = copied
    with pytest.raises(Interrupted):
        Archive.rebuild_in(full, interrupt_after(50))
    marker = full / "rebuild.json"
    if cause == "file gone":
        min((full / "warc").glob("*.warc.gz*")).unlink()
    elif cause == "other bytes":
        first = min((full / "warc").glob("*.warc.gz*"))
        # Of a gzip header: the system that packed it, which changes nothing of what is in it.
        first.write_bytes(first.read_bytes()[:9] + b"\x07" + first.read_bytes()[10:])
    elif cause == "other settings":
        toml = full / "newsarchive.toml"
        toml.write_text(f'read_limit = "1kB"\n{toml.read_text()}')
    elif cause == "half a marker":
        marker.write_bytes(marker.read_bytes()[:20])
    elif cause == "marker of version 0.1.0":
        stored, now = json.loads(marker.read_text()), utc_now().isoformat()
        marker.write_text(json.dumps({"said": stored["parameters"], "since": now, "alive": now}))
    result = Archive.rebuild_in(full, restart=cause == "asked for", forget=cause == "file gone")
    assert not result.resumed
    assert result.captures == (54 if cause == "file gone" else 72)
    once = rows(full, dump)
    Archive.rebuild_in(full, restart=True)
    assert different(once, rows(full, dump)) == {}


def test_an_import_resumes(
    new: Callable[..., Path], full: Path, papers: list[Path], tmp_path: Path, dump: Dump, different: Different
) -> None:
    """Files that were copied are recognized, and the captures that were not indexed are."""
    folder = new("other")
    with Archive.open(folder) as archive:
        with pytest.raises(Interrupted):
            archive.import_files(papers, interrupt_after(30))
        result = archive.import_files(papers)
    assert result.read.problems == ()
    if "postgresql" not in (full / "newsarchive.toml").read_text():
        assert different(rows(full, dump), rows(folder, dump)) == {}


def test_a_verify_resumes(new: Callable[..., Path], tmp_path: Path) -> None:
    """Files that were checked within a day, by the same version, and have not changed are not checked again."""
    folder = new("archive")
    with Archive.open(folder) as archive:
        archive.import_files(Papers(pages=8, files=4, paragraphs=3, links=5).write(tmp_path / "few"))
    now = [datetime(2026, 11, 26, tzinfo=UTC)]
    seen: list[str] = []

    def report(done: int, total: int, name: str) -> None:
        seen.append(name)
        if len(seen) == 3:
            raise Interrupted

    with Archive.open(folder, now=lambda: now[0]) as archive:
        whole = archive.verify()
        with pytest.raises(Interrupted):
            archive.verify(progress=report)
        checked = folder / "batch" / "checked"
        kept = checked.read_bytes()
        again = archive.verify()
        assert again.taken == 3
        assert sorted(again.files, key=lambda file: file.name) == list(whole.files)
        assert not checked.parent.exists()

        def interrupted(more: bytes = b"") -> None:
            checked.parent.mkdir(exist_ok=True)
            checked.write_bytes(kept + more)

        interrupted(more=kept[: len(kept) // 2])
        path = folder / "warc" / seen[0]
        path.write_bytes(path.read_bytes()[:-1])
        damaged = archive.verify()
        assert damaged.taken == 2
        assert [file.name for file in damaged.files if file.problems] == [seen[0]]
        interrupted()
        assert archive.verify(restart=True).taken == 0
        interrupted()
        with closing(sqlite3.connect(checked)) as stored, stored:
            stored.execute("UPDATE checked SET writer = ?", (VERSION,))
        assert archive.verify().taken == 0
        interrupted()
        now[0] += VALID_FOR + timedelta(seconds=1)
        assert archive.verify().taken == 0


def test_what_an_interrupted_verify_had_checked_proves_nothing(
    new: Callable[..., Path], papers: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a head from elsewhere all is read, else it is not called proved: a writer of the folder can forge it."""
    folder = new("archive")
    checked = folder / "batch" / "checked"

    def interrupt(done: int, total: int, name: str) -> None:
        raise Interrupted

    with Archive.open(folder) as archive:
        archive.import_files(papers[:2])
        head = archive.seal().head
        with pytest.raises(Interrupted):
            archive.verify(progress=interrupt)
        kept = checked.read_bytes()
        noted = archive.verify(head=head)
        assert (noted.taken, len(noted.chain.proved), noted.chain.unproved) == (0, 2, 0)
        checked.parent.mkdir()
        checked.write_bytes(kept)
        # As the token of a time server: of a head that nobody names now.
        monkeypatch.setattr("newsarchive.archive.load_proofs", lambda *_: ([HeadProof(head=head)], []))
        stamped = archive.verify()
    assert (stamped.taken, len(stamped.chain.proved), stamped.chain.unproved) == (1, 1, 1)
    assert not stamped.damaged


def test_only_files_without_problems_count_as_checked(tmp_path: Path) -> None:
    """A disk or bucket may be available again."""
    now = datetime(2026, 11, 26, tzinfo=UTC)
    sound = FileReport(name="a.warc.gz", size=7, records=1)
    away = FileReport(name="b.warc.gz", size=0, problems=[WarcProblem(offset=0, what="the file cannot be read")])
    first = VerifyProgress(tmp_path / "checked", lambda: now)
    first.save("a 1", sound)
    first.save("b 1", away)
    first.close()
    with open_verify_progress(tmp_path / "checked", lambda: now, restart=False) as later:
        assert later.get("b 1") is None
        assert later.get("a 1") == sound
    assert not tmp_path.exists()


def test_a_verify_does_without_its_progress_file(new: Callable[..., Path], papers: list[Path]) -> None:
    """If the progress cannot be stored, all files are checked all the same."""
    folder = new("archive")
    with Archive.open(folder) as archive:
        archive.import_files(papers[:1])
        shutil.rmtree(folder / "batch", ignore_errors=True)
        (folder / "batch").write_text("in the way")
        found: Any = archive.verify()
    assert len(found.files) == 1
    assert not found.damaged
