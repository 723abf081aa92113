import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsarchive.locks.site_locks import lock_sites_locally
from storage.errors import ArchiveBusy, StorageError

SINCE = datetime(2026, 11, 25, 1, 2, 3, 4, UTC)


def test_a_lock_file_names_its_holder(tmp_path: Path) -> None:
    """It has process and time while the lock is held, and is empty afterwards."""
    path = tmp_path / "locks" / "a%2Fb.lock"
    with lock_sites_locally(tmp_path / "locks", ["a/b"], SINCE):
        assert json.loads(path.read_text()) == {"pid": os.getpid(), "since": "2026-11-25T01:02:03+00:00"}
    assert path.read_text() == ""


def test_all_locks_or_none(tmp_path: Path) -> None:
    """If one of the sites is locked, none is locked afterwards; other sites are free all the time."""
    with lock_sites_locally(tmp_path, ["b"], SINCE):
        held = f"b is being crawled or rebuilt by process {os.getpid()} since 2026-11-25T01:02:03"
        with pytest.raises(ArchiveBusy, match=held), lock_sites_locally(tmp_path, ["a", "b"], SINCE):
            pass
        with lock_sites_locally(tmp_path, ["a"], SINCE):
            pass
    with lock_sites_locally(tmp_path, ["a", "b"], SINCE):
        pass


def test_a_lock_is_free_after_an_error(tmp_path: Path) -> None:
    """Whatever ends a crawl, the next can begin; a file that a dead process left behind is no lock."""
    with pytest.raises(ZeroDivisionError), lock_sites_locally(tmp_path, ["a"], SINCE):
        raise ZeroDivisionError
    with lock_sites_locally(tmp_path, ["a"], SINCE):
        pass


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    """The error names the file."""
    (tmp_path / "locks").write_text("a file")
    with pytest.raises(StorageError, match="locks"), lock_sites_locally(tmp_path / "locks", ["a"], SINCE):
        pass
