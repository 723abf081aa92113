"""Long commands that are broken off go on where they were, and what they make is what they would have made."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsarchive import Archive
from newsarchive.archive import IN_BULK, utc_now
from newsarchive.batch.checked import LASTS, Checked
from newsarchive.ingest.index_warcs import Progress
from newsarchive.ingest.pipeline import Batching
from newsarchive.maintenance.verify import Verified
from storage.warc.check import FileReport, Problem

Dump = Callable[..., dict[str, list[str]]]
Different = Callable[..., dict[str, tuple[set[str], set[str]]]]


class BrokenOff(Exception):
    """As Ctrl-C, a full disk or a lost connection end a command."""


def after(captures: int) -> Callable[[Progress], None]:
    """Break off once so many captures are on their way."""

    def report(progress: Progress) -> None:
        if progress.captures >= captures:
            raise BrokenOff

    return report


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit every ten captures: some are in the index when a command is broken off."""
    monkeypatch.setattr("newsarchive.archive.IN_BULK", Batching(every=10, seconds=IN_BULK.seconds, in_flight=10))


@pytest.fixture
def full(new: Callable[..., Path], papers: list[Path], index_url: str) -> Path:
    """An archive that holds all papers."""
    folder = new("archive", index_url)
    with Archive.open(folder) as archive:
        archive.import_files(papers)
    return folder


def rows(folder: Path, dump: Dump) -> dict[str, list[str]]:
    with Archive.open(folder) as archive:
        return dump(archive.index)


def test_a_rebuild_goes_on(full: Path, dump: Dump, different: Different) -> None:
    """Only what is missing is read; row for row it is the index of before."""
    before = rows(full, dump)
    with pytest.raises(BrokenOff):
        Archive.rebuild_in(full, after(50))
    assert (full / "rebuild.json").exists()
    for path in (full / "warc").glob("*.warc.gz"):
        path.touch()  # written to since then, and the same
    result = Archive.rebuild_in(full)
    assert result.went_on
    assert 0 < result.captures < 72
    assert different(before, rows(full, dump)) == {}
    assert not list(full.glob("*rebuild*"))
    again = Archive.rebuild_in(full)
    assert (again.went_on, again.captures) == (False, 72)


@pytest.mark.slow
@pytest.mark.parametrize(
    "cause", ["file gone", "other bytes", "other settings", "asked for", "long ago", "half a mark"]
)
def test_a_rebuild_begins_anew_where_it_must(
    new: Callable[..., Path], papers: list[Path], dump: Dump, different: Different, cause: str
) -> None:
    """Where the first half was made of other files, by other settings, or too long ago."""
    full = new("archive")
    with Archive.open(full) as archive:
        archive.import_files(papers)
    with pytest.raises(BrokenOff):
        Archive.rebuild_in(full, after(50))
    mark = full / "rebuild.json"
    if cause == "file gone":
        min((full / "warc").iterdir()).unlink()
    elif cause == "other bytes":
        first = min((full / "warc").iterdir())
        # Of a gzip header: the system that packed it, which changes nothing of what is in it.
        first.write_bytes(first.read_bytes()[:9] + b"\x07" + first.read_bytes()[10:])
    elif cause == "other settings":
        toml = full / "newsarchive.toml"
        toml.write_text(f'read_limit = "1kB"\n{toml.read_text()}')
    elif cause == "long ago":
        told = json.loads(mark.read_text())
        mark.write_text(json.dumps({**told, "alive": (utc_now() - timedelta(days=8)).isoformat()}))
    elif cause == "half a mark":
        mark.write_bytes(mark.read_bytes()[:20])
    result = Archive.rebuild_in(full, afresh=cause == "asked for")
    assert not result.went_on
    assert result.captures == (54 if cause == "file gone" else 72)
    once = rows(full, dump)
    Archive.rebuild_in(full, afresh=True)
    assert different(once, rows(full, dump)) == {}


def test_an_import_goes_on(
    new: Callable[..., Path], full: Path, papers: list[Path], tmp_path: Path, dump: Dump, different: Different
) -> None:
    """The same command again: files that are there are known, and what of them was not read is read."""
    folder = new("other")
    with Archive.open(folder) as archive:
        with pytest.raises(BrokenOff):
            archive.import_files(papers, after(30))
        result = archive.import_files(papers)
    assert result.read.problems == ()
    if "postgresql" not in (full / "newsarchive.toml").read_text():
        assert different(rows(full, dump), rows(folder, dump)) == {}


def test_a_verify_goes_on(new: Callable[..., Path], papers: list[Path]) -> None:
    """Files that were checked within a day are not checked again, if they are the files that they were."""
    folder = new("archive")
    with Archive.open(folder) as archive:
        archive.import_files(papers)
    now = [datetime(2026, 11, 26, tzinfo=UTC)]
    seen: list[str] = []

    def report(file: Verified) -> None:
        seen.append(file.name)
        if len(seen) == 3:
            raise BrokenOff

    with Archive.open(folder, now=lambda: now[0]) as archive:
        whole = archive.verify()
        with pytest.raises(BrokenOff):
            archive.verify(report=report)
        checked = folder / "batch" / "checked"
        kept = checked.read_bytes()
        again = archive.verify()
        assert again.taken == 3
        assert sorted(again.files, key=lambda file: file.name) == list(whole.files)
        assert not checked.parent.exists()

        def broken_off(more: bytes = b"") -> None:
            checked.parent.mkdir(exist_ok=True)
            checked.write_bytes(kept + more)

        broken_off(more=kept[: len(kept) // 2])
        path = folder / "warc" / seen[0]
        path.write_bytes(path.read_bytes()[:-1])
        spoilt = archive.verify()
        assert spoilt.taken == 2
        assert [file.name for file in spoilt.files if file.problems] == [seen[0]]
        broken_off()
        assert archive.verify(afresh=True).taken == 0
        broken_off()
        now[0] += LASTS + timedelta(seconds=1)
        assert archive.verify().taken == 0


def test_only_what_was_found_sound_counts_as_checked(tmp_path: Path) -> None:
    """A disk or bucket that was away may be there again; and one verify does not take another's report for its own."""
    now = datetime(2026, 11, 26, tzinfo=UTC)
    sound = FileReport(name="a.warc.gz", size=7, records=1)
    away = FileReport(name="b.warc.gz", size=0, problems=[Problem(offset=0, what="the file cannot be read")])
    first = Checked(tmp_path / "checked", lambda: now)
    first.note("a 1", sound)
    first.note("b 1", away)
    first.close(whole=False)
    later = Checked(tmp_path / "checked", lambda: now)
    later.load()
    assert later.report("b 1") is None
    assert later.report("a 1") == sound
    (tmp_path / "checked").write_bytes((tmp_path / "checked").read_bytes().replace(b"a 1", b"c 1"))
    assert later.report("a 1") is None


def test_a_verify_needs_no_room(new: Callable[..., Path], papers: list[Path]) -> None:
    """Where nothing can be written down, all is checked all the same."""
    folder = new("archive")
    with Archive.open(folder) as archive:
        archive.import_files(papers[:1])
        shutil.rmtree(folder / "batch", ignore_errors=True)
        (folder / "batch").write_text("in the way")
        found: Any = archive.verify()
    assert len(found.files) == 1
    assert not found.damaged
