"""Copies of the index for Datasette."""

import resource
from pathlib import Path

import pytest

from storage.index.maintenance.datasette_copy import write_datasette_copy


def test_a_disk_that_takes_no_more_is_an_error_of_the_file(tmp_path: Path) -> None:
    """SQLite's codes of its causes are not for callers."""
    path = tmp_path / "copy.sqlite3"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match="disk") as problem:
            write_datasette_copy(path, iter(()), iter(()), tell=lambda _: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert problem.value.filename == str(path)
