"""A rebuild does not replace an index that knows more than the WARC files tell."""

import shutil
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from storage.errors import CapturesLost, DiskFull
from storage.index import Index
from storage.index.queries.status import get_status
from storage.index.write import warc_files
from storage.model import ClosedWarc, CrawlRun
from storage.places.folder import ensure_machine_id
from storage.warc.writer import WarcWriter
from tests.rebuilding import rebuild

Command = Callable[..., Any]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def unmount(folder: Path) -> None:
    shutil.rmtree(folder)


def empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def lose_one(folder: Path) -> None:
    min(folder.glob("*.warc.gz")).unlink()


def shorten_one(folder: Path) -> None:
    file = min(folder.glob("*.warc.gz"))
    file.write_bytes(file.read_bytes()[:200])


def damage_one(folder: Path) -> None:
    """As long as before, without its second half."""
    file = min(folder.glob("*.warc.gz"))
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))


def export_lines(newsarchive: Command, folder: Path) -> list[str]:
    return sorted(newsarchive("export", "--all-versions", "-A", folder).stdout.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("harm", "index_url"),
    [
        *((harm, "sqlite") for harm in (unmount, empty, lose_one, shorten_one, damage_one)),
        *((harm, "postgresql") for harm in (unmount, damage_one)),
    ],
    indirect=["index_url"],
)
def test_a_rebuild_keeps_the_index_where_it_knows_what_no_file_holds(
    harm: Callable[[Path], None], index_url: str, make_archive: Callable[..., Path], newsarchive: Command
) -> None:
    """It names the files and asks for --forget: with it the rest is indexed, and the loss told."""
    folder = make_archive(index=index_url)
    before = export_lines(newsarchive, folder)
    assert len(before) == 4
    lost = sorted(path.name for path in (folder / "warc").glob("*.warc.gz*"))
    harm(folder / "warc")
    lost = lost if harm in {unmount, empty} else lost[:1]
    refused = newsarchive("rebuild", "-A", folder)
    assert refused.returncode == 74
    assert "newsarchive rebuild --forget" in refused.stderr
    assert all(name in refused.stderr for name in lost)
    assert export_lines(newsarchive, folder) == before
    assert harm is not unmount or not (folder / "warc").exists(), "a mount point was made into a folder"
    forgotten = newsarchive("rebuild", "--forget", "-A", folder)
    kept = 0 if harm in {unmount, empty} else 3 if harm is damage_one else 2
    assert f"Index rebuilt: {kept} captures" in forgotten.stdout
    assert f"{4 - kept} capture" in forgotten.stdout
    assert all(f"dropped: {name}" in forgotten.stdout for name in lost)
    assert len(export_lines(newsarchive, folder)) == kept


def test_a_file_that_was_opened_and_never_written_stops_no_rebuild(make_archive: Callable[..., Path]) -> None:
    """A crawl that was killed before its first record leaves a name in the index, and no file."""
    folder = make_archive()
    with Archive.open(folder) as archive:
        archive.index.write(warc_files.record_opened_warc, "newsarchive-never-written.warc.gz")
        assert rebuild(archive).captures == 4


def test_a_file_without_captures_is_missed_too(make_archive: Callable[..., Path]) -> None:
    """It held a run, and perhaps more than this version reads."""
    folder = make_archive()
    with Archive.open(folder) as archive:
        closed = ClosedWarc(name="newsarchive-empty-run.warc.gz", size=500, sha256="0" * 64)
        archive.index.write(warc_files.record_closed_warc, closed, None)
        with pytest.raises(CapturesLost, match=closed.name):
            rebuild(archive)


def test_an_index_that_cannot_be_read_is_kept_where_there_is_no_file(
    make_archive: Callable[..., Path], newsarchive: Command
) -> None:
    """It may be all that is left. Where there are files, it is replaced."""
    folder = make_archive()
    index = folder / "index.sqlite3"
    index.write_bytes(b"no database" * 1000)
    (folder / "warc").rename(folder / "elsewhere")
    refused = newsarchive("rebuild", "-A", folder)
    assert (refused.returncode, index.read_bytes()) == (74, b"no database" * 1000)
    (folder / "elsewhere").rename(folder / "warc")
    assert newsarchive("rebuild", "-A", folder).returncode == 0
    assert len(export_lines(newsarchive, folder)) == 4


