"""No command begins a second archive where the WARC files are missing, as while their disk is not mounted."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from newsarchive.archive import Archive
from newsarchive.scrapy_addon.spider_warcs import SpiderWarcs
from storage.errors import FilesLost
from storage.index.write import warc_files
from storage.model import ClosedWarc
from storage.places.folder import ensure_machine_id
from tests.integration.safety.conftest import Command, MakeArchive, Source


def unmount(folder: Path) -> None:
    shutil.rmtree(folder)


def empty(folder: Path) -> None:
    """As a mount point is without its disk."""
    unmount(folder)
    folder.mkdir()
    (folder / "lost+found").mkdir()


def add_crawled_file(folder: Path) -> None:
    """Have the index know a file of a crawl of this machine."""
    name = f"newsarchive-20260301120000123-00001-crawler.{ensure_machine_id(folder)}-0a1b2c3d.warc.gz"
    with Archive.open(folder) as archive:
        archive.index.write(warc_files.record_closed_warc, ClosedWarc(name=name, size=500, sha256="0" * 64), None)


@pytest.mark.parametrize("lose", [unmount, empty])
def test_nothing_is_written_where_the_files_are_missing(
    lose: Callable[[Path], None], index_url: str, make_archive: MakeArchive, newsarchive: Command, source: Source,
    tmp_path: Path,
) -> None:  # fmt: skip
    """Each command that writes refuses, whichever database has the index; with the files back it works again."""
    folder, warcs, away = make_archive(index=index_url), tmp_path / "archive" / "warc", tmp_path / "away"
    add_crawled_file(folder)
    shutil.copytree(warcs, away)
    lose(warcs)
    left = sorted(warcs.rglob("*"))
    new = source(tmp_path / "3.warc.gz", ("mole",), hour=8)
    commands = [("crawl",), ("save", "https://harbour.example/"), ("import", new), ("seal",), ("worker",)]
    for words in commands if index_url else commands[:-1]:
        refused = newsarchive(*words, "-A", folder)
        assert refused.returncode == 74, (words, refused.stderr)
        assert f"{warcs} has none of the " in refused.stderr
        assert "If its disk is not mounted, mount it" in refused.stderr
        assert "newsarchive rebuild --forget" in refused.stderr
    with pytest.raises(FilesLost):
        SpiderWarcs({"NEWSARCHIVE_ARCHIVE": str(folder)}, "tides").open()  # type: ignore[arg-type]
    assert sorted(warcs.rglob("*")) == left
    assert warcs.exists() is (lose is empty)
    shutil.copytree(away, warcs, dirs_exist_ok=True)
    assert newsarchive("import", new, "-A", folder).returncode == 0


def test_files_that_are_lost_for_good_can_be_forgotten(
    make_archive: MakeArchive, newsarchive: Command, source: Source, tmp_path: Path
) -> None:
    """As the error says; the archive then goes on."""
    folder = make_archive()
    unmount(folder / "warc")
    assert newsarchive("rebuild", "--forget", "-A", folder).returncode == 0
    done = newsarchive("import", source(tmp_path / "3.warc.gz", ("mole",), hour=8), "-A", folder)
    assert done.returncode == 0, done.stderr


def test_an_archive_without_files_is_opened(index_url: str, tmp_path: Path) -> None:
    """A new one, also after its empty folder was deleted."""
    folder = tmp_path / "new"
    Archive.init(folder, **({"index": index_url} if index_url else {})).close()
    unmount(folder / "warc")
    with Archive.open(folder) as archive:
        assert archive.config.warc_folder.is_dir()


def test_a_machine_that_joins_has_no_files_yet(postgres_url: str, make_archive: MakeArchive, tmp_path: Path) -> None:
    """The files that the shared index knows are in the folder of the machine that wrote them."""
    first, second = make_archive(index=postgres_url), tmp_path / "second"
    add_crawled_file(first)
    second.mkdir()
    shutil.copy(first / "newsarchive.toml", second)
    for _ in range(2):  # the second time it has an id
        Archive.open(second).close()
    unmount(first / "warc")
    with pytest.raises(FilesLost):
        Archive.open(first)


@pytest.mark.parametrize("has_chain", [True, False])
def test_all_files_may_be_in_the_bucket(has_chain: bool, make_archive: MakeArchive, tmp_path: Path) -> None:
    """The folder is then empty, but for the chain if it has one."""
    folder, bucket = make_archive(), tmp_path / "bucket"
    bucket.mkdir()
    toml = folder / "newsarchive.toml"
    toml.write_text(f'bucket = "file://{bucket}"\nkeep_local = "0s"\n{toml.read_text()}')
    with Archive.open(folder) as archive:
        archive.upload()
    assert not list((folder / "warc").glob("*.warc*"))
    if not has_chain:
        unmount(folder / "warc")
    Archive.open(folder).close()
    shutil.rmtree(folder / "warc")
    min(bucket.glob("*.warc.gz")).unlink()
    with pytest.raises(FilesLost):
        Archive.open(folder)
