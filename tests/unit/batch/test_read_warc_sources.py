"""Sources of `read_warc`: a path that does not exist, and folders with names of files."""

from pathlib import Path

import pytest

from newsarchive import ArchiveError, read_warc
from storage.errors import NotFound


@pytest.mark.parametrize("name", ["nosuch.warc.gz", "nosuch", "it's not there/a.wacz"])
def test_a_path_that_does_not_exist_is_an_error_of_the_archive_and_of_python(tmp_path: Path, name: str) -> None:
    """It names the path, and the command by which to look for it."""
    for path in (tmp_path / name, str(tmp_path / name)):
        with pytest.raises(ArchiveError, match="does not exist; nothing was read") as raised:
            next(read_warc(path))
        assert isinstance(raised.value, FileNotFoundError)
        assert str(tmp_path) in str(raised.value)


def test_a_folder_with_the_name_of_a_file_is_a_folder(tmp_path: Path) -> None:
    """It is searched, and is no file itself."""
    (tmp_path / "crawl.warc").mkdir()
    with pytest.raises(NotFound, match="holds no such file"):
        next(read_warc(tmp_path))
    (tmp_path / "crawl.warc" / "a.warc").write_bytes(b"")
    assert [*read_warc(tmp_path)] == []
