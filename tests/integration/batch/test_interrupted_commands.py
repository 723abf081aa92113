"""Interrupted commands resume, with the same result as without the interruption."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from newsarchive.archive import BULK_BATCHING, Archive
from newsarchive.ingest.pipeline import Batching
from storage.callbacks import ProgressCallback, utc_now

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
