"""`import` reports what it did: also after an interruption, and where the archive had it all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive

Command = Callable[..., Any]


def test_an_import_that_was_broken_off_and_run_again_reports_both(
    index_url: str, newsarchive: Command, source: Callable[..., Path], tmp_path: Path
) -> None:
    """What the first run had copied and not indexed is counted, and the next time there is nothing new."""
    folder = tmp_path / "archive"
    file = source(tmp_path / "others.warc.gz", ("pier", "quay"))

    def interrupt(done: int, total: int, item: str) -> None:
        raise KeyboardInterrupt

    with (
        Archive.init(folder, **({"index": index_url} if index_url else {})) as archive,
        pytest.raises(KeyboardInterrupt),
    ):
        archive.import_files([file], interrupt)
    again = newsarchive("import", file, "-A", folder)
    assert again.returncode == 0
    assert "An earlier run was interrupted: 1 capture and 1 article version were recovered first." in again.stdout
    assert "others.warc.gz: already archived as import-others-" in again.stdout
    assert "0 captures and 0 article versions imported." in again.stdout
    assert "nothing new" not in again.stdout
    third = newsarchive("import", file, "-A", folder)
    assert "interrupted" not in third.stdout
    assert "There was nothing new: the archive had all of it." in third.stdout


def test_an_index_that_is_missing_is_said_to_be_made_again(
    index_url: str, make_archive: Callable[..., Path], newsarchive: Command, source: Callable[..., Path], tmp_path: Path
) -> None:
    """No import was interrupted: the files are those of another folder."""
    folder = tmp_path / "restored"
    Archive.init(folder, **({"index": index_url} if index_url else {})).close()
    for file in (make_archive() / "warc").iterdir():
        (folder / "warc" / file.name).write_bytes(file.read_bytes())
    done = newsarchive("import", source(tmp_path / "new.warc.gz", ("mole",)), "-A", folder)
    made = (
        "The index was missing and was made again from 2 files: 4 captures and 4 article versions were recovered first."
    )
    assert made in done.stdout
    assert "1 capture and 1 article version imported." in done.stdout


def test_an_import_tells_records_that_it_had_from_new_ones(
    newsarchive: Command, source: Callable[..., Path], tmp_path: Path
) -> None:
    """Two files that overlap: the second one brings one capture."""
    folder = tmp_path / "archive"
    Archive.init(folder).close()
    first = source(tmp_path / "first.warc.gz", ("pier", "quay"))
    second = tmp_path / "second.warc.gz"
    second.write_bytes(first.read_bytes() + source(tmp_path / "more.warc.gz", ("lock",), hour=8).read_bytes())
    newsarchive("import", first, "-A", folder)
    done = newsarchive("import", second, "-A", folder)
    assert "1 capture and 1 article version imported. 2 captures were in the archive already." in done.stdout
    rebuilt = newsarchive("rebuild", "-A", folder)
    assert "Index rebuilt: 3 captures and 3 article versions from 2 WARC files." in rebuilt.stdout