def test_machines_of_one_host_name_are_told_apart(tmp_path: Path, postgres_url: str) -> None:
    """Two clones share an index: each says that the other has its file, and neither rebuilds the index without it."""
    names = []
    for each in ("one", "two"):
        folder = tmp_path / each
        folder.mkdir()
        (folder / "newsarchive.toml").write_text(f'index = "{postgres_url}"\n')
        names.append(write_run(folder))
    first, second = (Archive.open(tmp_path / each) for each in ("one", "two"))
    with first, second:
        for archive in (first, second):
            with archive.ingestor() as ingestor:
                archive.recover(ingestor)
        report = {file.name: file for file in first.verify().files}
        assert report[names[0]].problems == report[names[1]].problems == ()
        host = socket.gethostname().partition(".")[0]
        assert report[names[1]].notes[0].what.startswith(f"the file is in the folder of {host}, machine ")
        for archive in (first, second):
            with pytest.raises(CapturesLost, match=f"written by {host}, machine "):
                rebuild(archive)
        (tmp_path / "one" / "warc" / names[0]).unlink()
        gone = {file.name: file for file in first.verify().files}
        assert gone[names[0]].problems[0].what.startswith("the file is missing")
    assert len({ensure_machine_id(tmp_path / each) for each in ("one", "two")}) == 2


def write_run(folder: Path) -> str:
    """Write a WARC file as a crawl does, of a run without a response; return its name."""
    run = CrawlRun(id=f"20260301T120000Z-{folder.name}", sites=(), started_at=NOON)
    (folder / "warc").mkdir()
    with Archive.open(folder) as archive:
        writer = WarcWriter(
            archive.config.warc_folder, run=run, info={}, originals=archive.index, machine=ensure_machine_id(folder)
        )
        writer._current()
        closed = writer.close()
    assert closed is not None
    return closed.name


def test_a_machine_keeps_its_id(tmp_path: Path) -> None:
    """Whatever happens to its name; a file that is no id is replaced."""
    known = ensure_machine_id(tmp_path)
    assert ensure_machine_id(tmp_path) == known
    (tmp_path / "machine-id").write_text("")
    assert ensure_machine_id(tmp_path) not in {"", known}
    assert [path.name for path in tmp_path.iterdir()] == ["machine-id"]


def test_a_rebuild_tells_what_it_made_though_it_was_interrupted(
    index_url: str, make_archive: Callable[..., Path], newsarchive: Command
) -> None:
    """The totals are those of the index, and what the first run had done is named."""
    folder = make_archive(index=index_url)
    broken = KeyboardInterrupt()

    def interrupt(done: int, total: int, item: str) -> None:
        if done and done < total and item.startswith("2 "):
            raise broken

    with pytest.raises(KeyboardInterrupt):
        Archive.rebuild_in(folder, interrupt)
    done = newsarchive("rebuild", "-A", folder)
    assert done.returncode == 0
    assert "An interrupted rebuild was continued; it had indexed" in done.stdout
    assert "Index rebuilt: 4 captures and 4 article versions from 2 WARC files." in done.stdout


def test_a_rebuild_that_cannot_start_is_none_to_resume(
    index_url: str, make_archive: Callable[..., Path], newsarchive: Command
) -> None:
    """Without the scheduler that it was to use, the old index stays, and the next rebuild begins anew."""
    folder = make_archive(index=index_url)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    refused = newsarchive("rebuild", "--dask", f"no-scheduler://127.0.0.1:{port}", "-A", folder)
    assert refused.returncode != 0
    assert "nothing was done" in refused.stderr
    assert not (folder / "rebuild.json").exists()
    assert "interrupted" not in newsarchive("rebuild", "-A", folder).stdout


def test_an_empty_archive_can_be_rebuilt(index_url: str, tmp_path: Path) -> None:
    """There is nothing to lose."""
    Archive.init(tmp_path / "new", **({"index": index_url} if index_url else {})).close()
    assert Archive.rebuild_in(tmp_path / "new").captures == 0
    with Archive.open(tmp_path / "new") as archive:
        assert isinstance(archive.index, Index)
        assert archive.index.ask(get_status, archive.now()).captures == 0


def test_a_rebuild_that_could_not_begin_leaves_nothing_beside_the_index(
    make_archive: Callable[..., Path], newsarchive: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the disk is full: nothing could be resumed. The next rebuild is whole."""
    folder = make_archive()
    before = export_lines(newsarchive, folder)

    def fail(_: Index) -> None:
        raise DiskFull("no space is left")

    with monkeypatch.context() as patched:
        patched.setattr(Index, "reset", fail)
        with pytest.raises(DiskFull):
            Archive.rebuild_in(folder)
    assert not list(folder.glob("*.rebuilding*"))
    assert export_lines(newsarchive, folder) == before
    assert newsarchive("rebuild", "-A", folder).returncode == 0
    assert export_lines(newsarchive, folder) == before
