"""An archive may lie in a folder of any name."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from storage.places import Bucket

NAMES = ("new?q", "a#b 50%20off", 'it\'s "quoted"\ntwo  lines', "?mode=memory&cache=shared")


def test_a_name_that_is_no_text_is_refused_and_nothing_is_left(tmp_path: Path, newsarchive: Callable[..., Any]) -> None:
    """Databases are named by text: the folder's name must be UTF-8."""
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/morgue-\xe9"))
    for words in (("init", folder), ("status", "-A", folder)):
        done = newsarchive(*words)
        assert done.returncode in {2, 3}
        assert "internal error" not in done.stderr
        assert not folder.exists()
    folder.mkdir()  # a relative path in it is refused, too
    for place in (".", "sub"):
        done = newsarchive("init", place, at=folder)
        assert done.returncode == 2
        assert "is not UTF-8; nothing was done" in " ".join(done.stderr.split())
        assert not [*folder.iterdir()]
    (folder / "newsarchive.toml").touch()
    done = newsarchive("status", at=folder)
    assert done.returncode == 2
    assert "is not UTF-8; nothing was done" in " ".join(done.stderr.split())


@pytest.mark.parametrize("name", NAMES)
def test_an_archive_works_in_a_folder_of_any_name(
    name: str, tmp_path: Path, newsarchive: Callable[..., Any], source: Callable[..., Path]
) -> None:
    """All files are in its folder, and every command finds them there."""
    folder = tmp_path / name
    file = source(tmp_path / "others.warc.gz", ("pier", "quay"))
    for words in (
        ("init", folder),
        ("import", file, "-A", folder),
        ("rebuild", "-A", folder),
        ("verify", "-A", folder),
    ):
        done = newsarchive(*words)
        assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {name, file.name}
    assert (folder / "index.sqlite3").stat().st_size > 0
    lines = newsarchive("export", "-A", folder).stdout.splitlines()
    assert sorted(json.loads(line)["headline"] for line in lines) == [
        "Harbour council votes on pier", "Harbour council votes on quay",
    ]  # fmt: skip
    for asked in (("search", "harbour", "-A", folder), ("status", "-A", folder), ("show", "1", "-A", folder)):
        assert "arbour" in newsarchive(*asked).stdout
    assert newsarchive("export", "-o", folder / "x.wacz", "-A", folder).returncode == 0
    with Archive.open_to_read(folder) as archive, TestClient(create_app(archive), "http://127.0.0.1") as client:
        assert "votes on " in client.get("/search?q=pier").text
    assert "doctor" not in newsarchive("doctor", "-A", folder).stderr


def test_a_command_that_is_printed_can_be_copied_into_a_shell(tmp_path: Path, newsarchive: Callable[..., Any]) -> None:
    """Folder names are quoted in it."""
    done = newsarchive("init", "it's new?q", at=tmp_path)
    assert """cd 'it'"'"'s new?q' && newsarchive add""" in done.stdout
    done = newsarchive("status", "-A", "not here", at=tmp_path)
    assert "newsarchive init 'not here'" in done.stderr


def test_a_crontab_line_is_not_printed_where_it_would_be_two(tmp_path: Path, newsarchive: Callable[..., Any]) -> None:
    """Crontab has no way to write a line break; a systemd unit has."""
    folder = tmp_path / "two\nlines 5% $x"
    newsarchive("init", folder)
    refused = newsarchive("schedule", "-A", folder)
    assert refused.returncode == 2
    assert "line break" in refused.stderr
    unit = newsarchive("schedule", "--systemd", "-A", folder).stdout
    assert 'two\\nlines 5%% $x"\n' in unit
    assert 'two\\nlines 5%% $$x"\n' in unit
    assert "two lines 5%% $x\n" in unit


@pytest.mark.parametrize("name", NAMES)
def test_a_bucket_that_is_a_folder_may_have_any_name(name: str, tmp_path: Path) -> None:
    """Reading by path and by obstore see the same files."""
    pytest.importorskip("obstore")
    folder = tmp_path / name
    folder.mkdir()
    (tmp_path / "a.warc.gz").write_bytes(b"bytes")
    bucket = Bucket(url=f"file://{folder}")
    bucket.put("a.warc.gz", tmp_path / "a.warc.gz")
    assert [path.name for path in folder.iterdir()] == ["a.warc.gz"]
    assert bucket.read("a.warc.gz", 0, 5) == (b"bytes", 5)
