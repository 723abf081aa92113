"""A file that `export` writes is whole, or it is not there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from storage.warc.check import check_file

Command = Callable[..., Any]


def lose(file: Path) -> None:
    file.unlink()


def blank(file: Path) -> None:
    """Nothing but zeros, as an SSD gives for pages that it lost."""
    file.write_bytes(bytes(file.stat().st_size))


def flip(file: Path) -> None:
    """One bit in the midst of the second record: everything has its length, and one checksum is wrong."""
    data = bytearray(file.read_bytes())
    data[len(data) * 3 // 4] ^= 1
    file.write_bytes(data)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])


@pytest.mark.parametrize("suffix", ["warc.gz", "wacz"])
@pytest.mark.parametrize("harm", [lose, blank, flip, cut])
def test_an_export_of_a_damaged_archive_is_whole_or_not_there(
    suffix: str, harm: Callable[[Path], None], make_archive: Callable[..., Path], newsarchive: Command, tmp_path: Path
) -> None:
    """A file of that name stays as it was; the rest is exported on demand, and each cause is told once."""
    folder = make_archive()
    harm(min((folder / "warc").glob("*.warc.gz*")))
    into = tmp_path / f"all.{suffix}"
    into.write_bytes(b"of last week")
    refused = newsarchive("export", "-o", into, "-A", folder)
    assert refused.returncode == 65
    assert "newsarchive export --partial" in refused.stderr
    assert refused.stderr.count("not copied:") == 1
    assert into.read_bytes() == b"of last week"
    assert not list(tmp_path.glob("*.part"))
    partial = newsarchive("export", "-o", into, "--partial", "-A", folder)
    lost = 2 if harm in {lose, blank} else 1
    assert partial.returncode == 65
    assert f"{4 - lost} captures written to" in partial.stderr
    assert f"{lost} capture{'s' * (lost > 1)} could not be copied" in partial.stderr
    if suffix == "warc.gz":
        report = check_file(into)
        assert (report.problems, len(report.captures)) == ([], 4 - lost)


def test_a_warning_is_not_repeated(newsarchive: Command, source: Callable[..., Path], tmp_path: Path) -> None:
    """Sixty captures of one lost file are one line."""
    folder = tmp_path / "archive"
    with Archive.init(folder) as archive:
        archive.import_files([source(tmp_path / "many.warc.gz", tuple(f"story{number}" for number in range(60)))])
    lose(min((folder / "warc").glob("*.warc.gz*")))
    done = newsarchive("export", "-o", tmp_path / "all.warc.gz", "-A", folder)
    assert "not copied: 60 captures: " in done.stderr
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "sqlite", "cdxj", "wacz"])
def test_an_export_from_a_damaged_index_is_not_there(
    suffix: str, make_archive: Callable[..., Path], newsarchive: Command, tmp_path: Path
) -> None:
    """An error in the midst of it leaves no half of a file."""
    folder = make_archive()
    index = folder / "index.sqlite3"
    data = bytearray(index.read_bytes())
    data[8192:] = bytes(len(data) - 8192)
    index.write_bytes(data)
    done = newsarchive("export", "-o", tmp_path / f"all.{suffix}", "-A", folder)
    assert done.returncode == 70
    assert not list(tmp_path.glob("all*"))


@pytest.mark.parametrize(
    ("suffix", "front"),
    [
        ("warc.gz", {"body": b'<html><a href="/secret">Secret</a></html>'}),
        ("wacz", {"headers": {"Link": "<https://news.example/secret>; rel=next"}}),
    ],
)
def test_records_that_name_a_withheld_page_are_no_damage(
    suffix: str, front: dict[str, object], archive_of: Callable[..., Archive], newsarchive: Command, tmp_path: Path
) -> None:
    """The command says so and what to do, with a code of its own; other formats are written as ever."""
    pages = [{"url": f"https://news.example/{name}", "body": name.encode()} for name in ("secret", "other")]
    archive = archive_of(
        {"url": "https://news.example/"} | front, *pages, config='[serve]\nblocked = ["https://news.example/secret"]'
    )
    into, folder = tmp_path / f"all.{suffix}", archive.folder
    refused = newsarchive("export", "-o", into, "-A", folder)
    assert (refused.returncode, into.exists()) == (77, False)
    assert "1 of its articles or captures cannot be given out" in refused.stderr
    assert "Nothing is damaged" in refused.stderr
    assert "verify" not in refused.stderr
    rest = newsarchive("export", "-o", into, "--partial", "-A", folder)
    assert (rest.returncode, into.exists()) == (0, True)
    assert "1 capture written to" in rest.stderr
    assert "verify" not in rest.stderr
    whole = newsarchive("export", "-o", into, "--withheld", "-A", folder)
    assert (whole.returncode, "3 captures written to" in whole.stderr) == (0, True)
    assert newsarchive("export", "-o", tmp_path / "all.jsonl", "-A", folder).returncode == 0
